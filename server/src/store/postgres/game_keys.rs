//! Keys by which games' own servers ask for things, asked of a PostgreSQL database.

use async_trait::async_trait;

use super::PostgresStore;
use crate::store::sql::game_keys;
use crate::store::{GameKey, GameKeyHash, GameKeys, NewGameKey, StoreError};

#[async_trait]
impl GameKeys for PostgresStore {
    async fn insert_game_key(&self, new: NewGameKey) -> Result<bool, StoreError> {
        self.write(move |db| game_keys::insert(db, &new)).await
    }

    async fn game_key(&self, hash: GameKeyHash) -> Result<Option<GameKey>, StoreError> {
        self.read(move |db| game_keys::by_hash(db, hash)).await
    }

    async fn game_keys(&self) -> Result<Vec<GameKey>, StoreError> {
        self.read(|db| game_keys::list(db)).await
    }

    async fn set_game_key_used(&self, id: i64, now_ms: i64) -> Result<(), StoreError> {
        self.write(move |db| game_keys::set_used(db, id, now_ms))
            .await
    }

    async fn delete_game_key(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |db| game_keys::delete(db, &name)).await
    }
}
