//! Lines: numbered, said again, changed, read in pages.

use super::*;

for_each_store! {
    lines_are_numbered_without_holes_whatever_is_refused
    a_line_said_again_is_taken_once
    a_line_id_is_the_senders_own
    no_line_is_lost_to_an_equal_id
    an_edit_changes_the_line_and_is_told
    a_deleted_line_leaves_no_text
    a_line_of_the_games_has_no_sender_and_is_deleted_but_never_edited
    only_ones_own_lines_may_be_changed_and_not_for_long
    lines_stamped_by_a_clock_that_was_ahead_may_not_be_changed_for_ever
    pages_go_both_ways_and_say_whether_there_are_more
    a_page_keeps_to_its_bytes_but_holds_a_line
    it_is_known_where_each_of_many_logs_stands
}

pub(super) async fn seqs(
    store: &dyn Store,
    log: Log,
    cursor: Cursor,
    limit: usize,
) -> (Vec<Seq>, bool) {
    let page = store.lines(log, cursor, limit, usize::MAX).await.unwrap();
    let seqs = page.lines.iter().map(|(_, line)| line.seq).collect();
    (seqs, page.more)
}

/// A channel of Ada's in which she has said so many lines.
pub(super) async fn talk(store: &dyn Store, lines: u64) -> (UserId, ChannelId) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    let said = (1..=lines).map(|id| say(ada, trade, id, &format!("line {id}")));
    store.append(said.collect()).await.unwrap();
    (ada, trade)
}

async fn it_is_known_where_each_of_many_logs_stands(store: &dyn Store) {
    let (ada, trade) = talk(store, 3).await;
    let bob = user(store, "bob").await;
    let guild = channel(store, bob, "guild").await;
    append_one(store, whisper(ada, bob, 9, "psst")).await;
    let newest = async |logs: Vec<Log>| store.newest(logs).await.unwrap();
    let (inbox, nobody) = (Log::Inbox(bob), Log::Inbox(UserId(999)));
    let asked = vec![
        inbox,
        Log::Channel(guild),
        Log::Channel(trade),
        nobody,
        Log::Channel(ChannelId(999)),
        Log::Channel(trade),
    ];
    assert_eq!(newest(asked).await, [1, 0, 3, 0, 0, 3]);
    assert!(newest(Vec::new()).await.is_empty());
    // Said and deleted again, and what says so: numbers are never given twice.
    append_one(store, delete(ada, Some(trade), 3)).await;
    assert_eq!(newest(vec![Log::Channel(trade)]).await, [4]);
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
    let (_, trade) = talk(store, 1).await;
    let bob = user(store, "bob").await;
    join(store, trade, bob).await;
    let said = append_one(store, say(bob, trade, 1, "line 1")).await;
    assert!(matches!(said, Appended::Line { .. }), "{said:?}");
}

async fn no_line_is_lost_to_an_equal_id(store: &dyn Store) {
    let (ada, trade) = talk(store, 1).await;
    let (bob, eve) = (user(store, "bob").await, user(store, "eve").await);
    let guild = channel(store, ada, "guild").await;
    let lines = [
        say(ada, trade, 1, "another text"),
        say(ada, guild, 1, "line 1"),
        whisper(ada, bob, 1, "line 1"),
        whisper(ada, bob, 1, "another text"),
        whisper(ada, eve, 1, "line 1"),
        whisper(ada, ada, 1, "line 1"),
    ];
    let mut seqs = Vec::new();
    for line in &lines {
        match append_one(store, line.clone()).await {
            Appended::Line { line } | Appended::Whisper { sent: line, .. } => seqs.push(line.seq),
            other => panic!("{other:?}"),
        }
    }
    // And each of them is known when it is said again.
    for (line, seq) in lines.into_iter().zip(seqs) {
        let sent_at_ms = line.now_ms;
        let before = Appended::Before { seq, sent_at_ms };
        assert_eq!(append_one(store, line).await, before);
    }
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

async fn a_line_of_the_games_has_no_sender_and_is_deleted_but_never_edited(store: &dyn Store) {
    let (_, trade) = talk(store, 1).await;
    // Nobody has to be in the channel.
    let game = user(store, "server").await;
    let system = |channel, text: &str| {
        let text = text.to_owned();
        entry(game, LogAction::System { channel, text })
    };
    let Appended::Line { line } = append_one(store, system(trade, "round 3")).await else {
        panic!("no line");
    };
    assert_eq!((line.seq, line.kind), (2, LineKind::System));
    assert_eq!((line.sender.as_str(), line.text.as_str()), ("", "round 3"));
    let page = store.lines(Log::Channel(trade), Cursor::After(1), 9, 999);
    assert_eq!(page.await.unwrap().lines[0].1, line);
    // The same words are another line: there is no id to say it again by.
    append_one(store, system(trade, "round 3")).await;
    let change = edit(game, Some(trade), 2, "round 4");
    let refused = append_one(store, change).await;
    let is_refused = matches!(refused, Appended::UnknownLine | Appended::NotAMember);
    assert!(is_refused, "{refused:?}");
    let mut by_operator = edit(game, Some(trade), 2, "round 4");
    if let LogAction::Edit { not_before_ms, .. } = &mut by_operator.what {
        *not_before_ms = BY_OPERATOR;
    }
    assert_eq!(append_one(store, by_operator).await, Appended::UnknownLine);
    let mut deletion = delete(game, Some(trade), 2);
    if let LogAction::Delete { not_before_ms, .. } = &mut deletion.what {
        *not_before_ms = BY_OPERATOR;
    }
    append_one(store, deletion).await;
    assert_eq!(
        told(store, Log::Channel(trade)).await,
        [
            (1, LineKind::Said, "line 1".to_owned()),
            (2, LineKind::Deleted, String::new()),
            (3, LineKind::System, "round 3".to_owned()),
            (4, LineKind::Deletion, String::new()),
        ]
    );
    let nowhere = append_one(store, system(ChannelId(i64::MAX), "x")).await;
    assert_eq!(nowhere, Appended::NotAMember);
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
        LogAction::Edit {
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

pub(super) async fn said_at(
    store: &dyn Store,
    sender: UserId,
    channel: ChannelId,
    line_id: LineId,
    now_ms: i64,
) {
    let line = LogEntry {
        now_ms,
        ..say(sender, channel, line_id, "hello")
    };
    let said = append_one(store, line).await;
    assert!(matches!(said, Appended::Line { .. }), "{said:?}");
}

async fn lines_stamped_by_a_clock_that_was_ahead_may_not_be_changed_for_ever(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    for (line_id, now_ms) in (1..).zip([1000, 1900, 9000]) {
        said_at(store, ada, trade, line_id, now_ms).await;
    }
    let change = async |of| {
        let mut entry = edit(ada, Some(trade), of, "changed");
        entry.now_ms = 1500;
        append_one(store, entry).await
    };
    // Within the window of 500, forward as well as back.
    for of in [1, 2] {
        assert!(matches!(change(of).await, Appended::Line { .. }));
    }
    assert_eq!(change(3).await, Appended::TooLate);
}
