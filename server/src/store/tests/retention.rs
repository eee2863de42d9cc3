//! What is forgotten: for its age, its number, or to make room.

use super::lines::{said_at, seqs, talk};
use super::*;

for_each_store! {
    pruning_forgets_the_oldest_and_keeps_the_numbers
    pruning_by_age_leaves_no_holes
    lines_of_no_known_time_go_with_those_behind_them
    the_conversations_that_hold_the_most_give_their_oldest
    of_too_many_conversations_the_oldest_go
    the_oldest_lines_of_all_logs_make_room
    what_was_done_is_counted
    pruning_ends_expired_sessions
    an_id_may_be_used_again_once_its_line_is_forgotten
}

fn retention() -> Retention {
    Retention {
        not_before_ms: 0,
        doubtful_ms: None,
        lines_per_channel: 1000,
        whispers_per_inbox: 1000,
        now_ms: 0,
    }
}

async fn prune(store: &dyn Store, retention: Retention) {
    while store.prune(retention).await.unwrap().is_more {}
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
        let line = LogEntry {
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

async fn lines_of_no_known_time_go_with_those_behind_them(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    for (line_id, now_ms) in (1..).zip([20, 30, 5000, 25, 9000]) {
        said_at(store, ada, trade, line_id, now_ms).await;
    }
    let left = async |not_before_ms, doubtful_ms| {
        let retention = Retention {
            not_before_ms,
            doubtful_ms,
            ..retention()
        };
        prune(store, retention).await;
        seqs(store, Log::Channel(trade), Cursor::After(0), 9)
            .await
            .0
    };
    assert_eq!(left(4000, Some((20, 30))).await, [1, 2, 3, 4, 5]);
    assert_eq!(left(6000, Some((20, 30))).await, [4, 5]);
    assert_eq!(left(6000, Some((20, 24))).await, [5]);
}

/// The texts left of the whispers of one with another.
async fn left_with(store: &dyn Store, user: UserId, other: UserId) -> Vec<String> {
    let whispers = told(store, Log::Whispers(user, other)).await;
    whispers.into_iter().map(|(.., text)| text).collect()
}

async fn the_conversations_that_hold_the_most_give_their_oldest(store: &dyn Store) {
    let victim = user(store, "victim").await;
    let friend = user(store, "friend").await;
    let stranger = user(store, "stranger").await;
    for line_id in 1..=5 {
        let text = format!("dear {line_id}");
        append_one(store, whisper(friend, victim, line_id, &text)).await;
    }
    // More than one step of pruning.
    let spam = |id| whisper(stranger, victim, id, &format!("spam {id}"));
    let all = store.append((1..=2500).map(spam).collect()).await.unwrap();
    assert!(matches!(all.last(), Some(Appended::Whisper { .. })));
    append_one(store, whisper(friend, victim, 6, "dear 6")).await;
    let retention = Retention {
        whispers_per_inbox: 300,
        ..retention()
    };
    prune(store, retention).await;
    let dear: Vec<_> = (1..=6).map(|n| format!("dear {n}")).collect();
    assert_eq!(left_with(store, victim, friend).await, dear);
    let spam = left_with(store, victim, stranger).await;
    assert_eq!(spam.len(), 294);
    assert_eq!(spam.last().unwrap(), "spam 2500");
    // A reader counts on each number, whichever way it goes.
    let mut after = 0;
    let mut lines = 0;
    loop {
        let page = store.lines(Log::Inbox(victim), Cursor::After(after), 100, usize::MAX);
        let page = page.await.unwrap();
        for (_, line) in &page.lines {
            assert_eq!(line.seq, after + 1);
            assert_eq!(line.text.is_empty(), line.kind == LineKind::Hidden);
            after = line.seq;
            lines += usize::from(line.kind == LineKind::Said);
        }
        if !page.more {
            break;
        }
    }
    assert_eq!((after, lines), (2506, 300));
    for (cursor, newest) in [
        (Cursor::Newest, 2506),
        (Cursor::Before(2300), 2299),
        (Cursor::Before(1000), 999),
    ] {
        let (seqs, more) = seqs(store, Log::Inbox(victim), cursor, 100).await;
        assert_eq!(seqs, (newest - 99..=newest).collect::<Vec<_>>());
        assert!(more);
    }
    let inbox = store.open_inbox(victim).await.unwrap();
    assert_eq!((inbox.first_seq, inbox.last_seq), (1, 2506));
    assert_eq!(inbox.conversations[0].unread, 6);
    // It stays so, and what is forgotten may be said again.
    prune(store, retention).await;
    assert_eq!(left_with(store, victim, friend).await, dear);
    let again = append_one(store, whisper(stranger, victim, 1, "spam 1")).await;
    assert!(matches!(again, Appended::Whisper { .. }), "{again:?}");
}

async fn of_too_many_conversations_the_oldest_go(store: &dyn Store) {
    let ada = user(store, "ada").await;
    for number in 1..=9 {
        let other = user(store, &format!("player{number}")).await;
        for line_id in 1..=2 {
            append_one(store, whisper(other, ada, line_id, "hello")).await;
        }
    }
    for (kept, left) in [
        (12, vec![2, 4, 6, 8, 10, 12, 14, 16, 18]),
        (3, vec![14, 16, 18]),
        (0, vec![18]),
    ] {
        let retention = Retention {
            whispers_per_inbox: kept,
            ..retention()
        };
        prune(store, retention).await;
        let page = store.lines(Log::Inbox(ada), Cursor::After(0), 99, usize::MAX);
        let mut lines = page.await.unwrap().lines;
        lines.retain(|(_, line)| line.kind == LineKind::Said);
        let numbers: Vec<_> = lines.iter().map(|(_, line)| line.seq).collect();
        assert_eq!(numbers, left);
        assert_eq!(store.open_inbox(ada).await.unwrap().last_seq, 18);
    }
}

async fn the_oldest_lines_of_all_logs_make_room(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let trade = channel(store, ada, "trade").await;
    let guild = channel(store, ada, "guild").await;
    let nothing = store.shrink(1_400_000).await.unwrap();
    assert_eq!((nothing.lines, nothing.is_more), (0, false));
    let mut line_id = 0;
    let mut talk = async |channel, from_ms: i64| {
        let mut lines = Vec::new();
        for minute in 0..1000 {
            line_id += 1;
            let line = say(ada, channel, line_id, &"x".repeat(500));
            lines.push(LogEntry {
                now_ms: from_ms + minute,
                ..line
            });
        }
        store.append(lines).await.unwrap();
    };
    // The two alternate by thousands.
    for (channel, from_ms) in [(trade, 1000), (guild, 2000), (trade, 3000), (guild, 4000)] {
        talk(channel, from_ms).await;
    }
    const MAX_BYTES: u64 = 1_300_000;
    let (mut lines, mut steps) = (0, 0);
    let done = loop {
        let done = store.shrink(MAX_BYTES).await.unwrap();
        lines += done.lines;
        steps += 1;
        if !done.is_more {
            break done;
        }
        assert!(done.lines < 1100, "little at a time: {done:?}");
    };
    assert!((1_150_000..MAX_BYTES).contains(&done.bytes), "{done:?}");
    let first_seq = async |name| {
        let found = store.channel_by_name(&channel_name(name)).await;
        found.unwrap().unwrap().first_seq
    };
    let (trade, guild) = (first_seq("trade").await, first_seq("guild").await);
    assert_eq!(trade + guild - 2, lines);
    // All of the first two thousand are gone, and of the others the oldest.
    assert!(trade >= 1001 && guild >= 1001, "{trade} {guild}");
    assert!(
        trade == 1001 || guild == 1001 || trade == 2001,
        "{trade} {guild}"
    );
    assert!(done.up_to_ms >= 2000 || steps > 1, "{done:?}");
    assert_eq!(store.shrink(MAX_BYTES).await.unwrap().lines, 0);
}

async fn what_was_done_is_counted(store: &dyn Store) {
    let (ada, _) = talk(store, 10).await;
    let guild = channel(store, ada, "guild").await;
    for (line_id, now_ms) in (101..).zip([100, 200, 2000]) {
        said_at(store, ada, guild, line_id, now_ms).await;
    }
    store.insert_session(session(ada, 1)).await.unwrap();
    let retention = Retention {
        not_before_ms: 500,
        lines_per_channel: 4,
        now_ms: 2000,
        ..retention()
    };
    let done = store.prune(retention).await.unwrap();
    let expected = Pruned {
        is_more: done.is_more,
        old: 2,
        beyond: 6,
        sessions: 1,
    };
    assert_eq!(done, expected);
    prune(store, retention).await;
    assert_eq!(store.prune(retention).await.unwrap(), Pruned::default());
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
