//! Players who are kicked, banned and muted, and lines that are deleted.

use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, LineKind, ServerPacket};
use tokio::time::{sleep, timeout};

use crate::support::{PATIENCE, Program, TestPlayer, credentials};
use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[tokio::test]
async fn who_is_kicked_reads_it_and_has_to_log_in_again() {
    let hall = Hall::start();
    let mut mallory = hall.visitor().await;
    let token = mallory.enter("Mallory").await;
    let operator = hall.operator();
    let report = operator.does(&["kick", "MALLORY", "--reason", "rude"]);
    assert_eq!(report["sessions_ended"], 1);
    mallory.expect_closed(CloseReason::Kicked).await;
    let mut back = hall.visitor().await;
    back.request("resume", &format!(r#""token":"{token}""#))
        .await;
    back.expect_deny(DenyCode::SessionExpired).await;
    back.login("Mallory").await;
    let told = operator.is_told(NOT_FOUND, &["kick", "nobody"]);
    assert!(told.contains("nobody"), "{told}");
    let audit = operator.audit();
    let expected = ("kick".to_owned(), "MALLORY".to_owned(), "done".to_owned());
    assert_eq!(audit[0], expected);
    assert!(audit[1].2.starts_with("not found: "), "{audit:?}");
}

#[tokio::test]
async fn logins_are_listed_and_ended_one_by_one_or_all() {
    let hall = Hall::start();
    let mut desk = hall.visitor().await;
    desk.register("Ada").await;
    let number = desk.log_in("Ada", "desk").await.session.to_string();
    let mut phone = hall.visitor().await;
    phone.log_in("Ada", "phone").await;
    let operator = hall.operator();
    let listed = operator.does(&["sessions", "list", "Ada"]);
    assert_eq!(texts(&listed["sessions"], "device"), ["phone", "desk"]);
    operator.does(&["sessions", "close", &number]);
    desk.expect_closed(CloseReason::SessionEnded).await;
    operator.is_told(NOT_FOUND, &["sessions", "close", &number]);
    phone.say("still here").await;
    operator.does(&["sessions", "close", "--all", "ada"]);
    phone.expect_closed(CloseReason::SessionEnded).await;
}

#[tokio::test]
async fn who_is_banned_is_out_until_the_ban_is_lifted_under_any_name() {
    let hall = Hall::start();
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("ada").await);
    let operator = hall.operator();
    let report = operator.does(&["ban", "mallory", "--for", "2d", "--reason", "spam"]);
    let until = report["until_ms"].as_i64().unwrap() - report["since_ms"].as_i64().unwrap();
    assert_eq!(until, 2 * 24 * 60 * 60 * 1000);
    mallory.expect_closed(CloseReason::Banned).await;
    ada.say("peace at last").await;
    operator.does(&["users", "rename", "Mallory", "Mal"]);
    let mut again = hall.visitor().await;
    again.request("login", &credentials("Mal")).await;
    again.expect_deny(DenyCode::Banned).await;
    let shown = operator.reads(&["users", "show", "Mal"]);
    assert!(
        shown.contains("is banned until ") && shown.contains(": spam"),
        "{shown}"
    );
    operator.does(&["unban", "Mal"]);
    again.login("Mal").await;
    operator.is_told(NOT_FOUND, &["unban", "Mal"]);
}

#[tokio::test]
async fn an_address_or_a_range_may_be_banned() {
    let hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    let operator = hall.operator();
    operator.does(&["ban", "203.0.113.0/24"]);
    ada.say("elsewhere").await;
    operator.does(&["ban", "127.0.0.0/16"]);
    ada.request("ping", "").await;
    ada.expect_deny(DenyCode::Banned).await;
    ada.expect_closed(CloseReason::Banned).await;
    let mut back = hall.visitor().await;
    back.request("login", &credentials("Ada")).await;
    back.expect_deny(DenyCode::Banned).await;
    back.expect_closed(CloseReason::Banned).await;
    // By the same range, however it is written.
    operator.does(&["unban", "127.0.3.4/16"]);
    hall.visitor().await.login("Ada").await;
    let told = operator.is_told(REFUSED, &["ban", "0.0.0.0/0"]);
    assert!(told.contains("/8"), "{told}");
}

#[tokio::test]
async fn who_is_muted_hears_and_deletes_but_says_nothing() {
    let hall = Hall::start();
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("ada").await);
    mallory.say("one").await;
    let operator = hall.operator();
    operator.does(&["mute", "Mallory", "--for", "1h"]);
    for (kind, fields) in [
        ("chat", r#""channel":"lobby","line_id":9,"text":"two""#),
        ("chat", r#""channel":"@ada","line_id":9,"text":"two""#),
        ("edit", r#""channel":"lobby","seq":1,"text":"two""#),
        ("create", r#""channel":"two","access":"open""#),
        ("set_presence", r#""state":"away","text":"two""#),
    ] {
        mallory.request(kind, fields).await;
        mallory.expect_deny(DenyCode::Muted).await;
    }
    mallory
        .done("set_presence", r#""state":"away","text":"""#)
        .await;
    mallory.done("delete", r#""channel":"lobby","seq":1"#).await;
    ada.say("three").await;
    mallory.expect_chat("ada", "three").await;
    operator.does(&["unmute", "Mallory"]);
    mallory.say("four").await;
}

#[tokio::test]
async fn a_mute_for_a_moment_is_over_by_itself() {
    let hall = Hall::start();
    let mut mallory = hall.player("Mallory").await;
    hall.operator().does(&["mute", "Mallory", "--for", "1s"]);
    let speaks_again = async {
        loop {
            let id = mallory.try_say("lobby", "hello?").await;
            match mallory.next().await {
                ServerPacket::Sanctioned { .. } => continue,
                ServerPacket::Deny { code, .. } => assert_eq!(code, DenyCode::Muted),
                _ => return id,
            }
            // No more often than a player may.
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, speaks_again).await.unwrap();
}

#[tokio::test]
async fn lines_are_deleted_by_number_or_by_author_and_everybody_is_told() {
    let hall = Hall::start();
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("ada").await);
    for text in ["one", "two", "three"] {
        mallory.say(text).await;
        ada.expect_chat("Mallory", text).await;
    }
    ada.say("mine").await;
    let operator = hall.operator();
    operator.does(&["lines", "delete", "lobby", "2"]);
    let told = ada.expect_line().await;
    assert_eq!((told.kind, told.of), (LineKind::Deletion, Some(2)));
    operator.is_told(NOT_FOUND, &["lines", "delete", "lobby", "2"]);
    operator.is_told(NOT_FOUND, &["lines", "delete", "lobby", "77"]);
    operator.is_told(NOT_FOUND, &["lines", "delete", "nowhere", "1"]);
    let by = [
        "lines", "delete", "lobby", "--by", "mallory", "--since", "1h",
    ];
    assert_eq!(operator.does(&by)["count"], 2);
    let kept = hall.device("ada").await.lines_after("lobby", 0).await;
    let kept: Vec<_> = kept
        .iter()
        .filter(|line| !line.text.is_empty())
        .map(|line| &*line.text)
        .collect();
    assert_eq!(kept, ["mine"]);
}

#[tokio::test]
async fn a_line_is_deleted_though_its_author_has_left() {
    let hall = Hall::start();
    let (mut mallory, mut ada) = (hall.player("Mallory").await, hall.player("ada").await);
    ada.enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    mallory.enter_channel("join", r#""channel":"den""#).await;
    mallory.say_in("den", "rude").await;
    mallory.done("leave", r#""channel":"den""#).await;
    hall.operator().does(&["lines", "delete", "den", "1"]);
    let lines = hall.device("ada").await.lines_after("den", 0).await;
    assert_eq!((lines[0].kind, &*lines[0].text), (LineKind::Deleted, ""));
}

/// For how many milliseconds.
#[track_caller]
fn told_to_wait(packet: ServerPacket) -> u32 {
    match packet {
        ServerPacket::Deny {
            code: DenyCode::RateLimited | DenyCode::RegistrationClosed,
            retry_after_ms: Some(wait),
            ..
        } => wait,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn in_a_lockdown_nobody_registers_and_everybody_speaks_slowly_until_it_ends() {
    let hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    let operator = hall.operator();
    operator.is_told(NOT_FOUND, &["lockdown", "--end"]);
    operator.is_told(REFUSED, &["lockdown", "--for", "8d"]);
    operator.does(&["lockdown", "--for", "30m", "--reason", "raid"]);
    let mut troll = hall.visitor().await;
    troll.request("register", &credentials("Troll")).await;
    let wait = told_to_wait(troll.next().await);
    assert!((29 * 60_000..=30 * 60_000).contains(&wait), "{wait}");
    // One line is said, the next has to wait.
    ada.say("what is going on?").await;
    ada.try_say("lobby", "hello?").await;
    let wait = told_to_wait(ada.next().await);
    assert!((1..=3000).contains(&wait), "{wait}");
    let status = operator.does(&["status"]);
    assert!(status["lockdown_until_ms"].is_i64(), "{status}");
    operator.does(&["lockdown", "--end"]);
    troll.register("Troll").await;
    for line in ["good", "again", "at last"] {
        ada.say(line).await;
    }
    // It outlives a restart, and ends by itself.
    operator.does(&["lockdown", "--for", "3s"]);
    let (operator, folder) = hall.stop();
    assert!(operator.does(&["status"])["lockdown_until_ms"].is_i64());
    let server = Program::start(&folder.path().join("longhall.db"));
    let mut late = TestPlayer::connect(server.address).await;
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        late.request("register", &credentials("Late")).await;
        match late.next().await {
            ServerPacket::Ok { .. } => break,
            ServerPacket::Deny { retry_after_ms, .. } => {
                assert!(std::time::Instant::now() < until);
                let wait = retry_after_ms.unwrap_or(100);
                sleep(Duration::from_millis(wait.into())).await;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(server.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_ban_for_longer_than_anybody_lives_is_refused() {
    let hall = Hall::start();
    hall.player("Mallory").await;
    let told = hall
        .operator()
        .is_told(REFUSED, &["ban", "Mallory", "--for", "101years"]);
    assert!(told.contains("for good"), "{told}");
}
