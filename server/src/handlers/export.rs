//! A player is given all that the server knows of them, page by page.

use std::time::Duration;

use longhall_packet::{
    DenyCode, ExportedAccount, ExportedChannel, ExportedLine, ExportedReport, ExportedSanction,
    INBOX, LineKind, NameKeys, ReportNumber, RequestId, ServerPacket,
};
use longhall_world::own_data::ExportPlace;
use tokio::time::sleep;
use tracing::info;

use super::outcome::{HandlerError, Outcome};
use super::reports::MAX_REPORTS;
use super::sessions::listed;
use crate::last_login;
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::store::{Cursor, Log, SanctionOn, UserId};

/// Bytes of one page's lines, about: with all that is around them, and every sign in them
/// escaped, a packet stays within what clients read.
const PAGE_BYTES: usize = 24 * 1024;
/// Lines of one page at most.
const PAGE_LINES: usize = 100;
/// What a line has on the wire beside its texts, about.
const BYTES_PER_LINE: usize = 150;
/// Steps through all lines of the hall that one page waits for: an account that says
/// little is one line among many.
const MAX_STEPS: usize = 20;

/// Answers `export` with a page. Where the next one begins is kept here: nobody has the
/// server look through all lines of the hall more often than exports are allowed.
pub(crate) async fn export(session: &mut Session, id: RequestId, after: Option<&str>) -> Outcome {
    let last = session.export.take();
    let me = session.me()?.user.id;
    let (mut account, mut lines, mut reports) = (None, Vec::new(), Vec::new());
    let next = match after {
        None => {
            session.server.count_try(Tried::Export(me)).await?;
            info!(
                connection = session.connection,
                user = me.0,
                "exports begin"
            );
            account = Some(Box::new(exported(session).await?));
            Some(ExportPlace::Lines(0))
        }
        Some(after) => {
            let place = last.filter(|last| last.to_string() == after);
            let place = place.ok_or(DenyCode::NotAllowed)?;
            // A client asks for the next page as soon as it has one: so it stays within
            // its limit on pages.
            let pages_per_second = session.server.settings().rates.history_per_second;
            sleep(Duration::from_secs(1) / pages_per_second.max(1)).await;
            match place {
                ExportPlace::Lines(after) => said(session, me, after, &mut lines).await?,
                ExportPlace::Whispers(after) => whispers(session, me, after, &mut lines).await?,
                ExportPlace::Reports(after) => made(session, me, after, &mut reports).await?,
            }
        }
    };
    session.export = next;
    session.reply(&ServerPacket::Export {
        id,
        account,
        lines,
        reports,
        next: next.map(|place| place.to_string()),
    });
    Ok(())
}

async fn exported(session: &Session) -> Result<ExportedAccount, HandlerError> {
    let me = &session.me()?.user;
    let (user, store) = (me.id, &session.server.store);
    let clock = &session.server.clock;
    let key = NameKeys::name_of(&me.username());
    let account = store.account(&key, clock.ended_by_ms()).await?;
    let account = account.filter(|account| account.user == user);
    // Another name was given just now: the player asks again.
    let account = account.ok_or_else(super::arriving::changed_meanwhile)?;
    let sessions = listed(session).await?;
    let last_login = store.safety(user).await?.last_login;
    let memberships = store.memberships(user).await?;
    let blocks = store.blocks(user).await?;
    let invitations = store.invitations(user).await?;
    let sanctions = store.sanctions(clock.now_ms()).await?;
    let kept = store.profile(user).await?;
    let mine = SanctionOn::Account(user);
    Ok(ExportedAccount {
        username: account.username,
        created_at_ms: account.created_at_ms.unsigned_abs(),
        deleted_at_ms: account.deleted_at_ms.map(i64::unsigned_abs),
        last_login: last_login.map(last_login::told),
        sessions,
        channels: memberships
            .into_iter()
            .map(|membership| ExportedChannel {
                channel: membership.channel.name.to_string(),
                role: membership.role,
                read_seq: membership.read_seq,
            })
            .collect(),
        blocked: blocks.into_iter().map(|(_, name)| name).collect(),
        invitations,
        sanctions: sanctions
            .into_iter()
            .filter(|sanction| sanction.on == mine)
            .map(|sanction| ExportedSanction {
                kind: sanction.kind.name().to_owned(),
                since_ms: sanction.created_at_ms.unsigned_abs(),
                until_ms: sanction.until_ms.map(i64::unsigned_abs),
                // Which operator it was is theirs, not the player's.
                reason: sanction.reason,
            })
            .collect(),
        profile: kept.profile,
        profile_version: kept.version,
    })
}

/// Adds what the account said in channels behind a place. Returns where to go on.
async fn said(
    session: &Session,
    user: UserId,
    mut after: i64,
    lines: &mut Vec<ExportedLine>,
) -> Result<Option<ExportPlace>, HandlerError> {
    let username = session.me()?.user.username();
    let store = &session.server.store;
    let mut bytes = 0;
    for _ in 0..MAX_STEPS {
        let page = store.said(user, after, PAGE_LINES).await?;
        for said in page.lines {
            bytes += said.text.len() + said.channel.len() + username.len() + BYTES_PER_LINE;
            if !lines.is_empty() && bytes > PAGE_BYTES {
                return Ok(Some(ExportPlace::Lines(after)));
            }
            after = said.place;
            lines.push(said.exported(&username));
        }
        let Some(next) = page.next else {
            return Ok(Some(ExportPlace::Whispers(0)));
        };
        after = next;
        if lines.len() >= PAGE_LINES {
            break;
        }
    }
    Ok(Some(ExportPlace::Lines(after)))
}

/// Adds whispers to and from the account behind a number. Returns where to go on.
async fn whispers(
    session: &Session,
    user: UserId,
    after: u64,
    lines: &mut Vec<ExportedLine>,
) -> Result<Option<ExportPlace>, HandlerError> {
    let (inbox, cursor) = (Log::Inbox(user), Cursor::After(after));
    let store = &session.server.store;
    let room = PAGE_BYTES - PAGE_LINES * BYTES_PER_LINE;
    let page = store.lines(inbox, cursor, PAGE_LINES, room).await?;
    let last = page.lines.last().map(|(_, line)| line.seq);
    let all = page.lines.into_iter().map(|(_, line)| line);
    // An edit is in the line that it changed.
    let all = all.filter(|line| matches!(line.kind, LineKind::Said | LineKind::Deleted));
    lines.extend(all.map(|line| ExportedLine {
        channel: INBOX.to_owned(),
        seq: line.seq,
        sender: line.sender,
        recipient: line.recipient,
        text: line.text,
        sent_at_ms: line.sent_at_ms,
        edited_at_ms: line.edited_at_ms,
    }));
    let last = last.filter(|_| page.more);
    Ok(Some(
        last.map_or(ExportPlace::Reports(0), ExportPlace::Whispers),
    ))
}

/// Adds reports that the account made, behind a number. Returns where to go on.
async fn made(
    session: &Session,
    user: UserId,
    after: ReportNumber,
    reports: &mut Vec<ExportedReport>,
) -> Result<Option<ExportPlace>, HandlerError> {
    let store = &session.server.store;
    let mut made = store.reports_by(user, after, MAX_REPORTS + 1).await?;
    let more = made.len() > MAX_REPORTS;
    made.truncate(MAX_REPORTS);
    let last = made.last().map(|last| last.report);
    reports.extend(made.into_iter().map(ExportedReport::from));
    Ok(last.filter(|_| more).map(ExportPlace::Reports))
}

#[cfg(test)]
mod tests {
    use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;
    use longhall_packet::{
        Access, DenyCode, ExportedAccount, ExportedLine, ExportedReport, ReportCategory,
        ReportOutcome, ServerPacket, ServerRole, codec,
    };

    use crate::handlers::test_requests::{
        block, chat, close_report, export, report_line, report_player,
    };
    use crate::handlers::test_session::TestSession;
    use crate::store::NewReport;

    /// All pages, and how many there were.
    async fn exported(player: &mut TestSession) -> (ExportedAccount, Vec<ExportedLine>, usize) {
        let (account, lines, _, pages) = exported_with_reports(player).await;
        (account, lines, pages)
    }

    async fn exported_with_reports(
        player: &mut TestSession,
    ) -> (
        ExportedAccount,
        Vec<ExportedLine>,
        Vec<ExportedReport>,
        usize,
    ) {
        let (mut account, mut all, mut made) = (None, Vec::new(), Vec::new());
        let (mut pages, mut after) = (0, None);
        loop {
            player.ask(export(after.as_deref())).await;
            let packet = player.next();
            assert!(codec::encode(&packet).len() <= MAX_SERVER_PACKET_BYTES);
            let ServerPacket::Export {
                account: told,
                lines,
                reports,
                next,
                ..
            } = packet
            else {
                panic!("no page: {packet:?}")
            };
            account = account.or(told);
            all.extend(lines);
            made.extend(reports);
            pages += 1;
            after = next;
            if after.is_none() {
                return (*account.unwrap(), all, made, pages);
            }
        }
    }

    #[tokio::test]
    async fn an_export_has_all_of_an_account_and_of_others_only_their_whispers_to_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        bob.chat("den", "not hers").await;
        ada.expect_line();
        ada.chat("den", "hers").await;
        bob.expect_line();
        bob.ask(chat("@ada", 7, "for her")).await;
        ada.expect_line();
        ada.done(block("bob")).await;
        let (account, lines, _) = exported(&mut ada).await;
        assert_eq!((&*account.username, account.sessions.len()), ("ada", 1));
        let channels: Vec<_> = account.channels.iter().map(|one| &*one.channel).collect();
        assert_eq!(
            (channels, account.blocked),
            (vec!["lobby", "den"], vec!["bob".to_owned()])
        );
        let texts: Vec<_> = lines
            .iter()
            .map(|line| (&*line.sender, &*line.text))
            .collect();
        assert_eq!(texts, [("ada", "hers"), ("bob", "for her")]);
    }

    #[tokio::test]
    async fn an_export_has_the_reports_that_the_player_made_and_none_about_them() {
        let names = ["warden", "ada", "bob", "mallory"];
        let [mut warden, mut ada, mut bob, mut mallory] = TestSession::players(names).await;
        warden.appoint("warden", ServerRole::Moderator).await;
        let seq = mallory.chat("lobby", "rubbish").await;
        for player in [&mut ada, &mut bob] {
            player.forget_waiting();
            player.ask(report_line("lobby", seq)).await;
            player.next();
        }
        mallory.forget_waiting();
        mallory.ask(report_player("ada")).await;
        warden.forget_waiting();
        warden
            .done(close_report(1, ReportOutcome::Acted, "muted"))
            .await;
        for player in [&mut ada, &mut bob, &mut mallory] {
            player.forget_waiting();
        }
        let (_, _, reports, _) = exported_with_reports(&mut ada).await;
        let [report] = &reports[..] else {
            panic!("not one report: {reports:?}")
        };
        assert_eq!(
            (&*report.username, report.channel.as_deref(), report.seq),
            ("mallory", Some("lobby"), Some(seq))
        );
        let closed = report.closed.as_ref().unwrap();
        assert_eq!(
            (closed.outcome, &*closed.text),
            (ReportOutcome::Acted, "muted")
        );
        let (_, _, reports, _) = exported_with_reports(&mut bob).await;
        assert_eq!((reports.len(), &reports[0].closed), (1, &None));
        let (_, _, reports, _) = exported_with_reports(&mut mallory).await;
        let about: Vec<_> = reports.iter().map(|report| &*report.username).collect();
        assert_eq!(about, ["ada"]);
    }

    #[tokio::test]
    async fn many_reports_are_exported_in_packets_that_clients_read() {
        let mut ada = TestSession::with(|config| config.rates.packets_per_second = 10_000);
        ada.register_and_login("ada").await;
        ada.another().register("bob").await;
        let store = ada.store();
        let reporter = store.user_by_name("ada").await.unwrap().unwrap().id;
        let user = store.user_by_name("bob").await.unwrap().unwrap().id;
        for seq in 1..=40 {
            let filed = store.insert_report(NewReport {
                reporter,
                user,
                line: Some(("lobby".to_owned(), seq)),
                category: ReportCategory::Harassment,
                // All of it is escaped.
                text: "\"".repeat(500),
                lines: Vec::new(),
                now_ms: 1,
                at_most: 40,
                at_most_in_all: 40,
            });
            filed.await.unwrap();
        }
        let (_, _, reports, _) = exported_with_reports(&mut ada).await;
        let numbers: Vec<_> = reports.iter().map(|report| report.report).collect();
        assert_eq!(numbers, Vec::from_iter(1..=40));
    }

    #[tokio::test]
    async fn a_long_export_comes_in_packets_that_clients_read() {
        let mut ada = TestSession::with(|config| config.rates.packets_per_second = 10_000);
        ada.register_and_login("ada").await;
        // All of it is escaped.
        let text = "\"".repeat(500);
        for _ in 0..120 {
            ada.chat("lobby", &text).await;
        }
        let (_, lines, pages) = exported(&mut ada).await;
        assert_eq!(lines.len(), 120);
        assert!(pages > 3, "{pages}");
    }

    #[tokio::test]
    async fn an_export_is_read_in_order_and_not_begun_without_end() {
        let mut ada = TestSession::with(|config| config.rates.exports_per_day = 2);
        ada.register_and_login("ada").await;
        ada.refused(export(Some("lines 0")), DenyCode::NotAllowed)
            .await;
        ada.ask(export(None)).await;
        ada.next();
        ada.refused(export(Some("whispers 0")), DenyCode::NotAllowed)
            .await;
        ada.refused(export(Some("lines 0")), DenyCode::NotAllowed)
            .await;
        exported(&mut ada).await;
        ada.refused(export(None), DenyCode::RateLimited).await;
    }
}
