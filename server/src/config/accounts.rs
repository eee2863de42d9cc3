//! What players may do with their own accounts.

use std::time::Duration;

use clap::Args;

use super::WHILE_RUNNING;

/// Ten years: who wants to wait for longer does not want it.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// What players may do with their own accounts.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Accounts")]
pub struct Accounts {
    /// How long an account that its player has deleted can still be kept, by a login
    /// with the password, as in 14d or 12h; 0s deletes it at once. At most 3650d.
    ///
    /// Less where a law or a shop of apps asks for it; more helps those whose account
    /// somebody else has deleted.
    #[arg(long, env = "LONGHALL_DELETION_DELAY", value_name = "TIME")]
    #[arg(default_value = "14d", value_parser = time)]
    #[arg(group = WHILE_RUNNING)]
    pub deletion_delay: Duration,

    /// How old a player's last new name must be before there is another, as in 30d.
    /// At most 3650d.
    ///
    /// Less for a game in which names are a plaything; more where players shall know who
    /// is who.
    #[arg(long, env = "LONGHALL_RENAME_INTERVAL", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = time)]
    #[arg(group = WHILE_RUNNING)]
    pub rename_interval: Duration,

    /// How long nobody else gets a name that a player has given up, nor what looks like
    /// it, as in 30d. At most 3650d.
    ///
    /// More makes it harder to pass for somebody who had the name.
    #[arg(long, env = "LONGHALL_OLD_NAME_KEPT", value_name = "TIME")]
    #[arg(default_value = "30d", value_parser = time)]
    #[arg(group = WHILE_RUNNING)]
    pub old_name_kept: Duration,

    /// Keys of players' profiles that only the game's server sets, with commas between
    /// them, as in level,rank.
    ///
    /// For whatever a player must not claim of themselves. A key that is named here later
    /// keeps what its player has set until the game's server sets it.
    #[arg(long, env = "LONGHALL_PROFILE_GAME_KEYS", value_name = "KEYS")]
    #[arg(value_delimiter = ',', value_parser = profile_key)]
    #[arg(group = WHILE_RUNNING)]
    pub profile_game_keys: Vec<String>,
}

fn profile_key(text: &str) -> Result<String, String> {
    match longhall_packet::Profile::is_key(text) {
        true => Ok(text.to_owned()),
        false => Err("a key has 1 to 32 of the signs a to z, 0 to 9 and _".to_owned()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match time <= LONGEST {
        true => Ok(time),
        false => Err("it must be at most 3650d".to_owned()),
    }
}
