//! `cargo xtask soak`: the proof that no line is lost or doubled, at length.
//!
//! The test `proof` of the server does the work, and a quick version of it runs
//! with all other tests. Here it gets the numbers that take minutes.

use anyhow::{Result, bail};
use clap::Args;
use longhall_provision::process;

use crate::workspace;

/// What may be set.
#[derive(Args)]
pub(crate) struct Options {
    /// Connections to cut, at least
    #[arg(long, default_value_t = 1000, value_name = "COUNT")]
    cuts: u32,
    /// Times to kill the server with SIGKILL, at least
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    kills: u32,
    /// Where the random numbers begin; chosen and printed if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Runs one after the other, each with the next seed
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    runs: u64,
}

/// Runs the proof.
///
/// # Errors
/// If a line was lost or doubled. The seed is in the output.
pub(crate) fn run(options: &Options) -> Result<()> {
    let first = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    for number in 0..options.runs {
        let seed = first.wrapping_add(number);
        println!(
            "run {} of {}: {} cuts, {} kills, seed {seed}",
            number + 1,
            options.runs,
            options.cuts,
            options.kills
        );
        let mut cargo = workspace::cargo();
        cargo
            .args(["test", "--quiet", "--package", "longhall-server"])
            .args(["--test", "proof", "--", "--nocapture", "one_server"])
            .env("LONGHALL_PROOF_CUTS", options.cuts.to_string())
            .env("LONGHALL_PROOF_KILLS", options.kills.to_string())
            .env("LONGHALL_PROOF_SEED", seed.to_string());
        if let Err(error) = process::run("cargo test", &mut cargo) {
            bail!("{error:#}; the same again: cargo xtask soak --seed {seed}");
        }
    }
    Ok(())
}
