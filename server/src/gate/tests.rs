use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, ServerPacket};

use crate::handlers::test_requests::ping;
use crate::handlers::test_session::TestSession;

#[tokio::test]
async fn a_flood_is_told_to_wait_and_closed_when_it_does_not() {
    let [mut ada] =
        TestSession::players_with(|config| config.rates.packets_per_second = 1, ["ada"]).await;
    let mut limited = 0;
    for _ in 10..500 {
        ada.ask(ping()).await;
        limited += u32::from(matches!(
            ada.next(),
            ServerPacket::Deny {
                code: DenyCode::RateLimited,
                retry_after_ms: Some(1..),
                ..
            }
        ));
        if ada.is_closed() {
            break;
        }
    }
    assert!(limited >= 200, "{limited}");
    ada.expect_closed(CloseReason::Flooding);
}

#[tokio::test]
async fn packets_that_break_a_rule_count_like_others() {
    let mut mallory = TestSession::with(|config| config.rates.packets_per_second = 1);
    for _ in 0..500 {
        mallory
            .send(r#"{"type":"login","id":1,"username":"x","password":"correct horse"}"#)
            .await;
        if mallory.is_closed() {
            break;
        }
    }
    let mut limited = 0;
    while !mallory.is_silent() {
        limited += u32::from(matches!(
            mallory.next(),
            ServerPacket::Deny {
                id: Some(1),
                code: DenyCode::RateLimited,
                ..
            }
        ));
    }
    assert!(limited >= 200, "{limited}");
    mallory.expect_closed(CloseReason::Flooding);
}

#[tokio::test]
async fn a_peer_that_sends_no_packets_but_rubbish_is_closed() {
    let mut visitor = TestSession::new();
    for _ in 0..10 {
        visitor.send("rubbish").await;
        visitor.expect_deny(None, DenyCode::MalformedPacket);
    }
    visitor.send("rubbish").await;
    visitor.expect_deny(None, DenyCode::MalformedPacket);
    visitor.expect_closed(CloseReason::ProtocolError);
}

#[tokio::test]
async fn a_player_who_waits_as_long_as_told_is_heard_again() {
    let [mut ada] =
        TestSession::players_with(|config| config.rates.packets_per_second = 1, ["ada"]).await;
    let wait_ms = loop {
        ada.ask(ping()).await;
        if let ServerPacket::Deny { retry_after_ms, .. } = ada.next() {
            break retry_after_ms.unwrap();
        }
    };
    ada.step_clock(Duration::from_millis(wait_ms.into()));
    ada.done(ping()).await;
}
