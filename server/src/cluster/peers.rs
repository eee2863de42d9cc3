//! The other servers: who is there, and who has fallen silent.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::Shared;
use crate::news::{News, ServerId};

/// How often a server says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long a server may be silent until it counts as gone.
const SILENCE: Duration = Duration::from_secs(5);
/// How long a server may be silent until what it says is looked for in the store: it may be
/// there, and only the bus away from it.
const DOUBTFUL: Duration = Duration::from_secs(2);
/// How long a server may be silent until something of what it said is missing: it says
/// each second that it is there.
const MISSING: Duration = Duration::from_secs(3);
/// How long that is worth the trouble.
const WORTH: Duration = Duration::from_secs(60);
/// How long one that is gone is remembered, so that its return is noticed.
const MEMORY: Duration = Duration::from_secs(60 * 60);

/// The servers heard lately: as many as the operator has started.
#[derive(Default)]
pub(super) struct Peers(HashMap<ServerId, Peer>);

struct Peer {
    heard_at: Instant,
    is_lost: bool,
}

/// Who was heard just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// One that was never there before.
    New,
    /// One that counted as gone, or of which something is missing: it may have said much in
    /// the meantime.
    Back,
    /// One that was there a moment ago.
    Known,
}

impl Peers {
    /// Notes that a server was heard.
    pub(super) fn note(&mut self, server: ServerId, now: Instant) -> Noted {
        let Some(peer) = self.0.get_mut(&server) else {
            let peer = Peer {
                heard_at: now,
                is_lost: false,
            };
            self.0.insert(server, peer);
            return Noted::New;
        };
        let silence = now.saturating_duration_since(peer.heard_at);
        peer.heard_at = now;
        match std::mem::take(&mut peer.is_lost) || silence >= MISSING {
            true => Noted::Back,
            false => Noted::Known,
        }
    }

    /// Whether a server that was there a moment ago is silent: if it goes on without the
    /// bus, its lines are in the store alone.
    pub(super) fn is_one_missed(&self, now: Instant) -> bool {
        let age = |peer: &Peer| now.saturating_duration_since(peer.heard_at);
        let mut ages = self.0.values().map(age);
        ages.any(|age| (DOUBTFUL..WORTH).contains(&age))
    }

    /// Begins to count anew: nobody could be heard.
    pub(super) fn forgive(&mut self, now: Instant) {
        for peer in self.0.values_mut().filter(|peer| !peer.is_lost) {
            peer.heard_at = now;
        }
    }

    /// Those that have just become silent for too long.
    fn take_silent(&mut self, now: Instant) -> Vec<ServerId> {
        let age = |peer: &Peer| now.saturating_duration_since(peer.heard_at);
        self.0.retain(|_, peer| age(peer) < MEMORY);
        let silent = self.0.iter_mut();
        let silent = silent.filter(|(_, peer)| !peer.is_lost && age(peer) >= SILENCE);
        silent
            .map(|(server, peer)| {
                peer.is_lost = true;
                *server
            })
            .collect()
    }
}

/// Says again and again that this server is there, and finds those that do not any more.
pub(super) async fn watch(shared: &Shared) {
    let mut ticks = interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        shared.tell(News::Alive);
        let now = Instant::now();
        if !shared.bus.is_up() {
            shared.peers().forgive(now);
            continue;
        }
        let silent = shared.peers().take_silent(now);
        for server in silent {
            warn!(
                server = server.0,
                "a server is silent; its players count as cut off"
            );
            shared.hub.lose_server(server);
            // It may have had something written, and no time to tell of it.
            shared.doubts.note_missed();
        }
    }
}

impl Shared {
    pub(super) fn peers(&self) -> MutexGuard<'_, Peers> {
        // Nothing panics while holding it.
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note_peer(&self, server: ServerId) {
        let noted = self.peers().note(server, Instant::now());
        match noted {
            Noted::Known => {}
            Noted::New => info!(server = server.0, "another server is there"),
            Noted::Back => {
                info!(server = server.0, "a server is heard again");
                self.tell(News::Ask);
                self.doubts.note_missed();
                self.doubts.note_lost();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_silent_once_after_five_seconds_of_which_the_bus_was_there() {
        let (mut peers, begin) = (Peers::default(), Instant::now());
        let later = |seconds| begin + Duration::from_secs(seconds);
        let (one, other) = (ServerId(1), ServerId(2));
        assert_eq!(peers.note(one, begin), Noted::New);
        assert!(!peers.is_one_missed(later(1)));
        assert!(peers.is_one_missed(later(3)) && peers.is_one_missed(later(59)));
        assert!(!peers.is_one_missed(later(61)));
        assert_eq!(peers.note(other, later(4)), Noted::New);
        assert_eq!(peers.take_silent(later(4)), []);
        peers.forgive(later(4));
        assert_eq!(peers.take_silent(later(8)), []);
        assert_eq!(peers.note(other, later(6)), Noted::Known);
        assert_eq!(peers.note(other, later(8)), Noted::Known);
        assert_eq!(peers.take_silent(later(9)), [one]);
        assert_eq!(peers.take_silent(later(10)), []);
        assert_eq!(peers.note(one, later(11)), Noted::Back);
        assert_eq!(peers.note(one, later(12)), Noted::Known);
    }
}
