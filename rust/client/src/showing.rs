//! What a player sees of a line, when its turn has come.

use longhall_packet::{Line, LineKind};

use crate::Event;
use crate::conversations::Conversations;
use crate::log::Log;

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Event(Event),
    /// It changes a line above those on the screen, which may be on its way in a page.
    ChangeAbove(Line),
    Nothing,
}

/// Shows a line of a log to the player `me`.
pub(crate) fn show(conversations: &mut Conversations, log: Log<'_>, line: Line, me: &str) -> Shown {
    match line.kind {
        LineKind::Said | LineKind::Deleted => match note(conversations, log, &line, me) {
            Some(channel) => Shown::Event(Event::ChatReceived { channel, line }),
            None => Shown::Nothing,
        },
        LineKind::Edit | LineKind::Deletion => change(conversations, log, line, me),
        LineKind::Hidden | LineKind::Unknown => Shown::Nothing,
    }
}

/// Notes that a line came by; its conversation, if it is one to show.
pub(crate) fn note(
    conversations: &mut Conversations,
    log: Log<'_>,
    line: &Line,
    me: &str,
) -> Option<String> {
    let conversation = Conversations::conversation_of(log, line, me)?;
    if log == Log::Inbox {
        conversations.note_whisper(line, me);
    }
    note_unread(conversations, &conversation, line, me, false);
    Some(conversation)
}

/// Counts a line that somebody else said.
pub(crate) fn note_unread(
    conversations: &mut Conversations,
    conversation: &str,
    line: &Line,
    me: &str,
    is_above: bool,
) {
    if line.sender != me
        && line.kind == LineKind::Said
        && let Some(unread) = conversations.unread_mut(conversation)
    {
        unread.note(line.seq, is_above);
    }
}

fn change(conversations: &mut Conversations, log: Log<'_>, line: Line, me: &str) -> Shown {
    let (Some(channel), Some(seq)) = (Conversations::conversation_of(log, &line, me), line.of)
    else {
        return Shown::Nothing;
    };
    let is_edit = line.kind == LineKind::Edit;
    if !is_edit && let Some(unread) = conversations.unread_mut(&channel) {
        unread.forget(seq);
    }
    if seq < conversations.oldest_shown(log, &channel) {
        Shown::ChangeAbove(line)
    } else if is_edit {
        Shown::Event(Event::ChatEdited {
            channel,
            seq,
            text: line.text,
            edited_at_ms: line.edited_at_ms.unwrap_or(line.sent_at_ms),
        })
    } else {
        Shown::Event(Event::ChatDeleted { channel, seq })
    }
}
