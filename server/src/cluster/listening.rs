//! What comes over the bus: given to the hub, or dealt with here.

use tokio::sync::mpsc::Receiver;
use tracing::{debug, info, warn};

use super::Shared;
use crate::bus::Heard;
use crate::news::News;

/// Takes what is heard, in the order in which it comes, as long as there is a bus.
pub(super) async fn run(shared: &Shared, mut heard: Receiver<Heard>) {
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::News(bytes) => shared.take_news(&bytes),
            Heard::Doubt => {
                shared.doubts.note_missed();
                shared.tell(News::Ask);
            }
            Heard::Lost => shared.doubts.note_lost(),
            Heard::Down => {
                warn!("the bus is away; lines of other servers come from the database meanwhile");
                shared.doubts.note_behind();
            }
            Heard::Up => {
                info!("the bus is back");
                shared.peers().forgive(tokio::time::Instant::now());
            }
        }
    }
    // Without a bus there is nothing to hear; the server goes on by the store.
    std::future::pending::<()>().await;
}

impl Shared {
    fn take_news(&self, bytes: &[u8]) {
        let Some((from, news)) = News::decode(bytes) else {
            debug!(
                bytes = bytes.len(),
                "another server says what is not understood"
            );
            return;
        };
        if from == self.me {
            return;
        }
        self.note_peer(from);
        match news {
            News::Alive => {}
            News::Ask => self.doubts.note_asked(),
            News::Missed => self.doubts.note_missed(),
            News::Joined { .. } => {
                self.hub.hear(from, news);
                // The player may be the first here in that channel.
                self.channels.note_changed();
            }
            News::SnapshotBegin
            | News::SnapshotEnd
            | News::Here { .. }
            | News::Cut(_)
            | News::Gone(_)
            | News::Overtaken(_)
            | News::State { .. }
            | News::Ended { .. }
            | News::Blocked { .. }
            | News::Told { .. }
            | News::Invited { .. }
            | News::Whispered(_)
            | News::Left { .. }
            | News::Role { .. }
            | News::Announced { .. }
            | News::Lines { .. } => self.hub.hear(from, news),
        }
    }
}
