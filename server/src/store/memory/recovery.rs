//! What accounts are come back to by, asked of the model.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{
    CodeHash, Recovered, Recovering, Recovery, Safety, SessionId, StoreError, UserId,
};

#[async_trait]
impl Recovering for MemoryStore {
    async fn safety(&self, user: UserId) -> Result<Safety, StoreError> {
        self.with(|world| world.safety(user))
    }

    async fn renew_codes(
        &self,
        user: UserId,
        known: String,
        codes: Vec<CodeHash>,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.renew_codes(user, &known, &codes))
    }

    async fn give_code(
        &self,
        user: UserId,
        code: CodeHash,
        until_ms: i64,
    ) -> Result<(), StoreError> {
        self.with(|world| world.give_code(user, code, until_ms))
    }

    async fn recover(&self, recovery: Recovery) -> Result<Option<Recovered>, StoreError> {
        self.with(|world| world.recover(recovery))
    }

    async fn use_code(&self, user: UserId, code: CodeHash) -> Result<bool, StoreError> {
        self.with(|world| world.use_code(user, code))
    }

    async fn begin_factor(&self, user: UserId, secret: String) -> Result<bool, StoreError> {
        self.with(|world| world.begin_factor(user, secret))
    }

    async fn begun_factor(&self, user: UserId) -> Result<Option<String>, StoreError> {
        self.with(|world| world.begun_factor(user))
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: String,
        step: i64,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.with(|world| world.confirm_factor(user, &secret, step, keep))
    }

    async fn use_step(&self, user: UserId, secret: String, step: i64) -> Result<bool, StoreError> {
        self.with(|world| world.use_step(user, &secret, step))
    }

    async fn end_factor(&self, user: UserId, secret: String) -> Result<bool, StoreError> {
        self.with(|world| world.end_factor(user, &secret))
    }
}
