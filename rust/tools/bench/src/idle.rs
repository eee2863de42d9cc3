//! `idle`: what connections cost that say nothing.

use std::time::{Duration, Instant};

use anyhow::Result;
use longhall_swarm::{Plan, Swarm};

use crate::bench::{Bench, Memory};
use crate::figure::{Figure, Summary, Target};

/// Logged-in connections, by the thousand.
///
/// # Errors
/// When not all get in.
pub(crate) fn idle(bench: &mut Bench) -> Result<()> {
    for connections in bench.pick(vec![1000], vec![1000, 5000, 15_000]) {
        // Memory hardly differs from round to round, and a large round takes long.
        let rounds = if connections > 5000 { 1 } else { bench.rounds };
        let mut measured = Vec::new();
        for _ in 0..rounds {
            measured.push(measure(bench, connections)?);
        }
        let mut add = |what: &str, unit: &str, target, of: &dyn Fn(&Memory) -> f64| {
            if let Some(value) = Summary::of(measured.iter().map(of)) {
                bench.figures.push(Figure {
                    bench: "idle".to_owned(),
                    what: format!("{connections} connections: {what}"),
                    unit: unit.to_owned(),
                    value,
                    references: Vec::new(),
                    target,
                });
            }
        };
        let memory = Some(Target::AtMost(8.0));
        add("memory each", "KiB", memory, &Memory::kib_per_connection);
        add("logged in within", "s", None, &|one| one.seconds_to_accept);
        let near_zero = Some(Target::AtMost(10.0));
        add("idle CPU", "ms/s", near_zero, &|one| one.idle_cpu_ms_per_s);
        bench.memory.extend(measured);
    }
    Ok(())
}

fn measure(bench: &mut Bench, connections: usize) -> Result<Memory> {
    let (server, mut accounts) = bench.setting.start_longhall(connections + 1)?;
    let plan = |players| Plan {
        urls: vec![server.url.clone()],
        players,
        channels: 0,
        senders: 0,
        ..Plan::default()
    };
    // One player comes and goes first: the server reads in its code for the first
    // player, and that is not what each of them costs.
    let first = Swarm::start(plan(1), accounts.split_off(connections))?;
    first.wait_until_in(|_| {})?;
    first.finish()?;
    let bytes_before = server.process.memory()?;
    let began = Instant::now();
    let swarm = Swarm::start(plan(connections), accounts)?;
    swarm.wait_until_in(|_| {})?;
    let seconds_to_accept = began.elapsed().as_secs_f64();
    // Until everybody is told who came.
    swarm.wait(Duration::from_secs(3), |_| {})?;
    let time = Duration::from_secs(bench.pick(1, 5));
    let span = swarm.measure(time, Some(server.process), |_| {})?;
    swarm.finish()?;
    let memory = Memory {
        connections,
        bytes_before,
        bytes_with: span.memory_bytes.unwrap_or_default(),
        seconds_to_accept,
        idle_cpu_ms_per_s: span.cores().unwrap_or_default() * 1e3,
    };
    bench.say(&format!(
        "idle         {connections} connections, {:.2} KiB each, in within {seconds_to_accept:.2} s",
        memory.kib_per_connection()
    ));
    Ok(memory)
}
