use std::future::poll_fn;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::*;
use crate::wire::IntoWire;

fn lines(seq: Seq) -> Lines {
    let frames = Frames::new("x".repeat(168));
    Lines {
        frames,
        last_seq: seq,
        count: 1,
    }
}

fn outbox(max_bytes: usize) -> Outbox {
    Outbox::new(max_bytes, None)
}

fn gap(channel: &str, last_seq: Seq) -> Option<Frames> {
    let channel = channel.to_owned();
    Some(encode(&ServerPacket::Gap { channel, last_seq }))
}

fn some(text: &'static str) -> Frames {
    Frames::new(text)
}

#[test]
fn packets_leave_in_order_and_closing_comes_last() {
    let outbox = outbox(1000);
    outbox.push(some("a"));
    outbox.push(some("b"));
    outbox.close(CloseReason::Restarting);
    outbox.push(some("too late"));
    outbox.close(CloseReason::Idle);
    assert_eq!(outbox.take(), Some(some("a")));
    assert_eq!(outbox.take(), Some(some("b")));
    assert_eq!(outbox.take(), None);
    assert_eq!(outbox.next(), Next::Close(CloseReason::Restarting));
}

#[test]
fn a_full_outbox_closes_its_connection_and_frees_its_memory() {
    let outbox = outbox(100);
    for _ in 0..1000 {
        outbox.push(some("0123456789"));
    }
    assert_eq!(outbox.take(), None);
    assert_eq!(outbox.next(), Next::Close(CloseReason::TooSlow));
}

#[test]
fn lines_too_many_become_one_gap_a_channel_and_live_lines_go_on_behind_it() {
    let outbox = outbox(2000);
    let (hall, den): (Arc<str>, Arc<str>) = ("hall".into(), "den".into());
    for seq in 1..=1000 {
        let is_first = outbox.queue_lines(&hall, &lines(seq));
        assert_eq!(is_first, seq == 1);
    }
    assert!(!outbox.queue_lines(&den, &lines(2)));
    outbox.push(some("an answer"));
    let whole = Some(lines(0).frames);
    // Five lines of 200 bytes are half of the outbox.
    for _ in 0..3 {
        assert_eq!(outbox.take(), whole);
    }
    // Still no room: what is said now belongs into the gap.
    assert!(!outbox.queue_lines(&hall, &lines(1001)));
    for _ in 0..2 {
        assert_eq!(outbox.take(), whole);
    }
    assert_eq!(outbox.take(), Some(some("an answer")));
    assert_eq!(outbox.take(), gap("hall", 1001));
    assert!(!outbox.queue_lines(&hall, &lines(1002)));
    assert_eq!(outbox.take(), gap("den", 2));
    assert_eq!(outbox.take(), whole);
    assert_eq!(outbox.take(), None);
    assert!(outbox.queue_lines(&hall, &lines(1003)));
}

#[test]
fn a_line_that_never_fits_is_told_as_a_gap() {
    let outbox = outbox(100);
    assert!(outbox.queue_lines(&"hall".into(), &lines(7)));
    assert_eq!(outbox.take(), gap("hall", 7));
}

#[test]
fn an_outbox_that_owes_answers_closes_behind_the_last_of_them() {
    let outbox = outbox(1000);
    outbox.expect_answer();
    outbox.expect_answer();
    outbox.close_when_answered(CloseReason::Restarting);
    assert!(outbox.deliver_answers(some("one"), 1));
    assert!(!outbox.is_closing());
    assert!(!outbox.deliver_answers(some("two"), 1));
    assert!(outbox.is_closing());
    assert_eq!(outbox.take(), Some(some("one")));
    assert_eq!(outbox.take(), Some(some("two")));
}

/// An outbox that has room, and the other end of its connection.
async fn connected(max_bytes: usize) -> (Outbox, TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (there, _) = listener.accept().await.unwrap();
    here.writable().await.unwrap();
    let (_, writing) = here.into_wire();
    (Outbox::new(max_bytes, Some(writing)), there)
}

#[tokio::test]
async fn whoever_fills_an_empty_outbox_writes_all_that_is_in_it() {
    let (outbox, mut there) = connected(1000).await;
    assert!(outbox.queue(some("one ")));
    assert!(!outbox.queue(some("two")));
    outbox.flush();
    let mut heard = [0; 7];
    there.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"one two");
    assert_eq!(outbox.next(), Next::Nothing);
}

#[tokio::test]
async fn a_full_socket_is_the_owners_and_no_byte_is_lost_or_doubled() {
    let (outbox, mut there) = connected(usize::MAX).await;
    let mut said = Vec::new();
    for number in 0_u32.. {
        let piece = number.to_be_bytes().repeat(1000);
        said.extend_from_slice(&piece);
        if outbox.queue(Frames::new(piece)) {
            outbox.flush();
        }
        if outbox.next() == Next::AwaitRoom {
            break;
        }
    }
    // Told, though it was not the owner who wrote.
    outbox.changed().await;
    let more = b"at last".repeat(100);
    said.extend_from_slice(&more);
    assert!(!outbox.queue(Frames::new(more)));
    let mut heard = vec![0; said.len()];
    let write = async {
        while outbox.next() == Next::AwaitRoom {
            poll_fn(|cx| outbox.poll_room(cx)).await;
            outbox.resume();
        }
    };
    let (read, ()) = tokio::join!(there.read_exact(&mut heard), write);
    read.unwrap();
    assert!(heard == said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_write_at_once_forget_nothing_and_keep_their_order() {
    const WRITERS: u8 = 4;
    const PIECES: u32 = 20_000;
    let (outbox, mut there) = connected(usize::MAX).await;
    let outbox = Arc::new(outbox);
    for writer in 0..WRITERS {
        let outbox = Arc::clone(&outbox);
        tokio::spawn(async move {
            for number in 0..PIECES {
                let mut piece = vec![writer; 200];
                piece[1..5].copy_from_slice(&number.to_be_bytes());
                if writer == 0 {
                    outbox.push(Frames::new(piece));
                } else if outbox.queue(Frames::new(piece)) {
                    outbox.flush();
                }
                if number % 64 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    let owner = Arc::clone(&outbox);
    let owner = tokio::spawn(async move {
        loop {
            match owner.next() {
                Next::AwaitRoom => {
                    poll_fn(|cx| owner.poll_room(cx)).await;
                    owner.resume();
                }
                _ => owner.changed().await,
            }
        }
    });
    let mut next = [0; WRITERS as usize];
    let mut piece = [0; 200];
    for _ in 0..PIECES * u32::from(WRITERS) {
        let read = there.read_exact(&mut piece);
        let read = tokio::time::timeout(std::time::Duration::from_secs(20), read).await;
        read.expect("nobody writes").unwrap();
        let writer = usize::from(piece[0]);
        assert_eq!(piece[1..5], u32::to_be_bytes(next[writer]));
        next[writer] += 1;
    }
    assert_eq!(next, [PIECES; WRITERS as usize]);
    owner.abort();
}

#[tokio::test]
async fn what_is_dropped_leaves_no_half_frame() {
    let (outbox, mut there) = connected(20_000_000).await;
    let whole = Frames::new(vec![7; 10_000_000]);
    assert!(outbox.queue(whole));
    assert_eq!(outbox.next(), Next::AwaitRoom);
    outbox.push(Frames::new(vec![8; 10_000_000]));
    assert!(outbox.is_closing());
    let mut heard = vec![0; 10_000_000];
    let write = async {
        while outbox.next() == Next::AwaitRoom {
            poll_fn(|cx| outbox.poll_room(cx)).await;
            outbox.resume();
        }
    };
    let (read, ()) = tokio::join!(there.read_exact(&mut heard), write);
    read.unwrap();
    assert!(heard.iter().all(|byte| *byte == 7));
    assert_eq!(outbox.next(), Next::Close(CloseReason::TooSlow));
}

#[tokio::test]
async fn a_broken_socket_is_told_to_the_owner() {
    let (outbox, there) = connected(1000).await;
    drop(there);
    while outbox.next() != Next::Lost {
        outbox.push(some("hello?"));
        poll_fn(|cx| outbox.poll_room(cx)).await;
    }
    assert!(outbox.is_empty());
    assert!(!outbox.queue(some("hello?")));
}
