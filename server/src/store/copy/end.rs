//! One end of a copy: what is read from it and written to it.

use std::fmt;

use super::CopyError;
use super::tables::Table;

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

pub(in crate::store) type Row = Vec<Value>;

/// How far a copy was when it was stopped: the last row that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Reached {
    /// The table, as a number in the list of all.
    pub(in crate::store) table: usize,
    /// The row's key.
    pub(in crate::store) key: Vec<i64>,
}

/// What a target holds.
pub(in crate::store) enum Begun {
    /// Nothing.
    Empty,
    /// The beginning of a copy.
    Copy {
        /// Of which store.
        source: String,
        /// `None` before the first row.
        reached: Option<Reached>,
    },
    /// Something that is no copy.
    Other,
}

/// What the store says of itself, beside its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct State {
    /// Names the store; clients know their lines by it, so the copy has the same.
    pub(in crate::store) epoch: String,
    /// What the clock has shown: `seen_ms` and the three of the doubt.
    pub(in crate::store) seen: [Option<i64>; 4],
    /// The rule that the keys of names were made by.
    pub(in crate::store) name_key_rule: i64,
    /// The greatest id that each table with a counter has ever given, in the order of
    /// [`TABLES`](super::tables::TABLES).
    pub(in crate::store) last_ids: Vec<i64>,
}

/// A store that is copied from or to, locked as long as this lives.
pub(in crate::store) trait End {
    /// What the operator calls it, without a password.
    fn name(&self) -> String;

    fn state(&mut self) -> Result<State, CopyError>;

    fn count(&mut self, table: &Table) -> Result<u64, CopyError>;

    /// The rows behind a key, in the order of keys.
    fn page(
        &mut self,
        table: &Table,
        after: Option<&[i64]>,
        limit: usize,
    ) -> Result<Vec<Row>, CopyError>;

    /// What a target holds before it is written to.
    fn begun(&mut self) -> Result<Begun, CopyError>;

    /// Notes that a copy of the store `source` begins. No server starts on it from now on.
    fn begin(&mut self, source: &str) -> Result<(), CopyError>;

    /// Adds rows, and notes how far the copy is, in one transaction.
    fn put(&mut self, table: &Table, rows: &[Row], reached: &Reached) -> Result<(), CopyError>;

    /// Takes over what the source says of itself.
    fn settle(&mut self, state: &State) -> Result<(), CopyError>;

    /// The copy is whole and on disk: servers may start on it.
    fn finish(&mut self) -> Result<(), CopyError>;
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.table)?;
        self.key.iter().try_for_each(|key| write!(f, " {key}"))
    }
}

impl Reached {
    /// As it was written.
    pub(in crate::store) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ');
        let table = numbers.next()?.parse().ok()?;
        let key = numbers.map(|number| number.parse().ok());
        let key = key.collect::<Option<_>>()?;
        Some(Self { table, key })
    }
}
