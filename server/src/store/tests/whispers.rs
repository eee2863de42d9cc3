use longhall_packet::Conversation;

use super::*;

for_each_store! {
    a_whisper_is_in_both_inboxes
    a_whisper_said_again_is_taken_once
    a_blocked_sender_is_told_so
    whispers_for_who_is_away_are_bounded
    strangers_leave_room_for_whom_the_player_has_written_to
    whispers_are_edited_and_deleted_on_both_sides
    edits_for_who_is_away_are_bounded
    an_edit_does_not_get_around_a_block
    an_inbox_tells_its_conversations_latest_first
    conversations_are_read_one_by_one
    a_whisper_to_oneself_is_there_once
    who_has_whispered_to_whom_is_known
    beyond_the_numbers_of_an_inbox_there_is_nothing
}

async fn beyond_the_numbers_of_an_inbox_there_is_nothing(store: &dyn Store) {
    let ada = user(store, "ada").await;
    append_one(store, whisper(ada, ada, 1, "a note")).await;
    for (cursor, expected) in [
        (Cursor::After(u64::MAX), 0),
        (Cursor::Before(0), 0),
        (Cursor::Before(u64::MAX), 1),
    ] {
        let page = store.lines(Log::Inbox(ada), cursor, 9, 999).await.unwrap();
        assert_eq!((page.lines.len(), page.more), (expected, false));
    }
}

async fn who_has_whispered_to_whom_is_known(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    let has = async |from, to| store.has_whispered(from, to).await.unwrap();
    assert!(!has(ada, bob).await);
    for line_id in 1..=3 {
        append_one(store, whisper(ada, bob, line_id, "hello?")).await;
    }
    assert!(has(ada, bob).await && !has(bob, ada).await);
    append_one(store, whisper(bob, cem, 1, "a stranger whispers to me")).await;
    assert!(!has(bob, ada).await && !has(cem, bob).await && !has(ada, cem).await);
    append_one(store, whisper(bob, ada, 2, "hello!")).await;
    assert!(has(bob, ada).await && has(ada, bob).await && !has(cem, ada).await);
}

async fn a_whisper_is_in_both_inboxes(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    append_one(store, whisper(cem, bob, 1, "from cem")).await;
    let Appended::Whisper {
        sent,
        recipient,
        received,
    } = append_one(store, whisper(ada, bob, 1, "from ada")).await
    else {
        panic!("no whisper");
    };
    assert_eq!((sent.seq, received.seq, recipient), (1, 2, bob));
    for line in [&sent, &received] {
        assert_eq!(line.sender, format!("user {}", ada.0));
        assert_eq!(line.recipient, Some(format!("user {}", bob.0)));
    }
    append_one(store, whisper(bob, cem, 1, "to cem")).await;
    let page = store.lines(Log::Inbox(bob), Cursor::After(0), 9, 999);
    let lines = page.await.unwrap().lines;
    let short: Vec<_> = lines
        .iter()
        .map(|(user, line)| {
            let recipient = line.recipient.as_deref().unwrap();
            (*user, line.seq, &*line.sender, recipient, &*line.text)
        })
        .collect();
    assert_eq!(
        short,
        [
            (cem, 1, "cem", "bob", "from cem"),
            (ada, 2, "ada", "bob", "from ada"),
            (bob, 3, "bob", "cem", "to cem"),
        ]
    );
    let with_cem = told(store, Log::Whispers(bob, cem)).await;
    let numbers: Vec<_> = with_cem.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(told(store, Log::Inbox(ada)).await.len(), 1);
    let newest = store.lines(Log::Whispers(bob, cem), Cursor::Newest, 1, 999);
    let newest = newest.await.unwrap();
    assert_eq!((newest.lines[0].1.seq, newest.more), (3, true));
    let older = store.lines(Log::Whispers(bob, cem), Cursor::Before(3), 1, 999);
    let older = older.await.unwrap();
    assert_eq!((older.lines[0].1.seq, older.more), (1, false));
}

async fn a_whisper_said_again_is_taken_once(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    append_one(store, whisper(bob, ada, 5, "first")).await;
    append_one(store, whisper(ada, bob, 7, "hello")).await;
    let before = Appended::Before {
        seq: 2,
        sent_at_ms: 1000,
    };
    // Also when it would be refused by now.
    store.insert_block(bob, ada, 9).await.unwrap();
    assert_eq!(
        append_one(store, whisper(ada, bob, 7, "hello")).await,
        before
    );
    assert_eq!(told(store, Log::Inbox(bob)).await.len(), 2);
    // The recipient may use the same number.
    let reply = append_one(store, whisper(bob, ada, 7, "hello")).await;
    assert!(matches!(reply, Appended::Whisper { .. }), "{reply:?}");
}

async fn a_blocked_sender_is_told_so(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    store.insert_block(bob, ada, 9).await.unwrap();
    let refused = append_one(store, whisper(ada, bob, 1, "hello?")).await;
    assert_eq!(refused, Appended::Blocked);
    assert_eq!(told(store, Log::Inbox(ada)).await, []);
    assert_eq!(told(store, Log::Inbox(bob)).await, []);
    let reply = append_one(store, whisper(bob, ada, 1, "leave me")).await;
    assert!(matches!(reply, Appended::Whisper { .. }), "{reply:?}");
    store.delete_block(bob, ada).await.unwrap();
    let taken = append_one(store, whisper(ada, bob, 1, "hello?")).await;
    assert!(matches!(taken, Appended::Whisper { .. }), "{taken:?}");
}

async fn whispers_for_who_is_away_are_bounded(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let mut line_id = 0;
    let mut kept = async |sender, recipient, at_most| {
        line_id += 1;
        let mut entry = whisper(sender, recipient, line_id, "psst");
        if let LogAction::Whisper { kept_at_most, .. } = &mut entry.what {
            *kept_at_most = at_most;
        }
        matches!(append_one(store, entry).await, Appended::Whisper { .. })
    };
    // While he is there, nothing waits.
    for _ in 0..5 {
        assert!(kept(ada, bob, None).await);
    }
    // A quarter is hers.
    assert!(kept(ada, bob, Some(8)).await);
    assert!(kept(ada, bob, Some(8)).await);
    assert!(!kept(ada, bob, Some(8)).await);
    assert!(kept(ada, bob, Some(12)).await);
    assert!(!kept(ada, bob, Some(12)).await);
    store.open_inbox(bob).await.unwrap();
    assert!(kept(ada, bob, Some(1)).await);
    assert!(!kept(ada, bob, Some(1)).await);
    // His own whispers do not wait for him, and a player who speaks is there.
    assert!(kept(bob, ada, None).await);
    assert!(kept(ada, bob, Some(1)).await);
    assert!(!kept(ada, bob, Some(1)).await);
    assert_eq!(told(store, Log::Inbox(bob)).await.len(), 11);
    // Edits have numbers, but no more whispers wait.
    append_one(store, edit(ada, None, 10, "psst!")).await;
    assert!(kept(ada, bob, Some(8)).await);
    assert!(!kept(ada, bob, Some(8)).await);
    assert!(!kept(ada, bob, Some(0)).await);
}

async fn strangers_leave_room_for_whom_the_player_has_written_to(store: &dyn Store) {
    let bob = user(store, "bob").await;
    let friend = user(store, "friend").await;
    append_one(store, whisper(bob, friend, 1, "hello")).await;
    let mut line_id = 1;
    let mut waits = async |sender| {
        line_id += 1;
        let mut entry = whisper(sender, bob, line_id, "psst");
        if let LogAction::Whisper { kept_at_most, .. } = &mut entry.what {
            *kept_at_most = Some(12);
        }
        append_one(store, entry).await != Appended::InboxFull
    };
    // Each may say three, and all of them six.
    let mut taken = Vec::new();
    for number in 0..4 {
        let stranger = user(store, &format!("stranger{number}")).await;
        for _ in 0..4 {
            taken.push(waits(stranger).await);
        }
    }
    assert_eq!(taken.iter().filter(|is_taken| **is_taken).count(), 6);
    assert_eq!(
        taken[..8],
        [true, true, true, false, true, true, true, false]
    );
    for is_taken in [true, true, true, false] {
        assert_eq!(waits(friend).await, is_taken);
    }
}

async fn whispers_are_edited_and_deleted_on_both_sides(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    append_one(store, whisper(cem, bob, 1, "other")).await;
    append_one(store, whisper(ada, bob, 1, "secret")).await;
    let done = append_one(store, edit(ada, None, 1, "secret too")).await;
    let Appended::Whisper {
        sent,
        recipient,
        received,
    } = done
    else {
        panic!("{done:?}");
    };
    assert_eq!((sent.seq, sent.of, recipient), (2, Some(1), bob));
    assert_eq!((received.seq, received.of), (3, Some(2)));
    assert_eq!(received.recipient.as_deref(), Some("bob"));
    assert_eq!(received.text, "secret too");
    let text = |text: &str| text.to_owned();
    assert_eq!(
        told(store, Log::Whispers(bob, ada)).await,
        [
            (2, LineKind::Said, text("secret too")),
            (3, LineKind::Edit, text("secret too")),
        ]
    );
    // Not by who received it, by whichever number.
    for of in 1..=3 {
        let refused = append_one(store, delete(bob, None, of)).await;
        assert_eq!(refused, Appended::UnknownLine);
    }
    append_one(store, delete(ada, None, 1)).await;
    let gone = |seq, kind| (seq, kind, String::new());
    assert_eq!(
        told(store, Log::Inbox(bob)).await,
        [
            (1, LineKind::Said, text("other")),
            gone(2, LineKind::Deleted),
            gone(3, LineKind::Deletion),
            gone(4, LineKind::Deletion),
        ]
    );
    assert_eq!(
        told(store, Log::Inbox(ada)).await,
        [
            gone(1, LineKind::Deleted),
            gone(2, LineKind::Deletion),
            gone(3, LineKind::Deletion),
        ]
    );
}

async fn edits_for_who_is_away_are_bounded(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    append_one(store, whisper(ada, bob, 1, "a")).await;
    store.open_inbox(bob).await.unwrap();
    let edits = |count: u64| vec![edit(ada, None, 1, "b"); usize::try_from(count).unwrap()];
    let share = CHANGES_WAITING / SHARES as u64;
    let all = store.append(edits(share)).await.unwrap();
    assert!(matches!(all.last(), Some(Appended::Whisper { .. })));
    assert_eq!(
        append_one(store, edit(ada, None, 1, "c")).await,
        Appended::InboxFull
    );
    // Those of another are taken all the same.
    let cem = user(store, "cem").await;
    append_one(store, whisper(cem, bob, 1, "a")).await;
    let taken = append_one(store, edit(cem, None, 1, "b")).await;
    assert!(matches!(taken, Appended::Whisper { .. }), "{taken:?}");
    // A deletion ends it, so that it is always taken.
    let gone = append_one(store, delete(ada, None, 1)).await;
    assert!(matches!(gone, Appended::Whisper { .. }));
    append_one(store, whisper(ada, bob, 2, "a")).await;
    store.open_inbox(bob).await.unwrap();
    let of = share + 3;
    let taken = append_one(store, edit(ada, None, of, "b")).await;
    assert!(matches!(taken, Appended::Whisper { .. }), "{taken:?}");
}

async fn an_edit_does_not_get_around_a_block(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    append_one(store, whisper(ada, bob, 1, "hello")).await;
    store.insert_block(bob, ada, 9).await.unwrap();
    let refused = append_one(store, edit(ada, None, 1, "you there?")).await;
    assert_eq!(refused, Appended::Blocked);
    // The sender may still take the line back.
    let taken = append_one(store, delete(ada, None, 1)).await;
    assert!(matches!(taken, Appended::Whisper { .. }), "{taken:?}");
}

async fn an_inbox_tells_its_conversations_latest_first(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    let empty = store.open_inbox(ada).await.unwrap();
    assert_eq!((empty.first_seq, empty.last_seq), (1, 0));
    assert_eq!(empty.conversations, []);
    append_one(store, whisper(bob, ada, 1, "one")).await;
    append_one(store, whisper(cem, ada, 2, "two")).await;
    append_one(store, whisper(bob, ada, 3, "three")).await;
    append_one(store, whisper(ada, bob, 4, "four")).await;
    let inbox = store.open_inbox(ada).await.unwrap();
    assert_eq!((inbox.first_seq, inbox.last_seq), (1, 4));
    let with = |username: &str, last_seq, unread| Conversation {
        username: username.to_owned(),
        last_seq,
        read_seq: 0,
        unread,
    };
    assert_eq!(inbox.conversations, [with("bob", 4, 2), with("cem", 2, 1)]);
    for number in 0..60 {
        let other = user(store, &format!("player{number}")).await;
        append_one(store, whisper(other, ada, 1, "hello")).await;
    }
    let inbox = store.open_inbox(ada).await.unwrap();
    assert_eq!(inbox.conversations.len(), 50);
    assert_eq!(inbox.conversations[0], with("player59", 64, 1));
}

async fn conversations_are_read_one_by_one(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let bob = user(store, "bob").await;
    let cem = user(store, "cem").await;
    let dan = user(store, "dan").await;
    for (line_id, sender) in (1..).zip([bob, cem, bob, cem, bob]) {
        append_one(store, whisper(sender, ada, line_id, "hello")).await;
    }
    let read = async |log, seq| store.set_read(ada, log, seq).await.unwrap();
    assert_eq!(read(Log::Whispers(ada, bob), 3).await, (3, 1));
    assert_eq!(read(Log::Whispers(ada, bob), 1).await, (3, 1));
    assert_eq!(read(Log::Whispers(ada, cem), 0).await, (0, 2));
    assert_eq!(read(Log::Whispers(ada, cem), 99).await, (5, 0));
    assert_eq!(read(Log::Whispers(ada, dan), 99).await, (0, 0));
    let inbox = store.open_inbox(ada).await.unwrap();
    let short: Vec<_> = inbox
        .conversations
        .iter()
        .map(|one| (&*one.username, one.read_seq, one.unread))
        .collect();
    assert_eq!(short, [("bob", 3, 1), ("cem", 5, 0)]);
    assert_eq!(read(Log::Inbox(ada), 5).await, (5, 0));
}

async fn a_whisper_to_oneself_is_there_once(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let done = append_one(store, whisper(ada, ada, 1, "a note")).await;
    let Appended::Whisper { sent, received, .. } = done else {
        panic!("{done:?}");
    };
    assert_eq!(sent, received);
    append_one(store, edit(ada, None, 1, "another note")).await;
    assert_eq!(told(store, Log::Inbox(ada)).await.len(), 2);
    let inbox = store.open_inbox(ada).await.unwrap();
    assert_eq!(inbox.conversations[0].unread, 0);
}
