//! Proxies in front of this server: which are believed, and whose connection they say it is.
//!
//! Nobody else is believed: whoever can say where they come from has no limit by address.

pub(crate) mod forwarded;
pub(crate) mod proxy_protocol;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use ipnet::IpNet;
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tracing::warn;

use crate::config;

/// The proxies that are believed.
#[derive(Debug)]
pub(crate) struct Proxies {
    trusted: Vec<IpNet>,
    /// Whether they begin a connection by the PROXY protocol.
    pub(crate) speak_proxy_protocol: bool,
    has_warned: AtomicBool,
}

impl Proxies {
    pub(crate) fn of(settings: &config::Proxy) -> Self {
        Self {
            trusted: settings.trusted_proxy.clone(),
            speak_proxy_protocol: settings.proxy_protocol,
            has_warned: AtomicBool::new(false),
        }
    }

    /// Whether who has this address is believed about where a connection comes from.
    pub(crate) fn believe(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|range| range.contains(&address))
    }

    /// Whose connection it is that has come over `address`, by the headers of its request.
    /// What is unclear changes nothing: it counts for the proxy itself.
    pub(crate) fn player(&self, address: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.believe(address) {
            return address;
        }
        let named = forwarded::player(headers, |address| self.believe(address));
        named.unwrap_or_else(|| {
            if !self.has_warned.swap(true, Ordering::Relaxed) {
                warn!(%address, "a trusted proxy does not say whose connection it passes on");
            }
            address
        })
    }
}
