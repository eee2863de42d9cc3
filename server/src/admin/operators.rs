//! Who may sign in to the console.

use longhall_packet::{NameKeys, Username};

use super::act::Actor;
use super::ground::Ground;
use super::report::{ActError, OperatorRow, Report, Told};
use super::users::new_password;
use crate::store::{NewOperator, Operator, OperatorChange, OperatorRole};

pub(super) async fn list(ground: &Ground) -> Result<Report, ActError> {
    let found = ground.store.operators().await?;
    Ok(Report::Operators {
        operators: found.into_iter().map(row).collect(),
    })
}

fn row(operator: Operator) -> OperatorRow {
    OperatorRow {
        name: operator.name,
        role: operator.role.name().to_owned(),
        totp: operator.totp_secret.is_some(),
        must_change_password: operator.must_change,
        created_at_ms: operator.created_at_ms,
        last_seen_at_ms: operator.last_seen_at_ms,
    }
}

pub(super) async fn add(ground: &Ground, name: &str, role: &str) -> Result<Report, ActError> {
    let role = role_of(role)?;
    // Names that look like nothing, or like another's, help nobody in an audit log.
    let name = Username::parse(name)
        .map_err(|denial| ActError::Refused(format!("{name:?}: {}", denial.reason())))?;
    let (password, password_hash) = new_password(ground).await?;
    let new = NewOperator {
        name: name.to_string(),
        name_key: name.name_key(),
        role,
        password_hash,
        created_at_ms: ground.now_ms(),
    };
    if !ground.store.insert_operator(new).await? {
        let text = format!("there is an operator {:?} already", name.as_str());
        return Err(ActError::Refused(text));
    }
    Ok(new_operator(name.to_string(), role, password))
}

pub(super) async fn set_role(
    ground: &Ground,
    actor: &Actor,
    name: &str,
    role: &str,
) -> Result<Report, ActError> {
    let role = role_of(role)?;
    let operator = find(ground, name).await?;
    let keeps_admin = actor.is_in_console();
    let change = OperatorChange::Role { role, keeps_admin };
    if !ground.store.change_operator(operator.id, change).await? {
        return Err(refused(&operator));
    }
    Ok(Report::OperatorRole {
        name: operator.name,
        role: role.name().to_owned(),
    })
}

pub(super) async fn reset(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let operator = find(ground, name).await?;
    let (password, hash) = new_password(ground).await?;
    let change = OperatorChange::Reset { hash };
    if !ground.store.change_operator(operator.id, change).await? {
        return Err(missing(name));
    }
    Ok(new_operator(operator.name, operator.role, password))
}

pub(super) async fn remove(ground: &Ground, actor: &Actor, name: &str) -> Result<Report, ActError> {
    let operator = find(ground, name).await?;
    let keeps_admin = actor.is_in_console();
    let change = OperatorChange::Gone { keeps_admin };
    if !ground.store.change_operator(operator.id, change).await? {
        return Err(refused(&operator));
    }
    Ok(Report::OperatorRemoved {
        name: operator.name,
    })
}

async fn find(ground: &Ground, name: &str) -> Result<Operator, ActError> {
    let found = ground.store.operator(&NameKeys::name_of(name)).await?;
    found.ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ActError {
    ActError::NotFound(format!("there is no operator {name:?}"))
}

/// It is gone by now, or the last who can change anything here.
fn refused(operator: &Operator) -> ActError {
    ActError::Refused(format!(
        "{:?} is the only admin of the console: make somebody else one first",
        operator.name
    ))
}

fn role_of(role: &str) -> Result<OperatorRole, ActError> {
    let unknown = || ActError::Refused(format!("{role:?} is no role: viewer, moderator or admin"));
    OperatorRole::from_name(role).ok_or_else(unknown)
}

fn new_operator(name: String, role: OperatorRole, password: String) -> Report {
    Report::NewOperator {
        name,
        role: role.name().to_owned(),
        password: Told(password),
    }
}
