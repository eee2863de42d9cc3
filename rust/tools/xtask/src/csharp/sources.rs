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
}
