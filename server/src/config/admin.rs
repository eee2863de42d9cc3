//! Where the server tells whoever runs it: an option for the program, as a library user
//! passes a listener.

use std::io;
use std::net::{SocketAddr, TcpListener};

use clap::Args;
use tracing::warn;

use super::address_and_port;
use crate::listener;

/// Where the server tells of itself.
#[derive(Args, Clone, Debug)]
pub struct Admin {
    /// Address and port for whoever runs the server, over plain HTTP: a console for a
    /// browser at /console, figures for Prometheus at /metrics, health at /live and
    /// /ready. Off unless given.
    ///
    /// Set it to 127.0.0.1:9081 to watch the server. Only the console asks for a password.
    #[arg(long, env = "LONGHALL_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(value_parser = address_and_port::<9081>)]
    pub admin_listen: Option<SocketAddr>,

    /// Let --admin-listen be reached from other machines.
    ///
    /// For a private network or a container, where something else keeps strangers out: a
    /// firewall, or a proxy that asks for a password and speaks TLS.
    #[arg(long, env = "LONGHALL_ADMIN_ALLOW_REMOTE")]
    #[arg(value_parser = clap::builder::BoolishValueParser::new())]
    pub admin_allow_remote: bool,
}

/// The address for the operator can be reached by others, and nobody said that it may.
#[derive(Debug, thiserror::Error)]
#[error(
    "--admin-listen {0} can be reached from other machines, without a password and unencrypted: \
     use 127.0.0.1 (from elsewhere by an SSH tunnel or a proxy), or say --admin-allow-remote \
     if a firewall keeps strangers out"
)]
pub struct RemoteAdmin(SocketAddr);

impl Admin {
    /// The address, if there is to be one.
    ///
    /// # Errors
    /// [`RemoteAdmin`] when it is not on this machine alone and that was not allowed.
    pub fn address(&self) -> Result<Option<SocketAddr>, RemoteAdmin> {
        let is_fine = |address: &SocketAddr| address.ip().is_loopback() || self.admin_allow_remote;
        match self.admin_listen {
            Some(address) if !is_fine(&address) => Err(RemoteAdmin(address)),
            address => Ok(address),
        }
    }

    /// Takes the address, if there is to be one.
    ///
    /// # Errors
    /// As [`Admin::address`], and when it cannot be had.
    pub fn bind(&self) -> io::Result<Option<TcpListener>> {
        let Some(address) = self.address().map_err(io::Error::other)? else {
            return Ok(None);
        };
        let listener = listener::bind(address, "--admin-listen")?;
        if !address.ip().is_loopback() {
            warn!(%address, "the operator's address can be reached from other machines");
        }
        Ok(Some(listener))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(listen: &str, admin_allow_remote: bool) -> Result<Option<SocketAddr>, RemoteAdmin> {
        Admin {
            admin_listen: Some(listen.parse().unwrap()),
            admin_allow_remote,
        }
        .address()
    }

    #[test]
    fn an_address_that_others_can_reach_has_to_be_allowed() {
        for here in ["127.0.0.1:9081", "127.8.8.8:1", "[::1]:9081"] {
            assert!(address(here, false).unwrap().is_some(), "{here}");
        }
        for remote in [
            "0.0.0.0:9081",
            "[::]:9081",
            "192.0.2.1:9081",
            "[2001:db8::1]:1",
        ] {
            let told = address(remote, false).unwrap_err().to_string();
            assert!(
                told.contains(remote) && told.contains("--admin-allow-remote"),
                "{told}"
            );
            assert!(address(remote, true).unwrap().is_some(), "{remote}");
        }
    }
}
