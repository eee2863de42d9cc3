//! How much is kept of what was said, and for how long.

use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

use super::{WHILE_RUNNING, seconds};

const MIB: u64 = 1024 * 1024;

/// What is kept of what was said, and until when it may be changed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "History")]
pub struct History {
    /// Days after which lines and whispers are forgotten. Fewer keep the
    /// database small, and less of what players said.
    ///
    /// The law, or a promise to your players, may ask for fewer.
    #[arg(
        long = "history-days",
        env = "LONGHALL_HISTORY_DAYS",
        value_name = "DAYS"
    )]
    #[arg(default_value_t = 90, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub days: u32,

    /// Lines kept per channel; the oldest make room for new ones. A line takes
    /// some 150 bytes of disk beside its text.
    ///
    /// Fewer where channels are lively and the disk is small.
    #[arg(
        long = "history-lines",
        env = "LONGHALL_HISTORY_LINES",
        value_name = "COUNT"
    )]
    #[arg(default_value_t = 100_000, value_parser = value_parser!(u64).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub lines: u64,

    /// Whispers kept per account, sent and received together; beyond, the oldest
    /// of the conversations that hold the most make room for new ones.
    ///
    /// Fewer where many accounts whisper much and the disk is small.
    #[arg(long, env = "LONGHALL_WHISPERS_KEPT", value_name = "COUNT")]
    #[arg(default_value_t = 10_000, value_parser = value_parser!(u64).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub whispers_kept: u64,

    /// Whispers that may wait for a player who is not there; who sends more is
    /// told that too many are waiting. One sender may fill a quarter of that, and
    /// those whom the player has not written to, half of it. 0: none wait.
    ///
    /// Fewer bother those who come back less; more where players are often away for
    /// long.
    #[arg(long, env = "LONGHALL_WHISPERS_WAITING", value_name = "COUNT")]
    #[arg(default_value_t = 200)]
    #[arg(group = WHILE_RUNNING)]
    pub whispers_waiting: usize,

    /// Size of the database, in MiB, beyond which the oldest lines of all channels
    /// and whispers are forgotten; the log says how many. The file does not shrink:
    /// what is freed is used again. 0: it grows until the disk is full.
    ///
    /// Set it to what the disk has to spare, with room for a backup beside it.
    #[arg(
        long = "max-database-size",
        env = "LONGHALL_MAX_DATABASE_SIZE",
        value_name = "MIB"
    )]
    #[arg(default_value = "20480")]
    #[arg(value_parser = value_parser!(u64).map(|mib| mib.saturating_mul(MIB)))]
    #[arg(group = WHILE_RUNNING)]
    pub max_database_bytes: u64,

    /// How long after it was said a line may be edited or deleted by who said
    /// it, in seconds. 0: never.
    ///
    /// Less, or 0, where what was said is to stand.
    #[arg(long, env = "LONGHALL_EDIT_WINDOW", value_name = "SECONDS")]
    #[arg(default_value = "900", value_parser = value_parser!(u64).map(Duration::from_secs))]
    #[arg(group = WHILE_RUNNING)]
    pub edit_window: Duration,

    /// Days after which a closed report is forgotten, with the lines that were kept
    /// with it. They outlive the lines in the history until then.
    ///
    /// The law may ask that it be fewer, or more: moderators want to see who was
    /// reported before.
    #[arg(long, env = "LONGHALL_REPORT_RETENTION", value_name = "DAYS")]
    #[arg(default_value_t = 90, value_parser = value_parser!(u32).range(1..))]
    #[arg(group = WHILE_RUNNING)]
    pub report_retention: u32,

    /// How often what is too old is looked for and forgotten, in seconds. At most 86400,
    /// a day.
    ///
    /// Less often where looking through a large database keeps the disk busy.
    #[arg(long, env = "LONGHALL_PRUNE_INTERVAL", value_name = "SECONDS")]
    #[arg(default_value = "600", value_parser = seconds::<1, 86_400>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub prune_interval: Duration,
    /// How often the size of the database is looked at, in seconds. At most 3600.
    ///
    /// Less often where the database is far from its limit anyway.
    #[arg(
        long = "database-size-interval",
        env = "LONGHALL_DATABASE_SIZE_INTERVAL",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "1", value_parser = seconds::<1, 3600>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub size_interval: Duration,
    /// How long after a start nothing is forgotten by its age, in seconds: the clock may
    /// be wrong until the network has put it right. At most 86400, a day.
    ///
    /// More where the network comes long after the server.
    #[arg(long, env = "LONGHALL_CLOCK_WAIT", value_name = "SECONDS")]
    #[arg(default_value = "900", value_parser = seconds::<0, 86_400>(), hide_short_help = true)]
    pub clock_wait: Duration,
}
