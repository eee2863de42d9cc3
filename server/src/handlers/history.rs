//! A player wants lines that were said before.

use longhall_packet::limits::MAX_PAGE_LINES;
use longhall_packet::{Line, LineKind, RequestId, Seq, ServerPacket, Target, codec};

use super::lookup::{membership, other_user};
use super::outcome::{HandlerError, Outcome};
use crate::hub::hidden;
use crate::session::Session;
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
    let read = session
        .server
        .store
        .lines(log, cursor, limit, MAX_PAGE_BYTES);
    let page = read.await?;

    let blocked = session.server.hub.blocked(me);
    let lines = page.lines.into_iter();
    let lines: Vec<Line> = lines
        .map(|(sender, line)| {
            if blocked.contains(&sender) && line.kind != LineKind::System {
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

/// The log that a target means.
pub(super) async fn log_of(session: &Session, target: &Target) -> Result<Log, HandlerError> {
    let me = session.me()?.user.id;
    Ok(match target {
        Target::Channel(name) => match session.server.hub.place_of(me, name) {
            Some(place) => Log::Channel(place.channel),
            None => Log::Channel(membership(session, name).await?.channel.id),
        },
        Target::Whispers(username) => Log::Whispers(me, other_user(session, username).await?.0),
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

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, LineKind};

    use crate::handlers::test_requests::{block, history};
    use crate::handlers::test_session::TestSession;
    use crate::store::Cursor;

    #[tokio::test]
    async fn pages_go_forward_and_back_without_holes() {
        let mut ada = TestSession::player("ada").await;
        for number in 1..=25 {
            ada.chat("lobby", &format!("line {number}")).await;
        }
        let mut seen = Vec::new();
        loop {
            let after = seen.last().copied().unwrap_or(0);
            let (lines, more) = ada.history("lobby", Cursor::After(after), 10).await;
            seen.extend(lines.iter().map(|line| line.seq));
            if !more {
                break;
            }
        }
        assert_eq!(seen, Vec::from_iter(1..=25));
        let (newest, more) = ada.history("lobby", Cursor::Newest, 10).await;
        assert_eq!((newest[0].seq, newest.len(), more), (16, 10, true));
        let (oldest, more) = ada.history("lobby", Cursor::Before(6), 10).await;
        assert_eq!((oldest[0].seq, oldest.len(), more), (1, 5, false));
    }

    #[tokio::test]
    async fn a_page_of_long_lines_stays_a_packet_that_clients_read() {
        let mut ada = TestSession::player("ada").await;
        // Each character takes two bytes more on the wire than in memory.
        let text = "\"".repeat(500);
        for _ in 0..80 {
            ada.say("lobby", &text).await;
            ada.forget_waiting();
        }
        for cursor in [Cursor::After(0), Cursor::Before(81)] {
            ada.ask(history("lobby", cursor, 500)).await;
            let page = ada.next_text();
            assert!((16_000..=32 * 1024).contains(&page.len()), "{}", page.len());
            assert!(page.contains(r#""more":true"#));
        }
        let (back, _) = ada.history("lobby", Cursor::Before(81), 500).await;
        assert_eq!(back.last().map(|line| line.seq), Some(80));
        let (on, _) = ada.history("lobby", Cursor::After(0), 500).await;
        assert_eq!(on.first().map(|line| line.seq), Some(1));
    }

    #[tokio::test]
    async fn only_members_read_a_channel() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        ada.create("secret", Access::Invite).await;
        let den = history("den", Cursor::Newest, 5);
        bob.refused(&den, DenyCode::NotAMember).await;
        let secret = history("secret", Cursor::Newest, 5);
        bob.refused(&secret, DenyCode::UnknownChannel).await;
    }

    #[tokio::test]
    async fn a_conversation_has_the_numbers_of_the_inbox() {
        let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
        bob.chat("@ada", "one").await;
        eve.chat("@ada", "two").await;
        bob.chat("@ada", "three").await;
        ada.forget_waiting();
        let (lines, more) = ada.history("@bob", Cursor::Newest, 10).await;
        let found: Vec<_> = lines
            .iter()
            .map(|line| (line.seq, line.text.as_str()))
            .collect();
        assert_eq!((found, more), (vec![(1, "one"), (3, "three")], false));
        let (all, _) = ada.history("@", Cursor::Newest, 10).await;
        assert_eq!(all.len(), 3);
    }

    #[tokio::test]
    async fn lines_of_blocked_players_are_numbers_without_words() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.chat("lobby", "rubbish").await;
        bob.done(block("ada")).await;
        let (lines, _) = bob.history("lobby", Cursor::Newest, 10).await;
        assert_eq!(
            (lines[0].kind, lines[0].text.as_str()),
            (LineKind::Hidden, "")
        );
        assert_eq!(lines[0].sender, "");
    }
}
