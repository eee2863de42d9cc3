//! Lines: deleted as their authors would.
//!
//! A deletion is told to players as one of the author's own: that is what games of today
//! know. It goes through the chat log, so that it has its number and reaches everybody in
//! order.

use longhall_packet::{Line, LineKind, Seq};

use super::ground::Ground;
use super::hall::SPEAKER;
use super::report::{ActError, LineRow, Report};
use super::run::ago;
use crate::store::{Appended, BY_OPERATOR, Channel, Cursor, Log, LogAction, LogEntry, UserId};

/// Lines read at a time, and deleted at a time.
const PAGE: usize = 500;

/// A page, the newest without `before`. Lines that came after are asked for anew.
pub(super) async fn list(
    ground: &Ground,
    name: &str,
    before: Option<Seq>,
    limit: usize,
) -> Result<Report, ActError> {
    let channel = ground.channel(name).await?;
    let cursor = before.map_or(Cursor::Newest, Cursor::Before);
    let limit = limit.clamp(1, PAGE);
    let log = Log::Channel(channel.id);
    let page = ground.store.lines(log, cursor, limit, usize::MAX).await?;
    let oldest = page.lines.first().map(|(_, line)| line.seq);
    let said = page.lines.into_iter().filter_map(|(_, line)| {
        let deleted = match line.kind {
            LineKind::Said | LineKind::System => false,
            LineKind::Deleted => true,
            _ => return None,
        };
        let sender = match line.kind {
            LineKind::System => SPEAKER.to_owned(),
            _ => line.sender,
        };
        Some(LineRow {
            seq: line.seq,
            sender,
            sent_at_ms: line.sent_at_ms,
            edited_at_ms: line.edited_at_ms,
            deleted,
            text: line.text,
        })
    });
    Ok(Report::Lines {
        channel: channel.name.to_string(),
        lines: said.collect(),
        before: oldest.filter(|_| page.more),
    })
}

pub(super) async fn delete(ground: &Ground, name: &str, seq: Seq) -> Result<Report, ActError> {
    let channel = ground.channel(name).await?;
    let log = Log::Channel(channel.id);
    let page = ground
        .store
        .lines(log, Cursor::After(seq.saturating_sub(1)), 1, usize::MAX)
        .await?;
    let said = |(_, line): &(UserId, Line)| {
        line.seq == seq && matches!(line.kind, LineKind::Said | LineKind::System)
    };
    let found: Vec<_> = page.lines.into_iter().filter(said).collect();
    let count = delete_all(ground, &channel, found).await?;
    if count == 0 {
        let text = format!("there is no line {seq} in {}", channel.name);
        return Err(ActError::NotFound(text));
    }
    Ok(Report::LinesDeleted {
        channel: Some(channel.name.to_string()),
        count,
        more: false,
    })
}

/// Channels read at a time.
const CHANNELS: usize = 200;

/// The newest `at_most` lines of an account in a channel, or in all.
pub(super) async fn delete_by(
    ground: &Ground,
    name: Option<&str>,
    author: &str,
    since_s: Option<u64>,
    at_most: Option<usize>,
) -> Result<Report, ActError> {
    let author = ground.account(author).await?.user;
    let since_ms = since_s.map_or(0, |seconds| ago(ground, seconds));
    let mut left = at_most.unwrap_or(usize::MAX);
    let (mut count, mut more) = (0, false);
    let channels = match name {
        Some(name) => vec![ground.channel(name).await?],
        None => all_channels(ground).await?,
    };
    for channel in channels {
        let done = delete_in(ground, &channel, author, since_ms.unsigned_abs(), left).await?;
        (count, left) = (count + done.count, left - done.count);
        more |= done.more;
        if left == 0 && more {
            break;
        }
    }
    Ok(Report::LinesDeleted {
        channel: name.map(str::to_owned),
        count,
        more,
    })
}

async fn all_channels(ground: &Ground) -> Result<Vec<Channel>, ActError> {
    let mut all: Vec<Channel> = Vec::new();
    loop {
        let after = all.last().map(|channel| &channel.name);
        let page = ground.store.all_channels("", after, CHANNELS).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(|(channel, _)| channel));
    }
}

/// What was done in a channel.
struct Deleted {
    count: usize,
    more: bool,
}

async fn delete_in(
    ground: &Ground,
    channel: &Channel,
    author: UserId,
    since_ms: u64,
    at_most: usize,
) -> Result<Deleted, ActError> {
    let mut cursor = Cursor::Newest;
    let mut count = 0;
    loop {
        let log = Log::Channel(channel.id);
        let page = ground.store.lines(log, cursor, PAGE, usize::MAX).await?;
        let Some((_, oldest)) = page.lines.first() else {
            break;
        };
        let (first, first_ms) = (oldest.seq, oldest.sent_at_ms);
        let theirs = |(sender, line): &(UserId, Line)| {
            let is_said = matches!(line.kind, LineKind::Said | LineKind::System);
            *sender == author && is_said && line.sent_at_ms >= since_ms
        };
        let mut found: Vec<_> = page.lines.into_iter().filter(theirs).collect();
        let too_many = found.len().saturating_sub(at_most - count);
        // The newest of them are at the end.
        found.drain(..too_many);
        count += delete_all(ground, channel, found).await?;
        if too_many > 0 {
            return Ok(Deleted { count, more: true });
        }
        if !page.more || first_ms < since_ms {
            break;
        }
        cursor = Cursor::Before(first);
    }
    Ok(Deleted { count, more: false })
}

/// Deletes lines; how many were still there.
async fn delete_all(
    ground: &Ground,
    channel: &Channel,
    lines: Vec<(UserId, Line)>,
) -> Result<usize, ActError> {
    let entries: Vec<_> = lines
        .into_iter()
        .map(|(sender, line)| LogEntry {
            sender,
            sender_name: line.sender,
            what: LogAction::Delete {
                channel: Some(channel.id),
                of: line.seq,
                not_before_ms: BY_OPERATOR,
            },
            now_ms: ground.now_ms(),
        })
        .collect();
    if entries.is_empty() {
        return Ok(0);
    }
    let appended = ground.write(channel, entries).await?;
    let done = appended
        .iter()
        .filter(|appended| matches!(appended, Appended::Line { .. }));
    Ok(done.count())
}
