use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use longhall_engines::Postgres;

use super::*;

mod crowd;
mod doubts;
mod line;
mod opening;
mod outages;
mod plans;
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

/// A connection of its own, past any store.
fn client(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls).unwrap()
}

/// Whether somebody waits for a lock in a database.
fn is_anybody_waiting(name: &str) -> bool {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    SERVER.query(name, sql).unwrap().trim() != "0"
}
