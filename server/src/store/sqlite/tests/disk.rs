//! What is on the disk, when it is full and after a crash.

use super::*;

#[tokio::test]
async fn changes_of_many_at_once_are_all_answered() {
    let (_folder, path) = folder();
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let tasks: Vec<_> = (0..2000)
        .map(|number| {
            let store = Arc::clone(&store);
            // Each name is tried twice.
            let user = new_user(&format!("user-{}", number / 2));
            tokio::spawn(async move { store.insert_user(user).await.unwrap() })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(created, 1000);
}

#[tokio::test]
async fn a_change_that_fails_half_way_leaves_nothing_behind() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let failed = store.write(|db| {
        db.0.execute(
            "INSERT INTO users
                 (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
             VALUES ('ghost', 'ghost', 'ghost', 'ghost', '', 0)",
            [],
        )?;
        db.0.execute("INSERT INTO nowhere VALUES (1)", [])
    });
    let kept = store.insert_user(new_user("ada"));
    let (failed, kept) = tokio::join!(failed, kept);
    assert!(matches!(failed, Err(StoreError::Failed(_))));
    assert!(kept.unwrap().is_some());
    assert!(store.user_by_name("ghost").await.unwrap().is_none());
    assert!(store.user_by_name("ada").await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_damages_nothing() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    // SQLite reports its own size limit as it does a full disk.
    store
        .write(|db| {
            let pages: i64 = db.0.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            db.0.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        })
        .await
        .unwrap();
    let mut refused = 0;
    for number in 0..200 {
        match store.insert_user(new_user(&format!("user-{number}"))).await {
            Ok(created) => assert!(created.is_some()),
            Err(StoreError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    store
        .write(|db| {
            db.0.pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(()))
        })
        .await
        .unwrap();
    assert!(store.insert_user(new_user("ada")).await.unwrap().is_some());
    store.close().await;
    SqliteStore::open(&path).unwrap();
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_half_written_and_no_number_is_lost() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let limit_pages = async |more: i64| {
        store
            .write(move |db| {
                let pages: i64 = db.0.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                db.0.pragma_update_and_check(None, "max_page_count", pages + more, |_| Ok(()))
            })
            .await
            .unwrap();
    };
    limit_pages(20).await;
    let (mut taken, mut refused) = (0, 0);
    let mut id = 0;
    let text_of = |id: u64| "long ".repeat(id as usize / 15);
    for _ in 0..60 {
        // Several calls share a transaction; each stands or falls as a whole.
        let batches: Vec<Vec<_>> = (0..3)
            .map(|_| {
                let lines = (0..5).map(|_| {
                    id += 1;
                    say(ada, lobby, id, &text_of(id))
                });
                lines.collect()
            })
            .collect();
        let [a, b, c] = <[_; 3]>::try_from(batches).unwrap();
        let (a, b, c) = tokio::join!(store.append(a), store.append(b), store.append(c));
        for answer in [a, b, c] {
            match answer {
                Ok(all) => {
                    let lines = all
                        .iter()
                        .filter(|one| matches!(one, Appended::Line { .. }));
                    assert_eq!(lines.count(), 5);
                    taken += 5;
                }
                Err(StoreError::Full) => refused += 5,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(seqs(&store, lobby).await, (1..=taken).collect::<Vec<_>>());
    }
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
    limit_pages(100_000).await;
    // Refused lines may be said again.
    let again = (1..=id).map(|id| say(ada, lobby, id, &text_of(id)));
    let again = again.collect();
    let done = store.append(again).await.unwrap();
    let new = done
        .iter()
        .filter(|one| matches!(one, Appended::Line { .. }));
    assert_eq!(new.count() as u64, refused);
    assert_eq!(seqs(&store, lobby).await, (1..=id).collect::<Vec<_>>());
    store.close().await;
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(seqs(&store, lobby).await, (1..=id).collect::<Vec<_>>());
}

/// What lies on the disk at a moment of writing is what a crash leaves.
#[tokio::test]
async fn after_a_crash_all_that_was_answered_is_there_and_nothing_by_half() {
    const BATCH: u64 = 7;
    let (folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let store = Arc::new(store);
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..4u64)
        .map(|writer| {
            let (store, answers) = (Arc::clone(&store), answers.clone());
            tokio::spawn(async move {
                for batch in 0..60 {
                    let first = (writer * 1000 + batch) * BATCH;
                    let lines =
                        (first..first + BATCH).map(|id| say(ada, lobby, id, &id.to_string()));
                    for done in store.append(lines.collect()).await.unwrap() {
                        let Appended::Line { line } = done else {
                            panic!("{done:?}");
                        };
                        answers.send(line.seq).unwrap();
                    }
                }
            })
        })
        .collect();
    drop(answers);
    let mut newest = 0;
    let mut crashes = 0;
    while let Some(seq) = answered.recv().await {
        newest = newest.max(seq);
        if seq % 200 != 0 {
            continue;
        }
        crashes += 1;
        let copy = folder.path().join(format!("crash-{crashes}.db"));
        // In the order in which nothing is missed: the log only grows here.
        for suffix in ["", "-wal"] {
            let mut from = path.clone().into_os_string();
            from.push(suffix);
            let mut to = copy.clone().into_os_string();
            to.push(suffix);
            fs::copy(from, to).unwrap();
        }
        let crashed = SqliteStore::open(&copy).unwrap();
        let there = seqs(&crashed, lobby).await;
        let last = there.len() as u64;
        assert_eq!(there, (1..=last).collect::<Vec<_>>());
        assert!(last >= newest, "{newest} was answered, {last} are there");
        assert_eq!(last % BATCH, 0, "a batch was written by half");
        // And none of it is taken twice.
        let log = Log::Channel(lobby);
        let page = crashed.lines(log, Cursor::After(0), 10_000, usize::MAX);
        let lines = page.await.unwrap().lines;
        let again = lines.iter().map(|(_, line)| {
            let id = line.text.parse().unwrap();
            say(ada, lobby, id, &line.text)
        });
        let again = crashed.append(again.collect()).await.unwrap();
        for (line, again) in lines.iter().zip(again) {
            let seq = line.1.seq;
            let sent_at_ms = 1000;
            assert_eq!(again, Appended::Before { seq, sent_at_ms });
        }
        crashed.close().await;
    }
    assert!(crashes > 3);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_deleted_text_is_nowhere_in_the_file() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let bob = store.insert_user(new_user("bob")).await.unwrap().unwrap();
    // Longer than a page, and short.
    let long = "unspeakable ".repeat(900);
    let change = |channel, of, text: Option<&str>| LogEntry {
        what: match text {
            Some(text) => LogAction::Edit {
                channel,
                of,
                text: text.to_owned(),
                not_before_ms: 0,
            },
            None => LogAction::Delete {
                channel,
                of,
                not_before_ms: 0,
            },
        },
        ..say(ada, lobby, 0, "")
    };
    let whisper = LogEntry {
        what: LogAction::Whisper {
            recipient: bob,
            recipient_name: "bob".to_owned(),
            line_id: 9,
            text: "unspeakable".to_owned(),
            kept_at_most: None,
        },
        ..say(ada, lobby, 0, "")
    };
    let all = store
        .append(vec![
            say(ada, lobby, 1, &long),
            say(ada, lobby, 2, "unspeakable"),
            say(ada, lobby, 3, "harmless"),
            change(Some(lobby), 2, Some(&long)),
            change(Some(lobby), 1, Some("quite unspeakable")),
            whisper,
            change(None, 1, Some("very unspeakable")),
        ])
        .await
        .unwrap();
    assert_eq!(all.len(), 7);
    let deletions = vec![
        change(Some(lobby), 1, None),
        change(Some(lobby), 2, None),
        change(None, 1, None),
    ];
    for done in store.append(deletions).await.unwrap() {
        assert!(
            matches!(done, Appended::Line { .. } | Appended::Whisper { .. }),
            "{done:?}"
        );
    }
    store.close().await;
    let bytes = fs::read(&path).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(b"harmless"));
    assert!(!holds(b"unspeakable"));
}

#[tokio::test]
async fn the_log_is_folded_in_before_it_grows_long() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let long = "x".repeat(4096);
    // Three times what the log may hold.
    for batch in 0..60 {
        let lines = (0..200).map(|id| say(ada, lobby, batch * 200 + id, &long));
        store.append(lines.collect()).await.unwrap();
    }
    // The answer comes before the checkpoint.
    store.set_topic(lobby, "calm".to_owned()).await.unwrap();
    let log = fs::metadata(path.with_file_name("longhall.db-wal")).unwrap();
    assert!(log.len() < 25 << 20, "{} bytes", log.len());
    assert_eq!(seqs(&store, lobby).await.len(), 12_000);
}
