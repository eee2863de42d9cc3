//! Passwords.

use super::*;

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

#[test]
fn a_recovery_code_is_read_as_people_type_it() {
    let same = [
        "ABCD-EFGH-JKMN-PQRS-TV01",
        "abcd-efgh-jkmn-pqrs-tv01",
        "  abcdefghjkmnpqrstvol ",
        "ABCD EFGH\u{a0}JKMN PQRS TVoi",
        "A-B-C-D-EFGHJKMNPQRSTV0L",
    ];
    for typed in same {
        let code = RecoveryCode::parse(typed).unwrap();
        assert_eq!(code.expose(), "ABCD-EFGH-JKMN-PQRS-TV01", "{typed}");
    }
    for wrong in [
        "",
        "ABCD-EFGH-JKMN-PQRS-TV0",
        "ABCD-EFGH-JKMN-PQRS-TV011",
        "UBCD-EFGH-JKMN-PQRS-TV01",
        "ABCD-EFGH-JKMN-PQRS-TV0é",
    ] {
        let denial = RecoveryCode::parse(wrong).unwrap_err();
        assert_eq!(denial.code, DenyCode::BadCredentials, "{wrong}");
    }
}

#[test]
fn a_recovery_code_of_random_bytes_uses_every_sign() {
    let bytes: [u8; 20] = std::array::from_fn(|at| u8::try_from(at * 13 % 256).unwrap());
    let code = RecoveryCode::from_bytes(&bytes);
    assert_eq!(RecoveryCode::parse(code.expose()).unwrap(), code);
    let signs: std::collections::BTreeSet<char> = (0..=31_u8)
        .flat_map(|byte| {
            RecoveryCode::from_bytes(&[byte; 20])
                .expose()
                .chars()
                .collect::<Vec<_>>()
        })
        .filter(|sign| *sign != '-')
        .collect();
    assert_eq!(signs.len(), 32);
}

#[test]
fn the_code_of_a_second_factor_is_six_digits_or_a_recovery_code() {
    let digits = |typed: &str| FactorCode::parse(typed).digits();
    assert_eq!(digits(" 287 082 ").unwrap().as_str(), "287082");
    for none in ["28708", "2870820", "28708x", "２８７０８２"] {
        assert!(digits(none).is_none(), "{none}");
    }
    let recovery = FactorCode::parse("abcd-efgh-jkmn-pqrs-tvwx");
    assert!(recovery.digits().is_none() && recovery.recovery().is_some());
    assert!(FactorCode::parse_optional(" ").is_none());
    let long = FactorCode::parse("9".repeat(9999));
    assert_eq!(long.expose().len(), 64);
}
