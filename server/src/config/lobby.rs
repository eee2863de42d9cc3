//! The lobby and the greeting.

use clap::Args;
use longhall_packet::{ChannelName, Topic};

use super::WHILE_RUNNING;

/// The channel that everybody is in.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Lobby")]
pub struct Lobby {
    /// What every client is shown on connecting, at most 1,000 characters.
    ///
    /// For what everybody is to know today: the rules, or when the server will be away.
    #[arg(long = "motd", env = "LONGHALL_MOTD", value_name = "TEXT")]
    #[arg(default_value = "", hide_default_value = true, value_parser = message)]
    #[arg(group = WHILE_RUNNING)]
    pub message_of_the_day: String,

    /// Name of the channel that everybody is in. A channel of players that has
    /// the name becomes the lobby; what was said in it is deleted if not everybody
    /// could join it.
    ///
    /// Change it before the first start, to what suits the game, as "tavern".
    #[arg(long = "lobby", env = "LONGHALL_LOBBY", value_name = "NAME")]
    #[arg(default_value = "lobby", value_parser = channel_name)]
    pub name: ChannelName,

    /// How many players the lobby takes in before another hall of it is opened; 0: one
    /// hall for all.
    ///
    /// Nobody reads a lobby of thousands. Each hall has its own lines and members, as
    /// "lobby-2". Fewer where everybody is to know everybody, 0 for a game whose lobby is for
    /// announcements alone.
    #[arg(long = "lobby-size", env = "LONGHALL_LOBBY_SIZE", value_name = "COUNT")]
    #[arg(default_value_t = 500)]
    #[arg(group = WHILE_RUNNING)]
    pub size: u32,

    /// What the lobby is about, at most 120 characters: shown as its topic to
    /// whoever is in it.
    ///
    /// For a word of welcome; no player can change it.
    #[arg(long, env = "LONGHALL_WELCOME", value_name = "TEXT")]
    #[arg(default_value = "", hide_default_value = true, value_parser = topic)]
    #[arg(group = WHILE_RUNNING)]
    pub welcome: Topic,
}

/// It travels in the first packet, which clients read up to a limit.
fn message(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0..=1000 => Ok(text.to_owned()),
        count => Err(format!("it has {count} characters, the limit is 1000")),
    }
}

fn channel_name(text: &str) -> Result<ChannelName, String> {
    ChannelName::parse(text).map_err(|denial| denial.reason())
}

fn topic(text: &str) -> Result<Topic, String> {
    Topic::parse(text).map_err(|denial| denial.reason())
}
