//! Figures before and after what players do, compared exactly.

use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, SUBPROTOCOL, ServerPacket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{TestPlayer, TestServer};
use crate::{ask, scrape, wait_for};

#[tokio::test]
async fn what_players_do_is_counted_exactly() {
    let server = TestServer::start().await;
    let before = scrape(server.admin).await;
    assert_eq!(before.sum("longhall_closes_total"), 0.0);
    let mut players = Vec::new();
    for name in ["ada", "ben", "cem"] {
        let mut player = server.player().await;
        player.enter(name).await;
        players.push(player);
    }
    let [ada, ben, cem] = &mut players[..] else {
        unreachable!("three came")
    };
    let mut last = 0;
    for _ in 0..5 {
        last = ada.say("hello").await;
    }
    ada.say_in("@ben", "psst").await;
    let edit = format!(r#""channel":"lobby","seq":{last},"text":"good day""#);
    ada.done("edit", &edit).await;
    for hearing in [&mut *ben, cem] {
        for _ in 0..5 {
            hearing.expect_chat("ada", "hello").await;
        }
    }
    ben.expect_chat("ada", "psst").await;
    assert_eq!(cem.expect_line().await.text, "good day");
    assert_eq!(ben.expect_line().await.text, "good day");
    ben.try_say("nowhere", "is anybody here?").await;
    ben.expect_deny(DenyCode::UnknownChannel).await;
    ben.send_raw("no packet").await;
    ben.expect_deny(DenyCode::MalformedPacket).await;
    ben.send_raw("no packet").await;
    ben.expect_deny(DenyCode::MalformedPacket).await;
    let after = scrape(server.admin).await;
    after.check_since(
        &before,
        &[
            ("longhall_connections", 3.0),
            ("longhall_connections_accepted_total", 3.0),
            ("longhall_handshakes_total{status=\"101\"}", 3.0),
            ("longhall_players", 3.0),
            ("longhall_sessions", 3.0),
            ("longhall_lines_accepted_total{kind=\"line\"}", 5.0),
            ("longhall_lines_accepted_total{kind=\"whisper\"}", 1.0),
            ("longhall_lines_accepted_total{kind=\"change\"}", 1.0),
            // Five lines and an edit to three, a whisper to two.
            ("longhall_deliveries_total", 20.0),
            ("longhall_batch_lines_sum", 7.0),
            ("longhall_batches_failed_total", 0.0),
            ("longhall_denials_total{code=\"unknown_channel\"}", 1.0),
            ("longhall_denials_total{code=\"malformed_packet\"}", 2.0),
            ("longhall_gaps_total", 0.0),
            ("longhall_lines_left_out_total", 0.0),
            // A registration and a login each.
            ("longhall_hash_seconds_count", 6.0),
            ("longhall_hash_queue", 0.0),
            ("longhall_chat_queue", 0.0),
        ],
    );
    assert_eq!(after.sum("longhall_denials_total"), 3.0);
    let flushes = after.of("longhall_flush_seconds_count");
    assert_eq!(flushes, after.of("longhall_batch_lines_count"));
    assert!((1.0..=7.0).contains(&flushes));
    assert!(after.of("longhall_flush_seconds_sum") > 0.0);
    let _ = cem.try_send(Message::Close(None)).await;
    drop(players.pop());
    drop(players.pop().unwrap().into_stream());
    let left = wait_for(server.admin, |figures| {
        figures.of("longhall_connections") == 1.0
    })
    .await;
    left.check_since(
        &after,
        &[
            ("longhall_closes_total{reason=\"by_peer\"}", 1.0),
            ("longhall_closes_total{reason=\"lost\"}", 1.0),
            ("longhall_sessions", -2.0),
            // Still shown to others for the grace time.
            ("longhall_players", 0.0),
        ],
    );
    assert_eq!(left.sum("longhall_closes_total"), 2.0);
    server.stop().await;
}

#[tokio::test]
async fn each_byte_that_goes_out_is_counted() {
    let server = TestServer::start().await;
    let before = scrape(server.admin).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let handshake = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    // The `hello`, whose length is in its header.
    let mut received = Vec::new();
    let length = loop {
        assert!(stream.read_buf(&mut received).await.unwrap() > 0);
        let end = received.windows(4).position(|part| part == b"\r\n\r\n");
        if let Some([0x81, 126, high, low, rest @ ..]) = end.map(|end| &received[end + 4..]) {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if rest.len() == length {
                break length + 4;
            }
        }
    };
    let length = length as f64;
    let sent = "longhall_sent_bytes_total";
    let after = wait_for(server.admin, |figures| figures.of(sent) > before.of(sent)).await;
    after.check_since(&before, &[(sent, length)]);
    server.stop().await;
}

#[tokio::test]
async fn what_a_slow_player_is_spared_is_counted_as_it_is_told() {
    let server = TestServer::with(|config| {
        config.capacity.outbox_max_bytes = 64 * 1024;
        config.timeouts.write = Duration::from_secs(60);
    })
    .await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    let mut slow = TestPlayer::connect_narrow(server.address).await;
    slow.register("slow").await;
    slow.log_in("slow", "").await;
    ada.say_often(5_000, &"x".repeat(500)).await;
    let last = ada.say("done").await;
    let (mut left_out, mut gaps, mut newest) = (0, 0, 0);
    while newest < last {
        match slow.next().await {
            ServerPacket::Chat { line, .. } => newest = line.seq,
            ServerPacket::Gap { last_seq, .. } => {
                left_out += last_seq - newest;
                newest = last_seq;
                gaps += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(gaps > 0);
    let figures = scrape(server.admin).await;
    assert_eq!(figures.of("longhall_gaps_total"), f64::from(gaps));
    assert_eq!(figures.of("longhall_lines_left_out_total"), left_out as f64);
    assert_eq!(figures.of("longhall_deliveries_total"), 2.0 * last as f64);
    server.stop().await;
}

#[tokio::test]
async fn who_is_refused_and_why_is_counted() {
    let server = TestServer::with(|config| config.capacity.max_connections_per_address = 2).await;
    let _one = server.player().await;
    let _two = server.player().await;
    let mut third = TestPlayer::handshake(server.address, SUBPROTOCOL)
        .await
        .unwrap();
    third.expect_closed(CloseReason::TooManyConnections).await;
    let figures = scrape(server.admin).await;
    let refused = |reason: &str| {
        let series = format!("longhall_connections_refused_total{{reason=\"{reason}\"}}");
        figures.of(&series)
    };
    assert_eq!(refused("address_full"), 1.0);
    assert_eq!((refused("server_full"), refused("too_fast")), (0.0, 0.0));
    let closed = "longhall_closes_total{reason=\"too_many_connections\"}";
    assert_eq!(figures.of(closed), 1.0);
    server.stop().await;

    let full = TestServer::with(|config| config.capacity.max_connections = 1).await;
    let _one = full.player().await;
    let mut second = TestPlayer::handshake(full.address, SUBPROTOCOL)
        .await
        .unwrap();
    second.expect_closed(CloseReason::TooManyConnections).await;
    let figures = scrape(full.admin).await;
    assert_eq!(
        figures.of("longhall_connections_refused_total{reason=\"server_full\"}"),
        1.0
    );
    full.stop().await;
}

#[tokio::test]
async fn requests_that_are_no_handshake_are_counted_by_their_answer() {
    let server = TestServer::start().await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        ("GET /live HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ("rubbish\r\n\r\n", 400),
    ] {
        assert_eq!(ask(server.address, request).await.status, status);
    }
    drop(TcpStream::connect(server.address).await.unwrap());
    let status = |status: &str| format!("longhall_handshakes_total{{status=\"{status}\"}}");
    let lost = status("lost");
    let figures = wait_for(server.admin, |figures| figures.of(&lost) == 1.0).await;
    for expected in ["426", "200", "400"] {
        assert_eq!(figures.of(&status(expected)), 1.0, "{expected}");
    }
    assert_eq!(figures.sum("longhall_handshakes_total"), 4.0);
    server.stop().await;
}

#[tokio::test]
async fn no_figure_names_a_player_a_channel_or_an_address() {
    let server = TestServer::start().await;
    let before = scrape(server.admin).await;
    let mut ada = server.player().await;
    ada.enter("adalovelace").await;
    ada.enter_channel("create", r#""channel":"analyticalengine","access":"open""#)
        .await;
    ada.say_in("analyticalengine", "what an engine").await;
    let after = scrape(server.admin).await;
    let series: Vec<&str> = after.series().collect();
    assert_eq!(
        series,
        before.series().collect::<Vec<_>>(),
        "as many as before"
    );
    let all = series.join("\n");
    for secret in ["adalovelace", "analyticalengine", "127.0.0.1", "engine\""] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert_eq!(after.of("longhall_channels_live"), 2.0);
    server.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_database_and_the_process_are_measured() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    ada.say_often(200, &"x".repeat(500)).await;
    let figures = scrape(server.admin).await;
    let size = |name: &str| {
        let file = std::fs::metadata(server.folder.path().join(name)).unwrap();
        file.len() as f64
    };
    let database = figures.of("longhall_store_file_bytes{file=\"database\"}");
    assert_eq!(database, size("longhall.db"));
    assert!(figures.of("longhall_store_file_bytes{file=\"log\"}") > 100_000.0);
    assert_eq!(figures.of("longhall_store_info{engine=\"sqlite\"}"), 1.0);
    assert_eq!(figures.of("longhall_readiness{state=\"ready\"}"), 1.0);
    assert_eq!(figures.sum("longhall_readiness"), 1.0);
    assert_eq!(figures.of("longhall_clock_doubted"), 0.0);
    for (name, least) in [
        ("process_cpu_seconds_total", 0.001),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 5.0),
        ("process_max_fds", 5.0),
        ("process_start_time_seconds", 1.7e9),
    ] {
        assert!(figures.of(name) >= least, "{name} is {}", figures.of(name));
    }
    server.stop().await;
}
