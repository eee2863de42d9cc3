//! The threads that the connections live on.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::reach::Reach;
use super::seat::Seat;
use crate::store::StoreError;
use crate::store::figures::PoolFigures;

/// Jobs waiting for a connection. The next caller waits for a place; it gives up as it
/// does when the database takes long.
const QUEUE: usize = 1024;
/// Longest to wait for jobs that are under way when the store is closed.
const FINISH: Duration = Duration::from_secs(5);

/// How long no thread is started after one had no connection.
const ALONE: Duration = Duration::from_secs(10);

/// What a thread does with its connection.
pub(super) type Job = Box<dyn FnOnce(&mut Seat) + Send>;

/// Threads with a connection each, started when there is something to do for them.
pub(super) struct Pool {
    places: Arc<Semaphore>,
    shared: Arc<Shared>,
}

struct Shared {
    reach: Arc<Reach>,
    /// Most threads.
    most: usize,
    state: Mutex<State>,
    /// There is a job, or the end.
    job: Condvar,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<(Job, OwnedSemaphorePermit)>,
    threads: usize,
    idle: usize,
    is_closed: bool,
    /// Until then the threads that there are have to do.
    alone_until: Option<Instant>,
}

impl Pool {
    /// One with so many threads at most.
    pub(super) fn new(reach: Arc<Reach>, most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(QUEUE)),
            shared: Arc::new(Shared {
                reach,
                most,
                state: Mutex::default(),
                job: Condvar::new(),
                ended: Condvar::new(),
            }),
        }
    }

    /// Gives a job to a thread; waits while too many are waiting.
    ///
    /// # Errors
    /// When the store is closed, or the system has no thread for us.
    pub(super) async fn send(&self, job: Job) -> Result<(), StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| StoreError::Closed)?;
        let mut state = self.shared.state();
        if state.is_closed {
            return Err(StoreError::Closed);
        }
        state.jobs.push_back((job, place));
        let has_to_do = state
            .alone_until
            .is_some_and(|until| Instant::now() < until);
        let may_start = state.threads == 0 || (!has_to_do && state.threads < self.shared.most);
        if state.jobs.len() > state.idle && may_start {
            let shared = Arc::clone(&self.shared);
            let started = thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || shared.work());
            match started {
                Ok(_) => state.threads += 1,
                Err(cause) if state.threads == 0 => {
                    state.jobs.clear();
                    return Err(StoreError::Failed(format!(
                        "cannot start a thread: {cause}"
                    )));
                }
                // The others do it.
                Err(_) => {}
            }
        }
        drop(state);
        self.shared.job.notify_one();
        Ok(())
    }

    /// What it does now.
    pub(super) fn figures(&self, name: &'static str) -> PoolFigures {
        let state = self.shared.state();
        PoolFigures {
            name,
            connections: state.threads,
            busy: state.threads.saturating_sub(state.idle),
            waiting: state.jobs.len(),
        }
    }

    /// Lets the threads finish what is waiting and ends them. Blocks, but not for ever:
    /// who waits for a database that does not answer is left behind.
    pub(super) fn finish(&self) {
        let until = Instant::now() + FINISH;
        let mut state = self.shared.state();
        state.is_closed = true;
        self.places.close();
        self.shared.job.notify_all();
        while state.threads > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn work(&self) {
        let ending = Ending(self);
        let mut seat = Seat::new(Arc::clone(&self.reach));
        loop {
            // First: a job is not for who has no connection, if others have one.
            if seat.is_refused() && self.leave_to_others() {
                std::mem::forget(ending);
                return;
            }
            let Some(job) = self.next() else {
                return;
            };
            job(&mut seat);
        }
    }

    /// Counts a thread out, if there are others. No further one is started for a while.
    fn leave_to_others(&self) -> bool {
        let mut state = self.state();
        state.alone_until = Some(Instant::now() + ALONE);
        let has_others = state.threads > 1;
        if has_others {
            state.threads -= 1;
            self.ended.notify_all();
        }
        has_others
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        loop {
            if let Some((job, _place)) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state.idle += 1;
            let woken = self.job.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a thread out, even one that panicked.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.state().threads -= 1;
        self.0.ended.notify_all();
    }
}
