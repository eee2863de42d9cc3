//! What a peer should never send: each gets the right refusal, under its
//! request's id where there is one to read, and nothing panics.

mod support;

use longhall_packet::codec::{DecodeError, decode_client_packet, decode_server_packet};
use longhall_packet::limits::{MAX_CLIENT_PACKET_BYTES, MAX_SERVER_PACKET_BYTES};
use longhall_packet::{ClientPacket, DenyCode, RequestId, ServerPacket};
use support::{client_samples, server_samples};

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
    check_server_denied("[\"chat\",\"ada\",\"hi\",1]", MalformedPacket);
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
        r#"{"type":"chat","id":7,"text":null}"#,
        r#"{"type":"chat","id":7,"text":5}"#,
        r#"{"type":"chat","id":7,"text":["hi"]}"#,
        r#"{"type":"chat","id":7,"text":{"text":"hi"}}"#,
        r#"{"type":"hello","id":7,"protocol":1}"#,
        r#"{"type":"hello","id":7,"protocol":-1,"client":"x"}"#,
        r#"{"type":"hello","id":7,"protocol":"1","client":"x"}"#,
        r#"{"type":"hello","id":7,"protocol":1e400,"client":"x"}"#,
        r#"{"type":"login","id":7,"username":"ada"}"#,
        r#"{"type":"login","id":7,"password":"correct horse"}"#,
        r#"{"type":"login","id":7,"username":["ada"],"password":"correct horse"}"#,
        r#"{"type":"resume","id":7,"token":0}"#,
        // Said twice: which one counts would depend on who reads it.
        r#"{"type":"ping","type":"ping","id":7}"#,
        r#"{"type":"ping","id":7,"type":"logout"}"#,
        r#"{"type":"login","id":7,"username":"ada","username":"bob","password":"correct horse"}"#,
        r#"{"type":"login","id":7,"username":"ada","\u0075sername":"bob","password":"correct horse"}"#,
        // Not Unicode.
        r#"{"type":"chat","id":7,"text":"\ud800"}"#,
        r#"{"type":"chat","id":7,"text":"\udc00"}"#,
        r#"{"type":"chat","id":7,"text":"\ud800\ud800"}"#,
        r#"{"type":"chat","id":7,"text":"\ud83dx"}"#,
    ] {
        check_denied(packet, Some(7), MalformedPacket);
    }
    check_denied(
        b"{\"type\":\"chat\",\"id\":7,\"text\":\"\xff\xfe\"}",
        Some(7),
        MalformedPacket,
    );
    check_denied(
        b"{\"type\":\"chat\",\"id\":7,\"text\":\"\xc0\x80\"}",
        Some(7),
        MalformedPacket,
    );
    check_denied(
        b"{\"type\":\"chat\",\"id\":7,\"text\":\"\xed\xa0\x80\"}",
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
        r#"{"type":"chat","id":7,"text":"hi}"#,
        None,
        MalformedPacket,
    );
    check_denied(
        "{\"type\":\"chat\",\"id\":7,\"text\":\"a\nb\"}",
        None,
        MalformedPacket,
    );
    check_denied(
        r#"{"type":"chat","id":7,"text":"\x41"}"#,
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
    let inside = |open: &str, close: &str, depth: usize| {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        format!(r#"{{"type":"ping","id":7,"x":{open}0{close}}}"#)
    };
    assert!(decode_client_packet(inside("[", "]", 100).as_bytes()).is_ok());
    check_denied(inside("[", "]", 4000), Some(7), MalformedPacket);
    check_denied(inside("{\"x\":", "}", 1000), Some(7), MalformedPacket);
    check_denied("[".repeat(8000), None, MalformedPacket);
    check_denied("[".repeat(100_000), None, PacketTooLarge);
    check_denied("{\"x\":".repeat(1600), None, MalformedPacket);
    check_server_denied(
        inside("[", "]", 30_000).replace("ping", "ok"),
        MalformedPacket,
    );
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
    let chat = |text: &str| format!(r#"{{"type":"chat","id":7,"text":"{text}"}}"#);
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
    assert!(!violates(r#"{"type":"chat","id":7,"text":""}"#));
    assert!(!violates(r#"{"type":"resume","id":7,"token":""}"#));
}

#[test]
fn the_name_of_a_client_is_cut_and_holds_no_control_characters() {
    let client = format!(r#""\u001b[31m{}""#, "é".repeat(100));
    let packet = format!(r#"{{"type":"hello","id":1,"protocol":1,"client":{client}}}"#);
    let ClientPacket::Hello { client, .. } = decode_client_packet(packet.as_bytes()).unwrap()
    else {
        panic!("not a hello")
    };
    assert_eq!(client, format!("[31m{}", "é".repeat(60)));
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
