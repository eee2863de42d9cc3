//! Locks by key: changes under the same key happen one after the other.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

/// More than a machine has cores: keys that share a lock by chance wait for each other.
const LOCKS: usize = 64;

/// A lock for each key there may be, in a fixed amount of memory.
pub(crate) struct KeyedLock([Mutex<()>; LOCKS]);

impl Default for KeyedLock {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl KeyedLock {
    /// Waits until nobody else holds the lock of this key. It may be the lock of other
    /// keys as well, so nobody may take a second one while holding it.
    pub(crate) async fn lock(&self, key: &(impl Hash + ?Sized)) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let which = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        self.0[which].lock().await
    }
}
