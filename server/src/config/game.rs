//! Where games' own servers ask: an option for the program, as a library user passes a
//! listener.

use std::io;
use std::net::{SocketAddr, TcpListener};

use clap::Args;
use tracing::warn;

use super::address_and_port;
use crate::listener;

/// Where games' own servers ask.
#[derive(Args, Clone, Debug)]
pub struct GameListen {
    /// Address and port for games' own servers, over plain HTTP: they say lines, look players
    /// up, log them out, open channels for matches and redeem tickets, each by a key of
    /// "longhall-server game-keys add". Off unless given.
    ///
    /// Set it to 127.0.0.1:9082 when your game has a server of its own on this machine;
    /// docs/game-servers.md shows what it may ask.
    #[arg(long, env = "LONGHALL_GAME_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(value_parser = address_and_port::<9082>)]
    pub game_listen: Option<SocketAddr>,

    /// Let --game-listen be reached from other machines.
    ///
    /// For a private network or a container, or behind a proxy that speaks TLS: keys travel
    /// as they are.
    #[arg(long, env = "LONGHALL_GAME_ALLOW_REMOTE")]
    #[arg(value_parser = clap::builder::BoolishValueParser::new())]
    pub game_allow_remote: bool,
}

/// The address for games' servers can be reached by others, and nobody said that it may.
#[derive(Debug, thiserror::Error)]
#[error(
    "--game-listen {0} can be reached from other machines, unencrypted: use 127.0.0.1 (from \
     elsewhere by a proxy that speaks TLS), or say --game-allow-remote if the network is \
     private"
)]
pub struct RemoteGame(SocketAddr);

impl GameListen {
    /// The address, if there is to be one.
    ///
    /// # Errors
    /// [`RemoteGame`] when it is not on this machine alone and that was not allowed.
    pub fn address(&self) -> Result<Option<SocketAddr>, RemoteGame> {
        let is_fine = |address: &SocketAddr| address.ip().is_loopback() || self.game_allow_remote;
        match self.game_listen {
            Some(address) if !is_fine(&address) => Err(RemoteGame(address)),
            address => Ok(address),
        }
    }

    /// Takes the address, if there is to be one.
    ///
    /// # Errors
    /// As [`GameListen::address`], and when it cannot be had.
    pub fn bind(&self) -> io::Result<Option<TcpListener>> {
        let Some(address) = self.address().map_err(io::Error::other)? else {
            return Ok(None);
        };
        let listener = listener::bind(address, "--game-listen")?;
        if !address.ip().is_loopback() {
            warn!(%address, "the address for games' servers can be reached from other machines");
        }
        Ok(Some(listener))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_can_reach_has_to_be_allowed() {
        let address = |listen: &str, game_allow_remote| {
            let game_listen = Some(listen.parse().unwrap());
            let options = GameListen {
                game_listen,
                game_allow_remote,
            };
            options.address()
        };
        for here in ["127.0.0.1:9082", "[::1]:9082"] {
            assert!(address(here, false).unwrap().is_some(), "{here}");
        }
        for remote in ["0.0.0.0:9082", "[::]:9082", "192.0.2.1:9082"] {
            let told = address(remote, false).unwrap_err().to_string();
            assert!(
                told.contains(remote) && told.contains("--game-allow-remote"),
                "{told}"
            );
            assert!(address(remote, true).unwrap().is_some(), "{remote}");
        }
    }
}
