//! The settings of a running server, which may change, and what follows from a change.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use longhall_packet::{ServerPacket, Topic};
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::warn;

use crate::config::Config;
use crate::server::Server;
use crate::store::StoreError;

/// Who changes the lobby's topic, as players are told. No player has the name, unless the
/// operator allows it.
const OPERATOR: &str = "server";
/// Between two tries to tell the store of another topic.
const AGAIN: Duration = Duration::from_secs(5);

/// The settings of a server, to be read and replaced while it runs. Cloning shares them.
///
/// A server reads them wherever it uses them, except for what its options say waits for a
/// restart: [`Config::hashing`] and the lobby's name among it.
#[derive(Clone, Debug)]
pub struct Settings(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Read for each connection and some packets, so without a lock.
    now: ArcSwap<Config>,
    /// For the one server that follows.
    changed: Notify,
}

impl Settings {
    /// As they are now. To be kept no longer than it takes to read one, and not across
    /// an `.await`.
    pub fn now(&self) -> Guard<Arc<Config>> {
        self.0.now.load()
    }

    /// Replaces them. Returns at once; a server that has them follows soon after.
    pub fn set(&self, config: Config) {
        self.0.now.store(Arc::new(config));
        self.0.changed.notify_one();
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Self {
        Self(Arc::new(Shared {
            now: ArcSwap::from_pointee(config),
            changed: Notify::new(),
        }))
    }
}

/// Brings what the server has made of its settings up to date after each change. What
/// is read where it is used needs nothing.
pub(crate) async fn follow(server: Arc<Server>) {
    let mut welcome = server.config.lobby.welcome.clone();
    loop {
        server.settings.0.changed.notified().await;
        let settings = server.settings.now();
        let wanted = settings.lobby.welcome.clone();
        server.take(&settings);
        drop(settings);
        server.read_certificate().await;
        if wanted == welcome {
            continue;
        }
        match set_welcome(&server, &wanted).await {
            Ok(()) => welcome = wanted,
            Err(cause) => {
                warn!(%cause, "the lobby has its old topic for now");
                sleep(AGAIN).await;
                server.settings.0.changed.notify_one();
            }
        }
    }
}

/// Gives all halls of the lobby another topic, and tells everybody on all servers.
async fn set_welcome(server: &Server, topic: &Topic) -> Result<(), StoreError> {
    let name = &server.config.lobby.name;
    let _change = server.change_channel(name).await?;
    let Some(lobby) = server.store.channel_by_name(name).await? else {
        return Ok(());
    };
    let halls = server.store.halls().await?;
    for hall in std::iter::once(lobby).chain(halls) {
        // Another server of the same hall may have read the same settings before.
        if hall.topic == topic.as_str() {
            continue;
        }
        let topic = topic.as_str().to_owned();
        server.store.set_topic(hall.id, topic.clone()).await?;
        let changed = ServerPacket::ChannelChanged {
            channel: hall.name.to_string(),
            topic,
            access: hall.access,
            speech: hall.speech,
            by: OPERATOR.to_owned(),
        };
        server.hub.announce(hall.id, &changed);
    }
    Ok(())
}
