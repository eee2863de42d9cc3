//! The twin of the SQLite store for tests: same behaviour, nothing kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use longhall_packet::NameKeys;

use super::{NewSession, NewUser, Rotation, Store, StoreError, TokenHash, User, UserId};

/// Accounts and sessions in memory.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, (User, NameKeys)>,
    sessions: Vec<Session>,
    closed: bool,
}

struct Session {
    user: UserId,
    token: TokenHash,
    previous: Option<TokenHash>,
    expires_at_ms: i64,
}

impl State {
    fn user_by(&self, found: impl Fn(&NameKeys) -> bool) -> Option<&User> {
        self.users
            .values()
            .find(|(_, keys)| found(keys))
            .map(|(user, _)| user)
    }
}

impl MemoryStore {
    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            Err(StoreError::Closed)
        } else {
            Ok(state)
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError> {
        let mut state = self.open()?;
        let keys = user.keys;
        if state.user_by(|k| k.overlaps(&keys)).is_some() {
            return Ok(None);
        }
        let id = UserId(i64::try_from(state.users.len()).unwrap_or(i64::MAX) + 1);
        let user = User {
            id,
            username: user.username,
            password_hash: user.password_hash,
        };
        state.users.insert(id, (user, keys));
        Ok(Some(id))
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError> {
        Ok(self.open()?.user_by(|k| k.name == name_key).cloned())
    }

    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError> {
        Ok(self.open()?.user_by(|k| k.overlaps(keys)).is_some())
    }

    async fn set_password_hash(&self, user: UserId, hash: String) -> Result<(), StoreError> {
        if let Some((user, _)) = self.open()?.users.get_mut(&user) {
            user.password_hash = hash;
        }
        Ok(())
    }

    async fn insert_session(&self, session: NewSession) -> Result<(), StoreError> {
        let mut state = self.open()?;
        state
            .sessions
            .retain(|s| s.user != session.user && s.expires_at_ms > session.now_ms);
        state.sessions.push(Session {
            user: session.user,
            token: session.token,
            previous: None,
            expires_at_ms: session.expires_at_ms,
        });
        Ok(())
    }

    async fn rotate_session(&self, rotation: Rotation) -> Result<Option<User>, StoreError> {
        let mut state = self.open()?;
        let Some(session) = state.sessions.iter_mut().find(|s| {
            (s.token == rotation.presented || s.previous == Some(rotation.presented))
                && s.expires_at_ms > rotation.now_ms
        }) else {
            return Ok(None);
        };
        session.token = rotation.next;
        session.previous = Some(rotation.presented);
        session.expires_at_ms = rotation.expires_at_ms;
        let user = session.user;
        Ok(state.users.get(&user).map(|(user, _)| user.clone()))
    }

    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError> {
        self.open()?.sessions.retain(|s| s.token != token);
        Ok(())
    }

    async fn close(&self) {
        if let Ok(mut state) = self.open() {
            state.closed = true;
        }
    }
}
