//! Accounts, sessions and blocks.

use longhall_packet::{
    CloseReason, Denial, DenyCode, FactorCode, ListedSession, PROTOCOL_VERSION, Password,
    PresenceState, RequestId, ResumeToken, ServerPacket, Username,
};

use super::gates::Paid;
use super::recovery::{code_hash, told};
use super::{Answer, FakeServer, Me, Seat, ended, keys};
use crate::records::{AccountKind, LoginRow, NewSession, Rotation, SessionId, TokenHash, User};

/// Sessions an account may have.
const SESSIONS_PER_ACCOUNT: usize = 8;
/// Accounts an account may have blocked.
const BLOCKS_PER_ACCOUNT: usize = 200;

impl FakeServer {
    pub(super) fn greet(&mut self, from: u64, id: RequestId, protocol: u32) -> Answer {
        if protocol != PROTOCOL_VERSION {
            self.ended.push(ended(from, CloseReason::UpdateRequired));
            return Err(DenyCode::UpdateRequired.into());
        }
        self.ok(from, id)
    }

    /// Makes an account, and leaves the answer to [`Self::answer_register`].
    pub(super) fn register(
        &mut self,
        from: u64,
        username: &Username,
        password: &Password,
        paid: Paid,
    ) -> Answer {
        let terms = self.terms(from, paid)?;
        let is_kept = self.world.is_kept_name(&keys(username.as_str()), None);
        if is_kept || self.account(username.as_str()).is_some() {
            return Err(DenyCode::UsernameTaken.into());
        }
        self.use_invite(&terms)?;
        self.add_account(username.as_str(), password.expose());
        self.set_kind(username.as_str(), terms.kind);
        Ok(())
    }

    pub(super) fn answer_register(
        &mut self,
        from: u64,
        id: RequestId,
        username: &Username,
        recovery: bool,
    ) -> Answer {
        if !recovery {
            return self.ok(from, id);
        }
        let recovery_codes = self.new_codes();
        let hashes: Vec<_> = recovery_codes.iter().map(code_hash).collect();
        if let Some(user) = self.account(username.as_str()).map(|user| user.id) {
            self.world.set_codes(user, &hashes);
        }
        self.reply(from, ServerPacket::Registered { id, recovery_codes });
        Ok(())
    }

    /// Whose login it is, if it is one.
    pub(super) fn check_login(
        &mut self,
        username: &Username,
        password: &Password,
        code: Option<&FactorCode>,
    ) -> Result<User, Denial> {
        let user = self.account(username.as_str()).cloned();
        let user = user.filter(|user| user.password_hash == password.expose());
        let user = user.filter(|user| user.deleted_at_ms.is_none_or(|due| due > self.now()));
        let user = user.ok_or(DenyCode::BadCredentials)?;
        self.check_ban(user.id)?;
        if user.kind == AccountKind::Waiting {
            return Err(DenyCode::ApprovalPending.into());
        }
        self.check_factor(user.id, code)?;
        Ok(user)
    }

    /// Logs in with a new session.
    pub(super) fn login(
        &mut self,
        from: u64,
        id: RequestId,
        user: User,
        device: String,
        token: ResumeToken,
    ) {
        let before = self.world.safety(user.id).last_login;
        let connected = self.seats_of(user.id).map(|seat| seat.session).collect();
        let (session, over) = self.world.insert_session(NewSession {
            user: user.id,
            token: hash(&token),
            device,
            now_ms: self.now(),
            expires_at_ms: i64::MAX,
            ended_by_ms: 0,
            at_most: SESSIONS_PER_ACCOUNT,
            connected,
            place: None,
            network: Some(String::new()),
        });
        self.end_sessions(&over);
        self.enter(from, id, (user, session), token, (false, before));
    }

    pub(super) fn resume(
        &mut self,
        from: u64,
        id: RequestId,
        presented: &ResumeToken,
        token: ResumeToken,
    ) -> Answer {
        let resumed = self.world.rotate_session(&Rotation {
            presented: hash(presented),
            next: hash(&token),
            now_ms: self.now(),
            expires_at_ms: i64::MAX,
            place: None,
            ended_by_ms: 0,
        });
        let (user, session) = resumed.ok_or(DenyCode::SessionExpired)?;
        if let Err(denial) = self.check_ban(user.id) {
            self.ended.push(ended(from, CloseReason::Banned));
            return Err(denial);
        }
        self.enter(from, id, (user, session), token, (true, None));
        Ok(())
    }

    /// A connection is the session's now, in place of an earlier one.
    fn enter(
        &mut self,
        from: u64,
        id: RequestId,
        (user, session): (User, SessionId),
        token: ResumeToken,
        (resumed, last_login): (bool, Option<LoginRow>),
    ) {
        let is_new = !self.is_online(user.id);
        if is_new {
            self.take_place(user.id, resumed);
        }
        let earlier = self.online.iter().find(|(_, seat)| seat.session == session);
        let earlier = earlier.map(|(connection, _)| *connection);
        let before = earlier.and_then(|connection| self.online.remove(&connection));
        let closed = earlier.map(|connection| ended(connection, CloseReason::LoggedInElsewhere));
        self.ended.extend(closed);
        let (state, text) = before.map_or((PresenceState::Online, String::new()), |seat| {
            (seat.state, seat.text)
        });
        let seat = Seat {
            user: user.id,
            session,
            token: hash(&token),
            state,
            text,
            export: None,
        };
        self.online.insert(from, seat);
        let memberships = self.world.memberships(user.id);
        let blocked = self.world.blocks(user.id);
        let mut invitations = self.world.invitations(user.id);
        invitations.retain(|invitation| blocked.iter().all(|(_, name)| *name != invitation.by));
        let safety = self.world.safety(user.id);
        let kept = self.world.profile(user.id);
        let logged_in = ServerPacket::LoggedIn {
            id,
            resume_token: token,
            session: session.0.unsigned_abs(),
            epoch: self.epoch.clone(),
            guest: user.kind.is_limited(),
            channels: memberships
                .iter()
                .map(|mine| self.as_seen_by(mine))
                .collect(),
            inbox: self.world.open_inbox(user.id),
            invitations,
            server_role: self.world.server_role(user.id),
            second_factor: safety.second_factor.is_some(),
            recovery_codes_left: safety.recovery_codes_left,
            last_login: last_login.map(|row| Box::new(told(row))),
            sanctions: self.mutes_of(user.id),
            username: user.username,
            deleted_at_ms: user.deleted_at_ms.map(i64::unsigned_abs),
            profile: kept.profile,
            profile_version: kept.version,
        };
        self.reply(from, logged_in);
        if is_new {
            self.note_online(user.id, &memberships);
        }
        self.tell_of_reports(from, user.id);
    }

    pub(super) fn logout(&mut self, me: Me, id: RequestId) -> Answer {
        if let Some(seat) = self.online.get(&me.connection) {
            self.world.delete_session(seat.token);
        }
        self.unseat(me.connection, None);
        self.forget_guest(me.user);
        self.ok(me.connection, id)
    }

    pub(super) fn change_password(
        &mut self,
        me: Me,
        id: RequestId,
        password: &Password,
        new_password: &Password,
    ) -> Answer {
        let (known, hash) = (password.expose(), new_password.expose().to_owned());
        let changed = self.world.change_password(me.user, known, hash, me.session);
        let ended = changed.ok_or(DenyCode::BadCredentials)?;
        self.end_sessions(&ended);
        self.ok(me.connection, id)
    }

    pub(super) fn sessions(&mut self, me: Me, id: RequestId) -> Answer {
        let sessions = self.listed_sessions(me);
        self.reply(me.connection, ServerPacket::Sessions { id, sessions });
        Ok(())
    }

    pub(super) fn listed_sessions(&self, me: Me) -> Vec<ListedSession> {
        let rows = self.world.sessions(me.user, 0).into_iter();
        let mut sessions: Vec<_> = rows
            .map(|row| {
                let online = self.seats_of(me.user).any(|seat| seat.session == row.id);
                let seen_ms = row.last_seen_at_ms.unsigned_abs();
                ListedSession {
                    session: row.id.0.unsigned_abs(),
                    device: row.device,
                    created_at_ms: row.created_at_ms.unsigned_abs(),
                    last_seen_at_ms: if online { self.now_ms } else { seen_ms },
                    online,
                    current: row.id == me.session,
                }
            })
            .collect();
        sessions.sort_by_key(|listed| std::cmp::Reverse(listed.last_seen_at_ms));
        sessions
    }

    pub(super) fn close_session(&mut self, me: Me, id: RequestId, which: Option<u64>) -> Answer {
        let which = which.map(|number| SessionId(i64::try_from(number).unwrap_or(0)));
        if which == Some(me.session) {
            return Err(DenyCode::NotYourself.into());
        }
        let ended = self.world.delete_sessions(me.user, which, me.session);
        if which.is_some() && ended.is_empty() {
            return Err(DenyCode::UnknownSession.into());
        }
        self.end_sessions(&ended);
        self.ok(me.connection, id)
    }

    /// Closes the connections of sessions that are no more.
    pub(super) fn end_sessions(&mut self, ended: &[SessionId]) {
        let lost = self.online.iter();
        let lost = lost.filter(|(_, seat)| ended.contains(&seat.session));
        let lost: Vec<u64> = lost.map(|(connection, _)| *connection).collect();
        for connection in lost {
            self.unseat(connection, Some(CloseReason::SessionEnded));
        }
    }

    pub(super) fn block(&mut self, me: Me, id: RequestId, username: &Username) -> Answer {
        let other = self.other(me, username)?.id;
        if !self.world.insert_block(me.user, other, BLOCKS_PER_ACCOUNT) {
            return Err(DenyCode::TooManyBlocks.into());
        }
        self.ok(me.connection, id)
    }

    pub(super) fn unblock(&mut self, me: Me, id: RequestId, username: &Username) -> Answer {
        let other = self.other(me, username)?.id;
        self.world.delete_block(me.user, other);
        self.ok(me.connection, id)
    }

    pub(super) fn blocks(&mut self, me: Me, id: RequestId) -> Answer {
        let blocked = self.world.blocks(me.user).into_iter();
        let usernames = blocked.map(|(_, name)| name).collect();
        self.reply(me.connection, ServerPacket::Blocks { id, usernames });
        Ok(())
    }
}

/// In place of a hash: nothing of a fake server is a secret.
fn hash(token: &ResumeToken) -> TokenHash {
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(token.expose().as_bytes().chunks(2)) {
        let digits = str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    TokenHash(bytes)
}
