//! `durable`: lines that are on disk before they are acknowledged.

use anyhow::{Context, Result};

use crate::bench::{Bench, Case, Run};
use crate::figure::{Figure, Reference, Summary, Target};
use crate::server::Who;

/// Players who talk, each in a channel of its own.
const SENDERS: usize = 64;

/// Many senders, each to itself, with so many lines under way.
pub(crate) fn pushed(window: usize) -> Case {
    Case {
        name: "durable",
        players: SENDERS,
        channels: SENDERS,
        senders: SENDERS,
        rate: None,
        window,
    }
}

/// Lines on disk, and one at a time.
///
/// # Errors
/// When the disk does not take it.
pub(crate) fn durable(bench: &mut Bench) -> Result<()> {
    let pushed = pushed(bench.window);
    // So few that none waits for another.
    let alone = Case {
        name: "alone",
        players: 10,
        channels: 1,
        senders: 1,
        rate: Some(50.0),
        window: 0,
    };
    let seconds = bench.pick("1", "2");
    let folder = bench.setting.folder.display().to_string();
    let (mut batched, mut single) = (Vec::new(), Vec::new());
    let (mut ours, mut ours_alone, mut bare_alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        for (batch, rates) in [("1000", &mut batched), ("1", &mut single)] {
            let rate = bench.setting.bare_figure(&[
                "inserts",
                "--folder",
                &folder,
                "--batch",
                batch,
                "--seconds",
                seconds,
            ])?;
            bench.say(&format!(
                "durable      bare inserts, {batch:>4} per transaction {rate:>17.0}/s"
            ));
            rates.push(rate);
        }
        ours.push(bench.run(Who::Longhall, &pushed)?);
        ours_alone.push(bench.run(Who::Longhall, &alone)?);
        bare_alone.push(bench.run(Who::BareEach, &alone)?);
    }
    let sum = |values: &[f64]| Summary::of(values.iter().copied()).context("no inserts");
    let reference = |name: &str, value| Reference {
        name: name.to_owned(),
        value,
    };
    let batched = reference("bare inserts, 1,000 at once", sum(&batched)?);
    let single = reference("bare inserts, one by one", sum(&single)?);
    let mut add = |what: &str, unit: &str, values: Vec<f64>, references, target| {
        if let Some(value) = Summary::of(values) {
            bench.figures.push(Figure {
                bench: "durable".to_owned(),
                what: what.to_owned(),
                unit: unit.to_owned(),
                value,
                references,
                target,
            });
        }
    };
    add(
        "64 senders pushing: lines on disk",
        "per s",
        ours.iter().map(|run| run.lines_per_s).collect(),
        vec![batched, single],
        Some(Target::AtLeast(100_000.0)),
    );
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let millis = |runs: &[Run]| -> Vec<f64> {
            let micros = runs.iter().map(|run| run.latency_us(quantile));
            micros.map(|micros| micros / 1e3).collect()
        };
        let bare = sum(&millis(&bare_alone))?;
        add(
            &format!("one line at a time, with its commit: {name}"),
            "ms",
            millis(&ours_alone),
            vec![reference("bare loop, no disk", bare)],
            None,
        );
    }
    Ok(())
}
