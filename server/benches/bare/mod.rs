//! The reference of the benches: rusqlite alone, one table, nothing to look up.

use std::path::Path;

use rusqlite::Connection;

/// What is said.
pub(crate) fn text(number: usize) -> String {
    format!("line {number}: shall we meet at the old bridge, or do you go ahead?")
}

/// A file with one table.
pub(crate) struct Bare(Connection);

impl Bare {
    /// Creates the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let db = Connection::open(path)?;
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE lines (id INTEGER PRIMARY KEY, sender INTEGER NOT NULL,
                                 sent_at_ms INTEGER NOT NULL, text TEXT NOT NULL) STRICT",
        )?;
        Ok(Self(db))
    }

    /// Puts `texts` on disk in transactions of `batch` lines.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn insert(&mut self, texts: &[String], batch: usize) -> rusqlite::Result<()> {
        for batch in texts.chunks(batch) {
            let transaction = self.0.transaction()?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO lines (sender, sent_at_ms, text) VALUES (?1, ?2, ?3)",
            )?;
            for (number, text) in batch.iter().enumerate() {
                insert.execute(((number % 300) as i64, 1_700_000_000_000_i64, text))?;
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(())
    }
}
