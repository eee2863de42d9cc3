//! Texts that people type: parsed once at the edge, valid ever after.
//!
//! Every `parse` brings the text into Unicode Normalization Form C (UAX #15)
//! first, so that the same letters count the same wherever they were typed.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

use crate::limits::{
    MAX_CHANNEL_PASSWORD_CHARS, MAX_CHAT_CHARS, MAX_CHAT_MARKS, MAX_PASSWORD_CHARS,
    MAX_PRESENCE_CHARS, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS, MAX_USERNAME_MARKS,
    MIN_PASSWORD_CHARS, MIN_USERNAME_CHARS,
};
use crate::{Denial, DenyCode, Field};

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

/// One chat line: 1 to 500 characters, no control characters, not blank.
///
/// Spaces around it are dropped. Emoji, joiners and right-to-left text are
/// welcome; characters that reorder or cover what others wrote are not.
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
    let line: String = line.nfc().collect();
    check_length(&line, field, 0, max)?;
    let mut pile = Pile::default();
    let mut visible = false;
    for c in line.chars() {
        if c.is_control() || is_layout_control(c) || pile.add(c) > MAX_CHAT_MARKS {
            return Err(Denial::of_field(DenyCode::ForbiddenCharacter, field, None));
        }
        visible |= has_ink(c);
    }
    Ok(if visible { line } else { String::new() })
}

/// The marks that are drawn on one another: all since the last character that has
/// ink of its own. What has none, like a joiner or a space, holds no mark of its own
/// and begins no new pile.
#[derive(Default)]
pub(crate) struct Pile(usize);

impl Pile {
    /// Goes on by a character. Returns the marks in the pile then.
    pub(crate) fn add(&mut self, c: char) -> usize {
        if is_mark(c) {
            self.0 += 1;
        } else if has_ink(c) {
            self.0 = 0;
        }
        self.0
    }
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

/// Whether `c` counts as a letter and stands for a mark on a blank, as U+037A (a small
/// iota that is below nothing) does: keys of names are made of what letters stand for.
fn is_mark_on_a_blank(c: char) -> bool {
    !c.is_ascii() && std::iter::once(c).nfkd().next() == Some(' ')
}

/// Takes off what cannot be seen at the ends of a name: spaces of any kind, what has
/// no ink, and what came along when the name was copied out of a text.
pub fn trim_unseen(text: &str) -> &str {
    text.trim_matches(|c: char| {
        let is_unseen =
            c.is_whitespace() || c.is_control() || is_invisible(c) || is_layout_control(c);
        !c.is_ascii_graphic() && is_unseen
    })
}

/// A character of full or half width (`Ａ`, `ｶ`) as the one it means; others as
/// they are.
pub(crate) fn in_usual_width(c: char) -> impl Iterator<Item = char> {
    let is_other = matches!(c, '\u{FF01}'..='\u{FFEE}');
    let same = (!is_other).then_some(c);
    let usual = is_other.then(|| std::iter::once(c).nfkc());
    same.into_iter().chain(usual.into_iter().flatten())
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

/// Whether `c` is a combining mark. Looks no letter up that cannot be one.
pub(crate) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether something is drawn for `c`.
pub(crate) fn has_ink(c: char) -> bool {
    c.is_ascii_graphic() || !(c.is_whitespace() || is_invisible(c))
}

/// Characters that have no ink of their own: Default_Ignorable_Code_Point of the
/// Unicode Character Database, the joiners, format controls of hieroglyphs,
/// noncharacters, and blanks that count as letters, marks or symbols.
pub(crate) fn is_invisible(c: char) -> bool {
    // Nearly every character there is; the channel of each line is looked at.
    if c.is_ascii() {
        return false;
    }
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{FFFC}' | '\u{13430}'..='\u{13442}'
        | '\u{16FE4}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Characters that start a new line or turn the direction of what follows:
/// line and paragraph separators, bidirectional embeddings, overrides and
/// isolates (UAX #9), interlinear annotations.
pub(crate) fn is_layout_control(c: char) -> bool {
    matches!(c,
        '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        | '\u{FFF9}'..='\u{FFFB}')
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
