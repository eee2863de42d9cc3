//! A line between one server and the bus, which can be cut and stalled.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Connections stay, and nothing goes through.
    Stalled,
    /// Connections end, and there are no new ones.
    Cut,
}

/// A server's line to the bus.
pub(crate) struct BusLine {
    state: watch::Sender<State>,
    address: SocketAddr,
}

impl BusLine {
    /// Starts an open one to the bus at this port.
    pub(crate) async fn start(bus: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, seen) = watch::channel(State::Open);
        tokio::spawn(async move {
            while let Ok((server, _)) = listener.accept().await {
                tokio::spawn(carry(server, bus, seen.clone()));
            }
        });
        Self { state, address }
    }

    /// Where the server finds the bus.
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn carry(server: TcpStream, bus: u16, mut state: watch::Receiver<State>) {
    if *state.borrow() == State::Cut {
        return;
    }
    // While the bus is down, the server meets a closed door.
    let Ok(bus) = TcpStream::connect((Ipv4Addr::LOCALHOST, bus)).await else {
        return;
    };
    server.set_nodelay(true).unwrap();
    bus.set_nodelay(true).unwrap();
    let (from_server, to_server) = server.into_split();
    let (from_bus, to_bus) = bus.into_split();
    tokio::select! {
        _ = pump(from_server, to_bus, state.clone()) => {}
        _ = pump(from_bus, to_server, state.clone()) => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

/// Carries bytes in one direction until it ends. A stalled line holds them.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut buffer = vec![0; 8 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let opened = state.wait_for(|state| *state != State::Stalled).await;
        opened.map_err(|_| io::ErrorKind::ConnectionAborted)?;
        to.write_all(&buffer[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::player::PATIENCE;

    #[tokio::test]
    async fn a_stalled_line_holds_what_is_said_and_a_cut_one_ends() {
        let bus = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let line = BusLine::start(bus.local_addr().unwrap().port()).await;
        let mut server = TcpStream::connect(line.address).await.unwrap();
        let (mut bus, _) = bus.accept().await.unwrap();

        line.set(State::Stalled);
        server.write_all(b"PING").await.unwrap();
        let mut heard = [0; 4];
        let early = timeout(Duration::from_millis(200), bus.read_exact(&mut heard)).await;
        assert!(early.is_err(), "it is held");
        line.set(State::Open);
        let read = timeout(PATIENCE, bus.read_exact(&mut heard)).await;
        read.expect("it goes on").unwrap();
        assert_eq!(&heard, b"PING");

        line.set(State::Cut);
        for stream in [&mut bus, &mut server] {
            let end = timeout(PATIENCE, stream.read(&mut heard)).await;
            assert_eq!(end.expect("it ends").unwrap(), 0);
        }
        let mut again = TcpStream::connect(line.address).await.unwrap();
        let end = timeout(PATIENCE, again.read(&mut heard)).await;
        assert_eq!(end.expect("nobody is let in").unwrap(), 0);
    }
}
