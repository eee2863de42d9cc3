//! What a connection brings, whatever it is made of.

use godot::prelude::*;
use longhall_client::DisconnectReason;

/// One thing that happened to a connection.
pub(crate) enum News {
    Received(PackedByteArray),
    /// With the code of the close frame, if there was one.
    Closed(Option<u16>, String),
    /// No connection came about, and we know why: for the player, and for the developer.
    Failed(DisconnectReason, String),
}
