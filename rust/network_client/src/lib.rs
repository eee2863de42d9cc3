//! The Godot face of Longhall: the `NetworkClient` node.
//!
//! Thin on purpose. `network_client` is what designers see, `transport`
//! drives the engine's own `WebSocketPeer`, `convert` turns Rust values into
//! Godot ones. Everything that decides lives in `longhall-client`.

#![expect(
    unsafe_code,
    reason = "gdext's entry point is an unsafe trait; there is nothing else"
)]
#![allow(unreachable_pub, reason = "gdext's macros add public accessors")]

use godot::prelude::*;

mod network_client;
mod transport;
mod convert;

struct Longhall;

#[gdextension]
unsafe impl ExtensionLibrary for Longhall {}
