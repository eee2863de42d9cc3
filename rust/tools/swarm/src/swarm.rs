//! A swarm as a whole: threads, phases, measurements.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::watch;

use crate::context::{Heard, Phase, Shared, ThreadReport, new_histogram};
use crate::count::Sampling;
use crate::stamp::Clock;
use crate::tally::{Counts, Tally};
use crate::thread::run;
use crate::{Account, Plan, Process, SwarmError};

/// How often what goes on is looked at.
const POLL: Duration = Duration::from_millis(5);
/// How long it may take until the last lines have arrived everywhere.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// Nothing arriving for so long means that nothing more will.
const QUIET: Duration = Duration::from_millis(250);

/// Players who are on their way in, or in.
pub struct Swarm {
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
    clock: Clock,
    threads: Vec<JoinHandle<Result<ThreadReport, SwarmError>>>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Span {
    /// How long it was.
    pub seconds: f64,
    /// What happened in it.
    pub counts: Counts,
    /// The processor time that the server took in it.
    pub cpu_seconds: Option<f64>,
    /// The memory that the server held at its end, in bytes.
    pub memory_bytes: Option<u64>,
}

impl Span {
    /// Lines delivered per second.
    pub fn deliveries_per_s(&self) -> f64 {
        self.counts.delivered as f64 / self.seconds
    }

    /// Lines acknowledged per second.
    pub fn lines_per_s(&self) -> f64 {
        self.counts.posted as f64 / self.seconds
    }

    /// Logins or registrations per second.
    pub fn visits_per_s(&self) -> f64 {
        self.counts.visits as f64 / self.seconds
    }

    /// Microseconds of the server's processor per line delivered.
    pub fn cpu_us_per_delivery(&self) -> Option<f64> {
        (self.counts.delivered > 0)
            .then(|| Some(self.cpu_seconds? * 1e6 / self.counts.delivered as f64))?
    }

    /// How much of one core the server used.
    pub fn cores(&self) -> Option<f64> {
        Some(self.cpu_seconds? / self.seconds)
    }
}

/// How it all ended.
pub struct Ending {
    /// How long lines were on their way, in nanoseconds: those sent while it was
    /// measured.
    pub latency: Histogram<u64>,
    /// Those of them that went to a listener on another server than the sender's.
    pub crossed: Histogram<u64>,
    /// The same of visits: how long each took.
    pub visits: Histogram<u64>,
    /// How long players were away whose connection ended, and who came back.
    pub returns: Histogram<u64>,
    /// Everything from the first connection on.
    pub counts: Counts,
    /// Numbers given out in the channels since everybody was in.
    pub numbers: u64,
    /// Lines that had not arrived somewhere when nothing moved any more.
    pub missing: u64,
    /// The accounts, with the tokens for the next run.
    pub accounts: Vec<Account>,
}

impl Swarm {
    /// Starts as many threads as the plan says, which begin to connect.
    ///
    /// # Errors
    /// When the plan makes no sense, or there are fewer accounts than players.
    pub fn start(plan: Plan, accounts: Vec<Account>) -> Result<Self, SwarmError> {
        let addresses = plan.check()?;
        if accounts.len() < plan.players {
            let why = format!("{} players need as many accounts", plan.players);
            return Err(SwarmError::Plan(why));
        }
        allow_many_files();
        let clock = Clock::start();
        let sampling = Sampling {
            clock,
            one_in: plan.sample,
        };
        let (phase, watched) = watch::channel(Phase::Silent);
        let mut shares: Vec<Vec<_>> = vec![Vec::new(); plan.threads];
        for (number, account) in accounts.into_iter().enumerate().take(plan.players) {
            // Neighbours share a thread with their channel, as far as that goes.
            let thread = number % plan.threads;
            shares[thread].push((number, account));
        }
        let shared = Arc::new(Shared {
            tallies: shares.iter().map(|_| Tally::default()).collect(),
            addresses,
            phase: watched,
            from: AtomicU64::new(u64::MAX),
            until: AtomicU64::new(u64::MAX),
            failure: Mutex::new(None),
            plan,
        });
        let threads = shares.into_iter().enumerate().map(|(number, share)| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || run(shared, number, sampling, share))
        });
        Ok(Self {
            threads: threads.collect(),
            shared,
            phase,
            clock,
        })
    }

    /// Counts so far.
    pub fn counts(&self) -> Counts {
        Counts::of(self.shared.tallies.iter())
    }

    /// Waits until everybody is in, or in again. `progress` is told the counts now and then.
    ///
    /// # Errors
    /// What went wrong first.
    pub fn wait_until_in(&self, mut progress: impl FnMut(Counts)) -> Result<(), SwarmError> {
        loop {
            self.check()?;
            let counts = self.counts();
            progress(counts);
            let Plan {
                players, visitors, ..
            } = &self.shared.plan;
            if counts.present() >= *players as u64 && counts.visitors >= visitors.count as u64 {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }

    /// Has the senders talk, or be silent again.
    pub fn talk(&self, talk: bool) {
        self.phase
            .send_replace(if talk { Phase::Talking } else { Phase::Silent });
    }

    /// Lets some time pass.
    ///
    /// # Errors
    /// What went wrong meanwhile.
    pub fn wait(&self, time: Duration, mut progress: impl FnMut(Counts)) -> Result<(), SwarmError> {
        let until = Instant::now() + time;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            progress(self.counts());
            thread::sleep(left.min(POLL));
        }
    }

    /// Lets some time pass, and says what happened in it. The latency is that of
    /// the lines sent in it.
    ///
    /// # Errors
    /// What went wrong meanwhile.
    pub fn measure(
        &self,
        time: Duration,
        server: Option<Process>,
        progress: impl FnMut(Counts),
    ) -> Result<Span, SwarmError> {
        self.measure_while(server, || self.wait(time, progress))
    }

    /// Waits until so many connections ended and everybody is in again, and says what
    /// happened meanwhile.
    ///
    /// # Errors
    /// What went wrong meanwhile.
    pub fn measure_return(
        &self,
        connections: u64,
        server: Option<Process>,
    ) -> Result<Span, SwarmError> {
        self.measure_while(server, || {
            while self.counts().left < connections {
                self.check()?;
                thread::sleep(POLL);
            }
            self.wait_until_in(|_| {})
        })
    }

    fn measure_while(
        &self,
        server: Option<Process>,
        act: impl FnOnce() -> Result<(), SwarmError>,
    ) -> Result<Span, SwarmError> {
        let cpu = |server: Option<Process>| server.map(|server| server.cpu_time()).transpose();
        let now = || self.clock.now().as_nanos() as u64;
        let cpu_before = cpu(server)?;
        let before = self.counts();
        let began = self.clock.now();
        self.shared.from.store(now(), Ordering::Relaxed);
        self.shared.until.store(u64::MAX, Ordering::Relaxed);
        let acted = act();
        self.shared.until.store(now(), Ordering::Relaxed);
        acted?;
        let cpu_after = cpu(server)?;
        let counts = self.counts() - before;
        Ok(Span {
            seconds: (self.clock.now() - began).as_secs_f64(),
            counts,
            cpu_seconds: cpu_after
                .zip(cpu_before)
                .map(|(after, before)| (after - before).as_secs_f64()),
            memory_bytes: server.map(|server| server.memory()).transpose()?,
        })
    }

    /// Hushes the senders, lets the last lines arrive, and ends everything.
    ///
    /// # Errors
    /// What went wrong before.
    pub fn finish(mut self) -> Result<Ending, SwarmError> {
        self.talk(false);
        self.drain()?;
        let counts = self.counts();
        let reports = self.end()?;
        self.check()?;
        let mut latency = new_histogram();
        let mut crossed = new_histogram();
        let mut visits = new_histogram();
        let mut returns = new_histogram();
        let mut players = Vec::new();
        for report in reports {
            for (sum, one) in [
                (&mut latency, report.latency),
                (&mut crossed, report.crossed),
                (&mut visits, report.visits),
                (&mut returns, report.returns),
            ] {
                // All have the same bounds.
                *sum += one;
            }
            players.extend(report.players);
        }
        players.sort_by_key(|player| player.number);
        let mut channels: HashMap<Option<&str>, (u64, u64)> = HashMap::new();
        for player in &players {
            let channel = channels.entry(player.channel.as_deref()).or_insert((0, 0));
            channel.0 = channel.0.max(player.first);
            channel.1 = channel.1.max(player.have);
        }
        let missing = players.iter().map(|player| {
            let (_, newest) = channels[&player.channel.as_deref()];
            newest - player.have
        });
        Ok(Ending {
            missing: missing.sum(),
            numbers: channels.values().map(|(first, have)| have - first).sum(),
            latency,
            crossed,
            visits,
            returns,
            counts,
            accounts: players.into_iter().map(|player| player.account).collect(),
        })
    }

    /// Ends everything at once, as after an error. Returns the accounts, with the
    /// tokens for the next run.
    pub fn leave(mut self) -> Vec<Account> {
        // What went wrong has been told.
        let reports = self.end().unwrap_or_default();
        let players = reports.into_iter().flat_map(|report| report.players);
        let mut players: Vec<Heard> = players.collect();
        players.sort_by_key(|player| player.number);
        players.into_iter().map(|player| player.account).collect()
    }

    /// What to call, from any thread, to have the run end with
    /// [`SwarmError::Interrupted`].
    pub fn interrupter(&self) -> impl Fn() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.fail(SwarmError::Interrupted)
    }

    /// Waits until nothing moves any more.
    fn drain(&self) -> Result<(), SwarmError> {
        let give_up = Instant::now() + DRAIN_TIMEOUT;
        let mut last = self.counts();
        let mut since = Instant::now();
        while since.elapsed() < QUIET && Instant::now() < give_up {
            self.check()?;
            thread::sleep(POLL);
            let counts = self.counts();
            if counts != last {
                (last, since) = (counts, Instant::now());
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<Vec<ThreadReport>, SwarmError> {
        self.phase.send_replace(Phase::Over);
        let threads = std::mem::take(&mut self.threads);
        let ended = threads.into_iter().map(JoinHandle::join);
        ended
            .map(|report| report.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    }

    fn check(&self) -> Result<(), SwarmError> {
        self.shared.take_failure().map_or(Ok(()), Err)
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        // The caller that drops it has no use for the reports.
        self.end().ok();
    }
}

/// Each connection takes a file descriptor, and many systems allow a program
/// 1,024 until it asks for more.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Failing shows when there are too few.
        setrlimit(Resource::Nofile, limit).ok();
    }
}
