//! What a ticket says of who shows it.

use serde::{Deserialize, Serialize};

/// What a ticket says, by the names of RFC 7519 where it has one. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed: the epoch of the server's store. The numbers of accounts are those of this
    /// store.
    pub iss: String,
    /// The account's number, as text. It stays when the account gets another name.
    pub sub: String,
    /// The account's name when the ticket was signed.
    pub name: String,
    /// What the account may do on the whole server: `player`, `moderator` or `admin`.
    pub role: String,
    /// Whether the account is a guest, whom nobody knows by a password.
    #[serde(default)]
    pub guest: bool,
    /// Whom the ticket is for, as the player's game asked for it.
    pub aud: String,
    /// Names this one ticket: 128 random bits.
    pub jti: String,
    /// When it was signed.
    pub iat: u64,
    /// From when on it is good no more.
    pub exp: u64,
}
