//! Keys by which games' own servers ask for things.

use super::{Db, Row};
use crate::store::game_keys::{scopes_of, scopes_text};
use crate::store::{GameKey, GameKeyHash, NewGameKey};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            // No time is negative.
            "SELECT id, name, scopes, created_at_ms, last_used_at_ms, coalesce(until_ms, -1)
             FROM game_keys ",
            $rest
        )
    };
}

fn game_key<E>(row: &dyn Row<E>) -> Result<GameKey, E> {
    let until_ms = row.int(5)?;
    Ok(GameKey {
        id: row.int(0)?,
        name: row.text(1)?,
        scopes: scopes_of(&row.text(2)?),
        created_at_ms: row.int(3)?,
        last_used_at_ms: row.int(4)?,
        until_ms: (until_ms >= 0).then_some(until_ms),
    })
}

pub(in crate::store) fn insert<D: Db>(db: &mut D, new: &NewGameKey) -> Result<bool, D::Error> {
    let added = db.execute(
        "INSERT INTO game_keys (name, key_hash, scopes, created_at_ms, last_used_at_ms, until_ms)
         VALUES (?1, ?2, ?3, ?4, 0, ?5)
         ON CONFLICT (name) DO NOTHING",
        &[
            (&new.name).into(),
            (&new.hash.0).into(),
            (&scopes_text(&new.scopes)).into(),
            new.created_at_ms.into(),
            new.until_ms.into(),
        ],
    )?;
    Ok(added > 0)
}

pub(in crate::store) fn by_hash<D: Db>(
    db: &mut D,
    hash: GameKeyHash,
) -> Result<Option<GameKey>, D::Error> {
    db.optional(
        select!("WHERE key_hash = ?1"),
        &[(&hash.0).into()],
        game_key,
    )
}

pub(in crate::store) fn list<D: Db>(db: &mut D) -> Result<Vec<GameKey>, D::Error> {
    db.all(select!("ORDER BY name"), &[], game_key)
}

pub(in crate::store) fn set_used<D: Db>(db: &mut D, id: i64, now_ms: i64) -> Result<(), D::Error> {
    db.execute(
        "UPDATE game_keys SET last_used_at_ms = ?2 WHERE id = ?1 AND last_used_at_ms < ?2",
        &[id.into(), now_ms.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn delete<D: Db>(db: &mut D, name: &str) -> Result<bool, D::Error> {
    let deleted = db.execute("DELETE FROM game_keys WHERE name = ?1", &[name.into()])?;
    Ok(deleted > 0)
}
