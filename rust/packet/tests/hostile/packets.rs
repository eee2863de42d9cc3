//! Whole packets: broken, unknown, too large.

use super::*;

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
