//! Who gets an account of the fake server: as a test says, and everybody unless it does.

use std::collections::BTreeMap;

use longhall_packet::{
    CloseReason, Denial, DenyCode, InviteCode, Password, Registration, RegistrationMode, RequestId,
    ResumeToken, ServerPacket, Username, is_proof,
};

use super::{Answer, FakeServer, Me, key};
use crate::records::{AccountKind, InviteHash, NewInvite, Terms, UserId};

/// In place of a hash: no password fits.
const NO_PASSWORD: &str = "?";
/// How long a challenge is good; nobody looks.
const CHALLENGE_MS: u32 = 600_000;

/// What an account was paid with: an invite, a proof of work.
pub(super) type Paid = (Option<InviteCode>, Option<u64>);

/// What it takes to come in.
#[derive(Clone, Default)]
pub(super) struct Gates {
    mode: RegistrationMode,
    proof_bits: u32,
    takes_guests: bool,
    /// The last challenge of each connection.
    challenges: BTreeMap<u64, String>,
    last_challenge: u64,
}

impl Gates {
    pub(super) fn forget(&mut self, connection: u64) {
        self.challenges.remove(&connection);
    }
}

impl FakeServer {
    /// Who may register from now on, and how many bits of work an account or a guest costs.
    pub fn set_registration(&mut self, mode: RegistrationMode, proof_bits: u32) {
        (self.gates.mode, self.gates.proof_bits) = (mode, proof_bits);
    }

    /// Whether it takes guests from now on.
    pub fn set_guests(&mut self, takes_guests: bool) {
        self.gates.takes_guests = takes_guests;
    }

    /// Adds an invite that is good for so many accounts.
    pub fn add_invite(&mut self, code: &InviteCode, uses: u32) {
        let new = NewInvite {
            code: hash(code),
            uses,
            until_ms: None,
            created_at_ms: self.now(),
            made_by: String::new(),
            note: String::new(),
        };
        self.world.insert_invite(new);
    }

    /// Lets an account in that waits for it. Says whether there was one.
    pub fn approve(&mut self, username: &str) -> bool {
        let user = self.account(username).map(|user| user.id);
        user.is_some_and(|user| self.world.approve(user))
    }

    pub(super) fn takes_guests(&self) -> bool {
        self.gates.takes_guests
    }

    /// What is told of it at the start.
    pub(super) fn registration(&self) -> Option<Registration> {
        let told = Registration {
            mode: self.gates.mode,
            proof_bits: self.gates.proof_bits,
        };
        (told != Registration::default()).then_some(told)
    }

    pub(super) fn challenge(&mut self, from: u64, id: RequestId) -> Answer {
        let bits = self.gates.proof_bits;
        let mut challenge = String::new();
        if bits > 0 {
            self.gates.last_challenge += 1;
            challenge = format!("{:032x}", self.gates.last_challenge);
            self.gates.challenges.insert(from, challenge.clone());
        }
        let expires_in_ms = if bits > 0 { CHALLENGE_MS } else { 0 };
        let packet = ServerPacket::Challenge {
            id,
            challenge,
            bits,
            expires_in_ms,
        };
        self.reply(from, packet);
        Ok(())
    }

    fn check_proof(&mut self, from: u64, proof: Option<u64>) -> Result<(), Denial> {
        let bits = self.gates.proof_bits;
        if bits == 0 {
            return Ok(());
        }
        let challenge = self.gates.challenges.remove(&from);
        let is_paid = challenge
            .zip(proof)
            .is_some_and(|(challenge, proof)| is_proof(&challenge, bits, proof));
        match is_paid {
            true => Ok(()),
            false => Err(DenyCode::ProofNeeded.into()),
        }
    }

    /// The terms of an account, once what it costs is looked at.
    pub(super) fn terms(&mut self, from: u64, (invite, proof): Paid) -> Result<Terms, Denial> {
        if self.gates.mode == RegistrationMode::Closed {
            return Err(DenyCode::RegistrationClosed.into());
        }
        self.check_proof(from, proof)?;
        let mut terms = Terms {
            now_ms: self.now(),
            ..Terms::default()
        };
        match self.gates.mode {
            RegistrationMode::Invite => {
                let code = invite.as_ref().map(hash);
                let good = code.filter(|code| self.world.is_invite_good(*code, terms.now_ms));
                terms.invite = Some(good.ok_or(DenyCode::InviteNeeded)?);
            }
            RegistrationMode::Approval => terms.kind = AccountKind::Waiting,
            RegistrationMode::Open | RegistrationMode::Closed => {}
        }
        Ok(terms)
    }

    pub(super) fn use_invite(&mut self, terms: &Terms) -> Answer {
        match self.world.use_invite(terms) {
            true => Ok(()),
            false => Err(DenyCode::InviteNeeded.into()),
        }
    }

    pub(super) fn set_kind(&mut self, username: &str, kind: AccountKind) {
        let id = self.account(username).map(|user| user.id);
        let found = id.and_then(|id| self.world.users.get_mut(&id));
        if let Some((user, _)) = found {
            user.kind = kind;
        }
    }

    pub(super) fn guest(
        &mut self,
        from: u64,
        id: RequestId,
        username: &Username,
        device: String,
        proof: Option<u64>,
        token: ResumeToken,
    ) -> Answer {
        if !self.gates.takes_guests {
            return Err(DenyCode::AccountNeeded.into());
        }
        self.check_proof(from, proof)?;
        let name = username.as_str();
        if self.account(name).is_some() {
            return Err(DenyCode::UsernameTaken.into());
        }
        self.add_account(name, NO_PASSWORD);
        self.set_kind(name, AccountKind::Guest);
        let user = self.account(name).cloned().ok_or(DenyCode::Unavailable)?;
        self.login(from, id, user, device, token);
        Ok(())
    }

    pub(super) fn upgrade(
        &mut self,
        me: Me,
        id: RequestId,
        username: Option<&Username>,
        password: &Password,
        paid: Paid,
    ) -> Answer {
        let kind = self.world.users.get(&me.user).map(|(user, _)| user.kind);
        match kind {
            Some(AccountKind::Guest) => {}
            Some(AccountKind::Waiting) => return Err(DenyCode::ApprovalPending.into()),
            Some(AccountKind::Full) | None => return Err(DenyCode::NotAllowed.into()),
        }
        let terms = self.terms(me.connection, paid)?;
        if let Some(username) = username {
            let taken = self.world.user_by_name(&key(username.as_str()));
            if taken.is_some_and(|taken| taken.id != me.user) {
                return Err(DenyCode::UsernameTaken.into());
            }
        }
        self.use_invite(&terms)?;
        self.ok(me.connection, id)?;
        let mine = self.online.iter().filter(|(_, seat)| seat.user == me.user);
        let mine: Vec<u64> = mine.map(|(connection, _)| *connection).collect();
        for connection in mine {
            self.unseat(connection, Some(CloseReason::Restarting));
        }
        if let Some((user, keys)) = self.world.users.get_mut(&me.user) {
            user.kind = terms.kind;
            password.expose().clone_into(&mut user.password_hash);
            if let Some(username) = username {
                username.as_str().clone_into(&mut user.username);
                let name = key(username.as_str());
                keys.look.clone_from(&name);
                keys.capitals.clone_from(&name);
                keys.name = name;
            }
        }
        Ok(())
    }

    /// A guest who has logged out is forgotten, with the name.
    pub(super) fn forget_guest(&mut self, user: UserId) {
        let kind = self.world.users.get(&user).map(|(user, _)| user.kind);
        if kind != Some(AccountKind::Guest) {
            return;
        }
        for member in self.world.memberships(user) {
            if !member.channel.is_lobby() {
                // There is somebody to take out.
                let _ = self.take_out(&member, user, Some("server".to_owned()));
            }
        }
        let tombstone = format!("(guest {user})");
        self.world
            .bury_if(user, &tombstone, AccountKind::Guest, i64::MAX);
        self.world.delete_inbox(user);
    }
}

/// In place of a hash: nothing of a fake server is a secret.
fn hash(code: &InviteCode) -> InviteHash {
    let mut bytes = [0; 32];
    for (at, byte) in code.expose().bytes().enumerate() {
        bytes[at % 32] ^= byte.rotate_left((at / 32) as u32);
    }
    InviteHash(bytes)
}
