//! `restart`: everybody comes back at once after the server was killed.

use std::time::{Duration, Instant};

use anyhow::Result;
use longhall_swarm::{Load, Plan, Swarm};

use crate::bench::Bench;
use crate::figure::{Figure, Summary, Target};

/// Each comes back after a random time of at most this.
const WITHIN: Duration = Duration::from_secs(2);
const SENDERS: usize = 20;
/// Of each sender: probes, not a load.
const LINES_PER_S: f64 = 5.0;
/// Members of each channel.
const MEMBERS: usize = 50;

/// Kills the server under its players and starts it again.
///
/// # Errors
/// When they do not come back.
pub(crate) fn restart(bench: &mut Bench) -> Result<()> {
    let players = bench.pick(1000, 5000);
    let mut seconds = Vec::new();
    let mut worst = Vec::new();
    let mut wrong = 0;
    for _ in 0..bench.rounds {
        let (server, accounts) = bench.setting.start_longhall(players)?;
        let plan = Plan {
            urls: vec![server.url.clone()],
            players,
            channels: players / MEMBERS,
            senders: SENDERS,
            load: Load::Rate {
                lines_per_s: LINES_PER_S,
            },
            comeback: Some(WITHIN),
            ..Plan::default()
        };
        let swarm = Swarm::start(plan, accounts)?;
        swarm.wait_until_in(|_| {})?;
        swarm.talk(true);
        swarm.wait(Duration::from_millis(500), |_| {})?;
        let address = server.address()?;
        server.kill();
        let killed = Instant::now();
        let server = bench.setting.start_again(address)?;
        let back = swarm.measure_return(players as u64, Some(server.process))?;
        seconds.push(killed.elapsed().as_secs_f64());
        let ending = swarm.finish()?;
        worst.push(ending.latency.max() as f64 / 1e6);
        wrong += ending.counts.lost + ending.counts.doubled + ending.missing;
        bench.say(&format!(
            "restart      {players} players back within {:.2} s, worst line {:.1} ms, server at {:.0} %",
            seconds[seconds.len() - 1],
            worst[worst.len() - 1],
            back.cores().unwrap_or_default() * 100.0
        ));
    }
    let wrong = vec![wrong as f64];
    for (what, unit, values, target) in [
        (
            "from the kill until all are back (they take 2 s)",
            "s",
            seconds,
            None,
        ),
        ("slowest line meanwhile", "ms", worst, None),
        (
            "lines lost, doubled or missing",
            "lines",
            wrong,
            Some(Target::AtMost(0.0)),
        ),
    ] {
        if let Some(value) = Summary::of(values) {
            bench.figures.push(Figure {
                bench: "restart".to_owned(),
                what: format!("{players} players: {what}"),
                unit: unit.to_owned(),
                value,
                references: Vec::new(),
                target,
            });
        }
    }
    Ok(())
}
