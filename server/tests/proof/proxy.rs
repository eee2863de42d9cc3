//! A line between players and server on which everything goes wrong.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// What goes wrong, and how often it has.
pub(crate) struct Weather {
    rng: Mutex<Rng>,
    calm: AtomicBool,
    /// Connections that were cut in the middle of something.
    pub(crate) cuts: AtomicU64,
    /// Of these, how many were closed in one direction first.
    pub(crate) half_closes: AtomicU64,
    /// Times when nothing went through for a while.
    pub(crate) stalls: AtomicU64,
}

/// What will go wrong with one connection.
#[derive(Clone, Copy)]
struct Mishap {
    kind: Kind,
    /// Bytes that get through before, in the direction it happens to.
    after: u64,
    to_server: bool,
    /// How long it takes.
    pause: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Both directions at once: the other side is told nothing but "reset".
    Reset,
    /// Both directions at once, as if the other program had ended.
    Close,
    /// One direction ends; the other goes on until the pause is over.
    HalfClose,
    /// Nothing goes through, and then the connection is cut.
    StallAndCut,
    /// Nothing goes through, and then everything.
    Stall,
}

impl Weather {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            rng: Mutex::new(Rng::with_seed(seed)),
            calm: AtomicBool::new(true),
            cuts: AtomicU64::new(0),
            half_closes: AtomicU64::new(0),
            stalls: AtomicU64::new(0),
        })
    }

    /// From now on new connections live, or do not.
    pub(crate) fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
    }

    fn choose(&self, servers: &[SocketAddr]) -> SocketAddr {
        servers[self.rng.lock().unwrap().usize(..servers.len())]
    }

    fn next_mishap(&self) -> Option<Mishap> {
        if self.calm.load(Ordering::Relaxed) {
            return None;
        }
        let mut rng = self.rng.lock().unwrap();
        // Now and then within the handshake and the login, mostly in chat.
        let after = match rng.u8(..8) {
            0 => rng.u64(1..600),
            1..5 => rng.u64(600..6_000),
            _ => rng.u64(6_000..60_000),
        };
        let kind = match rng.u8(..10) {
            0..3 => Kind::Reset,
            3..5 => Kind::Close,
            5..7 => Kind::HalfClose,
            7 => Kind::StallAndCut,
            _ => Kind::Stall,
        };
        // A server says far more than a player.
        let to_server = rng.u8(..4) == 0;
        Some(Mishap {
            kind,
            after: if to_server { after / 8 + 1 } else { after },
            to_server,
            pause: Duration::from_millis(rng.u64(10..400)),
        })
    }
}

/// Starts the line, which leads to any of the servers. Returns the address players call.
pub(crate) async fn start(weather: Arc<Weather>, servers: Vec<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((player, _)) = listener.accept().await {
            let server = weather.choose(&servers);
            tokio::spawn(carry(Arc::clone(&weather), player, server));
        }
    });
    address
}

async fn carry(weather: Arc<Weather>, player: TcpStream, server: SocketAddr) {
    // While the server is down, the player meets a closed door.
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    player.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let mishap = weather.next_mishap();
    if mishap.is_some_and(|mishap| mishap.kind == Kind::Reset) {
        // Dropping the sockets then resets the connection.
        player.set_zero_linger().unwrap();
        server.set_zero_linger().unwrap();
    }
    let (from_player, to_player) = player.into_split();
    let (from_server, to_server) = server.into_split();
    let of = |to_server| mishap.filter(|mishap| mishap.to_server == to_server);
    let up = pump(&weather, from_player, to_server, of(true));
    let down = pump(&weather, from_server, to_player, of(false));
    tokio::pin!(up, down);
    // Both halves end together, except that a half-closed connection goes on
    // in the other direction for a while.
    let pause = mishap.map_or(Duration::from_millis(50), |mishap| mishap.pause);
    tokio::select! {
        end = &mut up => if end.is_ok() {
            timeout(pause, down).await.ok();
        },
        end = &mut down => if end.is_ok() {
            timeout(pause, up).await.ok();
        },
    }
}

/// Carries bytes in one direction until it ends or the mishap happens. `Ok`
/// leaves the other direction open for a while.
async fn pump(
    weather: &Weather,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mishap: Option<Mishap>,
) -> io::Result<()> {
    let mut buffer = vec![0; 8 * 1024];
    let mut carried = 0;
    loop {
        let read = match from.read(&mut buffer).await? {
            0 => {
                to.shutdown().await?;
                return Ok(());
            }
            read => read,
        };
        let mut chunk = &buffer[..read];
        if let Some(Mishap {
            kind, after, pause, ..
        }) = mishap
            && carried + chunk.len() as u64 >= after
        {
            // In the middle of a packet, or of a length in its header.
            let part = usize::try_from(after - carried).expect("within the chunk");
            to.write_all(&chunk[..part]).await?;
            chunk = &chunk[part..];
            match kind {
                Kind::Reset | Kind::Close => {}
                Kind::HalfClose => {
                    weather.half_closes.fetch_add(1, Ordering::Relaxed);
                    weather.cuts.fetch_add(1, Ordering::Relaxed);
                    to.shutdown().await?;
                    return Ok(());
                }
                Kind::StallAndCut | Kind::Stall => {
                    weather.stalls.fetch_add(1, Ordering::Relaxed);
                    sleep(pause).await;
                }
            }
            if kind != Kind::Stall {
                weather.cuts.fetch_add(1, Ordering::Relaxed);
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            // It got over that; the next one comes.
            mishap = weather.next_mishap().map(|next| Mishap {
                after: carried + read as u64 + next.after,
                ..next
            });
            carried += part as u64;
        }
        to.write_all(chunk).await?;
        carried += chunk.len() as u64;
    }
}
