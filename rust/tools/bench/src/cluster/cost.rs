//! Who has taken how much processor time: each server, PostgreSQL with all its
//! processes, NATS, the load generator, and everything else.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use longhall_swarm::Process;

use crate::cluster_run::Cores;
use crate::cores::Times;
use crate::server::Server;

/// Up to a moment.
pub(crate) struct Clocks {
    servers: Vec<Duration>,
    postgres: HashMap<u32, Duration>,
    nats: HashMap<u32, Duration>,
    generator: Duration,
    machine: Times,
}

impl Clocks {
    /// # Errors
    /// When a server is gone, or the system does not tell.
    pub(crate) fn read(servers: &[Server]) -> Result<Self> {
        let times = servers.iter().map(|server| server.process.cpu_time());
        Ok(Self {
            servers: times.collect::<Result<_, _>>()?,
            postgres: engine("postgres")?,
            nats: engine("nats-server")?,
            generator: Process::find(std::process::id())?.cpu_time()?,
            machine: Times::now()?,
        })
    }

    /// What was taken from then, in so many seconds.
    pub(crate) fn since(&self, then: &Self, seconds: f64) -> Cores {
        let cores = |now: Duration, then: Duration| (now - then).as_secs_f64() / seconds;
        let engine = |now: &HashMap<u32, Duration>, then: &HashMap<u32, Duration>| {
            let each = now.iter().map(|(id, now)| {
                let then = then.get(id).copied().unwrap_or_default();
                cores(*now, then)
            });
            each.sum()
        };
        let servers = self.servers.iter().zip(&then.servers);
        let servers: Vec<f64> = servers.map(|(now, then)| cores(*now, *then)).collect();
        let postgres: f64 = engine(&self.postgres, &then.postgres);
        let nats: f64 = engine(&self.nats, &then.nats);
        let generator = cores(self.generator, then.generator);
        let busy = (self.machine.busy - then.machine.busy) / seconds;
        let ours = servers.iter().sum::<f64>() + postgres + nats + generator;
        Cores {
            servers,
            postgres,
            nats,
            generator,
            others: (busy - ours).max(0.0),
            stolen: (self.machine.stolen - then.machine.stolen) / seconds,
        }
    }
}

/// The clocks of a program that we started, and of the processes it started. One that
/// ends in between is forgotten: PostgreSQL keeps one for each connection, and the
/// servers keep those.
fn engine(program: &str) -> Result<HashMap<u32, Duration>> {
    let all = processes()?;
    let mut found: Vec<u32> = Vec::new();
    let mut parents = vec![std::process::id()];
    while let Some(parent) = parents.pop() {
        let children = all.iter().filter(|one| one.parent == parent);
        for child in children.filter(|one| one.name == program) {
            found.push(child.id);
            parents.push(child.id);
        }
    }
    let clock = |id: u32| Some((id, Process::find(id).ok()?.cpu_time().ok()?));
    Ok(found.into_iter().filter_map(clock).collect())
}

#[derive(Debug, PartialEq)]
struct Listed {
    id: u32,
    name: String,
    parent: u32,
}

fn processes() -> Result<Vec<Listed>> {
    let folders = std::fs::read_dir("/proc").context("only Linux tells about processes")?;
    let stat = folders.filter_map(|entry| {
        let file = entry.ok()?.path().join("stat");
        // It may have ended since.
        parse(&std::fs::read_to_string(file).ok()?)
    });
    Ok(stat.collect())
}

/// Reads the beginning of `42 (name) S 1 …`, where the name may have anything in it.
fn parse(stat: &str) -> Option<Listed> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    Some(Listed {
        id: id.parse().ok()?,
        name: name.to_owned(),
        parent: rest.split(' ').nth(1)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let listed = Listed {
            id: 42,
            name: "a) S 7 (b".to_owned(),
            parent: 9,
        };
        assert_eq!(parse("42 (a) S 7 (b) R 9 42 42 0"), Some(listed));
        assert_eq!(parse("42"), None);
    }
}
