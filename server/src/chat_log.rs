//! Takes what players say, has the store number and keep it, delivers it, and
//! answers.
//!
//! One task does this for everybody, so that the order of a channel's lines is
//! the same on disk and in every outbox. Lines that wait when the store is free
//! go to it together: one transaction, and one wait for the disk, for up to
//! [`MAX_BATCH`] of them. While the store writes a batch, the one before it is
//! delivered; batches never overtake each other.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use longhall_packet::{Denial, DenyCode, INBOX, RequestId, ServerPacket};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::hub::{Hub, Said};
use crate::outbox::{Outbox, encode};
use crate::store::{Appended, ChannelId, Entry, Store, StoreError, UserId, What};

/// Entries given to the store at once.
const MAX_BATCH: usize = 1000;
/// Entries that may wait. When there are as many, sessions wait with the next,
/// and read no more from their connections.
const MAX_WAITING: usize = 4096;
/// Lines of one channel put into the outboxes in one go: the hub is locked
/// meanwhile.
const MAX_PUBLISH: usize = 64;

/// What a player wants to have written.
pub(crate) struct Request {
    /// Repeated in the answer.
    pub(crate) id: RequestId,
    /// For the log.
    pub(crate) connection: u64,
    /// Gets the answer.
    pub(crate) outbox: Arc<Outbox>,
    /// The channel's name; `"@"` for whispers.
    pub(crate) channel: Arc<str>,
    pub(crate) entry: Entry,
}

/// The way to the task.
pub(crate) struct ChatLog {
    requests: Sender<Request>,
    stopping: CancellationToken,
    /// Says whether it ended as it should.
    task: std::sync::Mutex<Option<JoinHandle<bool>>>,
}

impl ChatLog {
    /// Starts the task. Should it panic, nobody can speak any more: then
    /// `server` is cancelled.
    pub(crate) fn start(store: Arc<dyn Store>, hub: Hub, server: CancellationToken) -> Self {
        let (requests, waiting) = channel(MAX_WAITING);
        let stopping = CancellationToken::new();
        let work = work(waiting, stopping.clone(), store, hub);
        let task = tokio::spawn(async move {
            let is_sound = AssertUnwindSafe(work).catch_unwind().await.is_ok();
            if !is_sound {
                error!("the chat log panicked, the server stops; please report this");
                server.cancel();
            }
            is_sound
        });
        Self {
            requests,
            stopping,
            task: std::sync::Mutex::new(Some(task)),
        }
    }

    /// Gives an entry to the task, which answers it. Waits only while too many
    /// are waiting.
    ///
    /// # Errors
    /// `restarting` when the server is about to stop.
    pub(crate) async fn write(&self, request: Request) -> Result<(), Denial> {
        let Ok(place) = self.requests.reserve().await else {
            return Err(Denial::new(DenyCode::Restarting));
        };
        request.outbox.owe();
        place.send(request);
        Ok(())
    }

    /// Writes and answers what waits, then ends the task. False when it had
    /// panicked.
    pub(crate) async fn stop(&self) -> bool {
        self.stopping.cancel();
        let task = self
            .task
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        match task {
            Some(task) => task.await.unwrap_or(false),
            None => true,
        }
    }
}

/// A batch that the store has taken or refused.
struct Written {
    batch: Vec<Request>,
    results: Result<Vec<Appended>, StoreError>,
}

async fn work(
    mut waiting: Receiver<Request>,
    stopping: CancellationToken,
    store: Arc<dyn Store>,
    hub: Hub,
) {
    let mut written: Option<Written> = None;
    loop {
        let batch = match &written {
            // Nothing is left to deliver: wait for something to do.
            None => {
                let mut batch = Vec::new();
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
                batch
            }
            Some(_) => take_waiting(&mut waiting),
        };
        let deliver = async {
            if let Some(written) = written.take() {
                deliver(&hub, written).await;
            }
        };
        // The store writes on a thread of its own: it is asked first.
        let (results, ()) = tokio::join!(biased; append(&*store, &batch), deliver);
        written = (!batch.is_empty()).then_some(Written { batch, results });
    }
}

fn take_waiting(waiting: &mut Receiver<Request>) -> Vec<Request> {
    let mut batch = Vec::new();
    while batch.len() < MAX_BATCH
        && let Ok(request) = waiting.try_recv()
    {
        batch.push(request);
    }
    batch
}

async fn append(store: &dyn Store, batch: &[Request]) -> Result<Vec<Appended>, StoreError> {
    let entries: Vec<Entry> = batch.iter().map(|request| request.entry.clone()).collect();
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    store.append(entries).await
}

/// Puts a batch into the outboxes, and then the answers: a line comes before
/// the word that it is on disk.
async fn deliver(hub: &Hub, written: Written) {
    let Written { batch, results } = written;
    match results {
        Ok(results) => {
            publish(hub, &batch, &results).await;
            for (request, appended) in batch.iter().zip(&results) {
                answer(request, outcome(request, appended));
            }
        }
        Err(cause) => {
            error!(%cause, lines = batch.len(), "the store takes no lines");
            for request in &batch {
                answer(request, Err(DenyCode::Unavailable));
            }
        }
    }
}

/// Delivers what was written. Lines of one channel go together: a member's
/// outbox is locked once for all of them.
async fn publish(hub: &Hub, batch: &[Request], results: &[Appended]) {
    let mut channels: HashMap<ChannelId, (&Arc<str>, Vec<Said>)> = HashMap::new();
    for (request, appended) in batch.iter().zip(results) {
        let sender = request.entry.sender;
        match appended {
            Appended::Line { line } => {
                let Some(channel) = channel_of(&request.entry.what) else {
                    continue;
                };
                let channel = channels.entry(channel);
                let (_, said) = channel.or_insert_with(|| (&request.channel, Vec::new()));
                let line = line.clone();
                said.push(Said { sender, line });
            }
            Appended::Whisper {
                sent,
                recipient,
                received,
            } => hub.whisper(sender, sent, *recipient, received),
            Appended::Before { .. }
            | Appended::UnknownLine
            | Appended::TooLate
            | Appended::Blocked
            | Appended::InboxFull
            | Appended::NotAMember => {}
        }
    }
    for (channel, (name, mut said)) in channels {
        while !said.is_empty() {
            let rest = said.split_off(said.len().min(MAX_PUBLISH));
            hub.publish(channel, name, said);
            said = rest;
            tokio::task::yield_now().await;
        }
    }
}

fn channel_of(what: &What) -> Option<ChannelId> {
    match what {
        What::Say { channel, .. } => Some(*channel),
        What::Whisper { .. } => None,
        What::Edit { channel, .. } | What::Delete { channel, .. } => *channel,
    }
}

fn outcome(request: &Request, appended: &Appended) -> Result<ServerPacket, DenyCode> {
    let id = request.id;
    let (seq, sent_at_ms) = match appended {
        Appended::Line { line } | Appended::Whisper { sent: line, .. } => {
            (line.seq, line.sent_at_ms)
        }
        Appended::Before { seq, sent_at_ms } => (*seq, sent_at_ms.unsigned_abs()),
        Appended::UnknownLine => return Err(DenyCode::UnknownLine),
        Appended::TooLate => return Err(DenyCode::TooLate),
        Appended::Blocked => return Err(DenyCode::Blocked),
        Appended::InboxFull => return Err(DenyCode::InboxFull),
        Appended::NotAMember => return Err(DenyCode::NotAMember),
    };
    Ok(match request.entry.what {
        What::Say { .. } | What::Whisper { .. } => ServerPacket::Posted {
            id,
            channel: request.channel.as_ref().to_owned(),
            seq,
            sent_at_ms,
        },
        What::Edit { .. } | What::Delete { .. } => ServerPacket::Ok { id },
    })
}

fn answer(request: &Request, outcome: Result<ServerPacket, DenyCode>) {
    let packet = outcome.unwrap_or_else(|code| {
        let UserId(user) = request.entry.sender;
        info!(connection = request.connection, user, %code, "denied");
        ServerPacket::deny(Some(request.id), Denial::new(code))
    });
    request.outbox.pay(encode(&packet));
}

/// The name that whispers have in place of a channel's.
pub(crate) fn inbox() -> Arc<str> {
    INBOX.into()
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::store::{MemoryStore, NewUser};

    #[tokio::test]
    async fn a_server_whose_chat_log_panics_stops_rather_than_go_on_in_silence() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let config = Config::default();
        let lobby = store.open_lobby(&config.lobby, 0).await.unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            keys: longhall_packet::Username::parse("ada").unwrap().keys(),
            password_hash: String::new(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let hub = Hub::new(&lobby, config.grace);
        let server = CancellationToken::new();
        let log = ChatLog::start(Arc::clone(&store), hub, server.clone());
        let request = Request {
            id: 1,
            connection: 1,
            outbox: Arc::new(Outbox::new(1000)),
            channel: "lobby".into(),
            entry: Entry {
                sender: ada,
                sender_name: "ada".to_owned(),
                what: What::Say {
                    channel: lobby.id,
                    line_id: 1,
                    // No packet may be so large; that is asserted in tests.
                    text: "x".repeat(100_000),
                },
                now_ms: 0,
            },
        };
        log.write(request).await.unwrap();
        server.cancelled().await;
        assert!(!log.stop().await);
    }
}
