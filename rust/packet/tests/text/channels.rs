//! Names of channels, and who or what a line may be said to.

use super::*;

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
