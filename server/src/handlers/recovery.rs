//! A player comes back without the password, by a code that was kept, and makes new codes.

use longhall_packet::{
    CloseReason, DenyCode, FactorCode, Password, RecoveryCode, RequestId, ServerPacket, Username,
};
use tracing::info;

use super::outcome::Outcome;
use super::proof::{check_own_factor, check_own_password};
use crate::rate_limit::{self, Tried};
use crate::recovery_codes;
use crate::session::Session;
use crate::store::Recovery;

/// Answers `recover` with `ok`. All sessions of the account end; the visitor stays logged
/// out.
///
/// Tries count for the address alone. A limit for a name would keep its owner out, who is
/// likely to come from a new device, and keeps no guesser from 100 random bits.
pub(crate) async fn recover(
    session: &Session,
    id: RequestId,
    username: &Username,
    code: &RecoveryCode,
    new_password: Password,
) -> Outcome {
    let server = &session.server;
    server.count_try(Tried::Recovery(session.address)).await?;

    // First, and whether there is such an account and code or not: the hash is all the work
    // there is, so that an unknown name takes as long as a wrong code, and as a login.
    let password_hash = server.passwords.hash(new_password).await?;
    let recovery = Recovery {
        name_key: username.name_key(),
        code: recovery_codes::hash(code),
        password_hash,
        now_ms: server.clock.now_ms(),
        place: Some(rate_limit::place(session.address)),
    };
    let recovered = server.store.recover(recovery).await?;
    let recovered = recovered.ok_or(DenyCode::BadCredentials)?;

    let user = recovered.user;
    info!(
        connection = session.connection,
        user = user.0,
        "password replaced by a recovery code"
    );
    let hub = &server.hub;
    hub.end_sessions(user, &recovered.ended, CloseReason::SessionEnded);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `renew_recovery_codes` with `recovery_codes`: those from before are void.
pub(crate) async fn renew_recovery_codes(
    session: &Session,
    id: RequestId,
    password: Password,
    code: Option<&FactorCode>,
) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    let known = check_own_password(session, password).await?;
    // Whoever gets codes without it could do without the factor.
    check_own_factor(session, code).await?;
    let codes = recovery_codes::new_codes()?;
    let hashes = codes.iter().map(recovery_codes::hash).collect();
    if !server.store.renew_codes(me.user.id, known, hashes).await? {
        // It was right, but another device was faster to replace it.
        return Err(DenyCode::BadCredentials.into());
    }
    info!(
        connection = session.connection,
        user = me.user.id.0,
        "recovery codes renewed"
    );
    session.reply(&ServerPacket::RecoveryCodes { id, codes });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{CloseReason, DenyCode, RecoveryCode};

    use crate::handlers::test_requests::{recover, renew_recovery_codes};
    use crate::handlers::test_session::TestSession;
    use crate::recovery_codes::hash;

    #[tokio::test]
    async fn a_registration_that_asks_for_codes_gets_eight_and_another_gets_ok() {
        let mut visitor = TestSession::new();
        visitor.register("ben").await;
        let codes = visitor.register_with_codes("ada").await;
        assert_eq!(codes.len(), 8);
        visitor.try_login("ada", "correct horse").await;
        assert_eq!(visitor.expect_safety().recovery_codes_left, 8);
        let mut ben = visitor.another();
        ben.try_login("ben", "correct horse").await;
        assert_eq!(ben.expect_safety().recovery_codes_left, 0);
    }

    #[tokio::test]
    async fn a_code_replaces_a_lost_password_once_and_ends_all_sessions() {
        let mut here = TestSession::new();
        let codes = here.register_with_codes("Ada").await;
        here.try_login("ada", "correct horse").await;
        let (_, token) = here.expect_logged_in(2);
        let mut lost = here.another();
        lost.done(recover("aDA", &codes[3].to_lowercase(), "battery staple"))
            .await;
        here.expect_closed(CloseReason::SessionEnded);
        let mut back = lost.another();
        back.try_resume(&token).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
        back.try_login("ada", "correct horse").await;
        back.expect_deny(Some(2), DenyCode::BadCredentials);
        back.try_login("ada", "battery staple").await;
        assert_eq!(back.expect_safety().recovery_codes_left, 7);
        let again = recover("ada", &codes[3], "battery stapler");
        lost.refused(again, DenyCode::BadCredentials).await;
        lost.done(recover("ada", &codes[0], "battery stapler"))
            .await;
    }

    #[tokio::test]
    async fn a_wrong_code_and_an_unknown_name_get_the_same_answer() {
        let mut visitor = TestSession::new();
        let codes = visitor.register_with_codes("ada").await;
        let wrong = "0000-0000-0000-0000-0000";
        visitor.ask(recover("ada", wrong, "battery staple")).await;
        let wrong_code = visitor.next_text();
        visitor
            .ask(recover("nobody", &codes[0], "battery staple"))
            .await;
        assert_eq!(wrong_code, visitor.next_text());
        // Nor is another's code of any use.
        visitor.register("bob").await;
        visitor
            .refused(
                recover("bob", &codes[0], "battery staple"),
                DenyCode::BadCredentials,
            )
            .await;
    }

    #[tokio::test]
    async fn tries_at_codes_have_to_wait_and_keep_nobody_out_elsewhere() {
        let mut guesser = TestSession::with(|config| config.rates.logins_per_minute_per_name = 2);
        let codes = guesser.register_with_codes("ada").await;
        let wrong = "0000-0000-0000-0000-0000";
        for host in 10..40 {
            let mut stranger = guesser.another_at([203, 0, 113, host]);
            let guess = recover("ada", wrong, "battery staple");
            for _ in 0..2 {
                stranger.refused(&guess, DenyCode::BadCredentials).await;
            }
            stranger.refused(&guess, DenyCode::RateLimited).await;
        }
        // From a place where she never was, and with the login's limit untouched.
        let mut ada = guesser.another_at([198, 51, 100, 7]);
        ada.done(recover("ada", &codes[0], "battery staple")).await;
        ada.try_login("ada", "battery staple").await;
        ada.expect_logged_in(2);
    }

    #[tokio::test]
    async fn new_codes_take_the_password_and_make_the_old_ones_void() {
        let mut here = TestSession::new();
        let old = here.register_with_codes("ada").await;
        here.try_login("ada", "correct horse").await;
        here.expect_logged_in(2);
        here.refused(
            renew_recovery_codes("wrong horse", None),
            DenyCode::BadCredentials,
        )
        .await;
        let new = here.renew_codes("correct horse").await;
        assert!(new.len() == 8 && new.iter().all(|code| !old.contains(code)));
        let mut lost = here.another();
        lost.refused(
            recover("ada", &old[0], "battery staple"),
            DenyCode::BadCredentials,
        )
        .await;
        lost.done(recover("ada", &new[0], "battery staple")).await;
    }

    #[tokio::test]
    async fn an_operators_code_works_for_its_time_and_takes_the_second_factor_away() {
        let mut here = TestSession::new();
        here.register("ada").await;
        let store = here.store();
        let ada = store.user_by_name("ada").await.unwrap().unwrap().id;
        store.begin_factor(ada, "AAAA".to_owned()).await.unwrap();
        let confirmed = store.confirm_factor(ada, "AAAA".to_owned(), 1, crate::store::SessionId(0));
        assert!(confirmed.await.unwrap().is_some());
        let text = "ABCD-EFGH-JKMN-PQRS-TVWX";
        let code = hash(&RecoveryCode::parse(text).unwrap());
        let now_ms = here.server().clock.now_ms();
        store.give_code(ada, code, now_ms - 1).await.unwrap();
        let try_it = recover("ada", text, "battery staple");
        here.refused(&try_it, DenyCode::BadCredentials).await;
        store.give_code(ada, code, now_ms + 60_000).await.unwrap();
        // It is for this alone: no login takes it for a second factor.
        here.try_login_with("ada", "correct horse", text).await;
        here.expect_deny(Some(2), DenyCode::WrongCode);
        here.done(&try_it).await;
        here.try_login("ada", "battery staple").await;
        assert!(!here.expect_safety().second_factor);
    }
}
