//! Takes what players say, has the store number and keep it, delivers it, and
//! answers.
//!
//! One task does this for everybody, so that the order of a channel's lines is
//! the same on disk and in every outbox. Lines that wait when the store is free
//! go to it together: one transaction, and one wait for the disk, for up to
//! [`MAX_BATCH`] of them. While the store writes a batch, the one before it is
//! delivered; batches never overtake each other.
//!
//! To flush a single line to disk costs as much as to flush a hundred. Between flushes
//! the log rests for a while that goes by what the disk took for the last one
//! ([`PACE`]): lines that come meanwhile wait a few milliseconds at most, and share the
//! next. A line that nobody spoke just before does not wait.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use longhall_packet::{Denial, DenyCode, INBOX, Line, RequestId, Seq, ServerPacket};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::frames::{encode, encode_all};
use crate::hub::{Hub, Said};
use crate::outbox::{Outbox, Unflushed};
use crate::store::{Appended, ChannelId, Entry, Store, StoreError, UserId, What};

/// Entries given to the store at once.
const MAX_BATCH: usize = 4000;
/// A batch begins so many times as late after the one before it as that one took.
const PACE: u32 = 4;
/// It need not be later, though: the disk may have stalled.
const SLOWEST_PACE: Duration = Duration::from_millis(4);
/// No rest is shorter: timers are no finer, and a flush is cheap where it is so fast.
const SHORTEST_REST: Duration = Duration::from_millis(1);
/// So many entries are worth a flush at any time.
const WORTH_A_FLUSH: usize = 64;
/// Entries that may wait. When there are as many, sessions wait with the next,
/// and read no more from their connections.
const MAX_WAITING: usize = 8000;
/// Bytes of one channel's lines that are queued and written in one go. More would
/// leave lines out for members who read well: half an outbox is for lines.
const MAX_PUBLISH: usize = 32 * 1024;
/// What a line has on the wire beside its text, about.
const BYTES_PER_LINE: usize = 150;

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

    /// Gives an entry to the task, which answers it. False when too many are
    /// waiting, or the server stops.
    pub(crate) fn write_now(&self, request: Request) -> bool {
        let Ok(place) = self.requests.try_reserve() else {
            return false;
        };
        request.outbox.expect_answer();
        place.send(request);
        true
    }

    /// As [`ChatLog::write_now`], and waits while too many are waiting.
    ///
    /// # Errors
    /// `restarting` when the server is about to stop.
    pub(crate) async fn write(&self, request: Request) -> Result<(), Denial> {
        let Ok(place) = self.requests.reserve().await else {
            return Err(Denial::new(DenyCode::Restarting));
        };
        request.outbox.expect_answer();
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

/// What is needed of a request when its entry is with the store.
struct Asked {
    id: RequestId,
    connection: u64,
    outbox: Arc<Outbox>,
    name: Arc<str>,
    sender: UserId,
    /// The channel it is about. None for whispers.
    channel: Option<ChannelId>,
    /// Whether it is a line, rather than a change of one.
    is_line: bool,
}

/// A batch that the store has taken or refused.
struct Written {
    batch: Vec<Asked>,
    results: Result<Vec<Appended>, StoreError>,
}

async fn work(
    mut waiting: Receiver<Request>,
    stopping: CancellationToken,
    store: Arc<dyn Store>,
    hub: Hub,
) {
    let mut written: Option<Written> = None;
    let mut rested = Instant::now();
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
            gather(&mut batch, &mut waiting, rested).await;
        } else if Instant::now() >= rested || waiting.len() >= WORTH_A_FLUSH {
            take_waiting(&mut batch, &mut waiting);
        }
        let (batch, entries) = split(&mut batch);
        let deliver = async {
            if let Some(written) = written.take() {
                deliver(&hub, written).await;
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
            rested = began + took + rest_after(took);
            written = Some(Written { batch, results });
        }
    }
}

/// How long to rest after a batch that took the store so long.
fn rest_after(took: Duration) -> Duration {
    let rest = (took * PACE).min(SLOWEST_PACE).saturating_sub(took);
    if rest < SHORTEST_REST {
        return Duration::ZERO;
    }
    rest
}

/// Waits for more, while they are few and the log rests.
async fn gather(batch: &mut Vec<Request>, waiting: &mut Receiver<Request>, until: Instant) {
    while batch.len() < WORTH_A_FLUSH
        && let Ok(Some(request)) = timeout_at(until, waiting.recv()).await
    {
        batch.push(request);
    }
    take_waiting(batch, waiting);
}

fn take_waiting(batch: &mut Vec<Request>, waiting: &mut Receiver<Request>) {
    while batch.len() < MAX_BATCH
        && let Ok(request) = waiting.try_recv()
    {
        batch.push(request);
    }
}

fn split(batch: &mut Vec<Request>) -> (Vec<Asked>, Vec<Entry>) {
    let parts = batch.drain(..).map(|request| {
        let (channel, is_line) = match request.entry.what {
            What::Say { channel, .. } => (Some(channel), true),
            What::Whisper { .. } => (None, true),
            What::Edit { channel, .. } | What::Delete { channel, .. } => (channel, false),
        };
        let asked = Asked {
            id: request.id,
            connection: request.connection,
            outbox: request.outbox,
            name: request.channel,
            sender: request.entry.sender,
            channel,
            is_line,
        };
        (asked, request.entry)
    });
    parts.unzip()
}

async fn append(store: &dyn Store, entries: Vec<Entry>) -> Result<Vec<Appended>, StoreError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    store.append(entries).await
}

/// Delivers a batch and answers: a line comes before the word that it is on disk,
/// and for its sender in the same write.
async fn deliver(hub: &Hub, written: Written) {
    let Written { batch, results } = written;
    let mut unflushed = Unflushed::default();
    let results = match results {
        Ok(results) => results,
        Err(cause) => {
            error!(%cause, lines = batch.len(), "the store takes no lines");
            for asked in &batch {
                asked.answer(Err(DenyCode::Unavailable), &mut unflushed);
            }
            unflushed.flush();
            return;
        }
    };
    let mut channels: HashMap<ChannelId, Vec<(&Asked, Said)>> = HashMap::new();
    let mut before = Vec::new();
    for (asked, appended) in batch.iter().zip(results) {
        let outcome = asked.outcome(&appended);
        match (appended, asked.channel) {
            (Appended::Line { line }, Some(channel)) => {
                let sender = asked.sender;
                let said = (asked, Said { sender, line });
                channels.entry(channel).or_default().push(said);
                continue;
            }
            // The line may be in this very batch.
            (Appended::Before { .. }, _) => {
                before.push((asked, outcome));
                continue;
            }
            (
                Appended::Whisper {
                    sent,
                    recipient,
                    received,
                },
                _,
            ) => hub.whisper(asked.sender, &sent, recipient, &received, &mut unflushed),
            _ => {}
        }
        asked.answer(outcome, &mut unflushed);
    }
    unflushed.flush();
    for (channel, said) in channels {
        publish(hub, channel, said, &mut unflushed).await;
    }
    for (asked, outcome) in before {
        asked.answer(outcome, &mut unflushed);
    }
    unflushed.flush();
}

/// Delivers lines of one channel: a member's outbox is locked once for all of them
/// that go together.
async fn publish(
    hub: &Hub,
    channel: ChannelId,
    said: Vec<(&Asked, Said)>,
    unflushed: &mut Unflushed,
) {
    let (asked, said): (Vec<&Asked>, Vec<Said>) = said.into_iter().unzip();
    let mut begin = 0;
    while begin < said.len() {
        let (mut end, mut bytes) = (begin, 0);
        while end < said.len() && bytes < MAX_PUBLISH {
            bytes += said[end].line.text.len() + BYTES_PER_LINE;
            end += 1;
        }
        hub.publish(channel, &asked[begin].name, &said[begin..end], unflushed);
        let mut said_here = said[begin..end].iter();
        // What came in one go from one player is answered in one.
        for run in asked[begin..end].chunk_by(|one, next| Arc::ptr_eq(&one.outbox, &next.outbox)) {
            let lines = run.iter().zip(&mut said_here);
            let answers = encode_all(lines.map(|(asked, said)| asked.posted(&said.line)));
            if run[0].outbox.deliver_answers(answers, run.len()) {
                unflushed.add(&run[0].outbox);
            }
        }
        unflushed.flush();
        begin = end;
        // This may be a lot of system calls; let others have a turn.
        tokio::task::yield_now().await;
    }
}

impl Asked {
    fn outcome(&self, appended: &Appended) -> Result<ServerPacket, DenyCode> {
        match appended {
            Appended::Line { line } | Appended::Whisper { sent: line, .. } => Ok(self.posted(line)),
            Appended::Before { seq, sent_at_ms } => {
                Ok(self.posted_as(*seq, sent_at_ms.unsigned_abs()))
            }
            Appended::UnknownLine => Err(DenyCode::UnknownLine),
            Appended::TooLate => Err(DenyCode::TooLate),
            Appended::Blocked => Err(DenyCode::Blocked),
            Appended::InboxFull => Err(DenyCode::InboxFull),
            Appended::NotAMember => Err(DenyCode::NotAMember),
        }
    }

    fn posted(&self, line: &Line) -> ServerPacket {
        self.posted_as(line.seq, line.sent_at_ms)
    }

    fn posted_as(&self, seq: Seq, sent_at_ms: u64) -> ServerPacket {
        let id = self.id;
        if !self.is_line {
            return ServerPacket::Ok { id };
        }
        let channel = self.name.as_ref().to_owned();
        ServerPacket::Posted {
            id,
            channel,
            seq,
            sent_at_ms,
        }
    }

    fn answer(&self, outcome: Result<ServerPacket, DenyCode>, unflushed: &mut Unflushed) {
        let packet = outcome.unwrap_or_else(|code| {
            let (connection, UserId(user)) = (self.connection, self.sender);
            info!(connection, user, %code, "denied");
            ServerPacket::deny(Some(self.id), Denial::new(code))
        });
        if self.outbox.deliver_answers(encode(&packet), 1) {
            unflushed.add(&self.outbox);
        }
    }
}

/// The name that whispers have in place of a channel's.
pub(crate) fn inbox() -> Arc<str> {
    INBOX.into()
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::hub::Newcomer;
    use crate::store::{MemoryStore, NewUser, SessionId};

    #[tokio::test]
    async fn a_line_said_twice_at_once_is_heard_before_either_is_acknowledged() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let config = Config::default();
        let lobby = store.open_lobby(&config.lobby.name, 0).await.unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            keys: longhall_packet::Username::parse("ada").unwrap().keys(),
            password_hash: String::new(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let hub = Hub::new(&lobby, config.presence.grace);
        let log = ChatLog::start(Arc::clone(&store), hub.clone(), CancellationToken::new());
        let outbox = Arc::new(Outbox::new(10_000, None));
        let who = Newcomer {
            user: ada,
            username: "ada".to_owned(),
            name_key: "ada".to_owned(),
            session: SessionId(1),
            connection: 1,
            outbox: Arc::clone(&outbox),
            memberships: store.memberships(ada).await.unwrap(),
            blocked: Vec::new(),
            resumed: false,
        };
        let welcome = |_, _| ServerPacket::Ok { id: 7 };
        let _place = hub.enter(&hub.arrive(), &who, welcome).unwrap();
        // As after a cut: what the connection before it said is on its way yet.
        for connection in [0, 1] {
            let request = Request {
                id: 1,
                connection,
                outbox: Arc::clone(&outbox),
                channel: "lobby".into(),
                entry: Entry {
                    sender: ada,
                    sender_name: "ada".to_owned(),
                    what: What::Say {
                        channel: lobby.id,
                        line_id: 1,
                        text: "hello?".to_owned(),
                    },
                    now_ms: 0,
                },
            };
            assert!(log.write_now(request));
        }
        while outbox.expects_answers() {
            tokio::task::yield_now().await;
        }
        let mut heard = Vec::new();
        while let Some(frames) = outbox.take() {
            heard.extend(frames.texts());
        }
        let begins = |(heard, kind): (&String, &str)| heard.contains(kind);
        let kinds = [r#""ok""#, r#""chat""#, r#""posted""#, r#""posted""#];
        assert!(heard.iter().zip(kinds).all(begins), "{heard:?}");
        assert_eq!(heard.len(), kinds.len());
        assert!(log.stop().await);
    }

    #[test]
    fn the_log_rests_by_what_the_disk_takes() {
        let rests = [
            (100, 0),
            (500, 1500),
            (900, 2700),
            (2000, 2000),
            (20_000, 0),
        ];
        for (took, rest) in rests {
            let rest = Duration::from_micros(rest);
            assert_eq!(rest_after(Duration::from_micros(took)), rest);
        }
    }

    fn request(line_id: u64) -> Request {
        Request {
            id: 1,
            connection: 1,
            outbox: Arc::new(Outbox::new(1000, None)),
            channel: "lobby".into(),
            entry: Entry {
                sender: UserId(1),
                sender_name: "ada".to_owned(),
                what: What::Say {
                    channel: ChannelId(1),
                    line_id,
                    text: "hello?".to_owned(),
                },
                now_ms: 0,
            },
        }
    }

    #[tokio::test]
    async fn a_line_goes_at_once_unless_the_log_rests() {
        let (_requests, mut waiting) = channel(MAX_WAITING);
        let mut batch = vec![request(1)];
        gather(&mut batch, &mut waiting, Instant::now()).await;
        assert_eq!(batch.len(), 1);
    }

    #[tokio::test]
    async fn lines_said_while_the_log_rests_go_together_until_they_are_enough() {
        let (requests, mut waiting) = channel(MAX_WAITING);
        let far_away = Instant::now() + Duration::from_secs(3600);
        let mut batch = vec![request(0)];
        let talk = async {
            for line_id in 1..WORTH_A_FLUSH {
                requests.send(request(line_id as u64)).await.ok();
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(gather(&mut batch, &mut waiting, far_away), talk);
        assert_eq!(batch.len(), WORTH_A_FLUSH);
    }

    #[tokio::test]
    async fn every_line_said_in_one_go_is_answered() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let config = Config::default();
        let lobby = store.open_lobby(&config.lobby.name, 0).await.unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            keys: longhall_packet::Username::parse("ada").unwrap().keys(),
            password_hash: String::new(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let hub = Hub::new(&lobby, config.presence.grace);
        let log = ChatLog::start(Arc::clone(&store), hub, CancellationToken::new());
        let outbox = Arc::new(Outbox::new(10_000, None));
        for id in 1..=3 {
            let mut request = request(u64::from(id));
            request.id = id;
            request.outbox = Arc::clone(&outbox);
            request.entry.sender = ada;
            assert!(log.write_now(request));
        }
        assert!(log.stop().await);
        assert!(!outbox.expects_answers());
        let mut answers = Vec::new();
        while let Some(frames) = outbox.take() {
            answers.extend(frames.texts());
        }
        let posted =
            |id: usize| format!(r#"{{"type":"posted","id":{id},"channel":"lobby","seq":{id},"#);
        assert_eq!(answers.len(), 3);
        for (answer, id) in answers.iter().zip(1..) {
            assert!(answer.starts_with(&posted(id)), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_server_whose_chat_log_panics_stops_rather_than_go_on_in_silence() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let config = Config::default();
        let lobby = store.open_lobby(&config.lobby.name, 0).await.unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            keys: longhall_packet::Username::parse("ada").unwrap().keys(),
            password_hash: String::new(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let hub = Hub::new(&lobby, config.presence.grace);
        let server = CancellationToken::new();
        let log = ChatLog::start(Arc::clone(&store), hub, server.clone());
        let mut request = request(1);
        request.entry.sender = ada;
        request.entry.what = What::Say {
            channel: lobby.id,
            line_id: 1,
            // No packet may be so large; that is asserted in tests.
            text: "x".repeat(100_000),
        };
        log.write(request).await.unwrap();
        server.cancelled().await;
        assert!(!log.stop().await);
    }
}
