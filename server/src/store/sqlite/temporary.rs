//! Channels for a match or a party, asked of a SQLite file.

use async_trait::async_trait;
use longhall_packet::ChannelCode;

use super::SqliteStore;
use super::driver::Sqlite;
use crate::store::sql::temporary;
use crate::store::{
    Channel, ChannelId, Created, MemberRow, NewTemporary, StoreError, Temporaries, TemporaryMember,
};

#[async_trait]
impl Temporaries for SqliteStore {
    async fn insert_temporary(&self, new: NewTemporary) -> Result<Created, StoreError> {
        self.write(move |db| temporary::insert(db, &new)).await
    }

    async fn channel_by_code(&self, code: ChannelCode) -> Result<Option<Channel>, StoreError> {
        self.read(move |db| temporary::by_code(db, &code)).await
    }

    async fn ended_channels(
        &self,
        ended_by_ms: i64,
        limit: usize,
    ) -> Result<Vec<Channel>, StoreError> {
        self.read(move |db| temporary::ended(db, ended_by_ms, limit))
            .await
    }

    async fn temporary_members(&self, limit: usize) -> Result<Vec<TemporaryMember>, StoreError> {
        self.read(move |db| temporary::members(db, limit)).await
    }

    async fn end_channel(&self, channel: ChannelId) -> Result<Option<Vec<MemberRow>>, StoreError> {
        self.write_knowing(false, move |db, cache| {
            cache.forget_speakers();
            temporary::end(&mut Sqlite(db), channel)
        })
        .await
    }
}
