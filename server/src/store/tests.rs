//! What every store must do. Runs against each implementation.

mod twins;

use std::sync::Arc;

use longhall_packet::Username;

use super::*;

fn new_user(name: &str) -> NewUser {
    let username = Username::parse(name).unwrap();
    NewUser {
        username: name.to_owned(),
        keys: username.keys(),
        password_hash: format!("hash of {name}"),
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
        at_most: 1,
    }
}

fn rotation(presented: u8, next: u8, now_ms: i64) -> Rotation {
    Rotation {
        presented: TokenHash([presented; 32]),
        next: TokenHash([next; 32]),
        now_ms,
        expires_at_ms: now_ms + 1000,
    }
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

macro_rules! for_each_store {
    ($($test:ident)*) => {
        mod in_memory { $(#[tokio::test] async fn $test() { super::$test(&*super::Fixture::store(&super::memory())).await; })* }
        mod in_sqlite { $(#[tokio::test] async fn $test() {
            let fixture = super::sqlite();
            super::$test(&*super::Fixture::store(&fixture)).await;
        })* }
    };
}

for_each_store! {
    a_user_is_found_by_name_as_registered
    a_name_or_a_look_alike_is_given_once
    a_password_hash_is_replaced
    a_session_is_resumed_by_its_newest_or_last_token
    a_new_session_ends_the_users_others_only
    an_expired_session_is_over
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
        .set_password_hash(ada, "better".to_owned())
        .await
        .unwrap();
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
            .map(|(user, _)| user.id)
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

async fn a_closed_store_says_so(store: &dyn Store) {
    store.close().await;
    let error = store.insert_user(new_user("ada")).await.unwrap_err();
    assert!(matches!(error, StoreError::Closed), "{error}");
    let Err(error) = store.user_by_name("ada").await else {
        panic!("a closed store answered")
    };
    assert!(matches!(error, StoreError::Closed), "{error}");
    store.close().await;
}
