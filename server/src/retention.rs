//! Forgets what is older or more than the operator wants to keep.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use crate::Server;
use crate::clock::now_ms;
use crate::store::{Pruned, Retention, Shrunk, StoreError};

/// Between two steps of one round, so that players' lines go first.
const PAUSE: Duration = Duration::from_millis(20);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The clock is looked at so often between the rounds.
const LOOK: Duration = Duration::from_secs(60);
/// Lines that made room are told of so often.
const TOLD_AGAIN: Duration = Duration::from_secs(60);
/// That the database is too large though there are no lines left is said so often.
const SAID_AGAIN: Duration = Duration::from_secs(60 * 60);

/// Forgets at the start and then regularly, in steps that keep nobody waiting.
/// Ends with the server.
pub(crate) async fn forget_the_old(server: Arc<Server>) {
    let rounds = async {
        let mut rounds = interval(server.config.history.prune_interval);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Err(cause) = one_round(&server).await {
                warn!(%cause, "cannot forget old lines for now");
            }
        }
    };
    let looks = async {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            server.clock.look();
        }
    };
    tokio::select! {
        () = rounds => {}
        () = looks => {}
        () = keep_small(&server) => {}
        () = server.stopping.cancelled() => {}
    }
}

async fn one_round(server: &Server) -> Result<(), StoreError> {
    let mut all = Pruned::default();
    let retention = retention(server);
    let outcome = loop {
        match server.store.prune(retention).await {
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
            history_days = server.config.history.days,
            "forgot lines and sessions"
        );
    }
    outcome?;
    server.store.set_seen(server.clock.look()).await
}

/// What is to be forgotten by now.
fn retention(server: &Server) -> Retention {
    let config = &server.config;
    let seen = server.clock.look();
    let days = i64::from(config.history.days).saturating_mul(DAY_MS);
    let old_by_ms = server.clock.old_by_ms();
    let not_before_ms = old_by_ms.map_or(i64::MIN, |now| now.saturating_sub(days));
    Retention {
        not_before_ms,
        // When they are too old even by when they were said, there is no doubt.
        doubtful_ms: seen
            .doubt
            .filter(|doubt| doubt.said_ms >= not_before_ms)
            .map(|doubt| (doubt.from_ms, doubt.to_ms)),
        lines_per_channel: config.history.lines,
        whispers_per_inbox: config.history.whispers_kept,
        now_ms: old_by_ms.unwrap_or(i64::MIN),
    }
}

/// Makes room when the database is larger than the operator wants it to be.
async fn keep_small(server: &Server) {
    let max_bytes = server.config.history.max_database_bytes;
    if max_bytes == 0 {
        return std::future::pending().await;
    }
    let mut rounds = interval(server.config.history.size_interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A flood is told once a minute, with the first word at once.
    let mut quiet_until = Instant::now();
    let mut untold = Shrunk::default();
    loop {
        rounds.tick().await;
        loop {
            match server.store.shrink(max_bytes).await {
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
                    warn!(%cause, "cannot make room in the database for now");
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
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::config::{Config, HashCost};
    use crate::store::{
        Appended, Doubt, Entry, MemoryStore, NewSession, NewUser, Rotation, Seen, Store, TokenHash,
        What,
    };

    /// A server with a line in the lobby and a session, both of so many days ago, whose
    /// clock was seen last so many days ago.
    async fn with_history(said: i64, seen: Seen) -> Arc<Server> {
        let config = Config::with(|config| {
            config.history.clock_wait = Duration::ZERO;
            config.hashing.cost = HashCost::FOR_TESTS;
        });
        let store = Arc::new(MemoryStore::default());
        let lobby = store.open_lobby(&config.lobby.name, 0).await.unwrap();
        let ada = NewUser {
            username: "ada".to_owned(),
            keys: Username::parse("ada").unwrap().keys(),
            password_hash: String::new(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let line = Entry {
            sender: ada,
            sender_name: "ada".to_owned(),
            what: What::Say {
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
        };
        store.insert_session(session).await.unwrap();
        store.set_seen(seen).await.unwrap();
        let opened = Server::open(config, store, CancellationToken::new());
        opened.await.unwrap()
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

    async fn lines(server: &Server) -> u64 {
        let lobby = server
            .store
            .channel_by_name(&server.config.lobby.name)
            .await;
        let lobby = lobby.unwrap().unwrap();
        lobby.last_seq + 1 - lobby.first_seq
    }

    async fn resumes(server: &Server) -> bool {
        let rotation = Rotation {
            place: None,
            presented: TokenHash([1; 32]),
            next: TokenHash([2; 32]),
            now_ms: now_ms(),
            expires_at_ms: server.session_end_ms(),
            ended_by_ms: server.clock.ended_by_ms(),
        };
        let resumed = server.store.rotate_session(rotation).await.unwrap();
        resumed.is_some()
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
        let server = with_history(100, seen(0)).await;
        let (_listening, told) = listen();
        one_round(&server).await.unwrap();
        assert_eq!(lines(&server).await, 0);
        assert!(!resumes(&server).await);
        let text = text(&told);
        let counts = "too_old=1 too_many=0 sessions_expired=1";
        assert!(text.contains(counts), "{text}");
        // What forgets nothing says nothing.
        told.lock().unwrap().clear();
        one_round(&server).await.unwrap();
        assert!(told.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn lines_that_make_room_are_told() {
        let mut server = with_history(1, seen(0)).await;
        let config = &mut Arc::get_mut(&mut server).unwrap().config;
        config.history.max_database_bytes = 100;
        config.history.size_interval = Duration::from_millis(1);
        let (_listening, told) = listen();
        let is_told = async {
            while !text(&told).contains("forgot the oldest lines") {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = keep_small(&server) => {}
            () = is_told => {}
        }
        assert_eq!(lines(&server).await, 0);
        let text = text(&told);
        assert!(
            text.contains("WARN") && text.contains(" lines=1 "),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_clock_that_is_a_year_ahead_takes_nothing_from_anybody() {
        let server = with_history(366, seen(365)).await;
        one_round(&server).await.unwrap();
        assert_eq!(lines(&server).await, 1);
        assert!(resumes(&server).await);
        // The next start finds the same, however often.
        let seen = server.store.seen();
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
        let server = with_history(399, seen).await;
        one_round(&server).await.unwrap();
        assert_eq!(lines(&server).await, 1);
        // Until they are old by when they were said.
        seen.doubt = seen.doubt.map(|doubt| Doubt {
            said_ms: ago(91),
            ..doubt
        });
        let server = with_history(399, seen).await;
        one_round(&server).await.unwrap();
        assert_eq!(lines(&server).await, 0);
    }

    #[tokio::test]
    async fn nothing_is_old_right_after_a_start() {
        let mut server = with_history(100, seen(0)).await;
        let server = Arc::get_mut(&mut server);
        // The chat log has no hold of the server, only of its store.
        let server = server.expect("nobody else has it");
        server.clock = crate::clock::Clock::start(seen(0), Config::default().history.clock_wait);
        one_round(server).await.unwrap();
        assert_eq!(lines(server).await, 1);
    }
}
