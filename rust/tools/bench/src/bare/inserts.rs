//! SQLite alone: one table, nothing to look up.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;

/// Lines put on disk per second, in transactions of `batch`.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn per_second(folder: &Path, batch: usize, time: Duration) -> Result<f64> {
    let file = tempfile::NamedTempFile::new_in(folder)?;
    let mut db = Connection::open(file.path())?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE lines (id INTEGER PRIMARY KEY, sender INTEGER NOT NULL,
                             sent_at_ms INTEGER NOT NULL, text TEXT NOT NULL) STRICT",
    )?;
    let text = "shall we meet at the old bridge, or do you go ahead? I have time";
    let began = Instant::now();
    let mut lines = 0_usize;
    while began.elapsed() < time {
        let transaction = db.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO lines (sender, sent_at_ms, text) VALUES (?1, ?2, ?3)",
            )?;
            for number in 0..batch {
                insert.execute(((number % 300) as i64, 1_700_000_000_000_i64, text))?;
            }
        }
        transaction.commit()?;
        lines += batch;
    }
    let rate = lines as f64 / began.elapsed().as_secs_f64();
    drop(db);
    for end in ["-wal", "-shm"] {
        let mut beside = file.path().as_os_str().to_owned();
        beside.push(end);
        std::fs::remove_file(beside).ok();
    }
    Ok(rate)
}
