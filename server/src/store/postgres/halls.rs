//! Halls of the lobby, asked of a PostgreSQL database.

use async_trait::async_trait;
use longhall_packet::ChannelName;

use super::PostgresStore;
use crate::store::sql::halls;
use crate::store::{Channel, ChannelId, Halls, StoreError, UserId};

#[async_trait]
impl Halls for PostgresStore {
    async fn halls(&self) -> Result<Vec<Channel>, StoreError> {
        self.read(|db| halls::all(db)).await
    }

    async fn open_hall(
        &self,
        hall: u32,
        name: &ChannelName,
        now_ms: i64,
    ) -> Result<Option<Channel>, StoreError> {
        let name = name.clone();
        self.write(move |db| halls::open(db, hall, &name, now_ms))
            .await
    }

    async fn set_hall(
        &self,
        user: UserId,
        channel: ChannelId,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |db| halls::set(db, user, channel, now_ms))
            .await
    }
}
