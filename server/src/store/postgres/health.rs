//! What there is to know of a database from outside, for whoever looks after it.

use super::address::Address;
use super::error::text_of;
use super::layout::STEPS;
use super::open::{PostgresError, explain, other};
use crate::config::Secret;

/// A PostgreSQL database that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresHealth {
    /// The database, without user and password.
    pub place: String,
    /// The version of PostgreSQL.
    pub version: String,
    /// The version of the layout; 0 in an empty database.
    pub layout: usize,
    /// The newest that this program knows.
    pub newest_layout: usize,
    /// Settings that are off, and without which a crash loses what was acknowledged.
    pub off: Vec<String>,
    /// Connections that all programs together may have.
    pub max_connections: i32,
    /// Connections that there are.
    pub connections: i32,
}

impl PostgresHealth {
    /// Asks a database. Changes nothing. Blocks.
    ///
    /// # Errors
    /// When it cannot be reached, or does not let us in. The text has no password.
    pub fn ask(url: &Secret) -> Result<Self, PostgresError> {
        let address = Address::parse(url.expose()).map_err(PostgresError::BadAddress)?;
        let failed = |cause: postgres::Error| other(&address, text_of(&cause));
        let mut db = address
            .connect()
            .map_err(|cause| explain(&address, &cause))?;
        let row = db
            .query_one(
                "SELECT current_setting('server_version'),
                        current_setting('max_connections')::int,
                        (SELECT count(*)::int FROM pg_stat_activity
                         WHERE backend_type = 'client backend'),
                        ARRAY (SELECT name FROM pg_settings WHERE setting = 'off'
                               AND name IN ('fsync', 'full_page_writes', 'synchronous_commit')
                               ORDER BY name),
                        to_regclass('layouts') IS NOT NULL",
                &[],
            )
            .map_err(failed)?;
        let mut layout = 0;
        if row.get(4) {
            let newest = "SELECT coalesce(max(version), 0) FROM layouts";
            let newest: i64 = db.query_one(newest, &[]).map_err(failed)?.get(0);
            layout = usize::try_from(newest).unwrap_or_default();
        }
        Ok(Self {
            place: address.to_string(),
            version: row.get(0),
            layout,
            newest_layout: STEPS.len(),
            off: row.get(3),
            max_connections: row.get(1),
            connections: row.get(2),
        })
    }
}
