//! What is counted while the server runs, for whoever watches it.
//!
//! Counting must cost a delivery nothing: what happens once per line and listener is
//! counted once per batch, under a lock that is held anyway, or summed up when somebody
//! asks. [`scrape`] writes all of it as text. No figure bears a name, an address or a
//! channel of players: there are as many as are in the code, whatever strangers do.

mod count;
mod process;
mod scrape;
mod text;

use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode};

pub(crate) use count::{Counter, Histogram, PerName, Spread};
pub(crate) use scrape::scrape;
pub(crate) use text::CONTENT_TYPE;

/// Bounds of the times of a flush, in microseconds: a fast disk to one that stalls.
const FLUSH_US: &[u64] = &[
    250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 125_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000,
];
/// Bounds of the sizes of a batch: up to all that the chat log takes at once.
const BATCH_ENTRIES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_000];
/// Bounds of the times of a hash, in microseconds.
const HASH_US: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 20_000, 30_000, 40_000, 60_000, 80_000, 120_000, 250_000, 500_000,
    1_000_000, 2_500_000,
];

/// Why a connection is not taken.
pub(crate) mod refused {
    /// There are as many as the server takes.
    pub(crate) const SERVER_FULL: &str = "server_full";
    /// There are as many as the address may have.
    pub(crate) const ADDRESS_FULL: &str = "address_full";
    /// The address opens them too fast.
    pub(crate) const TOO_FAST: &str = "too_fast";
    pub(super) const ALL: &[&str] = &[SERVER_FULL, ADDRESS_FULL, TOO_FAST];
}

/// How a handshake ended, beside the status that it was answered with.
pub(crate) mod handshake {
    /// The peer hung up or was dropped, or the socket broke.
    pub(crate) const LOST: &str = "lost";
    /// It took the peer too long.
    pub(crate) const TIMEOUT: &str = "timeout";
    /// A status that is not in the list below.
    pub(super) const OTHER: &str = "other";
    pub(super) const ALL: &[&str] = &[
        "101", "200", "400", "403", "426", "431", "503", LOST, TIMEOUT, OTHER,
    ];
}

/// How a connection ended, where it is not the server that closes it.
pub(crate) mod closed {
    /// The peer closed it, as it should.
    pub(crate) const BY_PEER: &str = "by_peer";
    /// The peer was gone without a word.
    pub(crate) const LOST: &str = "lost";
}

/// What was accepted.
pub(crate) mod accepted {
    /// A line in a channel.
    pub(crate) const LINE: &str = "line";
    /// A whisper.
    pub(crate) const WHISPER: &str = "whisper";
    /// An edit or a deletion of a line.
    pub(crate) const CHANGE: &str = "change";
    pub(super) const ALL: &[&str] = &[LINE, WHISPER, CHANGE];
}

/// The counts of one server. What is known elsewhere is asked there, see [`scrape`].
pub(crate) struct Metrics {
    /// Connections taken, those refused among them.
    pub(crate) accepted: Counter,
    /// By [`refused`].
    pub(crate) refused: PerName,
    /// By the status of the answer, or [`handshake`].
    pub(crate) handshakes: PerName,
    /// By the reason in the close frame, or [`closed`].
    pub(crate) closes: PerName,
    /// By code.
    pub(crate) denials: PerName,
    /// By [`accepted`].
    pub(crate) entries: PerName,
    /// Bytes that sockets took, headers of frames included.
    pub(crate) bytes_out: Spread,
    /// Texts with a blocked word that were said all the same.
    pub(crate) flagged: Counter,
    /// `gap` packets.
    pub(crate) gaps: Counter,
    /// Lines left out for connections that were too slow.
    pub(crate) left_out: Counter,
    /// How long the store took for a batch.
    pub(crate) flush_time: Histogram,
    /// Entries of a batch.
    pub(crate) batch: Histogram,
    /// Batches that the store refused.
    pub(crate) failed_batches: Counter,
    /// How long a hash took, without waiting for a thread.
    pub(crate) hash_time: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let reasons = CloseReason::ALL.iter().map(|reason| reason.name());
        Self {
            accepted: Counter::default(),
            refused: PerName::of(refused::ALL.iter().copied()),
            handshakes: PerName::of(handshake::ALL.iter().copied()),
            closes: PerName::of(reasons.chain([closed::BY_PEER, closed::LOST])),
            denials: PerName::of(DenyCode::ALL.iter().map(|code| code.name())),
            entries: PerName::of(accepted::ALL.iter().copied()),
            bytes_out: Spread::default(),
            flagged: Counter::default(),
            gaps: Counter::default(),
            left_out: Counter::default(),
            flush_time: Histogram::of_times(FLUSH_US),
            batch: Histogram::of_counts(BATCH_ENTRIES),
            failed_batches: Counter::default(),
            hash_time: Histogram::of_times(HASH_US),
        }
    }
}

impl Metrics {
    /// Counts a batch that the store took so long for.
    pub(crate) fn count_batch(&self, entries: usize, took: Duration, is_taken: bool) {
        self.flush_time.observe_time(took);
        self.batch.observe(entries as u64);
        self.failed_batches.add(u64::from(!is_taken));
    }

    /// Counts an answered handshake by the first word of its status line.
    pub(crate) fn count_handshake(&self, status: &str) {
        let code = status.split(' ').next().unwrap_or_default();
        if !self.handshakes.add(code, 1) {
            self.handshakes.add(handshake::OTHER, 1);
        }
    }
}
