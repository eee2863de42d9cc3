//! Tickets, by which games' own servers know who a player is.

use std::time::Duration;

use clap::Args;

use super::{WHILE_RUNNING, seconds};

/// A day: a key that ends sooner is looked for by every game's server all the time.
const SHORTEST_KEY: Duration = Duration::from_secs(24 * 60 * 60);
/// Ten years.
const LONGEST_KEY: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// Tickets, by which games' own servers know who a player is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tickets")]
pub struct Tickets {
    /// How long a ticket for a game's own server is good, in seconds. From 10 to 600.
    ///
    /// Less leaves a stolen one less time, more lets a game with long loading screens ask
    /// for it early. A game's server adds ten seconds for clocks that differ.
    #[arg(long, env = "LONGHALL_TICKET_LIFETIME", value_name = "SECONDS")]
    #[arg(default_value = "60", value_parser = seconds::<10, 600>())]
    #[arg(group = WHILE_RUNNING)]
    pub ticket_lifetime: Duration,

    /// How long a key signs tickets until the next one does, as in 30d. From 1d to 3650d.
    ///
    /// Less where somebody may have got hold of a backup; tickets rotate --now is for when
    /// somebody has.
    #[arg(long, env = "LONGHALL_TICKET_KEY_LIFETIME", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = key_lifetime)]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub ticket_key_lifetime: Duration,
}

fn key_lifetime(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|_| "it is no time: a number and a unit, as in 30d".to_owned())?;
    match (SHORTEST_KEY..=LONGEST_KEY).contains(&time) {
        true => Ok(time),
        false => Err("it must be from 1d to 3650d".to_owned()),
    }
}
