//! Who gets an account: invites, approval, guests.

use longhall_packet::NameKeys;

use crate::records::{
    AccountKind, Invite, InviteHash, NewInvite, NewUser, Registered, Terms, User, UserId,
};
use crate::{LogKey, World};

/// An invite, as the model keeps it.
#[derive(Clone)]
pub(crate) struct KeptInvite {
    code: InviteHash,
    shown: Invite,
}

impl World {
    /// Creates an account of the kind that `terms` say. Its invite is used up with it.
    pub fn register(&mut self, new: NewUser, terms: &Terms) -> Registered {
        if self.is_name_taken(&new.keys) {
            return Registered::NameTaken;
        }
        if self.is_kind_full(terms) {
            return Registered::Full;
        }
        if !self.use_invite(terms) {
            return Registered::InviteNeeded;
        }
        let kind = terms.kind;
        match self.insert_user(new, terms.now_ms) {
            None => Registered::NameTaken,
            Some(id) => {
                if let Some((user, _)) = self.users.get_mut(&id) {
                    user.kind = kind;
                }
                Registered::Done(id)
            }
        }
    }

    /// Makes an account of a guest, by the same terms, maybe under another name.
    pub fn upgrade_guest(&mut self, guest: UserId, new: NewUser, terms: &Terms) -> Registered {
        let found = self.users.get(&guest).map(|(user, _)| user);
        let found = found.filter(|user| user.kind == AccountKind::Guest);
        let Some(created_at_ms) = found.map(|user| user.created_at_ms) else {
            return Registered::NotAGuest;
        };
        let mut others = self.users.iter().filter(|(id, _)| **id != guest);
        let is_taken = others.any(|(_, (_, keys))| keys.overlaps(&new.keys));
        if is_taken || self.is_kept_name(&new.keys, Some(guest)) {
            return Registered::NameTaken;
        }
        if self.is_kind_full(terms) {
            return Registered::Full;
        }
        if !self.use_invite(terms) {
            return Registered::InviteNeeded;
        }
        let user = User {
            id: guest,
            username: new.username,
            password_hash: new.password_hash,
            deleted_at_ms: None,
            created_at_ms,
            kind: terms.kind,
        };
        self.users.insert(guest, (user, new.keys));
        Registered::Done(guest)
    }

    fn is_kind_full(&self, terms: &Terms) -> bool {
        let alike = self.users.values();
        let alike = alike.filter(|(user, _)| user.kind == terms.kind).count();
        terms.at_most.is_some_and(|at_most| alike >= at_most)
    }

    /// Whether the terms ask for no invite, or it was good for one more.
    pub(crate) fn use_invite(&mut self, terms: &Terms) -> bool {
        let Some(code) = terms.invite else {
            return true;
        };
        let good = |kept: &&mut KeptInvite| kept.code == code && kept.shown.is_good(terms.now_ms);
        match self.invites.iter_mut().find(good) {
            None => false,
            Some(kept) => {
                kept.shown.uses_left -= 1;
                true
            }
        }
    }

    /// Whether an account has the limits of a guest.
    pub fn is_limited(&self, user: UserId) -> bool {
        let found = self.users.get(&user);
        found.is_some_and(|(user, _)| user.kind.is_limited())
    }

    /// Whether an invite lets somebody in.
    pub fn is_invite_good(&self, code: InviteHash, now_ms: i64) -> bool {
        let mut invites = self.invites.iter();
        invites.any(|kept| kept.code == code && kept.shown.is_good(now_ms))
    }

    /// Adds an invite; returns its number.
    pub fn insert_invite(&mut self, new: NewInvite) -> i64 {
        self.last_invite += 1;
        let shown = Invite {
            id: self.last_invite,
            uses_left: new.uses,
            uses: new.uses,
            until_ms: new.until_ms,
            created_at_ms: new.created_at_ms,
            made_by: new.made_by,
            note: new.note,
        };
        self.invites.push(KeptInvite {
            code: new.code,
            shown,
        });
        self.last_invite
    }

    /// The invites, in the order of their numbers.
    pub fn invites(&self) -> Vec<Invite> {
        let invites = self.invites.iter();
        invites.map(|kept| kept.shown.clone()).collect()
    }

    /// Deletes an invite. Says whether there was one.
    pub fn delete_invite(&mut self, id: i64) -> bool {
        let before = self.invites.len();
        self.invites.retain(|kept| kept.shown.id != id);
        self.invites.len() < before
    }

    /// Lets an account in that waits. Says whether it did.
    pub fn approve(&mut self, user: UserId) -> bool {
        match self.users.get_mut(&user) {
            Some((user, _)) if user.kind == AccountKind::Waiting => {
                user.kind = AccountKind::Full;
                true
            }
            _ => false,
        }
    }

    /// At most `limit` guests that were made by then and whose sessions were seen last by
    /// then.
    pub fn guests_away(&self, seen_by_ms: i64, limit: usize) -> Vec<(UserId, String)> {
        let is_away = |user: &&User| {
            user.kind == AccountKind::Guest && !self.was_seen_after(user.id, seen_by_ms)
        };
        let users = self.users.values().map(|(user, _)| user);
        let mut away: Vec<_> = users
            .filter(is_away)
            .map(|user| (user.id, user.username.clone()))
            .collect();
        away.sort_unstable_by_key(|(user, _)| *user);
        away.truncate(limit);
        away
    }

    fn was_seen_after(&self, user: UserId, seen_by_ms: i64) -> bool {
        let mut sessions = self.sessions.iter();
        sessions.any(|one| one.user == user && one.last_seen_at_ms > seen_by_ms)
    }

    /// Deletes an account's inbox with all that is in it.
    pub fn delete_inbox(&mut self, user: UserId) {
        self.forget_lines(&LogKey::Inbox(user));
    }

    /// Frees the name of an account that is `kind` still, and was not seen after that, and
    /// ends its sessions. Says whether it was done.
    pub fn bury_if(
        &mut self,
        user: UserId,
        username: &str,
        kind: AccountKind,
        seen_by_ms: i64,
    ) -> bool {
        let is_seen = self.was_seen_after(user, seen_by_ms);
        let Some((found, keys)) = self.users.get_mut(&user) else {
            return false;
        };
        if found.kind != kind || is_seen {
            return false;
        }
        username.clone_into(&mut found.username);
        found.kind = AccountKind::Full;
        "!".clone_into(&mut found.password_hash);
        *keys = NameKeys {
            name: username.to_owned(),
            look: username.to_owned(),
            capitals: username.to_owned(),
        };
        self.sessions.retain(|one| one.user != user);
        self.places.remove(&user);
        self.recovery.remove(&user);
        self.profiles.remove(&user);
        self.blocks
            .retain(|(by, blocked)| *by != user && *blocked != user);
        self.leave_halls(user);
        self.reads.retain(|(reader, _), _| *reader != user);
        self.whisper_reads
            .retain(|(reader, peer), _| *reader != user && *peer != user);
        self.forget_invitations_of(user);
        true
    }
}
