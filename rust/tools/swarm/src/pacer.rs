//! Says when the next line is due.
//!
//! On a thread of its own, because the runtime's timers tick once a millisecond:
//! thousands of lines a second would be sent in bunches, which is easier on a server
//! than what players do.

use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::context::Phase;
use crate::stamp::Clock;

/// How often a silent pacer looks whether it is over.
const POLL: Duration = Duration::from_millis(2);

/// The lines of a sender that are due, by the time they are.
pub(crate) type Lines = mpsc::UnboundedReceiver<Duration>;

/// Tells senders when their lines are due, by the clock's time.
pub(crate) struct Pacer {
    pub(crate) clock: Clock,
    pub(crate) phase: watch::Receiver<Phase>,
    /// Between two lines of any of the senders.
    pub(crate) step: Duration,
    /// Of a step, so that several pacers take turns.
    pub(crate) shift: Duration,
    pub(crate) senders: Vec<mpsc::UnboundedSender<Duration>>,
}

impl Pacer {
    /// Paces until it is over: evenly, one sender after the other, while the swarm
    /// talks.
    pub(crate) fn run(self) {
        if self.senders.is_empty() {
            return;
        }
        loop {
            match self.phase() {
                Phase::Over => return,
                Phase::Silent => thread::sleep(POLL),
                Phase::Talking => self.pace(),
            }
        }
    }

    fn pace(&self) {
        let mut next = self.clock.now() + self.step + self.shift;
        for sender in self.senders.iter().cycle() {
            while let Some(early) = next.checked_sub(self.clock.now())
                && !early.is_zero()
            {
                if self.phase() != Phase::Talking {
                    return;
                }
                thread::sleep(early.min(POLL));
            }
            if self.phase() != Phase::Talking {
                return;
            }
            // A sender that failed has said so.
            sender.send(next).ok();
            next += self.step;
        }
    }

    fn phase(&self) -> Phase {
        // Without anybody to change it, it is over.
        if self.phase.has_changed().is_err() {
            return Phase::Over;
        }
        *self.phase.borrow()
    }
}
