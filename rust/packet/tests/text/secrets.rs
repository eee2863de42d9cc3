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
