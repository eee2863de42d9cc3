//! A player has read on.

use longhall_packet::{DenyCode, RequestId, ServerPacket, Target};

use super::history::log_of;
use super::outcome::Outcome;
use crate::session::Session;

/// Answers `read` with `ok`; the account's other devices are told.
pub(crate) async fn read(session: &Session, id: RequestId, target: &Target, seq: u64) -> Outcome {
    let me = session.me()?.user.id;
    // There is a marker per conversation, none for all of them.
    if *target == Target::Inbox {
        return Err(DenyCode::UnknownUser.into());
    }
    let log = log_of(session, target).await?;
    let (seq, unread) = session.server.store.set_read(me, log, seq).await?;
    let channel = target.to_string();
    let news = ServerPacket::Read {
        channel,
        seq,
        unread,
    };
    session.server.hub.tell(me, Some(&session.outbox), &news);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{DenyCode, ServerPacket};

    use crate::handlers::test_requests::read;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn what_is_read_on_one_device_is_read_on_all() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let mut tablet = bob.another_device("bob").await;
        for text in ["one", "two", "three"] {
            ada.chat("lobby", text).await;
        }
        ada.chat("@bob", "psst").await;
        bob.forget_waiting();
        tablet.forget_waiting();
        bob.done(read("lobby", 2)).await;
        let channel = "lobby".to_owned();
        let news = ServerPacket::Read {
            channel,
            seq: 2,
            unread: 1,
        };
        assert_eq!(tablet.next(), news);
        // Never back.
        tablet.done(read("lobby", 1)).await;
        assert_eq!(bob.next(), news);
        bob.done(read("@Ada", 1)).await;
        assert!(matches!(
            tablet.next(),
            ServerPacket::Read { unread: 0, .. }
        ));
        let mut phone = bob.another();
        phone.try_login("bob", "correct horse").await;
        let ServerPacket::LoggedIn {
            channels, inbox, ..
        } = phone.next()
        else {
            panic!("not logged in")
        };
        assert_eq!((channels[0].read_seq, channels[0].unread), (2, 1));
        assert_eq!(inbox.conversations[0].unread, 0);
    }

    #[tokio::test]
    async fn there_is_no_marker_for_all_whispers() {
        let mut ada = TestSession::player("ada").await;
        let all = read("@", 2);
        ada.refused(&all, DenyCode::UnknownUser).await;
    }
}
