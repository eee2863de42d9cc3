//! Channels that operators look at, give away and delete.

use longhall_packet::{DenyCode, Filter, LeaveReason, Role, ServerPacket};

use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[tokio::test]
async fn channels_are_listed_given_away_and_deleted_and_members_are_told() {
    let hall = Hall::start();
    let (mut ada, mut bob) = (hall.player("Ada").await, hall.player("bob").await);
    ada.enter_channel(
        "create",
        r#""channel":"den","access":"open","topic":"dragons""#,
    )
    .await;
    bob.enter_channel("join", r#""channel":"den""#).await;
    ada.enter_channel("create", r#""channel":"attic","access":"invite""#)
        .await;
    let operator = hall.operator();
    let listed = operator.does(&["channels", "list"]);
    assert_eq!(
        texts(&listed["channels"], "channel"),
        ["attic", "den", "lobby"]
    );
    let first = operator.does(&["channels", "list", "--limit", "1"]);
    assert_eq!(first["after"], "attic");

    operator.does(&["channels", "give", "den", "bob"]);
    let expected = |username: &str, role| ServerPacket::RoleChanged {
        channel: "den".to_owned(),
        username: username.to_owned(),
        role,
        by: "server".to_owned(),
    };
    assert_eq!(bob.next().await, expected("bob", Role::Owner));
    assert_eq!(bob.next().await, expected("Ada", Role::Operator));
    let shown = operator.does(&["channels", "show", "den"]);
    assert_eq!(shown["owner"], "bob");
    assert_eq!(shown["operators"][0], "Ada");
    operator.is_told(NOT_FOUND, &["channels", "give", "attic", "bob"]);

    operator.does(&["channels", "delete", "den", "--reason", "a test"]);
    let left = ServerPacket::Left {
        channel: "den".to_owned(),
        reason: LeaveReason::Removed,
        by: Some("server".to_owned()),
    };
    assert_eq!(bob.next().await, left);
    operator.is_told(NOT_FOUND, &["channels", "show", "den"]);
    operator.is_told(REFUSED, &["channels", "delete", "lobby"]);
    operator.is_told(REFUSED, &["channels", "give", "lobby", "bob"]);
    // The name is free.
    bob.enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
}

#[tokio::test]
async fn a_temporary_channel_that_is_deleted_is_over_for_its_members() {
    let hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    ada.enter_channel("create_temporary", r#""channel":"finals""#)
        .await;
    let operator = hall.operator();
    operator.does(&["channels", "delete", "finals", "--reason", "a test"]);
    let left = ServerPacket::Left {
        channel: "finals".to_owned(),
        reason: LeaveReason::Ended,
        by: None,
    };
    assert_eq!(ada.next().await, left);
    operator.is_told(NOT_FOUND, &["channels", "show", "finals"]);
}

#[tokio::test]
async fn a_channel_filters_words_as_the_operator_says_and_its_members_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let words = folder.path().join("words.txt");
    std::fs::write(&words, "spam\n").unwrap();
    let hall = Hall::start_with(&["--blocked-words", words.to_str().unwrap()]);
    let operator = hall.operator();
    let mut ada = hall.player("Ada").await;
    let filtered = operator.does(&["channels", "filter", "LOBBY", "refuse"]);
    assert_eq!(
        (&filtered["channel"], &filtered["mode"]),
        (&"lobby".into(), &"refuse".into())
    );
    loop {
        if let ServerPacket::ChannelChanged { speech, by, .. } = ada.next().await {
            assert_eq!((speech.filter, &*by), (Some(Filter::Refuse), "server"));
            break;
        }
    }
    ada.try_say("lobby", "buy spam").await;
    ada.expect_deny(DenyCode::BlockedWords).await;
    let shown = operator.does(&["channels", "show", "lobby"]);
    assert_eq!(shown["filter"], "refuse");
    for (mode, heard) in [
        ("off", "off spam"),
        ("flag", "flag spam"),
        ("default", "default ****"),
        ("mask", "mask ****"),
    ] {
        operator.does(&["channels", "filter", "lobby", mode]);
        while !matches!(ada.next().await, ServerPacket::ChannelChanged { .. }) {}
        let seq = ada.say(&format!("{mode} spam")).await;
        let page = operator.does(&["lines", "list", "lobby"]);
        let last = page["lines"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["seq"], &last["text"]),
            (&seq.into(), &heard.into()),
            "{mode}"
        );
    }
    operator.is_told(NOT_FOUND, &["channels", "filter", "nowhere", "off"]);
    let audit = operator.audit();
    let noted = |outcome: &str| {
        let of = |entry: &&(String, String, String)| {
            entry.0 == "channels filter" && entry.2.starts_with(outcome)
        };
        audit.iter().filter(of).count()
    };
    assert_eq!((noted("done"), noted("not found: ")), (5, 1));
}
