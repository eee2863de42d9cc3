//! What players do with their own accounts, in the model.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{
    Deletion, DeletionClaim, Kept, NameChanged, NewName, OwnData, StoreError, UserId,
};

#[async_trait]
impl OwnData for MemoryStore {
    async fn mark_deletion(
        &self,
        user: UserId,
        known: String,
        asked_at_ms: i64,
        due_at_ms: i64,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.mark_deletion(user, &known, asked_at_ms, due_at_ms))
    }

    async fn keep_account(&self, user: UserId, now_ms: i64) -> Result<Kept, StoreError> {
        self.with(|world| world.keep_account(user, now_ms))
    }

    async fn claim_deletion(&self, claim: DeletionClaim) -> Result<Option<Deletion>, StoreError> {
        self.with(|world| world.claim_deletion(claim))
    }

    async fn hold_deletion(&self, user: UserId, until_ms: i64) -> Result<(), StoreError> {
        self.with(|world| world.hold_deletion(user, until_ms))
    }

    async fn forget_deletion(&self, user: UserId) -> Result<(), StoreError> {
        self.with(|world| world.forget_deletion(user))
    }

    async fn change_name(&self, new: NewName) -> Result<NameChanged, StoreError> {
        self.with(|world| world.change_name(new))
    }

    async fn free_old_names(&self, now_ms: i64) -> Result<(), StoreError> {
        self.with(|world| world.free_old_names(now_ms))
    }
}
