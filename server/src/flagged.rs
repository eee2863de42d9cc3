//! Lines with a word that the operator wants to know of: the server itself brings them before
//! the moderators.
//!
//! The line is on its way by then: nobody who hears it waits for the report. Of an account in a
//! channel there is one report in ten minutes, so that a flood of such lines does not fill the
//! queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use longhall_packet::{ReportCategory, Seq};
use longhall_world::reports::FLAGGED_AGAIN_MS;
use tokio::sync::oneshot;
use tracing::{debug, info, warn};

use crate::chat_log::Submission;
use crate::reports;
use crate::server::Server;
use crate::store::{Appended, ChannelId, Filed, Log, NewReport, StoreError, UserId};

/// Accounts in channels that are remembered. Beyond, nobody else is reported for a while.
const MAX_REMEMBERED: usize = 10_000;
/// What moderators read beside the line.
const TEXT: &str = "the word filter flags this line";

/// Of whom in which channel a line was reported, and when, in milliseconds since 1970.
#[derive(Default)]
pub(crate) struct Flagged {
    lately: Mutex<HashMap<(UserId, ChannelId), i64>>,
}

impl Flagged {
    /// Whether a line is to be reported; none is then for a while.
    fn claim(&self, whose: (UserId, ChannelId), now_ms: i64) -> bool {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lately = |at_ms: &i64| now_ms.abs_diff(*at_ms) < FLAGGED_AGAIN_MS.unsigned_abs();
        if lately.get(&whose).is_some_and(is_lately) {
            return false;
        }
        if lately.len() >= MAX_REMEMBERED {
            lately.retain(|_, at_ms| is_lately(at_ms));
        }
        let has_room = lately.len() < MAX_REMEMBERED;
        if has_room {
            lately.insert(whose, now_ms);
        }
        has_room
    }

    fn give_back(&self, whose: (UserId, ChannelId)) {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.remove(&whose);
    }
}

/// Has a line reported once it is said, or the line `of` once it is changed. Never waits.
pub(crate) fn watch(
    server: &Arc<Server>,
    channel: ChannelId,
    of: Option<Seq>,
    request: &mut Submission,
) {
    let user = request.entry.sender;
    if !server.flagged.claim((user, channel), request.entry.now_ms) {
        return;
    }
    let (heard, hears) = oneshot::channel();
    request.heard = Some(heard);
    let place = request.channel.to_string();
    let task_server = Arc::clone(server);
    server.spawn(async move {
        let server = task_server;
        // Gone when it was not written.
        let line = match hears.await {
            Ok(Appended::Line { line }) => Some(of.unwrap_or(line.seq)),
            _ => None,
        };
        let filed = match line {
            Some(seq) => report(&server, user, channel, (place, seq)).await,
            None => Ok(false),
        };
        match filed {
            Ok(true) => {}
            Ok(false) => server.flagged.give_back((user, channel)),
            Err(cause) => {
                server.flagged.give_back((user, channel));
                warn!(%cause, user = user.0, "a flagged line could not be reported");
            }
        }
    });
}

/// Puts a line into the queue. False when it is gone already.
async fn report(
    server: &Server,
    user: UserId,
    channel: ChannelId,
    line: (String, Seq),
) -> Result<bool, StoreError> {
    let log = Log::Channel(channel);
    let Some(lines) = reports::lines_around(&*server.store, log, line.1).await? else {
        return Ok(false);
    };
    let (at_most, at_most_in_all) = {
        let settings = server.settings();
        let capacity = &settings.capacity;
        (capacity.open_reports_per_account, capacity.open_reports)
    };
    let new = NewReport {
        reporter: user,
        user,
        line: Some(line),
        category: ReportCategory::Other,
        text: TEXT.to_owned(),
        lines,
        now_ms: server.clock.now_ms(),
        at_most,
        at_most_in_all,
    };
    match server.store.insert_report(new).await? {
        Filed::New(report) => {
            info!(report, user = user.0, "the word filter reports a line");
            if let Err(cause) = reports::tell_waiting(server).await {
                // It is in the queue, and told at the next look.
                debug!(%cause, "cannot tell moderators of a report yet");
            }
        }
        Filed::Before(_) => {}
        Filed::TooMany => warn!(
            user = user.0,
            "too many reports are open for a flagged line"
        ),
    }
    Ok(true)
}
