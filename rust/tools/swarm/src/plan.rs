//! What a swarm does.

use std::path::PathBuf;
use std::time::Duration;

use crate::SwarmError;
use crate::stamp::STAMP_BYTES;
use crate::stream::Roots;
use crate::wire::Address;

/// What a swarm does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The servers: `ws://host:port` each. Of several, all of one cluster, the players
    /// are spread over them, and whose connection ends tries the next one.
    pub urls: Vec<String>,
    /// For servers that speak TLS, `wss://`: a file with the certificates to trust, in PEM.
    pub roots: Option<PathBuf>,
    /// Who begins on which of them.
    pub spread: Spread,
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

/// How players are spread over several servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// The members of a channel take turns, beginning on another server in each
    /// channel.
    Turns,
    /// The first players, who are those that talk, are on the first server, and so on.
    Blocks,
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
            urls: vec!["ws://127.0.0.1:8081".to_owned()],
            roots: None,
            spread: Spread::Turns,
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
    pub(crate) fn check(&self) -> Result<Vec<Address>, SwarmError> {
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
        if self.urls.is_empty() || self.urls.len() > MAX_SERVERS {
            return fail("a swarm plays on one server, and on 256 at most");
        }
        let roots = self.roots.as_deref().map(Roots::read).transpose();
        let roots = roots.map_err(SwarmError::Roots)?;
        let urls = self.urls.iter();
        urls.map(|url| Address::parse(url, roots.as_ref()))
            .collect()
    }

    /// The channel that a player is in, beside the lobby.
    pub(crate) fn channel_of(&self, player: usize) -> Option<String> {
        (self.channels > 0).then(|| format!("swarm-{}", player % self.channels + 1))
    }

    /// The server that a player begins on, by its place among the addresses.
    pub fn home_of(&self, player: usize) -> u8 {
        let servers = self.urls.len();
        let home = match self.spread {
            Spread::Turns => {
                let channels = self.channels.max(1);
                (player % channels + player / channels) % servers
            }
            Spread::Blocks => player * servers / self.players,
        };
        // There are no more than it can count.
        home as u8
    }
}

/// What fits into their names.
const MAX_PLAYERS: usize = 99_999;
/// What fits into the stamp of a line.
const MAX_SERVERS: usize = 256;

/// How long one request may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn homes(plan: &Plan) -> Vec<u8> {
        (0..plan.players)
            .map(|player| plan.home_of(player))
            .collect()
    }

    fn on(servers: usize, players: usize, channels: usize, spread: Spread) -> Plan {
        Plan {
            urls: vec!["ws://127.0.0.1:8081".to_owned(); servers],
            players,
            channels,
            spread,
            ..Plan::default()
        }
    }

    #[test]
    fn the_members_of_each_channel_take_turns_on_all_servers() {
        for channels in [0, 1] {
            let plan = on(3, 6, channels, Spread::Turns);
            assert_eq!(homes(&plan), [0, 1, 2, 0, 1, 2]);
        }
        // Players 0, 2 and 4 are in one channel, the others in the other one.
        assert_eq!(homes(&on(2, 6, 2, Spread::Turns)), [0, 1, 1, 0, 0, 1]);
        // Everybody has a channel of their own.
        assert_eq!(homes(&on(2, 4, 4, Spread::Turns)), [0, 1, 0, 1]);
    }

    #[test]
    fn in_blocks_the_first_players_are_on_the_first_server() {
        assert_eq!(homes(&on(2, 5, 1, Spread::Blocks)), [0, 0, 0, 1, 1]);
        assert_eq!(homes(&on(1, 3, 1, Spread::Blocks)), [0, 0, 0]);
    }
}
