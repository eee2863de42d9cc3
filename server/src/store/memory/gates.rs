//! Who gets an account, by the model.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{
    AccountKind, Gates, Invite, InviteHash, NewInvite, NewUser, Registered, StoreError, Terms,
    UserId,
};

#[async_trait]
impl Gates for MemoryStore {
    async fn register(&self, user: NewUser, terms: Terms) -> Result<Registered, StoreError> {
        self.with(|world| world.register(user, &terms))
    }

    async fn upgrade_guest(
        &self,
        guest: UserId,
        user: NewUser,
        terms: Terms,
    ) -> Result<Registered, StoreError> {
        self.with(|world| world.upgrade_guest(guest, user, &terms))
    }

    async fn is_invite_good(&self, code: InviteHash, now_ms: i64) -> Result<bool, StoreError> {
        self.with(|world| world.is_invite_good(code, now_ms))
    }

    async fn insert_invite(&self, new: NewInvite) -> Result<i64, StoreError> {
        self.with(|world| world.insert_invite(new))
    }

    async fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.with(|world| world.invites())
    }

    async fn delete_invite(&self, id: i64) -> Result<bool, StoreError> {
        self.with(|world| world.delete_invite(id))
    }

    async fn approve(&self, user: UserId) -> Result<bool, StoreError> {
        self.with(|world| world.approve(user))
    }

    async fn guests_away(
        &self,
        seen_by_ms: i64,
        limit: usize,
    ) -> Result<Vec<(UserId, String)>, StoreError> {
        self.with(|world| world.guests_away(seen_by_ms, limit))
    }

    async fn bury_if(
        &self,
        user: UserId,
        username: String,
        kind: AccountKind,
        seen_by_ms: i64,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.bury_if(user, &username, kind, seen_by_ms))
    }
}
