//! Who gets an account: invites, and accounts that wait to be let in.

use longhall_packet::{CloseReason, InviteCode};

use super::act::Actor;
use super::erase;
use super::ground::Ground;
use super::report::{ActError, InviteRow, Report, Told};
use super::run::millis;
use super::users::random_password;
use crate::registration;
use crate::store::{AccountKind, NewInvite};

/// Most accounts of one invite.
const MOST_USES: u32 = 100_000;
/// Longest that an invite is good, but for good: a hundred years.
const LONGEST_S: u64 = 100 * 365 * 24 * 60 * 60;
/// Most signs of a note.
const LONGEST_NOTE: usize = 200;

pub(super) async fn add_invite(
    ground: &Ground,
    actor: &Actor,
    uses: u32,
    for_s: Option<u64>,
    note: String,
) -> Result<Report, ActError> {
    if uses == 0 || uses > MOST_USES {
        let text = format!("an invite is good for 1 to {MOST_USES} accounts");
        return Err(ActError::Refused(text));
    }
    if for_s.is_some_and(|seconds| seconds == 0 || seconds > LONGEST_S) {
        let text = "an invite is good for a second at least; for good, leave the time out";
        return Err(ActError::Refused(text.to_owned()));
    }
    if note.chars().count() > LONGEST_NOTE {
        let text = format!("a note has at most {LONGEST_NOTE} characters");
        return Err(ActError::Refused(text));
    }
    let text = random_password()?;
    let code = InviteCode::parse(&text)
        .ok_or_else(|| ActError::Failed("no letters for a code".to_owned()))?;
    let now_ms = ground.now_ms();
    let until_ms = for_s.map(|seconds| now_ms.saturating_add(millis(seconds)));
    let new = NewInvite {
        code: registration::hash(&code),
        uses,
        until_ms,
        created_at_ms: now_ms,
        made_by: actor.name.clone(),
        note,
    };
    let invite = ground.store.insert_invite(new).await?;
    Ok(Report::NewInvite {
        invite,
        code: Told(text),
        uses,
        until_ms,
    })
}

pub(super) async fn invites(ground: &Ground) -> Result<Report, ActError> {
    let now_ms = ground.now_ms();
    let invites = ground.store.invites().await?.into_iter();
    let rows = invites.map(|invite| InviteRow {
        invite: invite.id,
        good: invite.is_good(now_ms),
        uses_left: invite.uses_left,
        uses: invite.uses,
        until_ms: invite.until_ms,
        since_ms: invite.created_at_ms,
        by: invite.made_by,
        note: invite.note,
    });
    Ok(Report::Invites {
        invites: rows.collect(),
    })
}

pub(super) async fn remove_invite(ground: &Ground, invite: i64) -> Result<Report, ActError> {
    match ground.store.delete_invite(invite).await? {
        true => Ok(Report::InviteRemoved { invite }),
        false => Err(ActError::NotFound(format!("there is no invite {invite}"))),
    }
}

/// Who was a guest before is online, and comes back without a guest's limits.
pub(super) async fn approve(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    if !ground.store.approve(account.user).await? {
        return Err(waits_not(&account.username));
    }
    ground.close(account.user, CloseReason::Restarting);
    Ok(Report::Approved {
        username: account.username,
    })
}

pub(super) async fn decline(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let user = account.user;
    let buried = erase::bury(
        ground,
        (user, &account.username),
        format!("(declined {user})"),
        AccountKind::Waiting,
        i64::MAX,
    );
    match buried.await? {
        true => Ok(Report::Declined {
            username: account.username,
        }),
        false => Err(waits_not(&account.username)),
    }
}

fn waits_not(username: &str) -> ActError {
    ActError::NotFound(format!("{username} does not wait to be let in"))
}
