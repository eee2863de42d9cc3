//! Files that are too large to be read through before the server runs.

use super::*;

/// Lines that fill more pages than are read first.
const LINES: u64 = 250;

fn text_of(line_id: u64) -> String {
    format!("{line_id} ").repeat(25_000)
}

/// A large file that was closed in good order, who has spoken in it, and where.
async fn large() -> (tempfile::TempDir, PathBuf, UserId, ChannelId) {
    let (folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    for line_id in 1..=LINES {
        let line = say(ada, lobby, line_id, &text_of(line_id));
        store.append(vec![line]).await.unwrap();
    }
    store.close().await;
    (folder, path, ada, lobby)
}

#[tokio::test]
async fn a_line_said_again_is_known_although_nobody_waited_for_the_lines_to_be_read() {
    let (_folder, path, ada, lobby) = large().await;
    let store = SqliteStore::open(&path).unwrap();
    for line_id in [1, LINES] {
        let again = say(ada, lobby, line_id, &text_of(line_id));
        let answers = store.append(vec![again]).await.unwrap();
        let [Appended::Before { seq, .. }] = &answers[..] else {
            panic!("it was said twice")
        };
        assert_eq!(*seq, line_id);
    }
    store.close().await;
    // Closed at once, it is not waited for either.
    let store = SqliteStore::open(&path).unwrap();
    store.close().await;
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(seqs(&store, lobby).await, Vec::from_iter(1..=LINES));
}

#[tokio::test]
async fn a_large_file_that_is_damaged_is_not_written_to_once_that_is_seen() {
    let (_folder, path, ..) = large().await;
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8192].fill(0x5a);
    fs::write(&path, &damaged).unwrap();

    let store = SqliteStore::open(&path).unwrap();
    let mut taken = Vec::new();
    loop {
        let name = format!("user-{}", taken.len());
        match store.insert_user(new_user(&name)).await {
            Ok(_) => taken.push(name),
            Err(cause) => break assert!(matches!(cause, StoreError::Closed), "{cause}"),
        }
        assert!(taken.len() < 100_000, "the damage was never seen");
    }
    store.close().await;
    drop(store);
    assert!(fs::read(&path).unwrap() == damaged, "the file was changed");

    // All that was acknowledged is in the log beside it.
    fs::write(&path, &whole).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    for name in taken {
        assert!(store.user_by_name(&name).await.unwrap().is_some(), "{name}");
    }
}
