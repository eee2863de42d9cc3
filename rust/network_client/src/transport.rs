//! The connection behind the session core: the engine's `WebSocketPeer`, or a
//! fake server inside the game.

#[cfg(feature = "bad-weather")]
pub(crate) mod bad_weather;
mod probe;

use std::time::Duration;

use godot::classes::web_socket_peer::State;
use godot::classes::{TlsOptions, WebSocketPeer, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use longhall_client::diagnosis::Failure;
use longhall_client::{AddressError, DisconnectReason, MAX_CHATS_IN_FLIGHT, ServerAddress};
use longhall_packet::SUBPROTOCOL;
use longhall_packet::limits::MAX_CLIENT_PACKET_BYTES;

#[cfg(feature = "bad-weather")]
use self::bad_weather::{BadWeather, Forecast};
use self::probe::Probe;
use crate::convert::now;
use crate::fake_server::LonghallFakeServer;

/// Room for what arrives between two frames. The engine throws data away
/// beyond it, so it is far larger than what a server keeps for one client.
const INBOUND_BUFFER_BYTES: i32 = 4 << 20;
/// Room for all that a session may have on its way to a server that takes nothing.
const OUTBOUND_BUFFER_BYTES: usize = (MAX_CHATS_IN_FLIGHT + 8) * MAX_CLIENT_PACKET_BYTES;
const MAX_QUEUED_PACKETS: i32 = 16 * 1024;
/// Frames without a packet in which nobody asks whether an open connection has ended:
/// asking costs a tenth of such a frame, and nothing more comes of one that has.
const IDLE_FRAMES: u32 = 3;
/// Frames a peer is polled on after we closed it, so that the close frame and
/// what was sent before it go out.
const FAREWELL_FRAMES: u32 = 120;

/// What the other side has to report.
pub(crate) enum News {
    Opened,
    Received(PackedByteArray),
    /// With the code of the close frame, if there was one.
    Closed(Option<u16>, String),
    /// No connection came about, and we know why: for the player, and for the developer.
    Failed(DisconnectReason, String),
}

/// Where to connect to, and how.
#[derive(Clone, PartialEq)]
pub(crate) struct Address {
    pub(crate) url: GString,
    /// Trusted beside nothing else, in place of the engine's certificates.
    pub(crate) certificate: Option<Gd<X509Certificate>>,
    /// Takes the place of whatever is at the url.
    pub(crate) fake_server: Option<Gd<LonghallFakeServer>>,
}

/// The one connection of a node, and those it is taking leave of.
#[derive(Default)]
pub(crate) struct Transport {
    link: Option<Link>,
    leaving: Vec<(Gd<WebSocketPeer>, u32)>,
    #[cfg(feature = "bad-weather")]
    weather: BadWeather,
}

enum Link {
    Socket(Box<Socket>),
    Fake {
        server: Gd<LonghallFakeServer>,
        connection: u64,
    },
}

struct Socket {
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
    /// What the probe has found, while the engine goes on trying.
    suspicion: Option<Failure>,
}

struct Target {
    address: ServerAddress,
    certificate: Option<Gd<X509Certificate>>,
    /// When to look into it though the engine goes on trying.
    doubt_at: Duration,
}

impl Transport {
    /// Starts to connect. `Err` says why the url cannot be used at all. What fails, or
    /// takes longer than `patience`, is looked into, if there is any.
    pub(crate) fn open(
        &mut self,
        address: &Address,
        patience: Option<Duration>,
    ) -> Result<(), String> {
        #[cfg(feature = "bad-weather")]
        self.weather.begin();
        self.link = Some(match &address.fake_server {
            Some(server) => {
                let mut server = server.clone();
                let connection = server.bind_mut().connect();
                Link::Fake { server, connection }
            }
            None => {
                let server = address.server()?;
                let certificate = address.certificate.clone();
                let peer = dial(&server, certificate.as_ref())?;
                let target = patience.map(|patience| Target {
                    address: server,
                    certificate,
                    doubt_at: now().saturating_add(patience),
                });
                Link::Socket(Box::new(Socket {
                    peer,
                    opened: false,
                    waiting: 0,
                    idle_frames: 0,
                    target,
                    probe: None,
                    suspicion: None,
                }))
            }
        });
        Ok(())
    }

    /// Sends one text frame. `false` means that the connection has no room or
    /// is gone, and must be given up.
    pub(crate) fn send(&mut self, text: &str) -> bool {
        #[cfg(feature = "bad-weather")]
        if self.weather.delays_outbound(text) {
            return true;
        }
        self.send_now(text)
    }

    /// Sends a close frame and lets go.
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        #[cfg(feature = "bad-weather")]
        self.weather.begin();
        match self.link.take() {
            Some(Link::Socket(socket)) => {
                let mut peer = socket.peer;
                peer.close_ex().code(i32::from(code)).reason(reason).done();
                peer.poll();
                self.leaving.push((peer, FAREWELL_FRAMES));
            }
            Some(Link::Fake {
                mut server,
                connection,
            }) => server.bind_mut().hang_up(connection),
            None => {}
        }
    }

    /// What is wrong, as far as is known of a connection that is still being made.
    pub(crate) fn suspicion(&self) -> Option<String> {
        let Some(Link::Socket(socket)) = &self.link else {
            return None;
        };
        let (failure, target) = (socket.suspicion.as_ref()?, socket.target.as_ref()?);
        (!socket.opened).then(|| failure.cause(&target.address))
    }

    /// Lets the engine do its part. Call once a frame, then [`Transport::next`]
    /// until there is nothing more.
    pub(crate) fn poll(&mut self) {
        self.leaving.retain_mut(|(peer, frames)| {
            peer.poll();
            *frames -= 1;
            *frames > 0 && peer.get_ready_state() != State::CLOSED
        });
        if let Some(Link::Socket(socket)) = &mut self.link {
            socket.poll();
        }
        #[cfg(feature = "bad-weather")]
        while let Some(text) = self.weather.take_outbound() {
            self.send_now(&text);
        }
    }

    /// The next thing that happened, in order.
    #[cfg(not(feature = "bad-weather"))]
    pub(crate) fn next(&mut self, _now: Duration) -> Option<News> {
        self.next_now()
    }

    /// The next thing that happened, in order and as late as the weather has it.
    #[cfg(feature = "bad-weather")]
    pub(crate) fn next(&mut self, now: Duration) -> Option<News> {
        if self.link.is_some() && self.weather.strikes(now) {
            // Without a word, as a pulled cable.
            if let Some(Link::Fake { server, connection }) = &mut self.link {
                server.bind_mut().hang_up(*connection);
            }
            self.link = None;
            self.weather.begin();
            return Some(News::Closed(None, "bad weather".to_owned()));
        }
        if self.weather.is_fine() {
            return self.next_now();
        }
        while let Some(news) = self.next_now() {
            self.weather.delay_inbound(news);
        }
        self.weather.take_inbound()
    }

    /// How bad the connection is to be from now on.
    #[cfg(feature = "bad-weather")]
    pub(crate) fn set_weather(&mut self, forecast: Forecast) {
        self.weather.forecast = forecast;
    }

    fn send_now(&mut self, text: &str) -> bool {
        match &mut self.link {
            Some(Link::Socket(socket)) => socket.peer.send_text(text) == Error::OK,
            Some(Link::Fake { server, connection }) => {
                server.bind_mut().receive(*connection, text);
                true
            }
            None => false,
        }
    }

    fn next_now(&mut self) -> Option<News> {
        let news = match self.link.as_mut()? {
            Link::Socket(socket) => socket.next(),
            Link::Fake { server, connection } => server.bind_mut().poll(*connection),
        };
        if let Some(News::Closed(..) | News::Failed(..)) = &news {
            if let Some(Link::Fake { server, connection }) = &mut self.link {
                server.bind_mut().hang_up(*connection);
            }
            self.link = None;
        }
        news
    }
}

impl Socket {
    fn poll(&mut self) {
        // What is still queued from the last frame comes first; polling would
        // pile more on top of it.
        if self.waiting == 0 {
            self.peer.poll();
            self.waiting = self.peer.get_available_packet_count();
        }
    }

    fn next(&mut self) -> Option<News> {
        if self.waiting > 0 && self.opened {
            self.waiting -= 1;
            return Some(News::Received(self.peer.get_packet()));
        }
        if self.opened && self.idle_frames > 0 {
            self.idle_frames -= 1;
            return None;
        }
        self.idle_frames = IDLE_FRAMES;
        let state = self.peer.get_ready_state();
        if !self.opened && (state == State::OPEN || self.waiting > 0) {
            self.opened = true;
            return Some(News::Opened);
        }
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

impl Address {
    /// What the url says. `Err` is for the developer's console.
    pub(crate) fn server(&self) -> Result<ServerAddress, String> {
        let url = self.url.to_string();
        ServerAddress::parse(&url).map_err(|error| match error {
            AddressError::UserInfo | AddressError::Empty => error.to_string(),
            AddressError::Scheme | AddressError::Host | AddressError::Port => {
                let shown = url.split('?').next().unwrap_or_default();
                format!("{error}: \"{shown}\"")
            }
        })
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // The game quits or the node is freed: say good-bye as far as one poll
        // goes, so that the server need not wait for a time-out.
        self.close(1000, "closed_by_client");
    }
}

fn dial(
    address: &ServerAddress,
    certificate: Option<&Gd<X509Certificate>>,
) -> Result<Gd<WebSocketPeer>, String> {
    let url = &GString::from(&address.to_string());
    let mut peer = WebSocketPeer::new_gd();
    let mut protocols = PackedStringArray::new();
    protocols.push(SUBPROTOCOL);
    peer.set_supported_protocols(&protocols);
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
