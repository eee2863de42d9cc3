use super::*;

for_each_store! {
    lines_are_numbered_without_holes_whatever_is_refused
    a_line_said_again_is_taken_once
    a_line_id_is_the_senders_own
    an_edit_changes_the_line_and_is_told
    a_deleted_line_leaves_no_text
    only_ones_own_lines_may_be_changed_and_not_for_long
    pages_go_both_ways_and_say_whether_there_are_more
    a_page_keeps_to_its_bytes_but_holds_a_line
    pruning_forgets_the_oldest_and_keeps_the_numbers
    pruning_by_age_leaves_no_holes
    pruning_ends_expired_sessions
    an_id_may_be_used_again_once_its_line_is_forgotten
}

async fn seqs(store: &dyn Store, log: Log, cursor: Cursor, limit: usize) -> (Vec<Seq>, bool) {
    let page = store.lines(log, cursor, limit, usize::MAX).await.unwrap();
    let seqs = page.lines.iter().map(|(_, line)| line.seq).collect();
    (seqs, page.more)
}

/// A channel of Ada's in which she has said so many lines.
async fn talk(store: &dyn Store, lines: u64) -> (UserId, ChannelId) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    let said = (1..=lines).map(|id| say(ada, trade, id, &format!("line {id}")));
    store.append(said.collect()).await.unwrap();
    (ada, trade)
}

fn retention() -> Retention {
    Retention {
        not_before_ms: 0,
        lines_per_channel: 1000,
        whispers_per_inbox: 1000,
        now_ms: 0,
    }
}

async fn prune(store: &dyn Store, retention: Retention) {
    while store.prune(retention).await.unwrap() {}
}

async fn lines_are_numbered_without_holes_whatever_is_refused(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let trade = channel(store, ada, "trade").await;
    let guild = channel(store, bob, "guild").await;
    let all = store
        .append(vec![
            say(ada, trade, 1, "one"),
            say(bob, trade, 1, "not in there"),
            say(bob, guild, 2, "elsewhere"),
            say(ada, trade, 2, "two"),
            edit(ada, Some(trade), 9, "no such line"),
            say(ada, trade, 1, "one"),
            say(ada, trade, 3, "three"),
        ])
        .await
        .unwrap();
    let short: Vec<_> = all
        .into_iter()
        .map(|done| match done {
            Appended::Line { line } => Ok((line.seq, line.text)),
            other => Err(Box::new(other)),
        })
        .collect();
    assert_eq!(
        short,
        [
            Ok((1, "one".to_owned())),
            Err(Box::new(Appended::NotAMember)),
            Ok((1, "elsewhere".to_owned())),
            Ok((2, "two".to_owned())),
            Err(Box::new(Appended::UnknownLine)),
            Err(Box::new(Appended::Before {
                seq: 1,
                sent_at_ms: 1000
            })),
            Ok((3, "three".to_owned())),
        ]
    );
    let (numbers, more) = seqs(store, Log::Channel(trade), Cursor::After(0), 9).await;
    assert_eq!((numbers, more), (vec![1, 2, 3], false));
}

async fn a_line_said_again_is_taken_once(store: &dyn Store) {
    let (ada, trade) = talk(store, 3).await;
    let mut again = say(ada, trade, 2, "line 2");
    again.now_ms = 5000;
    let before = Appended::Before {
        seq: 2,
        sent_at_ms: 1000,
    };
    assert_eq!(append_one(store, again.clone()).await, before);
    // Even when it has been changed since, and its sender has left.
    append_one(store, delete(ada, Some(trade), 2)).await;
    assert_eq!(append_one(store, again.clone()).await, before);
    let bob = user(store, "bob").await;
    join(store, trade, bob).await;
    store.delete_member(trade, ada).await.unwrap();
    assert_eq!(append_one(store, again).await, before);
    assert_eq!(told(store, Log::Channel(trade)).await.len(), 4);
}

async fn a_line_id_is_the_senders_own(store: &dyn Store) {
    let (ada, trade) = talk(store, 1).await;
    let bob = user(store, "bob").await;
    join(store, trade, bob).await;
    let said = append_one(store, say(bob, trade, 1, "also 1")).await;
    assert!(matches!(said, Appended::Line { .. }), "{said:?}");
    // But it is one for all that an account says.
    let whispered = append_one(store, whisper(ada, bob, 1, "also 1")).await;
    assert!(
        matches!(whispered, Appended::Before { .. }),
        "{whispered:?}"
    );
}

async fn an_edit_changes_the_line_and_is_told(store: &dyn Store) {
    let (ada, trade) = talk(store, 2).await;
    let mut change = edit(ada, Some(trade), 1, "line one");
    change.now_ms = 1500;
    let Appended::Line { line } = append_one(store, change).await else {
        panic!("no line");
    };
    assert_eq!((line.seq, line.kind, line.of), (3, LineKind::Edit, Some(1)));
    let page = store.lines(Log::Channel(trade), Cursor::After(0), 9, 999);
    let lines = page.await.unwrap().lines;
    let (sender, first) = &lines[0];
    assert_eq!((*sender, first.text.as_str()), (ada, "line one"));
    assert_eq!(first.kind, LineKind::Said);
    assert_eq!((first.sent_at_ms, first.edited_at_ms), (1000, Some(1500)));
    assert_eq!(lines[1].1.text, "line 2");
    assert_eq!(lines[2].1.of, Some(1));
    assert_eq!(lines[2].1.kind, LineKind::Edit);
    assert_eq!((lines[2].1.seq, lines[2].1.sender.as_str()), (3, "ada"));
}

async fn a_deleted_line_leaves_no_text(store: &dyn Store) {
    let (ada, trade) = talk(store, 2).await;
    append_one(store, edit(ada, Some(trade), 1, "secret one")).await;
    append_one(store, edit(ada, Some(trade), 2, "harmless")).await;
    append_one(store, edit(ada, Some(trade), 1, "secret two")).await;
    let Appended::Line { line } = append_one(store, delete(ada, Some(trade), 1)).await else {
        panic!("no line");
    };
    assert_eq!(
        (line.seq, line.kind, line.of),
        (6, LineKind::Deletion, Some(1))
    );
    assert_eq!(
        told(store, Log::Channel(trade)).await,
        [
            (1, LineKind::Deleted, String::new()),
            (2, LineKind::Said, "harmless".to_owned()),
            (3, LineKind::Deletion, String::new()),
            (4, LineKind::Edit, "harmless".to_owned()),
            (5, LineKind::Deletion, String::new()),
            (6, LineKind::Deletion, String::new()),
        ]
    );
}

async fn only_ones_own_lines_may_be_changed_and_not_for_long(store: &dyn Store) {
    let (ada, trade) = talk(store, 2).await;
    let bob = user(store, "bob").await;
    let by_bob = edit(bob, Some(trade), 1, "hacked");
    assert_eq!(
        append_one(store, by_bob.clone()).await,
        Appended::NotAMember
    );
    join(store, trade, bob).await;
    assert_eq!(append_one(store, by_bob).await, Appended::UnknownLine);
    let late = entry(
        ada,
        What::Edit {
            channel: Some(trade),
            of: 1,
            text: "late".to_owned(),
            not_before_ms: 1001,
        },
    );
    assert_eq!(append_one(store, late).await, Appended::TooLate);
    append_one(store, delete(ada, Some(trade), 1)).await;
    // Neither what is deleted nor a deletion.
    for of in [1, 3, 0, 99] {
        let changed = append_one(store, edit(ada, Some(trade), of, "again")).await;
        assert_eq!(changed, Appended::UnknownLine, "{of}");
        let changed = append_one(store, delete(ada, Some(trade), of)).await;
        assert_eq!(changed, Appended::UnknownLine, "{of}");
    }
    assert_eq!(told(store, Log::Channel(trade)).await.len(), 3);
}

async fn pages_go_both_ways_and_say_whether_there_are_more(store: &dyn Store) {
    let (_, trade) = talk(store, 7).await;
    let log = Log::Channel(trade);
    let page = async |cursor, limit| seqs(store, log, cursor, limit).await;
    assert_eq!(page(Cursor::Newest, 3).await, (vec![5, 6, 7], true));
    assert_eq!(page(Cursor::Newest, 7).await, ((1..=7).collect(), false));
    assert_eq!(page(Cursor::Before(5), 3).await, (vec![2, 3, 4], true));
    assert_eq!(page(Cursor::Before(2), 3).await, (vec![1], false));
    assert_eq!(page(Cursor::Before(1), 3).await, (vec![], false));
    assert_eq!(page(Cursor::After(0), 3).await, (vec![1, 2, 3], true));
    assert_eq!(page(Cursor::After(4), 3).await, (vec![5, 6, 7], false));
    assert_eq!(page(Cursor::After(7), 3).await, (vec![], false));
    let whole = store.lines(log, Cursor::Newest, 1, 0).await.unwrap();
    assert_eq!((whole.first_seq, whole.last_seq), (1, 7));
}

async fn a_page_keeps_to_its_bytes_but_holds_a_line(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    for line_id in 1..=4 {
        // With the name: ten bytes.
        append_one(store, say(ada, trade, line_id, "Grüße")).await;
    }
    let page = async |cursor, max_bytes| {
        let page = store.lines(Log::Channel(trade), cursor, 9, max_bytes);
        let page = page.await.unwrap();
        let seqs: Vec<_> = page.lines.iter().map(|(_, line)| line.seq).collect();
        (seqs, page.more)
    };
    assert_eq!(page(Cursor::After(0), 20).await, (vec![1, 2], true));
    assert_eq!(page(Cursor::After(0), 29).await, (vec![1, 2], true));
    assert_eq!(page(Cursor::After(0), 40).await, (vec![1, 2, 3, 4], false));
    assert_eq!(page(Cursor::Newest, 20).await, (vec![3, 4], true));
    assert_eq!(page(Cursor::Newest, 0).await, (vec![4], true));
    assert_eq!(page(Cursor::Before(2), 0).await, (vec![1], false));
}

async fn pruning_forgets_the_oldest_and_keeps_the_numbers(store: &dyn Store) {
    // More than one step of pruning.
    let (ada, trade) = talk(store, 2500).await;
    let bob = user(store, "bob").await;
    for line_id in 3001..=3004 {
        append_one(store, whisper(ada, bob, line_id, "psst")).await;
    }
    let retention = Retention {
        lines_per_channel: 10,
        whispers_per_inbox: 3,
        ..retention()
    };
    prune(store, retention).await;
    let page = store.lines(Log::Channel(trade), Cursor::Newest, 99, 9999);
    let page = page.await.unwrap();
    assert_eq!((page.first_seq, page.last_seq), (2491, 2500));
    assert_eq!(page.lines.len(), 10);
    for user in [ada, bob] {
        let numbers = seqs(store, Log::Inbox(user), Cursor::After(0), 9).await.0;
        assert_eq!(numbers, [2, 3, 4]);
    }
    let nothing = Retention {
        lines_per_channel: 0,
        ..retention
    };
    prune(store, nothing).await;
    let found = store.channel_by_name(&channel_name("trade")).await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.first_seq, found.last_seq), (2501, 2500));
    match append_one(store, say(ada, trade, 9999, "on")).await {
        Appended::Line { line } => assert_eq!(line.seq, 2501),
        other => panic!("{other:?}"),
    }
}

async fn pruning_by_age_leaves_no_holes(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    // For two lines the clock was wrong.
    for (line_id, now_ms) in (1..).zip([1000, 1100, 9000, 100, 2000]) {
        let line = Entry {
            now_ms,
            ..say(ada, trade, line_id, "hello")
        };
        append_one(store, line).await;
    }
    let left = async |not_before_ms| {
        let retention = Retention {
            not_before_ms,
            ..retention()
        };
        prune(store, retention).await;
        seqs(store, Log::Channel(trade), Cursor::After(0), 9)
            .await
            .0
    };
    assert_eq!(left(1000).await, [1, 2, 3, 4, 5]);
    assert_eq!(left(1001).await, [2, 3, 4, 5]);
    assert_eq!(left(3000).await, [3, 4, 5]);
    assert_eq!(left(9001).await, Vec::<Seq>::new());
}

async fn pruning_ends_expired_sessions(store: &dyn Store) {
    let ada = user(store, "ada").await;
    store.insert_session(session(ada, 1)).await.unwrap();
    for (now_ms, left) in [(1999, 1), (2000, 0)] {
        let retention = Retention {
            now_ms,
            ..retention()
        };
        prune(store, retention).await;
        assert_eq!(store.sessions(ada, 0).await.unwrap().len(), left);
    }
}

async fn an_id_may_be_used_again_once_its_line_is_forgotten(store: &dyn Store) {
    let (ada, trade) = talk(store, 2).await;
    let retention = Retention {
        lines_per_channel: 1,
        ..retention()
    };
    prune(store, retention).await;
    let again = append_one(store, say(ada, trade, 1, "line 1")).await;
    assert!(matches!(again, Appended::Line { .. }), "{again:?}");
    let again = append_one(store, say(ada, trade, 2, "line 2")).await;
    assert!(matches!(again, Appended::Before { .. }), "{again:?}");
}
