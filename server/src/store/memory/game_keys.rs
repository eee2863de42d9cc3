//! Keys by which games' own servers ask for things, in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{GameKey, GameKeyHash, GameKeys, NewGameKey, StoreError};

/// The keys, and the number of the newest there was.
#[derive(Default)]
pub(super) struct Keys {
    rows: Vec<(GameKeyHash, GameKey)>,
    last_id: i64,
}

impl MemoryStore {
    fn with_keys<T>(&self, act: impl FnOnce(&mut Keys) -> T) -> Result<T, StoreError> {
        let state = &mut *self.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        Ok(act(&mut state.game_keys))
    }
}

#[async_trait]
impl GameKeys for MemoryStore {
    async fn insert_game_key(&self, new: NewGameKey) -> Result<bool, StoreError> {
        self.with_keys(|keys| {
            if keys.rows.iter().any(|(_, key)| key.name == new.name) {
                return false;
            }
            keys.last_id += 1;
            let key = GameKey {
                id: keys.last_id,
                name: new.name,
                scopes: new.scopes,
                created_at_ms: new.created_at_ms,
                last_used_at_ms: 0,
                until_ms: new.until_ms,
            };
            keys.rows.push((new.hash, key));
            keys.rows
                .sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
            true
        })
    }

    async fn game_key(&self, hash: GameKeyHash) -> Result<Option<GameKey>, StoreError> {
        self.with_keys(|keys| {
            let found = keys.rows.iter().find(|(of, _)| *of == hash);
            found.map(|(_, key)| key.clone())
        })
    }

    async fn game_keys(&self) -> Result<Vec<GameKey>, StoreError> {
        self.with_keys(|keys| keys.rows.iter().map(|(_, key)| key.clone()).collect())
    }

    async fn set_game_key_used(&self, id: i64, now_ms: i64) -> Result<(), StoreError> {
        self.with_keys(|keys| {
            for (_, key) in keys.rows.iter_mut().filter(|(_, key)| key.id == id) {
                key.last_used_at_ms = key.last_used_at_ms.max(now_ms);
            }
        })
    }

    async fn delete_game_key(&self, name: &str) -> Result<bool, StoreError> {
        self.with_keys(|keys| {
            let before = keys.rows.len();
            keys.rows.retain(|(_, key)| key.name != name);
            keys.rows.len() < before
        })
    }
}
