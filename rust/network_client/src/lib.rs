//! The Godot face of Longhall: the `NetworkClient` node.
//!
//! Thin on purpose: everything that decides lives in `longhall-client`. `node` is what
//! designers see, with the `network_request` that each of its calls returns. `transport` is
//! the connection: the engine's own `WebSocketPeer`, or the `fake_server` of a game's tests, whose
//! rules are in `longhall-world`.
//! `ticket` is for games' own servers. `convert` turns Rust values into Godot ones.

#![expect(
    unsafe_code,
    reason = "gdext's entry point is an unsafe trait; there is nothing else"
)]
#![allow(unreachable_pub, reason = "gdext's macros add public accessors")]

use godot::prelude::*;

mod node;
mod network_request;

mod transport;
mod fake_server;
mod ticket;

mod clock;
mod convert;
mod json;

struct Longhall;

#[gdextension]
unsafe impl ExtensionLibrary for Longhall {}
