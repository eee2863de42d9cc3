//! PostgreSQL as what the SQL for both engines is run on.

use std::error::Error as StdError;
use std::ops::ControlFlow;

use bytes::BytesMut;
use postgres::Row;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::error::Error;
use super::lines;
use super::transaction::Transaction;
use crate::store::UserId;
use crate::store::sql::{self, Db, Engine, Lock, TakeRow, Value};

impl Db for Transaction<'_> {
    type Error = Error;

    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        self.prepare_shared(sql, values.iter().map(type_of))?;
        Ok(self.change(sql, &params(values))?)
    }

    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: &mut TakeRow<'_, Error>,
    ) -> Result<(), Error> {
        self.prepare_shared(sql, values.iter().map(type_of))?;
        for row in self.rows(sql, &params(values))? {
            if let ControlFlow::Break(()) = take(&row)? {
                break;
            }
        }
        Ok(())
    }
}

impl Engine for Transaction<'_> {
    /// An advisory lock: other servers wait for it, and it ends with the transaction.
    fn lock(&mut self, what: Lock) -> Result<(), Error> {
        // The kind in the highest byte, which no id reaches.
        let (kind, id) = match what {
            Lock::UserNames => (1, 0),
            Lock::Operators => (5, 0),
            Lock::TicketKeys => (6, 0),
            Lock::ChannelNames => (2, 0),
            Lock::Channel(channel) => (3, channel.0),
            Lock::Account(user) => (4, user.0),
        };
        self.execute(
            "SELECT pg_advisory_xact_lock(?1)",
            &[((kind << 56) | id).into()],
        )?;
        Ok(())
    }

    fn last_seq(&mut self, log: i64) -> Result<i64, Error> {
        lines::last_seq(self, log)
    }

    fn unread(&mut self, log: i64, user: UserId, read_seq: i64) -> Result<u32, Error> {
        lines::unread(self, log, user, read_seq)
    }

    fn unread_whispers(
        &mut self,
        log: i64,
        peer: UserId,
        user: UserId,
        read_seq: i64,
    ) -> Result<u32, Error> {
        lines::unread_whispers(self, log, peer, user, read_seq)
    }

    fn peers(&mut self, log: i64) -> Result<Vec<UserId>, Error> {
        lines::peers(self, log)
    }

    fn has_peer(&mut self, log: i64, peer: UserId) -> Result<bool, Error> {
        lines::has_peer(self, log, peer)
    }

    fn forget_lines(&mut self, log: i64) -> Result<(), Error> {
        lines::forget(self, log)
    }
}

impl sql::Row<Error> for Row {
    fn int(&self, column: usize) -> Result<i64, Error> {
        Ok(self.try_get(column)?)
    }

    fn text(&self, column: usize) -> Result<String, Error> {
        Ok(self.try_get(column)?)
    }

    fn maybe_text(&self, column: usize) -> Result<Option<String>, Error> {
        Ok(self.try_get(column)?)
    }
}

fn params<'a>(values: &'a [Value<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

fn type_of(value: &Value<'_>) -> Type {
    match value {
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        r#type: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Int(number) => number.to_sql(r#type, out),
            Self::Text(text) => text.to_sql(r#type, out),
            Self::Bytes(bytes) => bytes.to_sql(r#type, out),
        }
    }

    /// Statements are prepared with the types of their values.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
