//! What an operator does: a database's business alone, so that a test of players has none
//! of it.

use async_trait::async_trait;
use longhall_packet::{ChannelName, NameKeys, ServerRole};

use super::MemoryStore;
use crate::store::{
    Account, AccountKind, AuditRow, Blanked, Channel, ChannelId, Counts, Lockdown, MemberRow,
    NewAuditRow, Operating, PastSanction, Place, SaidPage, Sanction, SanctionKind, SanctionOn,
    SessionId, Staff, StoreError, UserId,
};

fn none<T>() -> Result<T, StoreError> {
    Err(StoreError::Failed(
        "the store in memory has no operator".to_owned(),
    ))
}

#[async_trait]
impl Operating for MemoryStore {
    async fn counts(&self, _: i64) -> Result<Counts, StoreError> {
        none()
    }

    async fn accounts(
        &self,
        _: &str,
        _: &str,
        _: Option<AccountKind>,
        _: usize,
        _: bool,
        _: i64,
    ) -> Result<Vec<Account>, StoreError> {
        none()
    }

    /// What a player is told of their own.
    async fn account(&self, name_key: &str, now_ms: i64) -> Result<Option<Account>, StoreError> {
        self.with(|world| {
            let user = world.user_by_name(name_key)?;
            let sessions = world.sessions(user.id, now_ms).len();
            Some(Account {
                user: user.id,
                username: user.username.clone(),
                name_key: name_key.to_owned(),
                created_at_ms: 0,
                sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
                last_seen_at_ms: 0,
                deleted_at_ms: user.deleted_at_ms,
                kind: user.kind,
            })
        })
    }

    async fn rename_account(&self, _: UserId, _: String, _: NameKeys) -> Result<bool, StoreError> {
        none()
    }

    async fn replace_password(&self, _: UserId, _: String) -> Result<Vec<SessionId>, StoreError> {
        none()
    }

    async fn bury_account(&self, _: UserId, _: String) -> Result<(), StoreError> {
        none()
    }

    async fn blank_lines(&self, _: UserId, _: i64) -> Result<Blanked, StoreError> {
        none()
    }

    /// Guests who log out do this as well.
    async fn delete_inbox(&self, user: UserId) -> Result<(), StoreError> {
        self.with(|world| world.delete_inbox(user))
    }

    async fn said(&self, user: UserId, after: i64, limit: usize) -> Result<SaidPage, StoreError> {
        self.with(|world| world.said(user, after, limit))
    }

    async fn session_owner(&self, _: SessionId) -> Result<Option<(UserId, String)>, StoreError> {
        none()
    }

    async fn all_channels(
        &self,
        part: &str,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError> {
        self.with(|world| world.channels_behind(part, after, limit))
    }

    async fn delete_channel(&self, _: ChannelId) -> Result<Option<Vec<MemberRow>>, StoreError> {
        none()
    }

    async fn set_sanction(
        &self,
        sanction: Sanction,
        barred_until_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        self.with(|world| world.set_sanction(sanction, barred_until_ms))
    }

    async fn lift_sanction(&self, kind: SanctionKind, on: SanctionOn) -> Result<bool, StoreError> {
        self.with(|world| world.lift_sanction(kind, &on))
    }

    async fn sanctions(&self, now_ms: i64) -> Result<Vec<Sanction>, StoreError> {
        self.with(|world| world.sanctions(now_ms))
    }

    async fn past_sanctions(
        &self,
        user: UserId,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<PastSanction>, StoreError> {
        self.with(|world| world.past_sanctions(user, since_ms, limit))
    }

    async fn count_sanctions(
        &self,
        kind: SanctionKind,
        on: SanctionOn,
        since_ms: i64,
    ) -> Result<usize, StoreError> {
        self.with(|world| world.count_sanctions(kind, &on, since_ms))
    }

    async fn barred_places(&self, now_ms: i64) -> Result<Vec<(Place, i64)>, StoreError> {
        self.with(|world| world.barred_places(now_ms))
    }

    async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), StoreError> {
        self.with(|world| world.set_server_role(user, role))
    }

    async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        self.with(|world| world.staff())
    }

    async fn set_lockdown(&self, _: Option<Lockdown>, _: i64) -> Result<bool, StoreError> {
        none()
    }

    /// There can be none.
    async fn lockdown(&self, _: i64) -> Result<Option<Lockdown>, StoreError> {
        Ok(None)
    }

    /// Nobody reads it.
    async fn insert_audit(&self, _: NewAuditRow) -> Result<(), StoreError> {
        Ok(())
    }

    async fn audit(&self, _: i64, _: Option<i64>, _: usize) -> Result<Vec<AuditRow>, StoreError> {
        none()
    }
}
