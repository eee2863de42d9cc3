//! Keys of tickets: shown, and replaced by others.

use std::time::SystemTime;

use longhall_packet::ServerPacket;
use longhall_ticket::{Fault, Keys, check};

use crate::Hall;

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// What a game's server makes of a ticket with the keys that the operator has given to it.
fn verdict(keys: &str, ticket: &str) -> Result<String, Fault> {
    let keys = Keys::parse(keys).unwrap();
    check(ticket, &keys, "arena", now_s()).map(|claims| claims.name)
}

#[tokio::test]
async fn a_game_server_checks_tickets_by_the_keys_that_are_printed() {
    let hall = Hall::start();
    let operator = hall.operator();
    let mut ada = hall.player("Ada").await;
    let mut ticket = async || {
        ada.request("request_ticket", r#""audience":"arena""#).await;
        match ada.next().await {
            ServerPacket::Ticket { ticket, .. } => ticket.expose().to_owned(),
            other => panic!("no ticket: {other:?}"),
        }
    };
    let keys = operator.reads(&["tickets", "keys"]);
    let first = ticket().await;
    assert_eq!(verdict(&keys, &first).unwrap(), "Ada");
    // The next one is told an hour before it signs.
    let rotated = operator.does(&["tickets", "rotate"]);
    assert_eq!(rotated["all_void"], false);
    let both = operator.reads(&["tickets", "keys"]);
    assert_eq!(both.matches(r#""kid""#).count(), 2);
    assert_eq!(verdict(&keys, &ticket().await).unwrap(), "Ada");
    // At once: the running server signs with another, and all of before are void.
    operator.does(&["tickets", "rotate", "--now"]);
    let only = operator.reads(&["tickets", "keys"]);
    assert_eq!(only.matches(r#""kid""#).count(), 1);
    let second = ticket().await;
    assert_eq!(verdict(&only, &first), Err(Fault::UnknownKey));
    assert_eq!(verdict(&both, &second), Err(Fault::UnknownKey));
    assert_eq!(verdict(&only, &second).unwrap(), "Ada");
    let verbs = operator.audit_verbs();
    assert_eq!(verbs, ["tickets rotate", "tickets rotate --now"]);
    let audit = operator.does(&["audit"]).to_string();
    assert!(!audit.contains("EdDSA") && !audit.contains(&second));
    // And on a database whose server is stopped.
    let (operator, _folder) = hall.stop();
    assert_eq!(operator.reads(&["tickets", "keys"]), only);
}
