//! What goes wrong with servers, database and bus. Each kind has a thread of its own, so it
//! goes wrong at the same time.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use longhall_engines::{Nats, Postgres};

use crate::bus_line::{BusLine, State};
use crate::player::PATIENCE;
use crate::server_process::ServerProcess;

/// How long the bus stands still.
const STANDSTILL: Duration = Duration::from_secs(3);

/// How often one thing goes wrong, and when: at random, unless the test has failed already.
pub(crate) struct Trouble {
    pub(crate) times: u64,
    pub(crate) rng: Rng,
    pub(crate) is_hopeless: Arc<AtomicBool>,
}

impl Trouble {
    /// Lets some milliseconds pass without trouble; false: no more of it is wanted.
    fn comes(&mut self, peace: Range<u64>) -> bool {
        self.wait(peace);
        !self.is_hopeless.load(Ordering::Relaxed)
    }

    fn wait(&mut self, milliseconds: Range<u64>) {
        sleep(Duration::from_millis(self.rng.u64(milliseconds)));
    }

    /// Kills servers, one or two at a time, and has them back where players look for them.
    pub(crate) fn kill(mut self, mut servers: Vec<ServerProcess>) -> Vec<ServerProcess> {
        let mut killed = 0;
        while killed < self.times && self.comes(300..1500) {
            servers.iter_mut().for_each(tend);
            let first = self.rng.usize(..servers.len());
            let count = if self.rng.u8(..4) == 0 { 2 } else { 1 };
            let dead: Vec<_> = (first..).map(|n| n % servers.len()).take(count).collect();
            for number in &dead {
                servers[*number].kill();
                killed += 1;
            }
            self.wait(0..600);
            for number in &dead {
                revive(&mut servers[*number]);
            }
        }
        servers
    }

    /// Has the database crash, and recover.
    pub(crate) fn crash(mut self, mut postgres: Postgres) -> Postgres {
        for _ in 0..self.times {
            if !self.comes(2000..5000) {
                break;
            }
            postgres.stop_immediately().unwrap();
            self.wait(0..1000);
            postgres.start_again().unwrap();
        }
        postgres
    }

    /// Kills the bus and has it back, and later has it stand still.
    pub(crate) fn silence(mut self, mut nats: Nats) -> Nats {
        for _ in 0..self.times {
            if !self.comes(1000..3000) {
                break;
            }
            nats.kill().unwrap();
            self.wait(0..2000);
            nats.start_again().unwrap();
            self.wait(1000..3000);
            nats.pause().unwrap();
            sleep(STANDSTILL);
            nats.go_on().unwrap();
        }
        nats
    }

    /// Has one server after the other lose sight of the bus, with and without being told.
    pub(crate) fn part(mut self, lines: Vec<BusLine>) -> Vec<BusLine> {
        for _ in 0..self.times {
            if !self.comes(500..3000) {
                break;
            }
            let line = &lines[self.rng.usize(..lines.len())];
            line.set(if self.rng.bool() {
                State::Cut
            } else {
                State::Stalled
            });
            // Sometimes for so long that the others count it as gone.
            self.wait(200..8000);
            line.set(State::Open);
        }
        lines
    }
}

/// Does what systemd does: one that was started while the database was away has ended, and is
/// started again. For anything else a server must not end by itself.
pub(crate) fn tend(server: &mut ServerProcess) {
    if let Some(said) = server.ended() {
        let is_excused = said.ends_with("stopped: the database is away");
        assert!(is_excused, "a server ended by itself: {said}");
        revive(server);
    }
}

/// Starts a server until it stays: the database may be away.
fn revive(server: &mut ServerProcess) {
    let deadline = Instant::now() + PATIENCE;
    while let Err(said) = server.try_restart() {
        assert!(
            Instant::now() < deadline,
            "the server does not stay: {said}"
        );
        sleep(Duration::from_millis(100));
    }
}
