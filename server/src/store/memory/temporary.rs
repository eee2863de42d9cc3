//! Channels for a match or a party, by the model.

use async_trait::async_trait;
use longhall_packet::ChannelCode;

use super::MemoryStore;
use crate::store::{
    Channel, ChannelId, Created, MemberRow, NewTemporary, StoreError, Temporaries, TemporaryMember,
};

#[async_trait]
impl Temporaries for MemoryStore {
    async fn insert_temporary(&self, new: NewTemporary) -> Result<Created, StoreError> {
        self.with(|world| world.insert_temporary(new))
    }

    async fn channel_by_code(&self, code: ChannelCode) -> Result<Option<Channel>, StoreError> {
        self.with(|world| world.channel_by_code(&code))
    }

    async fn ended_channels(
        &self,
        ended_by_ms: i64,
        limit: usize,
    ) -> Result<Vec<Channel>, StoreError> {
        self.with(|world| world.ended_channels(ended_by_ms, limit))
    }

    async fn temporary_members(&self, limit: usize) -> Result<Vec<TemporaryMember>, StoreError> {
        self.with(|world| world.temporary_members(limit))
    }

    async fn end_channel(&self, channel: ChannelId) -> Result<Option<Vec<MemberRow>>, StoreError> {
        self.with(|world| world.end_channel(channel))
    }
}
