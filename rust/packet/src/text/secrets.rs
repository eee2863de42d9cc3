//! Texts that nobody else may see: wiped from memory when dropped, and never shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::check_length;
use crate::limits::{MAX_CHANNEL_PASSWORD_CHARS, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};
use crate::{Denial, DenyCode, Field};

/// A password: 8 to 99 characters of anything. Wiped from memory when dropped,
/// and never shown by `Debug`.
///
/// Normalised to NFC as RFC 8265 (OpaqueString) asks, so that an `é` typed on
/// two systems is one password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over and checks a password.
    ///
    /// # Errors
    /// `too_short` or `too_long` on field `password`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Denial> {
        Self::parse_field(text, Field::Password)
    }

    /// As [`parse`](Self::parse), for another field of the packet.
    pub(crate) fn parse_field(text: impl Into<String>, field: Field) -> Result<Self, Denial> {
        normal_password(text, field, MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS).map(Self)
    }

    /// The password itself. For hashing and sending; nothing else may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl Serialize for Password {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The password of a channel: 1 to 99 characters, any. Shared among its
/// members, so it may be short; still never shown or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelPassword(Zeroizing<String>);

impl ChannelPassword {
    /// Checks and normalises a channel's password.
    ///
    /// # Errors
    /// `too_short` or `too_long` on field `channel_password`.
    pub fn parse(text: impl Into<String>) -> Result<Self, Denial> {
        normal_password(text, Field::ChannelPassword, 1, MAX_CHANNEL_PASSWORD_CHARS).map(Self)
    }

    /// The password itself, for hashing it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ChannelPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelPassword(***)")
    }
}

impl Serialize for ChannelPassword {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The secret that logs a client in again after a cut: 256 random bits as 64
/// lower-case hexadecimal digits. Treated like a password.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeToken(Zeroizing<String>);

impl ResumeToken {
    /// Characters of a token.
    pub const CHARS: usize = 64;

    /// Takes over and checks a token.
    ///
    /// # Errors
    /// `session_expired`: what is not a token can never be a valid one.
    pub fn parse(text: impl Into<String>) -> Result<Self, Denial> {
        let text = Zeroizing::new(text.into());
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == Self::CHARS && text.bytes().all(is_hex) {
            Ok(Self(text))
        } else {
            Err(Denial::new(DenyCode::SessionExpired))
        }
    }

    /// A token made of 32 random bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        use std::fmt::Write as _;
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARS));
        for byte in bytes {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        }
        Self(text)
    }

    /// The token itself. For hashing and sending; nothing else may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(***)")
    }
}

impl Serialize for ResumeToken {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ResumeToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .map_err(|_| serde::de::Error::custom("not a resume token"))
    }
}

/// A password in its one form, wiped when dropped.
fn normal_password(
    text: impl Into<String>,
    field: Field,
    min: usize,
    max: usize,
) -> Result<Zeroizing<String>, Denial> {
    let typed = Zeroizing::new(text.into());
    // NFC at most triples the bytes. Growing on the way would leave a copy
    // behind that nobody wipes.
    let mut normal = Zeroizing::new(String::with_capacity(3 * typed.len()));
    normal.extend(typed.nfc());
    check_length(&normal, field, min, max)?;
    Ok(normal)
}
