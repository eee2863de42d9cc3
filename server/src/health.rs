//! What a load balancer is told: whether this server lives, and whether to send it players.

use std::time::Duration;

use longhall_packet::ChannelName;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::server::Server;
use crate::store::Channel;

/// How long the store may take for the smallest of questions.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long its answer holds: however often strangers ask, the store is asked this often.
const HOLDS: Duration = Duration::from_secs(1);

/// Whether players are served well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// They are.
    Ready,
    /// They are, but lines from other servers are late.
    Degraded,
    /// They are not: the store does not answer.
    StoreAway,
    /// They are not: the server is about to end.
    Stopping,
}

impl Readiness {
    /// Every state there is.
    pub(crate) const ALL: [Self; 4] =
        [Self::Ready, Self::Degraded, Self::StoreAway, Self::Stopping];

    /// Whether to send it players.
    pub(crate) fn serves(self) -> bool {
        match self {
            Self::Ready | Self::Degraded => true,
            Self::StoreAway | Self::Stopping => false,
        }
    }

    /// For figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::StoreAway => "store_away",
            Self::Stopping => "stopping",
        }
    }

    /// A line for whoever asks.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => {
                "degraded: the bus is away, lines from other servers come half a second late"
            }
            Self::StoreAway => "not ready: the database does not answer",
            Self::Stopping => "not ready: the server stops",
        }
    }
}

/// Asks the store now and then.
pub(crate) struct Health {
    lobby: ChannelName,
    /// Whether the store answered, and when it was asked. Locked while it is, so that
    /// everybody waits for the same answer.
    store: Mutex<Option<(Instant, bool)>>,
}

impl Health {
    /// Asks for the lobby, which there always is.
    pub(crate) fn of(lobby: &Channel) -> Self {
        Self {
            lobby: lobby.name.clone(),
            store: Mutex::default(),
        }
    }
}

impl Server {
    /// Waits two seconds at most.
    pub(crate) async fn readiness(&self) -> Readiness {
        if self.stopping.is_cancelled() || self.drain.refusal().is_some() {
            return Readiness::Stopping;
        }
        if !self.does_store_answer().await {
            return Readiness::StoreAway;
        }
        match self
            .cluster
            .as_ref()
            .is_none_or(|cluster| cluster.is_bus_up())
        {
            true => Readiness::Ready,
            false => Readiness::Degraded,
        }
    }

    async fn does_store_answer(&self) -> bool {
        let mut last = self.health.store.lock().await;
        if let Some((asked_at, answered)) = *last
            && asked_at.elapsed() < HOLDS
        {
            return answered;
        }
        let asking = self.store.channel_by_name(&self.health.lobby);
        let answered = match timeout(STORE_TIMEOUT, asking).await {
            Ok(Ok(_)) => true,
            Ok(Err(cause)) => {
                debug!(%cause, "the store does not answer");
                false
            }
            Err(_) => false,
        };
        *last = Some((Instant::now(), answered));
        answered
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::bus::loopback::Loopback;
    use crate::handlers::test_session::TestSession;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn a_server_is_ready_while_its_store_answers_and_degraded_without_its_bus() {
        let bus = Loopback::default();
        let store = Arc::new(MemoryStore::default());
        let visitor = TestSession::in_cluster(store, bus.join(), |_| {}).await;
        let server = visitor.server();
        assert_eq!(server.readiness().await, Readiness::Ready);
        bus.set_up(false);
        assert_eq!(server.readiness().await, Readiness::Degraded);
        bus.set_up(true);
        visitor.close_store().await;
        // What it said last holds for a second.
        assert_eq!(server.readiness().await, Readiness::Ready);
        server.health.store.lock().await.take();
        assert_eq!(server.readiness().await, Readiness::StoreAway);
        server.stopping.cancel();
        assert_eq!(server.readiness().await, Readiness::Stopping);
    }
}
