//! How much is kept of what was said, and for how long.

use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

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
    pub lines: u64,

    /// Whispers kept per account, sent and received together; beyond, the oldest
    /// of the conversations that hold the most make room for new ones.
    ///
    /// Fewer where many accounts whisper much and the disk is small.
    #[arg(long, env = "LONGHALL_WHISPERS_KEPT", value_name = "COUNT")]
    #[arg(default_value_t = 10_000, value_parser = value_parser!(u64).range(1..))]
    pub whispers_kept: u64,

    /// Whispers that may wait for a player who is not there; who sends more is
    /// told that too many are waiting. One sender may fill a quarter of that, and
    /// those whom the player has not written to, half of it. 0: none wait.
    ///
    /// Fewer bother those who come back less; more where players are often away for
    /// long.
    #[arg(long, env = "LONGHALL_WHISPERS_WAITING", value_name = "COUNT")]
    #[arg(default_value_t = 200)]
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
    pub max_database_bytes: u64,

    /// How long after it was said a line may be edited or deleted by who said
    /// it, in seconds. 0: never.
    ///
    /// Less, or 0, where what was said is to stand.
    #[arg(long, env = "LONGHALL_EDIT_WINDOW", value_name = "SECONDS")]
    #[arg(default_value = "900", value_parser = value_parser!(u64).map(Duration::from_secs))]
    pub edit_window: Duration,

    /// How often what is too old is looked for and forgotten.
    #[arg(skip = Duration::from_secs(10 * 60))]
    pub prune_interval: Duration,
    /// How often the size of the database is looked at.
    #[arg(skip = Duration::from_secs(1))]
    pub size_interval: Duration,
    /// How long after a start nothing is forgotten by its age: the clock may be wrong
    /// until the network has put it right.
    #[arg(skip = Duration::from_secs(15 * 60))]
    pub clock_wait: Duration,
}
