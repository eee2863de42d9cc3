//! The edges of the rules for texts that people type.

use longhall_packet::limits::{
    MAX_CHAT_CHARS, MAX_PASSWORD_CHARS, MAX_USERNAME_CHARS, MIN_PASSWORD_CHARS, MIN_USERNAME_CHARS,
};
use longhall_packet::{ChatText, Denial, DenyCode, Field, Password, Username};

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

#[test]
fn one_password_typed_on_two_systems_is_one_password() {
    let composed = Password::parse("caf\u{e9} cr\u{e8}me").unwrap();
    let decomposed = Password::parse("cafe\u{301} cre\u{300}me").unwrap();
    assert_eq!(composed, decomposed);
    // Nothing else is changed: not case, width, spaces or line ends.
    for kept in [
        "  spaces  ",
        "PassWord",
        "ｐａｓｓｗｏｒｄ",
        "tab\tline\n\0",
        "ﬁﬁﬁﬁﬁﬁﬁﬁ",
    ] {
        check_password(kept, Ok(kept));
    }
}

#[test]
fn names_hold_letters_digits_marks_and_two_signs() {
    for name in [
        "___",
        "---",
        "007",
        "a-b_c",
        "Ñandú",
        "Nguyễn",
        "ẨẨẨ",
        "ᾧδή",
        "שָׁלוֹם",
        "ཀྵུཾ",
        "นี้ก็",
        "தமிழ்",
        "ខ្មែរ",
        "မြန်မာ",
        "ⴰⵎⴰⵣⵉⵖ",
        "٠١٢",
        "ǅǅǅ",
        "ªºª",
    ] {
        assert!(Username::parse(name).is_ok(), "{name}");
    }
    for name in [
        " ada",
        "ada ",
        "a da",
        "ada\u{a0}",
        "ada\u{3000}",
        "a.da",
        "a'da",
        "a’da",
        "@ada",
        "a/da",
        "a\\da",
        "a\"da",
        "<ada>",
        "[ada]",
        "a:da",
        "a%00",
        "ada\0",
        "ada\n",
        "ada\u{7f}",
        "ada\u{85}",
        "ad🙂a",
        "ad♥a",
        "ad®a",
        "ad\u{b7}a",
        "ad\u{ff3f}a",
        "ad\u{2010}a",
        "ad\u{fffd}a",
        "ad\u{e000}a",
        "ad\u{ffff}a",
        "ad\u{378}a",
    ] {
        check_name(name, Err((ForbiddenCharacter, None)));
    }
}

#[test]
fn what_has_no_ink_of_its_own_is_no_part_of_a_name() {
    for c in [
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{17b5}',
        '\u{180b}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2063}',
        '\u{2066}',
        '\u{2069}',
        '\u{206f}',
        '\u{2800}',
        '\u{3164}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff0}',
        '\u{fff9}',
        '\u{13441}',
        '\u{13442}',
        '\u{16fe4}',
        '\u{1bca0}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0061}',
        '\u{e0100}',
        '\u{e01ef}',
    ] {
        for name in [
            format!("a{c}da"),
            format!("{c}ada"),
            format!("ada{c}"),
            c.to_string().repeat(3),
        ] {
            check_name(&name, Err((ForbiddenCharacter, None)));
        }
        // A line made of nothing else is blank, or not allowed at all.
        assert!(ChatText::parse(&c.to_string().repeat(3)).is_err(), "{c:?}");
    }
}

#[test]
fn marks_need_a_letter_and_do_not_pile_up() {
    check_name("\u{301}ada", Err((ForbiddenCharacter, None)));
    // Nothing composes with U+0489, so none of it goes away.
    let name = |marks| format!("a{}da", "\u{489}".repeat(marks));
    check_name(&name(3), Ok(&name(3)));
    check_name(&name(4), Err((ForbiddenCharacter, None)));
    let line = |marks| format!("a{}da", "\u{489}".repeat(marks));
    check_chat(&line(8), Ok(&line(8)));
    check_chat(&line(9), Err((ForbiddenCharacter, None)));
    check_chat("\u{301}ada", Ok("\u{301}ada"));
}

#[test]
fn chat_is_trimmed_and_never_blank() {
    check_chat("\u{a0}\u{3000}\t\n hi \r\n\u{2028}\u{85}", Ok("hi"));
    let blank = Err((TooShort, Some(1)));
    for line in [
        "",
        " ",
        "\n",
        "\u{a0}",
        "\u{3000}",
        "\u{200b}",
        "\u{200d}\u{200d}",
        "\u{2800}",
        "\u{fe0f}",
        "\u{ad} \u{ad}",
    ] {
        check_chat(line, blank);
    }
    // Spaces count only when they are kept.
    let padded = format!("{}x{}", " ".repeat(600), " ".repeat(600));
    check_chat(&padded, Ok("x"));
}

#[test]
fn chat_refuses_what_could_break_a_screen_or_speak_for_others() {
    for c in ('\0'..'\u{20}')
        .chain('\u{7f}'..'\u{a0}')
        .chain('\u{2028}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
    {
        check_chat(&format!("a{c}b"), Err((ForbiddenCharacter, None)));
    }
    for kept in [
        "[url=https://example.org][b]x[/b][/url]",
        "<b>&amp;</b>",
        "{\"type\":\"chat\"}",
        "%s %n",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "👨‍👩‍👧‍👦",
        "नमस्‍ते",
        "می‌خواهم",
        "1️⃣",
        "\u{fffd}",
    ] {
        check_chat(kept, Ok(kept));
    }
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
        }
    }
}

#[cfg(feature = "name-keys")]
mod keys {
    use super::*;

    #[test]
    fn case_and_compatibility_forms_never_make_another_name() {
        use unicode_normalization::UnicodeNormalization;

        let key = |name: &str| Username::parse(name).map(|name| name.keys().name).ok();
        for c in characters() {
            let name = format!("ab{c}ba");
            let Some(expected) = key(&name) else { continue };
            for same in [name.to_lowercase(), name.nfkc().collect(), expected.clone()] {
                if let Some(other) = key(&same) {
                    assert_eq!(other, expected, "{name} {same}");
                }
            }
        }
    }

    #[test]
    fn one_look_in_any_script_is_one_look() {
        let look = |name: &str| Username::parse(name).unwrap().keys().look;
        for (a, b) in [
            ("paypal", "раураl"),
            ("admin", "ɑdmin"),
            ("Olo", "0lo"),
            ("scope", "ѕсоре"),
            ("αβα", "aβa"),
            ("ﬁnn", "finn"),
            ("ab²", "ab2"),
            ("ºlo", "olo"),
            ("Ｂｏｂ", "Bob"),
            ("𝔅𝔬𝔟", "Bob"),
            ("bob_", "bob_"),
        ] {
            assert_eq!(look(a), look(b), "{a} {b}");
        }
    }
}
