//! The signals that come with every line of chat.

use std::cell::RefCell;
use std::collections::HashMap;

use godot::builtin::Encoding;
use godot::classes::Object;
use godot::prelude::*;
use longhall_packet::Line;

use crate::convert::int;

/// Names kept in the engine's form. Beyond that all are forgotten: it is only time
/// that they save.
const MAX_NAMES: usize = 256;

/// Emits `chat_received` and `unread_changed`.
///
/// The typed signals look the node's class up each time and have the engine look
/// up the signal's name; for a line of chat that is a third of all it costs. And
/// channels and senders are the same again and again, so they are converted once.
pub(crate) struct FrequentSignals {
    chat_received: StringName,
    unread_changed: StringName,
    names: RefCell<HashMap<String, Variant>>,
}

/// Nothing may be borrowed: a handler may call the node.
impl FrequentSignals {
    pub(crate) fn new() -> Self {
        Self {
            chat_received: "chat_received".into(),
            unread_changed: "unread_changed".into(),
            names: RefCell::default(),
        }
    }

    /// Tells of one line.
    pub(crate) fn chat_received(&self, node: &mut Object, channel: &str, line: &Line) {
        let arguments = [
            self.name(channel),
            self.name(&line.sender),
            text(&line.text),
            int(line.sent_at_ms).to_variant(),
            int(line.seq).to_variant(),
        ];
        node.emit_signal(&self.chat_received, &arguments);
    }

    /// Tells how many lines wait to be read.
    pub(crate) fn unread_changed(&self, node: &mut Object, channel: &str, unread: u32) {
        let arguments = [self.name(channel), i64::from(unread).to_variant()];
        node.emit_signal(&self.unread_changed, &arguments);
    }

    fn name(&self, name: &str) -> Variant {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(name) {
            return known.clone();
        }
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        let fresh = text(name);
        names.insert(name.to_owned(), fresh.clone());
        fresh
    }
}

/// Plain ASCII, as most chat is, the engine takes over as it is; UTF-8 it puts
/// together character by character.
fn text(text: &str) -> Variant {
    let ascii = GString::try_from_bytes(text.as_bytes(), Encoding::Ascii);
    ascii.unwrap_or_else(|_| text.into()).to_variant()
}
