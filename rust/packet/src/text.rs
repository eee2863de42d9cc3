//! Texts that people type: parsed once at the edge, valid ever after.
//!
//! Every `parse` brings the text into Unicode Normalization Form C (UAX #15)
//! first, so that the same letters count the same wherever they were typed.

mod characters;
mod codes;
mod screen_rule;
mod secrets;
mod tickets;

use std::fmt;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::limits::{
    MAX_CHAT_CHARS, MAX_PRESENCE_CHARS, MAX_PROFILE_BYTES, MAX_REASON_CHARS, MAX_REPORT_CHARS,
    MAX_TOPIC_CHARS, MAX_USERNAME_CHARS, MAX_USERNAME_MARKS, MIN_USERNAME_CHARS,
};
use crate::{Denial, DenyCode, Field};

use characters::is_mark_on_a_blank;
pub use characters::trim_unseen;
pub(crate) use characters::{
    Pile, has_ink, in_usual_width, is_invisible, is_layout_control, is_mark,
};
pub use codes::{ChannelCode, FactorCode, FactorKey, RecoveryCode};
use screen_rule::{ScreenRule, in_words};
pub use secrets::{ChannelPassword, Password, ResumeToken};
pub use tickets::{Audience, Ticket};

/// The name of an account: 3 to 20 letters and digits of any script, `_` and
/// `-`.
///
/// ```
/// use longhall_packet::Username;
///
/// assert_eq!(Username::parse("Ada_99").unwrap().as_str(), "Ada_99");
/// assert!(Username::parse("Жанна").is_ok());
/// assert!(Username::parse("two words").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Checks and normalises a name: what cannot be seen at its ends is taken off,
    /// and letters in full or half width are the ones they mean (the width mapping
    /// of RFC 8265).
    ///
    /// # Errors
    /// `too_short`, `too_long` or `forbidden_character` on field `username`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let text = trim_unseen(text);
        let name: String = if text.is_ascii() {
            text.chars().take(MAX_USERNAME_CHARS + 1).collect()
        } else {
            let normal = text.chars().flat_map(in_usual_width).nfc();
            normal.take(MAX_USERNAME_CHARS + 1).collect()
        };
        check_length(
            &name,
            Field::Username,
            MIN_USERNAME_CHARS,
            MAX_USERNAME_CHARS,
        )?;
        check_name(&name, Field::Username)?;
        Ok(Self(name))
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The keys under which a server decides whether two names are the same.
    #[cfg(feature = "name-keys")]
    pub fn keys(&self) -> crate::NameKeys {
        crate::NameKeys::of(&self.0)
    }

    /// The key by which an account is found, [`NameKeys::name`](crate::NameKeys::name),
    /// for a small part of the work.
    #[cfg(feature = "name-keys")]
    pub fn name_key(&self) -> String {
        crate::NameKeys::name_of(&self.0)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One chat line: 1 to 500 characters, no control characters, not blank.
///
/// Spaces around it are dropped. Emoji, joiners and right-to-left text are
/// welcome; characters that reorder, cover or move what others wrote, or that carry words
/// nobody sees, are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ChatText(String);

impl ChatText {
    /// Checks, normalises and trims a line.
    ///
    /// # Errors
    /// `too_short`, `too_long` or `forbidden_character` on field `text`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let line = parse_words(text, Field::Text, MAX_CHAT_CHARS)?;
        if line.is_empty() {
            return Err(Denial::of_field(DenyCode::TooShort, Field::Text, Some(1)));
        }
        Ok(Self(line))
    }

    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a channel is about: at most 120 characters, rules as for chat. May be
/// empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Topic(String);

impl Topic {
    /// Checks and normalises a topic.
    ///
    /// # Errors
    /// `too_long` or `forbidden_character` on field `topic`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        parse_words(text, Field::Topic, MAX_TOPIC_CHARS).map(Self)
    }

    /// The topic as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a player says of themselves in the roster: at most 60 characters, rules
/// as for chat. May be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PresenceText(String);

impl PresenceText {
    /// Checks and normalises the text.
    ///
    /// # Errors
    /// `too_long` or `forbidden_character` on field `text`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        parse_words(text, Field::Text, MAX_PRESENCE_CHARS).map(Self)
    }

    /// The text as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a report says beside its category, or its reporter is told at its end: at
/// most 300 characters, rules as for chat. May be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ReportText(String);

impl ReportText {
    /// Checks and normalises the text.
    ///
    /// # Errors
    /// `too_long` or `forbidden_character` on field `text`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        parse_words(text, Field::Text, MAX_REPORT_CHARS).map(Self)
    }

    /// The text as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why somebody is muted, kicked or banned: at most 200 characters, rules as for chat. May
/// be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Reason(String);

impl Reason {
    /// Checks and normalises the text.
    ///
    /// # Errors
    /// `too_long` or `forbidden_character` on field `reason`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        parse_words(text, Field::Reason, MAX_REASON_CHARS).map(Self)
    }

    /// The text as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text in a profile, which others read: as long as there is room for, rules as for chat.
pub(crate) fn profile_text(text: &str) -> Result<String, Denial> {
    parse_words(text, Field::Profile, MAX_PROFILE_BYTES)
}

/// A text for others to read, on one line. Empty when nothing in it can be seen.
fn parse_words(text: &str, field: Field, max: usize) -> Result<String, Denial> {
    let line = text.trim();
    // Nearly all there is: in its normal form, without marks, and something to see
    // in it unless it is empty.
    if line.is_ascii() {
        check_length(line, field, 0, max)?;
        if line.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Denial::of_field(DenyCode::ForbiddenCharacter, field, None));
        }
        return Ok(line.to_owned());
    }
    let line: String = in_words(line).nfc().collect();
    check_length(&line, field, 0, max)?;
    let mut rule = ScreenRule::default();
    let is_fit = line.chars().all(|c| rule.takes(c)) && rule.may_end();
    if !is_fit {
        return Err(Denial::of_field(DenyCode::ForbiddenCharacter, field, None));
    }
    let visible = line.chars().any(has_ink);
    Ok(if visible { line } else { String::new() })
}

/// Checks the characters of a name in its normal form: letters and digits, each
/// with few marks, `_` and `-`.
pub(crate) fn check_name(name: &str, field: Field) -> Result<(), Denial> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    // Most names there are; a channel's comes with each line.
    if name.bytes().all(is_plain) {
        return Ok(());
    }
    let mut pile = Pile::default();
    for (position, c) in name.chars().enumerate() {
        let marks = pile.add(c);
        let allowed = c.is_alphanumeric() || is_mark(c) || matches!(c, '_' | '-');
        let misplaced = marks > MAX_USERNAME_MARKS || (marks > 0 && position == 0);
        if !allowed || misplaced || is_invisible(c) || is_mark_on_a_blank(c) {
            return Err(Denial::of_field(DenyCode::ForbiddenCharacter, field, None));
        }
    }
    Ok(())
}

pub(crate) fn check_length(text: &str, field: Field, min: usize, max: usize) -> Result<(), Denial> {
    let chars = text.chars().count();
    if chars < min {
        Err(Denial::of_field(
            DenyCode::TooShort,
            field,
            u32::try_from(min).ok(),
        ))
    } else if chars > max {
        Err(Denial::of_field(
            DenyCode::TooLong,
            field,
            u32::try_from(max).ok(),
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_denied<T: fmt::Debug>(result: Result<T, Denial>, code: DenyCode) {
        assert_eq!(result.unwrap_err().code, code);
    }

    #[test]
    fn names_of_any_script_are_welcome() {
        for name in [
            "ada",
            "Ada_99",
            "Жанна",
            "日本語",
            "مريم",
            "हिन्दी",
            "Ελένη",
            "a-b",
        ] {
            assert_eq!(Username::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_cannot_be_typed_or_seen_are_refused() {
        for name in [
            "a b",
            "a.b",
            "ad\na",
            "ad\u{200b}a",
            "a\u{3164}b",
            "[b]x",
            "a\u{202e}da",
            "a💩b",
            "\u{301}ab",
            "a\u{37a}b",
            "ab\u{fc5e}",
        ] {
            check_denied(Username::parse(name), DenyCode::ForbiddenCharacter);
        }
        check_denied(Username::parse("ab"), DenyCode::TooShort);
        check_denied(Username::parse(""), DenyCode::TooShort);
        check_denied(Username::parse(&"a".repeat(21)), DenyCode::TooLong);
        check_denied(Username::parse(&"a".repeat(100_000)), DenyCode::TooLong);
        // Zalgo: marks that normalise into no letter.
        check_denied(
            Username::parse("a\u{489}\u{489}\u{489}\u{489}bc"),
            DenyCode::ForbiddenCharacter,
        );
    }

    #[test]
    fn a_name_is_measured_after_normalisation() {
        let decomposed = "e\u{301}".repeat(20);
        assert_eq!(
            Username::parse(&decomposed).unwrap().as_str(),
            "é".repeat(20)
        );
    }

    #[test]
    fn passwords_may_hold_anything_but_not_any_length() {
        assert!(Password::parse("        ").is_ok());
        assert!(Password::parse("🔑".repeat(99)).is_ok());
        check_denied(Password::parse("1234567"), DenyCode::TooShort);
        check_denied(Password::parse("x".repeat(100)), DenyCode::TooLong);
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let password = Password::parse("hunter2hunter2").unwrap();
        let token = ResumeToken::from_bytes(&[0xab; 32]);
        let shown = format!("{password:?} {token:?}");
        assert_eq!(shown, "Password(***) ResumeToken(***)");
    }

    #[test]
    fn chat_text_keeps_peoples_scripts_and_refuses_control() {
        for line in ["hi", "[b]x[/b]", "שלום", "👩‍👩‍👧‍👦 👍🏽 ❤️", "a\u{200f}b", "ทดสอบ"]
        {
            assert_eq!(ChatText::parse(line).unwrap().as_str(), line);
        }
        assert_eq!(ChatText::parse("  hi  ").unwrap().as_str(), "hi");
        for line in [
            "a\nb",
            "a\tb",
            "a\u{0}b",
            "a\u{1b}[31m",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2028}b",
            "a\u{2067}b",
        ] {
            check_denied(ChatText::parse(line), DenyCode::ForbiddenCharacter);
        }
        let zalgo = format!("a{}", "\u{489}".repeat(9));
        check_denied(ChatText::parse(&zalgo), DenyCode::ForbiddenCharacter);
        for line in ["", "   ", "\u{200b}", "\u{3164} \u{3164}"] {
            check_denied(ChatText::parse(line), DenyCode::TooShort);
        }
        assert!(ChatText::parse(&"x".repeat(500)).is_ok());
        check_denied(ChatText::parse(&"x".repeat(501)), DenyCode::TooLong);
    }

    #[test]
    fn tokens_are_64_lower_case_hex_digits() {
        assert!(ResumeToken::parse("0123456789abcdef".repeat(4)).is_ok());
        for text in [
            "",
            "0123",
            &"G".repeat(64),
            &"A".repeat(64),
            &"a".repeat(65),
        ] {
            check_denied(ResumeToken::parse(text), DenyCode::SessionExpired);
        }
    }
}
