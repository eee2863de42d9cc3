//! What comes over the bus: given to the hub, or dealt with here.

use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::Shared;
use crate::bus::Heard;
use crate::news::{News, Received};

/// Takes what is heard, in the order in which it comes, as long as there is a bus.
pub(super) async fn run(shared: &Shared, mut heard: Receiver<Heard>) {
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::News(bytes) => {
                shared.counts.heard.add(1);
                shared.take_news(&bytes);
            }
            // If it was anything but lines, the next number that is heard tells, and its
            // server is asked again.
            Heard::Doubt => {
                shared.counts.doubts.add(1);
                shared.doubts.note_missed();
            }
            Heard::Lost => {
                shared.counts.losses.add(1);
                shared.doubts.note_lost();
            }
            Heard::Down => {
                warn!("the bus is away; lines of other servers come from the database meanwhile");
                shared.doubts.note_behind();
            }
            Heard::Up => {
                info!("the bus is back");
                shared.peers().forgive(Instant::now());
                shared.tell(News::Ask);
            }
        }
    }
    // Without a bus there is nothing to hear; the server goes on by the store.
    std::future::pending::<()>().await;
}

impl Shared {
    fn take_news(&self, bytes: &[u8]) {
        let Some(Received { from, number, news }) = News::decode(bytes) else {
            debug!(bytes = bytes.len(), "somebody says what is not understood");
            return;
        };
        if from == self.me || !self.note_peer(from, number) {
            return;
        }
        let Some(news) = news else {
            debug!(
                server = from.0,
                "another server says what is not understood"
            );
            // It may have named a device.
            self.peers().interrupt(from, Instant::now());
            self.hub.drop_snapshot(from);
            return;
        };
        match news {
            News::Alive => {}
            News::Ask => self.doubts.note_asked(),
            News::AskThese { servers } => {
                if servers.contains(&self.me) {
                    self.doubts.note_asked();
                }
            }
            News::Missed => self.doubts.note_missed(),
            News::SnapshotBegin => {
                self.peers().begin_snapshot(from);
                self.hub.hear(from, news);
            }
            News::SnapshotEnd => {
                self.peers().end_snapshot(from);
                self.hub.hear(from, news);
            }
            News::Joined { .. } => {
                self.hub.hear(from, news);
                // The player may be the first here in that channel.
                self.channels.note_changed();
            }
            News::Here { .. }
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
            | News::Renamed { .. }
            | News::Profile { .. }
            | News::Announced { .. }
            | News::Lines { .. } => self.hub.hear(from, news),
        }
    }
}
