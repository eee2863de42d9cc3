//! The one signal that comes by the thousand.

use godot::builtin::Encoding;
use godot::classes::Object;
use godot::prelude::*;
use longhall_packet::Line;

use crate::convert::int;
use crate::network_client::NetworkClient;

/// Emits `chat_received`.
///
/// The typed signals look the node's class up each time and have the engine look
/// up the signal's name; for a line of chat that is a third of all it costs.
#[derive(Clone)]
pub(crate) struct LineSignal {
    name: StringName,
}

impl LineSignal {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into() }
    }

    /// Tells of one line. Nothing may be borrowed: a handler may call the node.
    pub(crate) fn emit(&self, node: &mut Gd<NetworkClient>, channel: &str, line: &Line) {
        let arguments = [
            text(channel).to_variant(),
            text(&line.sender).to_variant(),
            text(&line.text).to_variant(),
            int(line.sent_at_ms).to_variant(),
            int(line.seq).to_variant(),
        ];
        node.upcast_mut::<Object>()
            .emit_signal(&self.name, &arguments);
    }
}

/// Most chat in most languages has lines of plain ASCII, which the engine takes over as they
/// are; from UTF-8 it puts every character together.
fn text(text: &str) -> GString {
    GString::try_from_bytes(text.as_bytes(), Encoding::Ascii).unwrap_or_else(|_| text.into())
}
