//! Lines: what is known of them and what is forgotten.

use super::*;

#[tokio::test]
async fn lines_outlive_the_store_and_are_still_taken_once() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let lines = (1..=300).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    store.close().await;
    drop(store);
    for more in 0..3 {
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(
            seqs(&store, lobby).await,
            (1..=300 + more).collect::<Vec<_>>()
        );
        for id in [1, 150, 300 + more] {
            let text = if id > 300 { "next" } else { "hello" };
            let again = store.append(vec![say(ada, lobby, id, text)]).await;
            let before = Appended::Before {
                seq: id,
                sent_at_ms: 1000,
            };
            assert_eq!(again.unwrap(), [before]);
        }
        let next = store
            .append(vec![say(ada, lobby, 301 + more, "next")])
            .await;
        assert!(matches!(&next.unwrap()[..], [Appended::Line { line }] if line.seq == 301 + more));
        store.close().await;
    }
}

#[tokio::test]
async fn a_line_that_was_changed_before_a_restart_is_still_taken_once() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let lines = (1..=3).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    let change = |what| LogEntry {
        what,
        ..say(ada, lobby, 0, "")
    };
    let edit = change(LogAction::Edit {
        channel: Some(lobby),
        of: 1,
        text: "goodbye".to_owned(),
        not_before_ms: 0,
    });
    let delete = change(LogAction::Delete {
        channel: Some(lobby),
        of: 2,
        not_before_ms: 0,
    });
    store.append(vec![edit, delete]).await.unwrap();
    store.close().await;
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let again = (1..=3).map(|id| say(ada, lobby, id, "hello"));
    let again = store.append(again.collect()).await.unwrap();
    let before = |seq| Appended::Before {
        seq,
        sent_at_ms: 1000,
    };
    assert_eq!(again, [before(1), before(2), before(3)]);
}

#[tokio::test]
async fn lines_that_are_kept_are_known_and_forgotten_ones_are_not() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let lines = (1..=500).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    let retention = Retention {
        not_before_ms: 0,
        doubtful_ms: None,
        lines_per_channel: 150,
        whispers_per_inbox: 0,
        now_ms: 0,
    };
    while store.prune(retention).await.unwrap().is_more {}
    let done = store
        .append(vec![
            say(ada, lobby, 351, "hello"),
            say(ada, lobby, 350, "hello"),
        ])
        .await
        .unwrap();
    assert!(matches!(done[0], Appended::Before { seq: 351, .. }));
    assert!(matches!(&done[1], Appended::Line { line } if line.seq == 501));

    let retention = Retention {
        lines_per_channel: 0,
        ..retention
    };
    while store.prune(retention).await.unwrap().is_more {}
    let done = store.append(vec![say(ada, lobby, 1, "hello")]).await;
    assert!(matches!(&done.unwrap()[0], Appended::Line { line } if line.seq == 502));
}

#[tokio::test]
async fn whispers_that_are_left_of_an_inbox_are_still_taken_once() {
    let (_folder, path) = folder();
    let (store, ada, _) = inhabited(&path).await;
    let mut others = Vec::new();
    for name in ["bob", "cem"] {
        others.push(store.insert_user(new_user(name)).await.unwrap().unwrap());
    }
    let whisper = |recipient, line_id| {
        let mut entry = say(ada, ChannelId(0), line_id, "");
        entry.what = LogAction::Whisper {
            recipient,
            recipient_name: String::new(),
            line_id,
            text: "hello".to_owned(),
            kept_at_most: None,
        };
        entry
    };
    // The first stays, and with it the oldest number of her inbox.
    let first = whisper(others[0], 1);
    let all = [first]
        .into_iter()
        .chain((2..=500).map(|id| whisper(others[1], id)));
    store.append(all.collect()).await.unwrap();
    let retention = Retention {
        not_before_ms: 0,
        doubtful_ms: None,
        lines_per_channel: 100,
        whispers_per_inbox: 50,
        now_ms: 0,
    };
    while store.prune(retention).await.unwrap().is_more {}
    let done = store.append(vec![whisper(others[0], 1), whisper(others[1], 500)]);
    let done = done.await.unwrap();
    assert!(
        matches!(done[0], Appended::Before { seq: 1, .. }),
        "{done:?}"
    );
    assert!(
        matches!(done[1], Appended::Before { seq: 500, .. }),
        "{done:?}"
    );
}

#[tokio::test]
async fn lines_make_room_and_as_many_stay_as_there_is_room_for() {
    const MAX_BYTES: u64 = 500_000;
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    for thousand in 0..20 {
        let ids = thousand * 1000 + 1..=(thousand + 1) * 1000;
        let lines = ids.map(|id| say(ada, lobby, id, "hello"));
        store.append(lines.collect()).await.unwrap();
    }
    let mut done = store.shrink(MAX_BYTES).await.unwrap();
    while done.is_more {
        done = store.shrink(MAX_BYTES).await.unwrap();
    }
    assert!(done.bytes <= MAX_BYTES, "{done:?}");
    let left = seqs(&store, lobby).await.len();
    assert!(left > 1000, "{left}");
}

#[tokio::test]
async fn ids_of_lines_that_were_undone_may_be_used_again() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let undone = store.write_knowing(true, move |db, cache| {
        let lines = (1..=200).map(|id| say(ada, lobby, id, "undone"));
        append::append(db, cache, lines.collect())?;
        db.execute("INSERT INTO nowhere VALUES (1)", [])
    });
    assert!(undone.await.is_err());
    // Under other numbers, and with ids beside those of before.
    for ids in [101..=300, 1..=100] {
        let lines = ids.map(|id| say(ada, lobby, id, "said"));
        for done in store.append(lines.collect()).await.unwrap() {
            assert!(matches!(done, Appended::Line { .. }), "{done:?}");
        }
    }
    let again = (1..=300).map(|id| say(ada, lobby, id, "said"));
    for done in store.append(again.collect()).await.unwrap() {
        assert!(matches!(done, Appended::Before { .. }), "{done:?}");
    }
    assert_eq!(seqs(&store, lobby).await, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_is_out_of_a_channel_speaks_there_no_more() {
    let (_folder, path) = folder();
    let (store, ada, _) = inhabited(&path).await;
    let bob = store.insert_user(new_user("bob")).await.unwrap().unwrap();
    let den = NewChannel {
        name: ChannelName::parse("den").unwrap(),
        topic: String::new(),
        access: Access::Open,
        password_hash: None,
        owner: ada,
        channels_per_account: 20,
        now_ms: 1000,
    };
    let Created::Channel(den) = store.insert_channel(den).await.unwrap() else {
        panic!("no channel");
    };
    let limits = MemberLimits {
        members_per_channel: 10,
        channels_per_account: 10,
    };
    let mut id = 0;
    let mut says = async |who| {
        id += 1;
        let done = store.append(vec![say(who, den.id, id, "hello")]).await;
        done.unwrap().remove(0)
    };
    for _ in 0..2 {
        assert_eq!(says(bob).await, Appended::NotAMember);
        let joined = store.insert_member(den.id, bob, limits, 1000).await;
        assert_eq!(joined.unwrap(), Added::Member);
        assert!(matches!(says(bob).await, Appended::Line { .. }));
        store.delete_member(den.id, bob).await.unwrap();
    }
    assert!(matches!(says(ada).await, Appended::Line { .. }));
    store.delete_member(den.id, ada).await.unwrap();
    assert_eq!(says(ada).await, Appended::NotAMember);
}
#[test]
fn who_holds_the_most_gives() {
    for (conversations, kept, expected) in [
        (&[5, 310][..], 300, 295),
        (&[5, 310], 315, i64::MAX),
        (&[100, 100, 100], 200, 66),
        (&[1, 1, 1], 2, 1),
        (&[1, 9, 9], 1, 1),
        (&[3, 4, 9], 10, 3),
        (&[], 0, i64::MAX),
        (&[7], 0, 1),
    ] {
        let found = share(conversations.iter().copied(), kept);
        assert_eq!(found, expected, "{conversations:?} {kept}");
    }
}
