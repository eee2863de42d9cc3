//! The edges of the rules for texts that people type.

use fastrand::Rng;
use longhall_packet::limits::{
    MAX_CHANNEL_CHARS, MAX_CHANNEL_PASSWORD_CHARS, MAX_CHAT_CHARS, MAX_PASSWORD_CHARS,
    MAX_PRESENCE_CHARS, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS, MIN_PASSWORD_CHARS,
    MIN_USERNAME_CHARS,
};
use longhall_packet::{
    ChannelName, ChannelPassword, ChatText, Denial, DenyCode, Field, Password, PresenceText,
    Target, Topic, Username,
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
        "a da",
        "ad\u{a0}a",
        "ad\u{3000}a",
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
        "ad\0a",
        "ad\na",
        "ad\u{7f}a",
        "ad\u{85}a",
        "ad🙂a",
        "ad♥a",
        "ad®a",
        "ad\u{b7}a",
        "ad\u{ff0e}a",
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
        '\u{13430}',
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
        check_name(&format!("a{c}da"), Err((ForbiddenCharacter, None)));
        check_name(&c.to_string().repeat(3), Err((TooShort, Some(3))));
        check_name(&format!("{c}ada{c}{c}"), Ok("ada"));
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
fn what_cannot_be_seen_at_the_ends_of_a_name_is_no_part_of_it() {
    for unseen in [
        " ",
        "\t",
        "\n",
        "\r\n",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{1680}",
        "\u{2003}",
        "\u{2028}",
        "\u{202f}",
        "\u{205f}",
        "\u{3000}",
        "\u{feff}",
        "\u{200b}",
        "\u{200d}",
        "\u{2060}",
        "\u{fe0f}",
        "\u{e0001}",
        "\u{202e}",
        "\u{2068}",
        "\u{2069}",
        "\u{3164}",
        "\u{fffe}",
        " \u{2068}\u{200f} ",
    ] {
        for name in ["Ada_99", "Жанна", "日本語"] {
            let (before, behind) = (format!("{unseen}{name}"), format!("{name}{unseen}"));
            for typed in [&before, &behind, &format!("{unseen}{behind}")] {
                check_name(typed, Ok(name));
                check_channel(typed, Ok(&name.to_lowercase()));
                assert_eq!(
                    Target::parse(&format!("@{typed}")).unwrap().to_string(),
                    format!("@{name}")
                );
            }
            let copied = format!("{unseen}@{name}{unseen}");
            assert_eq!(
                Target::parse(&copied).unwrap().to_string(),
                format!("@{name}")
            );
        }
        // Nothing else is left.
        check_name(&format!("{unseen}al{unseen}"), Err((TooShort, Some(3))));
        check_name(unseen, Err((TooShort, Some(3))));
    }
    let padded = format!("{}Ada_99{}", " ".repeat(300), "\u{200b}".repeat(300));
    check_name(&padded, Ok("Ada_99"));
}

#[test]
fn letters_of_another_width_are_the_letters_they_mean() {
    for (typed, name) in [
        ("Ａｄａ＿９９", "Ada_99"),
        ("Ａda－９9", "Ada-99"),
        ("\u{3000}ｂｏｂ\u{3000}", "bob"),
        ("ｱｲｳ", "アイウ"),
        ("ｶﾞﾊﾟｰ", "ガパー"),
        ("ｊo\u{302}e", "jôe"),
        // Others keep their form, though they are the same name.
        ("𝐚𝐝𝐚", "𝐚𝐝𝐚"),
        ("ﬁnn", "ﬁnn"),
    ] {
        check_name(typed, Ok(name));
    }
    check_name("ａ．ｄ", Err((ForbiddenCharacter, None)));
    check_name("ａ　ｄ", Err((ForbiddenCharacter, None)));
}

#[test]
fn marks_pile_up_across_what_has_no_ink() {
    let marks = "\u{303}\u{30a}\u{306}\u{304}";
    let eight = marks.repeat(2);
    let (allowed, forbidden) = (Ok(()), Err(ForbiddenCharacter));
    let outcomes = |text: &str| {
        let line = ChatText::parse(text)
            .map(drop)
            .map_err(|denial| denial.code);
        let topic = Topic::parse(text).map(drop).map_err(|denial| denial.code);
        let presence = PresenceText::parse(text)
            .map(drop)
            .map_err(|denial| denial.code);
        [line, topic, presence]
    };
    for blank in [
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{2060}",
        "\u{feff}",
        "\u{ad}",
        "\u{34f}",
        "\u{fe00}",
        "\u{fe0f}",
        "\u{e0100}",
        "\u{e0067}",
        "\u{115f}",
        "\u{1160}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{180e}",
        "\u{61c}",
        "\u{200f}",
        "\u{13437}",
        "\u{1d159}",
        "\u{fffc}",
        "\u{ffff}",
        "\u{fdd0}",
        " ",
        "\u{a0}",
        "\u{200a}",
        "\u{3000}",
        "\u{200b} \u{200d}",
    ] {
        assert_eq!(
            outcomes(&format!("x{marks}{blank}{marks}")),
            [
            // These count as marks themselves.
            if blank == "\u{34f}" || blank.starts_with('\u{fe00}') || blank == "\u{fe0f}" || blank == "\u{e0100}" {
                forbidden
            } else {
                allowed
            };
            3
        ],
            "{blank:?}"
        );
        let pile = format!("x{marks}{blank}{marks}{blank}\u{489}");
        assert_eq!(outcomes(&pile), [forbidden; 3], "{blank:?}");
        // What stands beside it begins anew.
        let row = format!("a{eight}b{eight}🙂{eight}.{eight}");
        assert_eq!(outcomes(&row), [allowed; 3]);
    }
    check_chat(
        &format!("a{}", format!("{eight}\u{200b}").repeat(50)),
        Err((ForbiddenCharacter, None)),
    );
    for text in [
        "👩‍🚀",
        "☝🏽",
        "👍🏿 👩🏽‍🚀",
        "1️⃣2️⃣#️⃣",
        "🏳️‍🌈",
        "🏴‍☠️",
        "🇩🇪",
        "❤️‍🔥",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "Z͑ͫ̓ͪ̂ͫ̽a",
        "क्ष्म्य",
        "นี้ก็ผู้ใหญ่",
        "שָׁלוֹם",
        "མཁྱེན་",
        "ồ ộ ẫ",
    ] {
        check_chat(text, Ok(text));
    }
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

#[test]
fn a_channel_has_one_name_however_it_is_typed() {
    for (typed, name) in [
        ("Lobby", "lobby"),
        ("TRADE-EU_2", "trade-eu_2"),
        ("Ｌｏｂｂｙ", "lobby"),
        ("ﬁsh", "fish"),
        ("cafe\u{301}", "café"),
        ("CAFÉ", "café"),
        ("ΟΔΟΣ", "οδος"),
        ("Straße", "straße"),
        ("ǅ", "dž"),
        ("№5", "no5"),
        ("²", "2"),
        ("日本語", "日本語"),
        ("İzmir", "i\u{307}zmir"),
        ("١٢", "١٢"),
        ("한국", "한국"),
    ] {
        check_channel(typed, Ok(name));
        check_channel(name, Ok(name));
    }
    // Wide in one form, within the limit in the other; and the other way round.
    check_channel(&"e\u{301}".repeat(24), Ok(&"é".repeat(24)));
    check_channel(&"ﷺ".repeat(2), Err((TooLong, Some(24))));
    check_channel(&"Ａ".repeat(25), Err((TooLong, Some(24))));
}

#[test]
fn names_of_channels_hold_letters_digits_marks_and_two_signs() {
    for name in [
        "two words",
        "#lobby",
        "@ada",
        "＠ada",
        "@",
        "a.b",
        "a/b",
        "a\\b",
        "a:b",
        "a\0b",
        "a\nb",
        "a🙂",
        "a\u{200b}b",
        "a\u{200d}b",
        "a\u{3164}b",
        "a\u{ad}b",
        "a\u{fe0f}b",
        "a\u{202e}b",
        "\u{301}a",
        "a\u{489}\u{489}\u{489}\u{489}",
        "a\u{2010}b",
        "½",
        "\u{e000}",
    ] {
        check_channel(name, Err((ForbiddenCharacter, None)));
    }
    check_channel("a\u{489}\u{489}\u{489}", Ok("a\u{489}\u{489}\u{489}"));
    check_channel("_-_", Ok("_-_"));
}

#[test]
fn a_target_is_a_channel_a_player_or_all_whispers() {
    let parsed = |text: &str| Target::parse(text).unwrap();
    assert_eq!(
        parsed("Lobby"),
        Target::Channel(ChannelName::parse("lobby").unwrap())
    );
    assert_eq!(
        parsed("@Ada"),
        Target::Whispers(Username::parse("Ada").unwrap())
    );
    assert_eq!(parsed("@"), Target::Inbox);
    assert_eq!(parsed(" @ "), Target::Inbox);
    // A name keeps its case; whose account it is, the server decides.
    for text in ["lobby", "@Ada", "@"] {
        assert_eq!(parsed(text).to_string(), text);
    }
    for (text, code, field) in [
        ("", TooShort, Field::Channel),
        ("＠ada", ForbiddenCharacter, Field::Channel),
        ("ada@", ForbiddenCharacter, Field::Channel),
        ("@al", TooShort, Field::Username),
        ("@@ada", ForbiddenCharacter, Field::Username),
        ("@two words", ForbiddenCharacter, Field::Username),
    ] {
        let denial = Target::parse(text).unwrap_err();
        assert_eq!((denial.code, denial.field), (code, Some(field)), "{text:?}");
    }
    let denial = Target::parse(&format!("@{}", "a".repeat(21))).unwrap_err();
    assert_eq!(
        (denial.code, denial.field),
        (TooLong, Some(Field::Username))
    );
}

#[test]
fn topics_and_presences_are_one_line_or_nothing() {
    for check in [check_topic, check_presence] {
        check("  tea\u{3000}", Ok("tea"));
        check("[b]x[/b] \"y\" 👩‍🚀", Ok("[b]x[/b] \"y\" 👩‍🚀"));
        // What nobody can see says nothing.
        for blank in [
            "",
            " ",
            "\n",
            "\u{200b}",
            "\u{2800}\u{3164}",
            "\u{ad} \u{ad}",
        ] {
            check(blank, Ok(""));
        }
        for c in [
            '\0', '\n', '\t', '\u{85}', '\u{2028}', '\u{202e}', '\u{2066}',
        ] {
            check(&format!("a{c}b"), Err((ForbiddenCharacter, None)));
        }
        check(
            &format!("a{}", "\u{489}".repeat(9)),
            Err((ForbiddenCharacter, None)),
        );
    }
    assert!(Topic::parse(" ").unwrap().is_empty());
    assert!(!PresenceText::parse("x").unwrap().is_empty());
}

#[test]
fn the_password_of_a_channel_is_any_text_and_never_shown() {
    for kept in [" ", "x", "Ｘ", "tab\tline\n\0", "hunter2 🔑"] {
        check_key(kept, Ok(kept));
    }
    check_key("cafe\u{301}", Ok("café"));
    let key = ChannelPassword::parse("hunter2").unwrap();
    assert_eq!(
        format!("{key:?} {key:#?}"),
        "ChannelPassword(***) ChannelPassword(***)"
    );
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

#[test]
fn the_name_of_a_channel_is_its_own_name() {
    // Letters whose case or compatibility form is several characters, or depends
    // on its neighbours, and marks that compose.
    let odd: Vec<char> = "aAzZ_-09İıſßẞŉǰΐΣσςϲϹϴΩΩÅKﬁﬆǅǈᾈᾼΆΈªº²①Ⅷⅷℌ𝔥ℏ㎏㏖ﷺᲐაꭰᎠ한가각\u{1100}\u{1161}\u{11a8}\u{300}\u{301}\u{307}\u{308}\u{30a}\u{323}\u{327}\u{345}\u{3099}がカﾞｶ日ʼⱯꟲ𐐀"
        .chars()
        .collect();
    let mut rng = Rng::with_seed(0x6368_616e);
    let mut named = 0;
    for _ in 0..20_000 {
        let text: String = (0..rng.usize(1..=12))
            .map(|_| match rng.u8(..8) {
                0 => rng.char(..),
                _ => odd[rng.usize(..odd.len())],
            })
            .collect();
        named += u32::from(check_one_form(&text));
    }
    assert!(named > 2_000, "{named}");
}

#[cfg(feature = "name-keys")]
mod keys {
    use super::*;

    #[test]
    fn case_and_compatibility_forms_never_make_another_name() {
        use unicode_normalization::UnicodeNormalization;

        let key = |name: &str| Username::parse(name).map(|name| name.name_key()).ok();
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
