use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use longhall_engines::Postgres;

use super::*;

mod crowd;
mod opening;
mod outages;
mod sharing;
mod several;

/// One server for all tests, with a database for each.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| Postgres::quick().unwrap());

/// The url of an empty database.
pub(in crate::store) fn database() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
    SERVER.create_database(&name).unwrap();
    SERVER.url(&name)
}

/// A store in a database of its own.
pub(in crate::store) fn store() -> PostgresStore {
    PostgresStore::open(&database()).unwrap()
}
