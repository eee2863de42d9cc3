//! A player wants lines that were said before.

use longhall_packet::limits::MAX_PAGE_LINES;
use longhall_packet::{Denial, Line, RequestId, Seq, ServerPacket, Target, codec};

use crate::hub::hidden;
use crate::session::{Outcome, Session};
use crate::store::{Cursor, Log};

/// Most bytes of the lines in one page, as they travel: a page and what arrives
/// beside it must fit into a client's buffer.
const MAX_PAGE_BYTES: usize = 31 * 1024;

/// Answers `history` with a page: as many lines as were asked for, or as fit.
pub(crate) async fn history(
    session: &Session,
    id: RequestId,
    target: &Target,
    after: Option<Seq>,
    before: Option<Seq>,
    limit: u32,
) -> Outcome {
    let me = session.me()?.user.id;
    let log = log_of(session, target).await?;
    let cursor = match (after, before) {
        (Some(seq), _) => Cursor::After(seq),
        (None, Some(seq)) => Cursor::Before(seq),
        (None, None) => Cursor::Newest,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let limit = limit.clamp(1, MAX_PAGE_LINES);
    let read = session.server.store.lines(log, cursor, limit, MAX_PAGE_BYTES);
    let page = read.await.map_err(|cause| session.unavailable(&cause))?;

    let blocked = session.server.hub.blocked(me);
    let lines = page.lines.into_iter();
    let lines: Vec<Line> = lines
        .map(|(sender, line)| {
            if blocked.contains(&sender) {
                hidden(&line)
            } else {
                line
            }
        })
        .collect();
    let (lines, cut) = fit(lines, matches!(cursor, Cursor::After(_)));
    session.reply(&ServerPacket::History {
        id,
        channel: target.to_string(),
        first_seq: page.first_seq,
        last_seq: page.last_seq,
        lines,
        more: page.more || cut,
    });
    Ok(())
}

/// Whose lines are meant by a target.
pub(super) async fn log_of(session: &Session, target: &Target) -> Result<Log, Denial> {
    let me = session.me()?.user.id;
    Ok(match target {
        Target::Channel(name) => match session.server.hub.channel_of(me, name) {
            Some((channel, _)) => Log::Channel(channel),
            None => Log::Channel(session.membership(name).await?.channel.id),
        },
        Target::Whispers(username) => Log::Whispers(me, session.other(username).await?.0),
        Target::Inbox => Log::Inbox(me),
    })
}

/// Leaves out lines that do not fit: the last of a page that goes on to newer
/// lines, the first of one that goes back. Says whether there were any.
fn fit(mut lines: Vec<Line>, forward: bool) -> (Vec<Line>, bool) {
    let mut bytes = 0;
    let fits = |line: &&Line| {
        bytes += codec::encode(*line).len() + 1;
        bytes <= MAX_PAGE_BYTES
    };
    let all = lines.len();
    if forward {
        let count = lines.iter().take_while(fits).count();
        lines.truncate(count);
    } else {
        let count = lines.iter().rev().take_while(fits).count();
        lines.drain(..all - count);
    }
    let cut = lines.len() < all;
    (lines, cut)
}
