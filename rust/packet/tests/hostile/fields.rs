//! The fields of packets: missing, of another kind, breaking a rule.

use super::*;

#[test]
fn a_text_that_breaks_a_rule_is_refused_under_its_id() {
    let login = |name: &str, password: &str| {
        format!(r#"{{"type":"login","id":7,"username":"{name}","password":"{password}"}}"#)
    };
    let chat = |text: &str| {
        format!(r#"{{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"{text}"}}"#)
    };
    check_denied(login("al", "correct horse"), Some(7), TooShort);
    check_denied(login("ada", "1234567"), Some(7), TooShort);
    check_denied(login(&"a".repeat(21), "correct horse"), Some(7), TooLong);
    check_denied(login("ada", &"x".repeat(100)), Some(7), TooLong);
    check_denied(
        login("a\\u0000da", "correct horse"),
        Some(7),
        ForbiddenCharacter,
    );
    check_denied(chat(""), Some(7), TooShort);
    check_denied(chat("\\u200b"), Some(7), TooShort);
    check_denied(chat(&"x".repeat(501)), Some(7), TooLong);
    check_denied(chat("a\\u0000b"), Some(7), ForbiddenCharacter);
    check_denied(
        r#"{"type":"resume","id":7,"token":"x"}"#,
        Some(7),
        SessionExpired,
    );
}

/// The packet that `text` is, with each field of `changes` in place of its own;
/// `null` takes the field away.
fn changed(text: &str, changes: Value) -> String {
    let mut packet: Value = serde_json::from_str(text).expect("a sample is JSON");
    let Value::Object(changes) = changes else {
        panic!("no object: {changes}")
    };
    let fields = packet.as_object_mut().expect("a packet is an object");
    for (field, value) in changes {
        match value {
            Value::Null => drop(fields.remove(&field)),
            value => drop(fields.insert(field, value)),
        }
    }
    packet.to_string()
}

const CHAT: &str = r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"hi"}"#;
const HISTORY: &str = r#"{"type":"history","id":7,"channel":"lobby","limit":50}"#;
const CREATE: &str = r#"{"type":"create","id":7,"channel":"raid","access":"open"}"#;
const SET_ROLE: &str =
    r#"{"type":"set_role","id":7,"channel":"raid","username":"ada","role":"operator"}"#;
const SET_PRESENCE: &str = r#"{"type":"set_presence","id":7,"state":"away"}"#;

#[track_caller]
fn check_malformed(text: &str, changes: Value) {
    check_denied(changed(text, changes), Some(7), MalformedPacket);
}

#[track_caller]
fn check_taken(text: &str, changes: Value) {
    let text = changed(text, changes);
    if let Err(error) = decode_client_packet(text.as_bytes()) {
        panic!("{error}: {text}");
    }
}

/// The fields a client may leave out, by the name of the packet.
fn is_optional(packet: &str, field: &str) -> bool {
    matches!(
        (packet, field),
        ("login", "device" | "code")
            | ("register", "recovery")
            | ("renew_recovery_codes" | "delete_account" | "rename", "code")
            | ("close_session", "session")
            | ("history" | "channels" | "members" | "export", "after")
            | ("history", "before")
            | ("create", "topic")
            | ("create" | "join" | "set_access", "channel_password")
            | ("register" | "upgrade", "invite" | "proof")
            | ("guest", "device" | "proof")
            | ("upgrade", "username")
            | ("set_presence" | "report" | "close_report", "text")
            | ("reports", "open" | "before")
            | ("set_filter", "filter")
            | ("set_profile", "if_version")
            | (
                "create_temporary",
                "channel" | "topic" | "max_members" | "lasts_s"
            )
            | ("sanction", "channel" | "for_s" | "reason")
            | ("lift_sanction", "channel")
            | ("delete_lines", "channel" | "since_s")
    )
}

#[test]
fn a_missing_field_and_null_are_the_same() {
    for sample in client_samples() {
        let whole: Value = serde_json::from_str(sample.text).unwrap();
        for field in whole.as_object().unwrap().keys() {
            if field == "type" || field == "id" {
                continue;
            }
            let (mut without, mut null) = (whole.clone(), whole.clone());
            without.as_object_mut().unwrap().remove(field);
            null[field] = Value::Null;
            let without = decode_client_packet(without.to_string().as_bytes());
            let null = decode_client_packet(null.to_string().as_bytes());
            assert_eq!(without, null, "{} {field}", sample.file);
            match without {
                Ok(packet) => assert!(is_optional(packet.name(), field), "{packet:?}"),
                Err(error) => {
                    assert_eq!(error.id, Some(sample.packet.id()), "{}", sample.file);
                    assert_eq!(error.denial.code, MalformedPacket, "{}", sample.file);
                    assert!(!is_optional(sample.packet.name(), field), "{}", sample.file);
                }
            }
        }
    }
}

#[test]
fn a_report_is_of_a_line_or_of_a_player_and_never_of_both() {
    const LINE: &str = r#"{"type":"report","id":7,"channel":"lobby","seq":4,"category":"spam"}"#;
    const PLAYER: &str = r#"{"type":"report","id":7,"username":"ada","category":"spam"}"#;
    check_taken(LINE, json!({ "channel": "@" }));
    check_taken(PLAYER, json!({ "text": "x".repeat(300) }));
    check_malformed(LINE, json!({ "username": "ada" }));
    check_malformed(PLAYER, json!({ "seq": 4 }));
    check_malformed(PLAYER, json!({ "channel": "lobby" }));
    for category in [json!("rudeness"), json!(""), json!("Spam"), json!(1)] {
        check_malformed(LINE, json!({ "category": category }));
    }
    let long = json!({ "text": "x".repeat(301) });
    check_denied(changed(LINE, long), Some(7), TooLong);
    check_denied(
        changed(LINE, json!({ "text": "a\nb" })),
        Some(7),
        ForbiddenCharacter,
    );
}

#[test]
fn a_line_is_said_to_a_target_and_a_channel_is_no_player() {
    for channel in [json!("Lobby"), json!("@ada"), json!("@"), json!("ﬁsh")] {
        check_taken(CHAT, json!({ "channel": channel }));
        check_taken(HISTORY, json!({ "channel": channel }));
    }
    for channel in [json!(5), json!(["lobby"]), json!({"lobby": 1})] {
        check_malformed(CHAT, json!({ "channel": channel }));
    }
    for packet in [CREATE, SET_ROLE] {
        for channel in ["@ada", "@"] {
            check_denied(
                changed(packet, json!({ "channel": channel })),
                Some(7),
                ForbiddenCharacter,
            );
        }
    }
}

#[test]
fn numbers_of_lines_fit_every_languages_numbers() {
    let edit = r#"{"type":"edit","id":7,"channel":"lobby","seq":1,"text":"hi"}"#;
    let delete = r#"{"type":"delete","id":7,"channel":"lobby","seq":1}"#;
    let read = r#"{"type":"read","id":7,"channel":"lobby","seq":1}"#;
    let close = r#"{"type":"close_session","id":7}"#;
    for (packet, field) in [
        (CHAT, "line_id"),
        (edit, "seq"),
        (delete, "seq"),
        (read, "seq"),
        (HISTORY, "after"),
        (HISTORY, "before"),
        (close, "session"),
    ] {
        for number in [0, 1, MAX_NUMBER] {
            check_taken(packet, json!({ field: number }));
        }
        for number in [
            json!(MAX_NUMBER + 1),
            json!(u64::MAX),
            json!(-1),
            json!(1.0),
            json!(0.5),
            json!(1e300),
            json!("1"),
            json!(true),
            json!([1]),
            json!({}),
        ] {
            check_malformed(packet, json!({ field: number }));
        }
        let number = changed(packet, json!({ field: 77 })).replace("77", "18446744073709551616");
        check_denied(number, Some(7), MalformedPacket);
    }
    for limit in [json!(-1), json!(4_294_967_296_u64), json!("50"), json!(0.5)] {
        check_malformed(HISTORY, json!({ "limit": limit }));
    }
}

#[test]
fn a_page_has_one_cursor_of_the_right_kind() {
    check_malformed(HISTORY, json!({"after": 1, "before": 9}));
    check_taken(
        r#"{"type":"history","id":7,"channel":"lobby","after":1,"before":null,"limit":50}"#,
        json!({}),
    );
    for after in [json!("1"), json!("lobby"), json!([]), json!(false)] {
        check_malformed(HISTORY, json!({ "after": after }));
    }
    let channels = r#"{"type":"channels","id":7}"#;
    let members = r#"{"type":"members","id":7,"channel":"lobby"}"#;
    for packet in [channels, members] {
        check_taken(packet, json!({"after": "ada"}));
        for after in [json!(1), json!(0.5), json!(-1), json!(["ada"]), json!(true)] {
            check_malformed(packet, json!({ "after": after }));
        }
    }
}

#[test]
fn names_of_closed_lists_are_exact() {
    for access in Access::ALL {
        check_taken(CREATE, json!({"access": access.name()}));
    }
    for role in Role::ALL {
        check_taken(SET_ROLE, json!({"role": role.name()}));
    }
    for state in [PresenceState::Online, PresenceState::Away] {
        check_taken(SET_PRESENCE, json!({"state": state.name()}));
    }
    check_malformed(SET_PRESENCE, json!({"state": "offline"}));
    for name in [
        json!(""),
        json!("Open"),
        json!("OWNER"),
        json!("away "),
        json!("unknown"),
        json!("everybody"),
        json!(0),
        json!(true),
        json!(["open"]),
        json!({"open": {}}),
    ] {
        check_malformed(CREATE, json!({ "access": name }));
        check_malformed(SET_ROLE, json!({ "role": name }));
        check_malformed(SET_PRESENCE, json!({ "state": name }));
    }
}

#[test]
fn a_refused_text_is_named() {
    let change = r#"{"type":"change_password","id":7,"password":"correct horse","new_password":"longer horse"}"#;
    let topic = r#"{"type":"set_topic","id":7,"channel":"raid","topic":"x"}"#;
    let members = r#"{"type":"members","id":7,"channel":"raid"}"#;
    let channels = r#"{"type":"channels","id":7}"#;
    let block = r#"{"type":"block","id":7,"username":"ada"}"#;
    for (packet, changes, code, field, limit) in [
        (CHAT, json!({"channel": ""}), TooShort, "channel", 1),
        (
            CHAT,
            json!({"channel": "x".repeat(25)}),
            TooLong,
            "channel",
            24,
        ),
        (
            CHAT,
            json!({"channel": "two words"}),
            ForbiddenCharacter,
            "channel",
            0,
        ),
        (CHAT, json!({"channel": "@al"}), TooShort, "username", 3),
        (CHAT, json!({"channel": "@@"}), TooShort, "username", 3),
        (
            CHAT,
            json!({"channel": "@ a@da"}),
            ForbiddenCharacter,
            "username",
            0,
        ),
        (CHAT, json!({"text": " "}), TooShort, "text", 1),
        (
            CREATE,
            json!({"channel": "#raid"}),
            ForbiddenCharacter,
            "channel",
            0,
        ),
        (
            CREATE,
            json!({"topic": "x".repeat(121)}),
            TooLong,
            "topic",
            120,
        ),
        (
            topic,
            json!({"topic": "a\nb"}),
            ForbiddenCharacter,
            "topic",
            0,
        ),
        (
            CREATE,
            json!({"channel_password": ""}),
            TooShort,
            "channel_password",
            1,
        ),
        (
            CREATE,
            json!({"channel_password": "x".repeat(100)}),
            TooLong,
            "channel_password",
            99,
        ),
        (
            change,
            json!({"password": "short"}),
            TooShort,
            "password",
            8,
        ),
        (
            change,
            json!({"new_password": "short"}),
            TooShort,
            "new_password",
            8,
        ),
        (
            change,
            json!({"new_password": "x".repeat(100)}),
            TooLong,
            "new_password",
            99,
        ),
        (
            SET_PRESENCE,
            json!({"text": "x".repeat(61)}),
            TooLong,
            "text",
            60,
        ),
        (SET_ROLE, json!({"username": "al"}), TooShort, "username", 3),
        (members, json!({"after": "al"}), TooShort, "username", 3),
        (channels, json!({"after": ""}), TooShort, "channel", 1),
        (
            block,
            json!({"username": "a da"}),
            ForbiddenCharacter,
            "username",
            0,
        ),
    ] {
        let packet = changed(packet, changes);
        let error = decode_client_packet(packet.as_bytes()).expect_err(&packet);
        assert_eq!(error.id, Some(7), "{packet}");
        assert_eq!(error.denial.code, code, "{packet}");
        assert_eq!(error.denial.field.map(Field::name), Some(field), "{packet}");
        assert_eq!(error.denial.limit.unwrap_or(0), limit, "{packet}");
        assert!(!error.is_protocol_violation(), "{packet}");
    }
}

#[test]
fn the_name_of_a_client_is_cut_and_holds_no_control_characters() {
    let client = format!(r#"" \u001b \u202e[31m{}""#, "é".repeat(100));
    let packet = format!(r#"{{"type":"hello","id":1,"protocol":2,"client":{client}}}"#);
    let ClientPacket::Hello { client, .. } = decode_client_packet(packet.as_bytes()).unwrap()
    else {
        panic!("not a hello")
    };
    assert_eq!(client, format!("[31m{}", "é".repeat(60)));

    let packet = changed(
        r#"{"type":"login","id":1,"username":"ada","password":"correct horse"}"#,
        json!({"device": format!("\u{1b}[31m \n{} x", "é".repeat(35))}),
    );
    let ClientPacket::Login { device, .. } = decode_client_packet(packet.as_bytes()).unwrap()
    else {
        panic!("not a login")
    };
    assert_eq!(device, format!("[31m {}", "é".repeat(35)));

    // Of a pile of marks as many are left as a line may have.
    let packet = changed(
        r#"{"type":"login","id":1,"username":"ada","password":"correct horse"}"#,
        json!({"device": format!("x{}y", "\u{489}\u{489}\u{200b}".repeat(6))}),
    );
    let ClientPacket::Login { device, .. } = decode_client_packet(packet.as_bytes()).unwrap()
    else {
        panic!("not a login")
    };
    assert_eq!(device.matches('\u{489}').count(), 8);
    assert!(device.ends_with('y'));
}
