//! `long-life`: a server on a database that millions of lines were said into over a week,
//! beside one on a database that is young.

use std::time::Instant;

use anyhow::Result;
use longhall_server::store::{Cursor, Log, Retention, SqliteStore, Store};

use crate::bench::{Bench, Case};
use crate::durable;
use crate::figure::{Figure, Reference, Summary, Target};
use crate::seed::{CHANNELS, DAY_MS, LIFE_DAYS, Seed};
use crate::server::Who;

/// Lines of the young database.
const YOUNG: u64 = 100_000;
/// A figure may be so much of the young database's, and no more.
const MOST: f64 = 1.2;
const LEAST: f64 = 1.0 / MOST;

/// Pages of history that are read, somewhere in the log of a channel each.
const PAGES: usize = 300;
/// Lines on one.
const PAGE: usize = 50;
const PAGE_BYTES: usize = 64 * 1024;

/// What a server does on one database.
struct Life {
    lines_per_s: f64,
    start_ms: f64,
    memory_mib: f64,
    page_us: f64,
    pruned_us: f64,
}

/// Writes both databases and lets servers run on them in turn.
///
/// # Errors
/// When the disk does not take them.
pub(crate) fn long_life(bench: &mut Bench) -> Result<()> {
    let lines = bench.pick(1_000_000, 10_000_000);
    let mut seeds = Vec::new();
    for (name, lines) in [("young.db", YOUNG), ("old.db", lines)] {
        let began = Instant::now();
        let seed = Seed::with_lines(&bench.setting.folder, name, lines)?;
        bench.say(&format!(
            "long-life    {lines} lines written in {:.1} s",
            began.elapsed().as_secs_f64()
        ));
        seeds.push((seed, Vec::new()));
    }
    let case = durable::pushed(bench.window);
    for _ in 0..bench.rounds {
        for (seed, lives) in &mut seeds {
            std::mem::swap(seed, &mut bench.setting.seed);
            let life = live(bench, &case);
            std::mem::swap(seed, &mut bench.setting.seed);
            lives.push(life?);
        }
    }
    let [(_, young), (_, old)] = &seeds[..] else {
        return Ok(());
    };
    let mut add = |what: &str, unit: &str, target, of: &dyn Fn(&Life) -> f64| {
        let (value, reference) = (
            Summary::of(old.iter().map(of)),
            Summary::of(young.iter().map(of)),
        );
        let (Some(value), Some(reference)) = (value, reference) else {
            return;
        };
        bench.figures.push(Figure {
            bench: "long-life".to_owned(),
            what: format!("{} million lines kept: {what}", lines / 1_000_000),
            unit: unit.to_owned(),
            value,
            references: vec![Reference {
                name: "100,000 lines kept".to_owned(),
                value: reference,
            }],
            target: Some(target),
        });
    };
    let (least, most) = (Target::ShareAtLeast(LEAST), Target::ShareAtMost(MOST));
    add("64 senders pushing", "per s", least, &|life| {
        life.lines_per_s
    });
    add("start to the first answer", "ms", most, &|life| {
        life.start_ms
    });
    add("memory once settled", "MiB", most, &|life| life.memory_mib);
    add("a page of history, p50", "µs", most, &|life| life.page_us);
    add("forgetting a day, each line", "µs", most, &|life| {
        life.pruned_us
    });
    Ok(())
}

/// All there is to measure of the database that is set.
fn live(bench: &mut Bench, case: &Case) -> Result<Life> {
    let lines_per_s = bench.run(Who::Longhall, case)?.lines_per_s;
    let (started_in, memory) = bench.setting.time_first_answer()?;
    let file = bench.setting.copy_of_seed()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let store = SqliteStore::open(&file)?;
    let page_us = runtime.block_on(read_pages(&store, &bench.setting.seed))?;
    let pruned_us = runtime.block_on(forget_a_day(&store, &bench.setting.seed))?;
    runtime.block_on(store.close());
    let start_ms = started_in.as_secs_f64() * 1e3;
    bench.say(&format!(
        "long-life    first answer after {start_ms:.1} ms, a page in {page_us:.0} µs, {pruned_us:.2} µs to forget a line"
    ));
    Ok(Life {
        lines_per_s,
        start_ms,
        memory_mib: memory as f64 / (1024.0 * 1024.0),
        page_us,
        pruned_us,
    })
}

/// The median time that a page takes, in microseconds.
async fn read_pages(store: &SqliteStore, seed: &Seed) -> Result<f64> {
    let mut micros = Vec::with_capacity(PAGES);
    let per_channel = seed.lines() / CHANNELS as u64;
    for _ in 0..PAGES {
        let channel = seed.channels()[fastrand::usize(..CHANNELS)];
        let before = fastrand::u64(PAGE as u64 + 1..=per_channel);
        let began = Instant::now();
        let page = store
            .lines(
                Log::Channel(channel),
                Cursor::Before(before),
                PAGE,
                PAGE_BYTES,
            )
            .await?;
        micros.push(began.elapsed().as_secs_f64() * 1e6);
        anyhow::ensure!(page.lines.len() == PAGE, "a page has holes");
    }
    Ok(Summary::of(micros).map_or(f64::NAN, |summary| summary.median))
}

/// Forgets the oldest of the days. The time for each line of it, in microseconds.
async fn forget_a_day(store: &SqliteStore, seed: &Seed) -> Result<f64> {
    let retention = Retention {
        not_before_ms: seed.last_line_ms() - (LIFE_DAYS - 1) * DAY_MS,
        doubtful_ms: None,
        lines_per_channel: u64::MAX,
        whispers_per_inbox: u64::MAX,
        now_ms: 0,
    };
    let began = Instant::now();
    let mut forgotten = 0;
    loop {
        let pruned = store.prune(retention).await?;
        forgotten += pruned.old;
        if !pruned.is_more {
            break;
        }
    }
    let day = seed.lines() / LIFE_DAYS.unsigned_abs();
    anyhow::ensure!(
        forgotten.abs_diff(day) < day / 10,
        "{forgotten} lines were forgotten, not a day's {day}"
    );
    Ok(began.elapsed().as_secs_f64() * 1e6 / forgotten as f64)
}
