//! The engine's `WebSocketPeer` behind the session core.

use godot::classes::WebSocketPeer;
use godot::classes::web_socket_peer::State;
use godot::global::Error;
use godot::prelude::*;
use longhall_client::MAX_CHATS_IN_FLIGHT;
use longhall_packet::SUBPROTOCOL;
use longhall_packet::limits::MAX_CLIENT_PACKET_BYTES;

/// Room for what arrives between two frames. The engine throws data away
/// beyond it, so it is far larger than what a server keeps for one client.
const INBOUND_BUFFER_BYTES: i32 = 4 << 20;
/// Room for all that a session may have on its way to a server that takes nothing.
const OUTBOUND_BUFFER_BYTES: usize = (MAX_CHATS_IN_FLIGHT + 8) * MAX_CLIENT_PACKET_BYTES;
const MAX_QUEUED_PACKETS: i32 = 16 * 1024;
/// Frames a peer is polled on after we closed it, so that the close frame and
/// what was sent before it go out.
const FAREWELL_FRAMES: u32 = 120;

/// What the peer has to report.
pub(crate) enum News {
    Opened,
    Received(PackedByteArray),
    /// With the code of the close frame, if there was one.
    Closed(Option<u16>, String),
}

/// The one connection of a node, and those it is taking leave of.
#[derive(Default)]
pub(crate) struct Transport {
    peer: Option<Gd<WebSocketPeer>>,
    opened: bool,
    leaving: Vec<(Gd<WebSocketPeer>, u32)>,
}

impl Transport {
    /// Starts to connect. `Err` says why the url cannot be used at all.
    pub(crate) fn open(&mut self, url: &GString) -> Result<(), String> {
        let text = url.to_string();
        if !text.starts_with("ws://") && !text.starts_with("wss://") {
            return Err(format!(
                "the url \"{url}\" does not start with ws:// or wss://"
            ));
        }
        let mut peer = WebSocketPeer::new_gd();
        let mut protocols = PackedStringArray::new();
        protocols.push(SUBPROTOCOL);
        peer.set_supported_protocols(&protocols);
        peer.set_inbound_buffer_size(INBOUND_BUFFER_BYTES);
        peer.set_outbound_buffer_size(OUTBOUND_BUFFER_BYTES as i32);
        peer.set_max_queued_packets(MAX_QUEUED_PACKETS);
        self.opened = false;
        match peer.connect_to_url(url) {
            Error::OK => {
                self.peer = Some(peer);
                Ok(())
            }
            error => Err(format!("cannot connect to \"{url}\": {error:?}")),
        }
    }

    /// Sends one text frame. `false` means that the connection has no room or
    /// is gone, and must be given up.
    pub(crate) fn send(&mut self, text: &str) -> bool {
        let Some(peer) = &mut self.peer else {
            return false;
        };
        peer.send_text(text) == Error::OK
    }

    /// Sends a close frame and lets go.
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        if let Some(mut peer) = self.peer.take() {
            peer.close_ex().code(i32::from(code)).reason(reason).done();
            peer.poll();
            self.leaving.push((peer, FAREWELL_FRAMES));
        }
    }

    /// Lets the engine do its part. Call once a frame, then [`Transport::next`]
    /// until there is nothing more.
    pub(crate) fn poll(&mut self) {
        self.leaving.retain_mut(|(peer, frames)| {
            peer.poll();
            *frames -= 1;
            *frames > 0 && peer.get_ready_state() != State::CLOSED
        });
        if let Some(peer) = &mut self.peer {
            // What is still queued from the last frame comes first; polling
            // would pile more on top of it.
            if peer.get_available_packet_count() == 0 {
                peer.poll();
            }
        }
    }

    /// The next thing that happened, in order.
    pub(crate) fn next(&mut self) -> Option<News> {
        let peer = self.peer.as_mut()?;
        let state = peer.get_ready_state();
        if state == State::OPEN && !self.opened {
            self.opened = true;
            return Some(News::Opened);
        }
        if peer.get_available_packet_count() > 0 {
            return Some(News::Received(peer.get_packet()));
        }
        if state == State::CLOSED {
            let code = u16::try_from(peer.get_close_code()).ok();
            let reason = peer.get_close_reason().to_string();
            self.peer = None;
            return Some(News::Closed(code, reason));
        }
        None
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // The game quits or the node is freed: say good-bye as far as one poll
        // goes, so that the server need not wait for a time-out.
        self.close(1000, "closed_by_client");
    }
}
