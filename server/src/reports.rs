//! Who is told of reports, and when: moderators how many are open, and reporters what came
//! of theirs.
//!
//! A moderator or an operator may close a report on another server, or by a command while no
//! server runs: so it is looked for every few seconds, and after each login. Whoever notes in
//! the store that a reporter is told is the one to tell, so nobody is told twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longhall_packet::{Line, ListedReport, ReportOutcome, Seq, ServerPacket, ServerRole};
use longhall_world::reports::{ENTRIES_SEEN, evidence};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::server::Server;
use crate::session::Session;
use crate::store::{Cursor, Log, Store, StoreError, UserId};

/// Of closed reports those of so long ago are told to who is there; to others at their next
/// login.
const LATELY_MS: i64 = 60 * 60 * 1000;
/// Most of them at a time, and most at a login: the others at the next look, or the next login.
const AT_ONCE: usize = 500;
const AT_A_LOGIN: usize = 50;
/// Most bytes of text and names read on either side of a line: what is kept is a part of it.
pub(crate) const MAX_BYTES: usize = 128 * 1024;

/// How many open reports the moderators who are here were told of last.
#[derive(Default)]
pub(crate) struct Waiting {
    told: Mutex<HashMap<UserId, u32>>,
}

impl Waiting {
    /// Notes what a moderator is told. False when that is nothing new.
    fn is_news(&self, user: UserId, count: u32) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(user, count) != Some(count)
    }

    fn forget_all_but(&self, here: &[UserId]) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|user, _| here.contains(user));
    }
}

/// Tells a session that has just logged in what waits for it. Should the store fail, it
/// is told later.
pub(crate) async fn greet(session: &Session) {
    let Some(me) = session.player().map(|player| player.user.id) else {
        return;
    };
    if let Err(cause) = try_to_greet(session, me).await {
        debug!(%cause, user = me.0, "cannot tell of reports at a login");
    }
}

async fn try_to_greet(session: &Session, me: UserId) -> Result<(), StoreError> {
    let server = &session.server;
    let untold = server.store.untold_reports(Some(me), 0, AT_A_LOGIN).await?;
    for untold in untold {
        if server.store.note_told(untold.report.report).await? {
            session.reply(&closed_packet(untold.report));
        }
    }
    if session.server_role() >= ServerRole::Moderator {
        let count = server.store.open_reports(Some(me)).await?;
        server.waiting.is_news(me, count);
        session.reply(&ServerPacket::ReportsWaiting { count });
    }
    Ok(())
}

/// Tells the moderators who are here how many reports are open, where that has changed.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn tell_waiting(server: &Server) -> Result<(), StoreError> {
    let here = server.hub.moderators_here();
    server.waiting.forget_all_but(&here);
    for user in here {
        let count = server.store.open_reports(Some(user)).await?;
        if server.waiting.is_news(user, count) {
            let packet = ServerPacket::ReportsWaiting { count };
            server.hub.tell_here(user, &packet);
        }
    }
    Ok(())
}

/// Tells reporters who are online what came of their reports.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn tell_closed(server: &Server) -> Result<(), StoreError> {
    let since_ms = server.clock.now_ms().saturating_sub(LATELY_MS);
    let untold = server.store.untold_reports(None, since_ms, AT_ONCE).await?;
    for untold in untold {
        let reporter = untold.reporter;
        let is_there = !server.hub.sessions(reporter).is_empty();
        if is_there && server.store.note_told(untold.report.report).await? {
            let packet = closed_packet(untold.report);
            server.hub.tell(reporter, None, &packet);
        }
    }
    Ok(())
}

/// Tells all of it, now and then.
pub(crate) async fn watch(server: Arc<Server>) {
    let mut was_readable = true;
    loop {
        let period = server.settings().names.ban_interval;
        sleep(period).await;
        let told = async {
            tell_closed(&server).await?;
            tell_waiting(&server).await
        };
        match told.await {
            Ok(()) => was_readable = true,
            // Said once for everybody, when it went away.
            Err(StoreError::Unavailable) => {}
            Err(cause) => {
                if was_readable {
                    warn!(%cause, "nobody is told of reports for now");
                }
                was_readable = false;
            }
        }
    }
}

/// A line and those around it as they are now, to be kept with a report of it. `None` if it
/// is not there, or nothing that somebody said.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn lines_around(
    store: &dyn Store,
    log: Log,
    seq: Seq,
) -> Result<Option<Vec<(UserId, Line)>>, StoreError> {
    let at = Cursor::After(seq.saturating_sub(1));
    let from = store.lines(log, at, ENTRIES_SEEN, MAX_BYTES).await?;
    let before = store.lines(log, Cursor::Before(seq), ENTRIES_SEEN, MAX_BYTES);
    Ok(evidence(before.await?.lines, from.lines, seq))
}

/// What the reporter is told.
fn closed_packet(report: ListedReport) -> ServerPacket {
    let (outcome, text) = match report.closed {
        Some(closed) => (closed.outcome, closed.text),
        None => (ReportOutcome::Dismissed, String::new()),
    };
    ServerPacket::ReportClosed {
        report: report.report,
        username: report.username,
        outcome,
        text,
    }
}
