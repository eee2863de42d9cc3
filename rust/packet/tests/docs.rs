//! `docs/protocol.md` says what the code does: its examples decode, and its
//! lists and numbers are the constants.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use longhall_packet::codec::{decode_client_packet, decode_server_packet};
use longhall_packet::limits::{
    MAX_CHANNEL_PASSWORD_CHARS, MAX_CHANNELS_PER_ACCOUNT, MAX_CLIENT_PACKET_BYTES,
    MAX_DEVICE_CHARS, MAX_REPORT_CHARS, MAX_SERVER_PACKET_BYTES,
};
use longhall_packet::{
    Access, Change, ClientPacket, CloseReason, DEFAULT_PORT, DenyCode, Field, LeaveReason, Limits,
    LineKind, MAX_PROOF_BITS, PROTOCOL_VERSION, PresenceState, RegistrationMode, ReportCategory,
    ReportOutcome, Role, SUBPROTOCOL, ServerPacket, ServerRole, Stage,
};
use serde_json::Value;
use support::{MAX_NUMBER, client_samples, server_samples};

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
    assert_eq!(shown, ClientPacket::NAMES.iter().copied().collect());

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
    assert_eq!(shown, ServerPacket::NAMES.iter().copied().collect());
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
fn every_object_in_a_packet_has_a_section_that_explains_each_field() {
    let part = section(PAGE, "## Objects in packets");
    for sample in server_samples() {
        let packet: Value = serde_json::from_str(sample.text).expect("a sample is JSON");
        for (list, object, heading) in [
            ("history", "/lines/0", "### Line"),
            ("history", "/lines/2", "### Line"),
            ("chat", "", "### Line"),
            ("hello", "/registration", "### Registration"),
            ("logged_in", "/channels/0", "### Channel state"),
            ("joined", "/temporary", "### Temporary"),
            ("logged_in", "/inbox", "### Inbox state"),
            ("logged_in", "/inbox/conversations/0", "### Conversation"),
            ("logged_in", "/invitations/0", "### Invitation"),
            ("logged_in", "/last_login", "### Last login"),
            ("members", "/members/0", "### Member"),
            ("presence", "/changes/2", "### Change of presence"),
            ("profiles", "/changes/0", "### Changed profile"),
            ("channels", "/channels/0", "### Listed channel"),
            ("halls", "/halls/0", "### Hall"),
            ("sessions", "/sessions/0", "### Listed session"),
            ("export", "/account", "### Exported account"),
            ("export", "/lines/1", "### Exported line"),
            ("export", "/reports/0", "### Exported report"),
            ("reports", "/reports/0", "### Listed report"),
            ("reports", "/reports/1", "### Listed report"),
            ("reports", "/reports/1/closed", "### Closed report"),
        ] {
            let Some(Value::Object(fields)) = packet.pointer(object) else {
                continue;
            };
            if sample.packet.name() != list {
                continue;
            }
            let documented = rows(section(part, heading));
            for field in fields.keys() {
                let of_the_packet = list == "chat" && matches!(&**field, "type" | "channel");
                assert!(
                    of_the_packet || documented.contains_key(field),
                    "{heading} does not explain {field}"
                );
            }
        }
    }
}

/// The words in back quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_denial_is_a_code_and_every_code_has_a_request() {
    let part = section(PAGE, "## Packets from the client");
    let codes: BTreeSet<&str> = DenyCode::ALL.iter().map(|code| code.name()).collect();
    let (common, _) = part.split_once("The denials listed").unwrap();
    let mut named: BTreeSet<&str> = quoted(common).collect();
    for name in ClientPacket::NAMES {
        let text = section(part, &format!("### `{name}`"));
        let Some((_, denials)) = text.split_once("Denials:") else {
            continue;
        };
        let (denials, _) = denials.split_once("\n\n").expect("a paragraph ends");
        named.extend(quoted(denials).filter(|word| !matches!(*word, "password" | "logout")));
    }
    assert_eq!(named, codes);
}

#[test]
fn the_words_of_closed_lists_are_all_there() {
    let channels = rows(section(PAGE, "## How channels work"));
    for access in Access::ALL {
        assert!(channels.contains_key(access.name()), "{access}");
    }
    for role in Role::ALL {
        assert!(channels.contains_key(role.name()), "{role}");
    }
    let moderation = rows(section(PAGE, "## Moderation"));
    for role in ServerRole::ALL {
        assert!(moderation.contains_key(role.name()), "{role}");
    }
    let modes = rows(section(PAGE, "## Who may create an account"));
    for mode in RegistrationMode::ALL {
        assert!(modes.contains_key(mode.name()), "{mode}");
    }
    let presence = section(PAGE, "## Who is there");
    for change in Change::ALL {
        assert!(rows(presence).contains_key(change.name()), "{change}");
    }
    for state in PresenceState::ALL {
        assert!(presence.contains(&format!("`{state}`")), "{state}");
    }
    let reports = rows(section(PAGE, "## Reporting to moderators"));
    for category in ReportCategory::ALL {
        assert!(reports.contains_key(category.name()), "{category}");
    }
    for outcome in ReportOutcome::ALL {
        assert!(reports.contains_key(outcome.name()), "{outcome}");
    }
    let kinds = rows(section(PAGE, "### Edits and deletions"));
    for kind in [
        LineKind::Deleted,
        LineKind::Hidden,
        LineKind::Edit,
        LineKind::Deletion,
    ] {
        assert!(kinds.contains_key(kind.name()), "{kind:?}");
    }
    let server = section(PAGE, "## Packets from the server");
    for reason in LeaveReason::ALL {
        assert!(rows(section(server, "### `left`"))["reason"][1].contains(reason.name()));
    }
    let fields = rows(section(server, "### `deny`"))["field"][1];
    for field in [
        Field::Username,
        Field::Password,
        Field::NewPassword,
        Field::Text,
        Field::Channel,
        Field::Topic,
        Field::ChannelPassword,
        Field::Reason,
        Field::Profile,
        Field::Audience,
    ] {
        assert!(fields.contains(field.name()), "{field:?}");
    }
}

#[test]
fn an_unknown_word_reads_as_the_page_says() {
    let table = rows(section(PAGE, "## Newer and older peers"));
    let unknown = |field: &str| {
        let word = table[field][0];
        assert_ne!(word, "starlit");
        format!("\"{word}\"")
    };
    fn read<T: serde::de::DeserializeOwned + serde::Serialize>() -> String {
        let value: T = serde_json::from_str("\"starlit\"").expect("any word is one");
        serde_json::to_string(&value).expect("a word")
    }
    assert_eq!(read::<Access>(), unknown("access"));
    assert_eq!(read::<Role>(), unknown("role"));
    assert_eq!(read::<ServerRole>(), unknown("server_role"));
    assert_eq!(read::<PresenceState>(), unknown("state"));
    assert_eq!(read::<Change>(), unknown("change"));
    assert_eq!(read::<ReportCategory>(), unknown("category"));
    assert_eq!(read::<ReportOutcome>(), unknown("outcome"));
    assert_eq!(read::<RegistrationMode>(), unknown("mode"));
    assert_eq!(read::<LeaveReason>(), unknown("reason` of `left"));
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
        format!("1 to {} characters: letters", limits.channel_max_chars),
        format!("a topic has at most {} characters", limits.topic_max_chars),
        format!("a presence text at most {};", limits.presence_max_chars),
        format!("the text of a report at most {MAX_REPORT_CHARS};"),
        format!("1 to {MAX_CHANNEL_PASSWORD_CHARS} characters, any"),
        format!("{} digits, each", longhall_packet::ResumeToken::CHARS),
        format!(
            "{} characters in groups",
            longhall_packet::RecoveryCode::CHARS
        ),
    ] {
        let texts = section(PAGE, "## Texts").to_lowercase();
        assert!(texts.contains(&sentence.to_lowercase()), "{sentence}");
    }
    for sentence in [
        format!("never more than {MAX_CHANNELS_PER_ACCOUNT}"),
        format!("{MAX_DEVICE_CHARS} characters are kept"),
        format!("at most {MAX_PROOF_BITS}"),
        format!("to {MAX_NUMBER};"),
    ] {
        assert!(PAGE.contains(&sentence), "{sentence}");
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

/// Runs the page's client in Python over packets of our choice, without its library:
/// `script` has the module as `talk`, and its words go to standard output. `None` on a
/// machine without Python.
fn run_python_client(script: &str) -> Option<String> {
    let (_, below) = PAGE.split_once("```python\n").expect("a client in Python");
    let (client, _) = below.split_once("```").expect("its end");
    // All but its start, which connects.
    let (client, _) = client.split_once("\ntry:\n").expect("its start");
    let program = format!(
        "import sys, types, asyncio, json\n\
         for name in ('websockets', 'websockets.asyncio', 'websockets.asyncio.client', \
                      'websockets.exceptions'):\n    \
             sys.modules[name] = types.ModuleType(name)\n\
         sys.modules['websockets.asyncio.client'].connect = None\n\
         sys.modules['websockets.exceptions'].ConnectionClosed = OSError\n\
         {client}\n{script}\n"
    );
    let ran = std::process::Command::new("python3")
        .args(["-c", &program])
        .output();
    let Ok(ran) = ran else {
        eprintln!("there is no python3 to run the page's client with");
        return None;
    };
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{errors}");
    Some(String::from_utf8_lossy(&ran.stdout).into_owned())
}

#[test]
fn the_client_in_python_begins_anew_with_another_store() {
    let script = r#"
class Socket:
    async def send(self, text):
        print("sends", text)

async def test():
    player = Player("", "ada", "")
    player.ids, player.socket = 0, Socket()
    async def log_in(epoch, last_seq):
        player.filling = set()
        inbox = {"first_seq": 1, "last_seq": 0, "conversations": []}
        lobby = {"channel": "lobby", "first_seq": 1, "last_seq": last_seq}
        await player.on({"type": "logged_in", "resume_token": "t", "epoch": epoch,
                         "channels": [lobby], "inbox": inbox})
    async def hear(seq, text):
        await player.on({"type": "chat", "channel": "lobby", "seq": seq, "sender": "ben",
                         "text": text})
    await log_in("one", 0)
    await hear(1, "old 1")
    await hear(2, "old 2")
    await log_in("one", 2)
    await log_in("two", 0)
    await hear(1, "new 1")
    await log_in("two", 1)
    await log_in("two", 0)
    await hear(1, "newer 1")

asyncio.run(test())
"#;
    let Some(told) = run_python_client(script) else {
        return;
    };
    let anew = "The server begins anew: the lines above are no longer there.";
    let expected = [
        "[lobby] ben: 'old 1'",
        "[lobby] ben: 'old 2'",
        anew,
        "[lobby] ben: 'new 1'",
        anew,
        "[lobby] ben: 'newer 1'",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}
