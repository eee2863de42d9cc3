//! The other servers: who is there, and who has fallen silent.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use super::Shared;
use super::following::{Following, Turn};
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
    following: Following,
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
    /// Notes that a server was heard, and the number of what it said, if that has one.
    pub(super) fn note(
        &mut self,
        server: ServerId,
        number: Option<u64>,
        now: Instant,
    ) -> (Noted, Turn) {
        let Some(peer) = self.0.get_mut(&server) else {
            let mut following = Following::default();
            let turn = following.note(number, now);
            let peer = Peer {
                heard_at: now,
                is_lost: false,
                following,
            };
            self.0.insert(server, peer);
            return (Noted::New, turn);
        };
        let turn = peer.following.note(number, now);
        if turn == Turn::Late {
            // Nobody knows when it was said.
            return (Noted::Known, turn);
        }
        let silence = now.saturating_duration_since(peer.heard_at);
        peer.heard_at = now;
        match std::mem::take(&mut peer.is_lost) || silence >= MISSING {
            true => {
                peer.following.want_snapshot(now);
                (Noted::Back, turn)
            }
            false => (Noted::Known, turn),
        }
    }

    /// Notes that a server begins to name all its devices.
    pub(super) fn begin_snapshot(&mut self, server: ServerId) {
        if let Some(peer) = self.0.get_mut(&server) {
            peer.following.begin_snapshot();
        }
    }

    /// Notes that it has named them.
    pub(super) fn end_snapshot(&mut self, server: ServerId) {
        if let Some(peer) = self.0.get_mut(&server) {
            peer.following.end_snapshot();
        }
    }

    /// Notes that something that a server said was left out.
    pub(super) fn interrupt(&mut self, server: ServerId, now: Instant) {
        if let Some(peer) = self.0.get_mut(&server) {
            peer.following.interrupt(now);
        }
    }

    /// The servers to be asked for their devices now.
    fn take_unanswered(&mut self, now: Instant) -> Vec<ServerId> {
        let there = self.0.iter_mut().filter(|(_, peer)| !peer.is_lost);
        let unanswered = there.filter_map(|(server, peer)| {
            let is_due = peer.following.take_due(now);
            is_due.then_some(*server)
        });
        unanswered.collect()
    }

    /// Whether a server that was there a moment ago is silent: if it goes on without the
    /// bus, its lines are in the store alone.
    pub(super) fn is_one_missed(&self, now: Instant) -> bool {
        let age = |peer: &Peer| now.saturating_duration_since(peer.heard_at);
        let mut ages = self.0.values().map(age);
        ages.any(|age| (DOUBTFUL..WORTH).contains(&age))
    }

    /// How many are heard.
    pub(super) fn len(&self) -> usize {
        self.0.values().filter(|peer| !peer.is_lost).count()
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
        let servers = shared.peers().take_unanswered(now);
        if !servers.is_empty() {
            shared.tell(News::AskThese { servers });
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

    /// Notes that a server was heard. False for what is to be left out, as it was heard or
    /// missed before.
    pub(super) fn note_peer(&self, server: ServerId, number: Option<u64>) -> bool {
        let (noted, turn) = self.peers().note(server, number, Instant::now());
        match noted {
            Noted::Known => {}
            Noted::New => info!(server = server.0, "another server is there"),
            Noted::Back => {
                info!(server = server.0, "a server is heard again");
                self.doubts.note_missed();
                self.doubts.note_lost();
            }
        }
        match turn {
            Turn::Next => true,
            Turn::Late => false,
            Turn::Early => {
                debug!(server = server.0, "something that a server told is missing");
                self.hub.drop_snapshot(server);
                self.doubts.note_missed();
                true
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
        assert_eq!(peers.note(one, None, begin).0, Noted::New);
        assert!(!peers.is_one_missed(later(1)));
        assert!(peers.is_one_missed(later(3)) && peers.is_one_missed(later(59)));
        assert!(!peers.is_one_missed(later(61)));
        assert_eq!(peers.note(other, None, later(4)).0, Noted::New);
        assert_eq!(peers.take_silent(later(4)), []);
        peers.forgive(later(4));
        assert_eq!(peers.take_silent(later(8)), []);
        assert_eq!(peers.note(other, None, later(6)).0, Noted::Known);
        assert_eq!(peers.note(other, None, later(8)).0, Noted::Known);
        assert_eq!(peers.take_silent(later(9)), [one]);
        assert_eq!(peers.take_silent(later(10)), []);
        assert_eq!(peers.note(one, None, later(11)).0, Noted::Back);
        assert_eq!(peers.note(one, None, later(12)).0, Noted::Known);
    }
}
