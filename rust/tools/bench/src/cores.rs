//! Which processors the server and the load generator run on.

use std::process::{Child, Command};

use anyhow::{Context, Result};

/// Processors of the server, and of the load generator.
///
/// Where there are two or more, the server gets one of its own: figures per
/// processor are only that when it has no more, and the generator takes nothing
/// from it.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    server: Vec<usize>,
    generator: Vec<usize>,
}

impl Cores {
    /// Shares out the processors that this process may run on, and moves it to its
    /// own.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(crate) fn share_out() -> Result<Self> {
        let all = allowed()?;
        let cores = match all.as_slice() {
            [server, generator @ ..] if !generator.is_empty() => Self {
                server: vec![*server],
                generator: generator.to_vec(),
            },
            _ => Self {
                server: all.clone(),
                generator: all,
            },
        };
        stay_on(&cores.generator)?;
        Ok(cores)
    }

    /// Everything on all of them: several servers and their engines do not fit on one.
    ///
    /// # Errors
    /// When the system does not tell which there are.
    pub(crate) fn together() -> Result<Self> {
        let all = allowed()?;
        Ok(Self {
            server: all.clone(),
            generator: all,
        })
    }

    /// Whether the server has a processor of its own.
    pub(crate) fn are_apart(&self) -> bool {
        self.server != self.generator
    }

    /// Starts a program on the server's processors.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn spawn_server(&self, command: &mut Command) -> Result<Child> {
        // A child runs where the thread that starts it may run.
        stay_on(&self.server)?;
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()));
        stay_on(&self.generator)?;
        child
    }
}

/// The time of all processors of the machine, for all programs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Times {
    /// Seconds that they worked.
    pub(crate) busy: f64,
    /// Seconds that they would have worked, had a virtual machine's host not given them
    /// to others ("steal").
    pub(crate) stolen: f64,
}

impl Times {
    /// Up to now.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn now() -> Result<Self> {
        let text = std::fs::read_to_string("/proc/stat").context("only Linux tells")?;
        Self::parse(&text).context("an unknown /proc/stat")
    }

    /// Of the first line: user, nice, system, (idle, iowait,) irq, softirq, steal.
    fn parse(stat: &str) -> Option<Self> {
        /// What the system counts in, on every Linux.
        const TICKS_PER_S: f64 = 100.0;
        let all = stat.lines().next()?.strip_prefix("cpu ")?;
        let counts = all.split_whitespace().map(str::parse::<f64>);
        let counts = counts.collect::<Result<Vec<_>, _>>().ok()?;
        let busy = [0, 1, 2, 5, 6].map(|column| counts.get(column).copied());
        Some(Self {
            busy: busy.into_iter().sum::<Option<f64>>()? / TICKS_PER_S,
            stolen: counts.get(7)? / TICKS_PER_S,
        })
    }
}

#[cfg(target_os = "linux")]
fn allowed() -> Result<Vec<usize>> {
    let set = rustix::thread::sched_getaffinity(None)?;
    let all = 0..rustix::thread::CpuSet::MAX_CPU;
    Ok(all.filter(|&core| set.is_set(core)).collect())
}

#[cfg(target_os = "linux")]
fn stay_on(cores: &[usize]) -> Result<()> {
    let mut set = rustix::thread::CpuSet::new();
    for &core in cores {
        set.set(core);
    }
    rustix::thread::sched_setaffinity(None, &set)
        .context("the system does not let programs choose their processors")
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Result<Vec<usize>> {
    Ok(Vec::new())
}

#[cfg(not(target_os = "linux"))]
fn stay_on(_: &[usize]) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_not_busy() {
        let stat = "cpu  100 2000 30000 4 5 600000 7000000 800 5 5\ncpu0 9 9 9\n";
        let times = Times {
            busy: 76_321.0,
            stolen: 8.0,
        };
        assert_eq!(Times::parse(stat), Some(times));
        assert_eq!(Times::parse("intr 5"), None);
    }
}
