//! What the players of a thread share, and what all threads share.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use longhall_packet::Seq;
use tokio::sync::{Semaphore, watch};

use crate::SwarmError;
use crate::accounts::Account;
use crate::count::{Batch, Counter, Sampling};
use crate::plan::Plan;
use crate::stamp::Sent;
use crate::tally::Tally;
use crate::wire::{Address, Buffer, new_buffer};

/// The longest latency that is told apart from longer ones.
const MAX_LATENCY: Duration = Duration::from_secs(60);

/// A player's work ends by an error alone.
pub(crate) type Ended = Result<Infallible, SwarmError>;

pub(crate) fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_LATENCY.as_nanos() as u64, 3)
        .expect("the bounds are in order")
}

/// What the swarm does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody talks: not yet, or not any more.
    Silent,
    /// The senders talk.
    Talking,
    /// Everybody leaves.
    Over,
}

/// What all threads share.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) addresses: Vec<Address>,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) tallies: Vec<Tally>,
    /// Lines sent from then on, in nanoseconds of the clock, count for the latency.
    pub(crate) from: AtomicU64,
    /// Lines sent until then do.
    pub(crate) until: AtomicU64,
    /// What went wrong first.
    pub(crate) failure: Mutex<Option<SwarmError>>,
}

impl Shared {
    pub(crate) fn fail(&self, error: SwarmError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }

    pub(crate) fn take_failure(&self) -> Option<SwarmError> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }
}

/// What all players of a thread share.
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    /// Which of the threads it is.
    pub(crate) thread: usize,
    pub(crate) buffer: Buffer,
    pub(crate) sampling: Sampling,
    start: Instant,
    latency: RefCell<Histogram<u64>>,
    crossed: RefCell<Histogram<u64>>,
    visits: RefCell<Histogram<u64>>,
    returns: RefCell<Histogram<u64>>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) entering: Semaphore,
}

/// A player's place in the swarm.
pub(crate) struct Seat {
    /// Among all players.
    pub(crate) number: usize,
    pub(crate) account: RefCell<Account>,
    pub(crate) channel: Option<String>,
    /// The hall of the lobby where it came in, if it has no channel.
    hall: RefCell<Option<String>>,
    /// The server that it is on, or tries to get to, by its place among the addresses.
    pub(crate) home: Cell<u8>,
    /// Up to where its channel was when it came in, and is here now.
    first: Cell<Option<Seq>>,
    have: Cell<Seq>,
}

/// What a thread brings back.
pub(crate) struct ThreadReport {
    pub(crate) latency: Histogram<u64>,
    pub(crate) crossed: Histogram<u64>,
    pub(crate) visits: Histogram<u64>,
    pub(crate) returns: Histogram<u64>,
    pub(crate) players: Vec<Heard>,
}

/// What became of one player.
pub(crate) struct Heard {
    /// Among all players.
    pub(crate) number: usize,
    pub(crate) account: Account,
    pub(crate) channel: Option<String>,
    /// Up to where its channel was when it came in.
    pub(crate) first: Seq,
    /// Up to where it is here.
    pub(crate) have: Seq,
}

impl Seat {
    /// Has the player try the next server.
    pub(crate) fn move_on(&self, servers: usize) {
        let next = (usize::from(self.home.get()) + 1) % servers;
        self.home.set(next as u8);
    }
}

impl Context {
    pub(crate) fn new(
        shared: Arc<Shared>,
        thread: usize,
        sampling: Sampling,
        accounts: Vec<(usize, Account)>,
    ) -> Self {
        let seats = accounts.into_iter().map(|(number, account)| Seat {
            number,
            account: RefCell::new(account),
            channel: shared.plan.channel_of(number),
            hall: RefCell::default(),
            home: Cell::new(shared.plan.home_of(number)),
            first: Cell::new(None),
            have: Cell::new(0),
        });
        Self {
            thread,
            buffer: new_buffer(),
            sampling,
            start: sampling.clock.beginning(),
            latency: RefCell::new(new_histogram()),
            crossed: RefCell::new(new_histogram()),
            visits: RefCell::new(new_histogram()),
            returns: RefCell::new(new_histogram()),
            seats: seats.collect(),
            entering: Semaphore::new(shared.plan.at_once.div_ceil(shared.plan.threads)),
            shared,
        }
    }

    /// What became of everybody.
    pub(crate) fn report(&self) -> ThreadReport {
        let players = self.seats.iter().map(|seat| Heard {
            number: seat.number,
            account: seat.account.borrow().clone(),
            channel: seat.channel.clone().or(seat.hall.borrow().clone()),
            first: seat.first.get().unwrap_or_default(),
            have: seat.have.get(),
        });
        ThreadReport {
            players: players.collect(),
            latency: self.latency.borrow().clone(),
            crossed: self.crossed.borrow().clone(),
            visits: self.visits.borrow().clone(),
            returns: self.returns.borrow().clone(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.sampling.clock.now()
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    pub(crate) fn address(&self, home: u8) -> &Address {
        &self.shared.addresses[usize::from(home)]
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.shared.tallies[self.thread]
    }

    /// Takes note of what one read brought.
    pub(crate) fn note(&self, index: Option<usize>, counter: &Counter, batch: &Batch) {
        self.tally().add(batch);
        let Some(seat) = index.map(|index| &self.seats[index]) else {
            return;
        };
        if batch.delivered + batch.gaps > 0 || batch.entered {
            let channel = seat.channel.as_deref().or(counter.lobby());
            if let Some(have) = channel.and_then(|channel| counter.have(channel)) {
                seat.have.set(have);
                if seat.first.get().is_none() {
                    seat.first.set(Some(have));
                    let lobby = counter.lobby().filter(|_| seat.channel.is_none());
                    seat.hall.replace(lobby.map(str::to_owned));
                }
            }
        }
    }

    /// Takes note of how long a line was on its way to a listener who is on `home`.
    pub(crate) fn note_latency(&self, sent: Option<Sent>, home: u8, now: Duration) {
        if let Some(sent) = sent {
            self.record(&self.latency, sent.at, now);
            if sent.home != home {
                self.record(&self.crossed, sent.at, now);
            }
        }
    }

    /// Takes note of how long a visit took.
    pub(crate) fn note_visit(&self, began: Duration) {
        self.record(&self.visits, began, self.now());
    }

    /// Takes note of how long a player was away.
    pub(crate) fn note_return(&self, left: Duration) {
        let took = self.now().saturating_sub(left).as_nanos() as u64;
        self.returns.borrow_mut().saturating_record(took);
    }

    fn record(&self, histogram: &RefCell<Histogram<u64>>, from: Duration, to: Duration) {
        let nanos = from.as_nanos() as u64;
        let first = self.shared.from.load(Ordering::Relaxed);
        if nanos >= first && nanos < self.shared.until.load(Ordering::Relaxed) {
            let took = to.saturating_sub(from).as_nanos() as u64;
            histogram.borrow_mut().saturating_record(took);
        }
    }
}
