//! Who gets an account, asked of a PostgreSQL database.

use async_trait::async_trait;

use super::PostgresStore;
use crate::clock::now_ms;
use crate::store::sql::gates;
use crate::store::{
    AccountKind, Gates, Invite, InviteHash, NewInvite, NewUser, Registered, StoreError, Terms,
    UserId,
};

#[async_trait]
impl Gates for PostgresStore {
    async fn register(&self, user: NewUser, terms: Terms) -> Result<Registered, StoreError> {
        self.write(move |db| gates::register(db, &user, &terms, now_ms()))
            .await
    }

    async fn upgrade_guest(
        &self,
        guest: UserId,
        user: NewUser,
        terms: Terms,
    ) -> Result<Registered, StoreError> {
        self.write(move |db| gates::upgrade(db, guest, &user, &terms))
            .await
    }

    async fn is_invite_good(&self, code: InviteHash, now_ms: i64) -> Result<bool, StoreError> {
        self.read(move |db| gates::is_invite_good(db, code, now_ms))
            .await
    }

    async fn insert_invite(&self, new: NewInvite) -> Result<i64, StoreError> {
        self.write(move |db| gates::insert_invite(db, &new)).await
    }

    async fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.read(|db| gates::invites(db)).await
    }

    async fn delete_invite(&self, id: i64) -> Result<bool, StoreError> {
        self.write(move |db| gates::delete_invite(db, id)).await
    }

    async fn approve(&self, user: UserId) -> Result<bool, StoreError> {
        self.write(move |db| gates::approve(db, user)).await
    }

    async fn guests_away(
        &self,
        seen_by_ms: i64,
        limit: usize,
    ) -> Result<Vec<(UserId, String)>, StoreError> {
        self.read(move |db| gates::guests_away(db, seen_by_ms, limit))
            .await
    }

    async fn bury_if(
        &self,
        user: UserId,
        username: String,
        kind: AccountKind,
        seen_by_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |db| gates::bury_if(db, user, &username, kind, seen_by_ms))
            .await
    }
}
