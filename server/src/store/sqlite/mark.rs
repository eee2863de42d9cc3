//! What the server knows of its database outside of it: `longhall.db.lock`.
//!
//! The file beside the database keeps a second server out, and says which state the
//! database and its log must at least be in. So a log that was deleted or cut off, and
//! a database that was put in the place of another, are noticed at the next start.
//! An operator who deletes the file takes only that away.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

use super::wal_frames::Salts;

/// The file is always so long: one sector, which a disk writes wholly or not at all.
const BYTES: usize = 512;
const TITLE: &str = "longhall 1";
const FLUSHED_LATER: &str = "flushed later\n";

/// What was known last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// What `state.fold` may be in the database file itself, without its log: two
    /// numbers while the log is being folded in.
    pub(super) folds: Vec<i64>,
    /// Of the log that was written last.
    pub(super) salts: Salts,
    /// Frames there are in that log and not in the database file.
    pub(super) frames: u64,
    /// Frames there were in that log when all of it was folded in; 0 when it was begun
    /// anew since. With fewer of them it would bring older pages back.
    pub(super) folded: u64,
    /// The id of the newest line, when it was written since the log was folded in.
    pub(super) line: i64,
    /// When all this was so, in milliseconds since 1970.
    pub(super) at_ms: i64,
    /// Whether lines are heard before they are flushed.
    pub(super) is_flushed_later: bool,
}

impl Mark {
    /// Reads a mark. `None` when the file holds none, or a damaged one.
    pub(super) fn read(mut file: &File) -> io::Result<Option<Self>> {
        let mut text = String::new();
        file.seek(SeekFrom::Start(0))?;
        match file.take(BYTES as u64).read_to_string(&mut text) {
            Ok(_) => Ok(Self::parse(&text)),
            Err(cause) if cause.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// Writes the mark. It is safe from the end of this process then, but not from
    /// that of the machine: for that the caller flushes the file.
    pub(super) fn write(&self, mut file: &File) -> io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&self.to_bytes())
    }

    /// Whether the log is being folded in, so that nobody knows how far that is.
    pub(super) fn is_folding(&self) -> bool {
        self.folds.len() > 1
    }

    /// Notes that all of the log, so many frames, is in the database file.
    pub(super) fn fold(&mut self, frames: u64) {
        self.folds.drain(..self.folds.len().saturating_sub(1));
        self.frames = 0;
        self.folded = frames;
        self.line = 0;
    }

    /// Notes which log is written.
    pub(super) fn set_salts(&mut self, salts: Salts) {
        if self.salts != salts {
            self.salts = salts;
            self.folded = 0;
        }
    }

    fn to_bytes(&self) -> [u8; BYTES] {
        let folds: Vec<String> = self.folds.iter().map(i64::to_string).collect();
        let facts = format!(
            "{TITLE}\nfolds {}\nsalts {}\nframes {}\nfolded {}\nline {}\nat {}\n{}",
            folds.join(" "),
            hex(&self.salts),
            self.frames,
            self.folded,
            self.line,
            self.at_ms,
            // Where it is not so, marks read as they always did.
            if self.is_flushed_later {
                FLUSHED_LATER
            } else {
                ""
            },
        );
        let sum = sum(&facts);
        let mut bytes = [b'\n'; BYTES];
        for (place, byte) in bytes.iter_mut().zip(facts.bytes().chain(sum.bytes())) {
            *place = byte;
        }
        bytes
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end();
        let (facts, found) = text.split_at(text.rfind('\n')? + 1);
        if found != sum(facts) {
            return None;
        }
        let mut lines = facts.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let mut fact = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let folds = fact("folds")?.split_whitespace();
        Some(Self {
            folds: folds.map(str::parse).collect::<Result<_, _>>().ok()?,
            salts: unhex(fact("salts")?)?.try_into().ok()?,
            frames: fact("frames")?.parse().ok()?,
            folded: fact("folded")?.parse().ok()?,
            line: fact("line")?.parse().ok()?,
            at_ms: fact("at")?.parse().ok()?,
            is_flushed_later: facts.ends_with(FLUSHED_LATER),
        })
    }
}

fn sum(text: &str) -> String {
    let sum: [u8; 32] = Sha256::digest(text).into();
    hex(&sum[..8])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_a_damaged_one_is_none() {
        let mark = Mark {
            folds: vec![i64::MIN, i64::MAX],
            salts: [1, 2, 3, 4, 5, 6, 7, 255],
            frames: u64::MAX,
            folded: u64::MAX,
            line: i64::MAX,
            at_ms: i64::MAX,
            is_flushed_later: true,
        };
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(Mark::read(&file).unwrap(), None);
        for mark in [mark, Mark::default()] {
            mark.write(&file).unwrap();
            assert_eq!(file.metadata().unwrap().len(), BYTES as u64);
            assert_eq!(Mark::read(&file).unwrap(), Some(mark));
        }
        for damage in [&b"x"[..], &[255]] {
            file.seek(SeekFrom::Start(30)).unwrap();
            file.write_all(damage).unwrap();
            assert_eq!(Mark::read(&file).unwrap(), None);
        }
    }
}
