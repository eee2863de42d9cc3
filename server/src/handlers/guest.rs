//! A player comes in without an account.

use longhall_packet::{DenyCode, RequestId, Username};
use tracing::info;

use super::arriving::Arriving;
use super::login::begin_session;
use super::outcome::Outcome;
use crate::registration;
use crate::session::Session;
use crate::store::{AccountKind, NO_PASSWORD, NewUser, Safety, User};
use crate::webhooks;

/// Answers `guest` with `logged_in`: a guest is an account without a password, under a name
/// that is nobody else's while it lives.
pub(crate) async fn guest(
    session: &mut Session,
    id: RequestId,
    username: &Username,
    device: String,
    proof: Option<u64>,
) -> Outcome {
    let terms = registration::guest_terms(session, proof).await?;
    let server = &session.server;
    let keys = username.keys();
    if server.is_refused(username, &keys) {
        return Err(DenyCode::UsernameTaken.into());
    }
    let arriving = Arriving::begin(&server.hub);
    let new = NewUser {
        username: username.to_string(),
        keys,
        password_hash: NO_PASSWORD.to_owned(),
        recovery_codes: Vec::new(),
    };
    let created_at_ms = terms.now_ms;
    let user = registration::guest_outcome(server.store.register(new, terms).await?)?;
    info!(connection = session.connection, user = user.0, %username, "came as a guest");
    webhooks::registered(server, user, username.as_str(), true);
    let user = User {
        id: user,
        username: username.to_string(),
        password_hash: NO_PASSWORD.to_owned(),
        deleted_at_ms: None,
        created_at_ms,
        kind: AccountKind::Guest,
    };
    begin_session(session, arriving, id, (user, Safety::default()), device).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{Change, CloseReason, DenyCode, ServerPacket};

    use crate::guests;
    use crate::handlers::test_requests::{
        ID, change_password, chat, delete_account, guest, logout, register, rename, upgrade,
    };
    use crate::handlers::test_session::TestSession;

    fn hall() -> TestSession {
        TestSession::with(|config| config.gates.guests = true)
    }

    async fn come_in(visitor: &mut TestSession, name: &str) {
        visitor.ask(guest(name)).await;
        match visitor.next() {
            ServerPacket::LoggedIn { guest, .. } => assert!(guest),
            other => panic!("not in: {other:?}"),
        }
    }

    #[tokio::test]
    async fn nobody_is_a_guest_where_there_are_none() {
        let mut visitor = TestSession::new();
        visitor.ask(guest("zoe")).await;
        visitor.expect_deny(Some(2), DenyCode::AccountNeeded);
    }

    #[tokio::test]
    async fn a_guest_says_a_line_a_second_and_has_a_name_that_is_nobody_elses() {
        let mut zoe = hall();
        come_in(&mut zoe, "Zoe").await;
        let mut other = zoe.another();
        for taken in [guest("zoe"), register("zoe")] {
            let id = taken.id();
            other.ask(taken).await;
            other.expect_deny(Some(id), DenyCode::UsernameTaken);
        }
        other.try_login("zoe", "?-------").await;
        other.expect_deny(Some(2), DenyCode::BadCredentials);
        zoe.ask(change_password("?-------", "correct horse")).await;
        zoe.expect_deny(Some(ID), DenyCode::AccountNeeded);
        for number in 0..4 {
            zoe.chat("lobby", &format!("line {number}")).await;
        }
        zoe.ask(chat("lobby", 99, "too fast")).await;
        zoe.expect_deny(Some(ID), DenyCode::RateLimited);
    }

    #[tokio::test]
    async fn what_asks_for_a_password_takes_an_account() {
        let mut zoe = hall();
        come_in(&mut zoe, "zoe").await;
        for request in [
            change_password("?-------", "correct horse"),
            delete_account("?-------"),
            rename("?-------", "grace"),
        ] {
            zoe.refused(request, DenyCode::AccountNeeded).await;
        }
    }

    #[tokio::test]
    async fn there_are_no_more_guests_than_may_be_and_a_logout_makes_room() {
        let mut zoe = TestSession::with(|config| {
            config.gates.guests = true;
            config.gates.max_guests = 1;
        });
        come_in(&mut zoe, "zoe").await;
        let mut yan = zoe.another();
        yan.ask(guest("yan")).await;
        assert!(yan.expect_deny(Some(2), DenyCode::Busy).is_some());
        zoe.done(logout()).await;
        come_in(&mut yan, "zoe").await;
    }

    #[tokio::test]
    async fn a_guest_who_is_away_for_too_long_is_forgotten_and_one_who_stays_is_not() {
        let mut zoe = TestSession::with(|config| {
            config.gates.guests = true;
            config.presence.grace = Duration::ZERO;
        });
        come_in(&mut zoe, "zoe").await;
        let mut yan = zoe.another();
        come_in(&mut yan, "yan").await;
        zoe.cut();
        let day = Duration::from_secs(24 * 60 * 60 + 60);
        yan.step_clock(day);
        guests::forget_those_away(yan.server()).await.unwrap();
        let mut other = yan.another();
        other.ask(guest("yan")).await;
        other.expect_deny(Some(2), DenyCode::UsernameTaken);
        come_in(&mut other, "zoe").await;
        yan.chat("lobby", "still here").await;
    }

    #[tokio::test]
    async fn an_upgrade_is_seen_by_everybody_and_keeps_the_guest() {
        let mut ada = TestSession::with(|config| {
            config.gates.guests = true;
            config.presence.grace = Duration::ZERO;
        });
        ada.register_and_login("ada").await;
        let mut zoe = ada.another();
        zoe.ask(guest("zoe")).await;
        let ServerPacket::LoggedIn { resume_token, .. } = zoe.next() else {
            panic!("not in")
        };
        zoe.chat("lobby", "hello").await;
        ada.tell_news();
        ada.forget_waiting();
        zoe.forget_waiting();
        zoe.ask(upgrade(None)).await;
        zoe.expect_ok(ID);
        zoe.expect_closed(CloseReason::Restarting);
        let mut back = ada.another();
        back.try_resume(resume_token.expose()).await;
        match back.next() {
            ServerPacket::LoggedIn {
                guest, username, ..
            } => assert_eq!((guest, username.as_str()), (false, "zoe")),
            other => panic!("not in: {other:?}"),
        }
        ada.tell_news();
        let ServerPacket::Presence { changes, .. } = ada.next() else {
            panic!("nothing is told")
        };
        let [change] = &changes[..] else {
            panic!("{changes:?}")
        };
        assert_eq!((change.change, change.member.guest), (Change::State, false));
        back.forget_waiting();
        back.ask(upgrade(None)).await;
        back.expect_deny(Some(ID), DenyCode::NotAllowed);
    }
}
