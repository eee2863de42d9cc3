//! Tickets for a game's own servers, and whom they are for.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::check_length;
use crate::limits::MAX_AUDIENCE_CHARS;
use crate::{Denial, DenyCode, Field};

/// Whom a ticket is for: 1 to 64 of the letters `A` to `Z` in either case, digits, `.`, `_`,
/// `:` and `-`. What game and server it names is the game's affair.
///
/// ```
/// use longhall_packet::Audience;
///
/// assert_eq!(Audience::parse("arena:eu-1").unwrap().as_str(), "arena:eu-1");
/// assert!(Audience::parse("two words").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Audience(String);

impl Audience {
    /// Checks an audience. Nothing is changed about it: two that look alike are two.
    ///
    /// # Errors
    /// `too_short`, `too_long` or `forbidden_character` on field `audience`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        // What is too long is not looked at to its end.
        let start: String = text.chars().take(MAX_AUDIENCE_CHARS + 1).collect();
        check_length(&start, Field::Audience, 1, MAX_AUDIENCE_CHARS)?;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
        if !start.bytes().all(fits) {
            let code = DenyCode::ForbiddenCharacter;
            return Err(Denial::of_field(code, Field::Audience, None));
        }
        Ok(Self(start))
    }

    /// The audience itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A ticket by which a game's own server knows who a player is: a signed JWT. Worth the account
/// there for as long as it is good. Wiped from memory when dropped, and never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(Zeroizing<String>);

impl Ticket {
    /// Takes over a ticket.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The ticket itself. For sending, and for the server that it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(***)")
    }
}

impl Serialize for Ticket {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ticket {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
