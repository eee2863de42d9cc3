//! Halls of the lobby.

use async_trait::async_trait;
use longhall_packet::ChannelName;

use super::{Channel, ChannelId, StoreError, UserId};

/// The halls of a lobby of many players. The first one is the lobby itself. In each other
/// one an account that is there has a member row, and an account without such a row is in
/// the first one.
#[async_trait]
pub trait Halls: Send + Sync + 'static {
    /// The halls but the first one, in the order of their numbers, whether or not somebody is
    /// there.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn halls(&self) -> Result<Vec<Channel>, StoreError>;

    /// The hall of this number, created under this name if need be, with the lobby's topic
    /// and speech. `None` when a channel of players has the name.
    ///
    /// A channel that nobody is a member of was a hall before, and becomes one again.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn open_hall(
        &self,
        hall: u32,
        name: &ChannelName,
        now_ms: i64,
    ) -> Result<Option<Channel>, StoreError>;

    /// Puts an account into a hall, in place of the one where it was; what was said there
    /// before counts as read. False when the channel is no hall.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_hall(
        &self,
        user: UserId,
        channel: ChannelId,
        now_ms: i64,
    ) -> Result<bool, StoreError>;
}
