//! What players do with their own accounts, in a SQLite file.

use async_trait::async_trait;

use super::SqliteStore;
use crate::store::sql::own_data;
use crate::store::{
    Deletion, DeletionClaim, Kept, NameChanged, NewName, OwnData, StoreError, UserId,
};

#[async_trait]
impl OwnData for SqliteStore {
    async fn mark_deletion(
        &self,
        user: UserId,
        known: String,
        asked_at_ms: i64,
        due_at_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |db| own_data::mark(db, user, &known, asked_at_ms, due_at_ms))
            .await
    }

    async fn keep_account(&self, user: UserId, now_ms: i64) -> Result<Kept, StoreError> {
        self.write(move |db| own_data::keep(db, user, now_ms)).await
    }

    async fn claim_deletion(&self, claim: DeletionClaim) -> Result<Option<Deletion>, StoreError> {
        // Mostly there is none, and nothing is written.
        if self
            .read(move |db| own_data::first(db, claim))
            .await?
            .is_none()
        {
            return Ok(None);
        }
        self.write(move |db| own_data::claim(db, claim)).await
    }

    async fn hold_deletion(&self, user: UserId, until_ms: i64) -> Result<(), StoreError> {
        self.write(move |db| own_data::hold(db, user, until_ms))
            .await
    }

    async fn forget_deletion(&self, user: UserId) -> Result<(), StoreError> {
        self.write(move |db| own_data::forget(db, user)).await
    }

    async fn change_name(&self, new: NewName) -> Result<NameChanged, StoreError> {
        self.write(move |db| own_data::change_name(db, &new)).await
    }

    async fn free_old_names(&self, now_ms: i64) -> Result<(), StoreError> {
        let is_over = self.read(move |db| own_data::is_old_name_over(db, now_ms));
        if !is_over.await? {
            return Ok(());
        }
        self.write(move |db| own_data::free_old_names(db, now_ms))
            .await
    }
}
