//! Channels that operators look at, give away and delete.

use longhall_packet::{LeaveReason, Role, ServerPacket};

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
