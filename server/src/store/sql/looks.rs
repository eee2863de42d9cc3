//! The keys by which names that look alike are found: made anew when the rule has
//! changed.

use std::collections::HashMap;

use longhall_packet::NameKeys;

use super::{Db, Engine, Lock, NotUnderstood, small};

/// Accounts whose keys are made anew at a time.
const STEP: i64 = 1000;

/// Whether a newer program has made the keys, by a rule that this one does not know. What
/// it would look for or write by its own would not be found there.
pub(in crate::store) fn is_newer<D: Db>(db: &mut D) -> Result<bool, D::Error> {
    Ok(rule(db)? > NameKeys::RULE)
}

/// # Errors
/// When a newer program has made the keys: ours would not be compared with those.
pub(super) fn check_rule<D: Db>(db: &mut D) -> Result<(), D::Error> {
    if is_newer(db)? {
        return Err(NotUnderstood::new(
            "a newer server has another rule for names that look alike, only newer servers \
             give names now",
        )
        .into());
    }
    Ok(())
}

/// Makes the keys of all accounts by the program's rule. Returns which accounts look
/// alike, if anything was to do.
pub(in crate::store) fn renew<D: Engine>(db: &mut D) -> Result<Vec<Vec<String>>, D::Error> {
    if rule(db)? == NameKeys::RULE {
        return Ok(Vec::new());
    }
    // No other server makes an account by the old rule meanwhile.
    db.lock(Lock::UserNames)?;
    let mut last = 0;
    loop {
        let users = db.all(
            "SELECT id, username FROM users WHERE id > ?1 ORDER BY id LIMIT ?2",
            &[last.into(), STEP.into()],
            |row| Ok((row.int(0)?, row.text(1)?)),
        )?;
        let Some((newest, _)) = users.last() else {
            break;
        };
        last = *newest;
        for (id, username) in users {
            let keys = NameKeys::of(&username);
            db.execute(
                "UPDATE users SET look_key = ?2, capitals_key = ?3
                 WHERE id = ?1 AND (look_key != ?2 OR capitals_key != ?3)",
                &[id.into(), (&keys.look).into(), (&keys.capitals).into()],
            )?;
        }
    }
    let old_names = db.all("SELECT id, username FROM old_names", &[], |row| {
        Ok((row.int(0)?, row.text(1)?))
    })?;
    for (id, username) in old_names {
        let keys = NameKeys::of(&username);
        db.execute(
            "UPDATE old_names SET look_key = ?2, capitals_key = ?3 WHERE id = ?1",
            &[id.into(), (&keys.look).into(), (&keys.capitals).into()],
        )?;
    }
    db.execute(
        "UPDATE name_key_rule SET version = ?1",
        &[i64::from(NameKeys::RULE).into()],
    )?;
    alike(db)
}

fn rule<D: Db>(db: &mut D) -> Result<u32, D::Error> {
    db.one("SELECT version FROM name_key_rule", &[], |row| {
        small(row.int(0)?)
    })
}

/// The names of accounts that look alike, together, the oldest first.
fn alike<D: Db>(db: &mut D) -> Result<Vec<Vec<String>>, D::Error> {
    let accounts = db.all(
        "SELECT username, look_key, capitals_key FROM users
         WHERE look_key IN (SELECT look_key FROM users GROUP BY look_key HAVING count(*) > 1)
            OR capitals_key IN
                (SELECT capitals_key FROM users GROUP BY capitals_key HAVING count(*) > 1)
         ORDER BY id",
        &[],
        |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
    )?;
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut group_of: HashMap<String, usize> = HashMap::new();
    for (username, look, capitals) in accounts {
        // A look and a look in capitals are different keys, whatever they say.
        let look = format!("l{look}");
        let capitals = format!("c{capitals}");
        let (by_look, by_capitals) = (
            group_of.get(&look).copied(),
            group_of.get(&capitals).copied(),
        );
        let group = by_look.or(by_capitals).unwrap_or(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        if let Some(other) = by_capitals.filter(|other| *other != group) {
            // The account is like both of them, and brings them together.
            let names = std::mem::take(&mut groups[other]);
            groups[group].extend(names);
            for known in group_of.values_mut().filter(|known| **known == other) {
                *known = group;
            }
        }
        groups[group].push(username);
        group_of.insert(look, group);
        group_of.insert(capitals, group);
    }
    groups.retain(|names| names.len() > 1);
    Ok(groups)
}
