//! `kill`: one of three servers is killed under its players.

use std::time::{Duration, Instant};

use anyhow::Result;
use longhall_swarm::{Load, Plan, Swarm};

use super::hall::{Bus, Cluster, DATABASE};
use super::load::millis_at;
use super::{Row, add};
use crate::bench::Bench;
use crate::figure::Target;

const PLAYERS: usize = 1000;
const SERVERS: usize = 3;
/// Of each channel, spread over all servers.
const MEMBERS: usize = 50;
const SENDERS: usize = 20;
/// Of each sender: probes, not a load.
const LINES_PER_S: f64 = 5.0;
/// The wait of the client core before its first try is a random time of at most this.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// How long 99 of 100 players may be away, in milliseconds.
const MOST_AWAY_MS: f64 = 3000.0;

/// Kills the first server; its players go to the next one.
///
/// # Errors
/// When they do not come back.
pub(super) fn kill(bench: &mut Bench, cluster: &Cluster) -> Result<()> {
    let (mut half, mut most, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let (mut slowest, mut wrong) = (Vec::new(), 0);
    for _ in 0..bench.rounds {
        let mut hall = cluster.open(&bench.setting, SERVERS, Bus::Nats, PLAYERS)?;
        let plan = Plan {
            urls: hall.urls(),
            players: PLAYERS,
            channels: PLAYERS / MEMBERS,
            senders: SENDERS,
            load: Load::Rate {
                lines_per_s: LINES_PER_S,
            },
            comeback: Some(FIRST_WAIT),
            ..Plan::default()
        };
        let cut = (0..PLAYERS).filter(|player| plan.home_of(*player) == 0);
        let cut = cut.count() as u64;
        let swarm = Swarm::start(plan, hall.accounts.clone())?;
        swarm.wait_until_in(|_| {})?;
        swarm.talk(true);
        swarm.wait(Duration::from_secs(1), |_| {})?;
        hall.servers.remove(0).kill();
        let killed = Instant::now();
        swarm.measure_return(cut, None)?;
        all.push(killed.elapsed().as_secs_f64());
        // What goes on afterwards: the others find out that a server is gone.
        swarm.wait(Duration::from_secs(bench.pick(2, 8)), |_| {})?;
        let ending = swarm.finish()?;
        half.push(millis_at(&ending.returns, 0.5));
        most.push(millis_at(&ending.returns, 0.99));
        slowest.push(ending.latency.max() as f64 / 1e6);
        let kept = cluster
            .postgres
            .query(DATABASE, "SELECT count(*) FROM lines")?;
        // Acknowledged and not there.
        wrong += ending.counts.posted.saturating_sub(kept.trim().parse()?);
        wrong += ending.counts.lost + ending.counts.doubled + ending.missing;
        bench.say(&format!(
            "kill         {cut} of {PLAYERS} players back within {:.2} s, p50 {:.0} ms, p99 {:.0} ms, worst line {:.1} ms, {wrong} lines wrong",
            all[all.len() - 1],
            half[half.len() - 1],
            most[most.len() - 1],
            slowest[slowest.len() - 1],
        ));
    }
    for (what, unit, values, target) in [
        ("away, p50", "ms", half, None),
        ("away, p99", "ms", most, Some(Target::AtMost(MOST_AWAY_MS))),
        ("from the kill until all are back", "s", all, None),
        ("slowest line meanwhile", "ms", slowest, None),
        (
            "lines lost, doubled or missing",
            "lines",
            vec![wrong as f64],
            Some(Target::AtMost(0.0)),
        ),
    ] {
        let row = Row {
            bench: "kill",
            what: &format!("one of 3 servers, 1,000 players: {what}"),
            unit,
        };
        add(bench, row, values, &[], target);
    }
    Ok(())
}
