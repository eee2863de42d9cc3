//! What an account is come back to by: recovery codes, a second factor, and when somebody
//! logged in last.

use async_trait::async_trait;

use super::{CodeHash, Recovered, Recovery, Safety, SessionId, StoreError, UserId};

/// What keeps an account safe.
#[async_trait]
pub trait Recovering: Send + Sync + 'static {
    /// What keeps an account safe; of one that has nothing, or is not there, nothing.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn safety(&self, user: UserId) -> Result<Safety, StoreError>;

    /// Gives an account these recovery codes, in place of all it had, if its password's hash
    /// still is `known`. Says whether it was.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn renew_codes(
        &self,
        user: UserId,
        known: String,
        codes: Vec<CodeHash>,
    ) -> Result<bool, StoreError>;

    /// Gives an account the operator's code, in place of an earlier one.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn give_code(
        &self,
        user: UserId,
        code: CodeHash,
        until_ms: i64,
    ) -> Result<(), StoreError>;

    /// Replaces a password by a code, which is used up, and ends all sessions. By the
    /// operator's code the second factor ends as well. `None` when there is no such account,
    /// or it has no such code: nothing tells the two apart, not even the time it takes.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn recover(&self, recovery: Recovery) -> Result<Option<Recovered>, StoreError>;

    /// Uses up one of the account's own codes. Says whether it is one.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn use_code(&self, user: UserId, code: CodeHash) -> Result<bool, StoreError>;

    /// Begins a second factor, in place of one that was not confirmed. False when there is
    /// one that was.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn begin_factor(&self, user: UserId, secret: String) -> Result<bool, StoreError>;

    /// The key of a second factor that was begun and is not confirmed.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn begun_factor(&self, user: UserId) -> Result<Option<String>, StoreError>;

    /// Confirms a second factor by a code of this step of time, and ends the account's
    /// sessions but `keep`. Returns those that ended; `None` when another was begun meanwhile.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn confirm_factor(
        &self,
        user: UserId,
        secret: String,
        step: i64,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Notes that a code of this step of time is used. False when it, or a newer one, was
    /// before, or the factor is another.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn use_step(&self, user: UserId, secret: String, step: i64) -> Result<bool, StoreError>;

    /// Ends the second factor with this key. Says whether there was one.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn end_factor(&self, user: UserId, secret: String) -> Result<bool, StoreError>;
}
