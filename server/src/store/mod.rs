//! What outlives a restart.
//!
//! [`Store`] is the seam: [`SqliteStore`] for servers, [`MemoryStore`] its twin
//! for tests. No other module knows SQL. A method answers when its change is
//! durable.

mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use longhall_packet::NameKeys;

pub use memory::MemoryStore;
pub use sqlite::{OpenError, SqliteStore};

/// Identifies an account for good; names may change one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub i64);

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a resume token. The token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// An account to create.
pub struct NewUser {
    /// The name as typed.
    pub username: String,
    /// The keys no other account may have.
    pub keys: NameKeys,
    /// The password's hash as a PHC string.
    pub password_hash: String,
}

/// An account.
#[derive(Clone)]
pub struct User {
    /// Its identity.
    pub id: UserId,
    /// The name as registered.
    pub username: String,
    /// The password's hash as a PHC string.
    pub password_hash: String,
}

/// A login that may be resumed.
pub struct NewSession {
    /// Whose it is.
    pub user: UserId,
    /// The token that resumes it.
    pub token: TokenHash,
    /// When it was made, in milliseconds since 1970.
    pub now_ms: i64,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// An exchange of a resume token for the next one.
pub struct Rotation {
    /// The token the client showed.
    pub presented: TokenHash,
    /// The token it gets.
    pub next: TokenHash,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
    /// When the session ends from now on, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, or the database's size limit, is full. Nothing was changed.
    #[error("no space left for the database")]
    Full,
    /// The database failed in another way. Nothing was changed.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// Accounts and sessions.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Creates an account; `None` when one of its keys is taken.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError>;

    /// Finds an account by [`NameKeys::name`].
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError>;

    /// Whether an account owns either key.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError>;

    /// Replaces an account's password hash.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_password_hash(&self, user: UserId, hash: String) -> Result<(), StoreError>;

    /// Adds a session and ends the user's other ones.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_session(&self, session: NewSession) -> Result<(), StoreError>;

    /// Exchanges a token for the next one and says whose session it is; `None`
    /// when the token is unknown or expired.
    ///
    /// The token that was exchanged last stays good until its successor is
    /// used, so that an answer lost on the way does not end the session.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn rotate_session(&self, rotation: Rotation) -> Result<Option<User>, StoreError>;

    /// Ends the session that a token resumes.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError>;

    /// Writes what is outstanding and closes the store. Later calls fail with
    /// [`StoreError::Closed`].
    async fn close(&self);
}
