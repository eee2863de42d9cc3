//! `durable`: lines that PostgreSQL has on its disk before they are acknowledged.

use anyhow::Result;
use longhall_swarm::{Load as Talk, Plan};

use super::hall::{Bus, Cluster};
use super::load::{Load, nothing_wrong};
use super::{Row, add, servers};
use crate::bench::Bench;
use crate::cluster_run::ClusterRun;
use crate::figure::Target;

/// Players who talk, each in a channel of its own.
const SENDERS: usize = 64;
/// Lines of a bare transaction.
const BATCH: usize = 200;
/// Of what one bare writer does, servers shall do this.
const SHARE: f64 = 0.6;
/// What is measured: without a bus there is one server.
const CASES: [(usize, Bus); 4] = [
    (1, Bus::None),
    (1, Bus::Nats),
    (2, Bus::Nats),
    (3, Bus::Nats),
];

/// Many senders, each to itself, on one server and on several.
///
/// # Errors
/// When a run does not come to its end.
pub(super) fn durable(bench: &mut Bench, cluster: &Cluster) -> Result<()> {
    let seconds = bench.pick("1", "3");
    let mut bare = [(1, Vec::new()), (3, Vec::new())];
    let mut runs: [Vec<ClusterRun>; CASES.len()] = Default::default();
    for _ in 0..bench.rounds {
        for (writers, rates) in &mut bare {
            let rate = cluster.bare_inserts(&bench.setting, *writers, BATCH, seconds)?;
            bench.say(&format!(
                "durable      bare inserts, {BATCH} per transaction, by {writers} {rate:>17.0}/s"
            ));
            rates.push(rate);
        }
        for ((servers, bus), runs) in CASES.into_iter().zip(&mut runs) {
            let load = Load {
                name: "durable",
                servers,
                bus,
                plan: Plan {
                    players: SENDERS,
                    channels: SENDERS,
                    senders: SENDERS,
                    load: Talk::Push {
                        window: bench.window,
                    },
                    sample: 32,
                    ..Plan::default()
                },
            };
            runs.push(load.measure(bench, cluster)?);
        }
    }
    let [(_, one), (_, three)] = &bare;
    let references: [(&str, &[f64]); 2] = [
        ("bare inserts, 200 at once, one writer", one),
        ("bare inserts, 200 at once, three writers", three),
    ];
    for ((count, bus), runs) in CASES.into_iter().zip(&runs) {
        let without = if bus == Bus::None {
            " without a bus"
        } else {
            ""
        };
        let row = Row {
            bench: "durable",
            what: &format!(
                "{}{without}, 64 senders pushing: lines on disk",
                servers(count)
            ),
            unit: "per s",
        };
        let rates = runs.iter().map(|run| run.lines_per_s);
        let target = Target::ShareAtLeast(SHARE);
        add(bench, row, rates, &references, Some(target));
    }
    nothing_wrong(bench, "durable", runs.iter().flatten());
    Ok(())
}
