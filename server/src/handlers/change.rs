//! A player edits or deletes a line of their own.

use std::sync::Arc;

use longhall_packet::{ChatText, DenyCode, RequestId, Seq, Target};

use super::now_ms;
use crate::chat_log;
use crate::session::{Outcome, Session};
use crate::store::{ChannelId, What};

/// Answers `edit` with `ok`, once everybody has been told: by the chat log,
/// behind the lines that were said before.
pub(crate) async fn edit(
    session: &Session,
    id: RequestId,
    target: &Target,
    of: Seq,
    text: &ChatText,
) -> Outcome {
    let (channel, name) = log_of(session, target).await?;
    let what = What::Edit {
        channel,
        of,
        text: text.as_str().to_owned(),
        not_before_ms: not_before_ms(session),
    };
    session.write(id, name, what).await
}

/// Answers `delete` as [`edit`] does: the line's number stays, its words go.
pub(crate) async fn delete(
    session: &Session,
    id: RequestId,
    target: &Target,
    of: Seq,
) -> Outcome {
    let (channel, name) = log_of(session, target).await?;
    let what = What::Delete {
        channel,
        of,
        not_before_ms: not_before_ms(session),
    };
    session.write(id, name, what).await
}

/// Where the line is, and the name of that on the wire; whispers are found by
/// their numbers in the sender's own inbox, whomever they went to.
async fn log_of(
    session: &Session,
    target: &Target,
) -> Result<(Option<ChannelId>, Arc<str>), longhall_packet::Denial> {
    match target {
        Target::Channel(name) => {
            let me = session.me()?.user.id;
            if let Some((channel, name)) = session.server.hub.channel_of(me, name) {
                return Ok((Some(channel), name));
            }
            session.membership(name).await?;
            Err(DenyCode::NotAMember.into())
        }
        Target::Whispers(_) | Target::Inbox => Ok((None, chat_log::inbox())),
    }
}

fn not_before_ms(session: &Session) -> i64 {
    let window = session.server.config.edit_window.as_millis();
    let window = i64::try_from(window).unwrap_or(i64::MAX);
    (now_ms() as i64).saturating_sub(window)
}
