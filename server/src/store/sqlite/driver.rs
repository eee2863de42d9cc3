//! SQLite as what the SQL for both engines is run on.

use std::ops::ControlFlow;

use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{CachedStatement, Connection, Error, Result, Row, ToSql};

use super::{inbox, lines};
use crate::store::UserId;
use crate::store::sql::{self, Db, Engine, Lock, NotUnderstood, TakeRow, Value};

/// The writing or the reading connection.
pub(super) struct Sqlite<'db>(pub(super) &'db Connection);

impl Sqlite<'_> {
    fn bound(&self, sql: &str, values: &[Value<'_>]) -> Result<CachedStatement<'_>> {
        let mut statement = self.0.prepare_cached(sql)?;
        for (index, value) in values.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value)?;
        }
        Ok(statement)
    }
}

impl Db for Sqlite<'_> {
    type Error = Error;

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64> {
        let changed = self.bound(sql, values)?.raw_execute()?;
        Ok(changed as u64)
    }

    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: &mut TakeRow<'_, Error>,
    ) -> Result<()> {
        let mut statement = self.bound(sql, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if let ControlFlow::Break(()) = take(row)? {
                break;
            }
        }
        Ok(())
    }
}

impl Engine for Sqlite<'_> {
    /// One thread writes: nobody changes anything in between.
    fn lock(&mut self, _: Lock) -> Result<()> {
        Ok(())
    }

    fn last_seq(&mut self, log: i64) -> Result<i64> {
        lines::last_seq(self.0, log)
    }

    fn unread(&mut self, log: i64, user: UserId, read_seq: i64) -> Result<u32> {
        lines::unread(self.0, log, user, read_seq)
    }

    fn unread_whispers(
        &mut self,
        log: i64,
        peer: UserId,
        user: UserId,
        read_seq: i64,
    ) -> Result<u32> {
        inbox::unread(self.0, log, peer, user, read_seq)
    }

    fn peers(&mut self, log: i64) -> Result<Vec<UserId>> {
        inbox::peers(self.0, log)
    }

    fn has_peer(&mut self, log: i64, peer: UserId) -> Result<bool> {
        inbox::has_peer(self.0, log, peer)
    }

    fn forget_lines(&mut self, log: i64) -> Result<()> {
        lines::forget(self.0, log)
    }
}

impl sql::Row<Error> for Row<'_> {
    fn int(&self, column: usize) -> Result<i64> {
        self.get(column)
    }

    fn text(&self, column: usize) -> Result<String> {
        self.get(column)
    }

    fn maybe_text(&self, column: usize) -> Result<Option<String>> {
        self.get(column)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let value = match *self {
            Self::Int(number) => number.map_or(ValueRef::Null, ValueRef::Integer),
            Self::Text(text) => text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

impl From<NotUnderstood> for Error {
    fn from(cause: NotUnderstood) -> Self {
        Self::FromSqlConversionFailure(0, Type::Text, Box::new(cause))
    }
}
