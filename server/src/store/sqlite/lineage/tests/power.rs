//! Lines that are heard before they are flushed, and the power that fails.

use super::*;

const LATER: Duration = Duration::from_secs(60);

impl Place {
    fn open_flushing_later(&self) -> SqliteStore {
        SqliteStore::open_flushing_lines_within(&self.database, LATER).unwrap()
    }
}

/// A store in which Ada may speak, opened before with `place.open()`.
async fn inhabited(place: &Place) -> (UserId, ChannelId, String) {
    let (store, _) = place.open();
    let epoch = store.epoch().to_owned();
    let (ada, lobby) = settle(&store).await;
    store.close().await;
    (ada, lobby, epoch)
}

#[tokio::test]
async fn numbers_of_lines_that_the_power_may_have_taken_are_of_another_epoch() {
    let place = Place::new();
    let (ada, lobby, first) = inhabited(&place).await;
    let store = place.open_flushing_later();
    assert_eq!(store.epoch(), first);
    // The disk has all of this, and nothing of what is said after it.
    let in_time = place.copied(ALL);
    for line_id in 1..=3 {
        say(&store, ada, lobby, line_id).await.unwrap();
    }
    for (cut, lines) in [(&in_time, 0), (&place.copied(ALL), 3)] {
        // Somebody looks first, and the setting is another one now.
        refuse_foreign_log(&cut.database).unwrap();
        let (back, told) = cut.open();
        assert_ne!(back.epoch(), first, "{told}");
        assert_eq!(lines_of(&back).await, lines);
        let next = back.epoch().to_owned();
        back.close().await;
        // There is no doubt any more.
        assert_eq!(cut.open().0.epoch(), next);
    }
    store.close().await;
    // Closed in good order, nothing was lost.
    let store = place.open_flushing_later();
    assert_eq!((store.epoch(), lines_of(&store).await), (&*first, 3));
}

#[tokio::test]
async fn who_flushes_at_once_ends_in_the_midst_without_a_doubt() {
    let place = Place::new();
    let (ada, lobby, first) = inhabited(&place).await;
    // It was otherwise before.
    place.open_flushing_later().close().await;
    let (store, _) = place.open();
    for line_id in 1..=3 {
        say(&store, ada, lobby, line_id).await.unwrap();
    }
    let killed = place.copied(ALL);
    let (back, told) = killed.open();
    assert_eq!(back.epoch(), first, "{told}");
    assert_eq!(lines_of(&back).await, 3);
}
