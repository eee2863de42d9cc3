//! What an account does with itself: deleted, kept, given another name.

use std::fmt;

use longhall_packet::{ExportedLine, LineKind, NameKeys, ReportNumber, Seq};

use crate::records::{
    Deletion, DeletionClaim, Kept, NameChanged, NewName, Said, SaidPage, SessionId, UserId,
};
use crate::{LogKey, World};

/// Where a page of an export ends: behind a line of a channel, a whisper or a report. Travels as a
/// text that only servers understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportPlace {
    /// Behind a place of [`World::said`].
    Lines(i64),
    /// Behind a number of the inbox.
    Whispers(Seq),
    /// Behind a report that the account made.
    Reports(ReportNumber),
}

impl ExportPlace {
    /// The place that a text means.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, number) = text.split_once(' ')?;
        match kind {
            "lines" => number.parse().ok().map(Self::Lines),
            "whispers" => number.parse().ok().map(Self::Whispers),
            "reports" => number.parse().ok().map(Self::Reports),
            _ => None,
        }
    }
}

impl fmt::Display for ExportPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(after) => write!(f, "lines {after}"),
            Self::Whispers(after) => write!(f, "whispers {after}"),
            Self::Reports(after) => write!(f, "reports {after}"),
        }
    }
}

impl Said {
    /// As `username`, who said it, gets it.
    pub fn exported(self, username: &str) -> ExportedLine {
        ExportedLine {
            channel: self.channel,
            seq: self.seq,
            sender: username.to_owned(),
            recipient: None,
            text: self.text,
            sent_at_ms: self.sent_at_ms.unsigned_abs(),
            edited_at_ms: (self.edited_at_ms > 0).then(|| self.edited_at_ms.unsigned_abs()),
        }
    }
}

/// An account that is to be deleted.
#[derive(Clone)]
pub(crate) struct Marked {
    asked_at_ms: i64,
    due_at_ms: i64,
    claimed_until_ms: i64,
}

/// A name that is kept for whoever had it.
#[derive(Clone)]
pub(crate) struct OldName {
    user: UserId,
    keys: NameKeys,
    until_ms: i64,
}

impl World {
    /// Has an account deleted when a time has come, if its password hash still is
    /// `known`, and ends all its sessions. Whoever asks again does not put it off. Says
    /// whether it will be.
    pub fn mark_deletion(
        &mut self,
        user: UserId,
        known: &str,
        asked_at_ms: i64,
        due_at_ms: i64,
    ) -> bool {
        let Some((account, _)) = self.users.get_mut(&user) else {
            return false;
        };
        if account.password_hash != known {
            return false;
        }
        let marked = self.deletions.entry(user).or_insert(Marked {
            asked_at_ms,
            due_at_ms,
            claimed_until_ms: 0,
        });
        account.deleted_at_ms = Some(marked.due_at_ms);
        // No session has the number 0.
        self.delete_sessions(user, None, SessionId(0));
        true
    }

    /// Keeps an account that is to be deleted, unless its time is over.
    pub fn keep_account(&mut self, user: UserId, now_ms: i64) -> Kept {
        let Some(marked) = self.deletions.get(&user) else {
            return Kept::NotMarked;
        };
        if marked.due_at_ms <= now_ms || marked.claimed_until_ms > 0 {
            return Kept::TooLate;
        }
        self.forget_deletion(user);
        Kept::Kept
    }

    /// Claims the account whose time came first.
    pub fn claim_deletion(&mut self, claim: DeletionClaim) -> Option<Deletion> {
        let is_free = |marked: &&Marked| {
            marked.due_at_ms <= claim.due_by_ms && marked.claimed_until_ms <= claim.over_by_ms
        };
        let all = self.deletions.iter();
        let free = all.filter(|(_, marked)| is_free(marked));
        let user = free.min_by_key(|(user, marked)| (marked.due_at_ms, **user));
        let user = *user?.0;
        let marked = self.deletions.get_mut(&user)?;
        marked.claimed_until_ms = claim.until_ms;
        let marked = marked.clone();
        Some(self.deletion(user, &marked))
    }

    /// Has a claim hold for longer.
    pub fn hold_deletion(&mut self, user: UserId, until_ms: i64) {
        if let Some(marked) = self.deletions.get_mut(&user) {
            marked.claimed_until_ms = until_ms;
        }
    }

    /// Notes that an account is not to be deleted any more: it is.
    pub fn forget_deletion(&mut self, user: UserId) {
        self.deletions.remove(&user);
        if let Some((account, _)) = self.users.get_mut(&user) {
            account.deleted_at_ms = None;
        }
    }

    fn deletion(&self, user: UserId, marked: &Marked) -> Deletion {
        Deletion {
            user,
            username: self.username(user),
            name_key: self.name_key(user).to_owned(),
            asked_at_ms: marked.asked_at_ms,
            due_at_ms: marked.due_at_ms,
        }
    }

    /// Gives an account another name; the old one is kept for it.
    pub fn change_name(&mut self, new: NewName) -> NameChanged {
        let NewName { user, keys, .. } = new;
        let is_known = |account: &crate::records::User| account.password_hash == new.known;
        let Some((account, _)) = self.users.get(&user) else {
            return NameChanged::OtherPassword;
        };
        if !is_known(account) {
            return NameChanged::OtherPassword;
        }
        if let Some(last) = self.renames.get(&user)
            && *last > new.not_since_ms
        {
            return NameChanged::TooSoon(*last);
        }
        let mut others = self.users.iter().filter(|(other, _)| **other != user);
        if others.any(|(_, (_, k))| k.overlaps(&keys)) || self.is_kept_name(&keys, Some(user)) {
            return NameChanged::Taken;
        }
        self.old_names
            .retain(|old| !(old.user == user && old.keys.overlaps(&keys)));
        self.renames.insert(user, new.now_ms);
        let Some((account, old_keys)) = self.users.get_mut(&user) else {
            return NameChanged::OtherPassword;
        };
        let was = std::mem::replace(&mut account.username, new.username);
        let old_keys = std::mem::replace(old_keys, keys);
        if old_keys.name != self.name_key(user) {
            self.old_names.push(OldName {
                user,
                keys: old_keys,
                until_ms: new.kept_until_ms,
            });
        }
        NameChanged::From(was)
    }

    /// Lets anybody have the old names whose time is over.
    pub fn free_old_names(&mut self, now_ms: i64) {
        self.old_names.retain(|old| old.until_ms > now_ms);
    }

    /// Lets anybody have a name now.
    pub(crate) fn give_up_old_name(&mut self, keys: &NameKeys) {
        self.old_names.retain(|old| !old.keys.overlaps(keys));
    }

    /// Whether a name is kept for another account than `user`.
    pub(crate) fn is_kept_name(&self, keys: &NameKeys, user: Option<UserId>) -> bool {
        let mut kept = self.old_names.iter();
        kept.any(|old| Some(old.user) != user && old.keys.overlaps(keys))
    }

    /// What an account has said in channels behind a place, `limit` lines at most.
    pub fn said(&self, user: UserId, after: i64, limit: usize) -> SaidPage {
        let mut channels: Vec<_> = self.logs.keys().collect();
        channels.retain(|key| matches!(key, LogKey::Channel(_)));
        channels.sort_by_key(|key| match key {
            LogKey::Channel(name) => name.as_str(),
            LogKey::Inbox(_) => "",
        });
        let mut lines: Vec<Said> = Vec::new();
        for key in channels {
            let LogKey::Channel(name) = key else { continue };
            let kept = self.logs.get(key).into_iter();
            for row in kept.flat_map(|kept| kept.lines.values()) {
                let line = &row.line;
                let is_said = matches!(line.kind, LineKind::Said | LineKind::Deleted);
                if row.sender == user && is_said {
                    lines.push(Said {
                        place: i64::try_from(lines.len()).unwrap_or(i64::MAX) + 1,
                        channel: name.to_string(),
                        seq: line.seq,
                        sent_at_ms: i64::try_from(line.sent_at_ms).unwrap_or(i64::MAX),
                        edited_at_ms: line
                            .edited_at_ms
                            .map_or(0, |ms| i64::try_from(ms).unwrap_or(i64::MAX)),
                        text: line.text.clone(),
                    });
                }
            }
        }
        lines.retain(|line| line.place > after);
        let is_more = lines.len() > limit;
        lines.truncate(limit);
        SaidPage {
            next: lines.last().map(|line| line.place).filter(|_| is_more),
            lines,
        }
    }
}
