//! Time-outs and reconnecting.

use std::time::Duration;

use crate::heartbeat::Heartbeat;

/// How a [`Session`](crate::Session) behaves. May be changed at any time;
/// what is under way keeps the deadline it started with.
///
/// ```
/// use std::time::Duration;
/// use longhall_client::Config;
///
/// let config = Config { reconnect: false, ..Config::default() };
/// assert_eq!(config.request_timeout, Duration::from_secs(15));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// From the try to connect to the server's greeting. 10 s; at least 1 s.
    pub connect_timeout: Duration,
    /// From a request to its answer. 15 s; at least 1 s.
    pub request_timeout: Duration,
    /// The session asks whether the server is still there when it was silent
    /// for so long. 15 s; zero turns asking off, otherwise at least 1 s.
    pub heartbeat_interval: Duration,
    /// Whether to connect again by itself. On. Without it, a cut of the
    /// connection logs the player out.
    pub reconnect: bool,
    /// The longest wait between two tries. 30 s; at least 0.5 s.
    pub reconnect_max_delay: Duration,
    /// Name and version of the program, for the operator's log.
    pub client_name: String,
    /// What the player calls this device, for the list of sessions. Empty; sent
    /// with a login.
    pub device_name: String,
    /// Whether [`Session::register`](crate::Session::register) asks for recovery codes, which
    /// come by [`Event::RecoveryCodes`](crate::Event::RecoveryCodes). Off: whoever asks has to
    /// show them.
    pub ask_for_recovery_codes: bool,
    /// Lines to show of each channel on coming in: 50. Zero shows what is said
    /// from then on only.
    pub history_lines: u32,
    /// After a cut, lines missed are shown one after the other, unless they are
    /// more than this in a channel: then the newest are shown, see
    /// [`Event::HistorySkipped`](crate::Event::HistorySkipped). 10,000.
    pub max_gap: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(15),
            heartbeat_interval: Duration::from_secs(15),
            reconnect: true,
            reconnect_max_delay: Duration::from_secs(30),
            client_name: concat!("longhall-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            device_name: String::new(),
            ask_for_recovery_codes: false,
            history_lines: 50,
            max_gap: 10_000,
        }
    }
}

/// Shorter than this would be a slip of the hand in the Inspector, and no
/// server could keep to it.
const SHORTEST: Duration = Duration::from_secs(1);

impl Config {
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.max(SHORTEST)
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.request_timeout.max(SHORTEST)
    }

    /// From sending a line to giving up on its answer, and on its conversation's
    /// other lines that have none. Longer than it takes to
    /// notice that a connection is dead: then the line is sent again instead.
    pub(crate) fn line_timeout(&self) -> Duration {
        let heartbeat = self
            .heartbeat_interval()
            .map_or(Duration::ZERO, |interval| {
                interval.saturating_add(Heartbeat::patience(interval))
            });
        self.request_timeout().saturating_add(heartbeat)
    }

    pub(crate) fn heartbeat_interval(&self) -> Option<Duration> {
        (!self.heartbeat_interval.is_zero()).then(|| self.heartbeat_interval.max(SHORTEST))
    }
}
