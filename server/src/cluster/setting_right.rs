//! Asks the store what the players here may have missed beside lines: that they are out of a
//! channel, blocked somebody, or were logged out, on another server or without a word.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::debug;

use super::Shared;
use super::keeping_up::in_time;
use crate::hub::Known;
use crate::store::{StoreError, UserId};

/// Players compared with the store at once.
const AT_ONCE: usize = 500;
/// Players of whom something is wrong, asked about at a time with three questions each: it
/// goes on beside all that players do.
const AT_A_TIME: usize = 2;
/// At least so long between two rounds, however many doubts there are.
const PAUSE: Duration = Duration::from_secs(2);
/// How often it is looked for channels whose members are to be counted.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// Between two tries while the store does not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How often a player is asked about who changes all the time. What changes is told.
const MAX_TRIES: u32 = 4;

/// Goes through all players here after each doubt.
pub(super) async fn run(shared: &Shared) {
    loop {
        shared.doubts.unsure().await;
        shared.set_all_right().await;
        sleep(PAUSE).await;
    }
}

/// Has members counted where the store alone knows how many there are now.
pub(super) async fn count_members(shared: &Shared) {
    let mut ticks = interval(COUNT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for (channel, user) in shared.hub.uncounted() {
            match in_time(shared.store.membership(channel, user)).await {
                Ok(Some(membership)) => shared.hub.set_members(channel, membership.members),
                // Who asked is out of it, which is told.
                Ok(None) => {}
                Err(cause) => {
                    debug!(%cause, "cannot count members");
                    shared.doubts.note_missed();
                    break;
                }
            }
        }
    }
}

impl Shared {
    async fn set_all_right(&self) {
        for players in self.hub.players_here().chunks(AT_ONCE) {
            let wrong = loop {
                match self.wrong_of(players).await {
                    Ok(wrong) => break wrong,
                    Err(cause) => rest(&cause).await,
                }
            };
            let setting = stream::iter(wrong).for_each_concurrent(AT_A_TIME, |user| async move {
                while let Err(cause) = self.set_right(user).await {
                    rest(&cause).await;
                }
            });
            setting.await;
        }
    }

    /// The players of whom the store says something else than is known here.
    async fn wrong_of(&self, players: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let arrival = self.hub.arrive();
        let asking = self
            .store
            .standings(players.to_vec(), self.clock.ended_by_ms());
        Ok(self.hub.compare(&arrival, in_time(asking).await?))
    }

    async fn set_right(&self, user: UserId) -> Result<(), StoreError> {
        for _ in 0..MAX_TRIES {
            let arrival = self.hub.arrive();
            let asking = async {
                tokio::try_join!(
                    self.store.memberships(user),
                    self.store.blocks(user),
                    self.store.sessions(user, self.clock.ended_by_ms()),
                )
            };
            let (memberships, blocks, sessions) = in_time(asking).await?;
            let known = Known {
                memberships,
                blocked: blocks.into_iter().map(|(user, _)| user).collect(),
                sessions: sessions.into_iter().map(|session| session.id).collect(),
            };
            if self.hub.set_right(&arrival, user, known).is_ok() {
                break;
            }
        }
        // The player may listen to one more channel.
        self.channels.note_changed();
        Ok(())
    }
}

/// Waits until it is worth another try.
async fn rest(cause: &StoreError) {
    debug!(%cause, "cannot ask what players have missed");
    sleep(RETRY_PAUSE).await;
}
