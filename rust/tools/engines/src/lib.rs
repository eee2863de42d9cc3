//! A real PostgreSQL and a real NATS for tests, benches and tries.
//!
//! Reading order:
//!
//! - [`Postgres`]: a database server of one's own, that can be crashed, paused, made a standby
//!   and started again;
//! - [`Nats`]: a bus of one's own, that can be killed, paused and started again;
//! - `home`: the folder of each, which goes with everything in it, whatever ends the test;
//! - `certificates`: for those with TLS; `running`: their processes; `port`, `user`: where and as whom they run.
//!
//! They listen on this machine only, and nothing is installed. Where the programs come from is
//! said in `longhall_provision::engines`. On Windows this crate is empty.
#![cfg(unix)]

mod postgres;
mod nats;

mod home;
mod certificates;
mod running;
mod port;
mod user;

use std::path::PathBuf;

pub use nats::Nats;
pub use postgres::Postgres;

/// Where `cargo xtask engines` puts what it fetches: `target/` of the checkout that this was
/// built in.
fn target() -> PathBuf {
    let mut checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // From rust/tools/engines.
    for _ in 0..3 {
        checkout.pop();
    }
    checkout.join("target")
}
