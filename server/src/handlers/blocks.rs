//! A player does not want to hear from another.

use longhall_packet::{DenyCode, RequestId, ServerPacket, Username};

use super::lookup::other_user;
use super::outcome::Outcome;
use crate::session::Session;

/// Answers `block` with `ok`: from now on nothing of the other arrives. They are
/// not told.
pub(crate) async fn block(session: &Session, id: RequestId, username: &Username) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let (other, _) = other_user(session, username).await?;
    let at_most = server.settings().capacity.blocks_per_account;
    if !server.store.insert_block(me, other, at_most).await? {
        return Err(DenyCode::TooManyBlocks.into());
    }
    server.hub.block(me, other);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `unblock` with `ok`, also when there was no block.
pub(crate) async fn unblock(session: &Session, id: RequestId, username: &Username) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let (other, _) = other_user(session, username).await?;
    server.store.delete_block(me, other).await?;
    server.hub.unblock(me, other);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `blocks` with the names.
pub(crate) async fn blocks(session: &Session, id: RequestId) -> Outcome {
    let me = session.me()?.user.id;
    let blocked = session.server.store.blocks(me).await?;
    session.reply(&ServerPacket::Blocks {
        id,
        usernames: blocked.into_iter().map(|(_, name)| name).collect(),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{DenyCode, LineKind, ServerPacket};

    use crate::handlers::test_requests::{block, blocks, logout, unblock};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn lines_of_the_blocked_arrive_as_numbers_and_whispers_not_at_all() {
        let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
        bob.done(block("ADA")).await;
        ada.chat("lobby", "rubbish").await;
        let hidden = bob.expect_line();
        assert_eq!((hidden.seq, hidden.kind), (1, LineKind::Hidden));
        assert_eq!((hidden.sender.as_str(), hidden.text.as_str()), ("", ""));
        assert_eq!(eve.expect_line().text, "rubbish");
        ada.say("@bob", "rubbish").await;
        ada.expect_deny(Some(6), DenyCode::Blocked);
        bob.expect_nothing();
        bob.done(unblock("ada")).await;
        ada.chat("lobby", "sorry").await;
        assert_eq!(bob.expect_line().text, "sorry");
    }

    #[tokio::test]
    async fn blocks_hold_on_all_devices_and_are_listed() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        bob.done(block("ada")).await;
        let mut tablet = bob.another_device("bob").await;
        ada.chat("lobby", "rubbish").await;
        assert_eq!(tablet.expect_line().kind, LineKind::Hidden);
        tablet.ask(blocks()).await;
        let usernames = vec!["ada".to_owned()];
        assert_eq!(tablet.next(), ServerPacket::Blocks { id: 5, usernames });
    }

    #[tokio::test]
    async fn the_comings_and_goings_of_the_blocked_are_not_told() {
        let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
        bob.done(block("ada")).await;
        bob.tell_news();
        for player in [&mut bob, &mut eve] {
            player.forget_waiting();
        }
        ada.done(logout()).await;
        bob.tell_news();
        eve.expect_presence();
        bob.expect_nothing();
    }

    #[tokio::test]
    async fn there_are_so_many_blocks_and_no_more_and_none_of_oneself() {
        let [mut ada] =
            TestSession::players_with(|config| config.capacity.blocks_per_account = 1, ["ada"])
                .await;
        for name in ["bob", "eve"] {
            ada.another().register(name).await;
        }
        ada.done(block("bob")).await;
        ada.done(block("bob")).await;
        for (name, code) in [
            ("eve", DenyCode::TooManyBlocks),
            ("ada", DenyCode::NotYourself),
            ("nobody", DenyCode::UnknownUser),
        ] {
            ada.refused(block(name), code).await;
        }
    }
}
