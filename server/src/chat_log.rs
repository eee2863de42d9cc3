//! Takes what players say, has the store number and keep it, delivers it, and
//! answers.
//!
//! One task does this for everybody in a channel, so that the order of its lines is
//! the same on disk and in every outbox; a store that can write several batches at once
//! ([`Store::batches_at_once`]) has as many of these tasks, with channels of their own.
//! Lines that wait when the store is free go to it together: one transaction, and one
//! wait for the disk, for up to [`MAX_BATCH`] of them. While the store writes a batch, the
//! one before it is delivered; batches never overtake each other.
//!
//! To flush a single line to disk costs as much as to flush a hundred. Between flushes
//! the log rests for a while that goes by what the disk took for the last one
//! ([`pace`]): lines that come meanwhile wait a few milliseconds at most, and share the
//! next. A line that nobody spoke just before does not wait.
//!
//! A task alone decides which lines go together and when. The writing thread of the
//! store, which gathers changes as well, takes a batch as one change: it adds what
//! others change meanwhile to the same transaction, and never splits a batch.

mod deliver;
mod pace;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};

use futures_util::FutureExt;
use futures_util::future::join_all;
use longhall_packet::{Denial, DenyCode, INBOX, RequestId};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::store::{Appended, ChannelId, LogAction, LogEntry, Store, StoreError, UserId};
use deliver::{Pending, Written, deliver};
use pace::{Pace, is_worth_a_flush};

/// Entries given to the store at once.
const MAX_BATCH: usize = 4000;
/// Entries that may wait for all tasks together. When there are as many, sessions wait
/// with the next, and read no more from their connections.
const MAX_WAITING: usize = 8000;

/// Room for an answer that nobody reads.
const OPERATORS_OUTBOX_BYTES: usize = 64 * 1024;

/// What a player wants to have written.
pub(crate) struct Submission {
    /// Repeated in the answer.
    pub(crate) id: RequestId,
    /// For the log.
    pub(crate) connection: u64,
    /// Gets the answer.
    pub(crate) outbox: Arc<Outbox>,
    /// The channel's name; `"@"` for whispers.
    pub(crate) channel: Arc<str>,
    pub(crate) entry: LogEntry,
    /// Hears what came of an operator's or a flagged one; gone when the store failed.
    pub(crate) heard: Option<oneshot::Sender<Appended>>,
}

/// The way to the tasks.
pub(crate) struct ChatLog {
    /// One for each task.
    lanes: Box<[Sender<Submission>]>,
    stopping: CancellationToken,
    /// Each says whether it ended as it should.
    tasks: std::sync::Mutex<Vec<JoinHandle<bool>>>,
}

impl ChatLog {
    /// Starts the tasks. Should one panic, nobody can speak there any more: then
    /// `server` is cancelled.
    pub(crate) fn start(
        store: &Arc<dyn Store>,
        hub: &Hub,
        metrics: &Arc<Metrics>,
        server: &CancellationToken,
    ) -> Self {
        let lanes = store.batches_at_once();
        Self::start_with(lanes, server, |waiting, stopping| {
            let (store, metrics) = (Arc::clone(store), Arc::clone(metrics));
            work(waiting, stopping, store, hub.clone(), metrics)
        })
    }

    fn start_with<W: Future<Output = ()> + Send + 'static>(
        lanes: NonZeroUsize,
        server: &CancellationToken,
        work: impl Fn(Receiver<Submission>, CancellationToken) -> W,
    ) -> Self {
        let stopping = CancellationToken::new();
        let start = |_| {
            let (submissions, waiting) = channel(MAX_WAITING / lanes);
            let work = work(waiting, stopping.clone());
            let server = server.clone();
            let task = tokio::spawn(async move {
                let is_sound = AssertUnwindSafe(work).catch_unwind().await.is_ok();
                if !is_sound {
                    error!("the chat log panicked, the server stops; please report this");
                    server.cancel();
                }
                is_sound
            });
            (submissions, task)
        };
        let (lanes, tasks): (Vec<_>, Vec<_>) = (0..lanes.get()).map(start).unzip();
        Self {
            lanes: lanes.into(),
            stopping,
            tasks: std::sync::Mutex::new(tasks),
        }
    }

    /// The task for an entry: for all of a channel the same. Whispers have one between
    /// them, as each is in the inboxes of two.
    fn lane(&self, what: &LogAction) -> &Sender<Submission> {
        let channel = channel_of(what).map_or(0, |ChannelId(id)| id.unsigned_abs());
        // There are few lanes.
        let lane = channel % self.lanes.len() as u64;
        &self.lanes[lane as usize]
    }

    /// Gives an entry to the task, which answers it. False when too many are
    /// waiting, or the server stops.
    pub(crate) fn write_now(&self, submission: Submission) -> bool {
        let Ok(place) = self.lane(&submission.entry.what).try_reserve() else {
            return false;
        };
        submission.outbox.expect_answer();
        place.send(submission);
        true
    }

    /// As [`ChatLog::write_now`], and waits while too many are waiting.
    ///
    /// # Errors
    /// `restarting` when the server is about to stop.
    pub(crate) async fn write(&self, submission: Submission) -> Result<(), Denial> {
        let Ok(place) = self.lane(&submission.entry.what).reserve().await else {
            return Err(Denial::new(DenyCode::Restarting));
        };
        submission.outbox.expect_answer();
        place.send(submission);
        Ok(())
    }

    /// Whether [`ChatLog::write_now`] would most likely take an entry.
    pub(crate) fn has_room(&self) -> bool {
        self.lanes.iter().all(|lane| lane.capacity() > 0)
    }

    /// Entries that wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        let waiting = |lane: &Sender<_>| lane.max_capacity() - lane.capacity();
        self.lanes.iter().map(waiting).sum()
    }

    /// Gives an operator's entry for a channel to the task, behind what players said
    /// before. What came of it can be waited for.
    ///
    /// # Errors
    /// `restarting` when the server is about to stop.
    pub(crate) async fn write_for_operator(
        &self,
        channel: &Arc<str>,
        entry: LogEntry,
    ) -> Result<oneshot::Receiver<Appended>, Denial> {
        let (heard, hears) = oneshot::channel();
        let submission = Submission {
            id: 0,
            connection: 0,
            // Nobody takes anything from it.
            outbox: Arc::new(Outbox::new(OPERATORS_OUTBOX_BYTES, None)),
            channel: Arc::clone(channel),
            entry,
            heard: Some(heard),
        };
        self.write(submission).await?;
        Ok(hears)
    }

    /// Waits until all that was given to the tasks before is in the store, or refused.
    ///
    /// # Errors
    /// `restarting` when the server is about to stop.
    pub(crate) async fn settle(&self) -> Result<(), Denial> {
        for (lane, _) in (0..).zip(&self.lanes) {
            // A change of what there is not changes nothing, in its turn.
            let nothing = LogEntry {
                sender: UserId(0),
                sender_name: String::new(),
                what: LogAction::Delete {
                    channel: Some(ChannelId(lane)),
                    of: 0,
                    not_before_ms: 0,
                },
                now_ms: 0,
            };
            let hears = self.write_for_operator(&inbox(), nothing).await?;
            let _ = hears.await;
        }
        Ok(())
    }

    /// Writes and answers what waits, then ends the tasks. False when one had
    /// panicked.
    pub(crate) async fn stop(&self) -> bool {
        self.stopping.cancel();
        let tasks = {
            let tasks = self.tasks.lock();
            std::mem::take(&mut *tasks.unwrap_or_else(PoisonError::into_inner))
        };
        let ended = join_all(tasks).await;
        ended.into_iter().all(|ended| ended.unwrap_or(false))
    }
}

async fn work(
    mut waiting: Receiver<Submission>,
    stopping: CancellationToken,
    store: Arc<dyn Store>,
    hub: Hub,
    metrics: Arc<Metrics>,
) {
    let mut written: Option<Written> = None;
    let mut pace = Pace::start(Instant::now());
    let mut batch = Vec::new();
    loop {
        if written.is_none() {
            // Nothing is left to deliver: wait for something to do.
            tokio::select! {
                _ = waiting.recv_many(&mut batch, MAX_BATCH) => {}
                () = stopping.cancelled(), if !waiting.is_closed() => {
                    waiting.close();
                    continue;
                }
            }
            if batch.is_empty() {
                return;
            }
            gather(&mut batch, &mut waiting, pace.rested()).await;
        } else if pace.may_begin(Instant::now(), waiting.len()) {
            take_waiting(&mut batch, &mut waiting);
        }
        let (batch, entries) = split(&mut batch);
        let deliver = async {
            if let Some(written) = written.take() {
                deliver(&hub, &metrics, written).await;
            }
        };
        let began = Instant::now();
        let append = async {
            let results = append(&*store, entries).await;
            (results, began.elapsed())
        };
        // The store writes on a thread of its own: it is asked first.
        let ((results, took), ()) = tokio::join!(biased; append, deliver);
        if !batch.is_empty() {
            metrics.count_batch(batch.len(), took, results.is_ok());
            pace = Pace::after(began, took);
            written = Some(Written { batch, results });
        }
    }
}

/// Waits for more, while they are few and the log rests.
async fn gather(batch: &mut Vec<Submission>, waiting: &mut Receiver<Submission>, until: Instant) {
    while !is_worth_a_flush(batch.len())
        && let Ok(Some(submission)) = timeout_at(until, waiting.recv()).await
    {
        batch.push(submission);
    }
    take_waiting(batch, waiting);
}

fn take_waiting(batch: &mut Vec<Submission>, waiting: &mut Receiver<Submission>) {
    while batch.len() < MAX_BATCH
        && let Ok(submission) = waiting.try_recv()
    {
        batch.push(submission);
    }
}

fn split(batch: &mut Vec<Submission>) -> (Vec<Pending>, Vec<LogEntry>) {
    let parts = batch.drain(..).map(|submission| {
        let what = &submission.entry.what;
        let channel = channel_of(what);
        let is_line = matches!(
            what,
            LogAction::Say { .. } | LogAction::System { .. } | LogAction::Whisper { .. }
        );
        let pending = Pending {
            id: submission.id,
            connection: submission.connection,
            outbox: submission.outbox,
            name: submission.channel,
            sender: submission.entry.sender,
            channel,
            is_line,
            heard: submission.heard,
        };
        (pending, submission.entry)
    });
    parts.unzip()
}

async fn append(store: &dyn Store, entries: Vec<LogEntry>) -> Result<Vec<Appended>, StoreError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    store.append(entries).await
}

/// The channel that an entry is about; `None` for whispers.
fn channel_of(what: &LogAction) -> Option<ChannelId> {
    match what {
        LogAction::Say { channel, .. } | LogAction::System { channel, .. } => Some(*channel),
        LogAction::Whisper { .. } => None,
        LogAction::Edit { channel, .. } | LogAction::Delete { channel, .. } => *channel,
    }
}

/// The name that whispers have in place of a channel's.
pub(crate) fn inbox() -> Arc<str> {
    INBOX.into()
}
