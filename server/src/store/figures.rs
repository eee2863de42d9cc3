//! What a store tells whoever watches the server.

use std::sync::Arc;

use crate::metrics::Histogram;

/// The state of a store, by its engine. Nothing of what is kept in it.
pub struct StoreFigures(pub(crate) Engine);

impl StoreFigures {
    /// Of a store that tells nothing.
    pub(crate) const NONE: Self = Self(Engine::Memory);
}

pub(crate) enum Engine {
    /// There is nothing to tell.
    Memory,
    Sqlite(SqliteFigures),
    Postgres(PostgresFigures),
}

/// A SQLite file.
pub(crate) struct SqliteFigures {
    /// 0 where the file cannot be found.
    pub(crate) database_bytes: u64,
    /// The log of changes beside it; 0 where there is none.
    pub(crate) log_bytes: u64,
    pub(crate) waiting_changes: usize,
    pub(crate) waiting_questions: usize,
}

/// A PostgreSQL database, as this server uses it.
pub(crate) struct PostgresFigures {
    pub(crate) is_away: bool,
    /// How often it went away.
    pub(crate) losses: u64,
    /// Transactions that were begun anew, since others came between.
    pub(crate) retries: u64,
    /// How long what is to be done waits for a connection.
    pub(crate) waits: Arc<Histogram>,
    pub(crate) pools: [PoolFigures; 3],
}

/// Connections that are for the same.
pub(crate) struct PoolFigures {
    pub(crate) name: &'static str,
    pub(crate) connections: usize,
    /// Those that do something.
    pub(crate) busy: usize,
    /// What waits for one.
    pub(crate) waiting: usize,
}
