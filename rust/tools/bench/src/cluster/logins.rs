//! `logins`: how many there can be on one server and on three.

use anyhow::Result;
use longhall_swarm::{Plan, Visit, Visitors};

use super::hall::{Bus, Cluster};
use super::load::Load;
use super::{Row, add, servers};
use crate::bench::Bench;

/// Logins under way at each server: enough for its pool never to wait, and fewer than
/// are refused as too many.
const VISITORS: usize = 16;

/// Logins as fast as the servers take them.
///
/// # Errors
/// When a run does not come to its end.
pub(super) fn logins(bench: &mut Bench, cluster: &Cluster) -> Result<()> {
    let seconds = bench.pick("1.5", "4");
    let mut bare = Vec::new();
    let mut rates = [(1, Vec::new()), (3, Vec::new())];
    for _ in 0..bench.rounds {
        bare.push(
            bench
                .setting
                .bare_figure(&["hashes", "--seconds", seconds])?,
        );
        for (servers, rates) in &mut rates {
            let load = Load {
                name: "logins",
                servers: *servers,
                bus: Bus::Nats,
                plan: Plan {
                    players: 1,
                    channels: 0,
                    senders: 0,
                    visitors: Visitors {
                        count: VISITORS * *servers,
                        doing: Visit::Login,
                    },
                    ..Plan::default()
                },
            };
            let run = load.measure(bench, cluster)?;
            bench.say(&format!(
                "logins       {:.1}/s, bare argon2 {:.1}/s",
                run.visits_per_s,
                bare[bare.len() - 1]
            ));
            rates.push(run.visits_per_s);
        }
    }
    let references: [(&str, &[f64]); 1] = [("bare argon2 on all processors", &bare)];
    for (count, rates) in rates {
        let row = Row {
            bench: "logins",
            what: &format!("{}: logins", servers(count)),
            unit: "per s",
        };
        add(bench, row, rates, &references, None);
    }
    Ok(())
}
