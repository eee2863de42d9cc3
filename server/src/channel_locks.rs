//! Locks by key: changes under the same key happen one after the other.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::hub::Hub;
use crate::store::ChannelGuard;

/// More than a machine has cores: keys that share a lock by chance wait for each other.
const LOCKS: usize = 64;

/// A lock for each key there may be, in a fixed amount of memory.
pub(crate) struct KeyedLock([Arc<Mutex<()>>; LOCKS]);

impl Default for KeyedLock {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Arc::default()))
    }
}

impl KeyedLock {
    /// Waits until nobody else holds the lock of this key. It may be the lock of other
    /// keys as well, so nobody may take a second one while holding it.
    pub(crate) async fn lock(&self, key: &(impl Hash + ?Sized)) -> OwnedMutexGuard<()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let which = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        Arc::clone(&self.0[which]).lock_owned().await
    }
}

/// Holds off other changes of a channel, first on this server, then on the others of its
/// store. To be dropped when the hub has been told; the others are held off a moment longer,
/// until the bus has what they are told of it.
#[must_use = "dropped at once it holds nothing off"]
pub(crate) struct ChannelChange {
    everywhere: Option<ChannelGuard>,
    hub: Hub,
    _here: OwnedMutexGuard<()>,
}

impl ChannelChange {
    pub(crate) const fn new(here: OwnedMutexGuard<()>, everywhere: ChannelGuard, hub: Hub) -> Self {
        Self {
            everywhere: Some(everywhere),
            hub,
            _here: here,
        }
    }
}

impl Drop for ChannelChange {
    fn drop(&mut self) {
        // Another server's news of the next change must not overtake ours of this one.
        if let Some(everywhere) = self.everywhere.take() {
            self.hub.let_go(everywhere);
        }
    }
}
