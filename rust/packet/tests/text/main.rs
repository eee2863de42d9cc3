//! The edges of the rules for texts that people type.

mod channels;
mod lines;
mod names;
mod secrets;

use fastrand::Rng;
use longhall_packet::limits::{
    MAX_CHANNEL_CHARS, MAX_CHANNEL_PASSWORD_CHARS, MAX_CHAT_CHARS, MAX_PASSWORD_CHARS,
    MAX_PRESENCE_CHARS, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS, MIN_PASSWORD_CHARS,
    MIN_USERNAME_CHARS,
};
use longhall_packet::{
    ChannelName, ChannelPassword, ChatText, Denial, DenyCode, FactorCode, Field, Password,
    PresenceText, RecoveryCode, Target, Topic, Username,
};

use DenyCode::{ForbiddenCharacter, TooLong, TooShort};

/// The text as it is kept, or the code and limit of its refusal.
type Outcome<'a> = Result<&'a str, (DenyCode, Option<u32>)>;

#[track_caller]
fn check_name(name: &str, expected: Outcome<'_>) {
    check(
        &Username::parse(name).map(|name| name.to_string()),
        Field::Username,
        expected,
    );
}

#[track_caller]
fn check_password(password: &str, expected: Outcome<'_>) {
    let parsed = Password::parse(password).map(|password| password.expose().to_owned());
    check(&parsed, Field::Password, expected);
}

#[track_caller]
fn check_chat(text: &str, expected: Outcome<'_>) {
    check(
        &ChatText::parse(text).map(|text| text.to_string()),
        Field::Text,
        expected,
    );
}

#[track_caller]
fn check_channel(name: &str, expected: Outcome<'_>) {
    check(
        &ChannelName::parse(name).map(|name| name.to_string()),
        Field::Channel,
        expected,
    );
}

#[track_caller]
fn check_topic(text: &str, expected: Outcome<'_>) {
    let parsed = Topic::parse(text).map(|topic| topic.as_str().to_owned());
    check(&parsed, Field::Topic, expected);
}

#[track_caller]
fn check_presence(text: &str, expected: Outcome<'_>) {
    let parsed = PresenceText::parse(text).map(|text| text.as_str().to_owned());
    check(&parsed, Field::Text, expected);
}

#[track_caller]
fn check_key(key: &str, expected: Outcome<'_>) {
    let parsed = ChannelPassword::parse(key).map(|key| key.expose().to_owned());
    check(&parsed, Field::ChannelPassword, expected);
}

#[track_caller]
fn check(parsed: &Result<String, Denial>, field: Field, expected: Outcome<'_>) {
    match parsed {
        Ok(text) => assert_eq!(Ok(text.as_str()), expected),
        Err(denial) => {
            assert_eq!(Err((denial.code, denial.limit)), expected);
            assert_eq!(denial.field, Some(field));
        }
    }
}

#[test]
fn lengths_are_limits_inclusive() {
    let short = Err((TooShort, Some(MIN_USERNAME_CHARS as u32)));
    let long = Err((TooLong, Some(MAX_USERNAME_CHARS as u32)));
    for letter in ["a", "é", "日", "𐐀"] {
        let name = |chars| letter.repeat(chars);
        check_name(&name(MIN_USERNAME_CHARS - 1), short);
        check_name(&name(MIN_USERNAME_CHARS), Ok(&name(MIN_USERNAME_CHARS)));
        check_name(&name(MAX_USERNAME_CHARS), Ok(&name(MAX_USERNAME_CHARS)));
        check_name(&name(MAX_USERNAME_CHARS + 1), long);
    }
    let short = Err((TooShort, Some(MIN_PASSWORD_CHARS as u32)));
    let long = Err((TooLong, Some(MAX_PASSWORD_CHARS as u32)));
    for letter in ["a", " ", "\0", "é", "日", "🔑", "\u{10ffff}"] {
        let password = |chars| letter.repeat(chars);
        check_password(&password(MIN_PASSWORD_CHARS - 1), short);
        check_password(
            &password(MIN_PASSWORD_CHARS),
            Ok(&password(MIN_PASSWORD_CHARS)),
        );
        check_password(
            &password(MAX_PASSWORD_CHARS),
            Ok(&password(MAX_PASSWORD_CHARS)),
        );
        check_password(&password(MAX_PASSWORD_CHARS + 1), long);
    }
    for letter in ["a", "é", "日", "🔑"] {
        let line = |chars| letter.repeat(chars);
        check_chat(&line(1), Ok(letter));
        check_chat(&line(MAX_CHAT_CHARS), Ok(&line(MAX_CHAT_CHARS)));
        check_chat(
            &line(MAX_CHAT_CHARS + 1),
            Err((TooLong, Some(MAX_CHAT_CHARS as u32))),
        );
    }
    check_channel("", Err((TooShort, Some(1))));
    for letter in ["a", "é", "日", "𐐨"] {
        let name = |chars| letter.repeat(chars);
        let long = Err((TooLong, Some(MAX_CHANNEL_CHARS as u32)));
        check_channel(&name(1), Ok(letter));
        check_channel(&name(MAX_CHANNEL_CHARS), Ok(&name(MAX_CHANNEL_CHARS)));
        check_channel(&name(MAX_CHANNEL_CHARS + 1), long);
        check_channel(&name(100_000), long);
    }
    check_key("", Err((TooShort, Some(1))));
    check_topic("", Ok(""));
    check_presence("", Ok(""));
    for letter in ["a", "é", "日", "🔑"] {
        let text = |chars| letter.repeat(chars);
        let long = |max| Err((TooLong, Some(max as u32)));
        let max = MAX_CHANNEL_PASSWORD_CHARS;
        check_key(&text(1), Ok(letter));
        check_key(&text(max), Ok(&text(max)));
        check_key(&text(max + 1), long(max));
        check_topic(&text(MAX_TOPIC_CHARS), Ok(&text(MAX_TOPIC_CHARS)));
        check_topic(&text(MAX_TOPIC_CHARS + 1), long(MAX_TOPIC_CHARS));
        check_presence(&text(MAX_PRESENCE_CHARS), Ok(&text(MAX_PRESENCE_CHARS)));
        check_presence(&text(MAX_PRESENCE_CHARS + 1), long(MAX_PRESENCE_CHARS));
    }
}

#[test]
fn lengths_are_counted_after_normalisation() {
    // Shrinks: e and an accent become one letter.
    check_name("e\u{301}e\u{301}", Err((TooShort, Some(3))));
    check_name(&"e\u{301}".repeat(20), Ok(&"é".repeat(20)));
    check_password(&"e\u{301}".repeat(99), Ok(&"é".repeat(99)));
    check_chat(&"e\u{301}".repeat(500), Ok(&"é".repeat(500)));
    // Conjoining jamo become syllables.
    check_name("\u{1112}\u{1161}\u{11ab}".repeat(3).as_str(), Ok("한한한"));
    // Grows: U+0958 is written as two characters in every normal form.
    check_name(&"\u{958}".repeat(10), Ok(&"\u{915}\u{93c}".repeat(10)));
    check_name(&"\u{958}".repeat(11), Err((TooLong, Some(20))));
    check_password(&"\u{958}".repeat(50), Err((TooLong, Some(99))));
    check_chat(&"\u{958}".repeat(251), Err((TooLong, Some(500))));
}

/// Every character but ideographs, Hangul syllables and empty planes, of which
/// one is like the other.
fn characters() -> impl Iterator<Item = char> {
    ('\0'..'\u{3400}')
        .chain('\u{a000}'..'\u{ac00}')
        .chain('\u{d7a4}'..'\u{17000}')
        .chain('\u{1b000}'..'\u{20000}')
        .chain('\u{e0000}'..'\u{e1000}')
}

#[test]
fn a_parsed_text_is_valid_ever_after() {
    for c in characters() {
        // Between letters, alone, and before a mark.
        for text in [format!("ab{c}ba"), c.to_string(), format!("ab{c}\u{301}")] {
            if let Ok(name) = Username::parse(&text) {
                assert_eq!(
                    Username::parse(name.as_str()).as_ref(),
                    Ok(&name),
                    "{text:?}"
                );
            }
            if let Ok(line) = ChatText::parse(&text) {
                assert_eq!(
                    ChatText::parse(line.as_str()).as_ref(),
                    Ok(&line),
                    "{text:?}"
                );
            }
            check_one_form(&text);
        }
    }
}

/// A channel's name is the same however often it is parsed, and in lower case.
/// Says whether `text` is a name at all.
fn check_one_form(text: &str) -> bool {
    let Ok(name) = ChannelName::parse(text) else {
        return false;
    };
    assert_eq!(
        ChannelName::parse(name.as_str()).as_ref(),
        Ok(&name),
        "{text:?}"
    );
    assert_eq!(name.as_str(), name.as_str().to_lowercase(), "{text:?}");
    true
}
