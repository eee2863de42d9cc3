//! How a call of a script becomes a request that ends.

use std::time::Duration;

use godot::classes::Engine;
use godot::init::is_main_thread;
use godot::prelude::*;
use longhall_client::{Call, CallErrorCode, Session};
use longhall_packet::DenyCode;

use super::NetworkClient;
use super::frame::TELL;
use crate::clock::now;
use crate::network_request::NetworkRequest;

impl NetworkClient {
    /// Has the session do something, and returns the request that ends with it. `method` is what
    /// a script has called; from a thread it does nothing.
    pub(super) fn call(
        &mut self,
        method: &str,
        ask: impl FnOnce(&mut Session, Duration) -> Call,
    ) -> Gd<NetworkRequest> {
        self.try_call(method, |session, now| Ok(ask(session, now)))
    }

    /// The same for a method whose arguments may make no sense; `Err` says so in the console.
    pub(super) fn try_call(
        &mut self,
        method: &str,
        ask: impl FnOnce(&mut Session, Duration) -> Result<Call, String>,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread(method) {
            return refused;
        }
        match ask(&mut self.session, now()) {
            Ok(call) => self.begin(call),
            Err(text) => self.misuse(text),
        }
    }

    /// Starts to wait for the end of `call`.
    pub(super) fn begin(&mut self, call: Call) -> Gd<NetworkRequest> {
        let request = NetworkRequest::begin();
        self.requests.insert(call, request.clone());
        self.act();
        self.tell_later_if_idle();
        request
    }

    /// A call that no server needs to see: the script is wrong.
    fn misuse(&mut self, text: String) -> Gd<NetworkRequest> {
        self.warnings.push(text);
        self.tell_later();
        NetworkRequest::refused(CallErrorCode::Server(DenyCode::MalformedPacket))
    }

    /// A node that is not processed hears of nothing by itself, but what is
    /// refused at once can be told all the same.
    pub(super) fn tell_later_if_idle(&mut self) {
        let is_processed = self.base().is_inside_tree()
            && self.base().can_process()
            && !Engine::singleton().is_editor_hint();
        if !is_processed {
            self.tell_later();
        }
    }

    pub(super) fn tell_later(&mut self) {
        self.base_mut().call_deferred(TELL, &[]);
    }
}

/// A level may be loaded, instantiated and set up in a thread. What a node does is done
/// on the main thread, as with every node in the tree.
pub(super) fn is_on_main_thread(method: &str) -> bool {
    let is_main = is_main_thread();
    if !is_main {
        godot_error!(
            "NetworkClient.{method}() was called from a thread, and does nothing there. Call it \
             on the main thread: client.{method}.call_deferred(...)"
        );
    }
    is_main
}

/// The end of a request that was made from a thread.
pub(super) fn refused_off_main_thread(method: &str) -> Option<Gd<NetworkRequest>> {
    let refused = CallErrorCode::Server(DenyCode::MalformedPacket);
    (!is_on_main_thread(method)).then(|| NetworkRequest::refused(refused))
}
