//! A player changes their password.

use longhall_packet::{CloseReason, DenyCode, Password, RequestId, ServerPacket};
use tracing::info;

use super::outcome::Outcome;
use super::proof::check_own_password;
use crate::session::Session;

/// Answers `change_password` with `ok`. The account's other sessions end.
pub(crate) async fn change_password(
    session: &Session,
    id: RequestId,
    password: Password,
    new_password: Password,
) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    let known = check_own_password(session, password).await?;
    let hash = server.passwords.hash(new_password).await?;
    let changed = server
        .store
        .change_password(me.user.id, known, hash, me.session)
        .await?;
    // It was right, but another device was faster to replace it.
    let ended = changed.ok_or(DenyCode::BadCredentials)?;

    info!(
        connection = session.connection,
        user = me.user.id.0,
        "password changed"
    );
    let hub = &server.hub;
    hub.end_sessions(me.user.id, &ended, CloseReason::SessionEnded);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{CloseReason, DenyCode};

    use crate::handlers::test_requests::change_password;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn a_new_password_ends_the_other_sessions() {
        let mut here = TestSession::new();
        let own = here.register_and_login("ada").await;
        let mut there = here.another();
        there.try_login("ada", "correct horse").await;
        let (_, token) = there.expect_logged_in(2);
        here.done(change_password("correct horse", "battery staple"))
            .await;
        there.expect_closed(CloseReason::SessionEnded);
        let mut back = here.another();
        back.try_resume(&token).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
        back.try_login("ada", "correct horse").await;
        back.expect_deny(Some(2), DenyCode::BadCredentials);
        back.try_login("ada", "battery staple").await;
        back.expect_logged_in(2);
        let mut again = here.another();
        again.try_resume(&own).await;
        again.expect_logged_in(3);
    }

    #[tokio::test]
    async fn who_does_not_know_the_old_password_changes_nothing() {
        let [mut here] = TestSession::players_with(
            |config| config.rates.logins_per_minute_per_name = 2,
            ["ada"],
        )
        .await;
        let guess = change_password("wrong horse", "battery staple");
        for _ in 0..2 {
            here.refused(&guess, DenyCode::BadCredentials).await;
        }
        // That is enough for a minute.
        here.refused(&guess, DenyCode::RateLimited).await;
        here.send(r#"{"type":"change_password","id":5,"password":"correct horse","new_password":"short"}"#)
            .await;
        here.expect_deny(Some(5), DenyCode::TooShort);
    }

    #[tokio::test]
    async fn what_others_guess_keeps_no_player_from_changing_the_password() {
        let mut here = TestSession::with(|config| {
            config.rates.logins_per_minute_per_name = 2;
            config.rates.logins_per_minute = 5;
        });
        here.register_and_login("ada").await;
        // From the same address, until it may try no more at all.
        let mut guesser = here.another();
        for name in ["ada", "ada", "bob", "eve", "mallory"] {
            guesser.try_login(name, "battery staple").await;
        }
        guesser.forget_waiting();
        guesser.try_login("ada", "correct horse").await;
        guesser.expect_deny(Some(2), DenyCode::RateLimited);
        // Nor does who is logged in on another device.
        let mut there = here.another_at([192, 0, 2, 1]);
        there.try_login("ada", "correct horse").await;
        there.expect_logged_in(2);
        let guess = change_password("wrong horse", "battery staple");
        for _ in 0..5 {
            there.ask(&guess).await;
        }
        here.done(change_password("correct horse", "battery staple"))
            .await;
    }
}
