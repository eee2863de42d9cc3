//! The proof: no line is lost, none comes twice, and all hear the same order,
//! whatever happens to the connections and to the servers.
//!
//! Players talk in two channels and whisper, through a line that cuts, stalls
//! and half-closes their connections in the middle of packets, while servers
//! are killed with SIGKILL over and over. `cargo xtask soak` runs it at length.
//!
//! Three servers, one hall: there PostgreSQL crashes as well, NATS dies and stands
//! still, and servers lose sight of it.
//!
//! Settings: `LONGHALL_PROOF_SEED`, and how often what goes wrong: `LONGHALL_PROOF_CUTS`,
//! `_KILLS`, `_CRASHES`, `_DEATHS`, `_PARTITIONS`.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod one_server;
#[cfg(unix)]
mod three_servers;

mod check;
mod talk;

#[cfg(unix)]
mod bus_line;
mod player;
mod proxy;
mod server_process;
#[cfg(unix)]
mod trouble;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap(),
        Err(_) => default,
    }
}
