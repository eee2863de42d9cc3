//! One connection by the engine's own `WebSocketPeer`.

use std::time::Duration;

use godot::classes::web_socket_peer::State;
use godot::classes::{TlsOptions, WebSocketPeer, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use longhall_client::diagnosis::Failure;
use longhall_client::{DisconnectReason, MAX_CHATS_IN_FLIGHT, ServerAddress};
use longhall_packet::limits::MAX_CLIENT_PACKET_BYTES;
use longhall_packet::versions;

use super::address::Address;
use super::news::News;
use super::probe::Probe;
use crate::clock::now;

/// Room for what arrives between two frames. The engine throws data away
/// beyond it, so it is far larger than what a server keeps for one client.
const INBOUND_BUFFER_BYTES: i32 = 4 << 20;
/// Room for all that a session may have on its way to a server that takes nothing.
const OUTBOUND_BUFFER_BYTES: usize = (MAX_CHATS_IN_FLIGHT + 8) * MAX_CLIENT_PACKET_BYTES;
const MAX_QUEUED_PACKETS: i32 = 16 * 1024;
/// Frames without a packet in which nobody asks whether an open connection has ended:
/// asking costs a tenth of such a frame, and nothing more comes of one that has.
const IDLE_FRAMES: u32 = 3;

pub(super) struct Socket {
    peer: Gd<WebSocketPeer>,
    opened: bool,
    /// Packets that the engine has for us. Counted here, since asking it for each
    /// packet costs as much as taking one.
    waiting: i32,
    /// Frames until the engine is asked again whether the connection has ended.
    idle_frames: u32,
    /// Where it goes, and whose certificate is trusted, if it is to be found out why it
    /// cannot be opened.
    target: Option<Target>,
    probe: Option<Probe>,
    /// The probe has found this, while the engine goes on trying.
    suspicion: Option<Failure>,
}

struct Target {
    address: ServerAddress,
    certificate: Option<Gd<X509Certificate>>,
    /// When to look into it though the engine goes on trying.
    doubt_at: Duration,
}

impl Socket {
    /// Starts to connect, see [`super::Transport::open`].
    pub(super) fn open(address: &Address, patience: Option<Duration>) -> Result<Self, String> {
        let server = address.server()?;
        let certificate = address.certificate.clone();
        let peer = dial(&server, certificate.as_ref())?;
        // A browser has no plain sockets to look with.
        let patience = patience.filter(|_| cfg!(not(target_family = "wasm")));
        let target = patience.map(|patience| Target {
            address: server,
            certificate,
            doubt_at: now().saturating_add(patience),
        });
        Ok(Self {
            peer,
            opened: false,
            waiting: 0,
            idle_frames: 0,
            target,
            probe: None,
            suspicion: None,
        })
    }

    /// Sends a close frame. The peer has to be polled until it has gone out.
    pub(super) fn close(self, code: u16, reason: &str) -> Gd<WebSocketPeer> {
        let mut peer = self.peer;
        peer.close_ex().code(i32::from(code)).reason(reason).done();
        peer.poll();
        peer
    }

    /// `false`: the engine has no room, or the connection is gone.
    #[inline]
    pub(super) fn send(&mut self, text: &str) -> bool {
        self.peer.send_text(text) == Error::OK
    }

    /// What seems to be wrong with a connection that is still being made.
    pub(super) fn suspicion(&self) -> Option<String> {
        let (failure, target) = (self.suspicion.as_ref()?, self.target.as_ref()?);
        (!self.opened).then(|| failure.cause(&target.address))
    }

    /// Lets the engine do its part.
    #[inline]
    pub(super) fn poll(&mut self) {
        // Packets still queued from the last frame come first; polling would pile more
        // on top of them.
        if self.waiting == 0 {
            self.peer.poll();
            self.waiting = self.peer.get_available_packet_count();
        }
    }

    /// The next thing that happened, in order.
    #[inline]
    pub(super) fn next(&mut self) -> Option<News> {
        if self.waiting > 0 {
            self.opened = true;
            self.waiting -= 1;
            return Some(News::Received(self.peer.get_packet()));
        }
        if self.opened && self.idle_frames > 0 {
            self.idle_frames -= 1;
            return None;
        }
        self.idle_frames = IDLE_FRAMES;
        let state = self.peer.get_ready_state();
        self.opened |= state == State::OPEN;
        let is_over = state == State::CLOSED;
        if let Some(target) = self.target.as_ref().filter(|_| !self.opened) {
            if is_over || now() >= target.doubt_at {
                self.suspicion = self.suspicion.take().or_else(|| {
                    let certificate = target.certificate.clone();
                    let start = || Probe::start(&target.address, certificate);
                    self.probe.get_or_insert_with(start).poll()
                });
            }
            let failure = self.suspicion.as_ref()?;
            let reason = failure.reason(&target.address);
            // A server that is merely slow may answer yet.
            let is_certain = is_over || reason != DisconnectReason::ServerUnreachable;
            return is_certain.then(|| News::Failed(reason, failure.cause(&target.address)));
        }
        if !is_over {
            return None;
        }
        let code = u16::try_from(self.peer.get_close_code()).ok();
        let reason = self.peer.get_close_reason().to_string();
        Some(News::Closed(code, reason))
    }
}

fn dial(
    address: &ServerAddress,
    certificate: Option<&Gd<X509Certificate>>,
) -> Result<Gd<WebSocketPeer>, String> {
    let url = &GString::from(&address.to_string());
    let mut peer = WebSocketPeer::new_gd();
    // The engine hangs up on a server that chooses none of them.
    let protocols = versions::SPOKEN.iter().copied().map(versions::subprotocol);
    let protocols = protocols.map(|name| GString::from(&name));
    peer.set_supported_protocols(&protocols.collect());
    peer.set_inbound_buffer_size(INBOUND_BUFFER_BYTES);
    peer.set_outbound_buffer_size(OUTBOUND_BUFFER_BYTES as i32);
    peer.set_max_queued_packets(MAX_QUEUED_PACKETS);
    // Verified always: against the given certificate, else the engine's.
    let error = match certificate {
        Some(certificate) => {
            let options = TlsOptions::client_ex().trusted_chain(certificate).done();
            let connect = peer.connect_to_url_ex(url);
            match &options {
                Some(options) => connect.tls_client_options(options).done(),
                None => return Err("the TLS certificate cannot be used".to_owned()),
            }
        }
        None => peer.connect_to_url(url),
    };
    match error {
        // A name without an address: the peer is closed, and that is looked into.
        Error::OK | Error::FAILED | Error::ERR_CANT_CONNECT | Error::ERR_CANT_RESOLVE => Ok(peer),
        error => Err(format!("cannot connect to {}: {error:?}", address.shown())),
    }
}
