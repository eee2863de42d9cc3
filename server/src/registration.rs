//! What it takes to get an account: who may, an invite, and work that the client has to
//! show.
//!
//! The work is asked for by a challenge, which a connection keeps: strangers cost no memory
//! beyond their connection, and a proof is worth nothing on another one. To check it costs
//! one hash.

use std::sync::Arc;
use std::time::Duration;

use longhall_packet::{
    Denial, DenyCode, InviteCode, RegistrationMode, RequestId, ServerPacket, is_proof,
};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::error;

use crate::handlers::{HandlerError, unavailable};
use crate::rate_limit::{self, Tried};
use crate::server::Server;
use crate::session::Session;
use crate::store::{AccountKind, InviteHash, Registered, Terms, UserId};

/// How long a challenge is good: a game on a slow phone is done by then, whatever its player
/// does meanwhile.
const CHALLENGE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// When a guest may try again, while there are too many.
const GUESTS_FULL: Duration = Duration::from_secs(60);
/// Random bytes of a challenge: no two are the same.
const CHALLENGE_BYTES: usize = 16;

/// What an account is paid with: an invite, and a proof of work.
pub(crate) type Paid = (Option<InviteCode>, Option<u64>);

/// The work that the next account made on a connection has to show.
pub(crate) struct Challenge {
    text: String,
    bits: u32,
    until: Instant,
}

impl Challenge {
    /// A new one, or none if no work is asked for now.
    ///
    /// # Errors
    /// `unavailable` when the system gives no random numbers.
    pub(crate) fn new(server: &Server) -> Result<Option<Self>, Denial> {
        let bits = server.settings().gates.registration_proof;
        if bits == 0 {
            return Ok(None);
        }
        let mut bytes = [0; CHALLENGE_BYTES];
        getrandom::fill(&mut bytes).map_err(|cause| {
            error!(%cause, "no random numbers");
            unavailable()
        })?;
        Ok(Some(Self {
            text: format!("{:032x}", u128::from_be_bytes(bytes)),
            bits,
            until: server.clock.now() + CHALLENGE_LIFETIME,
        }))
    }

    /// What the client is told.
    pub(crate) fn packet(challenge: Option<&Self>, id: RequestId) -> ServerPacket {
        let lifetime = u32::try_from(CHALLENGE_LIFETIME.as_millis()).unwrap_or(u32::MAX);
        ServerPacket::Challenge {
            id,
            challenge: challenge.map_or_else(String::new, |one| one.text.clone()),
            bits: challenge.map_or(0, |one| one.bits),
            expires_in_ms: challenge.map_or(0, |_| lifetime),
        }
    }
}

/// On which terms an account is made now, once what it costs is paid. In the order of what
/// it costs the server.
///
/// # Errors
/// `registration_closed`, `proof_needed`, `rate_limited`, `invite_needed`, or `unavailable`.
pub(crate) async fn terms(
    session: &mut Session,
    (invite, proof): Paid,
) -> Result<Terms, HandlerError> {
    let server = Arc::clone(&session.server);
    check_closed(session)?;
    let mode = server.settings().gates.registration;
    if mode == RegistrationMode::Closed {
        return Err(DenyCode::RegistrationClosed.into());
    }
    check_proof(session, proof)?;
    // Tries at invites as well: guessing one takes a registration each.
    let tried = Tried::Registration(session.address);
    server.count_try(tried).await?;
    let mut terms = Terms {
        now_ms: server.clock.now_ms(),
        ..Terms::default()
    };
    match mode {
        RegistrationMode::Open | RegistrationMode::Closed => {}
        RegistrationMode::Invite => {
            let code = hash(&invite.ok_or(DenyCode::InviteNeeded)?);
            if !server.store.is_invite_good(code, terms.now_ms).await? {
                return Err(DenyCode::InviteNeeded.into());
            }
            terms.invite = Some(code);
        }
        RegistrationMode::Approval => {
            terms.kind = AccountKind::Waiting;
            terms.at_most = Some(server.settings().gates.max_waiting);
        }
    }
    Ok(terms)
}

/// The terms of a guest. Whether registering takes an invite is of no matter yet.
///
/// # Errors
/// `account_needed` when there are no guests, `registration_closed` in a lockdown,
/// `proof_needed`, `rate_limited`, or `unavailable`.
pub(crate) async fn guest_terms(
    session: &mut Session,
    proof: Option<u64>,
) -> Result<Terms, HandlerError> {
    let server = Arc::clone(&session.server);
    if !server.settings().gates.guests {
        return Err(DenyCode::AccountNeeded.into());
    }
    check_closed(session)?;
    check_proof(session, proof)?;
    let tried = Tried::Registration(session.address);
    server.count_try(tried).await?;
    Ok(Terms {
        kind: AccountKind::Guest,
        invite: None,
        at_most: Some(server.settings().gates.max_guests),
        now_ms: server.clock.now_ms(),
    })
}

/// The account that was made, or why it was not.
///
/// # Errors
/// See above.
pub(crate) fn outcome(registered: Registered) -> Result<UserId, Denial> {
    match registered {
        Registered::Done(user) => Ok(user),
        Registered::NameTaken => Err(DenyCode::UsernameTaken.into()),
        Registered::InviteNeeded => Err(DenyCode::InviteNeeded.into()),
        Registered::Full => Err(DenyCode::RegistrationClosed.into()),
        Registered::NotAGuest => Err(DenyCode::NotAllowed.into()),
    }
}

/// As [`outcome`], of a guest.
///
/// # Errors
/// See above; `busy` while there are too many.
pub(crate) fn guest_outcome(registered: Registered) -> Result<UserId, Denial> {
    match registered {
        Registered::Full => Err(Denial::for_now(DenyCode::Busy, GUESTS_FULL)),
        other => outcome(other),
    }
}

/// Whether nobody gets an account for now: anywhere, or where the visitor comes from.
fn check_closed(session: &Session) -> Result<(), Denial> {
    let server = &session.server;
    if let Some(wait) = server.sanctions.closed_for(|| server.clock.now_ms()) {
        return Err(Denial::for_now(DenyCode::RegistrationClosed, wait));
    }
    let place = rate_limit::place(session.address);
    let barred = server.sanctions.barred_for(place, server.clock.now_ms());
    barred.map_or(Ok(()), |wait| Err(Denial::for_now(DenyCode::Banned, wait)))
}

/// Uses up the connection's challenge, whatever comes of it.
fn check_proof(session: &mut Session, proof: Option<u64>) -> Result<(), Denial> {
    let bits = session.server.settings().gates.registration_proof;
    if bits == 0 {
        return Ok(());
    }
    let now = session.server.clock.now();
    let challenge = session.challenge.take();
    let is_paid = challenge.zip(proof).is_some_and(|(challenge, proof)| {
        // Who began before more was asked for is let through.
        now < challenge.until && is_proof(&challenge.text, challenge.bits, proof)
    });
    match is_paid {
        true => Ok(()),
        false => Err(DenyCode::ProofNeeded.into()),
    }
}

/// What the store keeps of a code. A plain hash is enough for a hundred random bits.
pub(crate) fn hash(code: &InviteCode) -> InviteHash {
    InviteHash(Sha256::digest(code.expose().as_bytes()).into())
}
