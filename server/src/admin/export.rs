//! All that is known of an account, for whoever it belongs to. Page by page: somebody may
//! have said a lot.

use longhall_packet::{INBOX, LineKind};

use super::ground::Ground;
use super::report::{ActError, Export, ExportAfter, ExportedLine, Report};
use super::{sessions, users};
use crate::store::{Account, Cursor, Log};

/// Whispers, or reports, of one page.
const PAGE: usize = 1000;
/// Bytes of one page of whispers.
const PAGE_BYTES: usize = 1024 * 1024;

pub(super) async fn page(
    ground: &Ground,
    name: &str,
    after: Option<ExportAfter>,
) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let mut page = Export {
        user: None,
        sessions: Vec::new(),
        lines: Vec::new(),
        whispers: Vec::new(),
        reports: Vec::new(),
        after: Some(ExportAfter::Lines(0)),
    };
    match after {
        None => {
            page.user = Some(users::details(ground, &account).await?);
            page.sessions = sessions::of(ground, &account).await?;
        }
        Some(ExportAfter::Lines(after)) => lines(ground, &account, after, &mut page).await?,
        Some(ExportAfter::Whispers(after)) => {
            whispers(ground, &account, after, &mut page).await?;
        }
        Some(ExportAfter::Reports(after)) => reports(ground, &account, after, &mut page).await?,
    }
    Ok(Report::Export(Box::new(page)))
}

async fn lines(
    ground: &Ground,
    account: &Account,
    after: i64,
    page: &mut Export,
) -> Result<(), ActError> {
    let said = ground.store.said(account.user, after, usize::MAX).await?;
    page.after = Some(match said.next {
        Some(next) => ExportAfter::Lines(next),
        None => ExportAfter::Whispers(0),
    });
    let lines = said.lines.into_iter().map(|line| ExportedLine {
        channel: line.channel,
        seq: line.seq,
        sender: account.username.clone(),
        recipient: None,
        sent_at_ms: line.sent_at_ms,
        edited_at_ms: (line.edited_at_ms > 0).then_some(line.edited_at_ms),
        text: line.text,
    });
    page.lines.extend(lines);
    Ok(())
}

async fn whispers(
    ground: &Ground,
    account: &Account,
    after: u64,
    page: &mut Export,
) -> Result<(), ActError> {
    let inbox = Log::Inbox(account.user);
    let found = ground
        .store
        .lines(inbox, Cursor::After(after), PAGE, PAGE_BYTES)
        .await?;
    let last = found.lines.last().map(|(_, line)| line.seq);
    page.after = Some(match last.filter(|_| found.more) {
        Some(last) => ExportAfter::Whispers(last),
        None => ExportAfter::Reports(0),
    });
    let lines = found.lines.into_iter().map(|(_, line)| line);
    // An edit is in the line that it changed.
    let lines = lines.filter(|line| matches!(line.kind, LineKind::Said | LineKind::Deleted));
    let millis = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    page.whispers.extend(lines.map(|line| ExportedLine {
        channel: INBOX.to_owned(),
        seq: line.seq,
        sender: line.sender,
        recipient: line.recipient,
        sent_at_ms: millis(line.sent_at_ms),
        edited_at_ms: line.edited_at_ms.map(millis),
        text: line.text,
    }));
    Ok(())
}

async fn reports(
    ground: &Ground,
    account: &Account,
    after: u64,
    page: &mut Export,
) -> Result<(), ActError> {
    let found = ground.store.reports_by(account.user, after, PAGE).await?;
    let last = found.last().map(|last| last.report);
    page.after = last
        .filter(|_| found.len() == PAGE)
        .map(ExportAfter::Reports);
    page.reports = found;
    Ok(())
}
