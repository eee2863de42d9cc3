//! Reports, and the lines kept beside them.

use longhall_packet::{ClosedReport, INBOX, Line, ReportCategory, ReportNumber, ReportOutcome};

use longhall_world::reports::FLAGGED_AGAIN_MS;

use super::*;

for_each_store! {
    a_report_is_one_until_it_is_closed
    so_many_reports_are_open_and_no_more
    pages_of_reports_are_the_newest_first_and_hide_those_about_the_reader
    the_lines_of_a_report_are_kept_as_they_were
    a_report_is_closed_once_and_told_once
    closed_reports_are_forgotten_after_their_time
    what_the_server_reports_itself_is_one_for_a_while_and_nobody_elses
}

fn line(seq: u64, text: &str) -> Line {
    Line {
        seq,
        sender: "as it was".to_owned(),
        recipient: None,
        text: text.to_owned(),
        sent_at_ms: 1000 + seq,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    }
}

pub(crate) fn report(reporter: UserId, user: UserId) -> NewReport {
    NewReport {
        reporter,
        user,
        line: None,
        category: ReportCategory::Hate,
        text: "look".to_owned(),
        lines: Vec::new(),
        now_ms: 1000,
        at_most: 10,
        at_most_in_all: 100,
    }
}

fn closed(at_ms: u64) -> ClosedReport {
    ClosedReport {
        outcome: ReportOutcome::Acted,
        by: "mod".to_owned(),
        text: "thanks".to_owned(),
        at_ms,
    }
}

async fn filed(store: &dyn Store, new: NewReport) -> ReportNumber {
    match store.insert_report(new).await.unwrap() {
        Filed::New(number) => number,
        other => panic!("{other:?}"),
    }
}

async fn a_report_is_one_until_it_is_closed(store: &dyn Store) {
    let (ada, mallory) = (user(store, "ada").await, user(store, "mallory").await);
    let of_line = |seq| NewReport {
        line: Some(("trade".to_owned(), seq)),
        ..report(ada, mallory)
    };
    let first = filed(store, of_line(4)).await;
    let again = store.insert_report(of_line(4)).await.unwrap();
    assert_eq!(again, Filed::Before(first));
    for other in [of_line(5), report(ada, mallory), report(mallory, ada)] {
        assert!(filed(store, other).await > first);
    }
    assert!(store.close_report(first, closed(2000)).await.unwrap());
    assert!(filed(store, of_line(4)).await > first);
    let (about, listed) = store.report(first).await.unwrap().unwrap();
    assert_eq!(
        (about, &*listed.by, &*listed.username),
        (mallory, "ada", "mallory")
    );
    assert_eq!(
        (listed.channel.as_deref(), listed.seq),
        (Some("trade"), Some(4))
    );
    assert_eq!(
        (listed.category, &*listed.text),
        (ReportCategory::Hate, "look")
    );
    assert_eq!(
        (listed.created_at_ms, listed.closed),
        (1000, Some(closed(2000)))
    );
    assert_eq!(store.report(99).await.unwrap(), None);
    let own = store.reports_by(ada, first, 10).await.unwrap();
    assert_eq!(own.len(), 3);
    assert!(
        own.iter()
            .all(|own| own.by == "ada" && own.closed.is_none())
    );
}

async fn so_many_reports_are_open_and_no_more(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let of_line = |reporter, user, seq| NewReport {
        line: Some(("trade".to_owned(), seq)),
        at_most: 2,
        at_most_in_all: 3,
        ..report(reporter, user)
    };
    let first = filed(store, of_line(ada, bob, 1)).await;
    filed(store, of_line(ada, bob, 2)).await;
    let too_many = store.insert_report(of_line(ada, bob, 3)).await.unwrap();
    assert_eq!(too_many, Filed::TooMany);
    let known = store.insert_report(of_line(ada, bob, 1)).await.unwrap();
    assert_eq!(known, Filed::Before(first));
    filed(store, of_line(bob, ada, 4)).await;
    let in_all = store.insert_report(of_line(bob, ada, 5)).await.unwrap();
    assert_eq!(in_all, Filed::TooMany);
    store.close_report(first, closed(2000)).await.unwrap();
    filed(store, of_line(bob, ada, 5)).await;
}

async fn pages_of_reports_are_the_newest_first_and_hide_those_about_the_reader(store: &dyn Store) {
    let mut users = Vec::new();
    for name in ["ada", "bob", "mod"] {
        users.push(user(store, name).await);
    }
    let (ada, bob, moderator) = (users[0], users[1], users[2]);
    let first = filed(store, report(ada, bob)).await;
    let hidden = filed(store, report(ada, moderator)).await;
    let third = filed(store, report(bob, ada)).await;
    store.close_report(first, closed(2000)).await.unwrap();
    let page = |reader, open, before, limit| async move {
        let page = store.reports(reader, open, before, limit).await.unwrap();
        page.into_iter().map(|one| one.report).collect::<Vec<_>>()
    };
    let me = Some(moderator);
    assert_eq!(page(None, None, None, 9).await, [third, hidden, first]);
    assert_eq!(page(me, None, None, 9).await, [third, first]);
    assert_eq!(page(me, None, None, 1).await, [third]);
    assert_eq!(page(me, None, Some(third), 9).await, [first]);
    assert_eq!(page(me, Some(true), None, 9).await, [third]);
    assert_eq!(page(me, Some(false), None, 9).await, [first]);
    assert_eq!(store.open_reports(None).await.unwrap(), 2);
    assert_eq!(store.open_reports(me).await.unwrap(), 1);
}

async fn the_lines_of_a_report_are_kept_as_they_were(store: &dyn Store) {
    let (ada, mallory) = (user(store, "ada").await, user(store, "mallory").await);
    let edited = Line {
        edited_at_ms: Some(1500),
        ..line(3, "better")
    };
    let deleted = Line {
        kind: LineKind::Deleted,
        ..line(5, "")
    };
    let of_channel = NewReport {
        line: Some(("trade".to_owned(), 4)),
        lines: vec![
            (ada, edited.clone()),
            (mallory, line(4, "worse")),
            (mallory, deleted.clone()),
        ],
        ..report(ada, mallory)
    };
    let number = filed(store, of_channel).await;
    let named = |line: Line, sender: &str| Line {
        sender: sender.to_owned(),
        ..line
    };
    assert_eq!(
        store.report_lines(number).await.unwrap(),
        [
            named(edited, "ada"),
            named(line(4, "worse"), "mallory"),
            named(deleted, "mallory"),
        ]
    );
    let of_whisper = NewReport {
        line: Some((INBOX.to_owned(), 2)),
        lines: vec![(ada, line(1, "hi")), (mallory, line(2, "psst"))],
        ..report(ada, mallory)
    };
    let number = filed(store, of_whisper).await;
    let lines = store.report_lines(number).await.unwrap();
    let whispered = |sender: &str, recipient: &str| (sender.to_owned(), Some(recipient.to_owned()));
    let seen: Vec<_> = lines
        .into_iter()
        .map(|line| (line.sender, line.recipient))
        .collect();
    assert_eq!(
        seen,
        [whispered("ada", "mallory"), whispered("mallory", "ada")]
    );
    assert_eq!(store.report_lines(99).await.unwrap(), []);
}

async fn a_report_is_closed_once_and_told_once(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let of_ada = filed(store, report(ada, bob)).await;
    let of_bob = filed(store, report(bob, ada)).await;
    assert!(!store.note_told(of_ada).await.unwrap(), "it is open");
    assert!(store.close_report(of_ada, closed(2000)).await.unwrap());
    assert!(!store.close_report(of_ada, closed(3000)).await.unwrap());
    assert!(!store.close_report(99, closed(3000)).await.unwrap());
    assert!(store.close_report(of_bob, closed(4000)).await.unwrap());
    let untold = |of, since_ms| async move {
        let untold = store.untold_reports(of, since_ms, 9).await.unwrap();
        let untold = untold.into_iter();
        untold
            .map(|one| (one.reporter, one.report.report))
            .collect::<Vec<_>>()
    };
    assert_eq!(untold(None, 0).await, [(ada, of_ada), (bob, of_bob)]);
    assert_eq!(untold(None, 2001).await, [(bob, of_bob)]);
    assert_eq!(untold(Some(ada), 0).await, [(ada, of_ada)]);
    assert!(store.note_told(of_ada).await.unwrap());
    assert!(!store.note_told(of_ada).await.unwrap());
    assert_eq!(untold(None, 0).await, [(bob, of_bob)]);
}

async fn closed_reports_are_forgotten_after_their_time(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let old = NewReport {
        line: Some(("trade".to_owned(), 4)),
        lines: vec![(bob, line(4, "words"))],
        ..report(ada, bob)
    };
    let old = filed(store, old).await;
    let open = filed(store, report(ada, bob)).await;
    let young = filed(store, report(bob, ada)).await;
    store.close_report(old, closed(2000)).await.unwrap();
    store.close_report(young, closed(3000)).await.unwrap();
    assert_eq!(store.prune_reports(2000).await.unwrap(), 0);
    assert_eq!(store.prune_reports(2001).await.unwrap(), 1);
    assert_eq!(store.prune_reports(2001).await.unwrap(), 0);
    assert_eq!(store.report_lines(old).await.unwrap(), []);
    let left = store.reports(None, None, None, 9).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|one| one.report).collect();
    assert_eq!(left, [young, open]);
    // A number is never given again.
    let eve = user(store, "eve").await;
    assert!(filed(store, report(ada, eve)).await > young);
}

async fn what_the_server_reports_itself_is_one_for_a_while_and_nobody_elses(store: &dyn Store) {
    let (ada, mallory) = (user(store, "ada").await, user(store, "mallory").await);
    let flagged = |place: &str, seq, now_ms| NewReport {
        line: Some((place.to_owned(), seq)),
        at_most: 2,
        now_ms,
        ..report(mallory, mallory)
    };
    let first = filed(store, flagged("trade", 4, 1000)).await;
    let later_ms = 1000 + FLAGGED_AGAIN_MS;
    for soon in [
        flagged("trade", 5, later_ms - 1),
        flagged("trade", 4, later_ms),
    ] {
        let again = store.insert_report(soon).await.unwrap();
        assert_eq!(again, Filed::Before(first));
    }
    let elsewhere = filed(store, flagged("den", 5, 1000)).await;
    let too_many = store.insert_report(flagged("trade", 6, later_ms)).await;
    assert_eq!(too_many.unwrap(), Filed::TooMany);
    // It leaves what the player may report as it was, and is not theirs.
    let own = NewReport {
        at_most: 1,
        ..report(mallory, ada)
    };
    let own = filed(store, own).await;
    let (about, listed) = store.report(first).await.unwrap().unwrap();
    assert_eq!(
        (about, &*listed.by, &*listed.username),
        (mallory, "server", "mallory")
    );
    let made = store.reports_by(mallory, 0, 10).await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].report, &*made[0].by), (own, "mallory"));
    assert!(store.close_report(first, closed(2000)).await.unwrap());
    assert!(store.close_report(elsewhere, closed(2000)).await.unwrap());
    for of in [None, Some(mallory)] {
        assert_eq!(store.untold_reports(of, 0, 10).await.unwrap(), []);
    }
    assert!(filed(store, flagged("trade", 7, later_ms - 2)).await > own);
}
