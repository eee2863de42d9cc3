//! What an operator asks of a SQLite file, given to the thread that knows.

use async_trait::async_trait;
use longhall_packet::{ChannelName, NameKeys, ServerRole};

use super::SqliteStore;
use super::driver::Sqlite;
use crate::store::sql::{channels, operating, sanctions};
use crate::store::{
    Account, AccountKind, AuditRow, Blanked, Channel, ChannelId, Counts, Lockdown, MemberRow,
    NewAuditRow, Operating, PastSanction, Place, SaidPage, Sanction, SanctionKind, SanctionOn,
    SessionId, Staff, StoreError, UserId,
};

#[async_trait]
impl Operating for SqliteStore {
    async fn counts(&self, now_ms: i64) -> Result<Counts, StoreError> {
        self.read(move |db| operating::counts(db, now_ms)).await
    }

    async fn accounts(
        &self,
        part: &str,
        after: &str,
        kind: Option<AccountKind>,
        limit: usize,
        deleting: bool,
        now_ms: i64,
    ) -> Result<Vec<Account>, StoreError> {
        let (part, after) = (part.to_owned(), after.to_owned());
        self.read(move |db| operating::accounts(db, &part, &after, kind, limit, deleting, now_ms))
            .await
    }

    async fn account(&self, name_key: &str, now_ms: i64) -> Result<Option<Account>, StoreError> {
        let name_key = name_key.to_owned();
        self.read(move |db| operating::account_by_name(db, &name_key, now_ms))
            .await
    }

    async fn rename_account(
        &self,
        user: UserId,
        username: String,
        keys: NameKeys,
    ) -> Result<bool, StoreError> {
        self.write(move |db| operating::rename(db, user, &username, &keys))
            .await
    }

    async fn replace_password(
        &self,
        user: UserId,
        hash: String,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |db| operating::replace_password(db, user, &hash))
            .await
    }

    async fn bury_account(&self, user: UserId, username: String) -> Result<(), StoreError> {
        self.write(move |db| operating::bury(db, user, &username))
            .await
    }

    async fn blank_lines(&self, user: UserId, after: i64) -> Result<Blanked, StoreError> {
        self.write(move |db| operating::blank_lines(db, user, after))
            .await
    }

    async fn delete_inbox(&self, user: UserId) -> Result<(), StoreError> {
        self.write(move |db| operating::delete_inbox(db, user))
            .await
    }

    async fn said(&self, user: UserId, after: i64, limit: usize) -> Result<SaidPage, StoreError> {
        self.read(move |db| operating::said(db, user, after, limit))
            .await
    }

    async fn session_owner(
        &self,
        session: SessionId,
    ) -> Result<Option<(UserId, String)>, StoreError> {
        self.read(move |db| operating::session_owner(db, session))
            .await
    }

    async fn all_channels(
        &self,
        part: &str,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError> {
        let (part, after) = (part.to_owned(), after.cloned());
        self.read(move |db| channels::all(db, &part, after.as_ref(), limit))
            .await
    }

    async fn delete_channel(
        &self,
        channel: ChannelId,
    ) -> Result<Option<Vec<MemberRow>>, StoreError> {
        self.write_knowing(false, move |db, cache| {
            cache.forget_speakers();
            operating::delete_channel(&mut Sqlite(db), channel)
        })
        .await
    }

    async fn set_sanction(
        &self,
        sanction: Sanction,
        barred_until_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(move |db| sanctions::set(db, &sanction, barred_until_ms))
            .await
    }

    async fn lift_sanction(&self, kind: SanctionKind, on: SanctionOn) -> Result<bool, StoreError> {
        self.write(move |db| sanctions::lift(db, kind, &on)).await
    }

    async fn sanctions(&self, now_ms: i64) -> Result<Vec<Sanction>, StoreError> {
        self.read(move |db| sanctions::list(db, now_ms)).await
    }

    async fn past_sanctions(
        &self,
        user: UserId,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<PastSanction>, StoreError> {
        self.read(move |db| sanctions::past(db, user, since_ms, limit))
            .await
    }

    async fn count_sanctions(
        &self,
        kind: SanctionKind,
        on: SanctionOn,
        since_ms: i64,
    ) -> Result<usize, StoreError> {
        self.read(move |db| sanctions::count_past(db, kind, &on, since_ms))
            .await
    }

    async fn barred_places(&self, now_ms: i64) -> Result<Vec<(Place, i64)>, StoreError> {
        self.read(move |db| sanctions::barred_places(db, now_ms))
            .await
    }

    async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), StoreError> {
        self.write(move |db| sanctions::set_server_role(db, user, role))
            .await
    }

    async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        self.read(|db| sanctions::staff(db)).await
    }

    async fn set_lockdown(
        &self,
        lockdown: Option<Lockdown>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |db| sanctions::set_lockdown(db, lockdown.as_ref(), now_ms))
            .await
    }

    async fn lockdown(&self, now_ms: i64) -> Result<Option<Lockdown>, StoreError> {
        self.read(move |db| sanctions::lockdown(db, now_ms)).await
    }

    async fn insert_audit(&self, row: NewAuditRow) -> Result<(), StoreError> {
        self.write(move |db| sanctions::insert_audit(db, &row))
            .await
    }

    async fn audit(
        &self,
        since_ms: i64,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.read(move |db| sanctions::audit(db, since_ms, before, limit))
            .await
    }
}
