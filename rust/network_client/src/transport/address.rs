//! Where a connection goes.

use godot::classes::X509Certificate;
use godot::prelude::*;
use longhall_client::{AddressError, ServerAddress};

use crate::fake_server::LonghallFakeServer;

/// Where to connect to, and how.
#[derive(Clone, PartialEq)]
pub(crate) struct Address {
    pub(crate) url: GString,
    /// Trusted beside nothing else, in place of the engine's certificates.
    pub(crate) certificate: Option<Gd<X509Certificate>>,
    /// Takes the place of whatever is at the url.
    pub(crate) fake_server: Option<Gd<LonghallFakeServer>>,
}

impl Address {
    /// The server that the url names. `Err` is for the developer's console.
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
