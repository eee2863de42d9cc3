//! What an account is come back to by, and what is told of it.

use super::{Place, SessionId, UserId};

/// Recovery codes that an account gets at a time.
pub const RECOVERY_CODES: usize = 8;

/// SHA-256 of a recovery code. The code itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeHash(pub [u8; 32]);

/// What keeps an account safe. Holds a secret: no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Safety {
    /// The key of the second factor that logins ask for, in base32.
    pub second_factor: Option<String>,
    /// Recovery codes that are not used up; not the operator's.
    pub recovery_codes_left: u32,
    /// When and from where somebody logged in last.
    pub last_login: Option<LoginRow>,
}

/// A login with a password, as it is kept until the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What the player calls the device. May be empty.
    pub device: String,
    /// The network it came from. May be empty.
    pub network: String,
}

/// A code that is to replace a password.
#[derive(Clone)]
pub struct Recovery {
    /// Whose, by its name key.
    pub name_key: String,
    /// The code.
    pub code: CodeHash,
    /// The new password's hash as a PHC string.
    pub password_hash: String,
    /// The present, in milliseconds since 1970: an operator's code ends.
    pub now_ms: i64,
    /// From where, if that is to be known again: who has a code is as good as at home.
    pub place: Option<Place>,
}

/// A password was replaced by a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Whose.
    pub user: UserId,
    /// Its sessions: all ended.
    pub ended: Vec<SessionId>,
}
