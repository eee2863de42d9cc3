//! `cargo xtask soak`: the proof that no line is lost or doubled, at length.
//!
//! The test `proof` of the server does the work, and a quick version of it runs
//! with all other tests. Here it gets the numbers that take minutes.

use anyhow::{Result, bail};
use clap::Args;
use longhall_provision::process;

use crate::{engines, workspace};

/// What may be set.
#[derive(Args)]
pub(crate) struct Options {
    /// Three servers on one PostgreSQL and one NATS, which fail as well
    #[arg(long)]
    cluster: bool,
    /// Connections to cut, at least
    #[arg(long, default_value_t = 1000, value_name = "COUNT")]
    cuts: u32,
    /// Times to kill a server with SIGKILL, at least; 200, of three servers 100
    #[arg(long, value_name = "COUNT")]
    kills: Option<u32>,
    /// Times to have PostgreSQL crash
    #[arg(long, default_value_t = 20, value_name = "COUNT", requires = "cluster")]
    crashes: u32,
    /// Times to kill NATS, and to have it stand still for 3 s
    #[arg(long, default_value_t = 20, value_name = "COUNT", requires = "cluster")]
    deaths: u32,
    /// Times to part a server from NATS
    #[arg(long, default_value_t = 20, value_name = "COUNT", requires = "cluster")]
    partitions: u32,
    /// Where the random numbers begin; chosen and printed if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Runs one after the other, each with the next seed
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    runs: u64,
}

impl Options {
    /// The test, and what it is told beside the seed.
    fn test(&self) -> (&'static str, Vec<(&'static str, u32)>) {
        let mut amounts = vec![
            ("LONGHALL_PROOF_CUTS", self.cuts),
            ("LONGHALL_PROOF_KILLS", self.kills.unwrap_or(200)),
        ];
        if !self.cluster {
            return ("one_server", amounts);
        }
        amounts[1].1 = self.kills.unwrap_or(100);
        amounts.push(("LONGHALL_PROOF_CRASHES", self.crashes));
        amounts.push(("LONGHALL_PROOF_DEATHS", self.deaths));
        amounts.push(("LONGHALL_PROOF_PARTITIONS", self.partitions));
        ("three_servers", amounts)
    }
}

/// Runs the proof.
///
/// # Errors
/// If a line was lost or doubled. The seed is in the output.
pub(crate) fn run(options: &Options) -> Result<()> {
    let first = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let (test, amounts) = options.test();
    for number in 0..options.runs {
        let seed = first.wrapping_add(number);
        println!(
            "run {} of {}: {test}, seed {seed}",
            number + 1,
            options.runs
        );
        let mut cargo = workspace::cargo();
        cargo
            .args(["test", "--quiet", "--package", "longhall-server"])
            .args(["--test", "proof", "--", "--nocapture", test])
            .env("LONGHALL_PROOF_SEED", seed.to_string());
        for (name, amount) in &amounts {
            cargo.env(name, amount.to_string());
        }
        if options.cluster {
            engines::give_to(&mut cargo)?;
        }
        if let Err(error) = process::run("cargo test", &mut cargo) {
            let cluster = if options.cluster { "--cluster " } else { "" };
            bail!("{error:#}; the same again: cargo xtask soak {cluster}--seed {seed}");
        }
    }
    Ok(())
}
