//! A player has their account deleted, or keeps it after all.

use longhall_packet::{CloseReason, DenyCode, FactorCode, Password, RequestId, ServerPacket};
use tracing::info;

use super::outcome::Outcome;
use super::proof::{check_own_factor, check_own_password};
use crate::session::Session;
use crate::store::Kept;

/// Answers `delete_account` with `ok`, and ends all sessions of the account: whoever had
/// it taken from them must notice.
pub(crate) async fn delete_account(
    session: &Session,
    id: RequestId,
    password: Password,
    code: Option<&FactorCode>,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let known = check_own_password(session, password).await?;
    check_own_factor(session, code).await?;
    let delay = server.settings().accounts.deletion_delay;
    let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
    // A clock that is behind now must not have it come too early.
    let due_ms = match delay_ms {
        0 => server.clock.ended_by_ms(),
        delay_ms => server.clock.lasting_from_ms().saturating_add(delay_ms),
    };
    let asked_ms = server.clock.now_ms();
    let marked = server.store.mark_deletion(me, known, asked_ms, due_ms);
    if !marked.await? {
        return Err(DenyCode::BadCredentials.into());
    }
    info!(
        connection = session.connection,
        user = me.0,
        due_ms,
        "the account is to be deleted"
    );
    session.reply(&ServerPacket::Ok { id });
    server.hub.close(me, CloseReason::AccountDeleted);
    server.due_deletions.notify_one();
    Ok(())
}

/// Answers `keep_account` with `ok`, also when it was not to be deleted.
pub(crate) async fn keep_account(session: &Session, id: RequestId) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let ended_by_ms = server.clock.ended_by_ms();
    match server.store.keep_account(me, ended_by_ms).await? {
        Kept::Kept => info!(
            connection = session.connection,
            user = me.0,
            "the account is kept"
        ),
        Kept::NotMarked => {}
        Kept::TooLate => return Err(DenyCode::TooLate.into()),
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{CloseReason, DenyCode, ServerPacket};

    use crate::handlers::test_requests::{delete_account, keep_account};
    use crate::handlers::test_session::TestSession;

    const DELAY: Duration = Duration::from_secs(3600);

    async fn end_told(player: &mut TestSession) -> Option<u64> {
        player.try_login("ada", "correct horse").await;
        match player.next() {
            ServerPacket::LoggedIn { deleted_at_ms, .. } => deleted_at_ms,
            other => panic!("not logged in: {other:?}"),
        }
    }

    #[tokio::test]
    async fn an_account_that_is_to_be_deleted_is_logged_out_everywhere_and_told_until_when() {
        let mut here = TestSession::with(|config| config.accounts.deletion_delay = DELAY);
        let token = here.register_and_login("ada").await;
        let mut there = here.another_device("ada").await;
        here.refused(delete_account("battery staple"), DenyCode::BadCredentials)
            .await;
        there.expect_nothing();
        here.done(delete_account("correct horse")).await;
        for device in [&mut here, &mut there] {
            device.expect_closed(CloseReason::AccountDeleted);
        }
        let mut back = here.another();
        back.try_resume(&token).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
        assert!(end_told(&mut back).await.is_some());

        back.done(keep_account()).await;
        back.done(keep_account()).await;
        let mut kept = here.another();
        assert_eq!(end_told(&mut kept).await, None);
    }

    #[tokio::test]
    async fn asking_again_does_not_put_it_off_and_nobody_comes_in_when_it_is_over() {
        let mut first = TestSession::with(|config| config.accounts.deletion_delay = DELAY);
        first.register_and_login("ada").await;
        first.done(delete_account("correct horse")).await;
        let mut second = first.another();
        let end = end_told(&mut second).await;
        first.step_clock(DELAY / 2);
        second.done(delete_account("correct horse")).await;
        let mut third = first.another();
        assert_eq!(end_told(&mut third).await, end);
        first.step_clock(DELAY / 2);
        third.refused(keep_account(), DenyCode::TooLate).await;
        let mut late = first.another();
        late.try_login("ada", "correct horse").await;
        late.expect_deny(Some(2), DenyCode::BadCredentials);
    }
}
