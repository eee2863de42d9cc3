//! Whispers: a line in two inboxes.

use longhall_packet::{LineId, LineKind};

use super::super::keys::{SAID, number};
use super::batch::{Batch, Row, Sender, whispered};
use crate::store::{Appended, UserId};

impl Batch {
    pub(super) fn whisper(
        &mut self,
        place: usize,
        sender: Sender,
        (recipient, recipient_name): (UserId, String),
        line_id: LineId,
        text: String,
        kept_at_most: Option<usize>,
    ) -> Appended {
        let to = recipient.0;
        let log_of = |user| self.facts.inboxes.of(user).map(|inbox| inbox.log);
        let (Some(own), Some(theirs)) = (log_of(sender.id), log_of(to)) else {
            return Appended::Blocked;
        };
        if let Some(before) = self.before(place, own, &sender, Some(to), line_id, &text) {
            return before;
        }
        let inboxes = &mut self.facts.inboxes;
        let to_self = to == sender.id;
        if !to_self && inboxes.is_blocked(to, sender.id) {
            return Appended::Blocked;
        }
        if let Some(at_most) = kept_at_most
            && !to_self
            && inboxes.is_full(to, sender.id, at_most)
        {
            return Appended::InboxFull;
        }
        let received = (!to_self).then(|| inboxes.push(to, sender.id, sender.id, true));
        if kept_at_most.is_none() {
            // The recipient is there.
            inboxes.deliver(to);
        }
        let sent = inboxes.push(sender.id, sender.id, to, true);
        inboxes.deliver(sender.id);
        if let Some(received) = received {
            let row = Row {
                peer: Some(sender.id),
                text: text.clone(),
                ..sender.row(SAID)
            };
            self.insert(theirs, received, row);
        }
        let row = Row {
            line_id: Some(number(line_id)),
            peer: Some(to),
            peer_seq: received,
            text: text.clone(),
            ..sender.row(SAID)
        };
        self.insert(own, sent, row);
        let line = sender.line(sent, Some(recipient_name), text, LineKind::Said, None);
        whispered(line, to, received, None)
    }
}
