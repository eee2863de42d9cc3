//! Names that nobody can register: those that speak for the server, and those that
//! the operator adds.

use std::collections::HashSet;

use longhall_packet::{ChannelName, NameKeys, Username};
use tracing::warn;

use crate::config::Config;
use crate::name_list;
use longhall_world::halls::is_hall_name;

/// Names whose owners other players would take for more than players.
const BUILT_IN: &[&str] = &[
    "admin",
    "administrator",
    "admins",
    "everyone",
    "gamemaster",
    "helpdesk",
    "longhall",
    "mod",
    "moderator",
    "moderators",
    "mods",
    "official",
    "operator",
    "owner",
    "root",
    "security",
    "server",
    "staff",
    "support",
    "sysop",
    "system",
];

/// The keys of all reserved names: what looks like one of them is reserved as well.
#[derive(Debug)]
pub(crate) struct Reserved {
    names: HashSet<String>,
    looks: HashSet<String>,
    capitals: HashSet<String>,
    lobby: NameKeys,
    lobby_name: ChannelName,
}

impl Reserved {
    /// The built-in names, the lobby's, and those of the operator's list. A built-in
    /// one with a `!` before it is none in this server.
    pub(crate) fn of(config: &Config) -> Self {
        let mut listed = Vec::new();
        let mut freed = HashSet::new();
        for line in &config.names.reserved {
            let Some(text) = name_list::entry(line) else {
                continue;
            };
            let (name, is_freed) = match text.strip_prefix('!') {
                Some(name) => (name, true),
                None => (text, false),
            };
            match Username::parse(name) {
                Ok(name) if is_freed => {
                    freed.insert(name.keys().name);
                }
                Ok(name) => listed.push(name.keys()),
                Err(denial) => {
                    warn!(
                        name,
                        reason = denial.reason(),
                        "no user name, so not reserved"
                    );
                }
            }
        }
        let built_in = BUILT_IN
            .iter()
            .copied()
            .chain([config.lobby.name.as_str()])
            .map(NameKeys::of)
            .filter(|keys| !freed.contains(&keys.name));
        let mut reserved = Self {
            names: HashSet::new(),
            looks: HashSet::new(),
            capitals: HashSet::new(),
            lobby: NameKeys::of(config.lobby.name.as_str()),
            lobby_name: config.lobby.name.clone(),
        };
        for keys in built_in.chain(listed) {
            reserved.names.insert(keys.name);
            reserved.looks.insert(keys.look);
            reserved.capitals.insert(keys.capitals);
        }
        reserved
    }

    /// Whether a channel of this name would be taken for the lobby, or a hall of it.
    pub(crate) fn is_like_lobby(&self, channel: &ChannelName) -> bool {
        let looks_so = |name: &str| self.lobby.overlaps(&NameKeys::of(name));
        let is_like_hall = channel
            .as_str()
            .rsplit_once('-')
            .is_some_and(|(stem, number)| {
                looks_so(stem) && number.chars().all(|sign| sign.is_ascii_digit())
            });
        looks_so(channel.as_str()) || is_like_hall || is_hall_name(&self.lobby_name, channel)
    }

    /// Whether a name with these keys is reserved, or looks like one that is.
    pub(crate) fn contain(&self, keys: &NameKeys) -> bool {
        self.names.contains(&keys.name)
            || self.looks.contains(&keys.look)
            || self.capitals.contains(&keys.capitals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(lines: &[&str]) -> impl Fn(&str) -> bool {
        let reserved = Reserved::of(&Config::with(|config| {
            config.lobby.name = ChannelName::parse("the-hall").unwrap();
            config.names.reserved = lines.iter().map(|&line| line.to_owned()).collect();
        }));
        move |name| reserved.contain(&Username::parse(name).unwrap().keys())
    }

    #[test]
    fn names_that_speak_for_the_server_and_their_look_alikes_are_reserved() {
        let is_reserved = reserved(&[]);
        for name in [
            "admin",
            "ADMIN",
            "Adm1n",
            "admi\u{307}n",
            "аdmin",
            "ADMlN",
            "Ｓｅｒｖｅｒ",
            "system",
            "sуstem",
            "SYSTΕM",
            "ѕеrvеr",
            "moderator",
            "Moderators",
            "m0derator",
            "rnoderator",
            "GameMaster",
            "ｒｏｏｔ",
            "The-Hall",
            "the-haII",
            "Longhall",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["ada", "admin2", "adminton", "modern", "lobby", "hall"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn an_operator_adds_names_and_frees_built_in_ones() {
        let is_reserved = reserved(&[
            "\u{feff}# of the house",
            "",
            "  Gandalf  # nobody else",
            "!admin",
            "not a name",
            "\u{feff}Frodo\r",
            "!Nobody",
        ]);
        for name in ["gandalf", "Gаndalf", "frodo", "server"] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["admin", "nobody", "not"] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
