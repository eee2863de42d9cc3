//! What the sources say of a class's members: the doc comments that the editor's help shows.

use std::collections::BTreeMap;

/// The first paragraphs of the doc comments, by the names of what they are about.
pub(crate) struct Meanings(BTreeMap<(Kind, String), String>);

/// What a doc comment is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Class,
    Constant,
    Property,
    Method,
    Signal,
}

impl Meanings {
    /// Reads the sources of one class.
    pub(crate) fn read(texts: &[String]) -> Self {
        let mut found = BTreeMap::new();
        for text in texts {
            let mut comment = Vec::new();
            let mut kind = None;
            for line in text.lines().map(str::trim) {
                if let Some(said) = line.strip_prefix("///") {
                    comment.push(said.trim());
                } else if line.starts_with("#[") {
                    kind = kind_of(line).or(kind);
                } else if !is_inside_attribute(line) {
                    if let (Some(kind), Some(name)) = (kind, name_in(line)) {
                        found
                            .entry((kind, name.to_owned()))
                            .or_insert_with(|| first_paragraph(&comment));
                    }
                    comment.clear();
                    kind = None;
                }
            }
        }
        Self(found)
    }

    /// Reads the scripts of `class`, whose comments begin with two signs each.
    pub(crate) fn read_script(class: &str, texts: &[String]) -> Self {
        let mut found = BTreeMap::new();
        for text in texts {
            let mut comment = Vec::new();
            for line in text.lines() {
                if let Some(said) = line.strip_prefix("##") {
                    comment.push(said.trim());
                    continue;
                }
                let named = named_in_script(line).or_else(|| {
                    // The first comment that nothing follows is the script's own.
                    let is_alone = line.is_empty() && !comment.is_empty();
                    is_alone.then_some((Kind::Class, class))
                });
                if let Some((kind, name)) = named {
                    found
                        .entry((kind, name.to_owned()))
                        .or_insert_with(|| first_paragraph(&comment));
                }
                // An annotation may have a line of its own.
                if !line.starts_with('@') || named.is_some() {
                    comment.clear();
                }
            }
        }
        Self(found)
    }

    /// What `name` means, as the text of an XML comment; `None` if nobody says.
    pub(crate) fn of(&self, kind: Kind, name: &str) -> Option<String> {
        let said = self.0.get(&(kind, name.to_owned()))?;
        (!said.is_empty()).then(|| xml(said))
    }
}

fn kind_of(attribute: &str) -> Option<Kind> {
    let begins = |with: &str| attribute.starts_with(with);
    if begins("#[signal") {
        Some(Kind::Signal)
    } else if begins("#[func") {
        Some(Kind::Method)
    } else if begins("#[constant") {
        Some(Kind::Constant)
    } else if begins("#[var") || begins("#[export") {
        Some(Kind::Property)
    } else if begins("#[derive(GodotClass") {
        Some(Kind::Class)
    } else {
        None
    }
}

/// What a line of a script declares for games.
fn named_in_script(line: &str) -> Option<(Kind, &str)> {
    let rest = match line.strip_prefix('@') {
        Some(annotated) => &annotated[annotated.find(" var ")? + 1..],
        None => line.strip_prefix("static ").unwrap_or(line),
    };
    let kinds = [
        ("var ", Kind::Property),
        ("func ", Kind::Method),
        ("signal ", Kind::Signal),
    ];
    kinds.iter().find_map(|(word, kind)| {
        let rest = rest.strip_prefix(word)?;
        let letters = |letter: char| !letter.is_alphanumeric() && letter != '_';
        let end = rest.find(letters).unwrap_or(rest.len());
        Some((*kind, &rest[..end]))
    })
}

/// Attributes may have more than one line.
fn is_inside_attribute(line: &str) -> bool {
    line.starts_with(")]") || line.starts_with("get") || line.starts_with("set")
}

/// The name that a line declares.
fn name_in(line: &str) -> Option<&str> {
    let mut rest = line.strip_prefix("pub ").unwrap_or(line);
    rest = rest
        .strip_prefix("pub(crate) ")
        .or_else(|| rest.strip_prefix("pub(super) "))
        .unwrap_or(rest);
    for word in ["fn ", "const ", "struct "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    (end > 0).then(|| &rest[..end])
}

fn first_paragraph(comment: &[&str]) -> String {
    let lines: Vec<&str> = comment
        .iter()
        .copied()
        .take_while(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

/// Godot's marks and those of Markdown in an XML comment's.
fn xml(said: &str) -> String {
    let mut made = said
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace("[code]", "`")
        .replace("[/code]", "`");
    while let Some(from) = made.find("[param ") {
        let Some(length) = made[from..].find(']') else {
            break;
        };
        let name = super::names::camel(&made[from + "[param ".len()..from + length]);
        made.replace_range(from..=from + length, &format!("`{name}`"));
    }
    for mark in ["[method ", "[member ", "[signal ", "[constant "] {
        while let Some(from) = made.find(mark) {
            let Some(length) = made[from..].find(']') else {
                break;
            };
            let name = made[from + mark.len()..from + length].to_owned();
            let parts: Vec<String> = name.split('.').map(word).collect();
            let of_setting = name.contains('/');
            let words = if of_setting { name } else { parts.join(".") };
            made.replace_range(from..=from + length, &format!("`{words}`"));
        }
    }
    // Classes are links by their names alone.
    let mut at = 0;
    while let Some(from) = made[at..].find('[').map(|found| at + found) {
        at = from + 1;
        if let Some(name) = made[at..].split(']').next()
            && at + name.len() < made.len()
            && name.starts_with(char::is_uppercase)
            && name.chars().all(char::is_alphanumeric)
        {
            let written = format!("`{name}`");
            made.replace_range(from..at + written.len() - 1, &written);
        }
    }
    let mut is_code = false;
    made.split('`').fold(String::new(), |mut text, part| {
        if !text.is_empty() || is_code {
            text.push_str(if is_code { "<c>" } else { "</c>" });
        }
        is_code = !is_code;
        text.push_str(part);
        text
    })
}

/// The name of a member or of a class.
fn word(name: &str) -> String {
    if name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase) {
        name.to_owned()
    } else {
        super::names::pascal(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_by_what_they_are_about() {
        let source = "
            /// Says `text` & more, see [method Node.send_it].
            ///
            /// A second paragraph.
            #[func]
            pub fn say(&mut self) {}

            /// Not for games.
            fn other(&self) {}

            /// Seconds <5.
            #[export(range = (0.0, 1.0))]
            #[var(
                get = _get,
            )]
            pub(crate) delay: f64,
        ";
        let meanings = Meanings::read(&[source.to_owned()]);
        assert_eq!(
            meanings.of(Kind::Method, "say").as_deref(),
            Some("Says <c>text</c> &amp; more, see <c>Node.SendIt</c>.")
        );
        assert_eq!(
            meanings.of(Kind::Property, "delay").as_deref(),
            Some("Seconds &lt;5.")
        );
        assert!(meanings.of(Kind::Method, "other").is_none());
    }

    #[test]
    fn comments_of_scripts_are_found_too() {
        let source = "class_name Bell
extends Node
## Rings for a [Chatbox].
##
## A second paragraph.

## It has rung [param how_often] times.
signal rung(how_often: int)

## Not for games.
const _LOUD: float = 1.0

## How loud.
@export_range(0.0, 1.0)
var loudness: float = 1.0:
\tset(value):
\t\tloudness = value


## Rings; see [signal rung].
func ring() -> void:
\t## Inside.
\tpass
";
        let meanings = Meanings::read_script("Bell", &[source.to_owned()]);
        let cases = [
            (Kind::Class, "Bell", "Rings for a <c>Chatbox</c>."),
            (Kind::Signal, "rung", "It has rung <c>howOften</c> times."),
            (Kind::Property, "loudness", "How loud."),
            (Kind::Method, "ring", "Rings; see <c>Rung</c>."),
        ];
        for (kind, name, meaning) in cases {
            assert_eq!(meanings.of(kind, name).as_deref(), Some(meaning), "{name}");
        }
    }
}
