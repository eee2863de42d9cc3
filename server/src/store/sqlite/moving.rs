//! A SQLite file as an end of a copy from store to store.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension, ToSql, params_from_iter};

use super::SqliteStore;
use super::lineage::{Locked, immutable, log_of_changes, note_fold};
use super::open::{MIGRATIONS, beside, connect, explain, fold_in_at_end, lock, open_private};
use crate::store::CopyError;
use crate::store::backup::sync_folder;
use crate::store::copy::end::{Begun, End, Reached, Row, State, Value};
use crate::store::copy::tables::{Column, LAST_SEQ, TABLES, Table};

/// A SQLite file, locked, that is read from or written to.
pub(in crate::store) struct SqliteEnd {
    /// Gone when the copy is finished.
    db: Option<Connection>,
    /// The file that is written to until the copy is whole; the source itself otherwise.
    file: PathBuf,
    /// What the file is called then.
    path: PathBuf,
    /// To be let go of after the connection. `None` where nobody writes.
    _lock: Option<Locked>,
}

impl SqliteEnd {
    /// A file to copy from. Its layout is brought up to date, as by a server's start.
    ///
    /// # Errors
    /// When there is none, a server has it open, or it cannot be used.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, CopyError> {
        if !path.exists() {
            return Err(CopyError::NoSource(path.to_owned()));
        }
        Self::start(path, path.to_owned())
    }

    /// A file to copy to. Until the copy is whole it has another name, so that no server
    /// takes it for a database.
    ///
    /// # Errors
    /// When there is a file of that name, or the new one cannot be used.
    pub(in crate::store) fn create(path: &Path) -> Result<Self, CopyError> {
        if path.exists() {
            return Err(CopyError::NotEmpty(path.display().to_string()));
        }
        let file = beside(path, "copying");
        let end = match Self::start(path, file.clone())? {
            // One that was ended in its last moment: whole, but not what it is called. From
            // the beginning is simplest.
            end if end.is_without_note()? => {
                drop(end);
                for left in [log_of_changes(&file), beside(&file, "lock"), file.clone()] {
                    let _ = fs::remove_file(left);
                }
                Self::start(path, file)?
            }
            end => end,
        };
        // A whole page is flushed at its end; a copy that a sudden end tears begins anew.
        let set_up =
            "CREATE TABLE IF NOT EXISTS copying (source TEXT NOT NULL, reached TEXT) STRICT";
        end.run(|db| db.execute_batch(set_up))?;
        Ok(end)
    }

    /// A backup to copy from: a file that nobody writes. Nothing is changed, not even beside it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::store) fn frozen(path: &Path) -> Result<Self, CopyError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(immutable(path), flags);
        Ok(Self {
            db: Some(db.map_err(|cause| explain(path, &cause))?),
            file: path.to_owned(),
            path: path.to_owned(),
            _lock: None,
        })
    }

    /// Whether it has the layout that a copy is made from.
    pub(in crate::store) fn is_newest_layout(&self) -> Result<bool, CopyError> {
        let sql = "PRAGMA user_version";
        let version: u32 = self.run(|db| db.query_row(sql, [], |row| row.get(0)))?;
        Ok(usize::try_from(version).is_ok_and(|version| version == MIGRATIONS.len()))
    }

    fn start(path: &Path, file: PathBuf) -> Result<Self, CopyError> {
        // For its checks, its migrations and its tables.
        drop(SqliteStore::open(&file)?);
        let lock = lock(&file)?;
        let db = connect(&file)?;
        let end = Self {
            db: Some(db),
            file,
            path: path.to_owned(),
            _lock: Some(lock),
        };
        end.run(|db| {
            fold_in_at_end(db, true)?;
            db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536")
        })?;
        Ok(end)
    }

    /// Whether there are rows, and no note of a copy that is under way.
    fn is_without_note(&self) -> Result<bool, CopyError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM logs) AND NOT EXISTS
                       (SELECT 1 FROM sqlite_schema WHERE name = 'copying')";
        self.run(|db| db.query_row(sql, [], |row| row.get(0)))
    }

    fn run<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, CopyError> {
        let db = self
            .db
            .as_ref()
            .ok_or_else(|| self.failed("it is closed"))?;
        act(db).map_err(|cause| self.failed(&cause.to_string()))
    }

    fn failed(&self, detail: &str) -> CopyError {
        CopyError::Failed {
            place: self.path.display().to_string(),
            detail: detail.to_owned(),
        }
    }
}

impl End for SqliteEnd {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn state(&mut self) -> Result<State, CopyError> {
        self.run(|db| {
            let state =
                "SELECT epoch, seen_ms, doubt_from_ms, doubt_to_ms, doubt_said_ms FROM state";
            let (epoch, seen) = db.query_row(state, [], |row| {
                let seen = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((row.get(0)?, seen))
            })?;
            let rule = "SELECT version FROM name_key_rule";
            let name_key_rule = db.query_row(rule, [], |row| row.get(0))?;
            let counted = TABLES.iter().filter(|table| table.counts_ids);
            let last_ids = counted.map(|table| last_id(db, table));
            Ok(State {
                epoch,
                seen,
                name_key_rule,
                last_ids: last_ids.collect::<rusqlite::Result<_>>()?,
            })
        })
    }

    fn count(&mut self, table: &Table) -> Result<u64, CopyError> {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let count: i64 = self.run(|db| db.query_row(&sql, [], |row| row.get(0)))?;
        Ok(count.unsigned_abs())
    }

    fn page(
        &mut self,
        table: &Table,
        after: Option<&[i64]>,
        limit: usize,
    ) -> Result<Vec<Row>, CopyError> {
        let sql = table.page_sql(after.is_some(), |number| format!("?{number}"), read);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters = after.unwrap_or_default().iter().copied().chain([limit]);
        self.run(|db| {
            let mut page = db.prepare_cached(&sql)?;
            let rows = page.query_map(params_from_iter(parameters), |row| {
                let values = (0..table.columns.len()).map(|at| value(row.get_ref(at)?));
                values.collect()
            })?;
            rows.collect()
        })
    }

    fn begun(&mut self) -> Result<Begun, CopyError> {
        let noted = self.run(|db| {
            db.query_row("SELECT source, reached FROM copying", [], |row| {
                Ok((row.get(0)?, row.get::<_, Option<String>>(1)?))
            })
            .optional()
        })?;
        Ok(match noted {
            None => Begun::Empty,
            Some((source, reached)) => Begun::Copy {
                source,
                reached: reached.as_deref().and_then(Reached::parse),
            },
        })
    }

    fn begin(&mut self, source: &str) -> Result<(), CopyError> {
        self.run(|db| db.execute("INSERT INTO copying (source) VALUES (?1)", [source]))
            .map(drop)
    }

    fn put(&mut self, table: &Table, rows: &[Row], reached: &Reached) -> Result<(), CopyError> {
        let columns = table.names().replace(LAST_SEQ, "settled_seq");
        let places = vec!["?"; table.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} ({columns}) VALUES ({places})", table.name);
        self.run(|db| {
            super::in_transaction(db, || {
                let mut insert = db.prepare_cached(&sql)?;
                for row in rows {
                    insert.execute(params_from_iter(row))?;
                }
                db.execute("UPDATE copying SET reached = ?1", [reached.to_string()])
            })
        })
        .map(drop)
    }

    fn settle(&mut self, state: &State) -> Result<(), CopyError> {
        self.run(|db| {
            super::in_transaction(db, || {
                let [seen, from, to, said] = state.seen;
                db.execute(
                    "UPDATE state SET epoch = ?1, seen_ms = ?2, doubt_from_ms = ?3,
                                      doubt_to_ms = ?4, doubt_said_ms = ?5",
                    (&state.epoch, seen, from, to, said),
                )?;
                db.execute(
                    "UPDATE name_key_rule SET version = ?1",
                    [state.name_key_rule],
                )?;
                let counted = TABLES.iter().filter(|table| table.counts_ids);
                for (table, last_id) in counted.zip(&state.last_ids) {
                    db.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table.name])?;
                    // `logs` is not counted like that: its rows are never deleted.
                    if table.name != "logs" {
                        let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                        db.execute(sql, (table.name, last_id))?;
                    }
                }
                Ok(())
            })
        })
    }

    fn finish(&mut self) -> Result<(), CopyError> {
        self.run(|db| {
            db.execute_batch("DROP TABLE copying")?;
            // As a server leaves it, so that the next one takes it for what ran here last.
            let fold = db.query_row("SELECT fold FROM state", [], |row| row.get(0))?;
            note_fold(db, fold, false)
        })?;
        if let Some(db) = self.db.take() {
            db.close()
                .map_err(|(_, cause)| self.failed(&cause.to_string()))?;
        }
        let lock = |path| beside(path, "lock");
        let renamed = open_private(&self.file)?
            .sync_all()
            .and_then(|()| fs::rename(lock(&self.file), lock(&self.path)))
            .and_then(|()| fs::rename(&self.file, &self.path))
            .and_then(|()| sync_folder(&self.path));
        renamed.map_err(|cause| self.failed(&cause.to_string()))
    }
}

/// How a column is read: where a log stands is in its lines.
fn read(column: &Column) -> String {
    match column.name {
        LAST_SEQ => last_seq!().to_owned(),
        name => name.to_owned(),
    }
}

/// The greatest id that a table has ever given.
fn last_id(db: &Connection, table: &Table) -> rusqlite::Result<i64> {
    let sql = format!(
        "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{0}'), 0),
                    coalesce((SELECT max(id) FROM {0}), 0))",
        table.name
    );
    db.query_row(&sql, [], |row| row.get(0))
}

fn value(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        // No column holds one.
        ValueRef::Real(_) => Value::Null,
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Number(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
