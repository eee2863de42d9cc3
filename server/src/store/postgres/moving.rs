//! A PostgreSQL database as an end of a copy from store to store.

use std::error::Error;
use std::sync::Arc;

use bytes::BytesMut;
use postgres::Client;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::address::Address;
use super::error::text_of;
use super::layout::STEPS;
use super::open::{self, HalfCopy, PostgresError};
use super::reach::Reach;
use crate::config::Secret;
use crate::store::CopyError;
use crate::store::copy::end::{Begun, End, Reached, Row, State, Value};
use crate::store::copy::tables::{Kind, TABLES, Table};

/// Who else has the database open.
const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND application_name = current_setting('application_name')";
/// Held by the copy, so that there is one at a time: "Moving" in ASCII.
const LOCK: i64 = 0x4d6f_7669_6e67;

/// A PostgreSQL database that is read from or written to.
pub(in crate::store) struct PostgresEnd {
    db: Client,
    /// What the operator calls it, without a password.
    name: String,
}

impl PostgresEnd {
    /// A database to copy from, or to: then it gets its tables, if it has none.
    ///
    /// # Errors
    /// When it cannot be used, or servers are running on it.
    pub(in crate::store) fn open(url: &Secret, is_target: bool) -> Result<Self, CopyError> {
        let address = Address::parse(url.expose()).map_err(PostgresError::BadAddress)?;
        let half_copy = if is_target {
            HalfCopy::GoesOn
        } else {
            HalfCopy::Refused
        };
        if !is_target {
            let mut client = address
                .connect()
                .map_err(|cause| open::explain(&address, &cause))?;
            let found = client.query_one("SELECT to_regclass('layouts') IS NOT NULL", &[]);
            if !found.and_then(|row| row.try_get(0)).unwrap_or(true) {
                return Err(CopyError::NothingThere(address.to_string()));
            }
        }
        // For its checks and its tables.
        open::open(&Arc::new(Reach::new(address.clone())), STEPS, half_copy)?;
        let db = address.connect();
        let mut end = Self {
            db: db.map_err(|cause| open::explain(&address, &cause))?,
            name: address.to_string(),
        };
        // A server may work on a layout that adds to ours. A copy would leave out what it adds.
        let found: i64 = end.one("SELECT max(version) FROM layouts", &[])?;
        if found > i64::try_from(STEPS.len()).unwrap_or(i64::MAX) {
            let (address, known) = (end.name, STEPS.len());
            return Err(PostgresError::Newer {
                address,
                found,
                known,
            }
            .into());
        }
        let is_alone = end.one::<bool>("SELECT pg_try_advisory_lock($1)", &[&LOCK])?;
        if !is_alone || end.one::<i64>(OTHERS, &[])? > 0 {
            return Err(CopyError::InUse(end.name));
        }
        if is_target {
            let set_up = "CREATE TABLE IF NOT EXISTS copying (source text NOT NULL, reached text)";
            end.run(|db| db.batch_execute(set_up))?;
        }
        Ok(end)
    }

    /// One state of a database to copy from, while servers go on. Nothing is changed, and nobody is
    /// kept from anything.
    ///
    /// # Errors
    /// When it cannot be used, or does not have the layout that this program copies.
    pub(in crate::store) fn snapshot(url: &Secret) -> Result<Self, CopyError> {
        let address = Address::parse(url.expose()).map_err(PostgresError::BadAddress)?;
        // Not as a server: they look who else is there.
        let address = address.named("longhall-backup");
        let db = address.connect();
        let mut end = Self {
            db: db.map_err(|cause| open::explain(&address, &cause))?,
            name: address.to_string(),
        };
        end.run(|db| {
            db.batch_execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                 SET LOCAL statement_timeout = 0;
                 SET LOCAL idle_in_transaction_session_timeout = 0",
            )
        })?;
        if !end.one::<bool>("SELECT to_regclass('layouts') IS NOT NULL", &[])? {
            return Err(CopyError::NothingThere(end.name));
        }
        if end.one::<bool>("SELECT to_regclass('copying') IS NOT NULL", &[])? {
            let address = end.name;
            return Err(PostgresError::HalfCopy { address }.into());
        }
        let found: i64 = end.one("SELECT max(version) FROM layouts", &[])?;
        let known = STEPS.len();
        if usize::try_from(found).is_ok_and(|found| found == known) {
            return Ok(end);
        }
        let address = end.name;
        Err(if usize::try_from(found).is_ok_and(|found| found > known) {
            PostgresError::Newer {
                address,
                found,
                known,
            }
        } else {
            let detail = "its layout is older than this program; back it up with the program that \
                          its servers run"
                .to_owned();
            PostgresError::Other { address, detail }
        }
        .into())
    }

    fn run<T>(
        &mut self,
        act: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, CopyError> {
        act(&mut self.db).map_err(|cause| CopyError::Failed {
            place: self.name.clone(),
            detail: text_of(&cause),
        })
    }

    fn one<T: for<'a> FromSql<'a>>(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<T, CopyError> {
        self.run(|db| db.query_one(sql, parameters)?.try_get(0))
    }
}

impl End for PostgresEnd {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn state(&mut self) -> Result<State, CopyError> {
        let row = self.run(|db| {
            let state =
                "SELECT epoch, seen_ms, doubt_from_ms, doubt_to_ms, doubt_said_ms FROM state";
            db.query_one(state, &[])
        })?;
        let counted = TABLES.iter().filter(|table| table.counts_ids);
        let last_ids = counted.map(|table| {
            // Nobody else is here: the next number is one that nobody misses.
            let sql = format!(
                "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{}', 'id')::regclass), 0)",
                table.name
            );
            self.one::<i64>(&sql, &[])
        });
        let last_ids = last_ids.collect::<Result<_, _>>()?;
        Ok(State {
            epoch: row.get(0),
            seen: [row.get(1), row.get(2), row.get(3), row.get(4)],
            name_key_rule: self.one("SELECT version FROM name_key_rule", &[])?,
            last_ids,
        })
    }

    fn count(&mut self, table: &Table) -> Result<u64, CopyError> {
        let count: i64 = self.one(&format!("SELECT count(*) FROM {}", table.name), &[])?;
        Ok(count.unsigned_abs())
    }

    fn page(
        &mut self,
        table: &Table,
        after: Option<&[i64]>,
        limit: usize,
    ) -> Result<Vec<Row>, CopyError> {
        let parameter = |number| format!("${number}");
        let sql = table.page_sql(after.is_some(), parameter, |column| column.name.to_owned());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters: Vec<i64> = after
            .unwrap_or_default()
            .iter()
            .copied()
            .chain([limit])
            .collect();
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|number| number as _).collect();
        let rows = self.run(|db| db.query(&sql, &parameters))?;
        let values = rows
            .iter()
            .map(|row| (0..row.len()).map(|at| row.get(at)).collect());
        Ok(values.collect())
    }

    fn begun(&mut self) -> Result<Begun, CopyError> {
        let noted = self.run(|db| db.query_opt("SELECT source, reached FROM copying", &[]))?;
        if let Some(noted) = noted {
            let reached = noted.get::<_, Option<String>>(1);
            return Ok(Begun::Copy {
                source: noted.get(0),
                reached: reached.as_deref().and_then(Reached::parse),
            });
        }
        for table in TABLES {
            if self.count(table)? > 0 {
                self.run(|db| db.batch_execute("DROP TABLE copying"))?;
                return Ok(Begun::Other);
            }
        }
        Ok(Begun::Empty)
    }

    fn begin(&mut self, source: &str) -> Result<(), CopyError> {
        self.run(|db| db.execute("INSERT INTO copying (source) VALUES ($1)", &[&source]))
            .map(drop)
    }

    fn put(&mut self, table: &Table, rows: &[Row], reached: &Reached) -> Result<(), CopyError> {
        let sql = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.names());
        let types: Vec<Type> = table
            .columns
            .iter()
            .map(|column| match column.kind {
                Kind::Number if column.name == "kind" => Type::INT2,
                Kind::Number => Type::INT8,
                Kind::Text => Type::TEXT,
                Kind::Bytes => Type::BYTEA,
            })
            .collect();
        self.run(|db| {
            let mut change = db.transaction()?;
            let mut copy = BinaryCopyInWriter::new(change.copy_in(&sql)?, &types);
            for row in rows {
                let values: Vec<&(dyn ToSql + Sync)> = row.iter().map(|value| value as _).collect();
                copy.write(&values)?;
            }
            copy.finish()?;
            change.execute("UPDATE copying SET reached = $1", &[&reached.to_string()])?;
            change.commit()
        })
    }

    fn settle(&mut self, state: &State) -> Result<(), CopyError> {
        self.run(|db| {
            let mut change = db.transaction()?;
            let [seen, from, to, said] = &state.seen;
            change.execute(
                "UPDATE state SET epoch = $1, seen_ms = $2, doubt_from_ms = $3, doubt_to_ms = $4,
                                  doubt_said_ms = $5",
                &[&state.epoch, seen, from, to, said],
            )?;
            let rule = "UPDATE name_key_rule SET version = $1";
            change.execute(rule, &[&state.name_key_rule])?;
            let counted = TABLES.iter().filter(|table| table.counts_ids);
            for (table, last_id) in counted.zip(&state.last_ids) {
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence('{}', 'id'), greatest($1::bigint, 1), $1 > 0)",
                    table.name
                );
                change.execute(&sql, &[last_id])?;
            }
            change.commit()
        })
    }

    fn finish(&mut self) -> Result<(), CopyError> {
        // Statistics, so that the first server's questions are planned well.
        self.run(|db| db.batch_execute("ANALYZE; DROP TABLE copying"))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) if *kind == Type::INT2 => {
                i16::try_from(*number)?.to_sql(kind, out)
            }
            Self::Number(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT2 | Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

impl FromSql<'_> for Value {
    fn from_sql(kind: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        match *kind {
            Type::INT2 => i16::from_sql(kind, raw).map(|number| Self::Number(number.into())),
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Number),
            Type::BYTEA => Vec::from_sql(kind, raw).map(Self::Bytes),
            _ => String::from_sql(kind, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT2 | Type::INT8 | Type::TEXT | Type::BYTEA)
    }
}
