//! Accounts: seen, renamed, given a new password, exported, erased.

use longhall_packet::{CloseReason, DenyCode, LineKind};

use crate::support::credentials;
use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[tokio::test]
async fn accounts_are_listed_page_by_page_and_shown() {
    let hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    ada.enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    for name in ["bob", "Mallory", "small_m"] {
        hall.visitor().await.register(name).await;
    }
    let operator = hall.operator();
    let all = operator.does(&["users", "list", "--limit", "3"]);
    assert_eq!(texts(&all["users"], "username"), ["Ada", "bob", "Mallory"]);
    let after = all["after"].as_str().unwrap();
    let rest = operator.does(&["users", "list", "--limit", "3", "--after", after]);
    assert_eq!(texts(&rest["users"], "username"), ["small_m"]);
    assert!(rest["after"].is_null());
    let found = operator.does(&["users", "list", "--search", "MALL"]);
    assert_eq!(texts(&found["users"], "username"), ["Mallory", "small_m"]);
    // No sign of a pattern is more than itself.
    let found = operator.does(&["users", "list", "--search", "l_m"]);
    assert_eq!(texts(&found["users"], "username"), ["small_m"]);
    let found = operator.does(&["users", "list", "--search", "%"]);
    assert!(found["users"].as_array().unwrap().is_empty());

    let shown = operator.does(&["users", "show", "aDA"]);
    assert_eq!(shown["username"], "Ada");
    assert_eq!(
        (&shown["online"], &shown["sessions"]),
        (&true.into(), &1.into())
    );
    assert_eq!(texts(&shown["channels"], "channel"), ["lobby", "den"]);
    assert_eq!(shown["channels"][1]["role"], "owner");
    let table = operator.reads(&["users", "list"]);
    assert!(
        table.starts_with("NAME") && table.contains("\nAda "),
        "{table}"
    );
    let told = operator.is_told(NOT_FOUND, &["users", "show", "nobody"]);
    assert!(told.contains("\"nobody\""), "{told}");
}

#[tokio::test]
async fn games_of_an_account_that_is_renamed_come_back_with_the_new_name() {
    let hall = Hall::start();
    let mut ada = hall.visitor().await;
    let token = ada.enter("Ada").await;
    ada.say("before").await;
    hall.player("bob").await;
    let operator = hall.operator();
    operator.is_told(REFUSED, &["users", "rename", "Ada", "BoB"]);
    operator.is_told(REFUSED, &["users", "rename", "Ada", "b0b"]);
    operator.is_told(REFUSED, &["users", "rename", "Ada", "admin"]);
    operator.is_told(REFUSED, &["users", "rename", "Ada", "no spaces allowed"]);
    operator.is_told(NOT_FOUND, &["users", "rename", "nobody", "Grace"]);
    operator.does(&[
        "users",
        "rename",
        "Ada",
        "Grace",
        "--reason",
        "asked for it",
    ]);
    ada.expect_closed(CloseReason::Restarting).await;

    let mut grace = hall.visitor().await;
    grace
        .request("resume", &format!(r#""token":"{token}""#))
        .await;
    grace.expect_logged_in("Grace").await;
    let lines = grace.lines_after("lobby", 0).await;
    assert_eq!(lines[0].sender, "Grace");
    let mut other = hall.visitor().await;
    other.request("login", &credentials("Ada")).await;
    other.expect_deny(DenyCode::BadCredentials).await;
    // The old name is free.
    other.register("Ada").await;
    // Another way to write one's own name is no other name.
    operator.does(&["users", "rename", "Grace", "GRACE"]);

    let audit = operator.audit();
    let outcomes: Vec<_> = audit.iter().map(|(_, _, outcome)| &**outcome).collect();
    assert!(outcomes[0].starts_with("refused: "), "{audit:?}");
    assert!(outcomes[4].starts_with("not found: "), "{audit:?}");
    assert_eq!(&outcomes[5..], ["done", "done"]);
    let report = operator.does(&["audit"]);
    assert_eq!(report["entries"][5]["reason"], "asked for it");
}

#[tokio::test]
async fn a_new_password_is_told_once_and_ends_all_logins() {
    let hall = Hall::start();
    let mut ada = hall.visitor().await;
    let token = ada.enter("Ada").await;
    let operator = hall.operator();
    let report = operator.does(&["users", "reset-password", "ada"]);
    let password = report["password"].as_str().unwrap();
    ada.expect_closed(CloseReason::SessionEnded).await;
    let mut back = hall.visitor().await;
    back.request("resume", &format!(r#""token":"{token}""#))
        .await;
    back.expect_deny(DenyCode::SessionExpired).await;
    back.request("login", &credentials("Ada")).await;
    back.expect_deny(DenyCode::BadCredentials).await;
    let fields = format!(r#""username":"Ada","password":"{password}""#);
    back.request("login", &fields).await;
    back.expect_logged_in("Ada").await;
    // Nobody finds it anywhere later.
    let audit = operator.reads(&["audit", "--json"]);
    assert!(audit.contains("reset-password") && !audit.contains(password));
    let (_, folder) = hall.stop();
    let file = std::fs::read(folder.path().join("longhall.db")).unwrap();
    assert!(!holds(&file, password));
}

#[tokio::test]
async fn a_code_of_the_operators_is_told_once_and_sets_a_new_password() {
    let hall = Hall::start();
    let mut ada = hall.visitor().await;
    ada.enter("Ada").await;
    let operator = hall.operator();
    operator.is_told(NOT_FOUND, &["users", "reset-code", "nobody"]);
    let report = operator.does(&["users", "reset-code", "ada"]);
    let code = report["code"].as_str().unwrap();
    // Nothing has changed yet.
    ada.say("still here").await;
    let shown = operator.reads(&["users", "show", "ada"]);
    assert!(
        shown.contains("last login") && shown.contains("127.0.0.0/24"),
        "{shown}"
    );
    let mut lost = hall.visitor().await;
    let fields = format!(r#""username":"Ada","code":"{code}","new_password":"battery staple""#);
    let id = lost.request("recover", &fields).await;
    lost.expect_ok(id).await;
    ada.expect_closed(CloseReason::SessionEnded).await;
    lost.request("login", r#""username":"Ada","password":"battery staple""#)
        .await;
    lost.expect_logged_in("Ada").await;
    let mut again = hall.visitor().await;
    again.request("recover", &fields).await;
    again.expect_deny(DenyCode::BadCredentials).await;
    // Nobody finds it anywhere later.
    let audit = operator.reads(&["audit", "--json"]);
    assert!(audit.contains("reset-code") && !audit.contains(code));
    let (_, folder) = hall.stop();
    let file = std::fs::read(folder.path().join("longhall.db")).unwrap();
    assert!(!holds(&file, code));
}

fn holds(bytes: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    bytes.windows(text.len()).any(|window| window == text)
}

#[tokio::test]
async fn an_account_that_is_erased_leaves_its_numbers_and_no_words() {
    let hall = Hall::start();
    let (mut mallory, mut bob) = (hall.player("Mallory").await, hall.player("bob").await);
    mallory
        .enter_channel(
            "create",
            r#""channel":"den","access":"open","topic":"her den""#,
        )
        .await;
    bob.enter_channel("join", r#""channel":"den""#).await;
    mallory.say("a word of hers").await;
    mallory.say_in("@bob", "a whisper of hers").await;
    bob.say_in("@mallory", "a whisper to her").await;
    bob.say("a word of his").await;
    let operator = hall.operator();
    let told = operator.is_told(REFUSED, &["users", "erase", "Mallory"]);
    assert!(told.contains("--yes"), "{told}");
    let report = operator.does(&["users", "erase", "mallory", "--yes"]);
    assert_eq!(
        (&report["lines"], &report["channels"]),
        (&3.into(), &1.into())
    );
    let shown_as = report["shown_as"].as_str().unwrap();
    mallory.expect_closed(CloseReason::SessionEnded).await;

    // Who was there before owns the channel now.
    let den = operator.does(&["channels", "show", "den"]);
    assert_eq!(den["owner"], "bob");
    let mut bob = hall.visitor().await;
    bob.login("bob").await;
    let lines = bob.lines_after("lobby", 0).await;
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (&*line.sender, line.kind, &*line.text))
        .collect();
    assert_eq!(
        seen,
        [
            (shown_as, LineKind::Deleted, ""),
            ("bob", LineKind::Said, "a word of his")
        ]
    );
    let whispers = bob.lines_after("@", 0).await;
    let seen: Vec<_> = whispers
        .iter()
        .map(|line| (&*line.sender, &*line.text))
        .collect();
    assert_eq!(seen, [(shown_as, ""), ("bob", "a whisper to her")]);
    operator.is_told(NOT_FOUND, &["users", "show", "Mallory"]);
    // The name is free, and means somebody else now.
    hall.player("Mallory").await;
    // Were it interrupted, it would go on like this.
    let again = operator.does(&["users", "erase", shown_as, "--yes"]);
    assert_eq!(again["lines"], 0);
    assert!(texts(&operator.does(&["users", "list"])["users"], "username") == ["bob", "Mallory"]);

    let (_, folder) = hall.stop();
    assert!(!folder.path().join("longhall.db-wal").exists());
    let file = std::fs::read(folder.path().join("longhall.db")).unwrap();
    assert!(holds(&file, "a word of his"));
    for gone in ["a word of hers", "a whisper of hers"] {
        assert!(!holds(&file, gone), "{gone}");
    }
}

#[tokio::test]
async fn an_export_has_all_that_an_account_has_and_nothing_of_others() {
    let hall = Hall::start();
    let (mut ada, mut bob) = (hall.player("Ada").await, hall.player("bob").await);
    ada.say("one").await;
    bob.say("not hers").await;
    ada.say("two").await;
    ada.done("edit", r#""channel":"lobby","seq":3,"text":"three""#)
        .await;
    bob.say_in("@Ada", "to her").await;
    let operator = hall.operator();
    for operator in [operator, hall.stop().0] {
        let export = operator.does(&["users", "export", "ada"]);
        assert_eq!(export["user"]["username"], "Ada");
        assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
        assert_eq!(texts(&export["lines"], "text"), ["one", "three"]);
        assert_eq!(texts(&export["whispers"], "text"), ["to her"]);
        assert_eq!(export["whispers"][0]["sender"], "bob");
        assert!(export["after"].is_null());
        assert_eq!(operator.audit().last().unwrap().0, "users export");
    }
}
