//! A player edits or deletes a line of their own, or deletes another's to keep order.

use std::sync::Arc;

use longhall_packet::{ChatText, DenyCode, Field, RequestId, Seq, Target};
use longhall_world::rules;
use tracing::info;

use super::lookup::membership;
use super::outcome::{HandlerError, Outcome};
use crate::chat_log;
use crate::flagged;
use crate::hub::Place;
use crate::session::Session;
use crate::store::{BY_OPERATOR, ChannelId, Cursor, Log, LogAction, UserId};

/// Answers `edit` with `ok`, once everybody has been told: by the chat log,
/// behind the lines that were said before.
pub(crate) async fn edit(
    session: &Session,
    id: RequestId,
    target: &Target,
    of: Seq,
    text: &ChatText,
) -> Outcome {
    let (place, name) = log_of(session, target).await?;
    let (channel, server) = (place.as_ref().map(|place| place.channel), &session.server);
    let (text, is_flagged) = match place {
        Some(Place { speech, .. }) => {
            let fit = server.fit_to_read(text.as_str(), speech.filter, Field::Text)?;
            (fit.text, fit.is_flagged)
        }
        // Between the two it stays as it is.
        None => (text.as_str().to_owned(), false),
    };
    let what = LogAction::Edit {
        channel,
        of,
        text,
        not_before_ms: not_before_ms(session),
    };
    let mut request = session.request(session.me()?, id, name, what);
    if let Some(channel) = channel.filter(|_| is_flagged) {
        flagged::watch(server, channel, Some(of), &mut request);
    }
    Ok(server.chat_log.write(request).await?)
}

/// Answers `delete` as [`edit`] does: the line's number stays, its words go.
pub(crate) async fn delete(session: &Session, id: RequestId, target: &Target, of: Seq) -> Outcome {
    let (place, name) = log_of(session, target).await?;
    let channel = place.map(|place| place.channel);
    let others = author_of(session, target, channel, of).await?;
    let what = LogAction::Delete {
        channel,
        of,
        not_before_ms: match others {
            Some(_) => BY_OPERATOR,
            None => not_before_ms(session),
        },
    };
    let mut request = session.request(session.me()?, id, name, what);
    if let Some((author, username)) = others {
        let (line, by) = (of, session.me()?.user.username());
        let channel = &request.channel;
        info!(by, channel = %channel, line, author = username, "a line of another is deleted");
        (request.entry.sender, request.entry.sender_name) = (author, username);
    }
    Ok(session.server.chat_log.write(request).await?)
}

/// Who said a line, if that is somebody else and the player may delete it all the same.
async fn author_of(
    session: &Session,
    target: &Target,
    channel: Option<ChannelId>,
    of: Seq,
) -> Result<Option<(UserId, String)>, HandlerError> {
    let (Target::Channel(name), Some(channel)) = (target, channel) else {
        return Ok(None);
    };
    let store = &session.server.store;
    let cursor = Cursor::After(of.saturating_sub(1));
    let page = store.lines(Log::Channel(channel), cursor, 1, usize::MAX);
    let found = page
        .await?
        .lines
        .into_iter()
        .find(|(_, line)| line.seq == of);
    let me = session.me()?.user.id;
    let Some((author, line)) = found.filter(|(author, _)| *author != me) else {
        return Ok(None);
    };
    let mine = membership(session, name).await?;
    let may = rules::check_delete_of_others(&mine, session.server_role());
    Ok(may.ok().map(|()| (author, line.sender)))
}

/// Where the line is, and the name of that on the wire; whispers are found by
/// their numbers in the sender's own inbox, whomever they went to.
async fn log_of(
    session: &Session,
    target: &Target,
) -> Result<(Option<Place>, Arc<str>), HandlerError> {
    match target {
        Target::Channel(name) => {
            let me = session.me()?.user.id;
            if let Some(place) = session.server.hub.place_of(me, name) {
                let name = Arc::clone(&place.name);
                return Ok((Some(place), name));
            }
            membership(session, name).await?;
            Err(DenyCode::NotAMember.into())
        }
        Target::Whispers(_) | Target::Inbox => Ok((None, chat_log::inbox())),
    }
}

fn not_before_ms(session: &Session) -> i64 {
    let window = session.server.settings().history.edit_window.as_millis();
    let window = i64::try_from(window).unwrap_or(i64::MAX);
    session.server.clock.now_ms().saturating_sub(window)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{Access, DenyCode, LineKind, ServerPacket, ServerRole};

    use crate::handlers::test_requests::{delete, edit};
    use crate::handlers::test_session::TestSession;
    use crate::store::Cursor;

    #[tokio::test]
    async fn an_edit_is_told_to_all_and_read_by_who_comes_later() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let seq = ada.chat("lobby", "helo").await;
        bob.expect_line();
        ada.ask(edit("lobby", 1, "hello")).await;
        for player in [&mut ada, &mut bob] {
            let edit = player.expect_line();
            assert_eq!(
                (edit.seq, edit.kind, edit.of),
                (2, LineKind::Edit, Some(seq))
            );
            assert_eq!(edit.text, "hello");
        }
        ada.expect_ok(5);
        let (lines, _) = bob.history("lobby", Cursor::Newest, 10).await;
        assert_eq!(lines[0].text, "hello");
        assert!(lines[0].edited_at_ms.is_some());
    }

    #[tokio::test]
    async fn a_deleted_line_keeps_its_number_and_nothing_else() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.chat("lobby", "a secret").await;
        ada.done(delete("lobby", 1)).await;
        bob.forget_waiting();
        let (lines, _) = bob.history("lobby", Cursor::Newest, 10).await;
        assert_eq!(
            (lines[0].kind, lines[0].text.as_str()),
            (LineKind::Deleted, "")
        );
        assert_eq!((lines[1].kind, lines[1].of), (LineKind::Deletion, Some(1)));
        ada.refused(delete("lobby", 1), DenyCode::UnknownLine).await;
    }

    #[tokio::test]
    async fn a_moderator_deletes_the_lines_of_others_and_a_player_does_not() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        bob.chat("lobby", "a rude word").await;
        ada.expect_line();
        ada.refused(delete("lobby", 1), DenyCode::UnknownLine).await;
        ada.appoint("ada", ServerRole::Moderator).await;
        let told = ada.next();
        assert!(
            matches!(told, ServerPacket::ServerRoleChanged { server_role } if server_role == ServerRole::Moderator)
        );
        ada.done(delete("lobby", 1)).await;
        bob.forget_waiting();
        let (lines, _) = bob.history("lobby", Cursor::Newest, 10).await;
        assert_eq!(
            (lines[0].kind, lines[0].text.as_str()),
            (LineKind::Deleted, "")
        );
        assert_eq!(
            (lines[1].kind, lines[1].of, lines[1].sender.as_str()),
            (LineKind::Deletion, Some(1), "bob")
        );
        ada.appoint("ada", ServerRole::Player).await;
        ada.forget_waiting();
        bob.chat("lobby", "another").await;
        ada.expect_line();
        ada.refused(delete("lobby", 3), DenyCode::UnknownLine).await;
    }

    #[tokio::test]
    async fn an_operator_of_a_channel_deletes_what_others_said_in_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        bob.chat("den", "a rude word").await;
        ada.forget_waiting();
        ada.chat("den", "no").await;
        bob.forget_waiting();
        bob.refused(delete("den", 2), DenyCode::UnknownLine).await;
        ada.done(delete("den", 1)).await;
        let (lines, _) = ada.history("den", Cursor::Newest, 10).await;
        assert_eq!(lines[0].kind, LineKind::Deleted);
    }

    #[tokio::test]
    async fn a_whisper_is_changed_in_both_inboxes() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.chat("@bob", "helo").await;
        bob.expect_line();
        ada.done(edit("@", 1, "hello")).await;
        let edit = bob.expect_line();
        assert_eq!((edit.kind, edit.text.as_str()), (LineKind::Edit, "hello"));
        let (lines, _) = bob.history("@ada", Cursor::Newest, 10).await;
        assert_eq!(lines[0].text, "hello");
    }

    #[tokio::test]
    async fn lines_of_others_and_lines_that_are_not_there_cannot_be_changed() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.chat("lobby", "mine").await;
        bob.forget_waiting();
        for seq in [1, 7] {
            bob.refused(delete("lobby", seq), DenyCode::UnknownLine)
                .await;
        }
        let nowhere = delete("nowhere", 1);
        bob.refused(&nowhere, DenyCode::UnknownChannel).await;
    }

    #[tokio::test]
    async fn what_was_said_too_long_ago_stands() {
        let [mut ada] = TestSession::players_with(
            |config| config.history.edit_window = Duration::ZERO,
            ["ada"],
        )
        .await;
        ada.chat("lobby", "carved in stone").await;
        ada.step_clock(Duration::from_millis(2));
        ada.refused(edit("lobby", 1, "or not"), DenyCode::TooLate)
            .await;
    }
}
