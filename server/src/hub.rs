//! Who is logged in, and delivery to them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use longhall_packet::{CloseReason, ServerPacket};

use crate::outbox::{Encoded, Outbox, encode};
use crate::store::UserId;

/// Everyone logged in to this process.
///
/// The one lock is held for a map operation or one round of queueing, never
/// across an `.await`; an outbox's lock may be taken inside it, never the other
/// way round.
#[derive(Clone, Default)]
pub(crate) struct Hub {
    members: Arc<Mutex<HashMap<UserId, Arc<Outbox>>>>,
}

impl Hub {
    /// Registers a session under its user and gives it `welcome` ahead of every
    /// published packet. A session the user had before is told to close as
    /// [`CloseReason::LoggedInElsewhere`].
    pub(crate) fn join(&self, user: UserId, outbox: Arc<Outbox>, welcome: Encoded) -> Membership {
        {
            let mut members = self.lock();
            outbox.push(welcome);
            if let Some(before) = members.insert(user, Arc::clone(&outbox)) {
                before.close(CloseReason::LoggedInElsewhere);
            }
        }
        Membership {
            hub: self.clone(),
            user,
            outbox,
        }
    }

    /// Puts `packet` in the outbox of everyone logged in. Never waits; see
    /// [`Outbox::push`] for what happens to those who are too slow. All members
    /// get all packets in the same order.
    pub(crate) fn publish(&self, packet: &ServerPacket) {
        let encoded = encode(packet);
        for outbox in self.lock().values() {
            outbox.push(encoded.clone());
        }
    }

    /// Ends the session of a user, if there is one.
    pub(crate) fn close(&self, user: UserId, reason: CloseReason) {
        if let Some(outbox) = self.lock().get(&user) {
            outbox.close(reason);
        }
    }

    /// How many users are logged in.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Arc<Outbox>>> {
        // Nothing panics while holding it; the map is sound in any case.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One session's place in the hub; leaves it when dropped.
pub(crate) struct Membership {
    hub: Hub,
    user: UserId,
    outbox: Arc<Outbox>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        // A later login of the same user may have taken the place already.
        if let Entry::Occupied(entry) = self.hub.lock().entry(self.user)
            && Arc::ptr_eq(entry.get(), &self.outbox)
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Next;

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(10_000))
    }

    fn line(text: &str) -> ServerPacket {
        ServerPacket::Chat {
            sender: "ada".into(),
            text: text.into(),
            sent_at_ms: 1,
        }
    }

    #[test]
    fn a_line_reaches_everyone_logged_in_and_nobody_else() {
        let hub = Hub::default();
        let (ada, bo) = (outbox(), outbox());
        let _ada = hub.join(UserId(1), Arc::clone(&ada), "welcome".into());
        let left = hub.join(UserId(2), Arc::clone(&bo), "welcome".into());
        drop(left);
        hub.publish(&line("hi"));
        assert_eq!(ada.take(), Next::Send("welcome".into()));
        assert_eq!(ada.take(), Next::Send(encode(&line("hi"))));
        assert_eq!(bo.take(), Next::Send("welcome".into()));
        assert_eq!(bo.take(), Next::Nothing);
    }

    #[test]
    fn a_later_login_replaces_the_earlier_which_then_leaves_without_harm() {
        let hub = Hub::default();
        let (first, second) = (outbox(), outbox());
        let old = hub.join(UserId(1), Arc::clone(&first), "welcome".into());
        let new = hub.join(UserId(1), Arc::clone(&second), "welcome".into());
        assert_eq!(first.take(), Next::Send("welcome".into()));
        assert_eq!(first.take(), Next::Close(CloseReason::LoggedInElsewhere));
        drop(old);
        assert_eq!(hub.len(), 1);
        drop(new);
        assert_eq!(hub.len(), 0);
    }
}
