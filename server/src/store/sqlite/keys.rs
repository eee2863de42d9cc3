//! `lines.id`: a log and a number in it, as one number.

use rusqlite::{Error, Result};

/// The lowest bits of an id are the line's number in its log, the others the log.
const SEQ_BITS: u32 = 36;
/// The greatest number a log can give.
pub(super) const MAX_SEQ: i64 = (1 << SEQ_BITS) - 1;
const MAX_LOG: i64 = i64::MAX >> SEQ_BITS;

/// The id of a line.
///
/// # Errors
/// When there are too many lines or logs: a thousand lines a second for two years,
/// or a hundred million logs.
pub(super) fn line_key(log: i64, seq: i64) -> Result<i64> {
    if (0..=MAX_SEQ).contains(&seq) && (0..=MAX_LOG).contains(&log) {
        Ok((log << SEQ_BITS) | seq)
    } else {
        Err(Error::IntegralValueOutOfRange(0, seq))
    }
}

/// The number of the line with this id.
pub(super) fn seq_of(key: i64) -> i64 {
    key & MAX_SEQ
}

/// The log of the line with this id.
pub(super) fn log_of(key: i64) -> i64 {
    key >> SEQ_BITS
}

/// SQL: the ids of lines of a log.
macro_rules! of_log {
    ($log:literal) => {
        concat!(
            " BETWEEN (",
            $log,
            " << 36) AND (",
            $log,
            " << 36) + 68719476735 "
        )
    };
}

/// SQL: behind the last line of a log. To go with `id >`: of two lower bounds, SQLite
/// may pick the one that is of less help.
macro_rules! end_of_log {
    ($log:literal) => {
        concat!(" (", $log, " << 36) + 68719476736 ")
    };
}

/// SQL: the newest number of a log in the table `logs`.
macro_rules! last_seq {
    () => {
        concat!(
            "coalesce((SELECT max(lines.id) FROM lines WHERE lines.id",
            of_log!("logs.id"),
            ") & 68719476735, logs.settled_seq)"
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_its_log_and_its_number() {
        for (log, seq) in [
            (0, 0),
            (1, 1),
            (7, MAX_SEQ),
            (MAX_LOG, 5),
            (MAX_LOG, MAX_SEQ),
        ] {
            let key = line_key(log, seq).unwrap();
            assert_eq!((log_of(key), seq_of(key)), (log, seq));
        }
    }

    #[test]
    fn no_number_reaches_into_the_next_log() {
        for (log, seq) in [(1, MAX_SEQ + 1), (MAX_LOG + 1, 1), (1, -1)] {
            assert!(line_key(log, seq).is_err());
        }
    }

    #[test]
    fn sql_counts_as_rust_does() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        let end = concat!("SELECT", end_of_log!("?1"));
        let end: i64 = db.query_row(end, [7], |row| row.get(0)).unwrap();
        assert_eq!(end, line_key(8, 0).unwrap());
        let within = |log: i64, key: i64| -> bool {
            let sql = concat!("SELECT ?2", of_log!("?1"));
            db.query_row(sql, (log, key), |row| row.get(0)).unwrap()
        };
        assert!(within(7, line_key(7, 0).unwrap()) && within(7, line_key(7, MAX_SEQ).unwrap()));
        assert!(!within(7, line_key(6, MAX_SEQ).unwrap()) && !within(7, line_key(8, 0).unwrap()));
    }
}
