//! What is to be known before it is decided what comes of the entries of a batch.
//!
//! It is read when the logs are locked, so it stays true until the commit. A question is
//! asked only if an entry needs its answer: most batches are lines in channels, and ask
//! two.

use std::collections::{BTreeSet, HashMap};

use postgres::Error;
use sha2::{Digest, Sha256};

use super::super::keys::{MAX_SEQ, count, eras, line_key, number, seq_of};
use super::super::transaction::Transaction;
use super::inboxes::Inboxes;
use super::touched::{Logs, Touched};
use crate::store::{LogAction, LogEntry};

/// What was there before the batch.
#[derive(Default)]
pub(super) struct Facts {
    /// Of a channel that exists and an account: the log, and whether it may speak there.
    pub(super) speakers: HashMap<(i64, i64), (i64, bool)>,
    /// By the places of entries in the batch: the lines that they say again.
    pub(super) before: HashMap<usize, Before>,
    /// Lines that are to be changed, by their ids.
    pub(super) targets: HashMap<i64, Target>,
    /// How inboxes stand.
    pub(super) inboxes: Inboxes,
}

/// A line that is said again.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) seq: i64,
    pub(super) sent_at_ms: i64,
}

/// A line to edit or delete.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) sender: i64,
    pub(super) kind: i16,
    pub(super) sent_at_ms: i64,
    pub(super) peer: Option<i64>,
    pub(super) peer_seq: Option<i64>,
}

impl Facts {
    pub(super) fn read(
        db: &mut Transaction<'_>,
        entries: &[LogEntry],
        touched: &Touched,
        logs: &Logs,
    ) -> Result<Self, Error> {
        let mut facts = Self::default();
        facts.read_speakers(db, entries)?;
        facts.read_before(db, entries, touched, logs)?;
        facts.read_targets(db, entries, touched)?;
        if !touched.inboxes.is_empty() {
            let changed = facts.targets.values();
            let changed = changed.filter_map(|target| Some((target.sender, target.peer?)));
            facts.inboxes = Inboxes::read(db, entries, changed, touched, logs)?;
        }
        Ok(facts)
    }

    fn read_speakers(
        &mut self,
        db: &mut Transaction<'_>,
        entries: &[LogEntry],
    ) -> Result<(), Error> {
        let mut asked: BTreeSet<(i64, i64)> = BTreeSet::new();
        for entry in entries {
            match entry.what {
                LogAction::Say { channel, .. }
                | LogAction::System { channel, .. }
                | LogAction::Edit {
                    channel: Some(channel),
                    ..
                }
                | LogAction::Delete {
                    channel: Some(channel),
                    ..
                } => {
                    asked.insert((channel.0, entry.sender.0));
                }
                LogAction::Edit { channel: None, .. }
                | LogAction::Delete { channel: None, .. }
                | LogAction::Whisper { .. } => {}
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let (channels, users): (Vec<i64>, Vec<i64>) = asked.into_iter().unzip();
        for row in db.rows(SPEAKERS, &[&channels, &users])? {
            let who = (row.get(0), row.get(1));
            self.speakers.insert(who, (row.get(2), row.get(3)));
        }
        Ok(())
    }

    /// Looks for lines that are said again.
    fn read_before(
        &mut self,
        db: &mut Transaction<'_>,
        entries: &[LogEntry],
        touched: &Touched,
        logs: &Logs,
    ) -> Result<(), Error> {
        let mut asked = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            let sender = entry.sender.0;
            let (log, line_id) = match &entry.what {
                LogAction::Say {
                    channel, line_id, ..
                } => {
                    let speaker = self.speakers.get(&(channel.0, sender));
                    (speaker.map(|(log, _)| *log), *line_id)
                }
                LogAction::Whisper { line_id, .. } => {
                    (touched.inboxes.get(&sender).copied(), *line_id)
                }
                LogAction::System { .. } | LogAction::Edit { .. } | LogAction::Delete { .. } => {
                    continue;
                }
            };
            let known = log.and_then(|log| logs.get_key_value(&log));
            for era in known.into_iter().flat_map(|(log, last)| eras(*log, *last)) {
                asked.push((era, sender, number(line_id), count(place)));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        // In the order of the index, as far as it goes: a log's are in one place.
        asked.sort_unstable();
        let in_eras: Vec<i64> = asked.iter().map(|(era, ..)| *era).collect();
        let senders: Vec<i64> = asked.iter().map(|(_, sender, ..)| *sender).collect();
        let line_ids: Vec<i64> = asked.iter().map(|(_, _, line_id, _)| *line_id).collect();
        let places: Vec<i64> = asked.iter().map(|(.., place)| *place).collect();
        for row in db.rows(BEFORE, &[&places, &in_eras, &senders, &line_ids])? {
            let place = usize::try_from(row.get::<_, i64>(0)).unwrap_or(usize::MAX);
            let Some((peer, text)) = entries.get(place).and_then(said) else {
                continue;
            };
            let is_read_so = match row.get::<_, Option<i16>>(4) {
                None => row.get::<_, &str>(5) == text,
                Some(hash) => hash == said_hash(text),
            };
            if is_read_so && row.get::<_, Option<i64>>(3) == peer {
                let before = Before {
                    seq: seq_of(row.get(1)),
                    sent_at_ms: row.get(2),
                };
                self.before.insert(place, before);
            }
        }
        Ok(())
    }

    /// Reads lines that are to be changed.
    fn read_targets(
        &mut self,
        db: &mut Transaction<'_>,
        entries: &[LogEntry],
        touched: &Touched,
    ) -> Result<(), Error> {
        let key = |entry: &LogEntry| match entry.what {
            LogAction::Edit { channel, of, .. } | LogAction::Delete { channel, of, .. } => {
                let log = match channel {
                    Some(channel) => self.speakers.get(&(channel.0, entry.sender.0))?.0,
                    None => *touched.inboxes.get(&entry.sender.0)?,
                };
                Some(line_key(log, number(of).min(MAX_SEQ)))
            }
            LogAction::Say { .. } | LogAction::System { .. } | LogAction::Whisper { .. } => None,
        };
        let keys: Vec<i64> = entries.iter().filter_map(key).collect();
        if keys.is_empty() {
            return Ok(());
        }
        for row in db.rows(TARGETS, &[&keys])? {
            let target = Target {
                sender: row.get(1),
                kind: row.get(2),
                sent_at_ms: row.get(3),
                peer: row.get(4),
                peer_seq: row.get(5),
            };
            self.targets.insert(row.get(0), target);
        }
        Ok(())
    }
}

/// To whom something is said, if to one account, and what.
fn said(entry: &LogEntry) -> Option<(Option<i64>, &str)> {
    match &entry.what {
        LogAction::Say { text, .. } => Some((None, text)),
        LogAction::Whisper {
            recipient, text, ..
        } => Some((Some(recipient.0), text)),
        LogAction::System { .. } | LogAction::Edit { .. } | LogAction::Delete { .. } => None,
    }
}

/// What stays of how a line read at first when it is changed. SQL does the same: see
/// `CHANGE` in `write.rs`.
pub(super) fn said_hash(text: &str) -> i16 {
    i16::from(Sha256::digest(text.as_bytes())[0])
}

const SPEAKERS: &str = "SELECT asked.channel_id, asked.user_id, channels.log_id,
        EXISTS (SELECT 1 FROM memberships
                WHERE memberships.channel_id = asked.channel_id
                  AND memberships.user_id = asked.user_id)
            OR channels.is_lobby = 1 AND NOT EXISTS
                (SELECT 1 FROM memberships JOIN channels AS halls ON halls.id = channel_id
                 WHERE memberships.user_id = asked.user_id AND halls.hall IS NOT NULL)
    FROM unnest($1::bigint[], $2::bigint[]) AS asked (channel_id, user_id)
    JOIN channels ON channels.id = asked.channel_id";

/// The oldest first, so that the newest is taken.
///
/// The limit is on what is found by its hash, which a sender may have chosen: a line whose
/// hash two hundred others of an era have may be taken twice.
pub(in super::super) const BEFORE: &str =
    "SELECT asked.place, known.id, known.sent_at_ms, known.peer_id,
        known.said_hash, known.text
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
        AS asked (place, era, sender_id, line_id)
    CROSS JOIN LATERAL
        (SELECT * FROM lines
         WHERE (lines.id >> 18 << 18)
                   | (hashint8extended(lines.line_id, lines.sender_id) & 262143)
               = ((asked.era << 18)
                   | (hashint8extended(asked.line_id, asked.sender_id) & 262143))
           AND lines.line_id IS NOT NULL
         LIMIT 200) AS known
    WHERE known.sender_id = asked.sender_id AND known.line_id = asked.line_id
    ORDER BY known.id";

const TARGETS: &str = "SELECT id, sender_id, kind, sent_at_ms, peer_id, peer_seq
    FROM lines WHERE id = ANY ($1)";
