//! Accounts, sessions and blocks.

use std::collections::BTreeSet;

use longhall_packet::NameKeys;

use crate::World;
use crate::records::{
    AccountKind, LoginRow, NewSession, NewUser, PLACES_KEPT, Place, Rotation, SessionId,
    SessionRow, TokenHash, User, UserId,
};

#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token: TokenHash,
    pub(crate) previous: Option<TokenHash>,
    pub(crate) device: String,
    pub(crate) created_at_ms: i64,
    pub(crate) last_seen_at_ms: i64,
    pub(crate) expires_at_ms: i64,
}

impl World {
    pub(crate) fn user_by(&self, found: impl Fn(&NameKeys) -> bool) -> Option<&User> {
        self.users
            .values()
            .find(|(_, keys)| found(keys))
            .map(|(user, _)| user)
    }

    /// The name of an account, as registered; empty if there is none.
    pub fn username(&self, user: UserId) -> String {
        let found = self.users.get(&user);
        found.map_or_else(String::new, |(user, _)| user.username.clone())
    }

    pub(crate) fn name_key(&self, user: UserId) -> &str {
        self.users.get(&user).map_or("", |(_, keys)| &keys.name)
    }

    /// Finds an account by its name key.
    pub fn user_by_name(&self, name_key: &str) -> Option<&User> {
        self.user_by(|keys| keys.name == name_key)
    }

    /// Whether an account owns one of these keys, or one is kept for whoever had it.
    pub fn is_name_taken(&self, keys: &NameKeys) -> bool {
        self.user_by(|k| k.overlaps(keys)).is_some() || self.is_kept_name(keys, None)
    }

    /// Creates an account; `None` when one of its keys is taken.
    pub fn insert_user(&mut self, user: NewUser, now_ms: i64) -> Option<UserId> {
        let (keys, new_codes) = (user.keys, user.recovery_codes);
        if self.is_name_taken(&keys) {
            return None;
        }
        let id = UserId(i64::try_from(self.users.len()).unwrap_or(i64::MAX) + 1);
        let user = User {
            id,
            username: user.username,
            password_hash: user.password_hash,
            deleted_at_ms: None,
            created_at_ms: now_ms,
            kind: AccountKind::Full,
        };
        self.users.insert(id, (user, keys));
        self.set_codes(id, &new_codes);
        if let Some(lobby) = self.lobby() {
            self.mark_channel(id, lobby, self.last_seq_of(lobby));
        }
        Some(id)
    }

    /// Replaces an account's password hash, if it still is `known`. Says whether it was.
    pub fn set_password_hash(&mut self, user: UserId, known: &str, hash: String) -> bool {
        match self.users.get_mut(&user) {
            Some((user, _)) if user.password_hash == known => {
                user.password_hash = hash;
                true
            }
            _ => false,
        }
    }

    /// Replaces an account's password, if its hash still is `known`, and ends its
    /// sessions but `keep`. Returns those that ended; `None` when another password was
    /// set meanwhile, and nothing is changed.
    pub fn change_password(
        &mut self,
        user: UserId,
        known: &str,
        hash: String,
        keep: SessionId,
    ) -> Option<Vec<SessionId>> {
        self.set_password_hash(user, known, hash)
            .then(|| self.delete_sessions(user, None, keep))
    }

    /// Adds a session. Returns it, and those that ended because the account may have no
    /// more.
    pub fn insert_session(&mut self, new: NewSession) -> (SessionId, Vec<SessionId>) {
        self.sessions
            .retain(|s| s.user != new.user || s.expires_at_ms > new.ended_by_ms);
        for connected in &new.connected {
            self.touch_session(*connected, new.now_ms);
        }
        let others = self.latest_sessions(new.user);
        let ended: BTreeSet<i64> = others
            .iter()
            .skip(new.at_most.saturating_sub(1))
            .map(|s| s.id.0)
            .collect();
        self.last_session += 1;
        let id = SessionId(self.last_session);
        self.sessions.retain(|s| !ended.contains(&s.id.0));
        self.sessions.push(Session {
            id,
            user: new.user,
            token: new.token,
            previous: None,
            device: new.device.clone(),
            created_at_ms: new.now_ms,
            last_seen_at_ms: new.now_ms,
            expires_at_ms: new.expires_at_ms,
        });
        if let Some(place) = new.place {
            self.note_place(new.user, place);
        }
        if let Some(network) = new.network {
            self.recovery.entry(new.user).or_default().last_login = Some(LoginRow {
                at_ms: new.now_ms,
                device: new.device,
                network,
            });
        }
        (id, ended.into_iter().map(SessionId).collect())
    }

    /// Exchanges a token for the next one and says whose session it is; `None` when the
    /// token is unknown or expired. The session counts as seen now.
    ///
    /// The token that was exchanged last stays good until its successor is used, so that
    /// an answer lost on the way does not end the session.
    pub fn rotate_session(&mut self, rotation: &Rotation) -> Option<(User, SessionId)> {
        let session = self.sessions.iter_mut().find(|s| {
            (s.token == rotation.presented || s.previous == Some(rotation.presented))
                && s.expires_at_ms > rotation.ended_by_ms
        })?;
        session.token = rotation.next;
        session.previous = Some(rotation.presented);
        session.expires_at_ms = rotation.expires_at_ms;
        session.last_seen_at_ms = session.last_seen_at_ms.max(rotation.now_ms);
        let (user, id) = (session.user, session.id);
        if let Some(place) = rotation.place {
            self.note_place(user, place);
        }
        let (user, _) = self.users.get(&user)?;
        Some((user.clone(), id))
    }

    pub(crate) fn note_place(&mut self, user: UserId, place: Place) {
        let places = self.places.entry(user).or_default();
        places.retain(|known| *known != place);
        places.push(place);
        if places.len() > usize::from(PLACES_KEPT) {
            places.remove(0);
        }
    }

    /// Whether the account with this name key was logged in to from a place, one of its
    /// latest sixteen.
    pub fn is_known_place(&self, name_key: &str, place: Place) -> bool {
        let user = self.user_by_name(name_key);
        let places = user.and_then(|user| self.places.get(&user.id));
        places.is_some_and(|places| places.contains(&place))
    }

    /// Notes that a session was there until now.
    pub fn touch_session(&mut self, session: SessionId, now_ms: i64) {
        if let Some(found) = self.sessions.iter_mut().find(|s| s.id == session) {
            found.last_seen_at_ms = found.last_seen_at_ms.max(now_ms);
        }
    }

    /// The sessions of an account, seen latest first.
    fn latest_sessions(&self, user: UserId) -> Vec<&Session> {
        let mut sessions: Vec<_> = self.sessions.iter().filter(|s| s.user == user).collect();
        sessions.sort_unstable_by_key(|s| std::cmp::Reverse((s.last_seen_at_ms, s.id.0)));
        sessions
    }

    /// The sessions of an account that had not expired by then, seen latest first.
    pub fn sessions(&self, user: UserId, ended_by_ms: i64) -> Vec<SessionRow> {
        self.latest_sessions(user)
            .into_iter()
            .filter(|s| s.expires_at_ms > ended_by_ms)
            .map(|s| SessionRow {
                id: s.id,
                device: s.device.clone(),
                created_at_ms: s.created_at_ms,
                last_seen_at_ms: s.last_seen_at_ms,
            })
            .collect()
    }

    /// Ends a session of an account, or with `None` all but `keep`. Returns those that
    /// ended.
    pub fn delete_sessions(
        &mut self,
        user: UserId,
        session: Option<SessionId>,
        keep: SessionId,
    ) -> Vec<SessionId> {
        let ends = |s: &Session| {
            s.user == user && s.id != keep && session.is_none_or(|session| session == s.id)
        };
        let ended = self.sessions.iter().filter(|s| ends(s));
        let ended = ended.map(|s| s.id).collect();
        self.sessions.retain(|s| !ends(s));
        ended
    }

    /// Ends the session that a token resumes.
    pub fn delete_session(&mut self, token: TokenHash) {
        self.sessions.retain(|s| s.token != token);
    }

    /// Blocks an account for another. False when `at_most` are blocked already.
    pub fn insert_block(&mut self, user: UserId, blocked: UserId, at_most: usize) -> bool {
        let have = self.blocks.iter().filter(|(by, _)| *by == user).count();
        if !self.blocks.contains(&(user, blocked)) && have >= at_most {
            return false;
        }
        self.blocks.insert((user, blocked));
        true
    }

    /// The accounts that an account has blocked, in the order of their names.
    pub fn blocks(&self, user: UserId) -> Vec<(UserId, String)> {
        let mut blocked: Vec<_> = self
            .blocks
            .iter()
            .filter(|(by, _)| *by == user)
            .map(|(_, blocked)| (*blocked, self.username(*blocked)))
            .collect();
        blocked.sort_by_key(|(blocked, _)| self.name_key(*blocked).to_owned());
        blocked
    }

    /// Ends a block.
    pub fn delete_block(&mut self, user: UserId, blocked: UserId) {
        self.blocks.remove(&(user, blocked));
    }

    /// Whether an account has blocked another.
    pub fn has_blocked(&self, user: UserId, other: UserId) -> bool {
        self.blocks.contains(&(user, other))
    }
}
