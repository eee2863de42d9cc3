//! Limits on how often something may be done.

use std::time::Duration;

use clap::{Args, value_parser};

use super::{WHILE_RUNNING, seconds};

/// How often something may be done. What is per hour or minute may be done all at once,
/// unless it says otherwise.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Rates")]
pub struct Rates {
    /// Registrations allowed per address and hour.
    ///
    /// More behind a proxy, or where many players share an address, as in a school;
    /// fewer where somebody makes accounts by the dozen.
    #[arg(long, env = "LONGHALL_REGISTRATIONS_PER_HOUR", value_name = "COUNT")]
    #[arg(default_value_t = 30, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub registrations_per_hour: u32,

    /// Login tries allowed per address and minute.
    ///
    /// More behind a proxy, or where many players share an address. Each try costs a
    /// password hash, some 20 ms of one core.
    #[arg(long, env = "LONGHALL_LOGINS_PER_MINUTE", value_name = "COUNT")]
    #[arg(default_value_t = 30, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub logins_per_minute: u32,

    /// Login tries allowed per user name, address and minute; twice as many from
    /// all the addresses together that the account was never logged in to from.
    ///
    /// Fewer make a password harder to guess, and a forgetful player wait. As many
    /// tries has a session per minute to change its password.
    #[arg(
        long,
        env = "LONGHALL_LOGINS_PER_MINUTE_PER_NAME",
        value_name = "COUNT"
    )]
    #[arg(default_value_t = 10, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub logins_per_minute_per_name: u32,

    /// Tries allowed per address and minute to resume a session that there is not.
    /// Players with a good one are not counted.
    ///
    /// More behind a proxy, where many sessions expire at once.
    #[arg(long, env = "LONGHALL_FAILED_RESUMES_PER_MINUTE", value_name = "COUNT")]
    #[arg(default_value_t = 300, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub failed_resumes_per_minute: u32,

    /// Packets allowed per connection and second, averaged over four seconds.
    /// Pages of history are counted apart.
    ///
    /// More for a game that sends requests of its own by script.
    #[arg(long, env = "LONGHALL_PACKETS_PER_SECOND", value_name = "COUNT")]
    #[arg(default_value_t = 10, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub packets_per_second: u32,

    /// Pages of history allowed per connection and second, averaged over four
    /// seconds. Fewer slow down players who come back after a while.
    ///
    /// Fewer where reading the disk is what the machine is busy with.
    #[arg(long, env = "LONGHALL_HISTORY_PER_SECOND", value_name = "COUNT")]
    #[arg(default_value_t = 50, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub history_per_second: u32,

    /// Lines, whispers, edits and deletions allowed per account and second, averaged
    /// over four seconds, on all its devices together. As many as packets of one
    /// connection unless set.
    ///
    /// 1 or 2 calm a chat that is flooded.
    #[arg(long, env = "LONGHALL_LINES_PER_SECOND", value_name = "COUNT")]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub lines_per_second: Option<u32>,

    /// How often an account may say the same within --repeat-window, wherever and on all its
    /// devices together; then it is denied. 0 for as often as it likes. What differs in case,
    /// spaces, punctuation and look-alikes only is the same.
    ///
    /// More where short answers are said again and again, as in a quiz.
    #[arg(long, env = "LONGHALL_MAX_REPEATS", value_name = "COUNT")]
    #[arg(default_value_t = 3, value_parser = value_parser!(u32).range(..=50))]
    #[arg(group = WHILE_RUNNING)]
    pub max_repeats: u32,

    /// The time in which --max-repeats are counted, in seconds. At most 3600.
    ///
    /// Longer against advertising that comes back every minute.
    #[arg(long, env = "LONGHALL_REPEAT_WINDOW", value_name = "SECONDS")]
    #[arg(default_value = "30", value_parser = seconds::<1, 3600>())]
    #[arg(group = WHILE_RUNNING)]
    pub repeat_window: Duration,

    /// How long an account speaks slowly after it registered, in seconds, as the next option
    /// says. At most a day; 0 for not at all.
    ///
    /// 600 where strangers come, and somebody may make accounts to flood the chat.
    #[arg(long, env = "LONGHALL_NEW_ACCOUNT_TIME", value_name = "SECONDS")]
    #[arg(default_value = "0", value_parser = seconds::<0, 86_400>())]
    #[arg(group = WHILE_RUNNING)]
    pub new_account_time: Duration,

    /// The seconds in which an account that is new may say one line, whisper, edit or
    /// deletion; three of them at once. At most 3600.
    ///
    /// More against accounts made to flood the chat.
    #[arg(
        long,
        env = "LONGHALL_NEW_ACCOUNT_LINE_INTERVAL",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "2", value_parser = seconds::<1, 3600>())]
    #[arg(group = WHILE_RUNNING)]
    pub new_account_line_interval: Duration,

    /// Whispers allowed per account and minute to players who never whispered
    /// back; thirty of them at once.
    ///
    /// Fewer where players are bothered by whispers that nobody asked for.
    #[arg(
        long,
        env = "LONGHALL_UNANSWERED_WHISPERS_PER_MINUTE",
        value_name = "COUNT"
    )]
    #[arg(default_value_t = 120, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub unanswered_whispers_per_minute: u32,

    /// Tries at the passwords of channels allowed per account and minute.
    ///
    /// Fewer make the password of a channel harder to guess.
    #[arg(
        long,
        env = "LONGHALL_CHANNEL_PASSWORDS_PER_MINUTE",
        value_name = "COUNT"
    )]
    #[arg(default_value_t = 10, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub channel_passwords_per_minute: u32,

    /// Channels an account may create per hour. A name stays in the database
    /// when its channel is gone.
    ///
    /// More for a game that makes a channel for each match.
    #[arg(long, env = "LONGHALL_CREATIONS_PER_HOUR", value_name = "COUNT")]
    #[arg(default_value_t = 40, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub creations_per_hour: u32,

    /// Exports of all that is known of an account that it may begin per day.
    ///
    /// Each looks through all lines of the hall: fewer where there are many.
    #[arg(long, env = "LONGHALL_EXPORTS_PER_DAY", value_name = "COUNT")]
    #[arg(default_value_t = 5, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub exports_per_day: u32,

    /// Invitations allowed per account and minute.
    ///
    /// Fewer where players are bothered by invitations.
    #[arg(long, env = "LONGHALL_INVITATIONS_PER_MINUTE", value_name = "COUNT")]
    #[arg(default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub invitations_per_minute: u32,

    /// Reports to moderators allowed per account and hour.
    ///
    /// Fewer where moderators are kept busy by reports of nothing.
    #[arg(long, env = "LONGHALL_REPORTS_PER_HOUR", value_name = "COUNT")]
    #[arg(default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub reports_per_hour: u32,
}
