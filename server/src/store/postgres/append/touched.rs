//! Which logs a batch writes into, and their locks.

use std::collections::{BTreeSet, HashMap};

use postgres::Error;

use super::super::keys::{MAX_SEQ, line_key, number};
use super::super::transaction::Transaction;
use crate::store::{LogAction, LogEntry};

/// What a batch may write into.
pub(super) struct Touched {
    /// Channels.
    channels: Vec<i64>,
    /// The logs of the inboxes, by the accounts they belong to.
    pub(super) inboxes: HashMap<i64, i64>,
}

/// The newest numbers of logs that are locked.
pub(super) type Logs = HashMap<i64, i64>;

impl Touched {
    /// Looks that up, and makes the inboxes of who whispers for the first time.
    pub(super) fn find(db: &mut Transaction<'_>, entries: &[LogEntry]) -> Result<Self, Error> {
        let mut channels = BTreeSet::new();
        let mut whisperers = BTreeSet::new();
        let mut changers = BTreeSet::new();
        for entry in entries {
            match &entry.what {
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
                    channels.insert(channel.0);
                }
                LogAction::Whisper { recipient, .. } => {
                    whisperers.extend([entry.sender.0, recipient.0]);
                }
                LogAction::Edit { channel: None, .. } | LogAction::Delete { channel: None, .. } => {
                    changers.insert(entry.sender.0);
                }
            }
        }
        let mut inboxes = HashMap::new();
        if !whisperers.is_empty() || !changers.is_empty() {
            let owners: Vec<i64> = whisperers.union(&changers).copied().collect();
            inboxes = find_inboxes(db, &owners)?;
            let mut is_new = false;
            // In the order of accounts, so that two servers do not wait for each other.
            for owner in whisperers
                .iter()
                .filter(|owner| !inboxes.contains_key(owner))
            {
                is_new = true;
                db.change(NEW_INBOX, &[owner])?;
            }
            if is_new {
                inboxes = find_inboxes(db, &owners)?;
            }
        }
        if !changers.is_empty() {
            let targets: Vec<i64> = entries
                .iter()
                .filter_map(|entry| changed(entry, inboxes.get(&entry.sender.0).copied()))
                .collect();
            for row in db.rows(PEERS, &[&targets])? {
                inboxes.insert(row.get(0), row.get(1));
            }
        }
        Ok(Self {
            channels: channels.into_iter().collect(),
            inboxes,
        })
    }

    /// Locks the logs until the transaction ends, in the order of their ids.
    pub(super) fn lock(&self, db: &mut Transaction<'_>) -> Result<Logs, Error> {
        let inboxes: Vec<i64> = self.inboxes.values().copied().collect();
        let rows = db.rows(LOCK, &[&self.channels, &inboxes])?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

/// The id of the whisper that an entry edits or deletes, if it does.
fn changed(entry: &LogEntry, inbox: Option<i64>) -> Option<i64> {
    match entry.what {
        LogAction::Edit {
            channel: None, of, ..
        }
        | LogAction::Delete {
            channel: None, of, ..
        } => inbox.map(|log| line_key(log, number(of).min(MAX_SEQ))),
        LogAction::Edit { .. }
        | LogAction::Delete { .. }
        | LogAction::Say { .. }
        | LogAction::System { .. }
        | LogAction::Whisper { .. } => None,
    }
}

fn find_inboxes(db: &mut Transaction<'_>, owners: &[i64]) -> Result<HashMap<i64, i64>, Error> {
    let rows = db.rows(
        "SELECT user_id, log_id FROM inboxes WHERE user_id = ANY ($1)",
        &[&owners],
    )?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Another server may make it at the same time: the log of the slower one stays unused.
const NEW_INBOX: &str = "WITH log AS (INSERT INTO logs DEFAULT VALUES RETURNING id)
    INSERT INTO inboxes (user_id, log_id) SELECT $1, id FROM log
    ON CONFLICT (user_id) DO NOTHING";

/// The inboxes of the other sides of whispers. These never change.
const PEERS: &str = "SELECT inboxes.user_id, inboxes.log_id
    FROM lines JOIN inboxes ON inboxes.user_id = lines.peer_id
    WHERE lines.id = ANY ($1)";

/// A lock that leaves alone who merely refers to a log.
const LOCK: &str = "SELECT id, last_seq FROM logs
    WHERE id = ANY (ARRAY (SELECT log_id FROM channels WHERE channels.id = ANY ($1)) || $2)
    ORDER BY id FOR NO KEY UPDATE";
