//! Forgets lines and sessions that are older, or more, than the operator wants to keep.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::{debug, info, warn};

use crate::clock::{Clock, now_ms};
use crate::config::History;
use crate::settings::Settings;
use crate::store::{Pruned, Retention, Shrunk, Store, StoreError};

/// Between two steps of one round, so that players' lines go first.
const PAUSE: Duration = Duration::from_millis(20);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(60);
/// Between two warnings that lines had to make room.
const TOLD_AGAIN: Duration = Duration::from_secs(60);
/// Between two warnings that the database is too large with no lines left.
const SAID_AGAIN: Duration = Duration::from_secs(60 * 60);

/// Forgets at the start and then regularly, in steps that keep nobody waiting.
pub(crate) async fn run(store: Arc<dyn Store>, clock: Arc<Clock>, settings: Settings) {
    let rounds = async {
        loop {
            let history = settings.now().history.clone();
            if let Err(cause) = one_round(&*store, &clock, &history).await {
                tell(&cause, "cannot forget old lines for now");
            }
            sleep(history.prune_interval).await;
        }
    };
    let looks = async {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            clock.look();
        }
    };
    tokio::select! {
        () = rounds => {}
        () = looks => {}
        () = keep_small(&*store, &settings) => {}
    }
}

/// A line for the operator, unless one was said when the database went away.
fn tell(cause: &StoreError, what: &str) {
    match cause {
        StoreError::Unavailable => debug!(what, "the database is away"),
        StoreError::Full | StoreError::Failed(_) | StoreError::Closed => warn!(%cause, "{what}"),
    }
}

async fn one_round(store: &dyn Store, clock: &Clock, history: &History) -> Result<(), StoreError> {
    let mut all = Pruned::default();
    let retention = retention(clock, history);
    let outcome = loop {
        match store.prune(retention).await {
            Ok(done) => {
                all.old += done.old;
                all.beyond += done.beyond;
                all.sessions += done.sessions;
                if !done.is_more {
                    break Ok(());
                }
                sleep(PAUSE).await;
            }
            Err(cause) => break Err(cause),
        }
    };
    let is_any = all.old + all.beyond + all.sessions > 0;
    if is_any {
        info!(
            too_old = all.old,
            too_many = all.beyond,
            sessions_expired = all.sessions,
            history_days = history.days,
            "forgot lines and sessions"
        );
    }
    outcome?;
    forget_reports(store, clock, history).await?;
    store.set_seen(clock.look()).await
}

/// Forgets reports that were closed long ago.
async fn forget_reports(
    store: &dyn Store,
    clock: &Clock,
    history: &History,
) -> Result<(), StoreError> {
    let Some(now_ms) = clock.old_by_ms() else {
        return Ok(());
    };
    let kept_ms = i64::from(history.report_retention).saturating_mul(DAY_MS);
    let mut reports = 0;
    loop {
        let forgotten = store.prune_reports(now_ms.saturating_sub(kept_ms)).await?;
        if forgotten == 0 {
            break;
        }
        reports += forgotten;
        sleep(PAUSE).await;
    }
    if reports > 0 {
        info!(
            reports,
            days = history.report_retention,
            "forgot reports that were closed"
        );
    }
    Ok(())
}

/// What is to be forgotten by now.
fn retention(clock: &Clock, history: &History) -> Retention {
    let seen = clock.look();
    let days = i64::from(history.days).saturating_mul(DAY_MS);
    let old_by_ms = clock.old_by_ms();
    let not_before_ms = old_by_ms.map_or(i64::MIN, |now| now.saturating_sub(days));
    Retention {
        not_before_ms,
        // When they are too old even by when they were said, there is no doubt.
        doubtful_ms: seen
            .doubt
            .filter(|doubt| doubt.said_ms >= not_before_ms)
            .map(|doubt| (doubt.from_ms, doubt.to_ms)),
        lines_per_channel: history.lines,
        whispers_per_inbox: history.whispers_kept,
        now_ms: old_by_ms.unwrap_or(i64::MIN),
    }
}

/// Makes room when the database is larger than the operator wants it to be.
async fn keep_small(store: &dyn Store, settings: &Settings) {
    // A flood is told once a minute, with the first word at once.
    let mut quiet_until = Instant::now();
    let mut untold = Shrunk::default();
    let mut pause = Duration::ZERO;
    loop {
        sleep(pause).await;
        let History {
            max_database_bytes: max_bytes,
            size_interval,
            ..
        } = settings.now().history;
        pause = size_interval;
        if max_bytes == 0 {
            continue;
        }
        loop {
            match store.shrink(max_bytes).await {
                Ok(done) => {
                    untold.lines += done.lines;
                    untold.up_to_ms = untold.up_to_ms.max(done.up_to_ms);
                    untold.bytes = done.bytes;
                    if !done.is_more {
                        break;
                    }
                    sleep(PAUSE).await;
                }
                Err(cause) => {
                    tell(&cause, "cannot make room in the database for now");
                    break;
                }
            }
        }
        if Instant::now() < quiet_until {
            continue;
        }
        if untold.lines > 0 {
            quiet_until = Instant::now() + TOLD_AGAIN;
            warn!(
                lines = untold.lines,
                newest_was_days_old = now_ms().saturating_sub(untold.up_to_ms) / DAY_MS,
                bytes_in_use = untold.bytes,
                max_bytes,
                "forgot the oldest lines, as the database was larger than it may be"
            );
        } else if untold.bytes > max_bytes {
            quiet_until = Instant::now() + SAID_AGAIN;
            warn!(
                bytes_in_use = untold.bytes,
                max_bytes, "the database is larger than it may be, though no lines are left"
            );
        }
        untold = Shrunk::default();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use longhall_packet::Username;

    use super::*;
    use crate::config::Config;
    use crate::store::{
        Appended, Doubt, LogAction, LogEntry, MemoryStore, NewSession, NewUser, Rotation, Seen,
        TokenHash,
    };

    /// What a server keeps of the past, and by which clock.
    struct Kept {
        store: MemoryStore,
        clock: Clock,
        history: History,
    }

    /// A line in the lobby and a session, both of so many days ago, kept by a clock that
    /// was seen last so many days ago.
    async fn with_history(said: i64, seen: Seen) -> Kept {
        let config = Config::default();
        let store = MemoryStore::default();
        let lobby = store.open_lobby(&config.lobby.name, 0).await.unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            keys: Username::parse("ada").unwrap().keys(),
            password_hash: String::new(),
            recovery_codes: Vec::new(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let line = LogEntry {
            sender: ada,
            sender_name: "ada".to_owned(),
            what: LogAction::Say {
                channel: lobby.id,
                line_id: 1,
                text: "hello".to_owned(),
            },
            now_ms: ago(said),
        };
        let done = store.append(vec![line]).await.unwrap();
        assert!(matches!(done[..], [Appended::Line { .. }]));
        let session = NewSession {
            place: None,
            user: ada,
            token: TokenHash([1; 32]),
            device: String::new(),
            now_ms: ago(said),
            expires_at_ms: ago(said - 30),
            ended_by_ms: 0,
            at_most: 9,
            connected: Vec::new(),
            network: None,
        };
        store.insert_session(session).await.unwrap();
        store.set_seen(seen).await.unwrap();
        Kept {
            store,
            clock: Clock::start(seen, Duration::ZERO),
            history: config.history,
        }
    }

    fn ago(days: i64) -> i64 {
        now_ms() - days * DAY_MS
    }

    fn seen(days: i64) -> Seen {
        Seen {
            believed_ms: Some(ago(days)),
            doubt: None,
        }
    }

    impl Kept {
        async fn round(&self) {
            one_round(&self.store, &self.clock, &self.history)
                .await
                .unwrap();
        }

        async fn lines(&self) -> u64 {
            let name = Config::default().lobby.name;
            let lobby = self.store.channel_by_name(&name).await.unwrap().unwrap();
            lobby.last_seq + 1 - lobby.first_seq
        }

        async fn resumes(&self) -> bool {
            let rotation = Rotation {
                place: None,
                presented: TokenHash([1; 32]),
                next: TokenHash([2; 32]),
                now_ms: now_ms(),
                expires_at_ms: self.clock.lasting_from_ms() + 30 * DAY_MS,
                ended_by_ms: self.clock.ended_by_ms(),
            };
            let resumed = self.store.rotate_session(rotation).await.unwrap();
            resumed.is_some()
        }
    }

    /// What an operator reads from now on.
    fn listen() -> (tracing::subscriber::DefaultGuard, Arc<Mutex<Vec<u8>>>) {
        struct Told(Arc<Mutex<Vec<u8>>>);

        impl std::io::Write for Told {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || Told(Arc::clone(&log)))
            .with_ansi(false)
            .finish();
        (tracing::subscriber::set_default(subscriber), told)
    }

    fn text(told: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(told.lock().unwrap().clone()).unwrap()
    }

    #[tokio::test]
    async fn what_is_old_by_a_clock_that_is_right_is_forgotten_and_told() {
        let kept = with_history(100, seen(0)).await;
        let (_listening, told) = listen();
        kept.round().await;
        assert_eq!(kept.lines().await, 0);
        assert!(!kept.resumes().await);
        let text = text(&told);
        let counts = "too_old=1 too_many=0 sessions_expired=1";
        assert!(text.contains(counts), "{text}");
        // A round that forgets nothing says nothing.
        told.lock().unwrap().clear();
        kept.round().await;
        assert!(told.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn lines_that_make_room_are_told() {
        let mut kept = with_history(1, seen(0)).await;
        kept.history.max_database_bytes = 100;
        kept.history.size_interval = Duration::from_millis(1);
        let (_listening, told) = listen();
        let is_told = async {
            while !text(&told).contains("forgot the oldest lines") {
                tokio::task::yield_now().await;
            }
        };
        let settings = Settings::from(Config::with(|config| config.history = kept.history.clone()));
        tokio::select! {
            () = keep_small(&kept.store, &settings) => {}
            () = is_told => {}
        }
        assert_eq!(kept.lines().await, 0);
        let text = text(&told);
        assert!(
            text.contains("WARN") && text.contains(" lines=1 "),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_clock_that_is_a_year_ahead_takes_nothing_from_anybody() {
        let kept = with_history(366, seen(365)).await;
        kept.round().await;
        assert_eq!(kept.lines().await, 1);
        assert!(kept.resumes().await);
        // The next start finds the same, however often.
        let seen = kept.store.seen();
        let believed_ms = seen.believed_ms.unwrap();
        assert!(believed_ms < ago(363), "{seen:?}");
    }

    #[tokio::test]
    async fn lines_said_while_the_clock_was_behind_are_kept() {
        let mut seen = seen(0);
        seen.doubt = Some(Doubt {
            from_ms: ago(400),
            to_ms: ago(398),
            said_ms: ago(1),
        });
        let kept = with_history(399, seen).await;
        kept.round().await;
        assert_eq!(kept.lines().await, 1);
        // Until they are old by when they were said.
        seen.doubt = seen.doubt.map(|doubt| Doubt {
            said_ms: ago(91),
            ..doubt
        });
        let kept = with_history(399, seen).await;
        kept.round().await;
        assert_eq!(kept.lines().await, 0);
    }

    #[tokio::test]
    async fn nothing_is_old_right_after_a_start() {
        let mut kept = with_history(100, seen(0)).await;
        kept.clock = Clock::start(seen(0), kept.history.clock_wait);
        kept.round().await;
        assert_eq!(kept.lines().await, 1);
    }
}
