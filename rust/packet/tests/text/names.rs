//! Names of players.

use super::*;

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
    let line = |marks| format!("a{}da", "\u{35c}".repeat(marks));
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
