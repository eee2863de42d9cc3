//! That something may have been missed, here or by the others: said by anyone, dealt with
//! by the cluster's task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Doubts(Arc<Marks>);

#[derive(Default)]
struct Marks {
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
    pub(crate) fn note_behind(&self) {
        self.0.behind.notify_one();
    }

    /// Lines may be in the store that nobody anywhere was given: the store failed, and
    /// nobody knows whether before or after it had taken them.
    pub(crate) fn note_unknown_outcome(&self) {
        self.0.tell.store(true, Ordering::Relaxed);
        self.note_behind();
    }

    /// Anything that another server told may have been missed here.
    pub(super) fn note_missed(&self) {
        self.note_behind();
        self.0.unsure.notify_one();
    }

    /// The others may have missed what this server told.
    pub(super) fn note_lost(&self) {
        self.note_unknown_outcome();
        self.note_asked();
    }

    /// Somebody wants to know who is with this server.
    pub(super) fn note_asked(&self) {
        self.0.asked.notify_one();
    }

    /// Returns when lines may have been missed since it returned last.
    pub(super) async fn behind(&self) {
        self.0.behind.notified().await;
    }

    /// Returns when more than lines may have been missed since it returned last.
    pub(super) async fn unsure(&self) {
        self.0.unsure.notified().await;
    }

    /// Returns when somebody has asked since it returned last.
    pub(super) async fn asked(&self) {
        self.0.asked.notified().await;
    }

    /// Whether the others are to be told to look, since it was asked last.
    pub(super) fn take_tell(&self) -> bool {
        self.0.tell.swap(false, Ordering::Relaxed)
    }
}
