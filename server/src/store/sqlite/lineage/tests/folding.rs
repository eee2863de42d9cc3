//! A log that was folded in, wholly or in part.

use super::*;

#[tokio::test]
async fn a_start_after_an_end_in_good_order_writes_nothing_before_the_first_change() {
    let place = Place::new();
    place.open().0.close().await;
    let files = || [place.beside(""), place.beside(".lock")].map(|path| fs::read(path).unwrap());
    let before = files();
    let (store, told) = place.open();
    assert!(files() == before);
    assert_eq!(told, "");
    // From the first change on, a copy without its log is told from a whole one.
    let name = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&name, 0).await.unwrap().id;
    store.set_topic(lobby, "here".to_owned()).await.unwrap();
    let (_store, told) = place.copied(&[""]).open();
    check_told(&told, "WARN", "MISSING");
}

#[tokio::test]
async fn a_log_that_sqlite_itself_folded_in_is_not_missing() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let killed = place.copied(ALL);
    // As sqlite3 does at its end.
    let other = Connection::open(&killed.database).unwrap();
    other
        .query_row("SELECT count(*) FROM lines", [], |_| Ok(()))
        .unwrap();
    other.close().unwrap();
    assert!(!killed.wal().exists());
    let (store, told) = killed.open();
    assert!(!told.contains("WARN"), "{told}");
    assert_eq!(lines_of(&store).await, 10);
    assert_eq!(store.epoch(), running.store.epoch());
}

#[tokio::test]
async fn the_log_is_folded_in_and_emptied_when_nobody_writes() {
    let place = Place::new();
    let (store, _) = place.open();
    let name = ChannelName::parse("lobby").unwrap();
    store.open_lobby(&name, 0).await.unwrap();
    let began = Instant::now();
    while fs::read(place.wal()).unwrap().iter().any(|byte| *byte != 0) {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let killed = place.copied(&["", ".lock"]);
    let (again, told) = killed.open();
    assert!(again.channel_by_name(&name).await.unwrap().is_some());
    assert_eq!((again.epoch(), &*told), (store.epoch(), ""));
    // And the log goes on from there.
    let name = ChannelName::parse("hall").unwrap();
    store.open_lobby(&name, 0).await.unwrap();
    let killed = place.copied(ALL);
    let (again, _) = killed.open();
    assert!(again.channel_by_name(&name).await.unwrap().is_some());
    assert_eq!(again.epoch(), store.epoch());
}

#[tokio::test]
async fn what_changes_nothing_keeps_nothing_in_the_log() {
    let place = Place::new();
    let (store, _) = place.open();
    let name = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&name, 0).await.unwrap().id;
    let began = Instant::now();
    while fs::read(place.wal()).unwrap().iter().any(|byte| *byte != 0) {
        assert!(began.elapsed() < Duration::from_secs(20));
        // More often than the log waits.
        store.delete_block(UserId(1), UserId(2)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        store.channel_by_name(&name).await.unwrap().unwrap().id,
        lobby
    );
}

#[tokio::test]
async fn a_server_that_was_killed_while_the_log_was_folded_in_starts_again() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(200).await;
    let killed = place.copied(ALL);
    // Another number is noted before, and stands in the log as well or not yet.
    killed.change_mark(|mark| mark.folds.push(7));
    let folded = place.copied(ALL);
    Connection::open(&folded.database)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
    let (before, after) = (fs::read(&killed.database), fs::read(&folded.database));
    let (before, after) = (before.unwrap(), after.unwrap());
    assert!(before.len() < after.len());
    // Page by page, as SQLite writes them.
    for pages in 1..=after.len() / PAGE_BYTES {
        let torn = killed.copied(ALL);
        let mut bytes = before.clone();
        let done = pages * PAGE_BYTES;
        bytes.resize(done.max(bytes.len()), 0);
        bytes[..done].copy_from_slice(&after[..done]);
        fs::write(&torn.database, bytes).unwrap();
        if pages == 1 {
            // The first fold of all, with a log that was begun with the layout.
            let first = torn.copied(ALL);
            first.change_mark(|mark| {
                *mark = mark::Mark {
                    folds: vec![0, 7],
                    ..mark::Mark::default()
                };
            });
            assert_eq!(first.open().0.epoch(), running.store.epoch());
        }
        let (store, told) = torn.open();
        assert!(!told.contains("WARN"), "after {pages} pages: {told}");
        assert_eq!(lines_of(&store).await, 200);
        assert_eq!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_log_that_was_folded_in_and_emptied_is_not_missing_after_a_power_cut() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let topic = running.store.set_topic(running.lobby, "away".to_owned());
    topic.await.unwrap();
    running.reader.execute_batch("COMMIT").unwrap();
    let mark = || {
        let lock = fs::File::open(place.beside(".lock")).unwrap();
        mark::Mark::read(&lock).unwrap().unwrap()
    };
    let before = mark();
    let until = Instant::now() + Duration::from_secs(30);
    while mark().frames > 0 {
        assert!(Instant::now() < until, "it is not folded in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = mark();
    let is_emptied = || fs::metadata(place.wal()).unwrap().len() == 0;
    while !is_emptied() {
        assert!(Instant::now() < until, "it is not emptied");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cut = place.copied(ALL);
    // The last that was flushed of the mark is from before the fold.
    cut.change_mark(|mark| {
        *mark = before.clone();
        mark.folds.extend(&after.folds);
    });
    let (store, told) = cut.open();
    assert!(!told.contains("WARN"), "{told}");
    assert_eq!(store.epoch(), running.store.epoch());
}

#[tokio::test]
async fn what_is_said_behind_what_was_folded_in_is_taken_over() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    // A reader at the end of the log keeps it from being begun anew.
    let again = "COMMIT; BEGIN; SELECT * FROM state";
    running.reader.execute_batch(again).unwrap();
    let mark = || {
        let lock = fs::File::open(place.beside(".lock")).unwrap();
        mark::Mark::read(&lock).unwrap().unwrap()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while mark().frames > 0 {
        assert!(Instant::now() < until, "it is not folded in");
        running.reader.execute_batch(again).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let folded = place.copied(ALL);
    let log = wal_frames::read(&folded.wal()).unwrap().unwrap();
    assert_eq!((log.salts, log.whole), (mark().salts, mark().folded));
    say(&running.store, running.ada, running.lobby, 11)
        .await
        .unwrap();
    let topic = running.store.set_topic(running.lobby, "there".to_owned());
    topic.await.unwrap();
    assert_eq!(mark().salts, log.salts);
    for (copy, lines) in [(folded, 10), (place.copied(ALL), 11)] {
        let (store, told) = copy.open();
        assert!(!told.contains("WARN"), "{told}");
        assert_eq!(lines_of(&store).await, lines);
        assert_eq!(store.epoch(), running.store.epoch());
    }
}
