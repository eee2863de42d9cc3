//! Tells a game's own back end what happens, by HTTP, signed as the Standard Webhooks
//! specification says.
//!
//! Whoever has something to tell puts it into a bounded queue and goes on; one task sends it,
//! in order, one at a time. What is refused or does not arrive is tried again, less and less
//! often, until it is an hour old.

mod send;
mod target;
#[cfg(test)]
mod pace_tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longhall_packet::{ReportCategory, ReportNumber};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::clock::now_ms;
use crate::config::{self, WebhookEvent};
use crate::server::Server;
use crate::store::UserId;
use send::SendError;
pub(crate) use target::Target;

/// Most that wait; then the oldest are dropped.
const MOST_WAITING: usize = 10_000;
/// How long one is tried.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// After the first failure; twice as long after each other, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Where events go. Does nothing where nobody wants to be told.
pub(crate) struct Webhooks {
    queue: Option<Arc<Queue>>,
}

struct Queue {
    events: Vec<WebhookEvent>,
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    notes: VecDeque<Note>,
    /// Were not told, since the server started.
    dropped: u64,
    /// It has been said that there are some.
    is_said: bool,
}

/// Something to tell.
struct Note {
    id: String,
    body: String,
    since: Instant,
}

impl Webhooks {
    /// Those of the settings, with the task that tells them; to be run until the server stops.
    ///
    /// # Errors
    /// As [`config::Webhooks::check`].
    pub(crate) fn of(
        settings: &config::Webhooks,
    ) -> std::io::Result<(Self, Option<impl Future<Output = ()> + Send + use<>>)> {
        let Some(target) = Target::of(settings)? else {
            return Ok((Self { queue: None }, None));
        };
        let queue = Arc::new(Queue {
            events: settings.webhook_events.clone(),
            waiting: Mutex::default(),
            changed: Notify::new(),
        });
        info!(host = target.host(), "events are told to a back end");
        let telling = tell(Arc::clone(&queue), target);
        Ok((Self { queue: Some(queue) }, Some(telling)))
    }

    /// Has something told, if somebody wants to hear of it. Never waits.
    pub(crate) fn tell(&self, event: WebhookEvent, data: impl FnOnce() -> Value) {
        let Some(queue) = &self.queue else {
            return;
        };
        if !queue.events.contains(&event) {
            return;
        }
        let Some(id) = new_id() else {
            return queue.count_dropped(1);
        };
        let body = json!({
            "id": id,
            "type": event.name(),
            "timestamp": timestamp(now_ms()),
            "data": data(),
        });
        let body = body.to_string();
        let since = Instant::now();
        queue.push(Note { id, body, since });
    }

    /// How many wait, and how many were dropped.
    pub(crate) fn counts(&self) -> (usize, u64) {
        self.queue.as_ref().map_or((0, 0), |queue| {
            let waiting = queue.lock();
            (waiting.notes.len(), waiting.dropped)
        })
    }
}

/// Tells of a new account, or of a guest who has come.
pub(crate) fn registered(server: &Server, user: UserId, username: &str, is_guest: bool) {
    server.webhooks.tell(
        WebhookEvent::Registered,
        || json!({"account_id": user.0, "username": username, "guest": is_guest}),
    );
}

/// Tells of a login; to come back after a cut is none.
pub(crate) fn logged_in(server: &Server, user: UserId, username: &str) {
    server.webhooks.tell(
        WebhookEvent::LoggedIn,
        || json!({"account_id": user.0, "username": username}),
    );
}

/// Tells that a player has logged out; to be cut off is no logout.
pub(crate) fn logged_out(server: &Server, user: UserId, username: &str) {
    server.webhooks.tell(
        WebhookEvent::LoggedOut,
        || json!({"account_id": user.0, "username": username}),
    );
}

/// Tells that there is a report for the moderators, and nothing of what it says.
pub(crate) fn reported(
    server: &Server,
    report: ReportNumber,
    about: UserId,
    category: ReportCategory,
) {
    server.webhooks.tell(
        WebhookEvent::Reported,
        || json!({"report": report, "account_id": about.0, "category": category}),
    );
}

/// Who is told, and the time that passes meanwhile.
trait Receiver: Send + Sync {
    /// Is told one event.
    ///
    /// # Errors
    /// See [`SendError`]; it is told again.
    fn take(&self, id: &str, body: &str) -> impl Future<Output = Result<(), SendError>> + Send;

    /// Waits before the next try.
    fn wait(&self, pause: Duration) -> impl Future<Output = ()> + Send;

    fn now(&self) -> Instant;
}

impl Receiver for Target {
    async fn take(&self, id: &str, body: &str) -> Result<(), SendError> {
        send::send(self, id, body).await
    }

    async fn wait(&self, pause: Duration) {
        sleep(pause).await;
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Queue {
    fn push(&self, note: Note) {
        let is_full = {
            let mut waiting = self.lock();
            let is_full = waiting.notes.len() >= MOST_WAITING;
            if is_full {
                waiting.notes.pop_front();
            }
            waiting.notes.push_back(note);
            is_full
        };
        if is_full {
            self.count_dropped(1);
        }
        self.changed.notify_one();
    }

    /// Said once, until everything is told again.
    fn count_dropped(&self, count: u64) {
        let mut waiting = self.lock();
        waiting.dropped += count;
        if !std::mem::replace(&mut waiting.is_said, true) {
            drop(waiting);
            warn!("the back end is not told of all events: it does not take them");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Whole at any time.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next to tell, which stays first.
    async fn next(&self) -> (String, String, Instant) {
        loop {
            if let Some(note) = self.lock().notes.front() {
                return (note.id.clone(), note.body.clone(), note.since);
            }
            self.changed.notified().await;
        }
    }

    /// Takes it out, if it is still there.
    fn done(&self, id: &str, is_told: bool) {
        let mut waiting = self.lock();
        if waiting.notes.front().is_some_and(|note| note.id == id) {
            waiting.notes.pop_front();
            if is_told && waiting.notes.is_empty() {
                waiting.is_said = false;
            }
        }
    }
}

/// Tells what waits, without end.
async fn tell(queue: Arc<Queue>, target: impl Receiver) {
    let mut pause = FIRST_PAUSE;
    loop {
        let (id, body, since) = queue.next().await;
        if target.now().saturating_duration_since(since) >= LONGEST {
            queue.done(&id, false);
            queue.count_dropped(1);
            continue;
        }
        match target.take(&id, &body).await {
            Ok(()) => {
                pause = FIRST_PAUSE;
                queue.done(&id, true);
            }
            Err(cause) => {
                if pause == FIRST_PAUSE {
                    warn!(%cause, "the back end does not take an event; it is tried again");
                }
                target.wait(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Names one event, the same in all tries.
fn new_id() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("msg_{digits}"))
}

/// As RFC 3339 writes it.
fn timestamp(now_ms: i64) -> String {
    let now = Duration::from_millis(now_ms.unsigned_abs());
    humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + now).to_string()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;
    use tokio_util::task::AbortOnDropHandle;

    use super::*;
    use crate::handlers::test_session::TestSession;

    pub(super) const PATIENCE: Duration = Duration::from_secs(20);
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    pub(super) fn settings(url: &str, folder: &tempfile::TempDir) -> config::Webhooks {
        let file = folder.path().join("secret");
        std::fs::write(&file, SECRET).unwrap();
        config::Webhooks {
            webhook_url: Some(url.to_owned()),
            webhook_secret_file: Some(file),
            webhook_allow_http: true,
            ..crate::Config::default().webhooks
        }
    }

    /// Takes one event: its head and its body. Answers with that.
    async fn take(listener: &TcpListener, answer: &str) -> (String, Value) {
        let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        let mut text = String::new();
        while !text.ends_with('}') {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "it hung up: {text}");
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap())
    }

    fn field<'a>(head: &'a str, name: &str) -> &'a str {
        let lines = head.lines();
        let found = lines.filter_map(|line| line.split_once(": "));
        found
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_refused_or_leads_elsewhere_is_told_again_in_order_and_signed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&format!("http://{address}/hook?x=1"), &folder);
        let (webhooks, telling) = Webhooks::of(&settings).unwrap();
        let _telling = AbortOnDropHandle::new(tokio::spawn(telling.unwrap()));
        for name in ["Ada", "Bob"] {
            webhooks.tell(WebhookEvent::LoggedIn, || json!({"username": name}));
        }
        let away = format!("HTTP/1.1 307 Away\r\nLocation: http://{address}/other\r\n\r\n");
        let (first, body) = take(&listener, &away).await;
        assert!(first.starts_with("POST /hook?x=1 HTTP/1.1"), "{first}");
        assert_eq!(body["type"], "logged_in");
        assert_eq!(body["data"]["username"], "Ada");
        // Of a body without end nothing is read.
        let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{body}");
        let (second, again) = take(&listener, &endless).await;
        assert!(second.starts_with("POST /hook?x=1 HTTP/1.1"), "{second}");
        assert_eq!(again, body);
        let id = field(&first, "webhook-id");
        assert_eq!(id, field(&second, "webhook-id"));
        let target = Target::of(&settings).unwrap().unwrap();
        let at = field(&second, "webhook-timestamp").parse().unwrap();
        let signature = target.signature(id, at, &body.to_string());
        assert_eq!(
            signature.as_deref(),
            Some(field(&second, "webhook-signature"))
        );
        let (_, third) = take(&listener, "HTTP/1.1 204 Fine\r\n\r\n").await;
        assert_eq!(third["data"]["username"], "Bob");
    }

    #[tokio::test]
    async fn of_too_many_that_wait_the_oldest_are_dropped_and_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings("http://127.0.0.1:1/", &folder);
        settings.webhook_events = vec![WebhookEvent::Registered];
        // Nobody tells them.
        let (webhooks, _telling) = Webhooks::of(&settings).unwrap();
        webhooks.tell(WebhookEvent::LoggedIn, || unreachable!("nobody wants it"));
        for number in 0..MOST_WAITING + 3 {
            webhooks.tell(WebhookEvent::Registered, || json!(number));
        }
        assert_eq!(webhooks.counts(), (MOST_WAITING, 3));
        let queue = webhooks.queue.as_ref().unwrap();
        let oldest = queue.next().await.1;
        assert!(oldest.contains("\"data\":3"), "{oldest}");
    }

    #[tokio::test]
    async fn a_game_is_told_who_registers_comes_goes_and_is_reported() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let set = settings(&url, &folder);
        let mut ada = TestSession::with(|config| config.webhooks = set);
        ada.register_and_login("ada").await;
        let mut bob = ada.another();
        bob.register("bob").await;
        ada.ask(crate::handlers::test_requests::report_player("bob"))
            .await;
        ada.next();
        ada.done(crate::handlers::test_requests::logout()).await;
        let mut told = Vec::new();
        for _ in 0..5 {
            let (_, body) = take(&listener, "HTTP/1.1 200 OK\r\n\r\n").await;
            assert!(!body.to_string().contains("correct horse"));
            told.push(body["type"].as_str().unwrap().to_owned());
        }
        assert_eq!(
            told,
            [
                "registered",
                "logged_in",
                "registered",
                "reported",
                "logged_out"
            ]
        );
    }

    #[tokio::test]
    async fn to_come_back_after_a_cut_is_no_login() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let set = settings(&url, &folder);
        let ada = TestSession::with(|config| config.webhooks = set);
        let mut phone = ada.another();
        let token = phone.register_and_login("ada").await;
        phone.cut();
        let mut back = ada.another();
        back.try_resume(&token).await;
        back.next();
        back.done(crate::handlers::test_requests::logout()).await;
        for expected in ["registered", "logged_in", "logged_out"] {
            let (_, body) = take(&listener, "HTTP/1.1 200 OK\r\n\r\n").await;
            assert_eq!(body["type"], expected);
        }
    }
}
