//! `cargo xtask engines`: PostgreSQL and NATS, with which several servers are one.

use std::process::Command;

use anyhow::Result;
use clap::Args;
use longhall_provision::Engine;

/// Which ones.
#[derive(Args)]
pub(crate) struct Options {
    /// Fetch Debian's even where this machine has its own, and say how tests take those
    #[arg(long)]
    fetch: bool,
}

/// Finds or fetches both and says where they are.
///
/// # Errors
/// If one is not on this machine and cannot be fetched.
pub(crate) fn run(options: &Options) -> Result<()> {
    for engine in Engine::ALL {
        let place = if options.fetch {
            engine.fetch()?
        } else {
            engine.find_or_fetch()?
        };
        println!("{}={}", engine.variable(), place.display());
    }
    Ok(())
}

/// Has `command`, and tests that it runs, find both.
///
/// # Errors
/// As [`run`].
pub(crate) fn give_to(command: &mut Command) -> Result<()> {
    for engine in Engine::ALL {
        command.env(engine.variable(), engine.find_or_fetch()?);
    }
    Ok(())
}
