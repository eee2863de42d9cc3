//! What players reported: listed, shown, closed.

use longhall_packet::{ReportOutcome, ServerPacket};

use crate::support::TestPlayer;
use crate::{Hall, NOT_FOUND, REFUSED, texts};

async fn report(player: &mut TestPlayer, what: &str) -> u64 {
    let fields = format!(r#"{what},"category":"harassment","text":"look""#);
    player.request("report", &fields).await;
    loop {
        if let ServerPacket::Reported { report, .. } = player.next().await {
            return report;
        }
    }
}

#[tokio::test]
async fn a_report_is_listed_shown_and_closed_and_the_reporter_is_told() {
    let hall = Hall::start();
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("Ada").await);
    mallory.say("rubbish").await;
    let of_line = report(&mut ada, r#""channel":"lobby","seq":1"#).await;
    let of_player = report(&mut ada, r#""username":"Mallory""#).await;
    let operator = hall.operator();
    operator.does(&["lines", "delete", "lobby", "1"]);
    let listed = operator.does(&["reports", "list"]);
    assert_eq!(
        texts(&listed["reports"], "username"),
        ["Mallory", "Mallory"]
    );
    assert_eq!(listed["reports"][0]["report"], of_player);
    let number = of_line.to_string();
    let shown = operator.does(&["reports", "show", &number]);
    assert_eq!(texts(&shown["lines"], "text"), ["rubbish"]);
    let close = ["reports", "close", &number, "acted", "--text", "Thank you!"];
    let closed = operator.does(&close);
    assert_eq!(
        (&closed["outcome"], &closed["username"]),
        (&"acted".into(), &"Mallory".into())
    );
    loop {
        if let ServerPacket::ReportClosed {
            report,
            outcome,
            text,
            ..
        } = ada.next().await
        {
            let told = (report, outcome, text.as_str());
            assert_eq!(told, (of_line, ReportOutcome::Acted, "Thank you!"));
            break;
        }
    }
    operator.is_told(REFUSED, &close);
    operator.is_told(NOT_FOUND, &["reports", "show", "99"]);
    let audit = operator.audit();
    assert!(
        audit
            .iter()
            .any(|entry| entry.0 == "reports close" && entry.2 == "done")
    );

    // By a command on the database of a server that is stopped, told at the next login.
    let (operator, folder) = hall.stop();
    let left = operator.does(&["reports", "list"]);
    assert_eq!(left["reports"].as_array().unwrap().len(), 1);
    let number = of_player.to_string();
    operator.does(&["reports", "close", &number, "dismissed"]);
    let done = operator.does(&["reports", "list", "--closed", "--limit", "1"]);
    assert_eq!(done["before"], of_player);
    let export = operator.does(&["users", "export", "ada"]);
    assert_eq!(texts(&export["reports"], "text"), ["look", "look"]);
    let server = crate::support::Program::start(&folder.path().join("longhall.db"));
    let mut ada = TestPlayer::connect(server.address).await;
    ada.login("Ada").await;
    loop {
        if let ServerPacket::ReportClosed { report, .. } = ada.next().await {
            assert_eq!(report, of_player);
            break;
        }
    }
}

#[tokio::test]
async fn who_closes_a_report_in_the_game_is_in_the_audit_log() {
    let hall = Hall::start();
    let mut warden = hall.player("Warden").await;
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("Ada").await);
    mallory.say("rubbish").await;
    let number = report(&mut ada, r#""channel":"lobby","seq":1"#).await;
    let operator = hall.operator();
    operator.does(&["users", "set-role", "Warden", "moderator"]);
    let fields = format!(r#""report":{number},"outcome":"acted","text":"muted""#);
    warden.request("close_report", &fields).await;
    loop {
        if let ServerPacket::Ok { .. } = warden.next().await {
            break;
        }
    }
    let audit = operator.does(&["audit", "--limit", "1"]);
    let entry = &audit["entries"][0];
    let noted = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        ["verb", "actor", "via", "subject", "outcome"].map(noted),
        [
            "reports close",
            "Warden",
            "game",
            &number.to_string(),
            "done"
        ],
        "{entry}"
    );
}

#[tokio::test]
async fn a_flood_of_flagged_lines_is_one_report_by_the_server_and_is_heard_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let words = folder.path().join("words.txt");
    std::fs::write(&words, "spam\n").unwrap();
    let words = ["--blocked-words", words.to_str().unwrap()];
    let hall = Hall::start_with(&[words[0], words[1], "--blocked-words-default", "flag"]);
    let operator = hall.operator();
    let mut warden = hall.player("Warden").await;
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("Ada").await);
    let mut bob = hall.player("Bob").await;
    operator.does(&["users", "set-role", "Warden", "moderator"]);
    mallory.say("what a nice day").await;
    for text in ["buy spam", "buy more spam", "spam for all"] {
        mallory.say(text).await;
    }
    mallory
        .enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    mallory.say_in("den", "spam here as well").await;
    let edited = ada.say("nothing").await;
    let edit = format!(r#""channel":"lobby","seq":{edited},"text":"spam""#);
    ada.done("edit", &edit).await;
    loop {
        if let ServerPacket::ReportsWaiting { count: 3 } = warden.next().await {
            break;
        }
    }
    let listed = operator.does(&["reports", "list"]);
    assert_eq!(texts(&listed["reports"], "by"), ["server"; 3]);
    assert_eq!(texts(&listed["reports"], "category"), ["other"; 3]);
    let mut about: Vec<_> = texts(&listed["reports"], "channel")
        .into_iter()
        .zip(texts(&listed["reports"], "username"))
        .collect();
    about.sort();
    let is_about = |channel: &str, name: &str| (channel.to_owned(), name.to_owned());
    assert_eq!(
        about,
        [
            is_about("den", "Mallory"),
            is_about("lobby", "Ada"),
            is_about("lobby", "Mallory"),
        ]
    );
    // With what was said before it, and the first of the flood.
    let of_flood = listed["reports"]
        .as_array()
        .unwrap()
        .iter()
        .find(|report| report["channel"] == "lobby" && report["username"] == "Mallory");
    let number = of_flood.unwrap()["report"].to_string();
    let shown = operator.does(&["reports", "show", &number]);
    let kept = texts(&shown["lines"], "text");
    assert_eq!(kept[..2], ["what a nice day", "buy spam"]);
    // Closing it is nothing that Mallory is told of.
    operator.does(&["reports", "close", &number, "acted"]);
    let export = operator.does(&["users", "export", "Mallory"]);
    assert_eq!(export["reports"], serde_json::json!([]));
    let line = r#""channel":"lobby","line_id":77,"text":"still here""#;
    mallory.request("chat", line).await;
    loop {
        match mallory.next().await {
            ServerPacket::Posted { .. } => break,
            told => assert!(
                !matches!(told, ServerPacket::ReportClosed { .. }),
                "{told:?}"
            ),
        }
    }
    for expected in [
        "what a nice day",
        "buy spam",
        "buy more spam",
        "spam for all",
    ] {
        assert_eq!(bob.hears().await, expected);
    }
}
