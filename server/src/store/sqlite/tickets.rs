//! What tickets are signed with, asked of a SQLite file.

use async_trait::async_trait;

use super::SqliteStore;
use crate::store::sql::tickets;
use crate::store::{StoreError, TicketKey, Tickets};

#[async_trait]
impl Tickets for SqliteStore {
    async fn ticket_keys(&self) -> Result<Vec<TicketKey>, StoreError> {
        self.read(|db| tickets::keys(db)).await
    }

    async fn insert_ticket_key(
        &self,
        key: TicketKey,
        behind: Option<String>,
    ) -> Result<bool, StoreError> {
        self.write(move |db| tickets::insert_key(db, &key, behind.as_deref()))
            .await
    }

    async fn replace_ticket_keys(&self, key: TicketKey) -> Result<(), StoreError> {
        self.write(move |db| tickets::replace_keys(db, &key)).await
    }

    async fn forget_ticket_keys(&self, by_ms: i64) -> Result<(), StoreError> {
        self.write(move |db| tickets::forget_keys(db, by_ms)).await
    }

    async fn use_ticket(
        &self,
        name: String,
        ends_at_ms: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |db| tickets::use_up(db, &name, ends_at_ms, now_ms))
            .await
    }
}
