//! What a peer should never send: each gets the right refusal, under its
//! request's id where there is one to read, and nothing panics.

mod support;

use longhall_packet::codec::{DecodeError, decode_client_packet, decode_server_packet};
use longhall_packet::limits::{MAX_CLIENT_PACKET_BYTES, MAX_SERVER_PACKET_BYTES};
use longhall_packet::{
    Access, Change, ClientPacket, DenyCode, Field, LeaveReason, LineKind, PresenceState, RequestId,
    Role, ServerPacket,
};
use serde_json::{Value, json};
use support::{MAX_NUMBER, client_samples, server_samples};

use DenyCode::{
    ForbiddenCharacter, MalformedPacket, PacketTooLarge, SessionExpired, TooLong, TooShort,
    UnknownPacket,
};

#[track_caller]
fn check_denied(bytes: impl AsRef<[u8]>, id: Option<RequestId>, code: DenyCode) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    match decode_client_packet(bytes) {
        Ok(packet) => panic!("{shown} is taken for {packet:?}"),
        Err(error) => assert_eq!((error.id, error.denial.code), (id, code), "{shown}"),
    }
}

#[track_caller]
fn check_server_denied(bytes: impl AsRef<[u8]>, code: DenyCode) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    match decode_server_packet(bytes) {
        Ok(packet) => panic!("{shown} is taken for {packet:?}"),
        Err(error) => assert_eq!(error.denial.code, code, "{shown}"),
    }
}

#[test]
fn what_is_not_one_json_object_is_malformed() {
    let not_objects: [&[u8]; 18] = [
        b"",
        b" \t\r\n",
        b"\0",
        b"null",
        b"true",
        b"7",
        b"\"ping\"",
        b"[]",
        b"[\"ping\",1]",
        b"[{\"type\":\"ping\",\"id\":1}]",
        b"{}",
        b"{",
        b"}",
        b"'ping'",
        b"{'type':'ping','id':1}",
        b"\x82\xa4type\xa4ping\xa2id\x01", // MessagePack
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe{\0}\0", // UTF-16
    ];
    for bytes in not_objects {
        check_denied(bytes, None, MalformedPacket);
        check_server_denied(bytes, MalformedPacket);
    }
    check_denied("[\"no_such_packet\",5]", None, MalformedPacket);
    check_server_denied("[\"ok\",1]", MalformedPacket);
    check_server_denied("[\"chat\",\"lobby\",1,\"ada\",\"hi\",1]", MalformedPacket);
}

#[test]
fn a_packet_cut_anywhere_is_malformed() {
    for sample in client_samples() {
        for end in 0..sample.text.len() {
            check_denied(&sample.text.as_bytes()[..end], None, MalformedPacket);
        }
    }
    for sample in server_samples() {
        for end in 0..sample.text.len() {
            check_server_denied(&sample.text.as_bytes()[..end], MalformedPacket);
        }
    }
}

#[test]
fn a_packet_with_something_around_it_is_malformed() {
    for around in [
        "@x",
        "@\0",
        "@{}",
        "@,",
        "@]",
        "\0@",
        "\u{feff}@",
        "x@",
        "@@",
        "\u{c}@",
    ] {
        let bytes = around.replace('@', r#"{"type":"ping","id":1}"#);
        check_denied(bytes, None, MalformedPacket);
    }
    let spaced = b" \r\n\t{ \"id\" : 1 , \"type\" : \"ping\" }\n";
    assert_eq!(
        decode_client_packet(spaced),
        Ok(ClientPacket::Ping { id: 1 })
    );
}

#[test]
fn an_id_is_a_whole_number_of_32_bits() {
    for id in ["0", "1", "4294967295"] {
        let packet = decode_client_packet(format!(r#"{{"type":"ping","id":{id}}}"#).as_bytes());
        assert_eq!(packet.unwrap().id().to_string(), id);
    }
    for id in [
        "-1",
        "-0.0",
        "0.5",
        "1.0",
        "1e0",
        "1e400",
        "-1e400",
        "4294967296",
        "18446744073709551616",
        "01",
        "+1",
        "0x1",
        "NaN",
        "Infinity",
        "null",
        "true",
        "\"1\"",
        "[1]",
        "{}",
        "{\"id\":1}",
        "",
    ] {
        check_denied(
            format!(r#"{{"type":"ping","id":{id}}}"#),
            None,
            MalformedPacket,
        );
    }
    check_denied(
        format!(r#"{{"type":"ping","id":{}}}"#, "9".repeat(8000)),
        None,
        MalformedPacket,
    );
    check_denied(r#"{"type":"ping"}"#, None, MalformedPacket);
}

#[test]
fn a_broken_packet_is_refused_under_its_id() {
    for packet in [
        // A type that is none.
        r#"{"id":7}"#,
        r#"{"id":7,"type":null}"#,
        r#"{"id":7,"type":5}"#,
        r#"{"id":7,"type":["ping"]}"#,
        r#"{"id":7,"type":{"ping":null}}"#,
        // Missing fields and wrong types.
        r#"{"type":"chat","id":7}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":null}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":5}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":["hi"]}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":{"text":"hi"}}"#,
        r#"{"type":"hello","id":7,"protocol":2}"#,
        r#"{"type":"hello","id":7,"protocol":-1,"client":"x"}"#,
        r#"{"type":"hello","id":7,"protocol":"1","client":"x"}"#,
        r#"{"type":"hello","id":7,"protocol":1e400,"client":"x"}"#,
        r#"{"type":"login","id":7,"username":"ada"}"#,
        r#"{"type":"login","id":7,"password":"correct horse"}"#,
        r#"{"type":"login","id":7,"username":["ada"],"password":"correct horse"}"#,
        r#"{"type":"resume","id":7,"token":0}"#,
        // A field that some other packet has, in a type that it has nowhere.
        r#"{"type":"ping","id":7,"text":5}"#,
        r#"{"type":"logout","id":7,"session":"12"}"#,
        // Said twice: which one counts would depend on who reads it.
        r#"{"type":"ping","type":"ping","id":7}"#,
        r#"{"type":"ping","id":7,"type":"logout"}"#,
        r#"{"type":"login","id":7,"username":"ada","username":"bob","password":"correct horse"}"#,
        r#"{"type":"login","id":7,"username":"ada","\u0075sername":"bob","password":"correct horse"}"#,
        // Not Unicode.
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"\ud800"}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"\udc00"}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"\ud800\ud800"}"#,
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"\ud83dx"}"#,
    ] {
        check_denied(packet, Some(7), MalformedPacket);
    }
    check_denied(
        b"{\"type\":\"chat\",\"id\":7,\"channel\":\"lobby\",\"line_id\":1,\"text\":\"\xff\xfe\"}",
        Some(7),
        MalformedPacket,
    );
    check_denied(
        b"{\"type\":\"chat\",\"id\":7,\"channel\":\"lobby\",\"line_id\":1,\"text\":\"\xc0\x80\"}",
        Some(7),
        MalformedPacket,
    );
    check_denied(
        b"{\"type\":\"chat\",\"id\":7,\"channel\":\"lobby\",\"line_id\":1,\"text\":\"\xed\xa0\x80\"}",
        Some(7),
        MalformedPacket,
    );
    // Whose answer would this be?
    check_denied(r#"{"type":"ping","id":7,"id":8}"#, None, MalformedPacket);
    check_denied(
        r#"{"type":"ping","id":7,"\u0069d":7}"#,
        None,
        MalformedPacket,
    );
    // Beyond repair: what follows the id may as well be another one.
    check_denied(
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"hi}"#,
        None,
        MalformedPacket,
    );
    check_denied(
        "{\"type\":\"chat\",\"id\":7,\"channel\":\"lobby\",\"line_id\":1,\"text\":\"a\nb\"}",
        None,
        MalformedPacket,
    );
    check_denied(
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"\x41"}"#,
        None,
        MalformedPacket,
    );
    check_denied(r#"{"type":"ping","id":7,}"#, None, MalformedPacket);
}

#[test]
fn a_packet_nobody_knows_is_unknown() {
    for name in [
        "",
        "Ping",
        "PING",
        " ping",
        "ping\\u0000",
        "piŋg",
        "no_such_packet",
        "ok",
        "0",
    ] {
        check_denied(
            format!(r#"{{"type":"{name}","id":7}}"#),
            Some(7),
            UnknownPacket,
        );
        check_denied(format!(r#"{{"type":"{name}"}}"#), None, UnknownPacket);
        check_denied(
            format!(r#"{{"type":"{name}","id":-7}}"#),
            None,
            UnknownPacket,
        );
    }
    check_denied(
        r#"{"id":7,"type":"say","text":[[{"id":8}]]}"#,
        Some(7),
        UnknownPacket,
    );
    check_server_denied(r#"{"type":"weather","sky":"clear"}"#, UnknownPacket);
    check_server_denied(r#"{"type":"login","id":1}"#, UnknownPacket);
}

#[test]
fn a_field_nobody_knows_is_passed_over() {
    for more in [
        "null",
        "-1.5e3",
        "\"x\"",
        "[[[]]]",
        "{\"id\":9,\"type\":\"logout\"}",
    ] {
        let packet = format!(r#"{{"x":{more},"type":"ping","y":{more},"id":1,"":{more}}}"#);
        assert_eq!(
            decode_client_packet(packet.as_bytes()),
            Ok(ClientPacket::Ping { id: 1 })
        );
        let packet = format!(r#"{{"x":{more},"type":"ok","y":{more},"id":1,"":{more}}}"#);
        assert_eq!(
            decode_server_packet(packet.as_bytes()),
            Ok(ServerPacket::Ok { id: 1 })
        );
    }
}

#[test]
fn nesting_exhausts_no_stack() {
    let inside = |field: &str, open: &str, close: &str, depth: usize| {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        format!(r#"{{"type":"ping","id":7,"{field}":{open}0{close}}}"#)
    };
    // What nobody knows is passed over without going down into it.
    for packet in [
        inside("x", "[", "]", 100),
        inside("x", "[", "]", 4000),
        inside("x", "{\"x\":", "}", 1000),
    ] {
        assert_eq!(
            decode_client_packet(packet.as_bytes()),
            Ok(ClientPacket::Ping { id: 7 })
        );
    }
    for field in ["text", "after", "seq", "access"] {
        check_denied(inside(field, "[", "]", 4000), Some(7), MalformedPacket);
        check_denied(
            inside(field, "{\"x\":", "}", 1000),
            Some(7),
            MalformedPacket,
        );
    }
    check_denied(inside("id", "[", "]", 4000), None, MalformedPacket);
    check_denied(inside("type", "[", "]", 2000), Some(7), MalformedPacket);
    check_denied("[".repeat(8000), None, MalformedPacket);
    check_denied("[".repeat(100_000), None, PacketTooLarge);
    check_denied("{\"x\":".repeat(1600), None, MalformedPacket);
    let from_server = |depth| inside("x", "[", "]", depth).replace("ping", "ok");
    assert!(decode_server_packet(from_server(100).as_bytes()).is_ok());
    check_server_denied(from_server(30_000), MalformedPacket);
    check_server_denied("[".repeat(60_000), MalformedPacket);
    check_server_denied("{\"x\":".repeat(12_000), MalformedPacket);
    check_server_denied("[".repeat(100_000), PacketTooLarge);
}

#[test]
fn the_size_is_checked_before_anything_is_parsed() {
    let padded = |packet: &str, len: usize| format!("{packet:<len$}");
    let ping = r#"{"type":"ping","id":1}"#;
    assert!(decode_client_packet(padded(ping, MAX_CLIENT_PACKET_BYTES).as_bytes()).is_ok());
    check_denied(
        padded(ping, MAX_CLIENT_PACKET_BYTES + 1),
        None,
        PacketTooLarge,
    );
    check_denied(
        vec![0xff; MAX_CLIENT_PACKET_BYTES + 1],
        None,
        PacketTooLarge,
    );
    let error = decode_client_packet(&[b' '; MAX_CLIENT_PACKET_BYTES + 1]).unwrap_err();
    assert_eq!(error.denial.limit, Some(MAX_CLIENT_PACKET_BYTES as u32));

    let ok = r#"{"type":"ok","id":1}"#;
    assert!(decode_server_packet(padded(ok, MAX_SERVER_PACKET_BYTES).as_bytes()).is_ok());
    check_server_denied(padded(ok, MAX_SERVER_PACKET_BYTES + 1), PacketTooLarge);
}

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
        ("login", "device")
            | ("close_session", "session")
            | ("history" | "channels" | "members", "after")
            | ("history", "before")
            | ("create", "topic")
            | ("create" | "join" | "set_access", "channel_password")
            | ("set_presence", "text")
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
fn a_word_of_a_newer_server_costs_no_packet() {
    for sample in server_samples() {
        let mut newer = sample.text.to_owned();
        for (field, names) in [
            (
                "access",
                Access::ALL.iter().map(|one| one.name()).collect::<Vec<_>>(),
            ),
            ("role", Role::ALL.iter().map(|one| one.name()).collect()),
            (
                "state",
                PresenceState::ALL.iter().map(|one| one.name()).collect(),
            ),
            ("change", Change::ALL.iter().map(|one| one.name()).collect()),
            (
                "reason",
                LeaveReason::ALL.iter().map(|one| one.name()).collect(),
            ),
            ("kind", vec!["deleted", "hidden", "edit", "deletion"]),
        ] {
            for name in names {
                newer = newer.replace(
                    &format!("\"{field}\":\"{name}\""),
                    &format!("\"{field}\":\"starlit\""),
                );
            }
        }
        // As if there were more in every object, too.
        newer = newer.replace('{', r#"{"starlit":[{"x":null}],"#);
        let packet = decode_server_packet(newer.as_bytes());
        let packet = packet.unwrap_or_else(|error| panic!("{error}: {newer}"));
        assert_eq!(packet.name(), sample.packet.name());
        match packet {
            ServerPacket::LoggedIn { channels, .. } => {
                for channel in channels {
                    assert_eq!(channel.access, Access::Invite);
                    assert_eq!(channel.role, Role::Member);
                }
            }
            ServerPacket::Members { members, .. } => {
                for member in members {
                    assert_eq!(member.role, Role::Member);
                    assert_eq!(member.state, PresenceState::Away);
                }
            }
            ServerPacket::Presence { changes, .. } => {
                assert!(changes.iter().all(|one| one.change == Change::State));
            }
            ServerPacket::Left { reason, .. } => assert_eq!(reason, LeaveReason::Removed),
            ServerPacket::Chat { line, .. } => {
                assert!(matches!(line.kind, LineKind::Said | LineKind::Unknown));
            }
            _ => {}
        }
    }
}

#[test]
fn the_fullest_login_fits_a_clients_buffer() {
    use longhall_packet::codec::encode;
    use longhall_packet::limits::{
        MAX_CHANNEL_CHARS, MAX_CHANNELS_PER_ACCOUNT, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS,
    };

    let fullest = server_samples()
        .into_iter()
        .find_map(|sample| match sample.packet {
            ServerPacket::LoggedIn {
                id,
                resume_token,
                session,
                mut channels,
                mut inbox,
                mut invitations,
                ..
            } => {
                let wide = |chars: usize| "𐐨".repeat(chars);
                let mut channel = channels.remove(0);
                channel.channel = wide(MAX_CHANNEL_CHARS);
                channel.topic = wide(MAX_TOPIC_CHARS);
                (channel.first_seq, channel.last_seq) = (MAX_NUMBER, MAX_NUMBER);
                channel.read_seq = MAX_NUMBER;
                let mut whispers = inbox.conversations.remove(0);
                whispers.username = wide(MAX_USERNAME_CHARS);
                (whispers.last_seq, whispers.read_seq) = (MAX_NUMBER, MAX_NUMBER);
                let mut invitation = invitations.remove(0);
                invitation.channel = wide(MAX_CHANNEL_CHARS);
                invitation.by = wide(MAX_USERNAME_CHARS);
                inbox.conversations = vec![whispers; 50];
                Some(ServerPacket::LoggedIn {
                    id,
                    username: wide(MAX_USERNAME_CHARS),
                    resume_token,
                    session,
                    epoch: "f".repeat(16),
                    channels: vec![channel; MAX_CHANNELS_PER_ACCOUNT + 1],
                    inbox,
                    invitations: vec![invitation; 50],
                })
            }
            _ => None,
        });
    let text = encode(&fullest.expect("there is such a sample"));
    assert!(text.len() < MAX_SERVER_PACKET_BYTES, "{}", text.len());
    assert!(decode_server_packet(text.as_bytes()).is_ok());
}

#[test]
fn only_who_breaks_the_protocol_is_a_violator() {
    let violates = |bytes: &str| {
        decode_client_packet(bytes.as_bytes())
            .unwrap_err()
            .is_protocol_violation()
    };
    assert!(violates("rubbish"));
    assert!(violates(r#"{"type":"no_such_packet","id":7}"#));
    assert!(violates(&" ".repeat(MAX_CLIENT_PACKET_BYTES + 1)));
    assert!(!violates(
        r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":""}"#
    ));
    assert!(!violates(r#"{"type":"resume","id":7,"token":""}"#));
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

#[test]
fn no_secret_shows_in_a_decode_error() {
    const SECRET: &str = "hunter2hunter2";
    let token = "hunter2".repeat(9); // No token, but somebody's secret.
    let packets = [
        format!(r#"{{"type":"login","id":7,"username":"ada","password":"{SECRET}""#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":"{SECRET}}}"#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":"{SECRET}\ud800"}}"#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":["{SECRET}"]}}"#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":{SECRET}}}"#),
        format!(r#"{{"type":"login","id":"{SECRET}","username":"ada","password":"{SECRET}"}}"#),
        format!(r#"{{"type":"{SECRET}","id":7}}"#),
        format!(r#"{{"type":"login","id":7,"{SECRET}":1,"{SECRET}":1}}"#),
        format!(r#"{{"type":"login","id":7,"username":"a","password":"{SECRET}"}}"#),
        format!(r#"{{"type":"login","id":7,"username":"{SECRET}{SECRET}","password":"{SECRET}"}}"#),
        format!(
            r#"{{"type":"register","id":7,"username":"ada","password":"{}"}}"#,
            SECRET.repeat(9)
        ),
        format!(r#"{{"type":"resume","id":7,"token":"{token}"}}"#),
        format!(r#"{{"type":"logged_in","id":7,"username":"ada","resume_token":"{token}"}}"#),
        format!(r#"{{"type":"logged_in","id":7,"username":7,"resume_token":"{token}"}}"#),
        format!(r#"{{"type":"change_password","id":7,"password":"x","new_password":"{SECRET}"}}"#),
        format!(r#"{{"type":"change_password","id":7,"password":"{SECRET}","new_password":"x"}}"#),
        format!(r#"{{"type":"change_password","id":7,"password":"{SECRET}"}}"#),
        format!(r#"{{"type":"join","id":7,"channel":"","channel_password":"{SECRET}"}}"#),
        format!(r#"{{"type":"join","id":7,"channel_password":"{SECRET}"}}"#),
        format!(r#"{{"type":"join","id":7,"channel":"x","channel_password":["{SECRET}"]}}"#),
        format!(
            r#"{{"type":"create","id":7,"channel":"x","access":"{SECRET}","channel_password":"{SECRET}"}}"#
        ),
        format!(
            r#"{{"type":"set_access","id":7,"channel":"x","access":"password","channel_password":"{}"}}"#,
            SECRET.repeat(9)
        ),
        format!(r#"{{"type":"set_role","id":7,"channel":"x","username":"ada","role":"{SECRET}"}}"#),
        format!(r#"{{"type":"set_presence","id":7,"state":"{SECRET}"}}"#),
        format!(r#"{{"type":"history","id":7,"channel":"x","limit":1,"after":"{SECRET}"}}"#),
        SECRET.to_owned(),
        SECRET.repeat(10_000),
    ];
    for packet in packets {
        let errors: [DecodeError; 2] = [
            decode_client_packet(packet.as_bytes()).unwrap_err(),
            decode_server_packet(packet.as_bytes()).unwrap_err(),
        ];
        for error in errors {
            let shown = format!("{error} {error:?} {error:#?} {}", error.denial);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn no_secret_shows_when_a_packet_is_debugged() {
    for sample in client_samples() {
        let shown = format!("{:?} {:#?}", sample.packet, sample.packet);
        for secret in ["correct horse", "0123456789abcdef"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    for sample in server_samples() {
        let shown = format!("{:?} {:#?}", sample.packet, sample.packet);
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
    }
}
