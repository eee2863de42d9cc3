//! That something may have been missed, here or by the others: said by anyone, dealt with
//! by the cluster's task.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::Shared;

/// How long what was on its way to the database when the connection broke may still come to
/// something there.
const LATE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Doubts {
    /// Lines may be in the store that nobody here was given.
    behind: Notify,
    /// Players here may be in other channels than the hub knows.
    unsure: Notify,
    /// The others shall look into the store, once it answers.
    tell: AtomicBool,
    /// The others may not know who is with this server.
    asked: Notify,
}

impl Doubts {
    /// Lines may have been missed here.
    pub(super) fn note_behind(&self) {
        self.behind.notify_one();
    }

    /// Something may be in the store that nobody anywhere was told: the store failed, and
    /// nobody knows whether before or after it had taken it.
    pub(super) fn note_unknown_outcome(&self) {
        self.tell.store(true, Ordering::Relaxed);
        self.note_behind();
    }

    /// Anything that another server told may have been missed here.
    pub(super) fn note_missed(&self) {
        self.note_behind();
        self.unsure.notify_one();
    }

    /// The others may have missed what this server told.
    pub(super) fn note_lost(&self) {
        self.note_unknown_outcome();
        self.note_asked();
    }

    /// Somebody wants to know who is with this server.
    pub(super) fn note_asked(&self) {
        self.asked.notify_one();
    }

    /// Returns when lines may have been missed since it returned last.
    pub(super) async fn behind(&self) {
        self.behind.notified().await;
    }

    /// Returns when more than lines may have been missed since it returned last.
    pub(super) async fn unsure(&self) {
        self.unsure.notified().await;
    }

    /// Returns when somebody has asked since it returned last.
    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Whether the others are to be told to look, since it was asked last.
    pub(super) fn take_tell(&self) -> bool {
        self.tell.swap(false, Ordering::Relaxed)
    }
}

/// Has it looked for what the store cannot tell of: at once, and once more later.
pub(super) async fn watch_store(shared: &Shared) {
    let Some(unknown) = shared.store.unknown_outcomes() else {
        return std::future::pending().await;
    };
    loop {
        unknown.notified().await;
        shared.doubts.note_unknown_outcome();
        while timeout(LATE, unknown.notified()).await.is_ok() {
            shared.doubts.note_unknown_outcome();
        }
        shared.doubts.note_unknown_outcome();
    }
}
