//! What all connections of one server share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, Guard};
use longhall_packet::{ChannelName, Denial, DenyCode, Field, Filter, NameKeys, Username};
use tokio::sync::{Notify, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::backups;
use crate::bans::{self, Bans};
use crate::bus::{self, Link};
use crate::channel_locks::{ChannelChange, KeyedLock};
use crate::chat_log::ChatLog;
use crate::clock::Clock;
use crate::cluster::{self, Cluster};
use crate::config::Config;
use crate::deletions;
use crate::drain::Drain;
use crate::flagged::Flagged;
use crate::guests;
use crate::handlers::Outcome;
use crate::health::Health;
use crate::hub::{self, Hub};
use crate::metrics::Metrics;
use crate::password::Passwords;
use crate::proxies::Proxies;
use crate::rate_limit::{RateLimits, Tried};
use crate::reports::{self, Waiting};
use crate::reserved::Reserved;
use crate::resume_token::SeenTokens;
use crate::retention;
use crate::sanctions::{self, Sanctions};
use crate::set_back;
use crate::settings::{self, Settings};
use crate::store::{CHANNEL_WAIT, ChannelId, Store, StoreError, UserId};
use crate::temporary;
use crate::tickets::Tickets;
use crate::tls::{self, Tls};
use crate::watched_file::WatchedFile;
use crate::webhooks::Webhooks;
use crate::word_filter::{self, Words};

/// What all connections share.
pub(crate) struct Server {
    /// As at the start: for what waits for a restart.
    pub(crate) config: Config,
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Hub,
    pub(crate) chat_log: ChatLog,
    /// The other servers, and what the store left in doubt; `None` if there can be neither.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) health: Health,
    /// `None` if players connect without.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) proxies: Proxies,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) started: SystemTime,
    /// The tasks that serve one each.
    pub(crate) connections: TaskTracker,
    /// See [`Server::change_channel`].
    channel_locks: KeyedLock,
    pub(crate) passwords: Passwords,
    pub(crate) limits: Arc<RateLimits>,
    pub(crate) bans: Arc<Bans>,
    pub(crate) sanctions: Arc<Sanctions>,
    pub(crate) waiting: Waiting,
    pub(crate) flagged: Flagged,
    pub(crate) words: WatchedFile<Words>,
    pub(crate) reserved: ArcSwap<Reserved>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) seen_tokens: Arc<SeenTokens>,
    pub(crate) tickets: Tickets,
    /// Since when it runs, in milliseconds since 1970.
    pub(crate) since_ms: i64,
    pub(crate) drain: Drain,
    pub(crate) webhooks: Webhooks,
    /// An account is to be deleted at once.
    pub(crate) due_deletions: Notify,
    /// It stops as its database is an older one by now.
    pub(crate) is_set_back: AtomicBool,
    /// Cancelled when the server is asked to stop.
    pub(crate) stopping: CancellationToken,
    next_connection: AtomicU64,
}

/// A text that many may read.
pub(crate) struct Fit {
    pub(crate) text: String,
    /// It has a word of which the operator wants to know.
    pub(crate) is_flagged: bool,
}

impl Server {
    /// Reads the names, opens the lobby, starts the password threads, the chat log and, with
    /// a bus or a store that may leave something in doubt, what is to do with that.
    ///
    /// # Errors
    /// When one of them cannot be done.
    pub(crate) async fn open(
        settings: impl Into<Settings>,
        store: Arc<dyn Store>,
        link: Option<Link>,
        stopping: CancellationToken,
    ) -> io::Result<Arc<Self>> {
        let settings = settings.into();
        let mut config = Config::clone(&settings.now());
        let tls = Tls::open(&config.tls)?.map(Arc::new);
        let metrics = Arc::<Metrics>::default();
        let passwords = Passwords::start(&config, Arc::clone(&metrics))?;
        let bans = Arc::new(Bans::read(config.names.banned_names.clone())?);
        let blocked = config.names.blocked_words.clone();
        let words = WatchedFile::read("blocked-words", blocked, Words::parse)?;
        config.names.read_reserved()?;
        let clock = Arc::new(Clock::start(store.seen(), config.history.clock_wait));
        let mut lobby = store
            .open_lobby(&config.lobby.name, clock.now_ms())
            .await
            .map_err(io::Error::other)?;
        if lobby.topic != config.lobby.welcome.as_str() {
            lobby.topic = config.lobby.welcome.as_str().to_owned();
            let set = store.set_topic(lobby.id, lobby.topic.clone()).await;
            set.map_err(io::Error::other)?;
        }
        for hall in store.halls().await.map_err(io::Error::other)? {
            if hall.topic != lobby.topic {
                let set = store.set_topic(hall.id, lobby.topic.clone()).await;
                set.map_err(io::Error::other)?;
            }
        }
        let grace = config.presence.grace;
        // What the store may leave in doubt is looked into by the cluster's task.
        let link = link.or_else(|| store.unknown_outcomes().map(|_| bus::alone()));
        let (hub, cluster) = match link {
            None => (Hub::new(&lobby, grace), None),
            Some(link) => {
                let (telling, news) = mpsc::channel(cluster::MAX_NEWS);
                let hub = Hub::in_cluster(&lobby, grace, telling);
                let (store, stopping) = (Arc::clone(&store), stopping.clone());
                let clock = Arc::clone(&clock);
                let cluster = Cluster::start(link, hub.clone(), news, store, clock, stopping);
                (hub, Some(cluster))
            }
        };
        hub.set_hall_size(config.lobby.size);
        let (webhooks, telling) = Webhooks::of(&config.webhooks)?;
        if let Some(telling) = telling {
            tokio::spawn(stopping.clone().run_until_cancelled_owned(telling));
        }
        let sanctions = Arc::new(Sanctions::default());
        let limits = Arc::new(RateLimits::new(&config));
        // Before anybody may come in.
        let read = sanctions::read(&sanctions, &*store, &clock, &hub, &limits).await;
        read.map_err(io::Error::other)?;
        let tickets = Tickets::new(Arc::clone(&store), Arc::clone(&clock), settings.clone());
        Ok(Arc::new(Self {
            limits,
            chat_log: ChatLog::start(&store, &hub, &metrics, &stopping),
            hub,
            cluster,
            health: Health::of(&lobby),
            metrics,
            started: SystemTime::now(),
            connections: TaskTracker::new(),
            tls,
            proxies: Proxies::of(&config.proxy),
            channel_locks: KeyedLock::default(),
            passwords,
            bans,
            sanctions,
            waiting: Waiting::default(),
            flagged: Flagged::default(),
            words,
            reserved: ArcSwap::from_pointee(Reserved::of(&config)),
            since_ms: clock.now_ms(),
            drain: Drain::default(),
            webhooks,
            due_deletions: Notify::new(),
            is_set_back: AtomicBool::new(false),
            clock,
            seen_tokens: Arc::default(),
            tickets,
            store,
            stopping,
            next_connection: AtomicU64::new(1),
            config,
            settings,
        }))
    }

    /// What may change while the server runs, as it is now.
    pub(crate) fn settings(&self) -> Guard<Arc<Config>> {
        self.settings.now()
    }

    /// Takes over what was made of the settings at the start.
    pub(crate) fn take(&self, settings: &Config) {
        self.limits.set(settings);
        self.hub.set_grace(settings.presence.grace);
        self.hub.set_hall_size(settings.lobby.size);
        self.bans.set_file(settings.names.banned_names.clone());
        self.words.set_file(settings.names.blocked_words.clone());
        self.reserved.store(Arc::new(Reserved::of(settings)));
    }

    /// Reads the certificate again, if there is one, without waiting until it is looked
    /// for a new one.
    pub(crate) async fn read_certificate(&self) {
        if let Some(tls) = self.tls.clone() {
            // What comes of it is in the log.
            let _ = tokio::task::spawn_blocking(move || tls.reload()).await;
        }
    }

    /// Starts what goes on beside the connections, until the server is asked to stop.
    pub(crate) fn start_tasks(self: &Arc<Self>) {
        let store = || Arc::clone(&self.store);
        let settings = || self.settings.clone();
        self.spawn(settings::follow(Arc::clone(self)));
        self.spawn(set_back::watch(Arc::clone(self)));
        self.spawn(hub::presence::run(self.hub.clone(), settings()));
        if let Some(tls) = &self.tls {
            self.spawn(tls::watch(Arc::clone(tls), self.config.tls.interval));
            if !self.config.tls.acme.domains.is_empty() {
                let acme = self.config.tls.acme.clone();
                self.spawn(tls::acme::run(Arc::clone(tls), acme));
            }
        }
        self.spawn(bans::watch(
            Arc::clone(&self.bans),
            settings(),
            store(),
            self.hub.clone(),
        ));
        self.spawn(sanctions::watch(Arc::clone(self)));
        self.spawn(reports::watch(Arc::clone(self)));
        self.spawn(word_filter::watch(Arc::clone(self)));
        self.spawn(deletions::run(Arc::clone(self)));
        self.spawn(guests::run(Arc::clone(self)));
        self.spawn(temporary::run(Arc::clone(self)));
        self.spawn(retention::run(store(), Arc::clone(&self.clock), settings()));
        self.spawn(backups::run(store(), self.config.backups.clone()));
        self.spawn(drop_idle(
            Arc::clone(&self.limits),
            Arc::clone(&self.seen_tokens),
            store(),
            settings(),
            Arc::clone(&self.clock),
        ));
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(self.stopping.clone().run_until_cancelled_owned(task));
    }

    /// Whether an account may come in, by the operator's file and by sanctions.
    ///
    /// # Errors
    /// `banned`, with what was said of it.
    pub(crate) fn check_ban(&self, user: UserId, name_key: &str) -> Result<(), Denial> {
        if self.bans.contain(name_key) {
            return Err(DenyCode::Banned.into());
        }
        self.sanctions
            .ban(user, self.clock.now_ms())
            .map_or(Ok(()), Err)
    }

    /// Goes by the bans and mutes that the store has now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub(crate) async fn read_sanctions(&self) -> Result<(), StoreError> {
        let Self {
            sanctions,
            store,
            clock,
            hub,
            limits,
            ..
        } = self;
        sanctions::read(sanctions, &**store, clock, hub, limits).await
    }

    /// Whether nobody gets a name, whoever has it.
    pub(crate) fn is_refused(&self, username: &Username, keys: &NameKeys) -> bool {
        let is_reserved = self.reserved.load().contain(keys);
        is_reserved || self.words.now().is_in_name(username.as_str())
    }

    /// A text for many to read: what becomes of it where it has a word that is not to be read.
    /// `filter` is a channel's own way, if it has one.
    ///
    /// # Errors
    /// `blocked_words`.
    pub(crate) fn fit_to_read(
        &self,
        text: &str,
        filter: Option<Filter>,
        field: Field,
    ) -> Result<Fit, Denial> {
        let as_it_is = |is_flagged| Fit {
            text: text.to_owned(),
            is_flagged,
        };
        let Some(masked) = self.words.now().masked(text) else {
            return Ok(as_it_is(false));
        };
        let default = || self.settings().names.blocked_words_default;
        match filter.unwrap_or_else(default) {
            Filter::Refuse => Err(Denial::of_field(DenyCode::BlockedWords, field, None)),
            Filter::Mask => Ok(Fit {
                text: masked,
                is_flagged: false,
            }),
            Filter::Flag => {
                self.metrics.flagged.add(1);
                Ok(as_it_is(true))
            }
            Filter::Off => Ok(as_it_is(false)),
        }
    }

    /// To be held while the store and then the hub are told who is in a channel
    /// and what they may do there: two changes in a row must reach both in the
    /// same order, and so those of other servers.
    ///
    /// # Errors
    /// See [`StoreError`]; also when others have changed the channel for too long.
    pub(crate) async fn change_channel(
        &self,
        name: &ChannelName,
    ) -> Result<ChannelChange, StoreError> {
        let waiting = async {
            // First: few changes at a time wait for the store.
            let here = self.channel_locks.lock(name).await;
            let everywhere = self.store.lock_channel(name).await?;
            Ok(ChannelChange::new(here, everywhere, self.hub.clone()))
        };
        let waited = timeout(CHANNEL_WAIT, waiting).await;
        waited.unwrap_or_else(|_| Err(StoreError::Unavailable))
    }

    /// Counts a try here, and then with those on other servers of the store: what is
    /// denied in this server's memory costs the store nothing.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come, or `unavailable`.
    pub(crate) async fn count_try(&self, tried: Tried<'_>) -> Outcome {
        self.limits.check_try(tried)?;
        match self.store.take(self.limits.shared(tried)).await? {
            None => Ok(()),
            Some(wait) => Err(Denial::for_now(DenyCode::RateLimited, wait).into()),
        }
    }

    /// Has this server hear what is said in these channels. True if it did not before: then
    /// what the store said of them is too old.
    pub(crate) async fn hear(&self, channels: &[ChannelId]) -> bool {
        match &self.cluster {
            Some(cluster) => cluster.hear(channels).await,
            None => false,
        }
    }

    /// A number for the log, unique for this run.
    pub(crate) fn connection_id(&self) -> u64 {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    /// When a session ends that begins or goes on now.
    pub(crate) fn session_end_ms(&self) -> i64 {
        let lifetime = i64::try_from(self.settings().timeouts.resume.as_millis());
        let from = self.clock.lasting_from_ms();
        from.saturating_add(lifetime.unwrap_or(i64::MAX))
    }
}

/// Forgets the addresses, names and tokens that have not been there for a while, and the old
/// names of accounts whose time is over, once a minute.
async fn drop_idle(
    limits: Arc<RateLimits>,
    seen_tokens: Arc<SeenTokens>,
    store: Arc<dyn Store>,
    settings: Settings,
    clock: Arc<Clock>,
) {
    let mut minutes = interval(Duration::from_secs(60));
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        limits.drop_idle();
        // Twice as long as a connection may stay logged out.
        let shown_ago = 2 * settings.now().timeouts.login;
        seen_tokens.forget_older_than(shown_ago);
        if let Err(cause) = store.drop_idle_limits().await {
            warn!(%cause, "cannot forget tries that count no more for now");
        }
        match store.free_old_names(clock.ended_by_ms()).await {
            Ok(()) | Err(StoreError::Unavailable) => {}
            Err(cause) => warn!(%cause, "old names are kept for longer"),
        }
    }
}
