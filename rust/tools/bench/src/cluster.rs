//! `--cluster`: what several servers do on one PostgreSQL and one NATS.
//!
//! - `durable`, `crossing`, `logins`, `idle`, `kill`: the benches;
//! - `hall`: the engines, and servers on a fresh database; `seed`: its accounts;
//! - `load`: measures servers under a load; `cost`: who took how much processor time.
//!
//! Everything runs on all processors, the load generator included: what is measured is
//! a machine with all of it on it.

mod durable;
mod crossing;
mod logins;
mod idle;
mod kill;

mod cost;
mod hall;
mod load;
mod seed;

use anyhow::Result;

use crate::Name;
use crate::bench::Bench;
use crate::figure::{Figure, Reference, Summary, Target};
use hall::Cluster;

/// Runs the benches that are wanted.
///
/// # Errors
/// When an engine does not start or a bench does not come to its end.
pub(crate) fn run(bench: &mut Bench, wants: impl Fn(Name) -> bool) -> Result<()> {
    let cluster = Cluster::start(bench)?;
    for (name, run) in [
        (
            Name::Durable,
            durable::durable as fn(&mut Bench, &Cluster) -> Result<()>,
        ),
        (Name::Crossing, crossing::crossing),
        (Name::Logins, logins::logins),
        (Name::Idle, idle::idle),
        (Name::Kill, kill::kill),
    ] {
        if wants(name) {
            run(bench, &cluster)?;
        }
    }
    Ok(())
}

/// Where a figure stands in the table.
struct Row<'a> {
    bench: &'a str,
    what: &'a str,
    unit: &'a str,
}

/// Adds a figure beside its references. What was never measured is left out.
fn add(
    bench: &mut Bench,
    Row {
        bench: name,
        what,
        unit,
    }: Row<'_>,
    values: impl IntoIterator<Item = f64>,
    references: &[(&str, &[f64])],
    target: Option<Target>,
) {
    let references = references.iter().filter_map(|(name, values)| {
        Some(Reference {
            name: (*name).to_owned(),
            value: Summary::of(values.iter().copied())?,
        })
    });
    if let Some(value) = Summary::of(values) {
        bench.figures.push(Figure {
            bench: name.to_owned(),
            what: what.to_owned(),
            unit: unit.to_owned(),
            value,
            references: references.collect(),
            target,
        });
    }
}

/// `1 server`, `3 servers`.
fn servers(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} server{s}")
}
