//! How cuts and news of players are told to others.

use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

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
    pub grace: Duration,

    /// How often the news of who came and went is told, at most.
    #[arg(skip = Duration::from_secs(1))]
    pub interval: Duration,
}
