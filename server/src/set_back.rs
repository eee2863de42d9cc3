//! Notices that an older state of the database was put back under the running server.
//!
//! A SQLite file is the server's alone while it runs. Of PostgreSQL somebody may restore a dump
//! and forget to stop the servers first: they would give numbers that players have seen, and take
//! new lines for old ones. So a server that finds another epoch ends, and the next one begins
//! with what is there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, error};

use crate::server::Server;

/// How often the store is asked.
const INTERVAL: Duration = Duration::from_secs(2);

/// Ends the server when the store has another epoch than it was opened with.
pub(crate) async fn watch(server: Arc<Server>) {
    loop {
        sleep(INTERVAL).await;
        match server.store.epoch_now().await {
            // Nobody can put anything back.
            Ok(None) => return,
            Ok(Some(epoch)) if epoch == server.store.epoch() => {}
            Ok(Some(_)) => {
                error!(
                    "the database was set back to an older state while the server runs; it stops, \
                     and goes on with that when it is started again"
                );
                server.is_set_back.store(true, Ordering::SeqCst);
                server.stopping.cancel();
            }
            Err(cause) => debug!(%cause, "the store cannot say its epoch"),
        }
    }
}

/// What came of it when the server has ended.
///
/// # Errors
/// When that is why it ended.
pub(crate) fn check(server: &Server) -> io::Result<()> {
    match server.is_set_back.load(Ordering::SeqCst) {
        true => Err(io::Error::other(
            "the database was set back to an older state",
        )),
        false => Ok(()),
    }
}
