//! The connection behind the session core: the engine's `WebSocketPeer`, or a
//! fake server inside the game.

pub(crate) mod address;
pub(crate) mod news;
mod socket;
mod probe;
#[cfg(feature = "bad-weather")]
pub(crate) mod bad_weather;

use std::time::Duration;

use godot::classes::WebSocketPeer;
use godot::classes::web_socket_peer::State;
use godot::prelude::*;

use self::address::Address;
#[cfg(feature = "bad-weather")]
use self::bad_weather::{BadWeather, Forecast};
use self::news::News;
use self::socket::Socket;
use crate::fake_server::LonghallFakeServer;

/// Frames a peer is polled on after we closed it, so that the close frame and
/// what was sent before it go out.
const CLOSING_FRAMES: u32 = 120;

/// The one connection of a node, and those that it has closed and that are still going out.
#[derive(Default)]
pub(crate) struct Transport {
    link: Option<Link>,
    closing: Vec<(Gd<WebSocketPeer>, u32)>,
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
            None => Link::Socket(Box::new(Socket::open(address, patience)?)),
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
                self.closing
                    .push((socket.close(code, reason), CLOSING_FRAMES));
            }
            Some(Link::Fake {
                mut server,
                connection,
            }) => server.bind_mut().hang_up(connection),
            None => {}
        }
    }

    /// What seems to be wrong with a connection that is still being made.
    pub(crate) fn suspicion(&self) -> Option<String> {
        match &self.link {
            Some(Link::Socket(socket)) => socket.suspicion(),
            Some(Link::Fake { .. }) | None => None,
        }
    }

    /// Lets the engine do its part. Call once a frame, then [`Transport::next`]
    /// until there is nothing more.
    pub(crate) fn poll(&mut self) {
        self.closing.retain_mut(|(peer, frames)| {
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
            Some(Link::Socket(socket)) => socket.send(text),
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

impl Drop for Transport {
    fn drop(&mut self) {
        // The game quits or the node is freed: say good-bye as far as one poll
        // goes, so that the server need not wait for a time-out.
        self.close(1000, "closed_by_client");
    }
}
