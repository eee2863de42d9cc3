//! What tickets are signed with, and which were used.

use async_trait::async_trait;
use longhall_ticket::SigningKey;

use super::StoreError;

/// A key that signs tickets, or did, or will.
#[derive(Clone, Debug)]
pub struct TicketKey {
    /// The key, a secret.
    pub key: SigningKey,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// From when on it signs, until the next one does.
    pub signs_from_ms: i64,
}

/// What tickets are signed with, and which were used, for all servers of the store.
#[async_trait]
pub trait Tickets: Send + Sync + 'static {
    /// The keys there are, in the order in which they sign.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn ticket_keys(&self) -> Result<Vec<TicketKey>, StoreError>;

    /// Adds a key behind the one of this name, or as the first. Says whether it did: not if
    /// somebody else has added one meanwhile.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_ticket_key(
        &self,
        key: TicketKey,
        behind: Option<String>,
    ) -> Result<bool, StoreError>;

    /// Replaces all keys by one: no ticket of before is good any more.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn replace_ticket_keys(&self, key: TicketKey) -> Result<(), StoreError>;

    /// Forgets the keys behind which another one was signing by then.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn forget_ticket_keys(&self, by_ms: i64) -> Result<(), StoreError>;

    /// Uses up the ticket of this name, and forgets those that have ended by now. Says whether
    /// it was not used before: of two who use one at once, on whatever servers, one is told so.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn use_ticket(
        &self,
        name: String,
        ends_at_ms: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError>;
}
