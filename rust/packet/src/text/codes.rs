//! Codes and keys by which an account is come back to, or proven to be one's own: wiped
//! from memory when dropped, and never shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::limits::MAX_FACTOR_CODE_CHARS;
use crate::{Denial, DenyCode};

/// Crockford's base32: digits and letters without those that look alike.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters between two dashes of a recovery code.
const GROUP: usize = 4;

/// A code that stands in for a password that is lost, or for the code of a second factor:
/// 100 random bits as 20 characters of Crockford's base32, `"ABCD-EFGH-JKMN-PQRS-TVWX"`.
/// Treated like a password.
///
/// Reads what people type: in either case, with or without dashes and spaces, and with `O`
/// for `0`, `I` or `L` for `1`.
///
/// ```
/// use longhall_packet::RecoveryCode;
///
/// let code = RecoveryCode::parse("abcd efgh jkmn pqrs tvo1").unwrap();
/// assert_eq!(code.expose(), "ABCD-EFGH-JKMN-PQRS-TV01");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Characters of a code, dashes not counted.
    pub const CHARS: usize = 20;

    /// Takes over what somebody typed, in its one form.
    ///
    /// # Errors
    /// `bad_credentials`: what is not a code can never be the right one.
    pub fn parse(text: impl Into<String>) -> Result<Self, Denial> {
        let typed = Zeroizing::new(text.into());
        grouped(&typed, Self::CHARS)
            .map(Self)
            .ok_or(Denial::new(DenyCode::BadCredentials))
    }

    /// A code made of random bytes: five bits of each.
    pub fn from_bytes(bytes: &[u8; Self::CHARS]) -> Self {
        Self(encoded(bytes))
    }

    /// The code itself. For hashing, sending, and showing it once to whom it belongs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What somebody typed as a code of so many characters, in groups.
fn grouped(typed: &str, chars: usize) -> Option<Zeroizing<String>> {
    let mut code = Zeroizing::new(String::with_capacity(chars + chars / GROUP));
    let mut count = 0;
    for sign in typed.chars() {
        let symbol = match sign.to_ascii_uppercase() {
            '-' => continue,
            space if space.is_whitespace() => continue,
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let is_known = u8::try_from(symbol).is_ok_and(|byte| ALPHABET.contains(&byte));
        if !is_known || count == chars {
            return None;
        }
        push(&mut code, &mut count, symbol);
    }
    (count == chars).then_some(code)
}

/// Random bytes as a code, five bits of each.
fn encoded(bytes: &[u8]) -> Zeroizing<String> {
    let mut code = Zeroizing::new(String::with_capacity(bytes.len() + bytes.len() / GROUP));
    let mut count = 0;
    for byte in bytes {
        let symbol = ALPHABET[usize::from(byte % 32)];
        push(&mut code, &mut count, char::from(symbol));
    }
    code
}

fn push(code: &mut String, count: &mut usize, symbol: char) {
    if *count > 0 && count.is_multiple_of(GROUP) {
        code.push('-');
    }
    code.push(symbol);
    *count += 1;
}

/// What lets somebody into a temporary channel: 40 random bits as 8 characters of Crockford's
/// base32, `"7F3K-9QXM"`. Whoever reads it may come in, so it is not shown by `Debug`.
///
/// Reads what people type: in either case, with or without dashes and spaces, and with `O`
/// for `0`, `I` or `L` for `1`.
///
/// ```
/// use longhall_packet::ChannelCode;
///
/// assert_eq!(ChannelCode::parse("7f3k 9qxm").unwrap().expose(), "7F3K-9QXM");
/// assert!(ChannelCode::parse("7f3k").is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelCode(Zeroizing<String>);

impl ChannelCode {
    /// Characters of a code, the dash not counted.
    pub const CHARS: usize = 8;

    /// Takes over what somebody typed, in its one form.
    ///
    /// # Errors
    /// `unknown_code`: what is not a code can never be the right one.
    pub fn parse(text: impl Into<String>) -> Result<Self, Denial> {
        let typed = Zeroizing::new(text.into());
        grouped(&typed, Self::CHARS)
            .map(Self)
            .ok_or(Denial::new(DenyCode::UnknownCode))
    }

    /// A code made of random bytes: five bits of each.
    pub fn from_bytes(bytes: &[u8; Self::CHARS]) -> Self {
        Self(encoded(bytes))
    }

    /// The code itself. For storing, sending, and showing it to members.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What a player types for the second factor: six digits of an app (RFC 6238), or a
/// [`RecoveryCode`] in their place. At most 64 characters are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorCode(Zeroizing<String>);

impl FactorCode {
    /// Digits of a code that an app shows.
    pub const DIGITS: usize = 6;

    /// Takes over what somebody typed. Whether it is right the server says.
    pub fn parse(text: impl Into<String>) -> Self {
        let typed = Zeroizing::new(text.into());
        let mut kept = Zeroizing::new(String::with_capacity(typed.len()));
        kept.extend(typed.trim().chars().take(MAX_FACTOR_CODE_CHARS));
        let end = kept.trim_end().len();
        kept.truncate(end);
        Self(kept)
    }

    /// The same where it need not be there: nothing if nothing was typed.
    pub fn parse_optional(text: impl Into<String>) -> Option<Self> {
        Some(Self::parse(text)).filter(|code| !code.0.is_empty())
    }

    /// The digits of an app's code, if it is one; spaces between them do not matter.
    pub fn digits(&self) -> Option<Zeroizing<String>> {
        let mut digits = Zeroizing::new(String::with_capacity(self.0.len()));
        digits.extend(self.0.chars().filter(|sign| !sign.is_whitespace()));
        let is_one = digits.len() == Self::DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        is_one.then_some(digits)
    }

    /// The recovery code, if it is one.
    pub fn recovery(&self) -> Option<RecoveryCode> {
        RecoveryCode::parse(self.0.as_str()).ok()
    }

    /// What was typed. For sending it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What an authenticator app is told when a second factor begins: its key, or the key with
/// all an app wants to know, as an `otpauth://` address. Treated like a password.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorKey(Zeroizing<String>);

impl FactorKey {
    /// Takes over a key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The key itself. For sending, and showing it to whom it belongs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// None of them shows itself, and all travel as what they are.
macro_rules! secret_texts {
    ($($text:ident)*) => {$(
        impl fmt::Debug for $text {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($text), "(***)"))
            }
        }

        impl Serialize for $text {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )*};
}

secret_texts! { RecoveryCode FactorCode FactorKey ChannelCode }

impl<'de> Deserialize<'de> for RecoveryCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .map_err(|_| serde::de::Error::custom("not a recovery code"))
    }
}

impl<'de> Deserialize<'de> for ChannelCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .map_err(|_| serde::de::Error::custom("not a code of a channel"))
    }
}

impl<'de> Deserialize<'de> for FactorKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
