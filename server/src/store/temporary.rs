//! Channels for a match or a party.

use async_trait::async_trait;
use longhall_packet::ChannelCode;

use super::{Channel, ChannelId, Created, MemberRow, NewTemporary, StoreError, TemporaryMember};

/// Channels that one comes into by a code, and that are gone when they are over.
#[async_trait]
pub trait Temporaries: Send + Sync + 'static {
    /// Creates a channel with its owner, if it has one, and its first members.
    /// [`Created::Taken`] also when another channel has the code.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_temporary(&self, new: NewTemporary) -> Result<Created, StoreError>;

    /// The channel that has a code, over or not.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn channel_by_code(&self, code: ChannelCode) -> Result<Option<Channel>, StoreError>;

    /// At most `limit` temporary channels that ended by then, in milliseconds since 1970.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn ended_channels(
        &self,
        ended_by_ms: i64,
        limit: usize,
    ) -> Result<Vec<Channel>, StoreError>;

    /// At most `limit` members of temporary channels, in the order of joining.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn temporary_members(&self, limit: usize) -> Result<Vec<TemporaryMember>, StoreError>;

    /// Deletes a temporary channel with what was said in it. Returns its members; `None` if
    /// it is gone already, or is one that stays.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn end_channel(&self, channel: ChannelId) -> Result<Option<Vec<MemberRow>>, StoreError>;
}
