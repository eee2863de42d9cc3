//! What a server hears on NATS: a task for each subject.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::nats::Shared;
use super::{Heard, NotConfirmed, SUBSCRIBE_TIMEOUT, Subject};

/// Between two tries to have a subscription confirmed.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The subjects heard. No more than the channels that players of this server are in.
pub(super) struct Subscriptions {
    shared: Arc<Shared>,
    heard: Mutex<HashMap<Subject, Subscription>>,
}

#[derive(Clone)]
struct Subscription {
    state: Arc<Confirmation>,
    task: AbortHandle,
}

#[derive(Default)]
struct Confirmation {
    is_confirmed: watch::Sender<bool>,
    /// Somebody did not wait for it, and read the store too early.
    is_late: AtomicBool,
}

impl Subscriptions {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            heard: Mutex::default(),
        }
    }

    pub(super) async fn subscribe(&self, subject: Subject) -> Result<(), NotConfirmed> {
        let state = self.begin(subject);
        let mut confirmed = state.is_confirmed.subscribe();
        let in_time = *self.shared.is_up.borrow()
            && timeout(SUBSCRIBE_TIMEOUT, confirmed.wait_for(|is| *is))
                .await
                .is_ok_and(|confirmed| confirmed.is_ok());
        if in_time {
            return Ok(());
        }
        state.is_late.store(true, Ordering::SeqCst);
        // In between it may have been confirmed, by who did not see that it is late.
        match *confirmed.borrow() {
            true => Ok(()),
            false => Err(NotConfirmed),
        }
    }

    pub(super) fn unsubscribe(&self, subject: Subject) {
        if let Some(subscription) = self.lock().remove(&subject) {
            subscription.task.abort();
        }
    }

    fn begin(&self, subject: Subject) -> Arc<Confirmation> {
        let mut heard = self.lock();
        let subscription = heard.entry(subject).or_insert_with(|| {
            let state = Arc::<Confirmation>::default();
            let task = tokio::spawn(hear(Arc::clone(&self.shared), subject, Arc::clone(&state)));
            Subscription {
                state,
                task: task.abort_handle(),
            }
        });
        Arc::clone(&subscription.state)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Subject, Subscription>> {
        // Nothing panics while holding it.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        for subscription in self.lock().values() {
            subscription.task.abort();
        }
    }
}

/// Subscribes, and passes on what is heard until the task is aborted; the crate ends the
/// subscription when it is dropped, and makes it again after each reconnection.
async fn hear(shared: Arc<Shared>, subject: Subject, state: Arc<Confirmation>) {
    let Some(mut messages) = shared.hear(subject).await else {
        return;
    };
    while !shared.round_trip().await {
        sleep(RETRY_PAUSE).await;
    }
    state.is_confirmed.send_replace(true);
    if state.is_late.load(Ordering::SeqCst) {
        shared.note_doubt();
    }
    while let Some(message) = messages.next().await {
        if shared
            .heard
            .send(Heard::News(message.payload))
            .await
            .is_err()
        {
            return;
        }
    }
}
