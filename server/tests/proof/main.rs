//! The proof: no line is lost, none comes twice, and all hear the same order,
//! whatever happens to the connections and to the servers.
//!
//! Players talk in two channels and whisper, through a line that cuts, stalls
//! and half-closes their connections in the middle of packets, while servers
//! are killed with SIGKILL over and over. `cargo xtask soak` runs it at length.
//!
//! Settings: `LONGHALL_PROOF_CUTS`, `LONGHALL_PROOF_KILLS`, `LONGHALL_PROOF_SEED`.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod one_server;

mod check;
mod talk;

mod player;
mod proxy;
mod server_process;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap(),
        Err(_) => default,
    }
}
