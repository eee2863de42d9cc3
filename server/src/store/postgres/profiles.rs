//! What players show of themselves, asked of a PostgreSQL database.

use async_trait::async_trait;

use super::PostgresStore;
use crate::store::sql::profiles;
use crate::store::{KeptProfile, ProfileChange, ProfileChanged, Profiles, StoreError, UserId};

#[async_trait]
impl Profiles for PostgresStore {
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
