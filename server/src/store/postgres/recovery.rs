//! What accounts are come back to by, asked of a PostgreSQL database.

use async_trait::async_trait;

use super::PostgresStore;
use crate::store::sql::recovery;
use crate::store::{
    CodeHash, Recovered, Recovering, Recovery, Safety, SessionId, StoreError, UserId,
};

#[async_trait]
impl Recovering for PostgresStore {
    async fn safety(&self, user: UserId) -> Result<Safety, StoreError> {
        self.read(move |db| recovery::safety(db, user)).await
    }

    async fn renew_codes(
        &self,
        user: UserId,
        known: String,
        codes: Vec<CodeHash>,
    ) -> Result<bool, StoreError> {
        self.write(move |db| recovery::renew_codes(db, user, &known, &codes))
            .await
    }

    async fn give_code(
        &self,
        user: UserId,
        code: CodeHash,
        until_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(move |db| recovery::give_code(db, user, code, until_ms))
            .await
    }

    async fn recover(&self, recovery: Recovery) -> Result<Option<Recovered>, StoreError> {
        self.write(move |db| recovery::recover(db, &recovery)).await
    }

    async fn use_code(&self, user: UserId, code: CodeHash) -> Result<bool, StoreError> {
        self.write(move |db| recovery::use_code(db, user, code))
            .await
    }

    async fn begin_factor(&self, user: UserId, secret: String) -> Result<bool, StoreError> {
        self.write(move |db| recovery::begin_factor(db, user, &secret))
            .await
    }

    async fn begun_factor(&self, user: UserId) -> Result<Option<String>, StoreError> {
        self.read(move |db| recovery::begun_factor(db, user)).await
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: String,
        step: i64,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(move |db| recovery::confirm_factor(db, user, &secret, step, keep))
            .await
    }

    async fn use_step(&self, user: UserId, secret: String, step: i64) -> Result<bool, StoreError> {
        self.write(move |db| recovery::use_step(db, user, &secret, step))
            .await
    }

    async fn end_factor(&self, user: UserId, secret: String) -> Result<bool, StoreError> {
        self.write(move |db| recovery::end_factor(db, user, &secret))
            .await
    }
}
