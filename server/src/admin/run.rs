//! Runs an act, and adds to the audit log what came of it.

use tracing::info;

use super::act::{Act, Actor, Order};
use super::ground::Ground;
use super::report::{ActError, Answer, AuditEntry, Report};
use super::sanctions::Term;
use super::{
    channels, erase, export, game_keys, gates, hall, lines, operators, reports, sanctions,
    sessions, tickets, users,
};
use crate::store::{NewAuditRow, StoreError};

/// Most characters of a reason.
const MAX_REASON_CHARS: usize = 500;
/// Most entries of any list.
pub(super) const MAX_LIMIT: usize = 1000;

/// Runs an act and notes it, also one that was refused.
///
/// # Errors
/// See [`ActError`]. [`ActError::Failed`] also when it was done and could not be noted.
pub(crate) async fn run(ground: &Ground, actor: &Actor, order: Order) -> Result<Answer, ActError> {
    let Order { act, reason } = order;
    let reason: String = reason
        .unwrap_or_default()
        .chars()
        .take(MAX_REASON_CHARS)
        .collect();
    let (verb, subject) = (act.verb(), act.subject());
    let text = serde_json::to_string(&act).unwrap_or_default();
    let is_noted = act.is_noted();
    let done = do_it(ground, actor, &reason, act).await;
    if is_noted {
        let outcome = match &done {
            Ok(_) => "done".to_owned(),
            Err(ActError::NotFound(why)) => format!("not found: {why}"),
            Err(ActError::Refused(why)) => format!("refused: {why}"),
            Err(ActError::Failed(why)) => format!("failed: {why}"),
        };
        info!(
            actor = actor.name,
            via = actor.via,
            verb,
            subject,
            outcome,
            "an operator acts"
        );
        let row = NewAuditRow {
            subject,
            act: text,
            reason,
            outcome,
            ..row(ground, actor, verb)
        };
        if let Err(cause) = ground.store.insert_audit(row).await {
            let what = match &done {
                Ok(_) => "it was done".to_owned(),
                Err(error) => format!("it was not done ({error})"),
            };
            let text = format!("{what}, but the audit log could not be written: {cause}");
            return Err(ActError::Failed(text));
        }
    }
    let report = done?;
    Ok(Answer {
        note: note_for_others(ground, &report),
        report,
    })
}

/// Notes what an operator has done that is no act.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn note(
    ground: &Ground,
    actor: &Actor,
    verb: &'static str,
) -> Result<(), StoreError> {
    ground.store.insert_audit(row(ground, actor, verb)).await
}

/// What is noted of something that was done and is about nobody else.
fn row(ground: &Ground, actor: &Actor, verb: &str) -> NewAuditRow {
    NewAuditRow {
        at_ms: ground.now_ms(),
        actor: actor.name.clone(),
        via: actor.via.clone(),
        verb: verb.to_owned(),
        subject: String::new(),
        act: "{}".to_owned(),
        reason: String::new(),
        outcome: "done".to_owned(),
    }
}

/// What servers that are not told of an act will make of it.
fn note_for_others(ground: &Ground, report: &Report) -> Option<String> {
    if !ground.is_shared {
        return None;
    }
    let text = match report {
        Report::Renamed { .. }
        | Report::NewPassword { .. }
        | Report::Erased { .. }
        | Report::Declined { .. }
        | Report::SessionsClosed { .. }
        | Report::ChannelDeleted { .. }
        | Report::Given { .. }
        | Report::Slowed { .. }
        | Report::Filtered { .. }
        | Report::LinesDeleted { .. }
        | Report::Kicked { .. }
        | Report::Announced { .. } => {
            "no server runs here: servers elsewhere that have this database open hear of it \
             late or when they start again. Run it where one of them runs"
        }
        Report::Sanctioned(_)
        | Report::Lifted { .. }
        | Report::ReportClosed { .. }
        | Report::ServerRole { .. }
        | Report::LockedDown { .. }
        | Report::LockdownEnded
        | Report::TicketKeysRotated { .. }
        | Report::Approved { .. } => {
            "no server runs here: servers elsewhere that have this database open hear of it \
             within seconds"
        }
        Report::Status(_)
        | Report::Users { .. }
        | Report::User(_)
        | Report::Staff { .. }
        | Report::NewCode { .. }
        | Report::AccountKept { .. }
        // The store is asked each time.
        | Report::NewInvite { .. }
        | Report::Invites { .. }
        | Report::InviteRemoved { .. }
        | Report::Export(_)
        | Report::Sessions { .. }
        | Report::Channels { .. }
        | Report::Channel(_)
        | Report::Draining { .. }
        | Report::DrainCancelled
        | Report::Lines { .. }
        | Report::Reports { .. }
        | Report::PlayerReport { .. }
        | Report::Sanctions { .. }
        | Report::PastSanctions { .. }
        | Report::Audit { .. }
        | Report::TicketKeys { .. }
        | Report::Operators { .. }
        | Report::NewOperator { .. }
        | Report::OperatorRole { .. }
        | Report::OperatorRemoved { .. }
        | Report::NewGameKey { .. }
        | Report::GameKeys { .. }
        | Report::GameKeyRemoved { .. } => return None,
    };
    Some(text.to_owned())
}

async fn do_it(ground: &Ground, actor: &Actor, reason: &str, act: Act) -> Result<Report, ActError> {
    match act {
        Act::Status => hall::status(ground).await,
        Act::UsersList {
            search,
            waiting,
            after,
            limit,
            deleting,
        } => {
            let (search, after) = (search.as_deref(), after.as_deref());
            users::list(ground, search, waiting, after, limit, deleting).await
        }
        Act::UsersKeep { name } => users::keep(ground, &name).await,
        Act::UsersApprove { name } => gates::approve(ground, &name).await,
        Act::UsersDecline { name } => gates::decline(ground, &name).await,
        Act::InvitesAdd { uses, for_s, note } => {
            gates::add_invite(ground, actor, uses, for_s, note).await
        }
        Act::InvitesList => gates::invites(ground).await,
        Act::InvitesRemove { invite } => gates::remove_invite(ground, invite).await,
        Act::UsersShow { name } => users::show(ground, &name).await,
        Act::UsersRename { name, new_name } => users::rename(ground, &name, &new_name).await,
        Act::UsersResetPassword { name } => users::reset_password(ground, &name).await,
        Act::UsersSetRole { name, role } => users::set_role(ground, &name, &role).await,
        Act::UsersStaff => users::staff(ground).await,
        Act::UsersResetCode { name } => users::reset_code(ground, &name).await,
        Act::UsersErase { name, yes } => erase::erase(ground, &name, yes).await,
        Act::UsersExport { name, after } => export::page(ground, &name, after).await,
        Act::SessionsList { name } => sessions::list(ground, &name).await,
        Act::SessionsClose { session } => sessions::close(ground, session).await,
        Act::SessionsCloseAll { name } => sessions::close_all(ground, &name).await,
        Act::ChannelsList {
            search,
            after,
            limit,
        } => channels::list(ground, search.as_deref(), after.as_deref(), limit).await,
        Act::ChannelsShow { channel } => channels::show(ground, &channel).await,
        Act::ChannelsDelete { channel } => channels::delete(ground, &channel).await,
        Act::ChannelsGive { channel, to } => channels::give(ground, &channel, &to).await,
        Act::ChannelsSlow { channel, seconds } => channels::slow(ground, &channel, seconds).await,
        Act::ChannelsFilter { channel, mode } => channels::filter(ground, &channel, &mode).await,
        Act::ReportsList {
            open,
            before,
            limit,
        } => reports::list(ground, open, before, limit).await,
        Act::ReportsShow { report } => reports::show(ground, report).await,
        Act::ReportsClose {
            report,
            outcome,
            text,
        } => reports::close(ground, actor, report, &outcome, &text).await,
        Act::LinesList {
            channel,
            before,
            limit,
        } => lines::list(ground, &channel, before, limit).await,
        Act::LinesDelete { channel, seq } => lines::delete(ground, &channel, seq).await,
        Act::LinesDeleteBy {
            channel,
            name,
            since_s,
            at_most,
        } => lines::delete_by(ground, channel.as_deref(), &name, since_s, at_most).await,
        Act::Ban {
            whom,
            for_s,
            next_step,
            channel,
        } => {
            let term = Term { for_s, next_step };
            sanctions::ban(ground, actor, reason, &whom, channel.as_deref(), term).await
        }
        Act::Unban { whom, channel } => sanctions::unban(ground, &whom, channel.as_deref()).await,
        Act::Mute {
            name,
            for_s,
            next_step,
            channel,
        } => {
            let term = Term { for_s, next_step };
            sanctions::mute(ground, actor, reason, &name, channel.as_deref(), term).await
        }
        Act::Unmute { name, channel } => sanctions::unmute(ground, &name, channel.as_deref()).await,
        Act::Kick { name, channel } => {
            sanctions::kick(ground, actor, reason, &name, channel.as_deref()).await
        }
        Act::SanctionsHistory { name } => sanctions::history(ground, &name).await,
        Act::Lockdown { for_s } => sanctions::lock_down(ground, actor, reason, for_s).await,
        Act::LockdownEnd => sanctions::end_lockdown(ground).await,
        Act::SanctionsList => sanctions::list(ground).await,
        Act::Announce { text } => hall::announce(ground, &text).await,
        Act::Drain { in_s } => hall::drain(ground, in_s).await,
        Act::DrainCancel => hall::cancel_drain(ground).await,
        Act::Audit {
            since_s,
            before,
            limit,
        } => audit(ground, since_s, before, limit).await,
        Act::TicketsKeys => tickets::show(ground).await,
        Act::TicketsRotate { now } => tickets::rotate(ground, now).await,
        Act::OperatorsList => operators::list(ground).await,
        Act::OperatorsAdd { name, role } => operators::add(ground, &name, &role).await,
        Act::OperatorsSetRole { name, role } => {
            operators::set_role(ground, actor, &name, &role).await
        }
        Act::OperatorsReset { name } => operators::reset(ground, &name).await,
        Act::OperatorsRemove { name } => operators::remove(ground, actor, &name).await,
        Act::GameKeysAdd {
            name,
            scopes,
            for_s,
        } => game_keys::add(ground, name, &scopes, for_s).await,
        Act::GameKeysList => game_keys::list(ground).await,
        Act::GameKeysRemove { name } => game_keys::remove(ground, name).await,
    }
}

async fn audit(
    ground: &Ground,
    since_s: Option<u64>,
    before: Option<i64>,
    limit: usize,
) -> Result<Report, ActError> {
    let since_ms = since_s.map_or(0, |seconds| ago(ground, seconds));
    let limit = limit.clamp(1, MAX_LIMIT);
    let rows = ground.store.audit(since_ms, before, limit).await?;
    let entries = rows.into_iter().map(|found| {
        let row = found.row;
        AuditEntry {
            id: found.id,
            at_ms: row.at_ms,
            actor: row.actor,
            via: row.via,
            verb: row.verb,
            subject: row.subject,
            act: row.act,
            reason: row.reason,
            outcome: row.outcome,
        }
    });
    Ok(Report::Audit {
        entries: entries.collect(),
    })
}

/// The time so many seconds ago.
pub(super) fn ago(ground: &Ground, seconds: u64) -> i64 {
    ground.now_ms().saturating_sub(millis(seconds))
}

/// Seconds as milliseconds.
pub(super) fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds).map_or(i64::MAX, |seconds| seconds.saturating_mul(1000))
}
