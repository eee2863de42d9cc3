//! Whether two stores hold the same: a count and a sum for each log and each table.

use std::fmt;

use sha2::{Digest, Sha256};

use super::end::{End, Row, Value};
use super::tables::{LINES, TABLES, Table, log_of};
use super::{Copied, CopyError, PAGE, Progress};

/// Where two stores differ first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The log within the lines, as it is numbered in the table `logs`.
    pub log: Option<i64>,
    /// Rows in the source and in the target.
    pub rows: (u64, u64),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, target) = self.rows;
        match self.log {
            Some(log) => write!(
                f,
                "log {log} has {source} lines in the source, {target} in the copy"
            )?,
            None => write!(
                f,
                "{} has {source} rows in the source, {target} in the copy",
                self.table
            )?,
        }
        if source == target {
            f.write_str(", with other contents")?;
        }
        Ok(())
    }
}

/// Rows that belong together, and their sum.
#[derive(Debug, PartialEq, Eq)]
struct Sum {
    /// The log. `None` for a table as a whole.
    log: Option<i64>,
    rows: u64,
    sum: [u8; 32],
}

/// Reads both sides and compares them.
///
/// # Errors
/// [`CopyError::Different`] with the first difference, [`CopyError::Stopped`] when `tell`
/// says so, or when one of them cannot be read.
pub(super) fn compare(
    source: &mut dyn End,
    target: &mut dyn End,
    tell: &mut dyn FnMut(Progress) -> bool,
) -> Result<Copied, CopyError> {
    let mut copied = Copied {
        accounts: 0,
        channels: 0,
        lines: 0,
        logs: 0,
    };
    // The lines first: where they differ says most.
    for table in TABLES.iter().rev() {
        let there = sums(source, table, false, tell)?;
        let here = sums(target, table, true, tell)?;
        if let Some(difference) = difference(table, &there, &here) {
            return Err(CopyError::Different(difference));
        }
        let rows = here.iter().map(|sum| sum.rows).sum();
        match table.name {
            "users" => copied.accounts = rows,
            "channels" => copied.channels = rows,
            LINES => (copied.lines, copied.logs) = (rows, here.len() as u64),
            _ => {}
        }
    }
    Ok(copied)
}

fn difference(table: &Table, there: &[Sum], here: &[Sum]) -> Option<Difference> {
    let (mut there, mut here) = (there.iter().peekable(), here.iter().peekable());
    loop {
        // Both are in the order of their logs.
        let (rows, log) = match (there.peek(), here.peek()) {
            (None, None) => return None,
            (Some(one), Some(other)) if one == other => {
                there.next();
                here.next();
                continue;
            }
            (Some(one), Some(other)) if one.log == other.log => ((one.rows, other.rows), one.log),
            (Some(one), Some(other)) if one.log > other.log => ((0, other.rows), other.log),
            (Some(one), _) => ((one.rows, 0), one.log),
            (None, Some(other)) => ((0, other.rows), other.log),
        };
        return Some(Difference {
            table: table.name,
            log,
            rows,
        });
    }
}

fn sums(
    end: &mut dyn End,
    table: &Table,
    is_target: bool,
    tell: &mut dyn FnMut(Progress) -> bool,
) -> Result<Vec<Sum>, CopyError> {
    let is_lines = table.name == LINES;
    let of = end.count(table)?;
    let (mut sums, mut under_way) = (Vec::new(), None::<(Option<i64>, u64, Sha256)>);
    let (mut after, mut done) = (None, 0);
    loop {
        let rows = end.page(table, after.as_deref(), PAGE)?;
        let Some(last) = rows.last() else {
            break;
        };
        for row in &rows {
            let log = is_lines.then(|| log_of(table.key_of(row)[0]));
            if let Some((other, rows, sum)) = under_way.take_if(|(other, ..)| *other != log) {
                sums.push(Sum {
                    log: other,
                    rows,
                    sum: sum.finalize().into(),
                });
            }
            let (_, rows, sum) = under_way.get_or_insert_with(|| (log, 0, Sha256::new()));
            *rows += 1;
            add(sum, row);
        }
        after = Some(table.key_of(last));
        done += rows.len() as u64;
        if is_lines
            && !tell(Progress::Compared {
                is_target,
                done,
                of,
            })
        {
            return Err(CopyError::Stopped);
        }
    }
    if let Some((log, rows, sum)) = under_way {
        sums.push(Sum {
            log,
            rows,
            sum: sum.finalize().into(),
        });
    }
    Ok(sums)
}

/// Adds a row so that no other row adds the same.
fn add(sum: &mut Sha256, row: &Row) {
    let text = |sum: &mut Sha256, kind: u8, bytes: &[u8]| {
        sum.update([kind]);
        sum.update((bytes.len() as u64).to_le_bytes());
        sum.update(bytes);
    };
    for value in row {
        match value {
            Value::Null => sum.update([0]),
            Value::Number(number) => {
                sum.update([1]);
                sum.update(number.to_le_bytes());
            }
            Value::Text(value) => text(sum, 2, value.as_bytes()),
            Value::Bytes(value) => text(sum, 3, value),
        }
    }
}
