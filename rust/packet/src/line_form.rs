//! Lines as they travel: those of the game itself so that every client shows them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Line, LineKind, Seq};

/// Who says what the game itself says, for clients from before there were such lines: a name
/// that no player has. Clients of today are told by `system`, and show no name.
pub const SYSTEM_SENDER: &str = "server";

/// A [`Line`], field by field.
#[derive(Serialize, Deserialize)]
struct LineForm<'a> {
    seq: Seq,
    sender: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    recipient: Option<Cow<'a, str>>,
    text: Cow<'a, str>,
    sent_at_ms: u64,
    /// Absent for what was said, be it by the game.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    kind: Option<LineKind>,
    #[serde(skip_serializing_if = "is_false", default)]
    system: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    edited_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    of: Option<Seq>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let system = self.kind == LineKind::System;
        let sender = if system { SYSTEM_SENDER } else { &self.sender };
        let form = LineForm {
            seq: self.seq,
            sender: sender.into(),
            recipient: self.recipient.as_deref().map(Cow::from),
            text: self.text.as_str().into(),
            sent_at_ms: self.sent_at_ms,
            kind: Some(self.kind).filter(|kind| !matches!(kind, LineKind::Said | LineKind::System)),
            system,
            edited_at_ms: self.edited_at_ms,
            of: self.of,
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = LineForm::deserialize(deserializer)?;
        let kind = form.kind.unwrap_or_default();
        // A mark on anything else is a newer server's, and that is what it is first.
        let is_system = form.system && kind == LineKind::Said;
        let (kind, sender) = match is_system {
            true => (LineKind::System, String::new()),
            false => (kind, form.sender.into_owned()),
        };
        Ok(Self {
            seq: form.seq,
            sender,
            recipient: form.recipient.map(Cow::into_owned),
            text: form.text.into_owned(),
            sent_at_ms: form.sent_at_ms,
            kind,
            edited_at_ms: form.edited_at_ms,
            of: form.of,
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Adds to the schema of a [`Line`] what tells lines of the game.
#[cfg(feature = "schema")]
pub(crate) fn with_system(schema: &mut schemars::Schema) {
    if let Some(properties) = schema
        .get_mut("properties")
        .and_then(|of| of.as_object_mut())
    {
        let text = "The game itself says it, and no player: show it unlike a player's, without \
                    the sender. Absent for all others.";
        let system = serde_json::json!({ "type": "boolean", "description": text });
        properties.insert("system".to_owned(), system);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_does_not_know_the_games_lines_reads_one_of_its_name() {
        let read = |json: &str| serde_json::from_str::<Line>(json).unwrap();
        let line = read(r#"{"seq":1,"sender":"ben","text":"x","sent_at_ms":1,"system":true}"#);
        assert_eq!((line.kind, &*line.sender), (LineKind::System, ""));
        // All that such a client looks at.
        let mut json = serde_json::to_value(&line).unwrap();
        let fields = json.as_object_mut().unwrap();
        fields.remove("system");
        let known: Line = serde_json::from_value(json).unwrap();
        assert_eq!((known.kind, &*known.sender), (LineKind::Said, "server"));
    }

    #[test]
    fn a_deleted_line_is_no_line_of_the_games_whatever_else_it_says() {
        let json =
            r#"{"seq":1,"sender":"","text":"","sent_at_ms":1,"kind":"deleted","system":true}"#;
        let line: Line = serde_json::from_str(json).unwrap();
        assert_eq!(line.kind, LineKind::Deleted);
    }
}
