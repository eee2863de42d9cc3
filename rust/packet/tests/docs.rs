//! `docs/protocol.md` says what the code does: its examples decode, and its
//! lists and numbers are the constants.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use longhall_packet::codec::{decode_client_packet, decode_server_packet};
use longhall_packet::limits::{MAX_CLIENT_PACKET_BYTES, MAX_SERVER_PACKET_BYTES};
use longhall_packet::{
    CloseReason, DEFAULT_PORT, DenyCode, Limits, PROTOCOL_VERSION, SUBPROTOCOL, Stage,
};
use serde_json::Value;
use support::{client_samples, server_samples};

const PAGE: &str = include_str!("../../../docs/protocol.md");

/// The text below the heading line `heading`, up to the next one that is not
/// below it.
#[track_caller]
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, below) = text
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading:?}"));
    let level = heading.bytes().take_while(|&b| b == b'#').count();
    let ends = (1..=level).filter_map(|level| below.find(&format!("\n{} ", "#".repeat(level))));
    ends.min().map_or(below, |end| &below[..end])
}

/// The rows of all tables in `text` by their first cell, without back quotes.
fn rows(text: &str) -> BTreeMap<String, Vec<&str>> {
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| {
        let cells: Vec<&str> = row
            .split(" | ")
            .map(|cell| cell.trim_matches(['`', ' ']))
            .collect();
        (cells[0].to_owned(), cells[1..].to_vec())
    })
    .collect()
}

/// The packets on the page that come from `side`, "client" or "server": the
/// examples, and the lines of the conversations.
fn examples(side: &str) -> Vec<&'static str> {
    let (fence, speaker) = match side {
        "client" => ("json client", "C: "),
        _ => ("json server", "S: "),
    };
    let mut packets = Vec::new();
    for block in PAGE.split("```").skip(1).step_by(2) {
        let (info, body) = block.split_once('\n').expect("a fence ends its line");
        match info {
            _ if info == fence => packets.push(body.trim_end()),
            "text" => packets.extend(body.lines().filter_map(|line| line.strip_prefix(speaker))),
            "json client" | "json server" | "python" => {}
            _ => panic!("who says this? ```{info}"),
        }
    }
    packets
}

#[test]
fn every_example_is_a_packet_and_every_packet_has_one() {
    let mut shown = BTreeSet::new();
    for example in examples("client") {
        match decode_client_packet(example.as_bytes()) {
            Ok(packet) => shown.insert(packet.name()),
            Err(error) => panic!("{error}: {example}"),
        };
    }
    let all: BTreeSet<_> = client_samples()
        .iter()
        .map(|sample| sample.packet.name())
        .collect();
    assert_eq!(shown, all);

    let mut shown = BTreeSet::new();
    for example in examples("server") {
        match decode_server_packet(example.as_bytes()) {
            Ok(packet) => {
                assert_eq!(longhall_packet::codec::encode(&packet), example);
                shown.insert(packet.name())
            }
            Err(error) => panic!("{error}: {example}"),
        };
    }
    let all: BTreeSet<_> = server_samples()
        .iter()
        .map(|sample| sample.packet.name())
        .collect();
    assert_eq!(shown, all);
}

#[track_caller]
fn check_fields(part: &str, name: &str, sample: &str) {
    let documented = rows(section(part, &format!("### `{name}`")));
    let sample: Value = serde_json::from_str(sample).expect("a sample is JSON");
    let fields = sample.as_object().expect("a sample is an object").keys();
    for field in fields.filter(|&field| field != "type") {
        assert!(
            documented.contains_key(field),
            "{name} does not explain {field}"
        );
    }
}

#[test]
fn every_packet_has_a_section_that_explains_each_field() {
    let part = section(PAGE, "## Packets from the client");
    for sample in client_samples() {
        check_fields(part, sample.packet.name(), sample.text);
    }
    let part = section(PAGE, "## Packets from the server");
    for sample in server_samples() {
        check_fields(part, sample.packet.name(), sample.text);
    }
}

#[test]
fn the_stages_are_those_of_the_gate() {
    let table = rows(section(PAGE, "## Stages"));
    for sample in client_samples() {
        let packet = sample.packet;
        let (stage, other) = match packet.stage() {
            None => ("any", None),
            Some(Stage::LoggedOut) => ("logged out", packet.check_stage(Stage::LoggedIn).err()),
            Some(Stage::LoggedIn) => ("logged in", packet.check_stage(Stage::LoggedOut).err()),
        };
        let row = &table[packet.name()];
        assert_eq!(row[0], stage, "{}", packet.name());
        assert_eq!(row[1], other.map_or("—", |denial| denial.code.name()));
    }
}

#[test]
fn the_deny_codes_are_all_there_with_their_sentences() {
    let mut table = rows(section(PAGE, "## Deny codes"));
    table.remove("Code");
    let all: BTreeSet<String> = DenyCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(table.keys().cloned().collect::<BTreeSet<_>>(), all);
    for code in DenyCode::ALL {
        assert_eq!(table[code.name()][1], code.reason(), "{code}");
    }
}

#[test]
fn the_close_codes_are_all_there_with_their_advice() {
    let mut table = rows(section(PAGE, "## Close codes"));
    table.remove("Code");
    assert_eq!(table.len(), CloseReason::ALL.len());
    for reason in CloseReason::ALL {
        let row = &table[&reason.code().to_string()];
        assert_eq!(row[0], reason.name());
        assert_eq!(
            row[2],
            if reason.may_retry() { "yes" } else { "no" },
            "{reason}"
        );
    }
}

#[test]
fn the_numbers_are_the_constants() {
    let table = rows(section(PAGE, "## The connection"));
    let value = |what: &str| table[what][0].split([' ', ',', '`']).next().unwrap();
    assert_eq!(value("port"), DEFAULT_PORT.to_string());
    assert_eq!(value("subprotocol (`Sec-WebSocket-Protocol`)"), SUBPROTOCOL);
    assert_eq!(value("protocol version"), PROTOCOL_VERSION.to_string());
    assert_eq!(
        value("most bytes of a packet from a client"),
        MAX_CLIENT_PACKET_BYTES.to_string()
    );
    assert_eq!(
        value("most bytes of a packet from a server"),
        MAX_SERVER_PACKET_BYTES.to_string()
    );

    let table = rows(section(
        section(PAGE, "## Packets from the server"),
        "### `hello`",
    ));
    let limits = serde_json::to_value(Limits::default()).unwrap();
    for (field, limit) in limits.as_object().unwrap() {
        assert_eq!(table[field][0], limit.to_string(), "{field}");
    }

    let limits = Limits::default();
    for sentence in [
        format!(
            "{} to {} characters: letters",
            limits.username_min_chars, limits.username_max_chars
        ),
        format!(
            "{} to {} characters, any",
            limits.password_min_chars, limits.password_max_chars
        ),
        format!("1 to {} characters after", limits.chat_max_chars),
        format!("{} digits, each", longhall_packet::ResumeToken::CHARS),
    ] {
        assert!(section(PAGE, "## Texts").contains(&sentence), "{sentence}");
    }
}

#[test]
fn every_link_on_the_page_leads_to_a_heading() {
    let mut anchors = BTreeSet::new();
    for heading in PAGE.lines().filter(|line| line.starts_with('#')) {
        let words = heading.trim_start_matches(['#', ' ']).to_lowercase();
        let anchor: String = words
            .chars()
            .filter(|c| c.is_alphanumeric() || " _-".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let again = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone())
            .chain(again)
            .find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    for link in PAGE.split("](#").skip(1) {
        let target = link.split(')').next().unwrap();
        assert!(anchors.contains(target), "no heading for #{target}");
    }
}
