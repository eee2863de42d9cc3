//! What players do with their own accounts, beyond logging in and out.

use async_trait::async_trait;

use super::{Deletion, DeletionClaim, Kept, NameChanged, NewName, StoreError, UserId};

/// Accounts that are deleted, kept and renamed by whom they belong to.
#[async_trait]
pub trait OwnData: Send + Sync + 'static {
    /// Has an account deleted when a time has come, if its password hash still is `known`,
    /// and ends all its sessions. Whoever asks again does not put it off. Says whether it
    /// will be.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn mark_deletion(
        &self,
        user: UserId,
        known: String,
        asked_at_ms: i64,
        due_at_ms: i64,
    ) -> Result<bool, StoreError>;

    /// Keeps an account that is to be deleted, unless its time is over or somebody has
    /// claimed it.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn keep_account(&self, user: UserId, now_ms: i64) -> Result<Kept, StoreError>;

    /// Claims the account whose time came first. Of several servers one has it, until
    /// its claim is over or [`OwnData::forget_deletion`] says that all is done.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn claim_deletion(&self, claim: DeletionClaim) -> Result<Option<Deletion>, StoreError>;

    /// Has a claim hold for longer.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn hold_deletion(&self, user: UserId, until_ms: i64) -> Result<(), StoreError>;

    /// Notes that an account is not to be deleted any more: it is.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn forget_deletion(&self, user: UserId) -> Result<(), StoreError>;

    /// Gives an account another name; the old one, and what looks like it, is kept for
    /// it for a while.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn change_name(&self, new: NewName) -> Result<NameChanged, StoreError>;

    /// Lets anybody have the old names whose time is over.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn free_old_names(&self, now_ms: i64) -> Result<(), StoreError>;
}
