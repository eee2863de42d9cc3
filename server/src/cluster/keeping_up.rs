//! Reads from the store what did not come over the bus.

use std::time::Duration;

use longhall_packet::Seq;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use super::Shared;
use crate::news::News;
use crate::store::{ChannelId, Cursor, Log, StoreError, UserId};

/// How often it is looked for holes.
const HOLES_INTERVAL: Duration = Duration::from_millis(20);
/// How long a hole may be there until the store is asked: it mostly closes by itself.
const HOLE_AGE: Duration = Duration::from_millis(100);
/// Between two looks into the store while the bus is away, from us or from another server,
/// and while the store is.
const AWAY_INTERVAL: Duration = Duration::from_millis(500);
/// Between two looks while all is well. A server of NATS may lose the last line of a
/// channel on its way to another one, and neither knows.
const QUIET_INTERVAL: Duration = Duration::from_secs(10);
/// At least so long between two looks, however many doubts there are.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the store may take.
const STORE_TIMEOUT: Duration = Duration::from_secs(10);
/// Logs asked for at once.
const MAX_LOGS: usize = 1000;
/// Lines read at once, and their bytes.
const MAX_LINES: usize = 200;
const MAX_BYTES: usize = 64 * 1024;

/// Fills holes between the lines of a channel.
pub(super) async fn fill_holes(shared: &Shared) {
    let mut ticks = interval(HOLES_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if shared.hub.take_missed() {
            shared.doubts.note_lost();
        }
        for (channel, delivered) in shared.hub.holes(HOLE_AGE) {
            shared.counts.holes.add(1);
            if shared
                .read_on(Reader::Channel(channel), delivered)
                .await
                .is_err()
            {
                // Whoever keeps up says what is the matter.
                shared.doubts.note_behind();
                sleep(AWAY_INTERVAL).await;
                break;
            }
        }
    }
}

/// Looks for missed lines at each doubt, and now and then without one.
pub(super) async fn run(shared: &Shared) {
    let mut is_store_away = false;
    loop {
        let is_well = shared.bus.is_up() && !is_store_away;
        if is_well {
            let interval = match shared.peers().is_one_missed(Instant::now()) {
                true => AWAY_INTERVAL,
                false if shared.bus.has_others() => QUIET_INTERVAL,
                // Nothing of this server's own is lost in silence.
                false => Duration::MAX,
            };
            let _ = timeout(interval, shared.doubts.behind()).await;
            sleep(PAUSE).await;
        } else {
            sleep(AWAY_INTERVAL).await;
        }
        let tell = shared.doubts.take_tell();
        match shared.catch_up().await {
            Ok(()) => {
                if is_store_away && shared.bus.has_others() {
                    info!("the database answers again");
                }
                if tell || std::mem::take(&mut is_store_away) {
                    shared.tell(News::Missed);
                    // A change of ours may have been made without a word, too.
                    shared.doubts.note_missed();
                }
            }
            Err(cause) => {
                // Where there are no others, what the store says itself is enough.
                if !std::mem::replace(&mut is_store_away, true) && shared.bus.has_others() {
                    warn!(%cause, "cannot look for lines of other servers");
                }
            }
        }
    }
}

/// Who is given lines that were missed.
#[derive(Clone, Copy)]
enum Reader {
    Channel(ChannelId),
    Inbox(UserId),
}

impl Reader {
    fn log(self) -> Log {
        match self {
            Reader::Channel(channel) => Log::Channel(channel),
            Reader::Inbox(user) => Log::Inbox(user),
        }
    }
}

impl Shared {
    /// Delivers all lines of the store that were not delivered here.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let channels = self.hub.heard_channels().into_iter();
        let inboxes = self.hub.inboxes().into_iter();
        let readers: Vec<(Reader, Seq)> = channels
            .map(|(channel, delivered)| (Reader::Channel(channel), delivered))
            .chain(inboxes.map(|(user, delivered)| (Reader::Inbox(user), delivered)))
            .collect();
        if readers.is_empty() {
            // Whether the store answers is asked all the same.
            in_time(self.store.newest(Vec::new())).await?;
        }
        for some in readers.chunks(MAX_LOGS) {
            let logs = some.iter().map(|(reader, _)| reader.log()).collect();
            let newest = in_time(self.store.newest(logs)).await?;
            for (&(reader, delivered), newest) in some.iter().zip(newest) {
                if newest > delivered {
                    self.read_on(reader, delivered).await?;
                }
            }
        }
        Ok(())
    }

    async fn read_on(&self, reader: Reader, mut delivered: Seq) -> Result<(), StoreError> {
        loop {
            let after = Cursor::After(delivered);
            let reading = self.store.lines(reader.log(), after, MAX_LINES, MAX_BYTES);
            let page = in_time(reading).await?;
            self.counts.found.add(page.lines.len() as u64);
            let next = page.lines.last().map(|(_, line)| line.seq);
            let next = next.filter(|_| page.more);
            match reader {
                Reader::Channel(channel) => self.hub.publish_found(channel, page),
                Reader::Inbox(user) => {
                    self.hub.whispers_found(user, page);
                    // Whoever said them may have taken the account for one that is away, for
                    // which few whispers may wait. Now they are delivered.
                    in_time(self.store.open_inbox(user)).await?;
                }
            }
            match next {
                Some(next) => delivered = next,
                None => return Ok(()),
            }
        }
    }
}

/// Waits ten seconds at most.
pub(super) async fn in_time<T>(
    asking: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Failed("no answer in time".to_owned());
    timeout(STORE_TIMEOUT, asking).await.map_err(late)?
}
