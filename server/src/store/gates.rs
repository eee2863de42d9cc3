//! Who gets an account: invites, approval, guests.

use async_trait::async_trait;

use super::{
    AccountKind, Invite, InviteHash, NewInvite, NewUser, Registered, StoreError, Terms, UserId,
};

/// In place of a guest's password's hash: no password fits.
pub const NO_PASSWORD: &str = "?";

/// Who gets an account, and on which terms.
#[async_trait]
pub trait Gates: Send + Sync + 'static {
    /// Creates an account of the kind that the terms say. In one with it its invite is used:
    /// of two that want the last use, on whatever servers, one gets it.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn register(&self, user: NewUser, terms: Terms) -> Result<Registered, StoreError>;

    /// Makes an account of a guest, by the same terms, maybe under another name. It keeps
    /// all it has.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn upgrade_guest(
        &self,
        guest: UserId,
        user: NewUser,
        terms: Terms,
    ) -> Result<Registered, StoreError>;

    /// Whether an invite lets somebody in. Asked first, so that a wrong one costs no hash of
    /// a password; [`Gates::register`] decides.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn is_invite_good(&self, code: InviteHash, now_ms: i64) -> Result<bool, StoreError>;

    /// Adds an invite; returns its number. Those that expired are deleted.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_invite(&self, new: NewInvite) -> Result<i64, StoreError>;

    /// The invites, in the order of their numbers.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn invites(&self) -> Result<Vec<Invite>, StoreError>;

    /// Deletes an invite. Says whether there was one.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_invite(&self, id: i64) -> Result<bool, StoreError>;

    /// Lets an account in that waits. Says whether it did.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn approve(&self, user: UserId) -> Result<bool, StoreError>;

    /// At most `limit` guests with their names that were made by then, and none of whose
    /// sessions was seen since.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn guests_away(
        &self,
        seen_by_ms: i64,
        limit: usize,
    ) -> Result<Vec<(UserId, String)>, StoreError>;

    /// As [`Operating::bury_account`](super::Operating::bury_account), if the account is of
    /// this kind still and none of its sessions was seen after that. Says whether it was
    /// done.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn bury_if(
        &self,
        user: UserId,
        username: String,
        kind: AccountKind,
        seen_by_ms: i64,
    ) -> Result<bool, StoreError>;
}
