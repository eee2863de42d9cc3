//! A player has logins ask for the code of an app, and ends that again.

use longhall_packet::{
    CloseReason, Denial, DenyCode, FactorCode, FactorKey, Password, RequestId, ServerPacket,
};
use tracing::info;

use super::outcome::Outcome;
use super::proof::{check_factor, check_own_password};
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::totp;

/// Answers `begin_second_factor` with the key for an app. Nothing is asked for until it is
/// confirmed; the key is kept, as the game may be cut off while the player is in the app.
pub(crate) async fn begin_second_factor(
    session: &Session,
    id: RequestId,
    password: Password,
) -> Outcome {
    let me = session.me()?;
    check_own_password(session, password).await?;
    let secret = totp::new_secret().map_err(Denial::from)?;
    let uri = totp::uri(&secret, &me.user.username()).map_err(Denial::from)?;
    let store = &session.server.store;
    // Who has only the password must not put another in place of one that is there.
    if !store.begin_factor(me.user.id, secret.clone()).await? {
        return Err(DenyCode::NotAllowed.into());
    }
    session.reply(&ServerPacket::SecondFactor {
        id,
        secret: FactorKey::new(secret),
        uri: FactorKey::new(uri),
    });
    Ok(())
}

/// Answers `confirm_second_factor` with `ok`. The account's other sessions end: they were
/// begun without one.
pub(crate) async fn confirm_second_factor(
    session: &Session,
    id: RequestId,
    code: &FactorCode,
) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    server.count_try(Tried::PasswordChange(me.session)).await?;
    let user = me.user.id;
    let begun = server.store.begun_factor(user).await?;
    let (secret, digits) = begun.zip(code.digits()).ok_or(DenyCode::WrongCode)?;
    let step = totp::step_of(&secret, &digits, server.clock.now_ms()).map_err(Denial::from)?;
    let step = step.ok_or(DenyCode::WrongCode)?;
    let confirmed = server
        .store
        .confirm_factor(user, secret, step, me.session)
        .await?;
    let ended = confirmed.ok_or(DenyCode::WrongCode)?;
    info!(
        connection = session.connection,
        user = user.0,
        "second factor begins"
    );
    let hub = &server.hub;
    hub.end_sessions(user, &ended, CloseReason::SessionEnded);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `end_second_factor` with `ok`.
pub(crate) async fn end_second_factor(
    session: &Session,
    id: RequestId,
    password: Password,
    code: &FactorCode,
) -> Outcome {
    let me = session.me()?;
    let store = &session.server.store;
    check_own_password(session, password).await?;
    let user = me.user.id;
    let secret = store.safety(user).await?.second_factor;
    let secret = secret.ok_or(DenyCode::WrongCode)?;
    let tries = [Tried::CodeOnDevice(me.session)];
    check_factor(session, user, secret.clone(), code, &tries).await?;
    store.end_factor(user, secret).await?;
    info!(
        connection = session.connection,
        user = user.0,
        "second factor ends"
    );
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{CloseReason, DenyCode};

    use crate::handlers::test_requests::{
        ID, begin_second_factor, confirm_second_factor, delete_account_with, end_second_factor,
        recover, rename_with, renew_recovery_codes,
    };
    use crate::handlers::test_session::TestSession;

    const HOME: [u8; 4] = [192, 0, 2, 1];

    /// Ada at home with a second factor: she, its key, and her recovery codes.
    async fn ada_with_a_factor() -> (TestSession, String, Vec<String>) {
        let mut ada = TestSession::new().another_at(HOME);
        let codes = ada.register_with_codes("ada").await;
        ada.try_login("ada", "correct horse").await;
        ada.expect_logged_in(2);
        let secret = ada.begin_factor("correct horse").await;
        ada.done(confirm_second_factor(&ada.app_code(&secret)))
            .await;
        ada.step_clock(Duration::from_secs(30));
        (ada, secret, codes)
    }

    #[tokio::test]
    async fn a_login_asks_for_the_code_only_once_the_password_was_right() {
        let (ada, secret, _) = ada_with_a_factor().await;
        let mut phone = ada.another_at(HOME);
        phone.try_login("ada", "wrong horse").await;
        phone.expect_deny(Some(2), DenyCode::BadCredentials);
        phone
            .try_login_with("ada", "wrong horse", &ada.app_code(&secret))
            .await;
        phone.expect_deny(Some(2), DenyCode::BadCredentials);
        phone.try_login("ada", "correct horse").await;
        phone.expect_deny(Some(2), DenyCode::CodeNeeded);
        phone
            .try_login_with("ada", "correct horse", "000 000")
            .await;
        phone.expect_deny(Some(2), DenyCode::WrongCode);
        phone
            .try_login_with("ada", "correct horse", &ada.app_code(&secret))
            .await;
        assert!(phone.expect_safety().second_factor);
    }

    #[tokio::test]
    async fn another_name_and_a_deletion_take_the_code_as_well() {
        let (mut ada, secret, codes) = ada_with_a_factor().await;
        let rename = |code: &str| rename_with("correct horse", "Grace", code);
        ada.refused(rename(""), DenyCode::CodeNeeded).await;
        ada.refused(rename("000 000"), DenyCode::WrongCode).await;
        let code = ada.app_code(&secret);
        let wrong_password = rename_with("wrong horse", "Grace", &code);
        ada.refused(wrong_password, DenyCode::BadCredentials).await;
        ada.ask(rename(&code)).await;
        ada.next();
        ada.expect_ok(ID);
        let delete = |code: &str| delete_account_with("correct horse", code);
        ada.refused(delete(""), DenyCode::CodeNeeded).await;
        // It was used for the name.
        ada.refused(delete(&code), DenyCode::WrongCode).await;
        ada.done(delete(&codes[0])).await;
        ada.expect_closed(CloseReason::AccountDeleted);
    }

    #[tokio::test]
    async fn each_code_is_taken_once_and_a_resume_needs_none() {
        let (ada, secret, _) = ada_with_a_factor().await;
        let code = ada.app_code(&secret);
        let mut phone = ada.another_at(HOME);
        phone.try_login_with("ada", "correct horse", &code).await;
        let (_, token) = phone.expect_logged_in(2);
        let mut thief = ada.another_at(HOME);
        thief.try_login_with("ada", "correct horse", &code).await;
        thief.expect_deny(Some(2), DenyCode::WrongCode);
        let mut back = ada.another_at(HOME);
        back.try_resume(&token).await;
        assert!(back.expect_safety().second_factor);
    }

    #[tokio::test]
    async fn a_second_factor_that_is_not_confirmed_changes_nothing() {
        let mut ada = TestSession::player("ada").await;
        ada.refused(confirm_second_factor("123456"), DenyCode::WrongCode)
            .await;
        ada.refused(begin_second_factor("wrong horse"), DenyCode::BadCredentials)
            .await;
        let first = ada.begin_factor("correct horse").await;
        let second = ada.begin_factor("correct horse").await;
        assert_ne!(first, second);
        ada.another_device("ada").await;
        // The key from before is void.
        let code = ada.app_code(&first);
        ada.refused(confirm_second_factor(&code), DenyCode::WrongCode)
            .await;
    }

    #[tokio::test]
    async fn a_second_factor_ends_the_other_sessions_and_is_not_replaced_by_the_password() {
        let mut ada = TestSession::player("ada").await;
        let phone = ada.another_device("ada").await;
        let secret = ada.begin_factor("correct horse").await;
        let code = ada.app_code(&secret);
        ada.done(confirm_second_factor(&code)).await;
        phone.expect_closed(CloseReason::SessionEnded);
        ada.refused(begin_second_factor("correct horse"), DenyCode::NotAllowed)
            .await;
        // Nor are codes got that would do in its place.
        ada.refused(
            renew_recovery_codes("correct horse", None),
            DenyCode::CodeNeeded,
        )
        .await;
    }

    #[tokio::test]
    async fn it_ends_by_the_password_and_a_code() {
        let (mut ada, secret, codes) = ada_with_a_factor().await;
        let code = ada.app_code(&secret);
        ada.refused(
            end_second_factor("wrong horse", &code),
            DenyCode::BadCredentials,
        )
        .await;
        ada.refused(
            end_second_factor("correct horse", "000000"),
            DenyCode::WrongCode,
        )
        .await;
        ada.done(end_second_factor("correct horse", &codes[0]))
            .await;
        ada.refused(
            end_second_factor("correct horse", &code),
            DenyCode::WrongCode,
        )
        .await;
        let mut phone = ada.another_at(HOME);
        phone.try_login("ada", "correct horse").await;
        let safety = phone.expect_safety();
        assert!(!safety.second_factor && safety.recovery_codes_left == 7);
    }

    #[tokio::test]
    async fn a_recovery_code_stands_in_for_the_app_and_for_the_password_only_once_each() {
        let (ada, _, codes) = ada_with_a_factor().await;
        let mut lost = ada.another_at(HOME);
        lost.done(recover("ada", &codes[0], "battery staple")).await;
        // The factor is still there.
        lost.try_login("ada", "battery staple").await;
        lost.expect_deny(Some(2), DenyCode::CodeNeeded);
        lost.try_login_with("ada", "battery staple", &codes[0])
            .await;
        lost.expect_deny(Some(2), DenyCode::WrongCode);
        lost.try_login_with("ada", "battery staple", &codes[1].to_lowercase())
            .await;
        assert_eq!(lost.expect_safety().recovery_codes_left, 6);
    }

    #[tokio::test]
    async fn who_guesses_codes_has_to_wait_and_keeps_nobody_out_of_where_they_were_before() {
        let (ada, secret, codes) = ada_with_a_factor().await;
        let mut guessed = 0;
        for host in 10..40 {
            let mut thief = ada.another_at([203, 0, 113, host]);
            // Somebody who knows the password.
            thief.try_login_with("ada", "correct horse", "000000").await;
            if let longhall_packet::ServerPacket::Deny { code, .. } = thief.next() {
                guessed += u32::from(code == DenyCode::WrongCode);
            }
        }
        assert!((1..=10).contains(&guessed), "{guessed}");
        let mut home = ada.another_at(HOME);
        home.try_login_with("ada", "correct horse", &ada.app_code(&secret))
            .await;
        home.expect_logged_in(2);
        // And on the road a recovery code does, which nobody guesses; once the strangers'
        // logins, who are too many, leave room.
        let mut road = ada.another_at([198, 51, 100, 7]);
        road.done(recover("ada", &codes[0], "battery staple")).await;
        road.try_login_with("ada", "battery staple", &codes[1])
            .await;
        road.expect_logged_in(2);
    }
}
