//! What players show of themselves, by the model.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{KeptProfile, ProfileChange, ProfileChanged, Profiles, StoreError, UserId};

#[async_trait]
impl Profiles for MemoryStore {
    async fn profile(&self, user: UserId) -> Result<KeptProfile, StoreError> {
        self.with(|world| world.profile(user))
    }

    async fn profiles(&self, users: Vec<UserId>) -> Result<Vec<KeptProfile>, StoreError> {
        self.with(|world| users.iter().map(|user| world.profile(*user)).collect())
    }

    async fn change_profile(&self, change: ProfileChange) -> Result<ProfileChanged, StoreError> {
        self.with(|world| world.change_profile(&change))
    }
}
