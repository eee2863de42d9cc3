//! A session enters the hub: the second half of a login, and of a resume.

use std::sync::Arc;

use longhall_packet::{
    DenyCode, InboxState, LastLogin, NameKeys, RequestId, ResumeToken, ServerPacket,
};
use tracing::info;

use super::arriving::{Arriving, changed_meanwhile};
use super::outcome::{HandlerError, Outcome};
use super::placing::take_place;
use crate::hub::{Arrival, HallPlace, HubEntry, Newcomer, Stale};
use crate::reports;
use crate::resume_token;
use crate::session::{Account, Session};
use crate::store::{SessionId, User};
use crate::webhooks;

/// A session of the store that is about to enter.
pub(super) struct Entering {
    pub(super) user: User,
    pub(super) session: SessionId,
    /// See [`Store::connection_number`](crate::store::Store::connection_number).
    pub(super) connection: i64,
    pub(super) token: ResumeToken,
    pub(super) resumed: bool,
    /// The login before this one.
    pub(super) last_login: Option<LastLogin>,
}

/// Answers request `id`: this connection is the session's now, in place of an
/// earlier one. No line of chat arrives before the answer, and each with a
/// number the answer does not count arrives after it.
///
/// `arriving` is to begin before the account and its ban are looked up.
///
/// # Errors
/// `session_expired` when the session was ended in the meantime, `banned`,
/// `unavailable`, or `busy`.
pub(super) async fn enter(
    session: &mut Session,
    mut arriving: Arriving,
    id: RequestId,
    entering: Entering,
) -> Outcome {
    // In a hall of the lobby; until the hub knows who is there.
    let mut place = None;
    let entry = loop {
        let tried = try_enter(session, arriving.arrival(), id, &entering, &mut place);
        match tried.await? {
            Ok(entry) => break entry,
            Err(Stale) => arriving.try_again()?,
        }
        check_still_good(session, &entering).await?;
    };
    let (user, number) = (entering.user, entering.session);
    let how = if entering.resumed {
        "resumed"
    } else {
        "logged in"
    };
    let (connection, name) = (session.connection, &user.username);
    info!(
        connection,
        user = user.id.0,
        username = name,
        session = number.0,
        "{how}"
    );
    let is_guest = user.kind.is_limited();
    if !entering.resumed {
        webhooks::logged_in(&session.server, user.id, &user.username);
    }
    let account = Account::new(user.id, entry.name(), user.created_at_ms, is_guest);
    session.log_in(account, number, resume_token::hash(&entering.token), entry);
    reports::greet(session).await;
    Ok(())
}

/// Whether a session may still enter after the account was changed.
async fn check_still_good(session: &Session, entering: &Entering) -> Outcome {
    let user = &entering.user;
    let key = NameKeys::name_of(&user.username);
    let server = &session.server;
    server.check_ban(user.id, &key)?;
    let (rows, now) = tokio::try_join!(
        server.store.sessions(user.id, server.clock.ended_by_ms()),
        server.store.user_by_name(&key),
    )?;
    if !rows.iter().any(|row| row.id == entering.session) {
        return Err(DenyCode::SessionExpired.into());
    }
    // The password that was right may not be any more, nor the name.
    let is_same = now.is_some_and(|now| {
        now.id == user.id
            && now.kind == user.kind
            && (entering.resumed || now.password_hash == user.password_hash)
    });
    if !is_same {
        return Err(changed_meanwhile().into());
    }
    Ok(())
}

async fn try_enter(
    session: &Session,
    arrival: &Arrival,
    id: RequestId,
    entering: &Entering,
    place: &mut Option<HallPlace>,
) -> Result<Result<HubEntry, Stale>, HandlerError> {
    let user = &entering.user;
    let store = &session.server.store;
    let (memberships, blocks, inbox, mut invitations, safety, kept) = tokio::try_join!(
        store.memberships(user.id),
        store.blocks(user.id),
        store.open_inbox(user.id),
        store.invitations(user.id),
        store.safety(user.id),
        store.profile(user.id),
    )?;
    let placed = take_place(&session.server, user.id, entering.resumed, memberships);
    let (memberships, new_place) = placed.await?;
    *place = Some(new_place);
    let channels: Vec<_> = memberships.iter().map(|m| m.channel.id).collect();
    if session.server.hear(&channels).await {
        // Other servers may have had lines written there before this one heard of it.
        return Ok(Err(Stale));
    }
    invitations.retain(|invitation| blocks.iter().all(|(_, name)| *name != invitation.by));
    let who = Newcomer {
        user: user.id,
        username: user.username.clone(),
        name_key: NameKeys::name_of(&user.username),
        session: entering.session,
        connection: entering.connection,
        outbox: Arc::clone(&session.outbox),
        memberships,
        blocked: blocks.into_iter().map(|(user, _)| user).collect(),
        last_whisper: inbox.last_seq,
        resumed: entering.resumed,
        is_guest: user.kind.is_limited(),
    };
    let server_role = session.server.hub.server_role(user.id);
    let mutes = session
        .server
        .sanctions
        .mutes_of(user.id, session.server.clock.now_ms());
    let welcome = |channels, last_whisper| ServerPacket::LoggedIn {
        id,
        username: user.username.clone(),
        resume_token: entering.token.clone(),
        session: entering.session.0.unsigned_abs(),
        epoch: store.epoch().to_owned(),
        guest: user.kind.is_limited(),
        channels,
        inbox: InboxState {
            last_seq: inbox.last_seq.max(last_whisper),
            ..inbox
        },
        invitations,
        server_role,
        second_factor: safety.second_factor.is_some(),
        recovery_codes_left: safety.recovery_codes_left,
        last_login: entering.last_login.clone().map(Box::new),
        deleted_at_ms: user.deleted_at_ms.map(i64::unsigned_abs),
        sanctions: mutes,
        profile: kept.profile,
        profile_version: kept.version,
    };
    Ok(session.server.hub.enter(arrival, &who, welcome))
}
