//! The bus as NATS: its core, which passes messages on to whoever hears them just then.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, RequestErrorKind, rustls};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::{Either, select};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, warn};

use super::subscriptions::Subscriptions;
use super::url::Login;
use super::{Bus, BusUrl, Heard, Link, MAX_HEARD, NotConfirmed, Subject};
use crate::store::ChannelId;

/// How long a server of NATS may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest pause between two tries to connect again.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How often the way there and back is tried. It finds a NATS that stands still, which
/// breaks no connection.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long the way there and back may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long NATS may take until it is asked in another way: it answers in a millisecond.
const SECOND_QUESTION_AFTER: Duration = Duration::from_millis(100);
/// What NATS answers for each account: how much goes through it.
const ABOUT_ITSELF: &str = "$SYS.REQ.ACCOUNT.PING.STATZ";
/// Between two tries while something is the matter.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// How often the crate tries whether the connection is there. It gives one up after two.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// How long [`Bus::flush`] waits.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// Messages that may wait to be sent: see [`Bus::publish`].
const MAX_WAITING: usize = 8192;
/// Bytes of them.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// What the crate keeps beside that, of messages on their way out.
const CLIENT_CAPACITY: usize = 64;
/// What the crate keeps of messages heard, for each subscription, until we take them. Beyond,
/// it drops them and says so.
const SUBSCRIPTION_CAPACITY: usize = 256;

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// NATS does not take the name and password, or the token.
    #[error(
        "the bus at {0} refuses the name and password, or wants one; look at them in its settings"
    )]
    Refused(String),
    /// The certificate is not to be trusted, or one side wants no TLS.
    #[error(
        "no TLS with the bus at {0}: {1}; have this system trust who signed its certificate, and \
         give its host by the name that it is for, or give nats:// where it has no TLS"
    )]
    Tls(String, String),
    /// The store's epoch is no part of a NATS subject.
    #[error("the store's epoch cannot name a subject of the bus")]
    Epoch,
    /// Something else that will not pass by itself.
    #[error("the bus at {0} cannot be used: {1}")]
    Other(String, ConnectErrorKind),
}

/// A connection to NATS, made again whenever it is lost.
pub struct NatsBus {
    shared: Arc<Shared>,
    out: mpsc::Sender<Outgoing>,
    subscriptions: Subscriptions,
    /// What goes on meanwhile; ends with this.
    _tasks: JoinSet<()>,
}

/// What the bus and its tasks share.
pub(super) struct Shared {
    client: Client,
    /// `longhall.EPOCH`: so that two halls on one NATS never mix.
    prefix: String,
    pub(super) is_up: watch::Sender<bool>,
    pub(super) heard: mpsc::Sender<Heard>,
    marks: Arc<Marks>,
    /// Somebody on the bus listens to everything, as far as is known.
    is_listened_in: AtomicBool,
    /// Bytes in the queue to [`send_all`].
    waiting_bytes: AtomicUsize,
}

/// What is to be told as soon as messages flow.
#[derive(Default)]
struct Marks {
    doubt: AtomicBool,
    lost: AtomicBool,
    /// The connection broke.
    is_cut: AtomicBool,
    /// NATS does not let us in again, and the log has it.
    is_refused: AtomicBool,
    wake: Notify,
}

enum Outgoing {
    Message {
        subject: String,
        payload: Bytes,
    },
    /// Answered when all before it is with the crate.
    Flush(oneshot::Sender<()>),
}

impl NatsBus {
    /// Connects, for the store of this epoch. NATS need not be there yet: then it is
    /// connected to once it is.
    ///
    /// # Errors
    /// [`BusError`] for what does not pass by itself.
    pub async fn connect(url: &BusUrl, epoch: &str) -> Result<Link, BusError> {
        if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(BusError::Epoch);
        }
        // Where another crate brings another one along, it has to be chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let marks = Arc::<Marks>::default();
        let first = options(url, &marks).connect(url.servers.as_slice()).await;
        let (client, is_up) = match first {
            Ok(client) => (client, true),
            Err(cause) => {
                check_passing(url, &cause)?;
                let cause = deepest(&cause);
                warn!(bus = %url, cause, "the bus cannot be reached yet; trying on");
                let later = options(url, &marks).retry_on_initial_connect();
                let client = later.connect(url.servers.as_slice()).await;
                let other = |cause: async_nats::ConnectError| {
                    BusError::Other(url.to_string(), cause.kind())
                };
                (client.map_err(other)?, false)
            }
        };
        let (heard, hearing) = mpsc::channel(MAX_HEARD);
        let (out, outgoing) = mpsc::channel(MAX_WAITING);
        let shared = Arc::new(Shared {
            client,
            prefix: format!("longhall.{epoch}"),
            is_up: watch::Sender::new(is_up),
            heard,
            marks,
            is_listened_in: AtomicBool::new(false),
            waiting_bytes: AtomicUsize::new(0),
        });
        let subscriptions = Subscriptions::new(Arc::clone(&shared));
        // It is confirmed by the time that `is_up` holds, or a doubt follows.
        let _ = subscriptions.subscribe(Subject::All).await;
        let mut tasks = JoinSet::new();
        tasks.spawn(send_all(Arc::clone(&shared), outgoing));
        tasks.spawn(watch_connection(Arc::clone(&shared), is_up));
        let bus = Arc::new(Self {
            shared,
            out,
            subscriptions,
            _tasks: tasks,
        });
        Ok(Link {
            bus,
            heard: hearing,
        })
    }
}

#[async_trait]
impl Bus for NatsBus {
    fn publish(&self, subject: Subject, payload: Bytes) {
        let shared = &self.shared;
        let length = payload.len();
        let waiting = shared.waiting_bytes.fetch_add(length, Ordering::Relaxed);
        let outgoing = Outgoing::Message {
            subject: shared.name(subject),
            payload,
        };
        let has_room = self.is_up() && waiting + length <= MAX_WAITING_BYTES;
        if !has_room || self.out.try_send(outgoing).is_err() {
            shared.waiting_bytes.fetch_sub(length, Ordering::Relaxed);
            shared.marks.note_lost();
        }
    }

    async fn subscribe(&self, channel: ChannelId) -> Result<(), NotConfirmed> {
        self.subscriptions.subscribe(Subject::Lines(channel)).await
    }

    fn unsubscribe(&self, channel: ChannelId) {
        self.subscriptions.unsubscribe(Subject::Lines(channel));
    }

    fn is_up(&self) -> bool {
        *self.shared.is_up.borrow()
    }

    async fn flush(&self) {
        if !self.is_up() {
            return;
        }
        let (answer, answered) = oneshot::channel();
        let taken = async {
            if self.out.send(Outgoing::Flush(answer)).await.is_ok() && answered.await.is_ok() {
                self.shared.round_trip().await;
            }
        };
        if timeout(FLUSH_TIMEOUT, taken).await.is_err() {
            debug!("the bus does not take everything in time");
        }
    }
}

impl Shared {
    pub(super) fn name(&self, subject: Subject) -> String {
        match subject {
            Subject::All => format!("{}.all", self.prefix),
            Subject::Lines(ChannelId(channel)) => format!("{}.lines.{channel}", self.prefix),
        }
    }

    /// Begins to hear a subject. The server of NATS knows of it after the next
    /// [`Shared::round_trip`].
    pub(super) async fn hear(&self, subject: Subject) -> Option<async_nats::Subscriber> {
        self.client.subscribe(self.name(subject)).await.ok()
    }

    /// Whether NATS answers. What was said before has reached it by then: it takes one
    /// thing after the other; the crate has no other way to wait for it.
    ///
    /// Asks for what nobody answers, of which NATS itself tells. Where somebody listens to
    /// everything it does not: then it is asked about itself, which not every user may.
    /// What was answered last comes first.
    pub(super) async fn round_trip(&self) -> bool {
        if self.client.connection_state() != State::Connected {
            return false;
        }
        let is_listened_in = self.is_listened_in.load(Ordering::Relaxed);
        let first = pin!(self.is_answered(is_listened_in));
        let asking = async {
            match select(first, pin!(sleep(SECOND_QUESTION_AFTER))).await {
                Either::Left((is_answered, _)) => is_answered.then_some(is_listened_in),
                Either::Right(((), first)) => tokio::select! {
                    is_answered = first => is_answered.then_some(is_listened_in),
                    is_answered = self.is_answered(!is_listened_in) => {
                        is_answered.then_some(!is_listened_in)
                    }
                },
            }
        };
        let Ok(Some(answered)) = timeout(CHECK_TIMEOUT, asking).await else {
            return false;
        };
        self.is_listened_in.store(answered, Ordering::Relaxed);
        true
    }

    /// Asks one of the two questions.
    async fn is_answered(&self, is_listened_in: bool) -> bool {
        let asked = match is_listened_in {
            true => ABOUT_ITSELF.to_owned(),
            false => format!("{}.nobody", self.prefix),
        };
        match self.client.request(asked, Bytes::new()).await {
            Ok(_) => true,
            Err(cause) => cause.kind() == RequestErrorKind::NoResponders,
        }
    }

    pub(super) fn note_doubt(&self) {
        self.marks.note_doubt();
    }
}

impl Marks {
    fn note_doubt(&self) {
        self.doubt.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    fn note_lost(&self) {
        if !self.lost.swap(true, Ordering::SeqCst) {
            self.wake.notify_one();
        }
    }

    /// Notes that NATS was not reached. One that is there and refuses is told, once.
    fn note_failure(&self, cause: &str) {
        // The crate tells no more than this text.
        let refused = [
            ConnectErrorKind::Authentication,
            ConnectErrorKind::AuthorizationViolation,
            ConnectErrorKind::Tls,
        ];
        let is_refused = refused.iter().any(|kind| cause.contains(&kind.to_string()));
        if is_refused && !self.is_refused.swap(true, Ordering::Relaxed) {
            warn!(cause, "the bus refuses this server; trying on");
        } else {
            debug!(cause, "cannot connect to the bus");
        }
    }

    /// Notes what the crate tells.
    fn note(&self, event: &Event) {
        match event {
            Event::Disconnected => {
                self.lost.store(true, Ordering::SeqCst);
                self.is_cut.store(true, Ordering::SeqCst);
                self.note_doubt();
            }
            Event::Connected => {
                self.is_refused.store(false, Ordering::Relaxed);
                self.note_doubt();
            }
            Event::SlowConsumer(_) => self.note_doubt(),
            Event::ServerError(cause) => {
                warn!(%cause, "the bus complains");
                self.lost.store(true, Ordering::SeqCst);
                self.note_doubt();
            }
            Event::ClientError(cause) => self.note_failure(&cause.to_string()),
            Event::LameDuckMode | Event::Draining | Event::Closed => {}
        }
    }
}

fn options(url: &BusUrl, marks: &Arc<Marks>) -> ConnectOptions {
    let marks = Arc::clone(marks);
    let options = ConnectOptions::new()
        .name("longhall-server")
        .no_echo()
        .connection_timeout(CONNECT_TIMEOUT)
        .ping_interval(PING_INTERVAL)
        .client_capacity(CLIENT_CAPACITY)
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .reconnect_delay_callback(pause)
        .event_callback(move |event| {
            marks.note(&event);
            std::future::ready(())
        });
    match url.login.clone() {
        Login::None => options,
        Login::Password { user, password } => options.user_and_password(user, password),
        Login::Token(token) => options.token(token),
    }
}

/// Asks whether NATS can be reached with what the address says, once.
///
/// # Errors
/// What is in the way, without secrets.
pub async fn ping(url: &BusUrl) -> Result<(), String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let marks = Arc::<Marks>::default();
    let reached = options(url, &marks).connect(url.servers.as_slice()).await;
    reached
        .map(drop)
        .map_err(|cause| match check_passing(url, &cause) {
            Ok(()) => format!("the bus at {url} cannot be reached: {}", cause.kind()),
            Err(cause) => cause.to_string(),
        })
}

/// Before the so-manieth try.
fn pause(tries: usize) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(2)).unwrap_or(u32::MAX);
    match tries {
        0 | 1 => Duration::ZERO,
        _ => (Duration::from_millis(20) * 2_u32.saturating_pow(doublings.min(10))).min(MAX_PAUSE),
    }
}

/// `Ok` where the trouble may pass: NATS is not there yet, or the network is not.
fn check_passing(url: &BusUrl, cause: &async_nats::ConnectError) -> Result<(), BusError> {
    let url = || url.to_string();
    match cause.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            Err(BusError::Refused(url()))
        }
        ConnectErrorKind::Tls => Err(BusError::Tls(url(), deepest(cause))),
        ConnectErrorKind::Io if is_tls(cause) => Err(BusError::Tls(url(), deepest(cause))),
        ConnectErrorKind::Io | ConnectErrorKind::Dns | ConnectErrorKind::TimedOut => Ok(()),
        kind @ (ConnectErrorKind::ServerParse | ConnectErrorKind::MaxReconnects) => {
            Err(BusError::Other(url(), kind))
        }
    }
}

/// Causes, from the outermost to the innermost.
fn causes(
    cause: &async_nats::ConnectError,
) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first = std::error::Error::source(cause);
    std::iter::successors(first, |cause| {
        // An error within one of I/O is not its source.
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        inner.map(|inner| inner as _).or_else(|| cause.source())
    })
}

fn is_tls(cause: &async_nats::ConnectError) -> bool {
    causes(cause).any(<dyn std::error::Error>::is::<rustls::Error>)
}

fn deepest(cause: &async_nats::ConnectError) -> String {
    causes(cause)
        .last()
        .map_or_else(|| cause.kind().to_string(), ToString::to_string)
}

/// Hands the crate what is to be sent. It may wait for the network; [`Bus::publish`] does
/// not.
async fn send_all(shared: Arc<Shared>, mut outgoing: mpsc::Receiver<Outgoing>) {
    while let Some(outgoing) = outgoing.recv().await {
        let (subject, payload) = match outgoing {
            Outgoing::Message { subject, payload } => (subject, payload),
            Outgoing::Flush(answer) => {
                // Who has given up needs none.
                let _ = answer.send(());
                continue;
            }
        };
        let length = payload.len();
        if shared.client.publish(subject, payload).await.is_err() {
            shared.marks.note_lost();
        }
        shared.waiting_bytes.fetch_sub(length, Ordering::Relaxed);
    }
}

/// Tells whether the bus is up, and of doubts and losses once it is.
async fn watch_connection(shared: Arc<Shared>, mut told_up: bool) {
    let marks = &shared.marks;
    loop {
        let next = Instant::now() + CHECK_INTERVAL;
        tokio::select! {
            () = marks.wake.notified() => {}
            () = sleep_until(next) => {}
        }
        // Taken before it is tried, so that what comes meanwhile is told the next time.
        let doubt = marks.doubt.swap(false, Ordering::SeqCst);
        let lost = marks.lost.swap(false, Ordering::SeqCst);
        if marks.is_cut.swap(false, Ordering::SeqCst) {
            shared.is_up.send_replace(false);
        }
        let mut told = Vec::new();
        if shared.round_trip().await {
            let is_back = !told_up;
            shared.is_up.send_replace(true);
            told_up = true;
            told.extend(is_back.then_some(Heard::Up));
            told.extend((is_back || doubt).then_some(Heard::Doubt));
            told.extend((is_back || lost).then_some(Heard::Lost));
        } else {
            shared.is_up.send_replace(false);
            marks.doubt.store(true, Ordering::SeqCst);
            marks.lost.store(true, Ordering::SeqCst);
            told.extend(std::mem::take(&mut told_up).then_some(Heard::Down));
        }
        for heard in told {
            if shared.heard.send(heard).await.is_err() {
                return;
            }
        }
        // However much is the matter, it is not told all the time.
        sleep(RETRY_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second() {
        let pauses = [0, 1, 2, 3, 9, 1_000_000].map(pause);
        let millis = [0, 0, 20, 40, 1000, 1000].map(Duration::from_millis);
        assert_eq!(pauses, millis);
    }
}
