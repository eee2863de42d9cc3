//! Accounts: listed, shown, renamed, given another password.

use longhall_packet::{CloseReason, NameKeys, Password, ServerRole, Username};

use super::ground::Ground;
use super::report::{
    ActError, InvitedTo, Place, Report, SanctionRow, StaffRow, Told, UserDetails, UserRow,
};
use super::run::MAX_LIMIT;
use super::sanctions::row_of;
use crate::store::{Account, AccountKind, ERASED_HASH, Kept, SanctionOn};
use crate::{last_login, recovery_codes};

/// What passwords are made of: nothing that is mistaken for something else when it is
/// read out. 32 of them, so that a byte gives each as often.
pub(super) const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of a new password: 100 bits that nobody guesses.
const PASSWORD_LETTERS: usize = 20;
/// How long a code works that an operator gives out: a day.
const CODE_LASTS_MS: i64 = 24 * 60 * 60 * 1000;
/// Letters between two dashes.
const GROUP: usize = 5;

pub(super) async fn list(
    ground: &Ground,
    search: Option<&str>,
    waiting: bool,
    after: Option<&str>,
    limit: usize,
    deleting: bool,
) -> Result<Report, ActError> {
    let key = |text: Option<&str>| text.map(NameKeys::name_of).unwrap_or_default();
    let limit = limit.clamp(1, MAX_LIMIT);
    let kind = waiting.then_some(AccountKind::Waiting);
    let (search, after, by_ms) = (key(search), key(after), ground.ended_by_ms());
    let found = ground
        .store
        .accounts(&search, &after, kind, limit, deleting, by_ms)
        .await?;
    let is_full = found.len() == limit;
    let last = found.last().map(|account| account.username.clone());
    Ok(Report::Users {
        after: last.filter(|_| is_full),
        users: found.iter().map(|account| row(ground, account)).collect(),
    })
}

fn row(ground: &Ground, account: &Account) -> UserRow {
    UserRow {
        id: account.user.0,
        username: account.username.clone(),
        created_at_ms: account.created_at_ms,
        sessions: account.sessions,
        last_seen_at_ms: account.last_seen_at_ms,
        online: ground.is_online(account),
        deleted_at_ms: account.deleted_at_ms,
        kind: account.kind.name().to_owned(),
    }
}

pub(super) async fn show(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let details = details(ground, &account).await?;
    Ok(Report::User(Box::new(details)))
}

pub(super) async fn details(ground: &Ground, account: &Account) -> Result<UserDetails, ActError> {
    let (user, store) = (account.user, &ground.store);
    let memberships = store.memberships(user).await?;
    let blocks = store.blocks(user).await?;
    let invitations = store.invitations(user).await?;
    let sanctions = store.sanctions(ground.now_ms()).await?;
    let safety = store.safety(user).await?;
    Ok(UserDetails {
        row: row(ground, account),
        channels: memberships
            .into_iter()
            .map(|membership| Place {
                channel: membership.channel.name.to_string(),
                role: membership.role.name().to_owned(),
                read_seq: membership.read_seq,
            })
            .collect(),
        blocks: blocks.into_iter().map(|(_, name)| name).collect(),
        invitations: invitations
            .into_iter()
            .map(|invitation| InvitedTo {
                channel: invitation.channel,
                by: invitation.by,
            })
            .collect(),
        sanctions: sanctions
            .iter()
            .filter(|sanction| sanction.on == SanctionOn::Account(user))
            .map(row_of)
            .collect::<Vec<SanctionRow>>(),
        second_factor: safety.second_factor.is_some(),
        recovery_codes_left: safety.recovery_codes_left,
        last_login: safety.last_login.map(last_login::told),
    })
}

/// The operator's word counts at once and is no news to everybody: connections are closed as
/// by a restart, and games come back with the new name.
pub(super) async fn rename(
    ground: &Ground,
    name: &str,
    new_name: &str,
) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let new_name = Username::parse(new_name)
        .map_err(|denial| ActError::Refused(format!("{new_name:?}: {}", denial.reason())))?;
    let keys = new_name.keys();
    let taken = || ActError::Refused(format!("{:?} is taken", new_name.as_str()));
    if ground.is_reserved(&keys) {
        let text = format!("{:?} is a reserved name", new_name.as_str());
        return Err(ActError::Refused(text));
    }
    let renamed = ground
        .store
        .rename_account(account.user, new_name.to_string(), keys);
    if !renamed.await? {
        return Err(taken());
    }
    ground.close(account.user, CloseReason::Restarting);
    Ok(Report::Renamed {
        was: account.username,
        username: new_name.to_string(),
    })
}

/// Keeps an account that its player has deleted, as long as its time is not over.
pub(super) async fn keep(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let kept = ground
        .store
        .keep_account(account.user, ground.ended_by_ms());
    match kept.await? {
        Kept::Kept => Ok(Report::AccountKept {
            username: account.username,
        }),
        Kept::NotMarked => {
            let text = format!("{} is not to be deleted", account.username);
            Err(ActError::NotFound(text))
        }
        Kept::TooLate => {
            let text = format!(
                "the time of {} is over, it is being deleted",
                account.username
            );
            Err(ActError::Refused(text))
        }
    }
}

pub(super) async fn reset_password(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let (text, hash) = new_password(ground).await?;
    let ended = ground.store.replace_password(account.user, hash).await?;
    ground.close(account.user, CloseReason::SessionEnded);
    Ok(Report::NewPassword {
        username: account.username,
        password: Told(text),
        sessions_ended: ended.len(),
    })
}

/// Other servers of the store hear of it within seconds, as of bans.
pub(super) async fn set_role(ground: &Ground, name: &str, role: &str) -> Result<Report, ActError> {
    let Some(role) = ServerRole::from_name(role) else {
        let all: Vec<_> = ServerRole::ALL.iter().map(|role| role.name()).collect();
        let text = format!("{role:?} is no role: {}", all.join(", "));
        return Err(ActError::Refused(text));
    };
    let account = ground.account(name).await?;
    ground.store.set_server_role(account.user, role).await?;
    if let Some(server) = &ground.server {
        server.read_sanctions().await?;
    }
    Ok(Report::ServerRole {
        username: account.username,
        role: role.name().to_owned(),
    })
}

pub(super) async fn staff(ground: &Ground) -> Result<Report, ActError> {
    let staff = ground.store.staff().await?.into_iter();
    Ok(Report::Staff {
        staff: staff
            .map(|one| StaffRow {
                username: one.username,
                role: one.role.name().to_owned(),
            })
            .collect(),
    })
}

/// Nothing changes until the player uses the code: who lost everything chooses a password of
/// their own, and the operator never knows one.
pub(super) async fn reset_code(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let user = ground.store.user_by_name(&account.name_key).await?;
    if user.is_none_or(|user| user.password_hash == ERASED_HASH) {
        let text = format!("nobody logs in to {:?}", account.username);
        return Err(ActError::Refused(text));
    }
    let code = recovery_codes::new_code().map_err(|denial| ActError::Failed(denial.reason()))?;
    let until_ms = ground.now_ms().saturating_add(CODE_LASTS_MS);
    let hash = recovery_codes::hash(&code);
    let given = ground.store.give_code(account.user, hash, until_ms);
    given.await?;
    Ok(Report::NewCode {
        username: account.username,
        code: Told(code.expose().to_owned()),
        until_ms,
    })
}

/// A random password and its hash.
pub(super) async fn new_password(ground: &Ground) -> Result<(String, String), ActError> {
    let text = random_password()?;
    let password = Password::parse(&text)
        .map_err(|denial| ActError::Failed(format!("the new password: {}", denial.reason())))?;
    let hash = ground.hash(password).await?;
    Ok((text, hash))
}

/// Twenty letters that are not mistaken for others, in groups: a hundred random bits.
pub(super) fn random_password() -> Result<String, ActError> {
    let mut bytes = [0; PASSWORD_LETTERS];
    getrandom::fill(&mut bytes)
        .map_err(|cause| ActError::Failed(format!("no random numbers: {cause}")))?;
    let mut password = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_one_and_another_one_each_time() {
        let password = random_password().unwrap();
        assert_eq!(password.len(), PASSWORD_LETTERS + 3);
        Password::parse(&password).unwrap();
        assert_ne!(password, random_password().unwrap());
    }
}
