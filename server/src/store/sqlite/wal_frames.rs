//! What stands in a log that a server left beside its database file.
//!
//! SQLite takes a log over up to the first frame that is not whole, and says nothing of
//! what stands behind it. So it is walked here as well, by SQLite's file format
//! (<https://www.sqlite.org/fileformat2.html#walformat>): each frame carries the salts
//! of the log and a sum over everything before it. Frames of an earlier round have
//! other salts, and room that a server of old made beforehand is zeros; neither is lost.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

pub(super) const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// Tells one round of a log from another.
pub(super) type Salts = [u8; 8];

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frames {
    /// Whether its first bytes are whole; without them SQLite takes nothing over.
    pub(super) is_headed: bool,
    /// Of the log; of its first frame when the first bytes are not whole.
    pub(super) salts: Salts,
    /// Frames up to the end of the last whole transaction: what SQLite takes over.
    pub(super) whole: u64,
    /// Transactions among them.
    pub(super) transactions: u64,
    /// Frames of the same round behind the first that is not whole.
    pub(super) cut_off: u64,
    /// Transactions that end among them.
    pub(super) cut_off_transactions: u64,
}

/// Reads a log; `None` when there is none or it is empty.
pub(super) fn read(path: &Path) -> io::Result<Option<Frames>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(cause),
    };
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    walk(&mut BufReader::with_capacity(256 * 1024, file)).map(Some)
}

/// The salts in a log's first bytes.
pub(super) fn salts(header: &[u8; HEADER_BYTES]) -> Salts {
    let mut salts = Salts::default();
    salts.copy_from_slice(&header[16..24]);
    salts
}

fn walk(log: &mut impl Read) -> io::Result<Frames> {
    let mut found = Frames::default();
    let mut header = [0; HEADER_BYTES];
    if !fill(log, &mut header)? {
        return Ok(found);
    }
    let is_big_endian = word(&header, 0) == MAGIC | 1;
    let mut sum = Sum::default();
    sum.add(&header[..24], is_big_endian);
    found.is_headed =
        word(&header, 0) & !1 == MAGIC && word(&header, 4) == 3_007_000 && sum.is(&header[24..32]);
    found.salts = salts(&header);
    let page_bytes = match word(&header, 8) {
        bytes if bytes.is_power_of_two() && (512..=65536).contains(&bytes) => bytes as usize,
        // What this server's files have.
        _ => 4096,
    };
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes];
    let mut is_whole = found.is_headed;
    let mut frames = 0;
    while fill(log, &mut frame)? {
        let is_used = word(&frame, 0) != 0;
        if frames == 0 && !found.is_headed && is_used {
            found.salts.copy_from_slice(&frame[8..16]);
        }
        frames += 1;
        let is_of_this_round = is_used && frame[8..16] == found.salts;
        let ends_transaction = word(&frame, 4) != 0;
        if is_whole && is_of_this_round {
            sum.add(&frame[..8], is_big_endian);
            sum.add(&frame[FRAME_HEADER_BYTES..], is_big_endian);
            if sum.is(&frame[16..24]) {
                if ends_transaction {
                    found.whole = frames;
                    found.transactions += 1;
                }
                continue;
            }
        }
        is_whole = false;
        if is_of_this_round {
            found.cut_off += 1;
            found.cut_off_transactions += u64::from(ends_transaction);
        }
    }
    Ok(found)
}

/// Fills `bytes`; false when the log ends before.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// A number in the order of bytes that all but the sums are in.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4]
        .iter()
        .fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// SQLite's sum over a log.
#[derive(Clone, Copy, Default)]
struct Sum(u32, u32);

impl Sum {
    fn add(&mut self, bytes: &[u8], is_big_endian: bool) {
        let (pairs, _) = bytes.as_chunks::<8>();
        for pair in pairs {
            let [a, b, c, d, e, f, g, h] = *pair;
            let (one, two) = ([a, b, c, d], [e, f, g, h]);
            let (one, two) = if is_big_endian {
                (u32::from_be_bytes(one), u32::from_be_bytes(two))
            } else {
                (u32::from_le_bytes(one), u32::from_le_bytes(two))
            };
            self.0 = self.0.wrapping_add(one).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(two).wrapping_add(self.0);
        }
    }

    fn is(self, bytes: &[u8]) -> bool {
        word(bytes, 0) == self.0 && word(bytes, 4) == self.1
    }
}
