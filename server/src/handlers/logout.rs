//! A player logs out.

use longhall_packet::{RequestId, ServerPacket};
use tracing::info;

use super::outcome::Outcome;
use crate::guests;
use crate::session::Session;
use crate::webhooks;

/// Answers `logout`: the session ends, the connection stays.
pub(crate) async fn logout(session: &mut Session, id: RequestId) -> Outcome {
    if let Some(player) = session.player() {
        // By its token: another login may be about to replace this one.
        let (user, token) = (player.user.id, player.token);
        let username = player.user.username().to_string();
        let guest = player.user.is_guest.then(|| player.user.username());
        session.server.store.delete_session(token).await?;
        session.log_out();
        info!(connection = session.connection, user = user.0, "logged out");
        webhooks::logged_out(&session.server, user, &username);
        if let Some(username) = guest {
            guests::forget(&session.server, user, &username, i64::MAX).await?;
        }
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{DenyCode, ServerPacket};

    use crate::handlers::test_requests::{chat, logout};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_logged_out_hears_and_says_nothing_more_but_may_log_in_again() {
        let mut player = TestSession::player("ada").await;
        player.done(logout()).await;
        player
            .refused(chat("lobby", 1, "hi"), DenyCode::NotLoggedIn)
            .await;
        let mut other = player.another();
        other.register_and_login("bob").await;
        other.chat("lobby", "anyone?").await;
        player.expect_nothing();
        player.try_login("ada", "correct horse").await;
        player.expect_logged_in(2);
    }

    #[tokio::test]
    async fn gaps_of_one_player_are_not_told_to_the_next_on_the_same_connection() {
        let [mut ada, mut bob] = TestSession::players_with(
            |config| config.capacity.outbox_max_bytes = 8000,
            ["ada", "bob"],
        )
        .await;
        for _ in 0..40 {
            bob.say("@ada", &"x".repeat(100)).await;
            bob.forget_waiting();
        }
        // The rest was left out: its outbox is half full.
        ada.ask(logout()).await;
        while ada.next() != (ServerPacket::Ok { id: 5 }) {}
        ada.expect_nothing();
    }
}
