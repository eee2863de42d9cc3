//! Halls of the lobby, by the model.

use async_trait::async_trait;
use longhall_packet::ChannelName;

use super::MemoryStore;
use crate::store::{Channel, ChannelId, Halls, StoreError, UserId};

#[async_trait]
impl Halls for MemoryStore {
    async fn halls(&self) -> Result<Vec<Channel>, StoreError> {
        self.with(|world| world.halls())
    }

    async fn open_hall(
        &self,
        hall: u32,
        name: &ChannelName,
        _now_ms: i64,
    ) -> Result<Option<Channel>, StoreError> {
        self.with(|world| world.open_hall(hall, name))
    }

    async fn set_hall(
        &self,
        user: UserId,
        channel: ChannelId,
        _now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.set_hall(user, channel))
    }
}
