//! What this server tells the others.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

use super::Shared;
use crate::bus::Subject;
use crate::hub::Telling;
use crate::news::News;
use crate::store::ChannelGuard;

/// A message of more bytes goes in parts, where it has any. NATS takes up to a megabyte,
/// and a few large ones shall not fill every queue on their way.
const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// Between two pieces of what is told then.
const PIECE_PAUSE: Duration = Duration::from_millis(1);
/// At least so long between two times that all devices are named.
const SNAPSHOT_PAUSE: Duration = Duration::from_millis(500);

/// Tells what the hub has to tell, in its order.
pub(super) async fn run(shared: &Shared, news: &mut Receiver<Telling>) {
    while let Some(told) = news.recv().await {
        match told {
            Telling::News(news) => shared.tell(news),
            Telling::LetGo(channel) => shared.let_go(channel),
        }
    }
    // Nobody is left who could have news; the server is about to end.
    std::future::pending::<()>().await;
}

/// Names all devices of this server to those who ask, all at once.
pub(super) async fn answer(shared: &Shared) {
    loop {
        shared.doubts.asked().await;
        shared.hub.tell_devices(PIECE_PAUSE).await;
        sleep(SNAPSHOT_PAUSE).await;
    }
}

/// Tells what is left, at the end.
pub(super) async fn finish(shared: &Shared, news: &mut Receiver<Telling>) {
    while let Ok(told) = news.try_recv() {
        if let Telling::News(news) = told {
            shared.tell(news);
        }
    }
    shared.bus.flush().await;
}

impl Shared {
    /// Never waits; see [`crate::bus::Bus::publish`].
    pub(super) fn tell(&self, news: News) {
        // Held until it is published, so that numbers go out in their order.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell_after(&mut told, news);
    }

    /// Tells what comes after the so-manieth of what all others were told.
    fn tell_after(&self, told: &mut u64, news: News) {
        let number = news.channel().is_none().then(|| *told + 1);
        let bytes = news.encode(self.me, number);
        let (news, bytes) = match bytes.len() > MAX_MESSAGE_BYTES {
            false => (news, bytes),
            true => match halves(news) {
                Ok((first, second)) => {
                    self.tell_after(told, first);
                    self.tell_after(told, second);
                    return;
                }
                Err(whole) => (whole, bytes),
            },
        };
        *told = number.unwrap_or(*told);
        self.counts.told.add(1);
        self.bus.publish(subject(&news), bytes);
    }

    /// Lets others change a channel when the bus has what was told so far. What is told next
    /// does not wait for that.
    fn let_go(&self, channel: ChannelGuard) {
        let bus = Arc::clone(&self.bus);
        tokio::spawn(async move {
            bus.flush().await;
            drop(channel);
        });
    }
}

fn subject(news: &News) -> Subject {
    news.channel().map_or(Subject::All, Subject::Lines)
}

/// News in two parts that say the same one after the other; `Err` if they have none.
fn halves(news: News) -> Result<(News, News), News> {
    if let News::Lines {
        channel,
        name,
        mut lines,
    } = news
    {
        let rest = lines.split_off(lines.len() / 2);
        let part = |lines| News::Lines {
            channel,
            name: name.clone(),
            lines,
        };
        return match rest.len() {
            0 | 1 if lines.is_empty() => Err(part(rest)),
            _ => Ok((part(lines), part(rest))),
        };
    }
    if let News::Here { mut devices, again } = news {
        let rest = devices.split_off(devices.len() / 2);
        let part = |devices| News::Here { devices, again };
        return match rest.len() {
            0 | 1 if devices.is_empty() => Err(part(rest)),
            _ => Ok((part(devices), part(rest))),
        };
    }
    Err(news)
}
