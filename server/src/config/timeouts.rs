//! How long the server waits for peers, and for its own end.

use std::time::Duration;

/// How long the server waits.
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// How long the WebSocket handshake may take.
    pub handshake: Duration,
    /// How long a connection may stay without logging in.
    pub login: Duration,
    /// How long a connection may say nothing at all. It is asked by a WebSocket
    /// ping after half of it.
    pub idle: Duration,
    /// How long a peer may take nothing at all of what is sent to it.
    pub write: Duration,
    /// How long connections get to take their last packets when the server stops.
    pub shutdown: Duration,
    /// How long a resume token is good for.
    pub resume: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            login: Duration::from_secs(10 * 60),
            idle: Duration::from_secs(90),
            write: Duration::from_secs(10),
            shutdown: Duration::from_secs(5),
            resume: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}
