//! Measures servers under a load.

use std::time::Duration;

use anyhow::Result;
use longhall_swarm::{Histogram, Plan, Swarm};

use super::cost::Clocks;
use super::hall::{Bus, Cluster};
use super::{Row, add, servers};
use crate::bench::{Bench, noted, quantiles};
use crate::cluster_run::ClusterRun;
use crate::figure::Target;

/// Servers under a load.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) servers: usize,
    pub(crate) bus: Bus,
    /// Its addresses are filled in.
    pub(crate) plan: Plan,
}

impl Load {
    /// Measures fresh servers.
    ///
    /// # Errors
    /// When it does not come to its end.
    pub(crate) fn measure(self, bench: &mut Bench, cluster: &Cluster) -> Result<ClusterRun> {
        let Self {
            name,
            servers,
            bus,
            plan,
        } = self;
        let players = plan.players;
        let hall = cluster.open(&bench.setting, servers, bus, players)?;
        let plan = Plan {
            urls: hall.urls(),
            ..plan
        };
        let swarm = Swarm::start(plan, hall.accounts.clone())?;
        swarm.wait_until_in(|_| {})?;
        swarm.talk(true);
        let (warm_up, time) = bench.pick((0.5, 1.0), (1.0, 4.0));
        swarm.wait(Duration::from_secs_f64(warm_up), |_| {})?;
        let before = Clocks::read(&hall.servers)?;
        let span = swarm.measure(Duration::from_secs_f64(time), None, |_| {})?;
        let cores = Clocks::read(&hall.servers)?.since(&before, span.seconds);
        let ending = swarm.finish()?;
        let mut stayed = ending.latency;
        // It counts them, too.
        stayed.subtract(&ending.crossed).ok();
        let run = ClusterRun {
            name,
            with_bus: bus == Bus::Nats,
            players,
            lines_per_s: span.lines_per_s(),
            deliveries_per_s: span.deliveries_per_s(),
            cores,
            stayed_us: quantiles(&stayed),
            crossed_us: quantiles(&ending.crossed),
            wrong: ending.counts.lost + ending.counts.doubled + ending.missing,
            left_out: ending.counts.left_out,
            visits_per_s: span.visits_per_s(),
        };
        if run.lines_per_s > 0.0 {
            run.say(bench);
        }
        bench.cluster_runs.push(run.clone());
        Ok(run)
    }
}

impl ClusterRun {
    /// Processor time of something for each line, in microseconds.
    pub(crate) fn us_per_line(&self, cores: f64) -> f64 {
        cores * 1e6 / self.lines_per_s
    }

    pub(crate) fn stayed_ms(&self, quantile: f64) -> f64 {
        millis(&self.stayed_us, quantile)
    }

    pub(crate) fn crossed_ms(&self, quantile: f64) -> f64 {
        millis(&self.crossed_us, quantile)
    }

    fn say(&self, bench: &Bench) {
        let each: Vec<String> = self
            .cores
            .servers
            .iter()
            .map(|it| format!("{it:.2}"))
            .collect();
        bench.say(&format!(
            "{:<12} {}{}  {:>8.0} lines/s  p99 {:>6.2} ms, crossing {:>6.2} ms  cores {} + PostgreSQL {:.2} + NATS {:.2} + {:.2}{}",
            self.name,
            servers(each.len()),
            if self.with_bus { "" } else { " without a bus" },
            self.lines_per_s,
            self.stayed_ms(0.99),
            self.crossed_ms(0.99),
            each.join(" + "),
            self.cores.postgres,
            self.cores.nats,
            self.cores.generator,
            noted("others", self.cores.others) + &noted("stolen", self.cores.stolen),
        ));
    }
}

fn millis(quantiles: &[(f64, f64)], quantile: f64) -> f64 {
    let found = quantiles.iter().find(|(q, _)| *q == quantile);
    found.map_or(f64::NAN, |(_, micros)| micros / 1e3)
}

/// In milliseconds.
pub(crate) fn millis_at(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e6
}

/// Adds how many lines went wrong, of which there shall be none.
pub(crate) fn nothing_wrong<'a>(
    bench: &mut Bench,
    name: &str,
    runs: impl IntoIterator<Item = &'a ClusterRun>,
) {
    let wrong: u64 = runs.into_iter().map(|run| run.wrong).sum();
    let row = Row {
        bench: name,
        what: "lines lost, doubled or missing",
        unit: "lines",
    };
    add(bench, row, [wrong as f64], &[], Some(Target::AtMost(0.0)));
}
