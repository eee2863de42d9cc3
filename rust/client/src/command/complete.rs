//! What may be typed next.

use super::Argument;
use super::parse::plain_name;
use super::table::{COMMANDS, find};

/// Something to put in the place of the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The whole input with the word completed, and a space when more follows.
    pub input: String,
    /// The word alone, for a list to choose from.
    pub word: String,
    /// What it does, for a command; otherwise empty.
    pub description: &'static str,
}

/// What may stand in the place of the word that ends `input`: commands, or
/// names of `channels` or `members`, as the command asks. In a line that is no
/// command, an `@` in front of the word asks for a player. Empty when nothing is
/// known to fit.
pub fn complete(input: &str, channels: &[&str], members: &[&str]) -> Vec<Completion> {
    let start = input.rfind(char::is_whitespace).map_or(0, |space| {
        space + input[space..].chars().next().map_or(1, char::len_utf8)
    });
    let (before, word) = input.split_at(start);
    let offer = |prefix: &str, begun: &str, names: &mut dyn Iterator<Item = &str>, end: &str| {
        let begun = begun.to_lowercase();
        names
            .filter(|name| name.to_lowercase().starts_with(&begun))
            .map(|name| Completion {
                input: format!("{before}{prefix}{name}{end}"),
                word: format!("{prefix}{name}"),
                description: "",
            })
            .collect::<Vec<_>>()
    };
    let is_command = input.starts_with('/') && !input.starts_with("//");
    if !is_command {
        return match word.strip_prefix('@') {
            Some(begun) => offer("@", begun, &mut members.iter().copied(), " "),
            None => Vec::new(),
        };
    }
    if before.is_empty() {
        let begun = word[1..].to_lowercase();
        let fitting = COMMANDS.iter().filter_map(|info| {
            let names = std::iter::once(&info.name).chain(info.aliases);
            let name = names.copied().find(|name| name.starts_with(&begun))?;
            let end = if info.arguments.is_empty() { "" } else { " " };
            Some(Completion {
                input: format!("/{name}{end}"),
                word: format!("/{name}"),
                description: info.description,
            })
        });
        return fitting.collect();
    }
    let mut words = before[1..].split_whitespace();
    let Some(info) = words.next().and_then(find) else {
        return Vec::new();
    };
    let place = words.count();
    let end = if place + 1 < info.arguments.len() {
        " "
    } else {
        ""
    };
    match info.arguments.get(place) {
        Some(Argument::Player) => {
            let prefix = if word.starts_with('@') { "@" } else { "" };
            offer(prefix, &plain_name(word), &mut members.iter().copied(), end)
        }
        Some(Argument::Channel) => {
            let mut names = channels
                .iter()
                .copied()
                .filter(|name| !name.starts_with('@'));
            offer("", word, &mut names, end)
        }
        Some(Argument::Command) => {
            let mut names = COMMANDS.iter().map(|info| info.name);
            offer("", word.trim_start_matches('/'), &mut names, end)
        }
        Some(Argument::Word(all)) => offer("", word, &mut all.iter().copied(), end),
        Some(Argument::Text) | None => Vec::new(),
    }
}
