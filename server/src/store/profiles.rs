//! Profiles: what players show of themselves for a game's sake.

use async_trait::async_trait;

use super::{KeptProfile, ProfileChange, ProfileChanged, StoreError, UserId};

/// The profiles of accounts.
#[async_trait]
pub trait Profiles: Send + Sync + 'static {
    /// The profile of an account; empty if it never had one.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn profile(&self, user: UserId) -> Result<KeptProfile, StoreError>;

    /// The profiles of accounts, in their order.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn profiles(&self, users: Vec<UserId>) -> Result<Vec<KeptProfile>, StoreError>;

    /// Changes a profile. Of two changes at a time, on whatever servers, the second is made
    /// of what the first has left.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn change_profile(&self, change: ProfileChange) -> Result<ProfileChanged, StoreError>;
}
