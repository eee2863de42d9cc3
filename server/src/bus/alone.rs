//! The bus of a server that is alone: nobody hears it, and it hears nobody.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc::channel;

use super::{Bus, Link, NotConfirmed, Subject};
use crate::store::ChannelId;

/// Leads nowhere.
struct Alone;

/// For a server that looks into its store after a doubt as one of several does, and is alone.
pub(crate) fn alone() -> Link {
    let (_, heard) = channel(1);
    Link {
        bus: Arc::new(Alone),
        heard,
    }
}

#[async_trait]
impl Bus for Alone {
    fn has_others(&self) -> bool {
        false
    }

    fn publish(&self, _: Subject, _: Bytes) {}

    async fn subscribe(&self, _: ChannelId) -> Result<(), NotConfirmed> {
        Ok(())
    }

    fn unsubscribe(&self, _: ChannelId) {}

    fn is_up(&self) -> bool {
        true
    }

    async fn flush(&self) {}
}
