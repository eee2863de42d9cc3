//! `crossing`: what a line costs that goes from one server to another, and how long it
//! takes.

use anyhow::Result;
use longhall_swarm::{Load as Talk, Plan, Spread};

use super::hall::{Bus, Cluster};
use super::load::{Load, nothing_wrong};
use super::{Row, add};
use crate::bench::Bench;
use crate::cluster_run::ClusterRun;
use crate::figure::Target;

/// All in one channel; of two servers each has half of them.
const MEMBERS: usize = 100;
/// All on the first server.
const SENDERS: usize = 4;
/// In the whole channel, at a fixed rate.
const LINES_PER_S: f64 = 200.0;
/// How long a crossing line may take, in milliseconds.
const MOST_MS: f64 = 15.0;

/// A channel on two servers beside the same on one, at a fixed rate and pushed.
///
/// # Errors
/// When a run does not come to its end.
pub(super) fn crossing(bench: &mut Bench, cluster: &Cluster) -> Result<()> {
    let fixed = Talk::Rate {
        lines_per_s: LINES_PER_S / SENDERS as f64,
    };
    let pushed = Talk::Push {
        window: bench.window,
    };
    let mut all = Vec::new();
    for (talk, name, what) in [
        (fixed, "crossing", "200 lines/s"),
        (pushed, "pushed", "4 pushing"),
    ] {
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            for (servers, runs) in [(1, &mut one), (2, &mut two)] {
                let load = Load {
                    name,
                    servers,
                    bus: Bus::Nats,
                    plan: Plan {
                        players: MEMBERS,
                        senders: SENDERS,
                        spread: Spread::Blocks,
                        load: talk,
                        sample: if talk == fixed { 1 } else { 32 },
                        ..Plan::default()
                    },
                };
                runs.push(load.measure(bench, cluster)?);
            }
        }
        costs(bench, what, &one, &two);
        let limit = (talk == fixed).then_some(Target::AtMost(MOST_MS));
        latencies(bench, what, &one, &two, limit);
        all.extend(one);
        all.extend(two);
    }
    nothing_wrong(bench, "crossing", &all);
    Ok(())
}

/// What half of the members on another server cost beside all on one.
fn costs(bench: &mut Bench, what: &str, one: &[ClusterRun], two: &[ClusterRun]) {
    let server = |run: &ClusterRun, number: usize| run.cores.servers[number];
    let half = MEMBERS as f64 / 2.0;
    // All deliveries of the server that hears the lines of another one are of lines
    // that crossed.
    let here = each(one, |run| run.us_per_line(server(run, 0)) / MEMBERS as f64);
    let said = each(two, |run| run.us_per_line(server(run, 0)) / half);
    let heard = each(two, |run| run.us_per_line(server(run, 1)) / half);
    let both = each(two, |run| {
        run.us_per_line(server(run, 0) + server(run, 1)) / MEMBERS as f64
    });
    let reference: &[(&str, &[f64])] = &[("100 members on one server", &here)];
    for (name, values) in [
        ("50 here, said here: CPU", said),
        ("50 there, crossing: CPU", heard),
        ("both servers: CPU", both),
    ] {
        let row = Row {
            bench: "crossing",
            what: &format!("{what}: {name}"),
            unit: "µs/delivery",
        };
        add(bench, row, values, reference, None);
    }
    let nats = |run: &ClusterRun| run.us_per_line(run.cores.nats);
    let postgres = |run: &ClusterRun| run.us_per_line(run.cores.postgres);
    for (name, one, two) in [
        ("NATS", each(one, nats), each(two, nats)),
        ("PostgreSQL", each(one, postgres), each(two, postgres)),
    ] {
        let row = Row {
            bench: "crossing",
            what: &format!("{what}: {name}'s CPU"),
            unit: "µs/line",
        };
        add(bench, row, two, &[("one server", &one)], None);
    }
}

fn latencies(
    bench: &mut Bench,
    what: &str,
    one: &[ClusterRun],
    two: &[ClusterRun],
    limit: Option<Target>,
) {
    for (name, quantile, target) in [("p50", 0.5, None), ("p99", 0.99, limit)] {
        let stayed = each(two, |run| run.stayed_ms(quantile));
        let alone = each(one, |run| run.stayed_ms(quantile));
        let row = Row {
            bench: "crossing",
            what: &format!("{what}: crossing line, {name}"),
            unit: "ms",
        };
        let references: [(&str, &[f64]); 2] =
            [("line that stays", &stayed), ("one server", &alone)];
        let crossed = each(two, |run| run.crossed_ms(quantile));
        add(bench, row, crossed, &references, target);
    }
}

fn each(runs: &[ClusterRun], of: impl Fn(&ClusterRun) -> f64) -> Vec<f64> {
    runs.iter().map(of).collect()
}
