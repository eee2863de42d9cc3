//! What tickets are signed with, in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{StoreError, TicketKey, Tickets};

#[async_trait]
impl Tickets for MemoryStore {
    async fn ticket_keys(&self) -> Result<Vec<TicketKey>, StoreError> {
        self.open(|state| state.ticket_keys.clone())
    }

    async fn insert_ticket_key(
        &self,
        key: TicketKey,
        behind: Option<String>,
    ) -> Result<bool, StoreError> {
        self.open(|state| {
            let newest = state.ticket_keys.last().map(|newest| newest.key.id());
            let fits = newest == behind.as_deref();
            if fits {
                state.ticket_keys.push(key);
                state.ticket_keys.sort_by_key(|key| key.signs_from_ms);
            }
            fits
        })
    }

    async fn replace_ticket_keys(&self, key: TicketKey) -> Result<(), StoreError> {
        self.open(|state| state.ticket_keys = vec![key])
    }

    async fn forget_ticket_keys(&self, by_ms: i64) -> Result<(), StoreError> {
        self.open(|state| {
            let keys = &mut state.ticket_keys;
            let signing = keys.iter().rev().find(|key| key.signs_from_ms <= by_ms);
            let from_ms = signing.map(|key| key.signs_from_ms);
            keys.retain(|key| from_ms.is_none_or(|from_ms| key.signs_from_ms >= from_ms));
        })
    }

    async fn use_ticket(
        &self,
        name: String,
        ends_at_ms: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.open(|state| {
            state.used_tickets.retain(|_, end| *end > now_ms);
            let is_new = !state.used_tickets.contains_key(&name);
            state.used_tickets.entry(name).or_insert(ends_at_ms);
            is_new
        })
    }
}
