use std::net::IpAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::*;
use crate::config::Config;
use crate::handlers::test_session::open_server;
use crate::wire::IntoWire;

/// A server for one socket, that socket, and the other end of it.
async fn connected(config: Config) -> (Socket, TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = TcpStream::connect(listener.local_addr().unwrap());
    let (there, here) = tokio::join!(there, listener.accept());
    let (reading, writing) = here.unwrap().0.into_wire();
    let outbox = Arc::new(Outbox::new(100_000, Some(writing)));
    (
        Socket::new(reading, outbox, open_server(config)),
        there.unwrap(),
    )
}

#[tokio::test]
async fn who_had_more_to_say_is_heard_out_for_the_close_frame_behind_it() {
    let (mut socket, mut there) = connected(Config::default()).await;
    let packet = [&[0x81, 0x80 | 100, 0, 0, 0, 0][..], &[b' '; 100]].concat();
    let close = [0x88, 0x80, 0, 0, 0, 0];
    // Some of it is read already.
    there.write_all(&packet.repeat(5)).await.unwrap();
    while socket.unread.is_empty() {
        socket.turn().await.unwrap();
    }
    there.write_all(&packet).await.unwrap();
    there.write_all(&close).await.unwrap();
    let goodbye = socket.send_close_frame(CloseReason::Restarting);
    let goodbye = timeout(Duration::from_secs(20), goodbye).await;
    goodbye.expect("the peer's close frame was passed over");
}

/// What a peer may send on and on: text, pings, pongs, empty pieces of a packet,
/// and what is no frame at all.
const FLOODS: [&[u8]; 5] = [
    &[0x81, 0x83, 0, 0, 0, 0, b'"', b'a', b'"'],
    &[0x89, 0x80, 0, 0, 0, 0],
    &[0x8a, 0x80, 0, 0, 0, 0],
    &[0x00, 0x80, 0, 0, 0, 0],
    b"garbage that goes on",
];

/// Has `talk` done with a socket whose peer floods it meanwhile, on a runtime of
/// its own: a task that never yields would not let a test time out.
#[track_caller]
fn under_flood<T: Send + 'static>(
    flood: &'static [u8],
    talk: impl AsyncFnOnce(&mut Socket) -> T + Send + 'static,
) -> T {
    use std::io::Write as _;
    let (done, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let (mut socket, there) = connected(Config::default()).await;
            let mut there = there.into_std().unwrap();
            there.set_nonblocking(false).unwrap();
            // Ends when the socket is dropped.
            let flooding = std::thread::spawn(move || {
                let begin = [&[0x01, 0x80, 0, 0, 0, 0][..], &flood.repeat(10_000)].concat();
                let first = if flood[0] == 0 { 0 } else { 6 };
                let mut bytes = &begin[first..];
                while there.write_all(bytes).is_ok() {
                    bytes = &begin[6..];
                }
            });
            let outcome = talk(&mut socket).await;
            drop(socket);
            done.send(outcome).unwrap();
            flooding.join().unwrap();
        });
    });
    outcome
        .recv_timeout(Duration::from_secs(20))
        .expect("the peer keeps the task for ever")
}

#[test]
fn a_peer_that_floods_through_the_farewell_is_let_go_whatever_the_reason() {
    for flood in FLOODS {
        for &reason in CloseReason::ALL {
            under_flood(flood, async move |socket| {
                let goodbye = socket.send_close_frame(reason);
                timeout(Duration::from_secs(10), goodbye).await
            })
            .unwrap_or_else(|_| panic!("{reason} waits on: {flood:?}"));
        }
    }
}

#[test]
fn frames_that_are_no_packets_are_a_flood_too() {
    for flood in [FLOODS[1], FLOODS[2], FLOODS[3]] {
        // The first reads may be small; the full ones that follow are not.
        let end = under_flood(flood, async |socket| {
            loop {
                let found = match socket.next_packet() {
                    Ok(_) => socket.turn().await,
                    Err(end) => Err(end),
                };
                if let Err(end) = found {
                    return end;
                }
            }
        });
        assert_eq!(end, End::Close(CloseReason::Flooding), "{flood:?}");
    }
}

#[tokio::test]
async fn a_peer_that_sends_byte_after_byte_is_read_more_rarely() {
    let (mut socket, mut there) = connected(Config::default()).await;
    let mut reads = 0;
    while socket.rests_until.is_none() {
        there.write_all(&[0x81]).await.unwrap();
        poll_fn(|cx| socket.wire.poll_ready(cx)).await.unwrap();
        socket.read().unwrap();
        reads += 1;
    }
    assert!(reads >= 800, "{reads}");
    assert!(!socket.may_read() || !socket.unread.is_empty());
    // The rest ends, by the alarm that it set.
    socket.unread = Unread::default();
    while socket.rests_until.is_some() {
        socket.turn().await.unwrap();
    }
    assert!(socket.may_read());
}

#[tokio::test]
async fn who_waits_to_be_answered_is_not_idle() {
    let config = Config::with(|config| {
        // Over when it is looked at.
        config.timeouts.idle = Duration::from_nanos(1);
    });
    let (mut socket, mut there) = connected(config).await;
    let idle = Err(End::Close(CloseReason::Idle));
    assert_eq!(socket.check_deadlines(), idle);
    there.write_all(b"said, not answered").await.unwrap();
    while socket.unread.is_empty() {
        poll_fn(|cx| socket.wire.poll_ready(cx)).await.unwrap();
        socket.read().unwrap();
    }
    assert_eq!(socket.check_deadlines(), Ok(()));
}

/// What a connection waits in, most of its life, is its future: memory that
/// each of thousands has.
#[tokio::test]
async fn a_connections_future_is_small() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
    let address = IpAddr::from([127, 0, 0, 1]);
    let visitor = Visitor::alone(stream.unwrap(), address);
    let serving = serve(open_server(Config::default()), visitor);
    let bytes = size_of_val(&serving);

    assert!(bytes <= 1696, "{bytes}");
}
