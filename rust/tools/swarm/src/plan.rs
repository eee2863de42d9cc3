//! What a swarm does.

use std::time::Duration;

use crate::SwarmError;
use crate::stamp::STAMP_BYTES;
use crate::wire::Address;

/// What a swarm does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server: `ws://host:port`.
    pub url: String,
    /// What it speaks.
    pub speaks: Speaks,
    /// Connections, each of an account of its own.
    pub players: usize,
    /// Channels that they are spread over. With none, all are in the lobby alone.
    pub channels: usize,
    /// How many of them talk.
    pub senders: usize,
    /// How they talk.
    pub load: Load,
    /// Whether players whose connection ends come back, each after a random time of at
    /// most this. Otherwise that ends the run.
    pub comeback: Option<Duration>,
    /// Others, who come and go while the senders talk.
    pub visitors: Visitors,
    /// Bytes of a line's text.
    pub text_bytes: usize,
    /// Connections that are being opened at a time.
    pub at_once: usize,
    /// Threads of this program.
    pub threads: usize,
    /// One delivery in so many is looked at for its latency. At millions a second
    /// looking at all would hold up the generator.
    pub sample: u64,
}

/// What the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Longhall's protocol.
    Longhall,
    /// Its frames alone: no handshake, no accounts. A connection begins with `join`.
    /// For references to measure a server against.
    BareFrames,
}

/// How lines are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// Each sender has so many lines without an answer on their way, always.
    Push {
        /// How many.
        window: usize,
    },
    /// Each sender says so many lines a second, whatever the answers take.
    Rate {
        /// How many.
        lines_per_s: f64,
    },
}

/// Connections beside those of the players, that make the server hash passwords: each
/// does so over and over while the senders talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitors {
    /// How many.
    pub count: usize,
    /// What they do.
    pub doing: Visit,
}

/// What a visitor does over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Logs in with a password, and out again.
    Login,
    /// Creates an account.
    Register,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            url: "ws://127.0.0.1:8081".to_owned(),
            speaks: Speaks::Longhall,
            players: 100,
            channels: 1,
            senders: 4,
            load: Load::Rate { lines_per_s: 1.0 },
            comeback: None,
            visitors: Visitors {
                count: 0,
                doing: Visit::Login,
            },
            text_bytes: 64,
            at_once: 32,
            threads: 1,
            sample: 1,
        }
    }
}

impl Plan {
    /// # Errors
    /// [`SwarmError::Plan`] or [`SwarmError::Url`].
    pub(crate) fn check(&self) -> Result<Address, SwarmError> {
        let fail = |why: &str| Err(SwarmError::Plan(why.to_owned()));
        if self.players == 0 {
            return fail("a swarm needs a player");
        }
        if self.players > MAX_PLAYERS {
            return fail("a swarm has at most 99999 players");
        }
        if self.senders > self.players {
            return fail("there cannot be more senders than players");
        }
        if self.channels > self.players {
            return fail("there cannot be more channels than players");
        }
        if !(STAMP_BYTES..=500).contains(&self.text_bytes) {
            return fail("a line has from 32 to 500 bytes");
        }
        if self.at_once == 0 || self.threads == 0 || self.sample == 0 {
            return fail("nothing can be done by none");
        }
        match self.load {
            Load::Push { window: 0 } => return fail("a window needs at least one line"),
            Load::Rate { lines_per_s } if !(0.001..=1e6).contains(&lines_per_s) => {
                return fail("a rate lies between 0.001 and 1000000 lines per second");
            }
            _ => {}
        }
        Address::parse(&self.url)
    }

    /// The channel that a player is in, beside the lobby.
    pub(crate) fn channel_of(&self, player: usize) -> Option<String> {
        (self.channels > 0).then(|| format!("swarm-{}", player % self.channels + 1))
    }
}

/// What fits into their names.
const MAX_PLAYERS: usize = 99_999;

/// How long one request may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
