//! Everything an operator or a test may set, by theme.
//!
//! Each setting stands in one place: an option, with its default. Its first paragraph is
//! the help, the second says why one would change it. The variable, the key in the
//! settings file, what `print-default-config` prints and `server/longhall.example.env` all
//! come from there. One with `group = WHILE_RUNNING` is taken over by a running server,
//! which then reads it from `Server::settings`; the others wait for a restart. Those that
//! few ever need are left out of `-h`, by `hide_short_help`.

mod accounts;
mod acme;
mod admin;
mod admin_socket;
mod backups;
mod basics;
mod bus;
mod capacity;
mod game;
mod gates;
mod hashing;
mod history;
mod lobby;
pub(crate) mod moderation;
mod names;
mod presence;
mod proxy;
mod rates;
mod secret;
mod store_place;
mod tickets;
mod timeouts;
mod tls;
mod webhooks;

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use clap::builder::{RangedU64ValueParser, Resettable, TypedValueParser};
use clap::{ArgGroup, Args, Command, FromArgMatches};
use longhall_packet::Limits;
use longhall_packet::limits::MAX_CHANNELS_PER_ACCOUNT;

pub use accounts::Accounts;
pub use acme::Acme;
pub use admin::{Admin, RemoteAdmin};
pub use admin_socket::AdminSocket;
pub use backups::Backups;
pub use basics::Basics;
pub use bus::Bus;
pub use capacity::Capacity;
pub use game::{GameListen, RemoteGame};
pub use gates::Gates;
pub use hashing::{HashCost, Hashing};
pub use history::History;
pub use lobby::Lobby;
pub use moderation::Moderation;
pub use names::Names;
pub use presence::Presence;
pub use proxy::Proxy;
pub use rates::Rates;
pub use secret::{Secret, SecretFileError};
pub use store_place::StorePlaceOptions;
pub use tickets::Tickets;
pub use timeouts::Timeouts;
pub use tls::Tls;
pub use webhooks::{WebhookEvent, Webhooks};

/// The group of the options that may change while the server runs.
pub const WHILE_RUNNING: &str = "while-running";

/// Settings of one server. [`Config::default`] is what the program starts with.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The certificate that the server shows.
    #[command(flatten)]
    pub tls: Tls,
    /// What stands in front, and where games run.
    #[command(flatten)]
    pub proxy: Proxy,
    /// The channel that everybody is in.
    #[command(flatten)]
    pub lobby: Lobby,
    /// What players see of each other's coming and going.
    #[command(flatten)]
    pub presence: Presence,
    /// What is kept of what was said.
    #[command(flatten)]
    pub history: History,
    /// How many there may be at a time.
    #[command(flatten)]
    pub capacity: Capacity,
    /// How often something may be done.
    #[command(flatten)]
    pub rates: Rates,
    /// Who gets an account.
    #[command(flatten)]
    pub gates: Gates,
    /// Who may not have a name, and who may not come in.
    #[command(flatten)]
    pub names: Names,
    /// What players may do with their own accounts.
    #[command(flatten)]
    pub accounts: Accounts,
    /// How long sanctions last that moderators set.
    #[command(flatten)]
    pub moderation: Moderation,
    /// Tickets for games' own servers.
    #[command(flatten)]
    pub tickets: Tickets,
    /// Backups that the server makes by itself.
    #[command(flatten)]
    pub backups: Backups,
    /// What a game's own back end is told.
    #[command(flatten)]
    pub webhooks: Webhooks,
    /// How operators reach a running server.
    #[command(flatten)]
    pub admin: AdminSocket,
    /// How long the server waits.
    #[command(flatten)]
    pub timeouts: Timeouts,
    /// How passwords are hashed.
    #[command(flatten)]
    pub hashing: Hashing,
}

impl Default for Config {
    /// The options' own defaults, whatever the environment says.
    fn default() -> Self {
        static DEFAULT: LazyLock<Config> = LazyLock::new(|| {
            let command = Config::augment_args(Command::new("default"))
                .no_binary_name(true)
                .group(while_running())
                .mut_args(|option| option.env(Resettable::Reset));
            let matches = command.get_matches_from([] as [&str; 0]);
            Config::from_arg_matches(&matches).expect("each option has a sound default")
        });
        DEFAULT.clone()
    }
}

impl Config {
    /// The defaults, but for what is changed.
    ///
    /// ```
    /// # use longhall_server::Config;
    /// let config = Config::with(|config| config.rates.logins_per_minute = 3);
    /// assert_eq!(config.rates.logins_per_minute, 3);
    /// ```
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut config = Self::default();
        change(&mut config);
        config
    }

    /// What a client is told to keep to.
    pub(crate) fn limits(&self) -> Limits {
        let channels = self.capacity.channels_per_account;
        let edit_window = self.history.edit_window.as_secs();
        Limits {
            channels_per_account: u32::try_from(channels.min(MAX_CHANNELS_PER_ACCOUNT))
                .unwrap_or(u32::MAX),
            edit_window_s: u32::try_from(edit_window).unwrap_or(u32::MAX),
            ..Limits::default()
        }
    }
}

/// The group itself, which the program's options need as well.
pub fn while_running() -> ArgGroup {
    ArgGroup::new(WHILE_RUNNING).multiple(true)
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

fn seconds<const LEAST: u64, const MOST: u64>() -> impl TypedValueParser<Value = Duration> {
    |text: &str| -> Result<Duration, String> {
        match text.parse() {
            Ok(seconds) if (LEAST..=MOST).contains(&seconds) => Ok(Duration::from_secs(seconds)),
            Ok(_) => Err(format!("it must be from {LEAST} to {MOST} seconds")),
            Err(_) => Err("it is no number of seconds; the unit is left out".to_owned()),
        }
    }
}

/// Where to listen, as the example at `PORT` shows it.
fn address_and_port<const PORT: u16>(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("it is no address with a port, as in 127.0.0.1:{PORT}; a name is none either")
    })
}

fn count<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (LEAST..=MOST).contains(&count) => Ok(count),
        Ok(_) => Err(format!("it must be from {LEAST} to {MOST}")),
        Err(_) => Err("it is no number".to_owned()),
    }
}
