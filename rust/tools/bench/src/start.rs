//! `start`: from nothing to listening, and how large the program is.

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::figure::{Figure, Summary, Target};

const STARTS: usize = 20;

/// Starts on an empty folder.
///
/// # Errors
/// When the server does not start.
pub(crate) fn start(bench: &mut Bench) -> Result<()> {
    let mut millis = Vec::new();
    for _ in 0..STARTS {
        millis.push(bench.setting.time_start()?.as_secs_f64() * 1e3);
    }
    let program = &bench.setting.program;
    let size = std::fs::metadata(program).with_context(|| program.display().to_string())?;
    let mib = size.len() as f64 / (1024.0 * 1024.0);
    for (what, unit, values, target) in [
        (
            "start to listening",
            "ms",
            millis,
            Some(Target::AtMost(200.0)),
        ),
        ("size of the server program", "MiB", vec![mib], None),
    ] {
        let value = Summary::of(values).context("no start was measured")?;
        bench.figures.push(Figure {
            bench: "start".to_owned(),
            what: what.to_owned(),
            unit: unit.to_owned(),
            value,
            references: Vec::new(),
            target,
        });
        bench.say(&format!("start        {what}: {:.1} {unit}", value.median));
    }
    Ok(())
}
