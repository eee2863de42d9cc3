//! What a player sees of a line, when its turn has come.

use longhall_packet::{Line, LineKind};

use crate::Event;
use crate::conversations::Conversations;
use crate::log::Log;

/// What becomes of a line that is none of its own on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Event(Event),
    /// It changes a line above those on the screen, which may be on its way in a page.
    ChangeAbove(Line),
    Nothing,
}

/// Whether an entry of a log is a line of its own on the screen.
pub(crate) fn is_on_screen(line: &Line) -> bool {
    matches!(
        line.kind,
        LineKind::Said | LineKind::Deleted | LineKind::System
    )
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

/// Counts a line that somebody else said, or the game itself.
pub(crate) fn note_unread(
    conversations: &mut Conversations,
    conversation: &str,
    line: &Line,
    me: &str,
    is_above: bool,
) {
    if line.sender != me
        && matches!(line.kind, LineKind::Said | LineKind::System)
        && let Some(unread) = conversations.unread_mut(conversation)
    {
        unread.note(line.seq, is_above);
    }
}

/// Takes an entry that is no line of its own: an edit, a deletion, or nothing to show.
pub(crate) fn change(
    conversations: &mut Conversations,
    log: Log<'_>,
    line: Line,
    me: &str,
) -> Shown {
    if !matches!(line.kind, LineKind::Edit | LineKind::Deletion) {
        return Shown::Nothing;
    }
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

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, ChannelState, InboxState, Role, Seq, Speech};

    use super::*;

    const INBOX: Log<'_> = Log::Inbox;

    /// Ada is in no channel, and has no whispers yet.
    fn conversations() -> Conversations {
        let mut conversations = Conversations::default();
        conversations.logged_in(Vec::new(), InboxState::default(), Vec::new(), false);
        conversations
    }

    fn whisper(seq: Seq, sender: &str, recipient: &str) -> Line {
        Line {
            seq,
            sender: sender.to_owned(),
            recipient: Some(recipient.to_owned()),
            text: "psst".to_owned(),
            sent_at_ms: 1,
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        }
    }

    fn entry(kind: LineKind, of: Seq) -> Line {
        Line {
            kind,
            of: Some(of),
            ..whisper(9, "bob", "ada")
        }
    }

    #[test]
    fn a_whisper_belongs_to_the_other_side_and_only_what_others_say_is_unread() {
        let mut conversations = conversations();
        for line in [whisper(1, "bob", "ada"), whisper(2, "ada", "bob")] {
            let with = note(&mut conversations, INBOX, &line, "ada");
            assert_eq!(with.as_deref(), Some("@bob"));
        }
        assert_eq!(conversations.whispered_with()[0].unread, 1);
        assert_eq!(conversations.last_whisper_from(), Some("bob"));
    }

    #[test]
    fn what_the_game_says_is_unread_and_no_more_once_it_is_deleted() {
        let channel = ChannelState {
            hall: None,
            channel: "lobby".to_owned(),
            topic: String::new(),
            access: Access::Open,
            role: Role::Member,
            first_seq: 1,
            last_seq: 0,
            read_seq: 0,
            unread: 0,
            members: 1,
            online: 1,
            speech: Speech::default(),
            temporary: None,
        };
        let mut conversations = Conversations::default();
        conversations.logged_in(vec![channel], InboxState::default(), Vec::new(), false);
        let said = Line {
            kind: LineKind::System,
            recipient: None,
            ..whisper(1, "", "")
        };
        let lobby = Log::Channel("lobby");
        note(&mut conversations, lobby, &said, "ada");
        let unread = |conversations: &mut Conversations| {
            conversations
                .unread_mut("lobby")
                .map(|unread| unread.count())
        };
        assert_eq!(unread(&mut conversations), Some(1));
        let deletion = Line {
            recipient: None,
            ..entry(LineKind::Deletion, 1)
        };
        change(&mut conversations, lobby, deletion, "ada");
        assert_eq!(unread(&mut conversations), Some(0));
    }

    #[test]
    fn a_change_is_told_of_a_line_on_the_screen_and_kept_for_one_above_it() {
        let mut conversations = conversations();
        note(&mut conversations, INBOX, &whisper(5, "bob", "ada"), "ada");
        conversations.scroll_up("@bob", 5);
        let deletion = entry(LineKind::Deletion, 5);
        let channel = "@bob".to_owned();
        let deleted = Event::ChatDeleted { channel, seq: 5 };
        let shown = change(&mut conversations, INBOX, deletion, "ada");
        assert_eq!(shown, Shown::Event(deleted));
        assert_eq!(conversations.whispered_with()[0].unread, 0);
        for kind in [LineKind::Edit, LineKind::Deletion] {
            let line = entry(kind, 4);
            let shown = change(&mut conversations, INBOX, line.clone(), "ada");
            assert_eq!(shown, Shown::ChangeAbove(line));
        }
    }

    #[test]
    fn hidden_lines_and_lines_of_nobody_are_not_shown() {
        let mut conversations = conversations();
        let hidden = Line {
            kind: LineKind::Hidden,
            ..whisper(1, "bob", "ada")
        };
        assert!(!is_on_screen(&hidden));
        let shown = change(&mut conversations, INBOX, hidden, "ada");
        assert_eq!(shown, Shown::Nothing);
        let nobodys = whisper(2, "ada", "");
        assert_eq!(note(&mut conversations, INBOX, &nobodys, "ada"), None);
    }
}
