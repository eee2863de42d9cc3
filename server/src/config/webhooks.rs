//! What a game's own back end is told.

use std::io;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

/// What a game's own back end can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum WebhookEvent {
    /// An account was made.
    Registered,
    /// A player logged in, as a guest or with a password. To come back after a cut is no login.
    LoggedIn,
    /// A player logged out.
    LoggedOut,
    /// A player reported a line or another player.
    Reported,
}

impl WebhookEvent {
    /// The name that travels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::LoggedIn => "logged_in",
            Self::LoggedOut => "logged_out",
            Self::Reported => "reported",
        }
    }
}

/// What a game's own back end is told.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Webhooks")]
pub struct Webhooks {
    /// Where the game's own back end is told of events, by a POST with JSON: an address that
    /// begins with https://. Off unless given.
    ///
    /// Set it when something beside the game has to know who registered, came or went: a
    /// mailing list, a channel of your team. docs/game-servers.md says what comes.
    #[arg(long, env = "LONGHALL_WEBHOOK_URL", value_name = "URL")]
    pub webhook_url: Option<String>,

    /// A file with the secret that each event is signed with, in its only line: whsec_ and
    /// then base64 of 24 to 64 random bytes. Needed with --webhook-url.
    ///
    /// The receiver has the same, and so knows that it is this server that tells.
    #[arg(long, env = "LONGHALL_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    pub webhook_secret_file: Option<PathBuf>,

    /// Of which events --webhook-url is told, with commas between them.
    ///
    /// Fewer where the back end cares for some only.
    #[arg(long, env = "LONGHALL_WEBHOOK_EVENTS", value_name = "EVENTS")]
    #[arg(value_enum, value_delimiter = ',')]
    #[arg(default_value = "registered,logged_in,logged_out,reported")]
    pub webhook_events: Vec<WebhookEvent>,

    /// Let --webhook-url begin with http:// where it leads to this machine or a private
    /// network.
    ///
    /// For a back end on the same machine: what is told travels as it is.
    #[arg(long, env = "LONGHALL_WEBHOOK_ALLOW_HTTP")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub webhook_allow_http: bool,
}

impl Webhooks {
    /// # Errors
    /// When the options do not fit together, or the secret cannot be read.
    pub fn check(&self) -> io::Result<()> {
        crate::webhooks::Target::of(self).map(drop)
    }
}
