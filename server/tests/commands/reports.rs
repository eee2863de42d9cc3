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
