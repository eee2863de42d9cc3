//! What players type behind a slash.

use longhall_client::{
    COMMANDS, Call, CallError, CallErrorCode, Command, CommandError, Config, Session, complete,
    help,
};
use longhall_packet::{Access, DenyCode, PresenceState, ReportCategory, Role, SanctionKind};
use std::time::Duration;

#[track_caller]
fn parse(input: &str) -> Command {
    Command::parse(input, "lobby", Some("Bob")).expect("a command")
}

#[track_caller]
fn refused(input: &str) -> String {
    Command::parse(input, "lobby", None)
        .expect_err("no command")
        .to_string()
}

fn say(channel: &str, text: &str) -> Command {
    Command::Say {
        channel: channel.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn what_is_no_command_is_said() {
    assert_eq!(parse("  hello there "), say("lobby", "hello there"));
    assert_eq!(parse("//shrug"), say("lobby", "/shrug"));
    assert_eq!(parse("1/2"), say("lobby", "1/2"));
    assert_eq!(
        Command::parse("hi", "@bob", None).unwrap(),
        say("@bob", "hi")
    );
    assert_eq!(
        Command::parse("  ", "lobby", None),
        Err(CommandError::Empty)
    );
}

#[test]
fn whispers_answers_and_deeds_are_said_as_well() {
    for written in ["/w bob  psst ", "/msg bob psst", "/WHISPER @bob psst"] {
        assert_eq!(parse(written), say("@bob", "psst"));
    }
    assert_eq!(parse("/r yes, I do"), say("@Bob", "yes, I do"));
    assert_eq!(parse("/me waves"), say("lobby", "/me waves"));
    assert_eq!(
        Command::parse("/r yes", "lobby", None),
        Err(CommandError::NobodyToAnswer)
    );
}

#[test]
fn channels_are_joined_created_and_left() {
    let text = |command: Command| match command {
        Command::Join { channel, password } => {
            format!(
                "join {channel} {:?}",
                password.as_ref().map(|p| p.expose().to_owned())
            )
        }
        Command::Create {
            channel,
            access,
            password,
        } => format!(
            "create {channel} {access} {:?}",
            password.as_ref().map(|p| p.expose().to_owned())
        ),
        other => format!("{other:?}"),
    };
    assert_eq!(text(parse("/join trade")), "join trade None");
    assert_eq!(
        text(parse("/j trade  open sesame")),
        r#"join trade Some("open sesame")"#
    );
    assert_eq!(text(parse("/create trade")), "create trade open None");
    assert_eq!(text(parse("/create trade open")), "create trade open None");
    assert_eq!(
        text(parse("/create trade invite")),
        "create trade invite None"
    );
    assert_eq!(
        text(parse("/create trade password open sesame")),
        r#"create trade password Some("open sesame")"#
    );
    let leave = |channel: &str| Command::Leave {
        channel: channel.to_owned(),
    };
    assert_eq!(parse("/leave"), leave("lobby"));
    assert_eq!(parse("/part trade"), leave("trade"));
}

#[test]
fn passwords_do_not_show() {
    let told = format!("{:?}", parse("/join trade sesame"));
    assert!(!told.contains("sesame"), "{told}");
}

#[test]
fn the_rest_means_what_it_says() {
    let name = || "bob".to_owned();
    let lobby = || "lobby".to_owned();
    let role = |role| Command::SetRole {
        channel: lobby(),
        username: name(),
        role,
    };
    let hall = |hall: &str| Command::ChangeHall {
        hall: hall.to_owned(),
    };
    let presence = |state, text: &str| Command::Presence {
        state,
        text: text.to_owned(),
    };
    for (input, command) in [
        ("/who", Command::Who { channel: lobby() }),
        ("/channels", Command::Channels),
        ("/party", Command::Party),
        (
            "/code 7f3k-9qxm",
            Command::Code {
                code: "7f3k-9qxm".to_owned(),
            },
        ),
        ("/list", Command::Channels),
        ("/halls", Command::Halls),
        ("/halls 3", hall("3")),
        ("/hall lobby-3", hall("lobby-3")),
        (
            "/topic all about hats",
            Command::Topic {
                channel: lobby(),
                topic: "all about hats".to_owned(),
            },
        ),
        (
            "/slow 30",
            Command::Slow {
                channel: lobby(),
                seconds: 30,
            },
        ),
        (
            "/invite @bob",
            Command::Invite {
                channel: lobby(),
                username: name(),
            },
        ),
        (
            "/kick bob",
            Command::Kick {
                channel: lobby(),
                username: name(),
            },
        ),
        ("/op bob", role(Role::Operator)),
        ("/deop bob", role(Role::Member)),
        ("/away", presence(PresenceState::Away, "")),
        (
            "/away making tea",
            presence(PresenceState::Away, "making tea"),
        ),
        ("/back", presence(PresenceState::Online, "")),
        ("/block bob", Command::Block { username: name() }),
        ("/unblock bob", Command::Unblock { username: name() }),
        ("/blocks", Command::Blocks),
        ("/sessions", Command::Sessions),
        ("/close 7", Command::CloseSession(Some(7))),
        ("/close others", Command::CloseSession(None)),
        ("/help", Command::Help(None)),
        ("/help /join", Command::Help(Some("join".to_owned()))),
    ] {
        assert_eq!(parse(input), command, "{input}");
    }
}

#[test]
fn mistakes_are_answered_with_how_it_is_written() {
    for (input, sentence) in [
        ("/", "There is no /; /help lists the commands"),
        ("/dance", "There is no /dance; /help lists the commands"),
        ("/w", "/w needs more: /w NAME TEXT"),
        ("/w bob", "/w needs more: /w NAME TEXT"),
        ("/msg bob", "/w needs more: /w NAME TEXT"),
        ("/join", "/join needs more: /join CHANNEL [PASSWORD]"),
        (
            "/create trade secret",
            "/create does not take secret: /create CHANNEL [open | invite | password PASSWORD]",
        ),
        (
            "/create trade open up",
            "/create does not take up: /create CHANNEL [open | invite | password PASSWORD]",
        ),
        (
            "/create trade password",
            "/create needs more: /create CHANNEL [open | invite | password PASSWORD]",
        ),
        ("/halls 3 4", "/halls does not take 4: /halls [NUMBER]"),
        ("/kick bob now", "/kick does not take now: /kick NAME"),
        (
            "/close here",
            "/close does not take here: /close NUMBER | others",
        ),
        ("/back again", "/back does not take again: /back"),
        ("/r hi", "Nobody has whispered to you yet: /w NAME TEXT"),
    ] {
        assert_eq!(refused(input), sentence, "{input}");
    }
    let among_whispers = Command::parse("/topic hats", "@bob", None).unwrap_err();
    assert_eq!(
        among_whispers.to_string(),
        "/topic is for channels: /topic TEXT"
    );
    assert_eq!(among_whispers.name(), "not_in_whispers");
    let long = Command::parse(&format!("/join trade {}", "x".repeat(100)), "", None);
    assert_eq!(long.unwrap_err().name(), DenyCode::TooLong.name());
}

#[test]
fn every_command_is_found_by_each_of_its_names_and_has_its_help() {
    let everything = help(None).unwrap();
    let mut names = std::collections::HashSet::new();
    for info in COMMANDS {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            assert!(names.insert(*name), "{name} is there twice");
            let one = help(Some(name)).unwrap();
            assert!(one.contains(info.usage) && one.contains(info.description));
            let typed = Command::parse(&format!("/{name}"), "lobby", Some("bob"));
            assert!(
                !matches!(typed, Err(CommandError::Unknown { .. })),
                "{name}"
            );
        }
        assert!(info.usage.starts_with(&format!("/{}", info.name)));
        assert!(everything.contains(info.usage));
    }
    assert!(help(Some("dance")).is_err());
}

#[test]
fn completion_offers_commands_and_names_as_the_place_asks() {
    let offers = |input: &str| -> Vec<String> {
        let all = complete(input, &["lobby", "trade", "@bob"], &["ada", "Bob", "bill"]);
        all.into_iter().map(|one| one.input).collect()
    };
    assert_eq!(offers("/jo"), ["/join "]);
    assert_eq!(offers("/bl"), ["/block ", "/blocks"]);
    assert_eq!(offers("/wh"), ["/whisper ", "/who "]);
    assert_eq!(offers("/").len(), COMMANDS.len());
    assert_eq!(offers("/w b"), ["/w Bob ", "/w bill "]);
    assert_eq!(offers("/w @b"), ["/w @Bob ", "/w @bill "]);
    assert_eq!(offers("/w bob b"), [""; 0]);
    assert_eq!(offers("/kick a"), ["/kick ada"]);
    assert_eq!(offers("/join "), ["/join lobby ", "/join trade "]);
    assert_eq!(offers("/leave t"), ["/leave trade"]);
    assert_eq!(offers("/create hats p"), ["/create hats password "]);
    assert_eq!(offers("/close o"), ["/close others"]);
    assert_eq!(
        offers("/help un"),
        ["/help unmute", "/help unban", "/help unblock"]
    );
    assert_eq!(offers("/dance b"), [""; 0]);
    assert_eq!(offers("ask @b"), ["ask @Bob ", "ask @bill "]);
    assert_eq!(offers("ask b"), [""; 0]);
    assert_eq!(offers("//w b"), [""; 0]);
    assert_eq!(offers(""), [""; 0]);
    assert_eq!(offers("é\u{3000}@b").len(), 2);
    let described = complete("/jo", &[], &[]);
    assert_eq!(described[0].word, "/join");
    assert_eq!(described[0].description, "join a channel");
}

#[test]
fn every_command_is_carried_out() {
    let mut session = Session::new(Config::default(), 42);
    for input in [
        "hi",
        "/join trade",
        "/create trade",
        "/leave",
        "/who",
        "/channels",
        "/halls",
        "/halls 3",
        "/topic x",
        "/slow 0",
        "/invite bob",
        "/kick bob",
        "/op bob",
        "/away",
        "/block bob",
        "/unblock bob",
        "/blocks",
        "/sessions",
        "/close 1",
    ] {
        let call: Call = session.execute(Duration::ZERO, &parse(input));
        let (ended, outcome) = session.poll_outcome().unwrap();
        assert_eq!(ended, call, "{input}");
        let code = outcome.map_err(|CallError { code, .. }| code);
        assert_eq!(code, Err(CallErrorCode::NotConnected), "{input}");
    }
    session.execute(Duration::ZERO, &parse("/help"));
    assert!(session.poll_outcome().unwrap().1.is_ok());
    assert_eq!(Access::Open.name(), "open");
}

#[test]
fn a_player_is_reported_for_what_the_first_word_says_or_for_something_else() {
    let report = |category, text: &str| Command::Report {
        username: "bob".to_owned(),
        category,
        text: text.to_owned(),
    };
    for (written, category, text) in [
        ("/report bob", ReportCategory::Other, ""),
        ("/report @bob Spam", ReportCategory::Spam, ""),
        (
            "/report bob cheating  flies",
            ReportCategory::Cheating,
            "flies",
        ),
        (
            "/report bob he is rude",
            ReportCategory::Other,
            "he is rude",
        ),
    ] {
        assert_eq!(parse(written), report(category, text), "{written}");
    }
    assert_eq!(refused("/report"), "/report needs more: /report NAME [WHY]");
    let offered = complete("/report bob h", &[], &["bob"]);
    let words: Vec<_> = offered.iter().map(|one| one.word.as_str()).collect();
    assert_eq!(words, ["harassment", "hate"]);
}

#[test]
fn who_keeps_order_may_say_for_how_long_and_why() {
    let mute = |for_s, reason: &str| Command::Sanction {
        username: "bob".to_owned(),
        sanction: SanctionKind::Mute,
        channel: "lobby".to_owned(),
        for_s,
        reason: reason.to_owned(),
    };
    for (written, for_s, reason) in [
        ("/mute bob", None, ""),
        ("/mute @bob 10m", Some(600), ""),
        ("/mute bob 2h spam, again", Some(7200), "spam, again"),
        ("/mute bob forever", Some(0), ""),
        ("/mute bob he is rude", None, "he is rude"),
        ("/mute bob 5 times told", None, "5 times told"),
        ("/mute bob 99999999999999d", None, "99999999999999d"),
        ("/mute bob ü", None, "ü"),
    ] {
        assert_eq!(parse(written), mute(for_s, reason), "{written}");
    }
    let purge = |since_s| Command::DeleteLines {
        username: "bob".to_owned(),
        channel: "lobby".to_owned(),
        since_s,
    };
    assert_eq!(parse("/purge bob"), purge(None));
    assert_eq!(parse("/purge bob 3d"), purge(Some(259_200)));
    assert_eq!(
        refused("/purge bob soon"),
        "/purge does not take soon: /purge NAME [TIME]"
    );
    assert_eq!(refused("/ban"), "/ban needs more: /ban NAME [TIME] [WHY]");
}
