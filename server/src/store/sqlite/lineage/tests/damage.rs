//! Files that are damaged, gone or replaced.

use super::*;

#[tokio::test]
async fn what_a_killed_server_left_is_taken_over_and_told() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(100).await;
    let killed = place.copied(ALL);
    let (store, told) = killed.open();
    assert_eq!(lines_of(&store).await, 100);
    assert_eq!(store.epoch(), running.store.epoch());
    check_told(&told, "INFO", "took over");
    assert!(!told.contains("WARN"), "{told}");
    store.close().await;
    // After an end in good order there is nothing to tell.
    let (again, told) = killed.open();
    assert_eq!((again.epoch(), &*told), (store.epoch(), ""));
}

#[tokio::test]
async fn damage_in_the_log_is_told_and_a_copy_kept() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(200).await;
    // In the first bytes; in the first pages, too, nothing is left to take over.
    for (part, has_mark) in [(0.0, true), (0.3, true), (0.3, false), (0.0, false)] {
        let killed = place.copied(ALL);
        if !has_mark {
            fs::remove_file(killed.beside(".lock")).unwrap();
        }
        damage(&killed.wal(), part);
        let damaged = fs::read(killed.wal()).unwrap();
        let (store, told) = killed.open();
        let lines = lines_of(&store).await;
        assert!(lines < 200, "{lines}");
        check_told(&told, "WARN", "LOST");
        assert!(fs::read(killed.beside(".damaged-wal")).unwrap() == damaged);
        assert_ne!(store.epoch(), running.store.epoch());
        store.close().await;
        let (_store, told) = killed.open();
        assert_eq!(told, "", "it is told once");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_space_for_the_copy_of_a_damaged_log_is_told_as_such() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(200).await;
    let killed = place.copied(ALL);
    damage(&killed.wal(), 0.3);
    let damaged = fs::read(killed.wal()).unwrap();
    symlink("/dev/full", killed.beside(".damaged-wal")).unwrap();
    let refused = killed.refused();
    assert!(matches!(refused, OpenError::Full(_)), "{refused}");
    assert!(fs::read(killed.wal()).unwrap() == damaged);
}

#[tokio::test]
async fn a_log_that_is_gone_or_cut_off_is_told_with_the_lines_that_are_missing() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(100).await;
    for cut_to in [None, Some(0), Some(20_000), Some(200_000)] {
        let killed = place.copied(ALL);
        match cut_to {
            None => fs::remove_file(killed.wal()).unwrap(),
            Some(bytes) => {
                let log = OpenOptions::new().write(true).open(killed.wal()).unwrap();
                log.set_len(bytes).unwrap();
            }
        }
        let (store, told) = killed.open();
        let missing = 100 - lines_of(&store).await;
        assert!(missing > 0);
        check_told(&told, "WARN", "LOST");
        assert!(
            told.contains(&format!("missing_lines={missing} ")),
            "{told}"
        );
        assert_ne!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_log_without_its_database_is_refused_and_nothing_changed() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let whole = place.copied(ALL);
    for is_empty in [false, true] {
        let killed = place.copied(&["-wal", ".lock"]);
        if is_empty {
            fs::write(&killed.database, "").unwrap();
        }
        let log = fs::read(killed.wal()).unwrap();
        assert!(matches!(
            killed.refused(),
            OpenError::LogWithoutDatabase { .. }
        ));
        assert!(fs::read(killed.wal()).unwrap() == log);
        assert_eq!(killed.database.exists(), is_empty);
        killed.put("", &whole);
        let (store, told) = killed.open();
        assert_eq!(lines_of(&store).await, 10);
        assert!(!told.contains("WARN"), "{told}");
        assert_eq!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_database_that_is_gone_with_its_log_is_told() {
    let place = Place::new();
    Running::new(&place).await.store.close().await;
    fs::remove_file(&place.database).unwrap();
    let _ = fs::remove_file(place.wal());
    let (_store, told) = place.open();
    check_told(&told, "WARN", "GONE");
}

#[tokio::test]
async fn damage_in_a_log_that_was_folded_in_does_no_harm() {
    let place = Place::new();
    let running = Running::new(&place).await;
    let topic = |number| format!("topic {number}");
    for number in 1..=30 {
        let changed = running.store.set_topic(running.lobby, topic(number));
        changed.await.unwrap();
    }
    let killed = place.copied(ALL);
    // As it is when the fold has just ended.
    let log = wal_frames::read(&killed.wal()).unwrap().unwrap();
    let folding = Connection::open(&killed.database).unwrap();
    folding
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
    let folded = killed.copied(ALL);
    folded.change_mark(|mark| mark.fold(log.whole));
    let name = ChannelName::parse("lobby").unwrap();
    for is_cut_off in [false, true] {
        let after = folded.copied(ALL);
        // Before it, the log holds older pages than the database.
        if is_cut_off {
            let log = OpenOptions::new().write(true).open(after.wal()).unwrap();
            log.set_len(80_000).unwrap();
        } else {
            damage(&after.wal(), 0.2);
        }
        let (again, told) = after.open();
        assert!(!told.contains("WARN"), "{told}");
        let lobby = again.channel_by_name(&name).await.unwrap().unwrap();
        assert_eq!(lobby.topic, topic(30));
        assert_eq!(again.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_file_was_replaced() {
    for what in ["", "-wal"] {
        let place = Place::new();
        let running = Running::new(&place).await;
        running.say(10).await;
        let Running {
            store,
            ada,
            lobby,
            reader,
        } = running;
        drop(reader);
        let aside = place.beside(".aside");
        fs::rename(place.beside(what), &aside).unwrap();
        if what.is_empty() {
            fs::write(&place.database, "").unwrap();
        }
        let began = Instant::now();
        let mut line_id = 10;
        let refused = loop {
            line_id += 1;
            match say(&store, ada, lobby, line_id).await {
                Ok(_) => assert!(began.elapsed() < Duration::from_secs(20), "{what}"),
                Err(cause) => break cause,
            }
        };
        assert!(matches!(refused, StoreError::Closed));
        // Another one may not take its place before this one has ended.
        if what.is_empty() {
            fs::remove_file(&place.database).unwrap();
            fs::rename(&aside, &place.database).unwrap();
        }
        assert!(matches!(place.refused(), OpenError::InUse(_)));
        store.close().await;
        let (store, told) = place.open();
        // All that was acknowledged is there: the log was folded in at once.
        assert_eq!(lines_of(&store).await, line_id - 1, "{what}: {told}");
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_its_log_left_beside_it() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let pages = fs::read(&place.database).unwrap().len() / PAGE_BYTES;
    let mut refused = 0;
    for page in 0..pages {
        let killed = place.copied(ALL);
        damage(&killed.database, page as f64 / pages as f64);
        let files = || [&killed.database, &killed.wal()].map(|path| fs::read(path).ok());
        let before = files();
        if SqliteStore::open(&killed.database).is_err() {
            refused += 1;
            assert!(files() == before, "page {page}");
        }
    }
    // Some pages are in the log as well.
    assert!(refused > pages / 2, "{refused} of {pages}");
}
