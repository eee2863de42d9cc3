//! Moderators work through what was reported.
//!
//! Closing a report is an operator's act, done by a player: the audit log has it.

use longhall_packet::{
    DenyCode, ReportNumber, ReportOutcome, ReportText, RequestId, ServerPacket, ServerRole,
};

use super::outcome::{HandlerError, Outcome};
use super::sanctions::act_as;
use crate::admin::Act;
use crate::session::Session;
use crate::store::UserId;

/// Reports in one page. The largest ones fill less than a packet.
pub(super) const MAX_REPORTS: usize = 15;

/// Answers `reports` with a page, without those about whoever asks.
pub(crate) async fn reports(
    session: &Session,
    id: RequestId,
    open: Option<bool>,
    before: Option<ReportNumber>,
) -> Outcome {
    let me = moderator(session)?;
    let store = &session.server.store;
    let read = store.reports(Some(me), open, before, MAX_REPORTS + 1);
    let mut reports = read.await?;
    let more = reports.len() > MAX_REPORTS;
    reports.truncate(MAX_REPORTS);
    session.reply(&ServerPacket::Reports { id, reports, more });
    Ok(())
}

/// Answers `report_lines` with what was kept.
pub(crate) async fn report_lines(
    session: &Session,
    id: RequestId,
    report: ReportNumber,
) -> Outcome {
    let me = moderator(session)?;
    check_report(session, me, report).await?;
    let lines = session.server.store.report_lines(report).await?;
    session.reply(&ServerPacket::ReportLines { id, report, lines });
    Ok(())
}

/// Answers `close_report` with `ok`. The reporter is told now, or at the next login.
pub(crate) async fn close_report(
    session: &Session,
    id: RequestId,
    report: ReportNumber,
    outcome: ReportOutcome,
    text: &ReportText,
) -> Outcome {
    let me = moderator(session)?;
    check_report(session, me, report).await?;
    let act = Act::ReportsClose {
        report,
        outcome: outcome.name().to_owned(),
        text: text.as_str().to_owned(),
    };
    match act_as(session, act, None).await {
        Ok(_) => session.reply(&ServerPacket::Ok { id }),
        // Somebody else was faster.
        Err(HandlerError::Deny(denial)) if denial.code != DenyCode::Unavailable => {
            return Err(DenyCode::UnknownReport.into());
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Whoever is logged in here, as a moderator.
///
/// # Errors
/// `not_allowed`.
fn moderator(session: &Session) -> Result<UserId, HandlerError> {
    let me = session.me()?.user.id;
    match session.server_role() >= ServerRole::Moderator {
        true => Ok(me),
        false => Err(DenyCode::NotAllowed.into()),
    }
}

/// Nobody judges, or reads, a report about themselves.
///
/// # Errors
/// `unknown_report`.
async fn check_report(session: &Session, me: UserId, report: ReportNumber) -> Outcome {
    match session.server.store.report(report).await? {
        Some((user, _)) if user != me => Ok(()),
        _ => Err(DenyCode::UnknownReport.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{DenyCode, ListedReport, ReportOutcome, ServerPacket, ServerRole};

    use crate::handlers::test_requests::{
        ID, close_report, logout, report_line, report_lines, report_player, reports,
    };
    use crate::handlers::test_session::TestSession;

    async fn queue(moderator: &mut TestSession, open: Option<bool>) -> Vec<ListedReport> {
        moderator.ask(reports(open)).await;
        match moderator.next() {
            ServerPacket::Reports {
                id: ID, reports, ..
            } => reports,
            other => panic!("expected reports, got {other:?}"),
        }
    }

    fn numbers(reports: &[ListedReport]) -> Vec<u64> {
        reports.iter().map(|one| one.report).collect()
    }

    async fn filed(player: &mut TestSession, name: &str) {
        player.ask(report_player(name)).await;
        let told = player.next();
        assert!(matches!(told, ServerPacket::Reported { .. }), "{told:?}");
    }

    fn waiting(count: u32) -> ServerPacket {
        ServerPacket::ReportsWaiting { count }
    }

    fn closed(report: u64, text: &str) -> ServerPacket {
        ServerPacket::ReportClosed {
            report,
            username: "mallory".to_owned(),
            outcome: ReportOutcome::Acted,
            text: text.to_owned(),
        }
    }

    /// A moderator who knows it, a reporter, and somebody to report.
    async fn hall() -> [TestSession; 3] {
        let mut all = TestSession::players(["warden", "ada", "mallory"]).await;
        all[0].appoint("warden", ServerRole::Moderator).await;
        let told = crate::reports::tell_waiting(all[0].server());
        told.await.unwrap();
        all[0].forget_waiting();
        all
    }

    #[tokio::test]
    async fn players_are_not_allowed_what_moderators_do() {
        let [_, mut ada, mut mallory] = hall().await;
        filed(&mut ada, "mallory").await;
        for player in [&mut ada, &mut mallory] {
            player.refused(reports(None), DenyCode::NotAllowed).await;
            player.refused(report_lines(1), DenyCode::NotAllowed).await;
            let close = close_report(1, ReportOutcome::Dismissed, "");
            player.refused(close, DenyCode::NotAllowed).await;
        }
    }

    #[tokio::test]
    async fn moderators_are_told_how_many_wait_and_reporters_what_came_of_it() {
        let [mut moderator, mut ada, mut mallory] = hall().await;
        let seq = mallory.chat("lobby", "rubbish").await;
        moderator.forget_waiting();
        ada.forget_waiting();
        ada.ask(report_line("lobby", seq)).await;
        assert!(matches!(
            ada.next(),
            ServerPacket::Reported { report: 1, .. }
        ));
        assert_eq!(moderator.next(), waiting(1));
        assert_eq!(numbers(&queue(&mut moderator, Some(true)).await), [1]);
        moderator.ask(report_lines(1)).await;
        let ServerPacket::ReportLines { lines, .. } = moderator.next() else {
            panic!("no lines")
        };
        assert_eq!(lines[0].text, "rubbish");
        moderator
            .ask(close_report(1, ReportOutcome::Acted, "muted"))
            .await;
        assert_eq!(moderator.next(), waiting(0));
        moderator.expect_ok(ID);
        assert_eq!(ada.next(), closed(1, "muted"));
        ada.expect_nothing();
        mallory.expect_nothing();
        let again = close_report(1, ReportOutcome::Dismissed, "");
        moderator.refused(again, DenyCode::UnknownReport).await;
        assert_eq!(queue(&mut moderator, Some(true)).await, []);
        let done = queue(&mut moderator, Some(false)).await;
        assert_eq!(done[0].closed.as_ref().unwrap().by, "warden");
    }

    #[tokio::test]
    async fn what_came_of_a_report_waits_for_the_next_login_and_is_told_once() {
        let [mut moderator, mut ada, _mallory] = hall().await;
        filed(&mut ada, "mallory").await;
        ada.done(logout()).await;
        moderator.forget_waiting();
        moderator
            .done(close_report(1, ReportOutcome::Acted, ""))
            .await;
        for told in [true, false] {
            let mut again = ada.another();
            again.try_login("ada", "correct horse").await;
            again.expect_logged_in(2);
            if told {
                assert_eq!(again.next(), closed(1, ""));
            }
            again.expect_nothing();
        }
        let mut desk = moderator.another();
        desk.try_login("warden", "correct horse").await;
        desk.expect_logged_in(2);
        assert_eq!(desk.next(), waiting(0));
    }

    #[tokio::test]
    async fn nobody_sees_or_judges_a_report_about_themselves() {
        let [mut moderator, mut ada, _mallory] = hall().await;
        filed(&mut ada, "warden").await;
        moderator.expect_nothing();
        assert_eq!(queue(&mut moderator, None).await, []);
        for request in [
            report_lines(1),
            close_report(1, ReportOutcome::Dismissed, ""),
        ] {
            moderator.refused(request, DenyCode::UnknownReport).await;
        }
        let mut admin = moderator.another();
        admin.register_and_login("boss").await;
        admin.appoint("boss", ServerRole::Admin).await;
        admin.forget_waiting();
        admin
            .done(close_report(1, ReportOutcome::Dismissed, ""))
            .await;
    }

    #[tokio::test]
    async fn another_server_tells_of_what_is_closed_here() {
        let [mut moderator, mut ada, _mallory] = hall().await;
        let mut there = moderator.on_another_server().await;
        there.try_login("ada", "correct horse").await;
        there.expect_logged_in(2);
        ada.done(logout()).await;
        there.ask(report_player("mallory")).await;
        assert!(matches!(there.next(), ServerPacket::Reported { .. }));
        moderator.expect_nothing();
        crate::reports::tell_waiting(moderator.server())
            .await
            .unwrap();
        assert_eq!(moderator.next(), waiting(1));
        moderator
            .done(close_report(1, ReportOutcome::Acted, ""))
            .await;
        there.expect_nothing();
        for _ in 0..2 {
            crate::reports::tell_closed(there.server()).await.unwrap();
        }
        assert_eq!(there.next(), closed(1, ""));
        there.expect_nothing();
    }

    #[tokio::test]
    async fn a_report_that_was_closed_long_ago_is_forgotten() {
        let [mut moderator, mut ada, _mallory] = hall().await;
        filed(&mut ada, "mallory").await;
        moderator.forget_waiting();
        moderator
            .done(close_report(1, ReportOutcome::Acted, ""))
            .await;
        let store = moderator.store();
        let now_ms = moderator.server().clock.now_ms();
        let day_ms = i64::try_from(Duration::from_hours(24).as_millis()).unwrap();
        assert_eq!(store.prune_reports(now_ms - day_ms).await.unwrap(), 0);
        assert_eq!(store.prune_reports(now_ms + day_ms).await.unwrap(), 1);
        moderator
            .refused(report_lines(1), DenyCode::UnknownReport)
            .await;
    }
}
