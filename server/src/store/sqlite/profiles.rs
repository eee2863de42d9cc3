//! What players show of themselves, asked of a SQLite file.

use async_trait::async_trait;

use super::SqliteStore;
use crate::store::sql::profiles;
use crate::store::{KeptProfile, ProfileChange, ProfileChanged, Profiles, StoreError, UserId};

#[async_trait]
impl Profiles for SqliteStore {
    async fn profile(&self, user: UserId) -> Result<KeptProfile, StoreError> {
        self.read(move |db| profiles::of(db, user)).await
    }

    async fn profiles(&self, users: Vec<UserId>) -> Result<Vec<KeptProfile>, StoreError> {
        self.read(move |db| users.iter().map(|user| profiles::of(db, *user)).collect())
            .await
    }

    async fn change_profile(&self, change: ProfileChange) -> Result<ProfileChanged, StoreError> {
        self.write(move |db| profiles::change(db, &change)).await
    }
}
