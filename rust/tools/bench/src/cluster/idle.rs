//! `idle`: memory of connections that say nothing: for the server that has them, and
//! for one that only knows of their players.

use std::time::Duration;

use anyhow::Result;
use longhall_swarm::{Plan, Swarm};

use super::hall::{Bus, Cluster};
use super::{Row, add};
use crate::bench::Bench;
use crate::figure::Target;

/// What an idle connection may take, as on a server alone.
const MOST_KIB: f64 = 8.0;

/// Logged-in connections, by the thousand.
///
/// # Errors
/// When not all get in.
pub(super) fn idle(bench: &mut Bench, cluster: &Cluster) -> Result<()> {
    for connections in bench.pick(vec![1000], vec![1000, 5000]) {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            let [its, other] = measure(bench, cluster, connections)?;
            here.push(its);
            there.push(other);
        }
        for (what, values, target) in [
            ("memory each", here, Some(Target::AtMost(MOST_KIB))),
            ("memory each, on another server", there, None),
        ] {
            let row = Row {
                bench: "idle",
                what: &format!("{connections} connections: {what}"),
                unit: "KiB",
            };
            add(bench, row, values, &[], target);
        }
    }
    Ok(())
}

/// KiB of each connection, on the server that has all of them and on the other one.
fn measure(bench: &mut Bench, cluster: &Cluster, connections: usize) -> Result<[f64; 2]> {
    let hall = cluster.open(&bench.setting, 2, Bus::Nats, connections + 2)?;
    let plan = |urls, players| Plan {
        urls,
        players,
        channels: 0,
        senders: 0,
        ..Plan::default()
    };
    let mut accounts = hall.accounts.clone();
    // A player of each comes and goes first: servers read in their code for the first
    // player, and that is not what each of them costs.
    let first = Swarm::start(plan(hall.urls(), 2), accounts.split_off(connections))?;
    first.wait_until_in(|_| {})?;
    first.finish()?;
    let memory = || -> Result<Vec<u64>> {
        let each = hall.servers.iter().map(|server| server.process.memory());
        Ok(each.collect::<Result<_, _>>()?)
    };
    let before = memory()?;
    let urls = vec![hall.servers[0].url.clone()];
    let swarm = Swarm::start(plan(urls, connections), accounts)?;
    swarm.wait_until_in(|_| {})?;
    // Until everybody is told who came.
    swarm.wait(Duration::from_secs(3), |_| {})?;
    let after = memory()?;
    swarm.finish()?;
    let kib = [0, 1].map(|server| {
        let more = after[server].saturating_sub(before[server]);
        more as f64 / 1024.0 / connections as f64
    });
    bench.say(&format!(
        "idle         {connections} connections, {:.2} KiB each, {:.2} KiB on another server",
        kib[0], kib[1]
    ));
    Ok(kib)
}
