//! A player is back after a cut.

use std::time::Duration;

use longhall_packet::{CloseReason, Denial, DenyCode, NameKeys, RequestId, ResumeToken};

use super::arriving::Arriving;
use super::enter::{Entering, enter};
use super::login::is_over;
use super::outcome::Outcome;
use crate::rate_limit::{self, Tried};
use crate::resume_token;
use crate::session::Session;
use crate::store::{Resumed, Rotation};

/// When a connection that nobody listens to any more may try again.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// Answers `resume`: goes on with a session and gives its next token. An older
/// connection of the session is told to close.
pub(crate) async fn resume(session: &mut Session, id: RequestId, token: &ResumeToken) -> Outcome {
    let server = &session.server;
    let presented = resume_token::hash(token);
    if !server.seen_tokens.note(presented, session.connection) {
        return Err(Denial::for_now(DenyCode::Busy, GIVEN_UP).into());
    }
    let arriving = Arriving::begin(&server.hub);
    let next = resume_token::new_token()?;
    let rotated = server
        .store
        .rotate_session(Rotation {
            presented,
            next: resume_token::hash(&next),
            now_ms: server.clock.now_ms(),
            expires_at_ms: server.session_end_ms(),
            ended_by_ms: server.clock.ended_by_ms(),
            place: Some(rate_limit::place(session.address)),
        })
        .await?;
    let Some(Resumed {
        user,
        session: resumed,
        connection,
    }) = rotated
    else {
        server.seen_tokens.forget(presented);
        let failed = Tried::FailedResume(session.address);
        server.count_try(failed).await?;
        return Err(DenyCode::SessionExpired.into());
    };

    if is_over(server, &user) {
        session.close_after_answer(CloseReason::AccountDeleted);
        return Err(DenyCode::SessionExpired.into());
    }
    if let Err(denial) = server.check_ban(user.id, &NameKeys::name_of(&user.username)) {
        session.close_after_answer(CloseReason::Banned);
        return Err(denial.into());
    }

    let entering = Entering {
        user,
        session: resumed,
        connection,
        token: next,
        resumed: true,
        last_login: None,
    };
    enter(session, arriving, id, entering).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{CloseReason, DenyCode};

    use crate::handlers::test_requests::logout;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn a_resume_left_in_an_older_connection_does_not_use_up_the_token_of_the_next() {
        let mut first = TestSession::new();
        let token = first.register_and_login("ada").await;
        let mut given_up = first.another();
        let mut next = first.another();
        next.try_resume(&token).await;
        let (_, newer) = next.expect_logged_in(3);
        given_up.try_resume(&token).await;
        given_up.expect_deny(Some(3), DenyCode::Busy);
        assert!(!next.is_closed());
        let mut later = first.another();
        later.try_resume(&newer).await;
        later.expect_logged_in(3);
    }

    #[tokio::test]
    async fn a_token_logs_in_again_and_brings_the_next_one() {
        let mut first = TestSession::new();
        let token = first.register_and_login("ada").await;
        let mut second = first.another();
        second.try_resume(&token).await;
        let (username, next) = second.expect_logged_in(3);
        assert_eq!(username, "ada");
        assert_ne!(next, token);
    }

    #[tokio::test]
    async fn a_token_whose_answer_was_lost_still_works_until_its_successor_is_used() {
        let mut first = TestSession::new();
        let token = first.register_and_login("ada").await;
        let mut cut = first.another();
        cut.try_resume(&token).await;
        let mut again = first.another();
        again.try_resume(&token).await;
        let (_, next) = again.expect_logged_in(3);
        let mut later = first.another();
        later.try_resume(&next).await;
        later.expect_logged_in(3);
        let mut thief = first.another();
        thief.try_resume(&token).await;
        thief.expect_deny(Some(3), DenyCode::SessionExpired);
    }

    #[tokio::test]
    async fn a_resume_takes_the_place_of_the_older_connection_which_is_told_why() {
        let mut first = TestSession::new();
        let token = first.register_and_login("ada").await;
        let mut second = first.another();
        second.try_resume(&token).await;
        second.expect_logged_in(3);
        first.expect_closed(CloseReason::LoggedInElsewhere);
        drop(first);
        second.chat("lobby", "still me").await;
    }

    #[tokio::test]
    async fn a_logout_ends_its_token_and_no_other() {
        let mut player = TestSession::new();
        let here = player.register_and_login("ada").await;
        let mut elsewhere = player.another();
        elsewhere.try_login("ada", "correct horse").await;
        let (_, there) = elsewhere.expect_logged_in(2);
        elsewhere.done(logout()).await;
        let mut back = player.another();
        back.try_resume(&there).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
        back.try_resume(&here).await;
        back.expect_logged_in(3);
    }

    #[tokio::test]
    async fn a_token_expires() {
        let mut player = TestSession::with(|config| config.timeouts.resume = Duration::ZERO);
        let token = player.register_and_login("ada").await;
        let mut later = player.another();
        later.try_resume(&token).await;
        later.expect_deny(Some(3), DenyCode::SessionExpired);
    }

    #[tokio::test]
    async fn what_others_at_the_address_try_in_vain_stops_no_resume() {
        let mut player = TestSession::with(|config| {
            config.rates.logins_per_minute = 2;
            config.rates.failed_resumes_per_minute = 3;
        });
        let token = player.register_and_login("ada").await;
        let mut other = player.another();
        other.try_login("nobody", "battery staple").await;
        other.expect_deny(Some(2), DenyCode::BadCredentials);
        other.try_login("nobody", "battery staple").await;
        other.expect_deny(Some(2), DenyCode::RateLimited);
        let wrong = "0".repeat(64);
        for _ in 0..3 {
            other.try_resume(&wrong).await;
            other.expect_deny(Some(3), DenyCode::SessionExpired);
        }
        other.try_resume(&wrong).await;
        let wait = other.expect_deny(Some(3), DenyCode::RateLimited);
        assert!(wait.is_some_and(|ms| ms > 0));
        // Somewhere else there is time for it.
        let mut elsewhere = player.another_at([192, 0, 2, 1]);
        elsewhere.try_resume(&wrong).await;
        elsewhere.expect_deny(Some(3), DenyCode::SessionExpired);

        let mut token = token;
        for _ in 0..20 {
            let mut back = player.another();
            back.try_resume(&token).await;
            token = back.expect_logged_in(3).1;
        }
    }
}
