//! What all benches share: where, how long, how often, and what came of it.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use longhall_swarm::{Ending, Histogram, Load, Plan, Process, Span, Swarm};
use serde::Serialize;

use crate::cluster_run::ClusterRun;
use crate::cores::Times;
use crate::figure::Figure;
use crate::server::{Setting, Who};

/// Quantiles that are kept of every distribution.
const QUANTILES: [f64; 9] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0];

/// When others use so much of a core, the latencies are no longer the server's alone.
const DISTURBANCE: f64 = 0.1;

/// The run of the whole program.
pub(crate) struct Bench {
    pub(crate) setting: Setting,
    pub(crate) quick: bool,
    pub(crate) rounds: usize,
    /// Lines of a sender on their way at a time, when it pushes.
    pub(crate) window: usize,
    pub(crate) figures: Vec<Figure>,
    pub(crate) runs: Vec<Run>,
    pub(crate) cluster_runs: Vec<ClusterRun>,
    pub(crate) memory: Vec<Memory>,
    began: Instant,
}

/// A load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Case {
    /// What it shows: `"pushed"`.
    pub(crate) name: &'static str,
    pub(crate) players: usize,
    pub(crate) channels: usize,
    pub(crate) senders: usize,
    /// Lines of each sender per second; `None` pushes.
    pub(crate) rate: Option<f64>,
    /// Lines of each sender on their way at a time, when it pushes.
    pub(crate) window: usize,
}

/// One measurement of one server under one load.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) who: Who,
    pub(crate) case: Case,
    pub(crate) deliveries_per_s: f64,
    pub(crate) lines_per_s: f64,
    pub(crate) cpu_us_per_delivery: f64,
    pub(crate) cores: f64,
    /// Of the load generator. Near all it has, it is what is measured.
    pub(crate) generator_cores: f64,
    /// Of everything else on this machine, which had better be nothing.
    pub(crate) other_cores: f64,
    /// What the host of a virtual machine gave to others in the meantime.
    pub(crate) stolen_cores: f64,
    /// Quantiles and what they are, in microseconds.
    pub(crate) latency_us: Vec<(f64, f64)>,
    /// Lines lost, doubled, or missing in the end.
    pub(crate) wrong: u64,
    /// Lines left out, as `gap` packets said.
    pub(crate) left_out: u64,
}

impl Run {
    pub(crate) fn latency_us(&self, quantile: f64) -> f64 {
        let found = self.latency_us.iter().find(|(q, _)| *q == quantile);
        found.map_or(f64::NAN, |(_, micros)| *micros)
    }
}

/// A server that holds so many connections.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) connections: usize,
    pub(crate) bytes_before: u64,
    pub(crate) bytes_with: u64,
    pub(crate) seconds_to_accept: f64,
    pub(crate) idle_cpu_ms_per_s: f64,
}

impl Memory {
    pub(crate) fn kib_per_connection(&self) -> f64 {
        let more = self.bytes_with.saturating_sub(self.bytes_before);
        more as f64 / 1024.0 / self.connections as f64
    }
}

/// A distribution at its quantiles, in microseconds.
pub(crate) fn quantiles(latency: &Histogram<u64>) -> Vec<(f64, f64)> {
    let micros = |quantile| latency.value_at_quantile(quantile) as f64 / 1e3;
    QUANTILES
        .map(|quantile| (quantile, micros(quantile)))
        .to_vec()
}

impl Bench {
    pub(crate) fn new(setting: Setting, quick: bool, window: usize) -> Self {
        Self {
            setting,
            quick,
            window,
            rounds: if quick { 1 } else { 3 },
            figures: Vec::new(),
            runs: Vec::new(),
            cluster_runs: Vec::new(),
            memory: Vec::new(),
            began: Instant::now(),
        }
    }

    /// One of two numbers.
    pub(crate) fn pick<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Tells how far it is.
    pub(crate) fn say(&self, text: &str) {
        let seconds = self.began.elapsed().as_secs();
        eprintln!("{:>2}:{:02}  {text}", seconds / 60, seconds % 60);
    }

    /// What disturbed how many of the runs, if anything did.
    pub(crate) fn disturbed(&self) -> Vec<String> {
        let mut disturbed = Vec::new();
        let alone = self.runs.iter();
        let alone = alone.map(|run| (run.other_cores, run.stolen_cores));
        let together = self.cluster_runs.iter();
        let together = together.map(|run| (run.cores.others, run.cores.stolen));
        let runs: Vec<(f64, f64)> = alone.chain(together).collect();
        let mut note = |what: &str, cores: fn(&(f64, f64)) -> f64| {
            let its = runs.iter().map(cores).filter(|&it| it > DISTURBANCE);
            let most = its.clone().fold(0.0, f64::max);
            let (count, all) = (its.count(), runs.len());
            if count > 0 {
                disturbed.push(format!(
                    "{what} {count} of {all} runs, up to {most:.1} cores"
                ));
            }
        };
        note("Other programs worked during", |(others, _)| *others);
        note(
            "The host gave this machine's time to others during",
            |(_, stolen)| *stolen,
        );
        disturbed
    }

    /// Measures a fresh server under a load.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub(crate) fn run(&mut self, who: Who, case: &Case) -> Result<Run> {
        let (server, accounts) = self.setting.start(who, case.players)?;
        let load = case.rate.map_or(
            Load::Push {
                window: case.window,
            },
            |rate| Load::Rate { lines_per_s: rate },
        );
        let plan = Plan {
            urls: vec![server.url.clone()],
            speaks: server.speaks,
            players: case.players,
            channels: case.channels,
            senders: case.senders,
            load,
            sample: if case.rate.is_none() { 32 } else { 1 },
            ..Plan::default()
        };
        let swarm = Swarm::start(plan, accounts)?;
        swarm.wait_until_in(|_| {})?;
        swarm.talk(true);
        let (warm_up, time) = self.pick((0.5, 1.0), (0.7, 2.5));
        swarm.wait(Duration::from_secs_f64(warm_up), |_| {})?;
        let time = Duration::from_secs_f64(time);
        let generator = Process::find(std::process::id())?;
        let before = (generator.cpu_time()?, Times::now()?);
        let span = swarm.measure(time, Some(server.process), |_| {})?;
        let after = (generator.cpu_time()?, Times::now()?);
        let generator_cores = (after.0 - before.0).as_secs_f64() / span.seconds;
        let busy_cores = (after.1.busy - before.1.busy) / span.seconds;
        let ending = swarm.finish()?;
        let mut run = summed_up(who, case, &span, &ending)?;
        run.generator_cores = generator_cores;
        run.stolen_cores = (after.1.stolen - before.1.stolen) / span.seconds;
        run.other_cores = (busy_cores - run.cores - generator_cores).max(0.0);
        self.say(&format!(
            "{:<12} {:<26} {:>5} players  {:>7.3} µs  {:>9.0}/s  p99 {:>8.2} ms  cores {:.2} + {:.2}{}",
            case.name,
            who.name(),
            case.players,
            run.cpu_us_per_delivery,
            run.deliveries_per_s,
            run.latency_us(0.99) / 1e3,
            run.cores,
            run.generator_cores,
            noted("others", run.other_cores) + &noted("stolen", run.stolen_cores),
        ));
        self.runs.push(run.clone());
        Ok(run)
    }
}

/// Says it when others used much of a core.
pub(crate) fn noted(what: &str, cores: f64) -> String {
    if cores > DISTURBANCE {
        format!(", {what} {cores:.2}")
    } else {
        String::new()
    }
}

fn summed_up(who: Who, case: &Case, span: &Span, ending: &Ending) -> Result<Run> {
    let (Some(cpu), Some(cores)) = (span.cpu_us_per_delivery(), span.cores()) else {
        bail!("{}: nothing was delivered", case.name);
    };
    Ok(Run {
        who,
        case: case.clone(),
        deliveries_per_s: span.deliveries_per_s(),
        lines_per_s: span.lines_per_s(),
        cpu_us_per_delivery: cpu,
        cores,
        generator_cores: 0.0,
        other_cores: 0.0,
        stolen_cores: 0.0,
        latency_us: quantiles(&ending.latency),
        wrong: ending.counts.lost + ending.counts.doubled + ending.missing,
        left_out: ending.counts.left_out,
    })
}
