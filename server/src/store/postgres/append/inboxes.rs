//! How many whispers wait in an inbox, and whether one more may.

use std::collections::{BTreeSet, HashMap, HashSet};

use postgres::Error;

use super::super::keys::{count, line_key, number};
use super::super::transaction::Transaction;
use super::touched::{Logs, Touched};
use crate::store::{
    CHANGES_WAITING, LogAction, LogEntry, SHARES, WRITTEN_LATELY, share_of_waiting,
};

/// The inboxes that a batch touches. By accounts, as all here.
#[derive(Default)]
pub(super) struct Inboxes {
    all: HashMap<i64, Inbox>,
    /// Who has blocked whom.
    blocks: HashSet<(i64, i64)>,
    /// How accounts are called, if whispers are changed.
    names: HashMap<i64, String>,
}

/// An inbox.
pub(super) struct Inbox {
    pub(super) log: i64,
    pub(super) last_seq: i64,
    /// What is behind it waits.
    pub(super) delivered_seq: i64,
    pub(super) is_moved: bool,
    /// What waits, by who sent it. Is complete when it may make a difference.
    waiting: HashMap<i64, Waiting>,
    /// How many entries back in the conversation with an account the owner wrote last,
    /// from 1, if it did so lately. The same holds for it.
    written_back: HashMap<i64, i64>,
}

#[derive(Clone, Copy, Default)]
struct Waiting {
    /// Deleted or not.
    whispers: i64,
    /// Edits and deletions as well.
    entries: i64,
}

impl Inboxes {
    /// Reads them. `changed` are senders and recipients of whispers to change.
    pub(super) fn read(
        db: &mut Transaction<'_>,
        entries: &[LogEntry],
        changed: impl Iterator<Item = (i64, i64)>,
        touched: &Touched,
        logs: &Logs,
    ) -> Result<Self, Error> {
        let mut inboxes = Self::default();
        let mut pairs: BTreeSet<(i64, i64)> = changed.collect();
        let mut share = count(usize::MAX);
        let (mut into_inboxes, mut is_change) = (0, false);
        for entry in entries {
            match &entry.what {
                LogAction::Whisper {
                    recipient,
                    kept_at_most,
                    ..
                } => {
                    into_inboxes += 1;
                    pairs.insert((entry.sender.0, recipient.0));
                    let at_most = kept_at_most.map_or(usize::MAX, share_of_waiting);
                    share = share.min(count(at_most));
                }
                LogAction::Edit { channel: None, .. } | LogAction::Delete { channel: None, .. } => {
                    into_inboxes += 1;
                    is_change = true;
                    share = share.min(number(CHANGES_WAITING) / count(SHARES));
                }
                LogAction::Say { .. }
                | LogAction::System { .. }
                | LogAction::Edit { .. }
                | LogAction::Delete { .. } => {}
            }
        }
        pairs.retain(|(sender, recipient)| sender != recipient);
        let owners: Vec<i64> = touched.inboxes.keys().copied().collect();
        for row in db.rows(INBOXES, &[&owners])? {
            let log = row.get(1);
            let inbox = Inbox {
                log,
                last_seq: logs.get(&log).copied().unwrap_or_default(),
                delivered_seq: row.get(2),
                is_moved: false,
                waiting: HashMap::new(),
                written_back: HashMap::new(),
            };
            inboxes.all.insert(row.get(0), inbox);
        }
        if is_change {
            for row in db.rows(NAMES, &[&owners])? {
                inboxes.names.insert(row.get(0), row.get(1));
            }
        }
        if pairs.is_empty() {
            return Ok(inboxes);
        }
        let (senders, recipients): (Vec<i64>, Vec<i64>) = pairs.iter().copied().unzip();
        for row in db.rows(BLOCKS, &[&recipients, &senders])? {
            inboxes.blocks.insert((row.get(0), row.get(1)));
        }
        pairs.retain(|(_, recipient)| {
            let inbox = inboxes.all.get(recipient);
            inbox.is_some_and(|inbox| inbox.entries_waiting() + into_inboxes >= share)
        });
        if !pairs.is_empty() {
            inboxes.read_waiting(db, &pairs)?;
        }
        Ok(inboxes)
    }

    /// Counts what waits for the recipients of these.
    fn read_waiting(
        &mut self,
        db: &mut Transaction<'_>,
        pairs: &BTreeSet<(i64, i64)>,
    ) -> Result<(), Error> {
        let owners: BTreeSet<i64> = pairs.iter().map(|(_, recipient)| *recipient).collect();
        let (owners, fronts): (Vec<i64>, Vec<i64>) = owners
            .into_iter()
            .filter_map(|owner| {
                let inbox = self.all.get(&owner)?;
                Some((owner, line_key(inbox.log, inbox.delivered_seq)))
            })
            .unzip();
        for row in db.rows(WAITING, &[&owners, &fronts])? {
            if let Some(inbox) = self.all.get_mut(&row.get(0)) {
                let waiting = Waiting {
                    whispers: row.get(2),
                    entries: row.get(3),
                };
                inbox.waiting.insert(row.get(1), waiting);
            }
        }
        let (mut logs, mut peers, mut of_owners) = (Vec::new(), Vec::new(), Vec::new());
        for (sender, recipient) in pairs {
            if let Some(inbox) = self.all.get(recipient) {
                logs.push(inbox.log);
                peers.push(*sender);
                of_owners.push(*recipient);
            }
        }
        let lately = number(WRITTEN_LATELY);
        for row in db.rows(WRITTEN_BACK, &[&logs, &peers, &of_owners, &lately])? {
            if let Some(inbox) = self.all.get_mut(&row.get(0)) {
                inbox.written_back.insert(row.get(1), row.get(2));
            }
        }
        Ok(())
    }

    pub(super) fn of(&self, user: i64) -> Option<&Inbox> {
        self.all.get(&user)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (i64, &Inbox)> {
        self.all.iter().map(|(owner, inbox)| (*owner, inbox))
    }

    pub(super) fn is_blocked(&self, user: i64, other: i64) -> bool {
        self.blocks.contains(&(user, other))
    }

    pub(super) fn name_of(&self, user: i64) -> Option<&String> {
        self.names.get(&user)
    }

    /// Whether as many whispers wait for an account as may, of this sender or of all.
    pub(super) fn is_full(&self, owner: i64, sender: i64, at_most: usize) -> bool {
        let Some(inbox) = self.all.get(&owner) else {
            return false;
        };
        let share = count(share_of_waiting(at_most));
        // Edits and the like have numbers, too: only with enough of these it is worth
        // counting.
        if inbox.entries_waiting() < share {
            return false;
        }
        if inbox.waiting_from(sender).whispers >= share {
            return true;
        }
        let back = inbox.written_back.get(&sender);
        let at_most = if back.is_some_and(|back| *back <= number(WRITTEN_LATELY)) {
            at_most
        } else {
            at_most.div_ceil(2)
        };
        let all: i64 = inbox.waiting.values().map(|waiting| waiting.whispers).sum();
        all >= count(at_most)
    }

    /// Whether so many edits and the like wait for an account that another may not.
    pub(super) fn is_full_of_changes(&self, owner: i64, sender: i64) -> bool {
        let all = number(CHANGES_WAITING);
        self.all.get(&owner).is_some_and(|inbox| {
            inbox.entries_waiting() >= all
                || inbox.waiting_from(sender).entries >= all / count(SHARES)
        })
    }

    /// Takes the next number of an inbox for an entry of a conversation.
    pub(super) fn push(&mut self, owner: i64, sender: i64, peer: i64, is_whisper: bool) -> i64 {
        let Some(inbox) = self.all.get_mut(&owner) else {
            return 0;
        };
        inbox.last_seq += 1;
        if sender == owner {
            inbox.written_back.insert(peer, 1);
        } else {
            let waiting = inbox.waiting.entry(sender).or_default();
            waiting.entries += 1;
            waiting.whispers += i64::from(is_whisper);
            if let Some(back) = inbox.written_back.get_mut(&peer) {
                *back += 1;
            }
        }
        inbox.last_seq
    }

    /// Counts all entries of an inbox as delivered.
    pub(super) fn deliver(&mut self, owner: i64) {
        if let Some(inbox) = self.all.get_mut(&owner) {
            inbox.delivered_seq = inbox.last_seq;
            inbox.is_moved = true;
            inbox.waiting.clear();
        }
    }
}

impl Inbox {
    fn entries_waiting(&self) -> i64 {
        self.last_seq - self.delivered_seq
    }

    fn waiting_from(&self, sender: i64) -> Waiting {
        self.waiting.get(&sender).copied().unwrap_or_default()
    }
}

const INBOXES: &str = "SELECT user_id, log_id, delivered_seq FROM inboxes WHERE user_id = ANY ($1)";

const NAMES: &str = "SELECT id, username FROM users WHERE id = ANY ($1)";

const BLOCKS: &str = "SELECT blocks.user_id, blocks.blocked_id
    FROM unnest($1::bigint[], $2::bigint[]) AS asked (user_id, blocked_id)
    JOIN blocks ON blocks.user_id = asked.user_id AND blocks.blocked_id = asked.blocked_id";

/// No more wait than may, so not many are counted.
const WAITING: &str = "SELECT asked.owner, waiting.sender_id,
        count(*) FILTER (WHERE waiting.kind <= 1), count(*)
    FROM unnest($1::bigint[], $2::bigint[]) AS asked (owner, front)
    CROSS JOIN LATERAL
        (SELECT sender_id, kind FROM lines
         WHERE lines.id > asked.front AND lines.id < ((asked.front >> 36) + 1) << 36
           AND lines.sender_id <> asked.owner
         OFFSET 0) AS waiting
    GROUP BY asked.owner, waiting.sender_id";

const WRITTEN_BACK: &str = "SELECT asked.owner, asked.peer_id, min(newest.back)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS asked (log_id, peer_id, owner)
    CROSS JOIN LATERAL
        (SELECT sender_id, row_number() OVER (ORDER BY id DESC) AS back FROM lines
         WHERE lines.id >> 36 = asked.log_id AND lines.peer_id = asked.peer_id
           AND lines.peer_id IS NOT NULL
         ORDER BY id DESC LIMIT $4) AS newest
    WHERE newest.sender_id = asked.owner
    GROUP BY asked.owner, asked.peer_id";
