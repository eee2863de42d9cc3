//! A transaction on PostgreSQL, and the statements its connection keeps prepared.

use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use postgres::{Client, Error, IsolationLevel, Row, Statement};
use rustc_hash::FxHashMap;

/// What a connection keeps prepared, by its SQL: all there is, as the texts are constants
/// of the program.
#[derive(Default)]
pub(super) struct Statements(FxHashMap<&'static str, Statement>);

/// What a transaction is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// Each statement sees what is committed by then: what was locked is up to date.
    Change,
    /// All statements see one state of the database.
    Question,
    /// As for a change, and nothing is changed: what is locked is held meanwhile.
    Hold,
}

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
        purpose: Purpose,
    ) -> Result<Self, Error> {
        let begin = client.build_transaction();
        // Whatever the database's own default is.
        let begin = match purpose {
            Purpose::Change | Purpose::Hold => begin.isolation_level(IsolationLevel::ReadCommitted),
            Purpose::Question => begin
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true),
        };
        Ok(Self {
            inner: begin.start()?,
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

    /// Prepares a statement that is written for both engines, and takes these types, so
    /// that [`Self::rows`] and [`Self::change`] find it. The server is not left to guess
    /// the types: where a statement does not say, it would take a text.
    pub(super) fn prepare_shared(
        &mut self,
        sql: &'static str,
        types: impl Iterator<Item = Type>,
    ) -> Result<(), Error> {
        if !self.statements.0.contains_key(sql) {
            // Parameters are ?1 for SQLite and $1 here; there is no ? otherwise.
            let (own, types) = (sql.replace('?', "$"), types.collect::<Vec<_>>());
            let statement = self.inner.prepare_typed(&own, &types)?;
            self.statements.0.insert(sql, statement);
        }
        Ok(())
    }

    /// Puts rows into a table by a `COPY … FROM STDIN (FORMAT binary)`, the fastest way for
    /// many; each has values of these types.
    pub(super) fn copy_in(
        &mut self,
        sql: &'static str,
        types: &[Type],
        write: impl FnOnce(&mut BinaryCopyInWriter<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let statement = self.prepared(sql)?;
        let mut writer = BinaryCopyInWriter::new(self.inner.copy_in(&statement)?, types);
        write(&mut writer)?;
        writer.finish().map(drop)
    }

    /// Runs a script.
    pub(super) fn run(&mut self, script: &str) -> Result<(), Error> {
        self.inner.batch_execute(script)
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
