//! What a player shows of themselves for a game's sake: level, avatar, colour.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits::{
    MAX_PROFILE_BYTES, MAX_PROFILE_DEPTH, MAX_PROFILE_KEY_CHARS, MAX_PROFILE_KEYS,
};
use crate::text::profile_text;
use crate::{Denial, DenyCode, Field};

/// Counts the changes of a profile, from 1; 0 for one that was never set.
pub type ProfileVersion = u32;

/// Most of an integer in a profile, and the other way round: every language's numbers hold
/// it.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A small JSON object that other players may read. Empty unless somebody has set it.
///
/// What comes from a server is taken as it is; what is sent to one has passed
/// [`Profile::parse`].
///
/// ```
/// use longhall_packet::Profile;
///
/// let profile = Profile::from_json(r#"{"level":7,"colour":"  teal "}"#).unwrap();
/// assert_eq!(profile.to_json(), r#"{"colour":"teal","level":7}"#);
/// assert!(Profile::from_json(r#"{"Level":7}"#).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(Map<String, Value>);

impl Profile {
    /// Checks a profile and brings its texts into their normal form.
    ///
    /// At most [`MAX_PROFILE_BYTES`] as compact JSON, [`MAX_PROFILE_KEYS`] keys, those of
    /// objects in it counted, and [`MAX_PROFILE_DEPTH`] levels. A key has 1 to 32 of the
    /// signs `a-z0-9_`. Integers have at most 53 bits. Texts obey the rules of chat.
    ///
    /// # Errors
    /// `too_long`, `forbidden_character` or `invalid_profile` on field `profile`.
    pub fn parse(object: Map<String, Value>) -> Result<Self, Denial> {
        let mut keys = 0;
        let profile = Self(checked_object(object, 1, &mut keys)?);
        profile.check_size()?;
        Ok(profile)
    }

    /// As [`Profile::parse`], of JSON text.
    ///
    /// # Errors
    /// As there; `invalid_profile` when it is no object.
    pub fn from_json(text: &str) -> Result<Self, Denial> {
        let object = serde_json::from_str(text).map_err(|_| invalid())?;
        Self::parse(object)
    }

    /// One that a store has kept: it was checked when it was set.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn from_kept(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The profile as compact JSON.
    pub fn to_json(&self) -> String {
        // A map with texts as keys: that cannot fail.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Its keys with their values, in the order of the keys.
    pub fn object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether a text may be a key.
    pub fn is_key(text: &str) -> bool {
        is_key(text)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a text in it: what a guest does not show to others.
    pub fn has_text(&self) -> bool {
        self.0.values().any(has_text)
    }

    /// The texts in it, and all keys, brought into another form by `change`.
    ///
    /// # Errors
    /// What `change` refuses. It is told whether the text is a key, which stays as it is.
    pub fn try_map_texts<E>(
        self,
        change: &mut impl FnMut(&str, bool) -> Result<String, E>,
    ) -> Result<Self, E> {
        map_object(self.0, change).map(Self)
    }

    /// The profile that a player wants, with what is the game's: its keys stay as they are
    /// in `self`, whether the player names them or not.
    ///
    /// # Errors
    /// `kept_by_game` when the player wants another value for a key of the game.
    pub fn changed_by_player(
        &self,
        wanted: Self,
        game_keys: &BTreeSet<String>,
    ) -> Result<Self, Denial> {
        let Self(mut changed) = wanted;
        for key in game_keys {
            let is = self.0.get(key);
            match changed.get(key) {
                Some(value) if Some(value) != is => {
                    let code = DenyCode::KeptByGame;
                    return Err(Denial::of_field(code, Field::Profile, None));
                }
                _ => {}
            }
            if let Some(value) = is {
                changed.insert(key.clone(), value.clone());
            }
        }
        Ok(Self(changed))
    }

    /// The profile with values that the game's server sets; `null` takes a key out.
    ///
    /// # Errors
    /// `kept_by_game` when one of `values` is not the game's, `too_long` when what is the
    /// game's takes more than [`MAX_PROFILE_BYTES`] then.
    pub fn changed_by_game(
        &self,
        values: Self,
        game_keys: &BTreeSet<String>,
    ) -> Result<Self, Denial> {
        let mut changed = self.0.clone();
        for (key, value) in values.0 {
            if !game_keys.contains(&key) {
                let code = DenyCode::KeptByGame;
                return Err(Denial::of_field(code, Field::Profile, None));
            }
            match value {
                Value::Null => changed.remove(&key),
                value => changed.insert(key, value),
            };
        }
        let games = changed.iter().filter(|(key, _)| game_keys.contains(*key));
        let games = games.map(|(key, value)| (key.clone(), value.clone()));
        Self(games.collect()).check_size()?;
        Ok(Self(changed))
    }

    fn check_size(&self) -> Result<(), Denial> {
        match self.to_json().len() <= MAX_PROFILE_BYTES {
            true => Ok(()),
            false => Err(Denial::of_field(
                DenyCode::TooLong,
                Field::Profile,
                u32::try_from(MAX_PROFILE_BYTES).ok(),
            )),
        }
    }
}

fn invalid() -> Denial {
    Denial::of_field(DenyCode::InvalidProfile, Field::Profile, None)
}

fn checked_object(
    object: Map<String, Value>,
    depth: usize,
    keys: &mut usize,
) -> Result<Map<String, Value>, Denial> {
    *keys += object.len();
    if depth > MAX_PROFILE_DEPTH || *keys > MAX_PROFILE_KEYS {
        return Err(invalid());
    }
    object
        .into_iter()
        .map(|(key, value)| match is_key(&key) {
            true => Ok((key, checked(value, depth, keys)?)),
            false => Err(invalid()),
        })
        .collect()
}

fn is_key(key: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_PROFILE_KEY_CHARS).contains(&key.len()) && key.bytes().all(is_sign)
}

fn checked(value: Value, depth: usize, keys: &mut usize) -> Result<Value, Denial> {
    Ok(match value {
        Value::Null | Value::Bool(_) => value,
        Value::Number(number) => {
            let is_small = match (number.as_u64(), number.as_i64()) {
                (Some(above), _) => above <= MAX_INTEGER,
                (None, Some(below)) => below.unsigned_abs() <= MAX_INTEGER,
                (None, None) => true,
            };
            match is_small {
                true => Value::Number(number),
                false => return Err(invalid()),
            }
        }
        Value::String(text) => Value::String(profile_text(&text)?),
        Value::Array(values) => {
            if depth == MAX_PROFILE_DEPTH {
                return Err(invalid());
            }
            let values = values.into_iter();
            let values = values.map(|value| checked(value, depth + 1, keys));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        Value::Object(object) => Value::Object(checked_object(object, depth + 1, keys)?),
    })
}

fn has_text(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(has_text),
        Value::Object(object) => object.values().any(has_text),
    }
}

fn map_object<E>(
    object: Map<String, Value>,
    change: &mut impl FnMut(&str, bool) -> Result<String, E>,
) -> Result<Map<String, Value>, E> {
    let mut changed = Map::new();
    for (key, value) in object {
        change(&key, true)?;
        changed.insert(key, map_value(value, change)?);
    }
    Ok(changed)
}

fn map_value<E>(
    value: Value,
    change: &mut impl FnMut(&str, bool) -> Result<String, E>,
) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => Value::String(change(&text, false)?),
        Value::Array(values) => {
            let values = values.into_iter().map(|value| map_value(value, change));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        Value::Object(object) => Value::Object(map_object(object, change)?),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    })
}

/// What a server tells of a player who is asked for by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlayerInfo {
    /// The account's name.
    pub username: String,
    /// Whether the player is there.
    pub state: crate::PresenceState,
    /// What they say of themselves: "making tea". Absent when they say nothing.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// What they may do on the whole server. Absent for those who are just players.
    #[serde(skip_serializing_if = "crate::ServerRole::is_player", default)]
    pub server_role: crate::ServerRole,
    /// Whether they are a guest. Absent when not.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub guest: bool,
    /// Their profile. Absent when empty.
    #[serde(skip_serializing_if = "Profile::is_empty", default)]
    pub profile: Profile,
    /// Its version. Absent when it was never set.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub profile_version: ProfileVersion,
}

/// A player's profile, as news of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangedProfile {
    /// The account's name.
    pub username: String,
    /// The profile from now on. Absent when empty.
    #[serde(skip_serializing_if = "Profile::is_empty", default)]
    pub profile: Profile,
    /// Its version: of two the greater one is later.
    pub profile_version: ProfileVersion,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(crate) const fn is_zero(version: &ProfileVersion) -> bool {
    *version == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_denied(json: &str, code: DenyCode) {
        let denial = Profile::from_json(json).unwrap_err();
        assert_eq!((denial.code, denial.field), (code, Some(Field::Profile)));
    }

    fn profile(json: &str) -> Profile {
        Profile::from_json(json).unwrap()
    }

    #[test]
    fn a_profile_keeps_what_a_game_puts_into_it() {
        for json in [
            "{}",
            r#"{"a":null,"b":true,"level":7,"x":-9007199254740991,"y":9007199254740991}"#,
            r#"{"hp":0.1,"pi":3.141592653589793,"scale":1.0,"tiny":2.2250738585072014e-308}"#,
            r#"{"badges":["gold","🐉"],"look":{"colour":"teal","deep":{"er":1}}}"#,
        ] {
            assert_eq!(profile(json).to_json(), json);
        }
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        for json in [
            "",
            "[]",
            "7",
            r#"{"Level":1}"#,
            r#"{"":1}"#,
            r#"{"a b":1}"#,
            r#"{"a":{"B":1}}"#,
            r#"{"x":9007199254740992}"#,
            r#"{"x":-9007199254740992}"#,
            r#"{"a":{"b":{"c":{"d":{"e":1}}}}}"#,
            r#"{"a":[[[[1]]]]}"#,
        ] {
            check_denied(json, DenyCode::InvalidProfile);
        }
        let long_key = format!("{{\"{}\":1}}", "k".repeat(33));
        check_denied(&long_key, DenyCode::InvalidProfile);
        let many: Vec<String> = (0..33).map(|n| format!("\"k{n}\":{n}")).collect();
        check_denied(&format!("{{{}}}", many.join(",")), DenyCode::InvalidProfile);
        let nested: Vec<String> = (0..32).map(|n| format!("\"k{n}\":{n}")).collect();
        let nested = format!("{{\"in\":{{{}}}}}", nested.join(","));
        check_denied(&nested, DenyCode::InvalidProfile);
    }

    #[test]
    fn a_profile_has_two_kibibytes_and_no_more() {
        let of = |chars: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(chars));
        assert!(Profile::from_json(&of(MAX_PROFILE_BYTES - 8)).is_ok());
        check_denied(&of(MAX_PROFILE_BYTES - 7), DenyCode::TooLong);
    }

    #[test]
    fn texts_obey_the_rules_of_chat() {
        for text in [r"a\nb", r"a\u202eb", r"a\u0000b", r"\u206f"] {
            check_denied(
                &format!(r#"{{"a":["{text}"]}}"#),
                DenyCode::ForbiddenCharacter,
            );
        }
        assert_eq!(profile(r#"{"a":" \u200b "}"#).to_json(), r#"{"a":""}"#);
    }

    #[test]
    fn keys_of_the_game_stay_as_they_are_whatever_a_player_sends() {
        let game_keys = BTreeSet::from(["level".to_owned(), "rank".to_owned()]);
        let before = profile(r#"{"colour":"red","level":3}"#);
        let by_player = |json| before.changed_by_player(profile(json), &game_keys);
        let kept = r#"{"hat":1,"level":3}"#;
        assert_eq!(by_player(r#"{"hat":1}"#).unwrap().to_json(), kept);
        assert_eq!(by_player(r#"{"hat":1,"level":3}"#).unwrap().to_json(), kept);
        for json in [r#"{"level":4}"#, r#"{"rank":1}"#, r#"{"level":null}"#] {
            assert_eq!(by_player(json).unwrap_err().code, DenyCode::KeptByGame);
        }
    }

    #[test]
    fn the_game_sets_its_keys_and_no_others() {
        let game_keys = BTreeSet::from(["level".to_owned(), "rank".to_owned()]);
        let before = profile(r#"{"colour":"red","level":3}"#);
        let by_game = |json: &str| before.changed_by_game(profile(json), &game_keys);
        let changed = by_game(r#"{"level":null,"rank":"gold"}"#).unwrap();
        assert_eq!(changed.to_json(), r#"{"colour":"red","rank":"gold"}"#);
        let other = by_game(r#"{"colour":"blue"}"#).unwrap_err();
        assert_eq!(other.code, DenyCode::KeptByGame);
        // A player who uses up all there is leaves the game its own.
        let full = profile(&format!("{{\"a\":\"{}\"}}", "x".repeat(2040)));
        let level = full.changed_by_game(profile(r#"{"level":9}"#), &game_keys);
        assert!(level.is_ok());
        // What is the game's is no larger than that, bit by bit or at once.
        let half = "x".repeat(1100);
        let one = before.changed_by_game(profile(&format!(r#"{{"level":"{half}"}}"#)), &game_keys);
        let both = one
            .unwrap()
            .changed_by_game(profile(&format!(r#"{{"rank":"{half}"}}"#)), &game_keys);
        assert_eq!(both.unwrap_err().code, DenyCode::TooLong);
    }
}
