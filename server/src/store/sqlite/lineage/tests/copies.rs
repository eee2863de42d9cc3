//! Copies, backups and other names of a database.

use super::*;

#[tokio::test]
async fn a_database_copied_without_its_log_is_told() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let copy = place.copied(&[""]);
    let (store, told) = copy.open();
    check_told(&told, "WARN", "MISSING");
    assert_ne!(store.epoch(), running.store.epoch());
    store.close().await;
    // The same in the place of another one that ran here.
    let other = Place::new();
    other.open().0.close().await;
    other.put("", &place);
    let (_store, told) = other.open();
    check_told(&told, "WARN", "MISSING");
}

#[tokio::test]
async fn an_empty_copy_of_a_young_database_of_the_release_before_is_told() {
    let place = Place::new();
    let young = Connection::open(&place.database).unwrap();
    young
        .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .unwrap();
    young
        .execute_batch("CREATE TABLE users (id INTEGER)")
        .unwrap();
    let copy = place.copied(&[""]);
    let (_store, told) = copy.open();
    check_told(&told, "WARN", "EMPTY");
}

#[tokio::test]
async fn a_backup_is_whole_and_begins_another_epoch() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let mut epochs = vec![running.store.epoch().to_owned()];
    let mut from = place.database.clone();
    // A backup of a backup of a backup, each put where there was nothing.
    for _ in 0..3 {
        let restored = Place::new();
        back_up(&from, &restored.database);
        let (store, told) = restored.open();
        assert!(!told.contains("WARN"), "{told}");
        assert_eq!(lines_of(&store).await, 10);
        assert!(!epochs.contains(&store.epoch().to_owned()), "{epochs:?}");
        epochs.push(store.epoch().to_owned());
        let next = Place::new();
        from = next.folder.keep().join("longhall.db");
        back_up(&restored.database, &from);
    }
}

fn back_up(from: &Path, to: &Path) {
    let from = Connection::open(from).unwrap();
    let mut to = Connection::open(to).unwrap();
    rusqlite::backup::Backup::new(&from, &mut to)
        .unwrap()
        .run_to_completion(1000, Duration::ZERO, None)
        .unwrap();
}

#[tokio::test]
async fn an_older_state_put_back_begins_another_epoch() {
    let place = Place::new();
    let (store, _) = place.open();
    let first = store.epoch().to_owned();
    store.close().await;
    let older = place.copied(&[""]);
    let running = Running::new(&place).await;
    assert_eq!(running.store.epoch(), first);
    running.say(10).await;
    drop(running);
    place.put("", &older);
    let (store, told) = place.open();
    assert_ne!(store.epoch(), first);
    check_told(&told, "INFO", "not the database that ran here last");
    assert!(!told.contains("WARN"), "{told}");
}

#[tokio::test]
async fn the_log_of_another_database_is_refused_and_nothing_changed() {
    let place = Place::new();
    place.open().0.close().await;
    let older = place.copied(&[""]);
    let running = Running::new(&place).await;
    running.say(10).await;
    for by_sqlite in [false, true] {
        let killed = place.copied(ALL);
        if by_sqlite {
            let vacuumed = Place::new();
            let source = Connection::open(&place.database).unwrap();
            let to = vacuumed.database.to_str().unwrap();
            source.execute("VACUUM INTO ?1", [to]).unwrap();
            killed.put("", &vacuumed);
        } else {
            killed.put("", &older);
        }
        let files = || [&killed.database, &killed.wal()].map(|path| fs::read(path).unwrap());
        let before = files();
        assert!(matches!(killed.refused(), OpenError::ForeignLog { .. }));
        assert!(files() == before);
        // Also when it cannot be looked up, and a copy that SQLite made has no log.
        if by_sqlite {
            fs::remove_file(killed.beside(".lock")).unwrap();
            assert!(matches!(killed.refused(), OpenError::ForeignLog { .. }));
            assert!(files() == before);
        }
        // The way out that is named.
        fs::remove_file(killed.wal()).unwrap();
        let (store, told) = killed.open();
        assert!(!told.contains("WARN"), "{told}");
        assert_ne!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn without_the_file_beside_it_a_database_begins_another_epoch() {
    let place = Place::new();
    let (store, _) = place.open();
    store.close().await;
    fs::remove_file(place.beside(".lock")).unwrap();
    let (again, told) = place.open();
    assert_ne!(again.epoch(), store.epoch());
    assert_eq!(told, "");
}

#[tokio::test]
async fn a_second_server_is_refused_by_whatever_name_it_comes() {
    let place = Place::new();
    let (store, _) = place.open();
    let other = Place::new();
    symlink(&place.database, &other.database).unwrap();
    assert!(matches!(other.refused(), OpenError::InUse(_)));
    fs::remove_file(&other.database).unwrap();
    fs::hard_link(&place.database, &other.database).unwrap();
    assert!(matches!(other.refused(), OpenError::InUse(_)));
    fs::remove_file(place.beside(".lock")).unwrap();
    assert!(matches!(place.refused(), OpenError::InUse(_)));
    let folder = Place::new();
    let link = folder.folder.path().join("folder");
    symlink(place.folder.path(), &link).unwrap();
    let by_folder = SqliteStore::open(&link.join("longhall.db"));
    assert!(matches!(by_folder.err(), Some(OpenError::InUse(_))));
    // Nor is the first one disturbed: it locks and writes as before.
    let name = ChannelName::parse("lobby").unwrap();
    store.open_lobby(&name, 0).await.unwrap();
    store.close().await;
    let (store, told) = place.open();
    assert!(store.channel_by_name(&name).await.unwrap().is_some());
    assert!(!told.contains("WARN"), "{told}");
}

#[tokio::test]
async fn a_link_to_a_database_that_is_still_to_be_made_is_followed() {
    let place = Place::new();
    let other = Place::new();
    symlink(&place.database, &other.database).unwrap();
    let (store, _) = other.open();
    assert!(place.beside(".lock").exists() && !other.beside(".lock").exists());
    store.close().await;
    let (again, _) = place.open();
    assert_eq!(again.epoch(), store.epoch());
}
