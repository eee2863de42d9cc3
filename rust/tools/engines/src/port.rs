//! Ports that stay free while an engine is down.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

/// Below those that systems give to outgoing connections: one of these could take an
/// engine's port while it is down.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// How many ports are tried.
const TRIES: u32 = 1000;

/// A port of this machine on which nobody listens at the moment. Another program may be
/// quicker to take it, so whoever uses it must be ready to ask for another.
///
/// # Errors
/// If all that were tried are taken.
pub(crate) fn free() -> Result<u16> {
    for _ in 0..TRIES {
        let port = fastrand::u16(PORTS);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of this machine is free")
}
