//! `fan-out`: one channel. `channels`: a thousand players in a hundred channels. `halls`: a full
//! lobby.

use anyhow::Result;

use crate::bench::{Bench, Case, Run};
use crate::figure::{Figure, Reference, Summary, Target};
use crate::server::Who;

/// Lines a second in the whole channel, at a fixed rate.
const FIXED_LINES_PER_S: f64 = 200.0;
/// Of what it can do, a server is asked for when its latency is measured.
const MODERATE: f64 = 0.2;
const SENDERS: usize = 4;
/// Players whom a server puts into a hall of the lobby before it opens another.
const PLAYERS_OF_A_HALL: usize = 500;
/// A window in which less can be coalesced, and a server that waits for its disk has
/// to wait more.
const NARROW: usize = 16;

/// One channel, pushed, at a fixed rate and at a moderate one.
///
/// # Errors
/// When a run does not come to its end.
pub(crate) fn fan_out(bench: &mut Bench) -> Result<()> {
    let cases = OneChannel {
        window: bench.window,
    };
    let mut runs = Vec::new();
    for _ in 0..bench.rounds {
        cases.run_round(bench, &mut runs)?;
    }
    cases.add_pushed(bench, &runs);
    cases.add_paced(bench, &runs);
    nothing_wrong(bench, &runs, "fan-out");
    Ok(())
}

/// The loads of `fan-out`.
struct OneChannel {
    window: usize,
}

impl OneChannel {
    /// As fast as the server acknowledges.
    fn pushed(&self, players: usize, senders: usize) -> Case {
        Case {
            name: "pushed",
            players,
            channels: 1,
            senders,
            rate: None,
            window: self.window,
        }
    }

    fn narrow(&self) -> Case {
        Case {
            name: "narrow",
            window: NARROW,
            ..self.pushed(100, SENDERS)
        }
    }

    fn fixed(&self) -> Case {
        Case {
            name: "fixed rate",
            rate: Some(FIXED_LINES_PER_S / SENDERS as f64),
            ..self.pushed(100, SENDERS)
        }
    }

    /// All loads once, the servers taking turns.
    fn run_round(&self, bench: &mut Bench, runs: &mut Vec<Run>) -> Result<()> {
        for players in [10, 100, 1000] {
            let full = !bench.quick || players == 100;
            let case = self.pushed(players, SENDERS);
            for who in Who::ALL {
                if full || who == Who::Longhall {
                    runs.push(bench.run(who, &case)?);
                }
            }
            if full {
                let capacity = median(runs, Who::Longhall, &case, |run| run.lines_per_s);
                let moderate = Case {
                    name: "moderate",
                    // The same in every round, for the median.
                    rate: Some(MODERATE * capacity.unwrap_or(1000.0) / SENDERS as f64),
                    ..case
                };
                runs.push(bench.run(Who::Longhall, &moderate)?);
                if players == 100 {
                    runs.push(bench.run(Who::BareCoalesced, &moderate)?);
                }
            }
        }
        for who in Who::ALL {
            runs.push(bench.run(who, &self.fixed())?);
        }
        if !bench.quick {
            for who in Who::ALL {
                runs.push(bench.run(who, &self.narrow())?);
            }
            for senders in [1, 2] {
                runs.push(bench.run(Who::Longhall, &self.pushed(100, senders))?);
            }
        }
        Ok(())
    }

    fn add_pushed(&self, bench: &mut Bench, runs: &[Run]) {
        let cost = |run: &Run| run.cpu_us_per_delivery;
        let rate = |run: &Run| run.deliveries_per_s;
        for senders in [SENDERS, 2, 1] {
            for players in [10, 100, 1000] {
                let who = format!("{players} members, {senders} pushing");
                let target = (senders == SENDERS && players >= 100).then_some(Target::AtMost(0.35));
                let is = is(&self.pushed(players, senders));
                add(bench, runs, &is, &format!("{who}: CPU"), COST, target, cost);
                let what = format!("{who}: deliveries");
                add(bench, runs, &is, &what, "per s", None, rate);
            }
        }
        let what = format!("100 members, 4 pushing {NARROW} lines each: CPU");
        add(bench, runs, &is(&self.narrow()), &what, COST, None, cost);
    }

    fn add_paced(&self, bench: &mut Bench, runs: &[Run]) {
        let cost = |run: &Run| run.cpu_us_per_delivery;
        let what = "100 members, 200 lines/s";
        let is = is(&self.fixed());
        let target = Some(Target::AtMost(6.0));
        add(
            bench,
            runs,
            &is,
            &format!("{what}: CPU"),
            COST,
            target,
            cost,
        );
        latencies(bench, runs, &is, what, Some(Target::AtMost(5.0)));
        for players in [10, 100, 1000] {
            let is = |run: &Run| run.case.name == "moderate" && run.case.players == players;
            let what = format!("{players} members, 20 % load");
            latencies(bench, runs, &is, &what, None);
        }
    }
}

const COST: &str = "µs/delivery";

/// Many channels, at the pace of players.
///
/// # Errors
/// When a run does not come to its end.
pub(crate) fn channels(bench: &mut Bench) -> Result<()> {
    let case = |rate| Case {
        name: "channels",
        players: 1000,
        channels: 100,
        senders: 1000,
        rate: Some(rate),
        window: 0,
    };
    let mut runs = Vec::new();
    for _ in 0..bench.rounds {
        for rate in [1.0, 5.0] {
            for who in Who::ALL {
                let spare = bench.quick && matches!(who, Who::BareCoalesced);
                if !spare {
                    runs.push(bench.run(who, &case(rate))?);
                }
            }
        }
    }
    for (rate, most) in [(1.0, 10.0), (5.0, 8.0)] {
        let what = format!("1,000 players in 100 channels, {rate} line/s each");
        let is = is(&case(rate));
        let cost = |run: &Run| run.cpu_us_per_delivery;
        let target = Some(Target::AtMost(most));
        add(
            bench,
            &runs,
            &is,
            &format!("{what}: CPU"),
            COST,
            target,
            cost,
        );
        latencies(bench, &runs, &is, &what, Some(Target::AtMost(1.0)));
    }
    nothing_wrong(bench, &runs, "channels");
    Ok(())
}

/// A full lobby in its halls, each of whose players says a line a minute; beside references
/// with as many players in channels as large.
///
/// # Errors
/// When a run does not come to its end.
pub(crate) fn halls(bench: &mut Bench) -> Result<()> {
    let halls = bench.pick(3, 30);
    let players = halls * PLAYERS_OF_A_HALL;
    let case = |channels| Case {
        name: "halls",
        players,
        channels,
        senders: players,
        rate: Some(1.0 / 60.0),
        window: 0,
    };
    let mut runs = Vec::new();
    // Who comes in takes longest by far.
    for _ in 0..bench.pick(1, 2) {
        // The server makes the halls.
        runs.push(bench.run(Who::Longhall, &case(0))?);
        for who in [Who::BareEach, Who::BareTasks] {
            runs.push(bench.run(who, &case(halls))?);
        }
    }
    let what = format!("{players} players in {halls} halls, 1 line/min each");
    let is = |run: &Run| run.case.name == "halls";
    let cost = |run: &Run| run.cpu_us_per_delivery;
    add(bench, &runs, &is, &format!("{what}: CPU"), COST, None, cost);
    latencies(bench, &runs, &is, &what, None);
    nothing_wrong(bench, &runs, "halls");
    Ok(())
}

fn is(case: &Case) -> impl Fn(&Run) -> bool + use<> {
    let case = case.clone();
    move |run| run.case == case
}

fn median(runs: &[Run], who: Who, case: &Case, of: impl Fn(&Run) -> f64) -> Option<f64> {
    let its = runs
        .iter()
        .filter(|run| run.who == who && run.case == *case);
    Some(Summary::of(its.map(of))?.median)
}

/// Adds a figure of Longhall beside those of the references under the same load.
fn add(
    bench: &mut Bench,
    runs: &[Run],
    is: &dyn Fn(&Run) -> bool,
    what: &str,
    unit: &str,
    target: Option<Target>,
    of: impl Fn(&Run) -> f64,
) {
    let sum = |who| {
        let its = runs.iter().filter(|run| run.who == who && is(run));
        Summary::of(its.map(&of))
    };
    let Some(value) = sum(Who::Longhall) else {
        return;
    };
    let references = Who::ALL.into_iter().filter(|who| *who != Who::Longhall);
    let references = references.filter_map(|who| {
        let name = who.name().to_owned();
        Some(Reference {
            name,
            value: sum(who)?,
        })
    });
    bench.figures.push(Figure {
        bench: bench_of(runs).to_owned(),
        what: what.to_owned(),
        unit: unit.to_owned(),
        value,
        references: references.collect(),
        target,
    });
}

fn bench_of(runs: &[Run]) -> &'static str {
    match runs.first() {
        Some(run) if run.case.name == "channels" => "channels",
        Some(run) if run.case.name == "halls" => "halls",
        _ => "fan-out",
    }
}

fn latencies(
    bench: &mut Bench,
    runs: &[Run],
    is: &dyn Fn(&Run) -> bool,
    what: &str,
    target: Option<Target>,
) {
    for (name, quantile, target) in [("p50", 0.5, None), ("p99", 0.99, target)] {
        let millis = |run: &Run| run.latency_us(quantile) / 1e3;
        add(
            bench,
            runs,
            is,
            &format!("{what}: {name}"),
            "ms",
            target,
            millis,
        );
    }
}

fn nothing_wrong(bench: &mut Bench, runs: &[Run], name: &str) {
    let its = runs.iter().filter(|run| run.who == Who::Longhall);
    let wrong: u64 = its.map(|run| run.wrong).sum();
    if let Some(value) = Summary::of([wrong as f64]) {
        bench.figures.push(Figure {
            bench: name.to_owned(),
            what: "lines lost, doubled or missing".to_owned(),
            unit: "lines".to_owned(),
            value,
            references: Vec::new(),
            target: Some(Target::AtMost(0.0)),
        });
    }
}
