//! Lines of chat, topics, and what players say of themselves.

use super::*;

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
        "\u{115f}",
        "\u{1160}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{180e}",
        "\u{61c}",
        "\u{200f}",
        "\u{1d159}",
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
