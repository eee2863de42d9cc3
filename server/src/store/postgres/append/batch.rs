//! What comes of the entries of a batch, and what is to be written for it.

use std::collections::{BTreeSet, HashMap};

use longhall_packet::{Line, LineId, LineKind};

use super::super::keys::{SAID, SYSTEM, line_key, number, seq};
use super::facts::{Before, Facts};
use super::touched::Logs;
use crate::store::{Appended, ChannelId, LogAction, LogEntry, UserId};

/// What the entries so far have come to, as if it were written already.
pub(super) struct Batch {
    pub(super) facts: Facts,
    /// The newest numbers of all logs that are locked.
    logs: Logs,
    /// Channels' logs that have got lines.
    pub(super) moved: BTreeSet<i64>,
    /// Rows to insert.
    pub(super) rows: Vec<Row>,
    /// Where in `rows` a line is.
    places: HashMap<i64, usize>,
    said: HashMap<Identity, Before>,
    /// Lines from before the batch to change.
    pub(super) changed: HashMap<i64, Changed>,
    /// Those among them that are deleted.
    pub(super) deleted: Vec<i64>,
}

/// A row of `lines` to insert.
#[derive(Clone, Default)]
pub(super) struct Row {
    pub(super) key: i64,
    pub(super) sender: i64,
    pub(super) sent_at_ms: i64,
    pub(super) line_id: Option<i64>,
    pub(super) edited_at_ms: Option<i64>,
    pub(super) of_key: Option<i64>,
    pub(super) peer: Option<i64>,
    pub(super) peer_seq: Option<i64>,
    pub(super) kind: i16,
    pub(super) said_hash: Option<i16>,
    pub(super) text: String,
}

/// How a line reads from now on.
pub(super) struct Changed {
    pub(super) kind: i16,
    pub(super) edited_at_ms: Option<i64>,
    pub(super) text: String,
}

/// What makes a line the same line, said again.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    log: i64,
    sender: i64,
    peer: Option<i64>,
    line_id: i64,
    text: String,
}

/// The part of an entry that all kinds have.
pub(super) struct Sender {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) now_ms: i64,
}

impl Batch {
    pub(super) fn new(facts: Facts, logs: Logs) -> Self {
        Self {
            facts,
            logs,
            moved: BTreeSet::new(),
            rows: Vec::new(),
            places: HashMap::new(),
            said: HashMap::new(),
            changed: HashMap::new(),
            deleted: Vec::new(),
        }
    }

    /// Applies the entry that has this place in the batch.
    pub(super) fn apply(&mut self, place: usize, entry: LogEntry) -> Appended {
        let sender = Sender {
            id: entry.sender.0,
            name: entry.sender_name,
            now_ms: entry.now_ms,
        };
        match entry.what {
            LogAction::Say {
                channel,
                line_id,
                text,
            } => self.say(place, sender, channel, line_id, text),
            LogAction::System { channel, text } => self.say_as_system(&sender, channel, text),
            LogAction::Whisper {
                recipient,
                recipient_name,
                line_id,
                text,
                kept_at_most,
            } => {
                let to = (recipient, recipient_name);
                self.whisper(place, sender, to, line_id, text, kept_at_most)
            }
            LogAction::Edit {
                channel,
                of,
                text,
                not_before_ms,
            } => self.change(sender, channel, of, Some(text), not_before_ms),
            LogAction::Delete {
                channel,
                of,
                not_before_ms,
            } => self.change(sender, channel, of, None, not_before_ms),
        }
    }

    fn say(
        &mut self,
        place: usize,
        sender: Sender,
        channel: ChannelId,
        line_id: LineId,
        text: String,
    ) -> Appended {
        let speaker = self.facts.speakers.get(&(channel.0, sender.id));
        let Some((log, may_speak)) = speaker.copied() else {
            return Appended::NotAMember;
        };
        // A member who has left may hear that a line was taken before.
        if let Some(before) = self.before(place, log, &sender, None, line_id, &text) {
            return before;
        }
        if !may_speak {
            return Appended::NotAMember;
        }
        let number = self.push_to_channel(log);
        let row = Row {
            line_id: Some(super::super::keys::number(line_id)),
            text: text.clone(),
            ..sender.row(SAID)
        };
        self.insert(log, number, row);
        Appended::Line {
            line: sender.line(number, None, text, LineKind::Said, None),
        }
    }

    /// A line of the game's: no player's, and so nobody's to be in the channel.
    fn say_as_system(&mut self, sender: &Sender, channel: ChannelId, text: String) -> Appended {
        let known = self.facts.speakers.get(&(channel.0, sender.id));
        let Some((log, _)) = known.copied() else {
            return Appended::NotAMember;
        };
        let number = self.push_to_channel(log);
        let row = Row {
            text: text.clone(),
            ..sender.row(SYSTEM)
        };
        self.insert(log, number, row);
        let nobody = Sender {
            id: sender.id,
            name: String::new(),
            now_ms: sender.now_ms,
        };
        Appended::Line {
            line: nobody.line(number, None, text, LineKind::System, None),
        }
    }

    /// What is to be answered when the line was said before; otherwise notes it.
    pub(super) fn before(
        &self,
        place: usize,
        log: i64,
        sender: &Sender,
        peer: Option<i64>,
        line_id: LineId,
        text: &str,
    ) -> Option<Appended> {
        let identity = || Identity {
            log,
            sender: sender.id,
            peer,
            line_id: number(line_id),
            text: text.to_owned(),
        };
        let before = self.facts.before.get(&place).copied();
        let before = before.or_else(|| self.said.get(&identity()).copied())?;
        Some(Appended::Before {
            seq: seq(before.seq),
            sent_at_ms: before.sent_at_ms,
        })
    }

    /// Takes the next number of a channel's log.
    pub(super) fn push_to_channel(&mut self, log: i64) -> i64 {
        self.moved.insert(log);
        let last_seq = self.logs.entry(log).or_default();
        *last_seq += 1;
        *last_seq
    }

    /// Where a channel's log stands.
    pub(super) fn last_seq(&self, log: i64) -> i64 {
        self.logs.get(&log).copied().unwrap_or_default()
    }

    /// Puts a row under a number of a log.
    pub(super) fn insert(&mut self, log: i64, number: i64, row: Row) {
        let row = Row {
            key: line_key(log, number),
            ..row
        };
        if let Some(line_id) = row.line_id {
            let identity = Identity {
                log,
                sender: row.sender,
                peer: row.peer,
                line_id,
                text: row.text.clone(),
            };
            let before = Before {
                seq: number,
                sent_at_ms: row.sent_at_ms,
            };
            self.said.insert(identity, before);
        }
        self.places.insert(row.key, self.rows.len());
        self.rows.push(row);
    }

    /// A row of the batch itself.
    pub(super) fn row(&self, key: i64) -> Option<&Row> {
        self.rows.get(*self.places.get(&key)?)
    }

    pub(super) fn row_mut(&mut self, key: i64) -> Option<&mut Row> {
        self.rows.get_mut(*self.places.get(&key)?)
    }
}

impl Sender {
    pub(super) fn row(&self, kind: i16) -> Row {
        Row {
            sender: self.id,
            kind,
            sent_at_ms: self.now_ms,
            ..Row::default()
        }
    }

    pub(super) fn line(
        self,
        number: i64,
        recipient: Option<String>,
        text: String,
        kind: LineKind,
        of: Option<i64>,
    ) -> Line {
        Line {
            seq: seq(number),
            sender: self.name,
            recipient,
            text,
            sent_at_ms: seq(self.now_ms),
            kind,
            edited_at_ms: None,
            of: of.map(seq),
        }
    }
}

/// A whisper as both sides get it. One to oneself is the same for both.
pub(super) fn whispered(
    sent: Line,
    recipient: i64,
    received: Option<i64>,
    received_of: Option<i64>,
) -> Appended {
    let mut copy = sent.clone();
    if let Some(received) = received {
        copy.seq = seq(received);
        copy.of = received_of.map(seq);
    }
    Appended::Whisper {
        sent,
        recipient: UserId(recipient),
        received: copy,
    }
}
