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
            measured.push(measure(bench, connections, false)?);
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
    let connections = bench.pick(1000, 15_000);
    let memory = measure(bench, connections, true)?;
    if let Some(value) = Summary::of([memory.kib_per_connection()]) {
        bench.figures.push(Figure {
            bench: "idle".to_owned(),
            what: format!("{connections} connections with TLS: memory each"),
            unit: "KiB".to_owned(),
            value,
            references: Vec::new(),
            target: None,
        });
    }
    bench.memory.push(memory);
    Ok(())
}

fn measure(bench: &mut Bench, connections: usize, has_tls: bool) -> Result<Memory> {
    let setting = &bench.setting;
    let (server, mut accounts, roots) = if has_tls {
        let (server, accounts, roots) = setting.start_with_tls(connections + 1)?;
        (server, accounts, Some(roots))
    } else {
        let (server, accounts) = setting.start_longhall(connections + 1)?;
        (server, accounts, None)
    };
    let plan = |players| Plan {
        urls: vec![server.url.clone()],
        roots: roots.clone(),
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
        "idle         {connections} connections{}, {:.2} KiB each, in within {seconds_to_accept:.2} s",
        if has_tls { " with TLS" } else { "" },
        memory.kib_per_connection()
    ));
    Ok(memory)
}
