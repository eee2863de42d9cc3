//! Keys by which games' own servers ask for things.

use super::ground::Ground;
use super::report::{ActError, GameKeyRow, Report, Told};
use super::run::millis;
use super::users::LETTERS;
use crate::game_key;
use crate::store::{GameKey, NewGameKey, Scope};

/// Letters of a key behind its prefix, of 32: 160 bits.
const KEY_LETTERS: usize = 32;
/// Most characters of a name.
const LONGEST_NAME: usize = 32;
/// Most keys there may be.
const MOST_KEYS: usize = 1000;
/// Longest that a key is good, but for good: a hundred years.
const LONGEST_S: u64 = 100 * 365 * 24 * 60 * 60;

pub(super) async fn add(
    ground: &Ground,
    name: String,
    scopes: &[String],
    for_s: Option<u64>,
) -> Result<Report, ActError> {
    check_name(&name)?;
    let scopes = scopes_of(scopes)?;
    if for_s.is_some_and(|seconds| seconds == 0 || seconds > LONGEST_S) {
        let text = "a key is good for a second at least; for good, leave the time out";
        return Err(ActError::Refused(text.to_owned()));
    }
    if ground.store.game_keys().await?.len() >= MOST_KEYS {
        let text = format!("there are {MOST_KEYS} keys already: remove one first");
        return Err(ActError::Refused(text));
    }
    let text = new_key()?;
    let now_ms = ground.now_ms();
    let until_ms = for_s.map(|seconds| now_ms.saturating_add(millis(seconds)));
    let new = NewGameKey {
        name: name.clone(),
        hash: game_key::hash(&text),
        scopes: scopes.clone(),
        created_at_ms: now_ms,
        until_ms,
    };
    if !ground.store.insert_game_key(new).await? {
        let text =
            format!("there is a key {name:?} already; remove it first, or choose another name");
        return Err(ActError::Refused(text));
    }
    Ok(Report::NewGameKey {
        name,
        scopes: names(&scopes),
        key: Told(text),
        until_ms,
    })
}

pub(super) async fn list(ground: &Ground) -> Result<Report, ActError> {
    let now_ms = ground.now_ms();
    let keys = ground.store.game_keys().await?.into_iter();
    Ok(Report::GameKeys {
        keys: keys.map(|key| row(key, now_ms)).collect(),
    })
}

fn row(key: GameKey, now_ms: i64) -> GameKeyRow {
    GameKeyRow {
        good: key.is_good(now_ms),
        scopes: names(&key.scopes),
        name: key.name,
        created_at_ms: key.created_at_ms,
        last_used_at_ms: key.last_used_at_ms,
        until_ms: key.until_ms,
    }
}

pub(super) async fn remove(ground: &Ground, name: String) -> Result<Report, ActError> {
    match ground.store.delete_game_key(&name).await? {
        true => Ok(Report::GameKeyRemoved { name }),
        false => Err(ActError::NotFound(format!("there is no key {name:?}"))),
    }
}

/// It stands in audit logs, and is typed.
fn check_name(name: &str) -> Result<(), ActError> {
    let is_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
    let is_fine = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_sign);
    if !is_fine || name.starts_with('-') {
        let text = format!(
            "{name:?}: the name of a key has 1 to {LONGEST_NAME} of a-z, 0-9 and -, and does \
             not begin with -"
        );
        return Err(ActError::Refused(text));
    }
    Ok(())
}

fn scopes_of(names: &[String]) -> Result<Vec<Scope>, ActError> {
    let mut scopes = Vec::new();
    for name in names {
        let Some(scope) = Scope::from_name(name) else {
            let all = self::names(Scope::ALL).join(", ");
            let text = format!("{name:?} is no scope; there are {all}");
            return Err(ActError::Refused(text));
        };
        scopes.push(scope);
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        let text = "a key without a scope is good for nothing: say --scope";
        return Err(ActError::Refused(text.to_owned()));
    }
    Ok(scopes)
}

fn names(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.name().to_owned()).collect()
}

fn new_key() -> Result<String, ActError> {
    let mut bytes = [0; KEY_LETTERS];
    getrandom::fill(&mut bytes)
        .map_err(|cause| ActError::Failed(format!("no random numbers: {cause}")))?;
    let letters = bytes
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(game_key::PREFIX.chars().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_160_random_bits_behind_its_prefix() {
        let [one, other] = [new_key().unwrap(), new_key().unwrap()];
        assert_ne!(one, other);
        let letters = one.strip_prefix("lhk_").unwrap();
        assert_eq!(letters.len(), 32);
        assert!(letters.bytes().all(|letter| LETTERS.contains(&letter)));
    }

    #[test]
    fn names_of_keys_are_plain() {
        for fine in ["m", "match-1", &"a".repeat(32)] {
            check_name(fine).unwrap();
        }
        for wrong in ["", "-a", "Match", "a b", "a\u{202e}b", &"a".repeat(33)] {
            check_name(wrong).unwrap_err();
        }
    }
}
