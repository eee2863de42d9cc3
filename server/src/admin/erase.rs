//! An account is erased, with all that it has and the text of what it said.
//!
//! The row of the account stays, for the numbers of its lines: under a name that nobody can
//! register or log in by. Its lines stay as deleted ones. Should it be interrupted, the same
//! act on that name goes on.

use longhall_packet::{CloseReason, LeaveReason, Role, ServerPacket};

use super::ground::Ground;
use super::hall::SPEAKER;
use super::report::{ActError, Report};
use crate::store::{Account, AccountKind, Membership, Removed, UserId};

/// What is shown in place of the name: no player's name has such signs.
fn shown_as(user: UserId) -> String {
    format!("(erased {user})")
}

pub(super) async fn erase(ground: &Ground, name: &str, yes: bool) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    if !yes {
        let text = format!(
            "this deletes {} for good, with all it said; say --yes if that is meant",
            account.username
        );
        return Err(ActError::Refused(text));
    }
    let erased = erase_account(ground, &account, CloseReason::SessionEnded).await?;
    // Its player may have asked for the same.
    ground.store.forget_deletion(account.user).await?;
    Ok(Report::Erased {
        was: account.username,
        shown_as: erased.shown_as,
        lines: erased.lines,
        channels: erased.channels,
    })
}

/// What is left of an account.
pub(crate) struct Erased {
    pub(crate) shown_as: String,
    /// Lines and whispers that have no text any more.
    pub(crate) lines: u64,
    /// Channels that it was in.
    pub(crate) channels: usize,
}

/// Erases an account, or goes on with it; its connections are closed with `reason`.
///
/// # Errors
/// See [`ActError`]; the same again goes on then.
pub(crate) async fn erase_account(
    ground: &Ground,
    account: &Account,
    reason: CloseReason,
) -> Result<Erased, ActError> {
    let user = account.user;
    let tombstone = shown_as(user);
    // First, so that nobody is there any more to add to what is deleted.
    let buried = ground.store.bury_account(user, tombstone.clone());
    buried.await?;
    ground.close(user, reason);
    let again = |error: ActError| match error {
        ActError::Failed(why) => ActError::Failed(format!(
            "{why}; the account is gone, but not all it said: run users erase {tombstone:?} --yes"
        )),
        error => error,
    };
    let channels = leave_all(ground, (user, &account.username));
    let channels = channels.await.map_err(again)?;
    settle(ground).await.map_err(again)?;
    let lines = blank(ground, user).await.map_err(again)?;
    let deleted = ground.store.delete_inbox(user).await;
    deleted.map_err(|cause| again(cause.into()))?;
    if let Some(server) = &ground.server {
        server
            .read_sanctions()
            .await
            .map_err(|cause| again(cause.into()))?;
    }
    Ok(Erased {
        shown_as: tombstone,
        lines,
        channels,
    })
}

/// Takes away a guest, or an account that a moderator declines, if it is of that kind still
/// and was not seen after that. The name is free; of what it said the text stays, under the
/// name of `tombstone`. Says whether it was done.
pub(crate) async fn bury(
    ground: &Ground,
    who: (UserId, &str),
    tombstone: String,
    kind: AccountKind,
    seen_by_ms: i64,
) -> Result<bool, ActError> {
    let (user, store) = (who.0, &ground.store);
    if !store.bury_if(user, tombstone, kind, seen_by_ms).await? {
        return Ok(false);
    }
    ground.close(user, CloseReason::SessionEnded);
    leave_all(ground, who).await?;
    store.delete_inbox(user).await?;
    Ok(true)
}

/// Waits until what the account had said already is in the store.
async fn settle(ground: &Ground) -> Result<(), ActError> {
    if let Some(server) = &ground.server {
        let settled = server.chat_log.settle().await;
        settled.map_err(|denial| ActError::Failed(denial.reason()))?;
    }
    Ok(())
}

async fn blank(ground: &Ground, user: UserId) -> Result<u64, ActError> {
    let (mut after, mut lines) = (0, 0);
    loop {
        let step = ground.store.blank_lines(user, after).await?;
        lines += step.lines;
        match step.next {
            Some(next) => after = next,
            None => return Ok(lines),
        }
    }
}

/// Takes the account out of its channels, as if it had left.
async fn leave_all(ground: &Ground, who: (UserId, &str)) -> Result<usize, ActError> {
    let memberships = ground.store.memberships(who.0).await?;
    let mut count = 0;
    for membership in memberships {
        if !membership.channel.is_lobby() {
            leave(ground, who, &membership).await?;
            count += 1;
        }
    }
    Ok(count)
}

async fn leave(
    ground: &Ground,
    (user, name): (UserId, &str),
    membership: &Membership,
) -> Result<(), ActError> {
    let channel = &membership.channel;
    let _change = ground.hold(&channel.name).await?;
    let heir = match ground.store.delete_member(channel.id, user).await? {
        Removed::NotAMember => return Ok(()),
        Removed::Out { heir } => heir,
        Removed::ChannelGone => None,
    };
    let Some(server) = &ground.server else {
        return Ok(());
    };
    let left = ServerPacket::Left {
        channel: channel.name.to_string(),
        reason: LeaveReason::Removed,
        by: Some(SPEAKER.to_owned()),
    };
    server
        .hub
        .leave(user, name, membership.role, channel.id, &left);
    if let Some((heir, username)) = heir {
        let changed = ServerPacket::RoleChanged {
            channel: channel.name.to_string(),
            username,
            role: Role::Owner,
            by: SPEAKER.to_owned(),
        };
        server.hub.set_role(channel.id, heir, Role::Owner, &changed);
    }
    Ok(())
}
