//! A transaction on PostgreSQL, and the statements its connection keeps prepared.

use postgres::types::ToSql;
use postgres::{Client, Error, Row, Statement};
use rustc_hash::FxHashMap;

/// What a connection keeps prepared, by its SQL.
#[derive(Default)]
pub(super) struct Statements(FxHashMap<&'static str, Statement>);

/// A transaction. Dropped without a commit it comes to nothing.
pub(super) struct Transaction<'a> {
    inner: postgres::Transaction<'a>,
    statements: &'a mut Statements,
}

impl<'a> Transaction<'a> {
    /// Begins one.
    pub(super) fn begin(
        client: &'a mut Client,
        statements: &'a mut Statements,
    ) -> Result<Self, Error> {
        Ok(Self {
            inner: client.transaction()?,
            statements,
        })
    }

    /// The rows of a statement.
    pub(super) fn rows(
        &mut self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql)?;
        self.inner.query(&statement, values)
    }

    /// The first row of a statement, if it has one.
    pub(super) fn first(
        &mut self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        let rows = self.rows(sql, values)?;
        Ok(rows.into_iter().next())
    }

    /// Runs a statement and says how many rows it changed.
    pub(super) fn change(
        &mut self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Error> {
        let statement = self.prepared(sql)?;
        self.inner.execute(&statement, values)
    }

    /// Makes all of it durable.
    pub(super) fn commit(self) -> Result<(), Error> {
        self.inner.commit()
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.0.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.inner.prepare(sql)?;
        self.statements.0.insert(sql, statement.clone());
        Ok(statement)
    }
}
