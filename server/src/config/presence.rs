//! How cuts and news of players are told to others.

use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

use super::WHILE_RUNNING;

/// A player who is gone for longer is gone.
const MAX_GRACE_S: u64 = 24 * 60 * 60;

/// What players see of each other's coming and going.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Presence")]
pub struct Presence {
    /// How long a player whose connection was cut still counts as online, in
    /// seconds. Who is back by then never left, as the others see it. 0: others
    /// see every cut. At most 86400, a day.
    ///
    /// More hides the cuts of players on bad lines; less tells sooner who is gone.
    #[arg(long, env = "LONGHALL_GRACE", value_name = "SECONDS")]
    #[arg(default_value = "30")]
    #[arg(value_parser = value_parser!(u64).range(..=MAX_GRACE_S).map(Duration::from_secs))]
    #[arg(group = WHILE_RUNNING)]
    pub grace: Duration,

    /// How often the news of who came and went is told at most, in milliseconds. From
    /// 100 to 60000, a minute.
    ///
    /// More where very many come and go, and each of it is sent to everybody.
    #[arg(
        long = "presence-interval",
        env = "LONGHALL_PRESENCE_INTERVAL",
        value_name = "MILLISECONDS"
    )]
    #[arg(default_value = "1000")]
    #[arg(value_parser = value_parser!(u64).range(100..=60_000).map(Duration::from_millis))]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub interval: Duration,

    /// How long a member of a temporary channel may be offline before they are no member
    /// any more, in seconds. At most 86400, a day.
    ///
    /// More for matches that players come back to after a crash of the game.
    #[arg(
        long = "temporary-channel-grace",
        env = "LONGHALL_TEMPORARY_CHANNEL_GRACE",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "60")]
    #[arg(value_parser = value_parser!(u64).range(..=MAX_GRACE_S).map(Duration::from_secs))]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub temporary_grace: Duration,
}
