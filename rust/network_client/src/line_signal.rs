//! The one signal that comes by the thousand.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use godot::builtin::Encoding;
use godot::classes::Object;
use godot::prelude::*;
use longhall_packet::Line;

use crate::convert::int;
use crate::network_client::NetworkClient;

/// Names kept in the engine's form. Beyond that all are forgotten: it is only time
/// that they save.
const MAX_NAMES: usize = 256;

/// Emits `chat_received`.
///
/// The typed signals look the node's class up each time and have the engine look
/// up the signal's name; for a line of chat that is a third of all it costs. And
/// channels and senders are the same again and again, so they are converted once.
#[derive(Clone)]
pub(crate) struct LineSignal {
    signal: StringName,
    names: Rc<RefCell<HashMap<String, Variant>>>,
}

impl LineSignal {
    pub(crate) fn new(signal: &str) -> Self {
        Self {
            signal: signal.into(),
            names: Rc::default(),
        }
    }

    /// Tells of one line. Nothing may be borrowed: a handler may call the node.
    pub(crate) fn emit(&self, node: &mut Gd<NetworkClient>, channel: &str, line: &Line) {
        let arguments = [
            self.name(channel),
            self.name(&line.sender),
            text(&line.text),
            int(line.sent_at_ms).to_variant(),
            int(line.seq).to_variant(),
        ];
        node.upcast_mut::<Object>()
            .emit_signal(&self.signal, &arguments);
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
