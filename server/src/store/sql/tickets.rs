//! What tickets are signed with, and which were used.

use longhall_ticket::SigningKey;

use super::{Db, Engine, Lock, NotUnderstood};
use crate::store::TicketKey;

pub(in crate::store) fn keys<D: Db>(db: &mut D) -> Result<Vec<TicketKey>, D::Error> {
    db.all(
        "SELECT secret, made_at_ms, signs_from_ms FROM ticket_keys ORDER BY signs_from_ms, id",
        &[],
        |row| {
            let secret = zeroize::Zeroizing::new(row.text(0)?);
            let key = SigningKey::from_text(&secret);
            Ok(TicketKey {
                // Without the text: whoever has it can sign.
                key: key.ok_or_else(|| NotUnderstood::new("a key for tickets is none"))?,
                made_at_ms: row.int(1)?,
                signs_from_ms: row.int(2)?,
            })
        },
    )
}

pub(in crate::store) fn insert_key<D: Engine>(
    db: &mut D,
    key: &TicketKey,
    behind: Option<&str>,
) -> Result<bool, D::Error> {
    db.lock(Lock::TicketKeys)?;
    let newest = db.optional(
        "SELECT name FROM ticket_keys ORDER BY signs_from_ms DESC, id DESC LIMIT 1",
        &[],
        |row| row.text(0),
    )?;
    if newest.as_deref() != behind {
        return Ok(false);
    }
    add(db, key)?;
    Ok(true)
}

pub(in crate::store) fn replace_keys<D: Engine>(
    db: &mut D,
    key: &TicketKey,
) -> Result<(), D::Error> {
    db.lock(Lock::TicketKeys)?;
    db.execute("DELETE FROM ticket_keys", &[])?;
    add(db, key)
}

fn add<D: Db>(db: &mut D, key: &TicketKey) -> Result<(), D::Error> {
    let secret = key.key.seed();
    db.execute(
        "INSERT INTO ticket_keys (name, secret, made_at_ms, signs_from_ms)
         VALUES (?1, ?2, ?3, ?4)",
        &[
            key.key.id().into(),
            secret.as_str().into(),
            key.made_at_ms.into(),
            key.signs_from_ms.into(),
        ],
    )?;
    Ok(())
}

pub(in crate::store) fn forget_keys<D: Db>(db: &mut D, by_ms: i64) -> Result<(), D::Error> {
    db.execute(
        "DELETE FROM ticket_keys WHERE EXISTS
             (SELECT 1 FROM ticket_keys AS later
              WHERE later.signs_from_ms > ticket_keys.signs_from_ms
                AND later.signs_from_ms <= ?1)",
        &[by_ms.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn use_up<D: Db>(
    db: &mut D,
    name: &str,
    ends_at_ms: i64,
    now_ms: i64,
) -> Result<bool, D::Error> {
    db.execute(
        "DELETE FROM used_tickets WHERE ends_at_ms <= ?1",
        &[now_ms.into()],
    )?;
    let used = db.execute(
        "INSERT INTO used_tickets (ticket, ends_at_ms) VALUES (?1, ?2)
         ON CONFLICT (ticket) DO NOTHING",
        &[name.into(), ends_at_ms.into()],
    )?;
    Ok(used > 0)
}
