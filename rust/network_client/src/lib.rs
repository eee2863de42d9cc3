//! The Godot face of Longhall: the `NetworkClient` node.
//!
//! Thin on purpose. `network_client` is what designers see, with its
//! `frequent_signals`, the `network_request` that each call returns and the login
//! `remembered` in a file. `transport` drives the engine's own `WebSocketPeer`, whose failures `probe` looks into, or the
//! `fake_server` of a game's tests, whose `fake_world` knows who said what, through the `bad_weather` a designer may
//! ask for. `convert` turns Rust values into Godot ones. Everything that decides lives in `longhall-client`.

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

mod clock;
mod convert;

struct Longhall;

#[gdextension]
unsafe impl ExtensionLibrary for Longhall {}
