//! A count and a sum of each table, whatever the layout, and of each log of lines.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use crate::store::backup::{BackupError, Step, Watch};
use crate::store::copy::log_of;

/// Rows between two looks at whether to go on.
const LOOK: i64 = 5_000;
/// The first layout whose lines begin with their log and number.
const LEAN_LINES: i64 = 3;

/// Rows that belong together, and their sum.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) table: String,
    /// The log that lines are of; `None` for a table as a whole.
    pub(super) log: Option<i64>,
    pub(super) rows: i64,
    pub(super) sha256: [u8; 32],
}

/// Adds up all tables but what is noted of the backup, in a fixed order.
pub(super) fn sums(
    db: &Connection,
    what: &'static str,
    watch: &Watch,
) -> Result<Vec<Sum>, BackupError> {
    let explain = |cause: rusqlite::Error| BackupError::Failed(cause.to_string());
    let mut tables = Vec::new();
    let named = db.prepare(
        "SELECT name, wr FROM pragma_table_list
         WHERE schema = 'main' AND type IN ('table', 'shadow', 'virtual')
             AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name = 'sqlite_sequence')
             AND name NOT IN ('backup', 'backup_sums')
         ORDER BY name",
    );
    let mut named = named.map_err(explain)?;
    let mut rows = named.query([]).map_err(explain)?;
    while let Some(row) = rows.next().map_err(explain)? {
        let is_without_rowid: bool = row.get(1).map_err(explain)?;
        tables.push((row.get::<_, String>(0).map_err(explain)?, is_without_rowid));
    }
    let layout: i64 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(explain)?;
    let mut sums = Vec::new();
    for (table, is_without_rowid) in tables {
        let of: i64 = db
            .query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| {
                row.get(0)
            })
            .map_err(explain)?;
        let order = if is_without_rowid {
            key(db, &table).map_err(explain)?
        } else {
            "rowid".to_owned()
        };
        let is_lines = table == "lines" && layout >= LEAN_LINES;
        let mut all = db
            .prepare(&format!("SELECT * FROM \"{table}\" ORDER BY {order}"))
            .map_err(explain)?;
        let columns = all.column_count();
        let mut rows = all.query([]).map_err(explain)?;
        let (mut done, mut last) = (0_i64, None::<(Option<i64>, i64, Sha256)>);
        while let Some(row) = rows.next().map_err(BackupError::sqlite(&path_of(db)))? {
            let log = if is_lines {
                Some(log_of(row.get(0).map_err(explain)?))
            } else {
                None
            };
            if let Some(whole) = last.take_if(|(other, ..)| *other != log) {
                sums.push(sum(&table, whole));
            }
            let (_, rows, sum) = last.get_or_insert_with(|| (log, 0, Sha256::new()));
            *rows += 1;
            add(sum, row, columns).map_err(explain)?;
            done += 1;
            if done % LOOK == 0 {
                let (done, of) = (done.unsigned_abs(), of.unsigned_abs());
                if !watch(Step { what, done, of }) {
                    return Err(BackupError::Stopped);
                }
            }
        }
        match last {
            Some(whole) => sums.push(sum(&table, whole)),
            // An empty table that is missing later is missed.
            None => sums.push(sum(&table, (None, 0, Sha256::new()))),
        }
    }
    Ok(sums)
}

fn path_of(db: &Connection) -> std::path::PathBuf {
    db.path().unwrap_or_default().into()
}

fn sum(table: &str, (log, rows, sum): (Option<i64>, i64, Sha256)) -> Sum {
    Sum {
        table: table.to_owned(),
        log,
        rows,
        sha256: sum.finalize().into(),
    }
}

/// The columns of a table's key, with commas between.
fn key(db: &Connection, table: &str) -> rusqlite::Result<String> {
    let sql = "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";
    let mut columns = db.prepare(sql)?;
    let columns = columns.query_map([table], |row| row.get::<_, String>(0))?;
    let columns: Vec<String> = columns
        .map(|name| Ok(format!("\"{}\"", name?)))
        .collect::<rusqlite::Result<_>>()?;
    Ok(columns.join(", "))
}

/// Adds a row so that no other row adds the same.
fn add(sum: &mut Sha256, row: &Row<'_>, columns: usize) -> rusqlite::Result<()> {
    let bytes = |sum: &mut Sha256, kind: u8, bytes: &[u8]| {
        sum.update([kind]);
        sum.update((bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    };
    for at in 0..columns {
        match row.get_ref(at)? {
            ValueRef::Null => sum.update([0]),
            ValueRef::Integer(number) => {
                sum.update([1]);
                sum.update(number.to_le_bytes());
            }
            ValueRef::Text(text) => bytes(sum, 2, text),
            ValueRef::Blob(blob) => bytes(sum, 3, blob),
            ValueRef::Real(number) => {
                sum.update([4]);
                sum.update(number.to_bits().to_le_bytes());
            }
        }
    }
    Ok(())
}
