//! The connection: whether there is one, whether it is well, when to try again.

use std::time::Duration;

use fastrand::Rng;
use longhall_packet::CloseReason;

use crate::backoff::Backoff;
use crate::clock::Stall;
use crate::heartbeat::{Heartbeat, Pulse};
use crate::{Call, Config, DisconnectReason, State};

/// A connection that stayed up so long is sound, and the next loss starts
/// counting tries afresh.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Link {
    phase: Phase,
    reconnects: Backoff,
    /// End with the present try to connect.
    connects: Vec<Call>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Offline,
    /// Until the next try.
    Waiting {
        until: Duration,
        after: DisconnectReason,
    },
    /// From [`Action::Open`](crate::Action::Open) to the server's greeting.
    Opening {
        deadline: Duration,
    },
    Up(Up),
}

#[derive(Debug)]
struct Up {
    since: Duration,
    /// Name and version of the server's program.
    server: String,
    logged_in: bool,
    /// Logging out was asked for; from here on the player counts as out.
    leaving: bool,
    /// Somebody logged in with a password, so this server does work.
    proven: bool,
    heartbeat: Heartbeat,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkAction {
    Open,
    /// Send a ping: whatever is received next is the answer.
    Ping,
    /// There is no connection, for this reason.
    Lose(DisconnectReason),
    /// The transport is of no use, for this reason.
    GiveUp(DisconnectReason),
}

/// What a loss ends.
#[derive(Debug)]
pub(crate) struct Lost {
    /// The calls that waited for the connection.
    pub(crate) connects: Vec<Call>,
    /// The player was about to log out.
    pub(crate) was_leaving: bool,
    /// Later tries that fail are not news.
    pub(crate) is_news: bool,
    /// Until the next try; `None` when there is none.
    pub(crate) retry_in: Option<Duration>,
}

/// Where it stands.
impl Link {
    /// The state that games see.
    pub(crate) fn state(&self) -> State {
        match &self.phase {
            Phase::Offline => State::Offline,
            Phase::Opening { .. } if self.attempts() == 0 => State::Connecting,
            Phase::Waiting { .. } | Phase::Opening { .. } => State::Reconnecting,
            Phase::Up(up) if up.logged_in => State::LoggedIn,
            Phase::Up(_) => State::Connected,
        }
    }

    /// How often it was tried again.
    pub(crate) fn attempts(&self) -> u32 {
        self.reconnects.attempts()
    }

    pub(crate) fn retry_in(&self, now: Duration) -> Option<Duration> {
        match &self.phase {
            Phase::Waiting { until, .. } => Some(until.saturating_sub(now)),
            Phase::Offline | Phase::Opening { .. } | Phase::Up(_) => None,
        }
    }

    pub(crate) fn is_offline(&self) -> bool {
        matches!(self.phase, Phase::Offline)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// Whether the server has greeted.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up(_))
    }

    /// Name and version of the server's program, while there is a connection.
    pub(crate) fn server(&self) -> Option<&str> {
        match &self.phase {
            Phase::Up(up) => Some(&up.server),
            Phase::Offline | Phase::Waiting { .. } | Phase::Opening { .. } => None,
        }
    }

    /// Whether the server will take packets of an account once it has read all that was
    /// sent.
    pub(crate) fn is_in(&self) -> bool {
        matches!(&self.phase, Phase::Up(up) if up.logged_in && !up.leaving)
    }

    pub(crate) fn is_leaving(&self) -> bool {
        matches!(&self.phase, Phase::Up(up) if up.leaving)
    }

    /// Whether somebody waits to hear what comes of this try.
    pub(crate) fn is_watched(&self) -> bool {
        self.attempts() == 0 || !self.connects.is_empty()
    }
}

/// What happens to it.
impl Link {
    /// The player wants a connection, while there is none. Whether to open a transport
    /// now.
    pub(crate) fn connect(&mut self, call: Call) -> bool {
        self.connects.push(call);
        if self.is_offline() {
            self.reconnects.reset();
        }
        matches!(self.phase, Phase::Offline | Phase::Waiting { .. })
    }

    /// A transport is being opened.
    pub(crate) fn opening(&mut self, deadline: Duration) {
        self.phase = Phase::Opening { deadline };
    }

    /// The server has greeted. The calls that waited for it.
    pub(crate) fn came_up(&mut self, now: Duration, server: String) -> Vec<Call> {
        self.phase = Phase::Up(Up {
            since: now,
            server,
            logged_in: false,
            leaving: false,
            proven: false,
            heartbeat: Heartbeat::Heard(now),
        });
        std::mem::take(&mut self.connects)
    }

    /// Something was received. Whether the server has greeted before.
    pub(crate) fn heard(&mut self, now: Duration) -> bool {
        let Phase::Up(up) = &mut self.phase else {
            return false;
        };
        up.heartbeat = Heartbeat::Heard(now);
        true
    }

    /// The player is in, by a password or again.
    pub(crate) fn logged_in(&mut self, by_password: bool) {
        if let Phase::Up(up) = &mut self.phase {
            up.logged_in = true;
            up.proven |= by_password;
        }
    }

    /// The player wants to be out. Whether the server has to be told.
    pub(crate) fn leave(&mut self) -> bool {
        match &mut self.phase {
            Phase::Up(up) if up.logged_in => {
                up.leaving = true;
                true
            }
            Phase::Offline | Phase::Waiting { .. } | Phase::Opening { .. } | Phase::Up(_) => false,
        }
    }

    /// The player is out.
    pub(crate) fn logged_out(&mut self) {
        if let Phase::Up(up) = &mut self.phase {
            up.logged_in = false;
            up.leaving = false;
        }
    }

    /// The connection is gone, or the try to have one failed.
    pub(crate) fn lose(
        &mut self,
        now: Duration,
        reason: DisconnectReason,
        config: &Config,
        rng: &mut Rng,
    ) -> Lost {
        let was_first_try = self.state() == State::Connecting;
        let was_up = self.is_up();
        let was_leaving = self.is_leaving();
        if let Phase::Up(up) = &self.phase {
            // A server that says it restarts is in good order, too.
            let is_orderly = reason == DisconnectReason::Server(CloseReason::Restarting);
            let is_sound = now.saturating_sub(up.since) >= PROVEN_AFTER;
            if up.proven || is_sound || is_orderly {
                self.reconnects.reset();
            }
        }
        let will_retry = config.reconnect && reason.may_retry();
        let retry_in = will_retry.then(|| {
            let cap = config.reconnect_max_delay;
            self.reconnects.next_delay(rng, least_window(reason), cap)
        });
        self.phase = match retry_in {
            Some(delay) => Phase::Waiting {
                until: now.saturating_add(delay),
                after: reason,
            },
            None => Phase::Offline,
        };
        Lost {
            connects: std::mem::take(&mut self.connects),
            was_leaving,
            is_news: was_up || was_first_try || !will_retry,
            retry_in,
        }
    }
}

/// Time passes.
impl Link {
    /// What is due at `now`.
    pub(crate) fn tick(&mut self, now: Duration, config: &Config) -> Option<LinkAction> {
        match &mut self.phase {
            Phase::Waiting { after, .. } if !config.reconnect => Some(LinkAction::Lose(*after)),
            Phase::Waiting { until, .. } if now >= *until => Some(LinkAction::Open),
            Phase::Opening { deadline, .. } if now >= *deadline => {
                Some(LinkAction::GiveUp(DisconnectReason::ServerUnreachable))
            }
            Phase::Offline | Phase::Waiting { .. } | Phase::Opening { .. } => None,
            Phase::Up(up) => match up.heartbeat.check(now, config.heartbeat_interval()) {
                Pulse::Fine => None,
                Pulse::Ask => Some(LinkAction::Ping),
                Pulse::Lost => Some(LinkAction::GiveUp(DisconnectReason::ConnectionLost)),
            },
        }
    }

    /// When [`tick`](Self::tick) has something to do; `last_call` for at once.
    pub(crate) fn next_deadline(&self, last_call: Duration, config: &Config) -> Option<Duration> {
        match &self.phase {
            Phase::Offline => None,
            Phase::Waiting { .. } if !config.reconnect => Some(last_call),
            Phase::Waiting { until, .. } => Some(*until),
            Phase::Opening { deadline, .. } => Some(*deadline),
            Phase::Up(up) => up.heartbeat.deadline(config.heartbeat_interval()),
        }
    }

    /// The server may be gone without a word: ask it at the next tick.
    pub(crate) fn doubt(&mut self) {
        match &mut self.phase {
            Phase::Up(up) => up.heartbeat = Heartbeat::AskNow,
            Phase::Offline | Phase::Waiting { .. } | Phase::Opening { .. } => {}
        }
    }

    /// The driver was away: its absence says nothing about the server.
    pub(crate) fn postpone(&mut self, stall: Stall) {
        match &mut self.phase {
            Phase::Opening { deadline, .. } => stall.postpone(deadline),
            Phase::Up(up) => up.heartbeat = Heartbeat::AskNow,
            Phase::Offline | Phase::Waiting { .. } => {}
        }
    }
}

/// How widely to spread the first tries of clients that lost a connection for
/// the same reason at the same time.
fn least_window(reason: DisconnectReason) -> Duration {
    match reason {
        DisconnectReason::Server(CloseReason::Restarting) => Duration::from_secs(4),
        DisconnectReason::Server(
            CloseReason::Flooding | CloseReason::TooManyConnections | CloseReason::TooSlow,
        ) => Duration::from_secs(10),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::Requests;

    const NOW: Duration = Duration::from_secs(1000);
    const CUT: DisconnectReason = DisconnectReason::ConnectionLost;

    struct Rig {
        link: Link,
        config: Config,
        rng: Rng,
    }

    impl Rig {
        fn offline() -> Self {
            Self {
                link: Link::default(),
                config: Config::default(),
                rng: Rng::with_seed(7),
            }
        }

        fn opening() -> Self {
            let mut rig = Self::offline();
            assert!(rig.link.connect(Requests::default().next_call()));
            rig.link.opening(NOW + Duration::from_secs(10));
            rig
        }

        fn up() -> Self {
            let mut rig = Self::opening();
            assert_eq!(rig.link.came_up(NOW, "test/1".to_owned()).len(), 1);
            rig
        }

        fn lose(&mut self, now: Duration, reason: DisconnectReason) -> Lost {
            self.link.lose(now, reason, &self.config, &mut self.rng)
        }

        fn tick(&mut self, now: Duration) -> Option<LinkAction> {
            self.link.tick(now, &self.config)
        }
    }

    #[test]
    fn a_try_that_takes_too_long_is_given_up() {
        let mut rig = Rig::opening();
        assert_eq!(rig.link.state(), State::Connecting);
        let deadline = rig.link.next_deadline(NOW, &rig.config).unwrap();
        assert_eq!(rig.tick(NOW), None);
        let unreachable = DisconnectReason::ServerUnreachable;
        assert_eq!(rig.tick(deadline), Some(LinkAction::GiveUp(unreachable)));
        let lost = rig.lose(deadline, unreachable);
        assert_eq!((lost.connects.len(), lost.is_news), (1, true));
        let until = deadline + lost.retry_in.unwrap();
        assert_eq!(rig.tick(until), Some(LinkAction::Open));
        assert_eq!(rig.link.state(), State::Reconnecting);
        rig.link.opening(until + Duration::from_secs(10));
        assert!(!rig.lose(until, unreachable).is_news, "as before");
    }

    #[test]
    fn a_silent_server_is_asked_and_then_given_up() {
        let mut rig = Rig::up();
        let first = rig.link.next_deadline(NOW, &rig.config).unwrap();
        assert_eq!(rig.tick(first), Some(LinkAction::Ping));
        assert_eq!(rig.tick(first), None);
        let second = rig.link.next_deadline(NOW, &rig.config).unwrap();
        assert_eq!(rig.tick(second), Some(LinkAction::GiveUp(CUT)));
        assert!(rig.link.heard(second));
        assert_eq!(rig.tick(second), None);
    }

    #[test]
    fn tries_are_counted_afresh_after_a_connection_that_was_sound() {
        let long = PROVEN_AFTER;
        let restarting = DisconnectReason::Server(CloseReason::Restarting);
        for (lasted, reason, by_password, attempts) in [
            (Duration::ZERO, CUT, false, 3),
            (long, CUT, false, 1),
            (Duration::ZERO, restarting, false, 1),
            (Duration::ZERO, CUT, true, 1),
        ] {
            let mut rig = Rig::opening();
            rig.lose(NOW, CUT);
            rig.lose(NOW, CUT);
            rig.link.came_up(NOW, "test/1".to_owned());
            rig.link.logged_in(by_password);
            rig.lose(NOW + lasted, reason);
            assert_eq!(rig.link.attempts(), attempts, "{lasted:?} {reason}");
        }
    }

    #[test]
    fn a_reason_that_time_does_not_mend_ends_all_tries() {
        for reason in [
            DisconnectReason::ClosedByClient,
            DisconnectReason::Server(CloseReason::Banned),
        ] {
            let mut rig = Rig::up();
            let lost = rig.lose(NOW, reason);
            assert_eq!((lost.retry_in, lost.is_news), (None, true));
            assert!(rig.link.is_offline());
        }
    }

    #[test]
    fn turning_reconnecting_off_ends_the_wait_at_once() {
        let mut rig = Rig::up();
        rig.lose(NOW, CUT);
        rig.config.reconnect = false;
        assert_eq!(rig.link.next_deadline(NOW, &rig.config), Some(NOW));
        assert_eq!(rig.tick(NOW), Some(LinkAction::Lose(CUT)));
    }

    #[test]
    fn a_player_who_leaves_is_out_before_the_server_says_so() {
        let mut rig = Rig::up();
        assert!(!rig.link.leave(), "nobody is in");
        rig.link.logged_in(false);
        assert!(rig.link.is_in());
        assert!(rig.link.leave());
        assert!(!rig.link.is_in() && rig.link.is_leaving());
        assert_eq!(rig.link.state(), State::LoggedIn);
        assert_eq!(rig.link.server(), Some("test/1"));
        assert!(rig.lose(NOW, CUT).was_leaving);
        assert_eq!(rig.link.server(), None);
    }
}
