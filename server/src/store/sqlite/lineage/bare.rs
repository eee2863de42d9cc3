//! A database file without its log.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Result};

/// A database file without its log.
#[derive(Clone, Copy, Default)]
pub(in crate::store::sqlite) struct Bare {
    pub(super) is_empty: bool,
    /// It had a log once, and has no tables.
    pub(super) is_hollow: bool,
    /// Its parts do not fit together, as while a log is being folded in.
    pub(super) is_torn: bool,
    /// Of its layout.
    pub(in crate::store::sqlite) version: usize,
    pub(super) row: Option<StateRow>,
}

impl Bare {
    pub(in crate::store::sqlite) fn read(path: &Path) -> io::Result<Self> {
        // Nobody has opened it yet, so that no lock is lost when it is closed.
        let mut header = Vec::new();
        File::open(path)?.take(20).read_to_end(&mut header)?;
        let alone = without_log(path);
        let is_torn = alone.as_ref().is_err_and(|cause| {
            // The frames in the log make it whole.
            cause.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
        });
        // Whatever else is wrong with it, opening it will tell.
        let (tables, version, row) = alone.unwrap_or((1, 0, None));
        Ok(Self {
            is_torn,
            is_empty: header.is_empty(),
            is_hollow: header.get(18) == Some(&2) && tables == 0,
            version,
            row,
        })
    }
}

/// Its row of `state`.
#[derive(Clone, Copy)]
pub(super) struct StateRow {
    pub(super) fold: i64,
    pub(super) folded_at_ms: i64,
    pub(super) is_open: bool,
    /// Not a copy that SQLite made.
    pub(super) is_original: bool,
}

/// How many tables there are, the version of their layout, and the row of `state`.
fn without_log(path: &Path) -> Result<(i64, usize, Option<StateRow>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(immutable(path), flags)?;
    let (tables, has_row): (i64, bool) = db.query_row(
        "SELECT count(*), total(name = 'state') > 0 FROM sqlite_schema",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let version: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if !has_row {
        return Ok((tables, version, None));
    }
    let schema: i64 = db.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    let row = db.query_row(
        "SELECT fold, folded_at_ms, is_open, schema_cookie FROM state",
        [],
        |row| {
            Ok(StateRow {
                fold: row.get(0)?,
                folded_at_ms: row.get(1)?,
                is_open: row.get(2)?,
                is_original: row.get::<_, i64>(3)? == schema,
            })
        },
    );
    Ok((tables, version, row.optional()?))
}

/// A file as SQLite reads it without looking for a log.
pub(in crate::store::sqlite) fn immutable(path: &Path) -> String {
    use std::fmt::Write;
    let mut uri = String::from(if cfg!(windows) { "file:/" } else { "file:" });
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            // Writing to a text cannot fail.
            byte => drop(write!(uri, "%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}
