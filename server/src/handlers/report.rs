//! A player reports a line or another player to the moderators.

use longhall_packet::{
    DenyCode, INBOX, ReportCategory, ReportText, Reported, RequestId, Seq, ServerPacket, Target,
};
use tracing::{debug, info};

use super::history::log_of;
use super::lookup::other_user;
use super::outcome::{HandlerError, Outcome};
use crate::reports::{self, MAX_BYTES};
use crate::session::Session;
use crate::store::{Cursor, Filed, Log, NewReport};
use crate::webhooks;

/// Answers `report` with `reported`, once it is kept with the lines around it.
pub(crate) async fn report(
    session: &Session,
    id: RequestId,
    about: &Reported,
    category: ReportCategory,
    text: &ReportText,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    server.limits.check_report(me)?;
    let capacity = &server.settings().capacity;
    let new = NewReport {
        reporter: me,
        user: me,
        line: None,
        category,
        text: text.as_str().to_owned(),
        lines: Vec::new(),
        now_ms: server.clock.now_ms(),
        at_most: capacity.open_reports_per_account,
        at_most_in_all: capacity.open_reports,
    };
    let new = match about {
        Reported::Player { username } => NewReport {
            user: other_user(session, username).await?.0,
            ..new
        },
        Reported::Line { channel, seq } => with_line(session, new, channel, *seq).await?,
    };
    let user = new.user;
    let report = match server.store.insert_report(new).await? {
        Filed::New(report) => {
            info!(report, user = user.0, %category, "somebody is reported");
            webhooks::reported(server, report, user, category);
            if let Err(cause) = reports::tell_waiting(server).await {
                // It is in the queue, and told at the next look.
                debug!(%cause, "cannot tell moderators of a report yet");
            }
            report
        }
        Filed::Before(report) => report,
        Filed::TooMany => return Err(DenyCode::TooManyReports.into()),
    };
    session.reply(&ServerPacket::Reported { id, report });
    Ok(())
}

/// The report with the line that it is about, and those around it as they are now.
///
/// # Errors
/// As for the history of that place; `unknown_line`, `not_yourself`.
async fn with_line(
    session: &Session,
    new: NewReport,
    target: &Target,
    seq: Seq,
) -> Result<NewReport, HandlerError> {
    let me = new.reporter;
    let store = &session.server.store;
    let (mut log, place) = match target {
        Target::Channel(name) => (log_of(session, target).await?, name.to_string()),
        Target::Whispers(_) | Target::Inbox => (Log::Inbox(me), INBOX.to_owned()),
    };
    let at = Cursor::After(seq.saturating_sub(1));
    let found = store.lines(log, at, 1, MAX_BYTES).await?.lines;
    let (sender, line) = found.first().ok_or(DenyCode::UnknownLine)?;
    let sender = *sender;
    if place == INBOX {
        // Of the inbox only what was said between the two.
        log = Log::Whispers(me, sender);
    }
    if sender == me && line.seq == seq {
        return Err(DenyCode::NotYourself.into());
    }
    let lines = reports::lines_around(&**store, log, seq).await?;
    Ok(NewReport {
        user: sender,
        line: Some((place, seq)),
        lines: lines.ok_or(DenyCode::UnknownLine)?,
        ..new
    })
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, ServerPacket};

    use crate::handlers::test_requests::{ID, delete, edit, report_line, report_player};
    use crate::handlers::test_session::TestSession;

    #[track_caller]
    fn number(player: &mut TestSession) -> u64 {
        match player.next() {
            ServerPacket::Reported { id: ID, report } => report,
            other => panic!("expected a report, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn the_same_report_again_has_the_same_number() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let seq = bob.chat("lobby", "rubbish").await;
        ada.expect_line();
        let mut numbers = Vec::new();
        for request in [
            report_line("lobby", seq),
            report_line("LOBBY", seq),
            report_player("BOB"),
            report_player("bob"),
        ] {
            ada.ask(request).await;
            numbers.push(number(&mut ada));
        }
        assert_eq!(numbers, [1, 1, 2, 2]);
    }

    #[tokio::test]
    async fn what_is_not_there_or_ones_own_cannot_be_reported() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let own = ada.chat("lobby", "mine").await;
        bob.forget_waiting();
        bob.create("den", Access::Invite).await;
        bob.chat("den", "secret").await;
        for (request, code) in [
            (report_line("lobby", own), DenyCode::NotYourself),
            (report_line("lobby", 99), DenyCode::UnknownLine),
            (report_line("lobby", 0), DenyCode::UnknownLine),
            (report_line("den", 1), DenyCode::UnknownChannel),
            (report_line("@", 1), DenyCode::UnknownLine),
            (report_player("ada"), DenyCode::NotYourself),
            (report_player("nobody"), DenyCode::UnknownUser),
        ] {
            ada.refused(request, code).await;
        }
    }

    #[tokio::test]
    async fn what_can_be_read_around_the_line_is_kept_and_outlives_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        for number in 1..=20 {
            bob.chat("lobby", &format!("line {number}")).await;
        }
        bob.done(edit("lobby", 12, "worse")).await;
        ada.forget_waiting();
        ada.ask(report_line("lobby", 12)).await;
        let report = number(&mut ada);
        bob.done(delete("lobby", 12)).await;
        let kept = ada.store().report_lines(report).await.unwrap();
        let numbers: Vec<_> = kept.iter().map(|line| line.seq).collect();
        assert_eq!(numbers, (2..=17).collect::<Vec<_>>());
        assert_eq!(kept[10].text, "worse");
    }

    #[tokio::test]
    async fn with_a_whisper_only_those_of_that_conversation_are_kept() {
        let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
        eve.say("@ada", "a secret of eve's").await;
        bob.say("@ada", "rubbish").await;
        ada.forget_waiting();
        ada.say("@bob", "stop it").await;
        ada.forget_waiting();
        ada.ask(report_line("@", 2)).await;
        let report = number(&mut ada);
        let kept = ada.store().report_lines(report).await.unwrap();
        let texts: Vec<_> = kept.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["rubbish", "stop it"]);
        assert_eq!(kept[0].recipient.as_deref(), Some("ada"));
    }

    #[tokio::test]
    async fn who_reports_without_end_has_to_wait() {
        let [mut ada, _bob, _eve] = TestSession::players_with(
            |config| {
                config.rates.reports_per_hour = 3;
                config.capacity.open_reports_per_account = 1;
            },
            ["ada", "bob", "eve"],
        )
        .await;
        ada.ask(report_player("bob")).await;
        number(&mut ada);
        ada.refused(report_player("eve"), DenyCode::TooManyReports)
            .await;
        ada.ask(report_player("bob")).await;
        assert_eq!(number(&mut ada), 1);
        ada.refused(report_player("bob"), DenyCode::RateLimited)
            .await;
    }
}
