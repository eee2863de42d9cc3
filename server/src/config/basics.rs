//! The address, the database and the log: options that a library user passes otherwise.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// What the program needs to start at all: its address, its file, its log.
#[derive(Args, Clone, Debug)]
pub struct Basics {
    /// Address and port to listen on. 127.0.0.1 is reachable from this machine
    /// only; 0.0.0.0 or [::] from everywhere. Port 0 picks a free one.
    ///
    /// Change it so that players on other machines can connect. Behind a TLS proxy on
    /// the same machine it may stay.
    #[arg(long, env = "LONGHALL_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(default_value = "127.0.0.1:8081")]
    #[allow(rustdoc::broken_intra_doc_links, reason = "[::] is an address")]
    pub listen: SocketAddr,

    /// The file that keeps accounts, channels and lines. Created if it does not exist; its folder
    /// must. There is no database in memory only.
    ///
    /// Change it to a folder that stays and is backed up, on a local disk. Without a
    /// folder it is in the one that the server is started in.
    #[arg(long, env = "LONGHALL_DATABASE", value_name = "FILE")]
    #[arg(default_value = "longhall.db")]
    pub database: PathBuf,

    /// How much to log: error, warn, info, debug or trace; also per module, as
    /// in "info,longhall_server::connection=debug". Passwords and tokens are
    /// never logged.
    ///
    /// debug follows single connections, while you look for something; warn tells of
    /// trouble only.
    #[arg(long, env = "LONGHALL_LOG", value_name = "LEVEL")]
    #[arg(default_value = "info")]
    pub log: String,
}
