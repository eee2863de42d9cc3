//! Texts made to harm the screens of others: `texts.json` says what becomes of each. The
//! scenes draw those that are said, in `godot_project/tests/window/test_hostile_texts.gd`.

use longhall_packet::{ChatText, DenyCode, PresenceText, Topic};
use serde::Deserialize;

/// Like nothing else in the file: what becomes of a text that may be said.
const SAID: &str = "said";

#[derive(Deserialize)]
struct Hostile {
    what: String,
    text: String,
    /// [`SAID`], or the code of the denial.
    becomes: String,
    /// How it reads where that is not as it was typed.
    shown: Option<String>,
}

#[test]
fn texts_made_to_harm_screens_are_refused_and_others_stay_as_they_are() {
    let all: Vec<Hostile> = serde_json::from_str(include_str!("texts.json")).unwrap();
    assert!(all.len() >= 100, "{}", all.len());
    for case in all {
        let said = ChatText::parse(&case.text);
        let becomes = match &said {
            Ok(_) => SAID,
            Err(denial) => denial.code.name(),
        };
        assert_eq!(becomes, case.becomes, "{}", case.what);
        if let Ok(said) = said {
            let shown = case.shown.as_deref().unwrap_or(&case.text);
            assert_eq!(said.as_str(), shown.trim(), "{}", case.what);
            // What is said once may be said again, by another client.
            assert_eq!(ChatText::parse(said.as_str()).unwrap(), said);
        }
        if becomes == DenyCode::ForbiddenCharacter.name() {
            for code in [
                Topic::parse(&case.text).unwrap_err().code,
                PresenceText::parse(&case.text).unwrap_err().code,
            ] {
                let expected = [DenyCode::ForbiddenCharacter, DenyCode::TooLong];
                assert!(expected.contains(&code), "{}", case.what);
            }
        }
    }
}
