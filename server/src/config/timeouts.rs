//! How long the server waits for peers, and for its own end.

use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, value_parser};

use super::{WHILE_RUNNING, seconds};

const DAY_S: u64 = 24 * 60 * 60;

/// How long the server waits.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Timeouts")]
pub struct Timeouts {
    /// How long the WebSocket handshake may take, in seconds. At most 300.
    ///
    /// More for players on very slow lines; less frees sooner what idle strangers hold.
    #[arg(
        long = "handshake-timeout",
        env = "LONGHALL_HANDSHAKE_TIMEOUT",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "10", value_parser = seconds::<1, 300>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub handshake: Duration,

    /// How long a connection may stay without logging in, in seconds. At most 86400, a
    /// day.
    ///
    /// Less where strangers hold connections open; more for a game that connects long
    /// before its login.
    #[arg(
        long = "login-timeout",
        env = "LONGHALL_LOGIN_TIMEOUT",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "600", value_parser = seconds::<1, DAY_S>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub login: Duration,

    /// How long a connection may say nothing at all, in seconds. It is asked by a
    /// WebSocket ping after half of it. From 10 to 86400, a day.
    ///
    /// Less than what proxies and routers on the way give a silent connection.
    #[arg(
        long = "idle-timeout",
        env = "LONGHALL_IDLE_TIMEOUT",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "90", value_parser = seconds::<10, DAY_S>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub idle: Duration,

    /// How long a peer may take nothing at all of what is sent to it, in seconds. At most
    /// 3600.
    ///
    /// More for players on bad lines; less frees memory sooner.
    #[arg(
        long = "write-timeout",
        env = "LONGHALL_WRITE_TIMEOUT",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "10", value_parser = seconds::<1, 3600>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub write: Duration,

    /// How long connections get to take their last packets when the server stops, in
    /// seconds. At most 600.
    ///
    /// Keep it below what the system gives the server to stop: TimeoutStopSec in systemd,
    /// stop_grace_period in Compose.
    #[arg(
        long = "shutdown-timeout",
        env = "LONGHALL_SHUTDOWN_TIMEOUT",
        value_name = "SECONDS"
    )]
    #[arg(default_value = "5", value_parser = seconds::<0, 600>(), hide_short_help = true)]
    pub shutdown: Duration,

    /// Days for which a player who does not come back stays logged in on a device. At
    /// most 3650.
    ///
    /// Fewer where devices are shared, as in a school.
    #[arg(
        long = "session-days",
        env = "LONGHALL_SESSION_DAYS",
        value_name = "DAYS"
    )]
    #[arg(default_value = "30")]
    #[arg(value_parser = value_parser!(u64).range(1..=3650).map(days))]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub resume: Duration,
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count * DAY_S)
}
