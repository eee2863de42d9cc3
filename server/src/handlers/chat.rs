//! A player says something.

use longhall_packet::{ChatText, DenyCode, LineId, RequestId, Target, Username};

use crate::chat_log;
use crate::session::{Outcome, Session};
use crate::store::What;

/// Answers `chat` with `posted`, once the line is on disk and on its way to
/// everybody: by the chat log, while the session goes on.
pub(crate) async fn chat(
    session: &Session,
    id: RequestId,
    target: &Target,
    line_id: LineId,
    text: &ChatText,
) -> Outcome {
    let text = text.as_str().to_owned();
    let channel = match target {
        Target::Channel(channel) => channel,
        Target::Whispers(recipient) => {
            return whisper(session, id, recipient, line_id, text).await;
        }
        // To whom?
        Target::Inbox => return Err(DenyCode::UnknownUser.into()),
    };
    let me = session.me()?.user.id;
    // The hub knows the channels of who is online. Only who is in the wrong
    // place costs a look into the store.
    let Some((channel, name)) = session.server.hub.channel_of(me, channel) else {
        session.membership(channel).await?;
        return Err(DenyCode::NotAMember.into());
    };
    let what = What::Say {
        channel,
        line_id,
        text,
    };
    session.write(id, name, what).await
}

async fn whisper(
    session: &Session,
    id: RequestId,
    recipient: &Username,
    line_id: LineId,
    text: String,
) -> Outcome {
    let (recipient, recipient_name) = session.other(recipient).await?;
    let server = &session.server;
    let is_there = !server.hub.sessions(recipient).is_empty();
    let what = What::Whisper {
        recipient,
        recipient_name,
        line_id,
        text,
        kept_at_most: (!is_there).then_some(server.config.whispers_waiting),
    };
    session.write(id, chat_log::inbox(), what).await
}

#[cfg(test)]
mod tests {
    use longhall_packet::{CloseReason, DenyCode, ServerPacket};

    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn a_line_reaches_everyone_stamped_by_the_server() {
        let mut ada = TestSession::new();
        ada.register_and_login("ada").await;
        let mut bob = ada.another();
        bob.register_and_login("bob").await;
        // A sender a client makes up is passed over.
        ada.send(r#"{"type":"chat","id":7,"text":"[b]hi[/b]","sender":"bob"}"#)
            .await;
        let heard = bob.next();
        assert_eq!(heard, ada.next());
        let ServerPacket::Chat {
            sender,
            text,
            sent_at_ms,
        } = heard
        else {
            panic!("not a line: {heard:?}")
        };
        assert_eq!((sender.as_str(), text.as_str()), ("ada", "[b]hi[/b]"));
        assert!(sent_at_ms > 1_700_000_000_000);
        ada.expect_ok(7);
        bob.expect_nothing();
    }

    #[tokio::test]
    async fn a_line_that_breaks_a_rule_reaches_nobody() {
        let mut ada = TestSession::new();
        ada.register_and_login("ada").await;
        let too_long = format!(r#"{{"type":"chat","id":7,"text":"{}"}}"#, "x".repeat(501));
        ada.send(&too_long).await;
        ada.expect_deny(Some(7), DenyCode::TooLong);
        ada.send(r#"{"type":"chat","id":8,"text":"a\u0007b"}"#)
            .await;
        ada.expect_deny(Some(8), DenyCode::ForbiddenCharacter);
        ada.expect_nothing();
    }

    #[tokio::test]
    async fn a_flood_is_told_to_wait_and_closed_when_it_does_not() {
        let mut ada = TestSession::with(|config| config.packets_per_second = 1);
        ada.register_and_login("ada").await;
        let mut limited = 0;
        for id in 10..500 {
            ada.send(&format!(r#"{{"type":"ping","id":{id}}}"#)).await;
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
        let mut mallory = TestSession::with(|config| config.packets_per_second = 1);
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
}
