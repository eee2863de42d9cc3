//! What an operator does in a database.

use longhall_packet::ServerRole;

use super::*;

/// Runs each test against both databases: the model has no operator.
macro_rules! for_each_database {
    ($($test:ident)*) => {
        mod in_sqlite { $(#[tokio::test] async fn $test() {
            let fixture = super::super::sqlite();
            super::$test(&*super::Fixture::store(&fixture)).await;
        })* }
        #[cfg(unix)]
        mod in_postgres { $(#[tokio::test] async fn $test() {
            let store = crate::store::postgres::tests::store();
            super::$test(&store).await;
        })* }
    };
}

for_each_database! {
    a_sanction_replaces_the_one_before_and_ends_by_itself
    the_audit_log_is_read_from_a_time_on
    a_name_is_given_again_once_its_account_is_renamed
    an_erased_account_leaves_lines_without_words
    an_erased_account_leaves_what_it_is_reported_for
    an_operator_deletes_lines_of_those_who_left
    a_channel_is_deleted_with_all_who_are_in_it
    parts_of_names_are_found_literally
    a_lockdown_is_one_and_ends_by_itself
    what_was_set_is_remembered_and_places_are_barred_with_a_ban
    staff_is_listed_by_name_and_forgotten_with_the_account
    operators_change_one_by_one_and_an_admin_stays
}

fn ban(on: SanctionOn, until_ms: Option<i64>) -> Sanction {
    Sanction {
        kind: SanctionKind::Ban,
        on,
        username: None,
        channel: None,
        until_ms,
        created_at_ms: 1000,
        made_by: "root".to_owned(),
        reason: "spam".to_owned(),
    }
}

async fn what_was_set_is_remembered_and_places_are_barred_with_a_ban(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let new = NewSession {
        place: Some(Place(1)),
        ..session(ada, 1)
    };
    store.insert_session(new).await.unwrap();
    let channel = channel(store, ada, "den").await;
    let on = |on: SanctionOn, kind, created_at_ms| Sanction {
        kind,
        created_at_ms,
        ..ban(on, None)
    };
    let member = SanctionOn::Member(ada, channel);
    for (sanction, barred_ms) in [
        (on(SanctionOn::Account(ada), SanctionKind::Kick, 1000), None),
        (on(member.clone(), SanctionKind::Mute, 1001), None),
        (
            on(SanctionOn::Account(ada), SanctionKind::Ban, 1002),
            Some(5000),
        ),
    ] {
        store.set_sanction(sanction, barred_ms).await.unwrap();
    }
    let held = store.sanctions(2000).await.unwrap();
    let held: Vec<_> = held
        .iter()
        .map(|one| (one.kind, one.channel.as_deref()))
        .collect();
    assert_eq!(
        held,
        [(SanctionKind::Ban, None), (SanctionKind::Mute, Some("den"))]
    );
    assert_eq!(store.barred_places(4999).await.unwrap().len(), 1);
    assert_eq!(store.barred_places(5000).await.unwrap(), []);
    assert!(
        store
            .lift_sanction(SanctionKind::Mute, member.clone())
            .await
            .unwrap()
    );
    assert!(
        !store
            .lift_sanction(SanctionKind::Mute, member)
            .await
            .unwrap()
    );
    let past = store.past_sanctions(ada, 1001, 10).await.unwrap();
    let past: Vec<_> = past
        .iter()
        .map(|one| (one.sanction.kind, one.is_lifted))
        .collect();
    assert_eq!(
        past,
        [(SanctionKind::Ban, false), (SanctionKind::Mute, true)]
    );
    store
        .lift_sanction(SanctionKind::Ban, SanctionOn::Account(ada))
        .await
        .unwrap();
    assert_eq!(store.barred_places(2000).await.unwrap(), []);
    store
        .bury_account(ada, "erased-1".to_owned())
        .await
        .unwrap();
    assert_eq!(store.past_sanctions(ada, 0, 10).await.unwrap(), []);
}

async fn staff_is_listed_by_name_and_forgotten_with_the_account(store: &dyn Store) {
    let (bob, ada) = (user(store, "bob").await, user(store, "ada").await);
    for (user, role) in [
        (bob, ServerRole::Moderator),
        (ada, ServerRole::Moderator),
        (ada, ServerRole::Admin),
    ] {
        store.set_server_role(user, role).await.unwrap();
    }
    let names = |staff: Vec<Staff>| -> Vec<_> {
        let staff = staff.into_iter();
        staff.map(|one| (one.username, one.role)).collect()
    };
    let [first, second] = [("ada", ServerRole::Admin), ("bob", ServerRole::Moderator)]
        .map(|(name, role)| (name.to_owned(), role));
    assert_eq!(names(store.staff().await.unwrap()), [first, second.clone()]);
    store
        .bury_account(ada, "erased-1".to_owned())
        .await
        .unwrap();
    assert_eq!(names(store.staff().await.unwrap()), [second]);
    store
        .set_server_role(bob, ServerRole::Player)
        .await
        .unwrap();
    assert_eq!(store.staff().await.unwrap(), []);
}

async fn a_sanction_replaces_the_one_before_and_ends_by_itself(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let network = SanctionOn::Network("203.0.113.0/24".to_owned());
    for sanction in [
        ban(SanctionOn::Account(ada), None),
        ban(network.clone(), Some(3000)),
        ban(SanctionOn::Account(ada), Some(2000)),
    ] {
        store.set_sanction(sanction, None).await.unwrap();
    }
    let held = |all: Vec<Sanction>| -> Vec<_> {
        let all = all.into_iter();
        all.map(|one| (one.on, one.username, one.until_ms))
            .collect()
    };
    let of_ada = (SanctionOn::Account(ada), Some("ada".to_owned()), Some(2000));
    let of_network = (network.clone(), None, Some(3000));
    let at = |now_ms| async move { held(store.sanctions(now_ms).await.unwrap()) };
    assert_eq!(at(1999).await, [of_network.clone(), of_ada]);
    assert_eq!(at(2000).await, [of_network]);
    assert_eq!(at(3000).await, []);
    let lift = |on| store.lift_sanction(SanctionKind::Ban, on);
    assert!(lift(network.clone()).await.unwrap());
    assert!(!lift(network).await.unwrap());
    let mute = store.lift_sanction(SanctionKind::Mute, SanctionOn::Account(ada));
    assert!(!mute.await.unwrap());
}

fn noted(at_ms: i64, verb: &str) -> NewAuditRow {
    NewAuditRow {
        at_ms,
        actor: "root".to_owned(),
        via: "socket, uid 0".to_owned(),
        verb: verb.to_owned(),
        subject: "ada".to_owned(),
        act: "{}".to_owned(),
        reason: String::new(),
        outcome: "done".to_owned(),
    }
}

async fn the_audit_log_is_read_from_a_time_on(store: &dyn Store) {
    for (at_ms, verb) in [(1, "ban"), (2, "kick"), (3, "mute")] {
        store.insert_audit(noted(at_ms, verb)).await.unwrap();
    }
    let verbs = |since_ms, limit| async move {
        let rows = store
            .audit(since_ms, None, limit)
            .await
            .unwrap()
            .into_iter();
        rows.map(|found| found.row.verb).collect::<Vec<_>>()
    };
    assert_eq!(verbs(0, 10).await, ["ban", "kick", "mute"]);
    assert_eq!(verbs(2, 10).await, ["kick", "mute"]);
    assert_eq!(verbs(0, 1).await, ["mute"]);
    let rows = store.audit(0, None, 2).await.unwrap();
    let older = store.audit(0, Some(rows[0].id), 10).await.unwrap();
    assert_eq!(older.len(), 1);
    assert_eq!(older[0].row.verb, "ban");
    assert_eq!(
        store.audit(3, None, 1).await.unwrap()[0].row,
        noted(3, "mute")
    );
}

async fn a_name_is_given_again_once_its_account_is_renamed(store: &dyn Store) {
    let ada = user(store, "ada").await;
    user(store, "bob").await;
    let rename = |name: &str| {
        let keys = Username::parse(name).unwrap().keys();
        store.rename_account(ada, name.to_owned(), keys)
    };
    assert!(!rename("Bob").await.unwrap());
    assert!(!rename("b0b").await.unwrap());
    assert!(rename("Grace").await.unwrap());
    assert!(rename("grace").await.unwrap());
    let found = store.user_by_name(&name_key("grace")).await.unwrap();
    assert_eq!(found.unwrap().id, ada);
    let other = user(store, "ada").await;
    assert_ne!(other, ada);
}

async fn an_erased_account_leaves_what_it_is_reported_for(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let eve = user(store, "eve").await;
    let den = channel(store, bob, "den").await;
    for (user, text) in [(ada, "insults"), (eve, "stop it"), (bob, "well")] {
        if user != bob {
            join(store, den, user).await;
        }
        append_one(store, say(user, den, 1, text)).await;
    }
    let page = store.lines(Log::Channel(den), Cursor::After(0), 9, usize::MAX);
    let lines = page.await.unwrap().lines;
    let of = |reporter, user, seq| NewReport {
        line: Some(("den".to_owned(), seq)),
        lines: lines.clone(),
        ..reports::report(reporter, user)
    };
    let mut numbers = Vec::new();
    for new in [of(bob, ada, 1), of(bob, eve, 2), of(ada, bob, 3)] {
        match store.insert_report(new).await.unwrap() {
            Filed::New(number) => numbers.push(number),
            other => panic!("{other:?}"),
        }
    }
    store
        .bury_account(ada, "(erased 1)".to_owned())
        .await
        .unwrap();
    let texts = |number| async move {
        let lines = store.report_lines(number).await.unwrap();
        let lines = lines.into_iter();
        lines
            .map(|line| (line.sender, line.text))
            .collect::<Vec<_>>()
    };
    let line = |sender: &str, text: &str| (sender.to_owned(), text.to_owned());
    let whole = [
        line("(erased 1)", "insults"),
        line("eve", "stop it"),
        line("bob", "well"),
    ];
    assert_eq!(texts(numbers[0]).await, whole);
    // Beside what others are reported for its words are its own.
    let without = [
        line("(erased 1)", ""),
        line("eve", "stop it"),
        line("bob", "well"),
    ];
    assert_eq!(texts(numbers[1]).await, without);
    let (_, own) = store.report(numbers[2]).await.unwrap().unwrap();
    assert_eq!((&*own.by, &*own.text), ("(erased 1)", ""));
}

async fn an_erased_account_leaves_lines_without_words(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let den = channel(store, bob, "den").await;
    join(store, den, ada).await;
    for entry in [
        say(ada, den, 1, "hers"),
        say(bob, den, 1, "his"),
        whisper(ada, bob, 2, "psst"),
        whisper(bob, ada, 2, "what?"),
    ] {
        append_one(store, entry).await;
    }
    store.insert_session(session(ada, 1)).await.unwrap();
    store.insert_block(bob, ada, 10).await.unwrap();
    let said = store.said(ada, 0, 100).await.unwrap();
    let texts: Vec<_> = said.lines.iter().map(|line| &*line.text).collect();
    assert_eq!(texts, ["hers"]);

    let shown = "(erased 1)";
    store.bury_account(ada, shown.to_owned()).await.unwrap();
    store.delete_member(den, ada).await.unwrap();
    let (mut after, mut lines) = (0, 0);
    while let Some(next) = {
        let step = store.blank_lines(ada, after).await.unwrap();
        lines += step.lines;
        step.next
    } {
        after = next;
    }
    assert_eq!(lines, 3);
    store.delete_inbox(ada).await.unwrap();
    assert_eq!(told(store, Log::Inbox(ada)).await, []);
    assert_eq!(
        told(store, Log::Channel(den)).await,
        [
            (1, LineKind::Deleted, String::new()),
            (2, LineKind::Said, "his".to_owned())
        ]
    );
    let whispers = store.lines(Log::Inbox(bob), Cursor::After(0), 10, usize::MAX);
    let whispers = whispers.await.unwrap().lines;
    let seen: Vec<_> = whispers
        .iter()
        .map(|(_, line)| (&*line.sender, line.recipient.as_deref(), &*line.text))
        .collect();
    assert_eq!(
        seen,
        [(shown, Some("bob"), ""), ("bob", Some(shown), "what?")]
    );
    assert!(store.sessions(ada, 0).await.unwrap().is_empty());
    assert!(store.blocks(bob).await.unwrap().is_empty());
    assert!(
        store
            .user_by_name(&name_key("ada"))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(store.counts(0).await.unwrap().accounts, 1);
    let again = user(store, "ada").await;
    assert_ne!(again, ada);
}

async fn an_operator_deletes_lines_of_those_who_left(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let den = channel(store, bob, "den").await;
    join(store, den, ada).await;
    append_one(store, say(ada, den, 1, "hers")).await;
    store.delete_member(den, ada).await.unwrap();
    let by_herself = append_one(store, delete(ada, Some(den), 1)).await;
    assert_eq!(by_herself, Appended::NotAMember);
    let what = LogAction::Delete {
        channel: Some(den),
        of: 1,
        not_before_ms: BY_OPERATOR,
    };
    let deleted = append_one(store, entry(ada, what)).await;
    assert!(matches!(deleted, Appended::Line { .. }), "{deleted:?}");
    assert_eq!(
        told(store, Log::Channel(den)).await,
        [
            (1, LineKind::Deleted, String::new()),
            (2, LineKind::Deletion, String::new())
        ]
    );
}

async fn a_channel_is_deleted_with_all_who_are_in_it(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let lobby = store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    let den = channel(store, bob, "den").await;
    join(store, den, ada).await;
    append_one(store, say(ada, den, 1, "hers")).await;
    let members = store.delete_channel(den).await.unwrap().unwrap();
    let names: Vec<_> = members.iter().map(|member| &*member.username).collect();
    assert_eq!(names, ["ada", "bob"]);
    assert_eq!(store.delete_channel(den).await.unwrap(), None);
    assert_eq!(store.delete_channel(lobby.id).await.unwrap(), None);
    let said = append_one(store, say(ada, den, 2, "still there?")).await;
    assert_eq!(said, Appended::NotAMember);
    let all = store.all_channels("", None, 10).await.unwrap();
    assert_eq!(all.len(), 1);
    // The numbers go on under the same name.
    let den = channel(store, bob, "den").await;
    append_one(store, say(bob, den, 1, "new")).await;
    let lines = told(store, Log::Channel(den)).await;
    assert_eq!(lines, [(2, LineKind::Said, "new".to_owned())]);
}

async fn parts_of_names_are_found_literally(store: &dyn Store) {
    for name in ["ada", "small_m", "smallxm"] {
        user(store, name).await;
    }
    let find = |part: &'static str| async move {
        let found = store.accounts(part, "", None, 10, false, 0).await.unwrap();
        found
            .into_iter()
            .map(|one| one.username)
            .collect::<Vec<_>>()
    };
    assert_eq!(find("l_m").await, ["small_m"]);
    assert_eq!(find("small").await, ["small_m", "smallxm"]);
    assert_eq!(find("%").await, Vec::<String>::new());
    assert_eq!(find("").await.len(), 3);
}

async fn operators_change_one_by_one_and_an_admin_stays(store: &dyn Store) {
    let new = |name: &str, role| NewOperator {
        name: name.to_owned(),
        name_key: name_key(name),
        role,
        password_hash: "first".to_owned(),
        created_at_ms: 5,
    };
    let (admin, viewer) = (OperatorRole::Admin, OperatorRole::Viewer);
    assert!(store.insert_operator(new("Ann", admin)).await.unwrap());
    assert!(!store.insert_operator(new("ANN", viewer)).await.unwrap());
    assert!(store.insert_operator(new("Ben", viewer)).await.unwrap());
    let read = |name: &'static str| async move {
        let found = store.operator(&name_key(name)).await.unwrap();
        found.expect("the operator is there")
    };
    let (ann, ben) = (read("ann").await, read("ben").await);
    assert_eq!(
        (ann.name.as_str(), ann.role, ann.must_change),
        ("Ann", admin, true)
    );
    let change = |operator: &Operator, change| store.change_operator(operator.id, change);
    let role = |role, keeps_admin| OperatorChange::Role { role, keeps_admin };
    let gone = |keeps_admin| OperatorChange::Gone { keeps_admin };

    // The only admin stays one, unless it is meant.
    assert!(!change(&ann, role(viewer, true)).await.unwrap());
    assert!(!change(&ann, gone(true)).await.unwrap());
    assert!(change(&ann, role(admin, true)).await.unwrap());
    assert!(change(&ben, role(admin, true)).await.unwrap());
    assert!(change(&ann, role(viewer, true)).await.unwrap());
    assert!(change(&ann, gone(true)).await.unwrap());
    assert!(!change(&ann, gone(true)).await.unwrap());
    assert_eq!(store.operators().await.unwrap(), [read("ben").await]);
    assert!(change(&ben, role(viewer, false)).await.unwrap());

    // A password that is changed twice at once is changed once.
    let password = |was: &str, hash: &str| OperatorChange::Password {
        was: was.to_owned(),
        hash: hash.to_owned(),
    };
    assert!(change(&ben, password("first", "second")).await.unwrap());
    assert!(!change(&ben, password("first", "third")).await.unwrap());
    let changed = read("ben").await;
    assert_eq!(
        (&*changed.password_hash, changed.must_change),
        ("second", false)
    );
    assert_eq!(changed.version, ben.version + 1);

    let secret = Some("SECRET".to_owned());
    assert!(
        change(&ben, OperatorChange::Totp(secret.clone()))
            .await
            .unwrap()
    );
    assert_eq!(read("ben").await.totp_secret, secret);
    assert!(change(&ben, OperatorChange::UsedStep(7)).await.unwrap());
    for used in [6, 7] {
        assert!(!change(&ben, OperatorChange::UsedStep(used)).await.unwrap());
    }
    assert!(change(&ben, OperatorChange::UsedStep(8)).await.unwrap());
    for rehashed in [None, Some("better".to_owned())] {
        let signs_in = OperatorChange::SignsIn {
            now_ms: 9,
            was: "second".to_owned(),
            rehashed,
        };
        assert!(change(&ben, signs_in).await.unwrap());
    }
    let hash = "told".to_owned();
    let before = read("ben").await;
    assert_eq!(
        (before.last_seen_at_ms, &*before.password_hash),
        (9, "better")
    );
    assert!(change(&ben, OperatorChange::Reset { hash }).await.unwrap());
    let reset = read("ben").await;
    assert_eq!((reset.totp_secret, reset.must_change), (None, true));
    assert_eq!(reset.version, before.version + 1);
    assert!(change(&ben, OperatorChange::SignedOut).await.unwrap());
    assert_eq!(read("ben").await.version, before.version + 2);
}

async fn a_lockdown_is_one_and_ends_by_itself(store: &dyn Store) {
    let until = |until_ms| Lockdown {
        until_ms,
        created_at_ms: 1,
        made_by: "root".to_owned(),
        reason: "raid".to_owned(),
    };
    assert_eq!(store.lockdown(0).await.unwrap(), None);
    assert!(!store.set_lockdown(Some(until(50)), 1).await.unwrap());
    assert!(store.set_lockdown(Some(until(90)), 1).await.unwrap());
    assert_eq!(store.lockdown(89).await.unwrap(), Some(until(90)));
    assert_eq!(store.lockdown(90).await.unwrap(), None);
    assert!(!store.set_lockdown(None, 90).await.unwrap());
    assert!(!store.set_lockdown(Some(until(99)), 90).await.unwrap());
    assert!(store.set_lockdown(None, 91).await.unwrap());
    assert_eq!(store.lockdown(91).await.unwrap(), None);
}
