//! Two servers on one database.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use longhall_packet::ChannelName;

use super::*;
use crate::store::{LimitKey, SharedLimit, Store};

#[tokio::test]
async fn two_servers_share_tries_and_take_turns_with_a_channel() {
    let url = database();
    let (here, there) = (
        PostgresStore::open(&url).unwrap(),
        PostgresStore::open(&url).unwrap(),
    );
    let limit = SharedLimit {
        key: LimitKey::new("login", &[b"ada"]),
        interval: Duration::from_secs(3600),
        burst: NonZeroU32::new(2).unwrap(),
    };
    assert_eq!(here.take(limit).await.unwrap(), None);
    assert_eq!(there.take(limit).await.unwrap(), None);
    here.drop_idle_limits().await.unwrap();
    for store in [&here, &there] {
        let wait = store.take(limit).await.unwrap();
        assert!(wait.is_some_and(|wait| wait <= limit.interval), "{wait:?}");
    }

    // Who does not have the channel alone loses the other's count.
    let (den, count) = (ChannelName::parse("den").unwrap(), Cell::new(0));
    let change = async |store: &PostgresStore| {
        for _ in 0..5 {
            let change = store.lock_channel(&den).await.unwrap();
            let found = count.get();
            // Work does not wait for who waits for a lock.
            assert!(store.channel_by_name(&den).await.unwrap().is_none());
            count.set(found + 1);
            drop(change);
        }
    };
    tokio::join!(change(&here), change(&there));
    assert_eq!(count.get(), 10);
}
