//! A line to the database that breaks when it hurts most.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

/// Breaks once when it is told to: when a change was made, before the word of it arrives.
pub(super) struct Line {
    port: u16,
    breaks: Arc<AtomicBool>,
}

impl Line {
    /// A line to the server of all tests.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            breaks: Arc::default(),
        };
        let breaks = Arc::clone(&line.breaks);
        thread::spawn(move || {
            for store in listener.incoming().map_while(io::Result::ok) {
                let database = TcpStream::connect(("127.0.0.1", SERVER.port())).unwrap();
                carry(&store, &database, &breaks);
            }
        });
        line
    }

    /// The url of the same database over this line.
    pub(super) fn to(&self, url: &str) -> String {
        url.replace(&SERVER.port().to_string(), &self.port.to_string())
    }

    /// The next change is made, and nobody hears of it.
    pub(super) fn break_at_commit(&self) {
        self.breaks.store(true, Ordering::SeqCst);
    }
}

fn carry(store: &TcpStream, database: &TcpStream, breaks: &Arc<AtomicBool>) {
    let is_broken = Arc::<AtomicBool>::default();
    let both = || (store.try_clone().unwrap(), database.try_clone().unwrap());
    let ((mut from, mut to), breaks, breaking) =
        (both(), Arc::clone(breaks), Arc::clone(&is_broken));
    thread::spawn(move || {
        let mut is_change = false;
        pass(&mut from, &mut to, |said| {
            let says = |word: &str| said.windows(word.len()).any(|part| part == word.as_bytes());
            if says("START TRANSACTION") {
                is_change = says("READ COMMITTED");
            }
            // Whoever holds a lock of a channel changes nothing.
            is_change &= !says("lock_timeout");
            if is_change && says("COMMIT\0") && breaks.swap(false, Ordering::SeqCst) {
                breaking.store(true, Ordering::SeqCst);
            }
            true
        });
    });
    let (mut to, mut from) = both();
    thread::spawn(move || pass(&mut from, &mut to, |_| !is_broken.load(Ordering::SeqCst)));
}

/// Passes on what is said as long as `may_pass`.
fn pass(from: &mut TcpStream, to: &mut TcpStream, mut may_pass: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer)
        && may_pass(&buffer[..length])
        && to.write_all(&buffer[..length]).is_ok()
    {}
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}
