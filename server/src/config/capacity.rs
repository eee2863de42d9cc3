//! Sizes and counts: connections, queues, and what an account may have.

use clap::Args;
use longhall_packet::limits::MAX_CHANNELS_PER_ACCOUNT;

use super::{WHILE_RUNNING, at_least_one, count};

/// How many there may be at a time.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Capacity")]
pub struct Capacity {
    /// Devices on which an account may be logged in; at a login on one more, the
    /// one not seen for the longest is logged out. At most 100.
    ///
    /// 1 where an account is to play in one place only.
    #[arg(long, env = "LONGHALL_SESSIONS_PER_ACCOUNT", value_name = "COUNT")]
    #[arg(default_value_t = 8, value_parser = count::<1, 100>)]
    #[arg(group = WHILE_RUNNING)]
    pub sessions_per_account: usize,

    /// Channels an account may be in, the lobby not counted; at most 32. 0: there
    /// is the lobby alone.
    ///
    /// Fewer keep the game's list of tabs short.
    #[arg(long, env = "LONGHALL_CHANNELS_PER_ACCOUNT", value_name = "COUNT")]
    #[arg(default_value_t = 20, value_parser = count::<0, MAX_CHANNELS_PER_ACCOUNT>)]
    #[arg(group = WHILE_RUNNING)]
    pub channels_per_account: usize,

    /// Members a channel may have. The lobby holds everybody.
    ///
    /// Each line goes to every member who is online: fewer bound what one line costs.
    #[arg(long, env = "LONGHALL_MEMBERS_PER_CHANNEL", value_name = "COUNT")]
    #[arg(default_value_t = 5_000, value_parser = at_least_one())]
    #[arg(group = WHILE_RUNNING)]
    pub members_per_channel: usize,

    /// Players that one account may block; at most 500.
    ///
    /// More where players meet very many others.
    #[arg(long, env = "LONGHALL_BLOCKS_PER_ACCOUNT", value_name = "COUNT")]
    #[arg(default_value_t = 200, value_parser = count::<0, 500>)]
    #[arg(group = WHILE_RUNNING)]
    pub blocks_per_account: usize,

    /// Reports of one account that may be open at a time; at most 100. 0: nobody
    /// reports anything.
    ///
    /// Fewer where some players report everybody.
    #[arg(long, env = "LONGHALL_OPEN_REPORTS_PER_ACCOUNT", value_name = "COUNT")]
    #[arg(default_value_t = 10, value_parser = count::<0, 100>)]
    #[arg(group = WHILE_RUNNING)]
    pub open_reports_per_account: usize,

    /// Reports of all accounts that may be open at a time. Each keeps up to 16 lines,
    /// some 2 KB as a rule and 35 KB at most. At most 1000000.
    ///
    /// More where moderators come seldom, and there is the disk for it.
    #[arg(long, env = "LONGHALL_OPEN_REPORTS", value_name = "COUNT")]
    #[arg(default_value_t = 10_000, value_parser = count::<1, 1_000_000>)]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub open_reports: usize,

    /// Most connections at a time.
    ///
    /// Beyond it players are told that there are too many. The system's limit on open
    /// files (LimitNOFILE in systemd) has to be a little higher.
    #[arg(long, env = "LONGHALL_MAX_CONNECTIONS", value_name = "COUNT")]
    #[arg(default_value_t = 20_000, value_parser = at_least_one())]
    #[arg(group = WHILE_RUNNING)]
    pub max_connections: usize,

    /// Most connections at a time from one address (one /64 network for IPv6). It
    /// may open twice as many at once, and a quarter of it each second.
    ///
    /// Behind a proxy all players have its address, unless LONGHALL_TRUSTED_PROXY names
    /// it: set this as high as LONGHALL_MAX_CONNECTIONS there, and have the proxy limit
    /// each player.
    #[arg(
        long = "connections-per-address",
        env = "LONGHALL_CONNECTIONS_PER_ADDRESS"
    )]
    #[arg(value_name = "COUNT", default_value_t = 64, value_parser = at_least_one())]
    #[arg(group = WHILE_RUNNING)]
    pub max_connections_per_address: usize,

    /// Invitations kept for one account; the oldest make room. At most 30.
    ///
    /// Fewer where players are bothered by invitations.
    #[arg(long, env = "LONGHALL_INVITATIONS_PER_ACCOUNT", value_name = "COUNT")]
    #[arg(default_value_t = 30, value_parser = count::<1, 30>)]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub invitations_per_account: usize,

    /// Most bytes waiting for one connection, from 65536 to 67108864, which is 64 MiB.
    /// Beyond half of it chat lines are left out, and fetched later; a peer that falls
    /// behind further still is closed as too slow.
    ///
    /// More for players on slow lines, where there is memory for all of them.
    #[arg(long, env = "LONGHALL_OUTBOX_MAX_BYTES", value_name = "BYTES")]
    #[arg(default_value_t = 256 * 1024, value_parser = count::<65_536, 67_108_864>)]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub outbox_max_bytes: usize,
}
