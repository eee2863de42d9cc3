//! What every store must do. Runs against each implementation.

/// Runs each test against each store.
macro_rules! for_each_store {
    ($($test:ident)*) => {
        mod in_memory { $(#[tokio::test] async fn $test() { super::$test(&*super::Fixture::store(&super::memory())).await; })* }
        mod in_sqlite { $(#[tokio::test] async fn $test() {
            let fixture = super::sqlite();
            super::$test(&*super::Fixture::store(&fixture)).await;
        })* }
        #[cfg(unix)]
        mod in_postgres { $(#[tokio::test] async fn $test() {
            let store = crate::store::postgres::tests::store();
            super::$test(&store).await;
        })* }
    };
}

mod channels;
mod game_keys;
mod gates;
mod lines;
mod operating;
mod recovery;
mod own_data;
mod profiles;
mod reports;
mod retention;
mod sanctions;
mod standings;
mod temporary;
mod halls;
mod tickets;
mod twins;
mod whispers;

use std::sync::Arc;

use longhall_packet::{LineId, LineKind, Username};

use super::*;

fn new_user(name: &str) -> NewUser {
    let username = Username::parse(name).unwrap();
    NewUser {
        username: name.to_owned(),
        keys: username.keys(),
        password_hash: format!("hash of {name}"),
        recovery_codes: Vec::new(),
    }
}

fn name_key(name: &str) -> String {
    Username::parse(name).unwrap().keys().name
}

fn session(user: UserId, token: u8) -> NewSession {
    NewSession {
        user,
        token: TokenHash([token; 32]),
        device: format!("device {token}"),
        now_ms: 1000,
        expires_at_ms: 2000,
        ended_by_ms: 1000,
        at_most: 1,
        connected: Vec::new(),
        place: None,
        network: None,
    }
}

fn rotation(presented: u8, next: u8, now_ms: i64) -> Rotation {
    Rotation {
        presented: TokenHash([presented; 32]),
        next: TokenHash([next; 32]),
        now_ms,
        expires_at_ms: now_ms + 1000,
        place: None,
        ended_by_ms: now_ms,
    }
}

async fn user(store: &dyn Store, name: &str) -> UserId {
    store.insert_user(new_user(name)).await.unwrap().unwrap()
}

fn channel_name(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn new_channel(owner: UserId, name: &str) -> NewChannel {
    NewChannel {
        name: channel_name(name),
        topic: String::new(),
        access: Access::Open,
        password_hash: None,
        owner,
        channels_per_account: 20,
        now_ms: 1000,
    }
}

async fn channel(store: &dyn Store, owner: UserId, name: &str) -> ChannelId {
    match store.insert_channel(new_channel(owner, name)).await {
        Ok(Created::Channel(channel)) => channel.id,
        other => panic!("{other:?}"),
    }
}

const LIMITS: MemberLimits = MemberLimits {
    members_per_channel: 100,
    channels_per_account: 20,
};

async fn join(store: &dyn Store, channel: ChannelId, user: UserId) {
    let added = store.insert_member(channel, user, LIMITS, 1000).await;
    assert_eq!(added.unwrap(), Added::Member);
}

/// Something written at the time 1000 by "user 7".
fn entry(sender: UserId, what: LogAction) -> LogEntry {
    LogEntry {
        sender,
        sender_name: format!("user {}", sender.0),
        what,
        now_ms: 1000,
    }
}

fn say(sender: UserId, channel: ChannelId, line_id: LineId, text: &str) -> LogEntry {
    let text = text.to_owned();
    entry(
        sender,
        LogAction::Say {
            channel,
            line_id,
            text,
        },
    )
}

fn whisper(sender: UserId, recipient: UserId, line_id: LineId, text: &str) -> LogEntry {
    entry(
        sender,
        LogAction::Whisper {
            recipient,
            recipient_name: format!("user {}", recipient.0),
            line_id,
            text: text.to_owned(),
            kept_at_most: None,
        },
    )
}

fn edit(sender: UserId, channel: Option<ChannelId>, of: Seq, text: &str) -> LogEntry {
    entry(
        sender,
        LogAction::Edit {
            channel,
            of,
            text: text.to_owned(),
            not_before_ms: 1000,
        },
    )
}

fn delete(sender: UserId, channel: Option<ChannelId>, of: Seq) -> LogEntry {
    entry(
        sender,
        LogAction::Delete {
            channel,
            of,
            not_before_ms: 1000,
        },
    )
}

async fn append_one(store: &dyn Store, entry: LogEntry) -> Appended {
    let mut all = store.append(vec![entry]).await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// The numbers, kinds and texts of a whole log.
async fn told(store: &dyn Store, log: Log) -> Vec<(Seq, LineKind, String)> {
    let page = store.lines(log, Cursor::After(0), 1000, usize::MAX);
    let lines = page.await.unwrap().lines.into_iter();
    lines
        .map(|(_, line)| (line.seq, line.kind, line.text))
        .collect()
}

/// An open store, and what must stay alive for it.
trait Fixture {
    fn store(&self) -> Arc<dyn Store>;
}

struct Memory(Arc<MemoryStore>);
struct Sqlite(
    Arc<SqliteStore>,
    #[expect(dead_code, reason = "deleted when dropped")] tempfile::TempDir,
);

impl Fixture for Memory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as _
    }
}

impl Fixture for Sqlite {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as _
    }
}

fn memory() -> Memory {
    Memory(Arc::default())
}

fn sqlite() -> Sqlite {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("longhall.db")).unwrap();
    Sqlite(Arc::new(store), folder)
}

for_each_store! {
    a_user_is_found_by_name_as_registered
    a_name_or_a_look_alike_is_given_once
    a_password_hash_is_replaced
    a_session_is_resumed_by_its_newest_or_last_token
    a_new_session_ends_the_users_others_only
    of_too_many_sessions_those_seen_least_lately_end
    sessions_are_listed_seen_latest_first
    a_session_is_ended_by_its_number_and_only_by_its_owner
    a_new_password_ends_the_other_sessions
    an_expired_session_is_over
    a_place_is_known_once_somebody_logged_in_from_it
    connections_are_numbered_by_rising_numbers
    of_two_resumes_at_once_the_later_has_the_token_that_stays_good
    a_closed_store_says_so
}

async fn a_user_is_found_by_name_as_registered(store: &dyn Store) {
    let id = store.insert_user(new_user("Ada")).await.unwrap().unwrap();
    let user = store.user_by_name(&name_key("aDA")).await.unwrap().unwrap();
    assert_eq!((user.id, user.username.as_str()), (id, "Ada"));
    assert_eq!(user.password_hash, "hash of Ada");
    assert!(
        store
            .user_by_name(&name_key("bob"))
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_place_is_known_once_somebody_logged_in_from_it(store: &dyn Store) {
    let (ada, bob) = (user(store, "Ada").await, user(store, "bob").await);
    let is_known = async |name: &str, place| {
        let known = store.is_known_place(&name_key(name), Place(place)).await;
        known.unwrap()
    };
    assert!(!is_known("ada", 1).await && !is_known("nobody", 1).await);
    let from = |user, token, place| NewSession {
        place: Some(Place(place)),
        ..session(user, token)
    };
    store.insert_session(from(ada, 1, 1)).await.unwrap();
    assert!(is_known("ada", 1).await);
    assert!(!is_known("ada", 2).await && !is_known("bob", 1).await);
    // A token that is worth something is as good as the password.
    let elsewhere = |presented, next| Rotation {
        place: Some(Place(2)),
        ..rotation(presented, next, 1500)
    };
    assert!(
        store
            .rotate_session(elsewhere(9, 10))
            .await
            .unwrap()
            .is_none()
    );
    assert!(!is_known("ada", 2).await);
    store
        .rotate_session(elsewhere(1, 2))
        .await
        .unwrap()
        .unwrap();
    assert!(is_known("ada", 2).await);
    // The place outlives the session, and of too many the oldest goes.
    store.insert_session(from(bob, 99, 1)).await.unwrap();
    for number in 0..PLACES_KEPT {
        let new = NewSession {
            now_ms: 2000 + i64::from(number),
            ..from(ada, 100 + number, 100 + u32::from(number))
        };
        store.insert_session(new).await.unwrap();
    }
    assert!(!is_known("ada", 1).await && !is_known("ada", 2).await);
    assert!(is_known("ada", 100).await && is_known("ada", 115).await && is_known("bob", 1).await);
}

async fn a_name_or_a_look_alike_is_given_once(store: &dyn Store) {
    store.insert_user(new_user("Ian")).await.unwrap().unwrap();
    for name in ["Ian", "ian", "lan", "1an"] {
        let user = new_user(name);
        assert!(store.is_name_taken(&user.keys).await.unwrap(), "{name}");
        assert_eq!(store.insert_user(user).await.unwrap(), None, "{name}");
    }
    assert!(!store.is_name_taken(&new_user("bob").keys).await.unwrap());
    assert!(store.insert_user(new_user("bob")).await.unwrap().is_some());
}

async fn a_password_hash_is_replaced(store: &dyn Store) {
    let ada = store.insert_user(new_user("ada")).await.unwrap().unwrap();
    store.insert_user(new_user("bob")).await.unwrap().unwrap();
    store
        .set_password_hash(ada, "hash of ada".to_owned(), "better".to_owned())
        .await
        .unwrap();
    // A login that read the hash before that changes nothing any more.
    let late = store.set_password_hash(ada, "hash of ada".to_owned(), "late".to_owned());
    assert!(!late.await.unwrap());
    let hash_of = async |name| {
        store
            .user_by_name(name)
            .await
            .unwrap()
            .unwrap()
            .password_hash
    };
    assert_eq!(hash_of("ada").await, "better");
    assert_eq!(hash_of("bob").await, "hash of bob");
}

async fn a_session_is_resumed_by_its_newest_or_last_token(store: &dyn Store) {
    let ada = store.insert_user(new_user("ada")).await.unwrap().unwrap();
    store.insert_session(session(ada, 1)).await.unwrap();
    let resumed = async |presented, next| {
        store
            .rotate_session(rotation(presented, next, 1500))
            .await
            .unwrap()
            .map(|resumed| resumed.user.id)
    };
    assert_eq!(resumed(9, 10).await, None);
    assert_eq!(resumed(1, 2).await, Some(ada));
    // The answer was lost; the client still has the old token.
    assert_eq!(resumed(1, 3).await, Some(ada));
    assert_eq!(resumed(2, 4).await, None);
    assert_eq!(resumed(3, 5).await, Some(ada));
    assert_eq!(resumed(1, 6).await, None);
}

async fn a_new_session_ends_the_users_others_only(store: &dyn Store) {
    let ada = store.insert_user(new_user("ada")).await.unwrap().unwrap();
    let bob = store.insert_user(new_user("bob")).await.unwrap().unwrap();
    store.insert_session(session(bob, 7)).await.unwrap();
    store.insert_session(session(ada, 1)).await.unwrap();
    store.insert_session(session(ada, 2)).await.unwrap();
    assert!(
        store
            .rotate_session(rotation(1, 3, 1500))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        store
            .rotate_session(rotation(7, 8, 1500))
            .await
            .unwrap()
            .is_some()
    );
    store.delete_session(TokenHash([2; 32])).await.unwrap();
    assert!(
        store
            .rotate_session(rotation(2, 4, 1500))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        store
            .rotate_session(rotation(8, 9, 1500))
            .await
            .unwrap()
            .is_some()
    );
}

async fn of_too_many_sessions_those_seen_least_lately_end(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let new = async |token, now_ms, at_most| {
        let session = NewSession {
            now_ms,
            ended_by_ms: now_ms,
            at_most,
            expires_at_ms: 9000,
            ..session(ada, token)
        };
        store.insert_session(session).await.unwrap()
    };
    let (first, ended) = new(1, 1000, 3).await;
    assert_eq!(ended, []);
    let (second, _) = new(2, 1001, 3).await;
    let (third, _) = new(3, 1002, 3).await;
    store.touch_session(first, 1500).await.unwrap();
    // Never back.
    store.touch_session(first, 1).await.unwrap();
    let (fourth, ended) = new(4, 1600, 3).await;
    assert_eq!(ended, [second]);
    let (fifth, ended) = new(5, 1700, 1).await;
    assert_eq!(ended, [first, third, fourth]);
    let left = store.sessions(ada, 1800).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, fifth);
    // An expired one neither counts nor is told of.
    let (_, ended) = new(6, 9000, 1).await;
    assert_eq!(ended, []);
}

async fn sessions_are_listed_seen_latest_first(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let many = |user, token| NewSession {
        at_most: 9,
        ..session(user, token)
    };
    let (first, _) = store.insert_session(many(ada, 1)).await.unwrap();
    let (second, _) = store.insert_session(many(ada, 2)).await.unwrap();
    store.insert_session(many(bob, 3)).await.unwrap();
    let resumed = store.rotate_session(rotation(1, 4, 1500)).await.unwrap();
    assert_eq!(resumed.map(|resumed| resumed.session), Some(first));
    let listed = store.sessions(ada, 1600).await.unwrap();
    let row = |id, device: &str, last_seen_at_ms| SessionRow {
        id,
        device: device.to_owned(),
        created_at_ms: 1000,
        last_seen_at_ms,
    };
    assert_eq!(
        listed,
        [row(first, "device 1", 1500), row(second, "device 2", 1000)]
    );
    // The second is over by then, the first was resumed.
    assert_eq!(store.sessions(ada, 2000).await.unwrap().len(), 1);
}

async fn a_session_is_ended_by_its_number_and_only_by_its_owner(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let mut made = Vec::new();
    for token in 1..=4 {
        let new = NewSession {
            at_most: 9,
            ..session(ada, token)
        };
        made.push(store.insert_session(new).await.unwrap().0);
    }
    let (keep, none) = (made[3], SessionId(0));
    let ended = store.delete_sessions(bob, Some(made[0]), none).await;
    assert_eq!(ended.unwrap(), []);
    let ended = store.delete_sessions(ada, Some(made[0]), keep).await;
    assert_eq!(ended.unwrap(), [made[0]]);
    let ended = store.delete_sessions(ada, None, keep).await;
    assert_eq!(ended.unwrap(), [made[1], made[2]]);
    let resumed = store.rotate_session(rotation(2, 9, 1500)).await.unwrap();
    assert!(resumed.is_none());
    let resumed = store.rotate_session(rotation(4, 9, 1500)).await.unwrap();
    assert!(resumed.is_some());
    // A number never means another session.
    let (next, _) = store.insert_session(session(bob, 7)).await.unwrap();
    assert!(!made.contains(&next));
}

async fn a_new_password_ends_the_other_sessions(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let mut made = Vec::new();
    for (user, token) in [(ada, 1), (ada, 2), (bob, 3)] {
        let new = NewSession {
            at_most: 9,
            ..session(user, token)
        };
        made.push(store.insert_session(new).await.unwrap().0);
    }
    let change = async |hash: &str, keep| {
        let known = "hash of ada".to_owned();
        let changed = store.change_password(ada, known, hash.to_owned(), keep);
        changed.await.unwrap()
    };
    assert_eq!(change("new hash", made[1]).await, Some(vec![made[0]]));
    assert_eq!(change("late hash", made[0]).await, None);
    assert_eq!(store.sessions(ada, 1500).await.unwrap().len(), 1);
    let ada = store.user_by_name("ada").await.unwrap().unwrap();
    assert_eq!(ada.password_hash, "new hash");
    assert_eq!(store.sessions(bob, 1500).await.unwrap().len(), 1);
}

async fn an_expired_session_is_over(store: &dyn Store) {
    let ada = store.insert_user(new_user("ada")).await.unwrap().unwrap();
    store.insert_session(session(ada, 1)).await.unwrap();
    assert!(
        store
            .rotate_session(rotation(1, 2, 2000))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        store
            .rotate_session(rotation(1, 2, 1999))
            .await
            .unwrap()
            .is_some()
    );
}

async fn connections_are_numbered_by_rising_numbers(store: &dyn Store) {
    let mut last = 0;
    for _ in 0..3 {
        let (one, other) =
            futures_util::join!(store.connection_number(), store.connection_number());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!(
            one.min(other) > last && one != other,
            "{last} {one} {other}"
        );
        last = one.max(other);
    }
}

async fn of_two_resumes_at_once_the_later_has_the_token_that_stays_good(store: &dyn Store) {
    let ada = store.insert_user(new_user("ada")).await.unwrap().unwrap();
    store.insert_session(session(ada, 1)).await.unwrap();
    let exchange = async |presented, next| {
        let rotated = store.rotate_session(rotation(presented, next, 1500)).await;
        rotated.unwrap().map(|resumed| resumed.connection)
    };
    let mut presented = 1;
    for round in 0..5 {
        let (one, other) = (10 + 2 * round, 11 + 2 * round);
        let (first, second) =
            futures_util::join!(exchange(presented, one), exchange(presented, other));
        let (winner, loser) = if first > second {
            (one, other)
        } else {
            (other, one)
        };
        assert!(first.is_some() && second.is_some() && first != second);
        assert_eq!(exchange(loser, 200).await, None);
        assert!(exchange(winner, 100 + round).await > first.max(second));
        presented = 100 + round;
    }
}

async fn a_closed_store_says_so(store: &dyn Store) {
    store.close().await;
    let error = store.insert_user(new_user("ada")).await.unwrap_err();
    assert!(matches!(error, StoreError::Closed), "{error}");
    let error = store.connection_number().await.unwrap_err();
    assert!(matches!(error, StoreError::Closed), "{error}");
    let Err(error) = store.user_by_name("ada").await else {
        panic!("a closed store answered")
    };
    assert!(matches!(error, StoreError::Closed), "{error}");
    store.close().await;
}
