//! Who gets an account.

use super::*;

for_each_store! {
    an_invite_is_used_up_by_accounts_and_not_by_tries
    an_invite_ends_by_itself_and_is_taken_back
    an_account_that_waits_is_let_in_once
    no_more_of_a_kind_get_in_than_may
    a_guest_becomes_an_account_that_keeps_what_it_has
    a_guest_is_forgotten_once_it_is_away_and_is_one_still
    of_two_that_want_the_last_use_one_gets_it
}

fn invite(code: u8, uses: u32, until_ms: Option<i64>) -> NewInvite {
    NewInvite {
        code: InviteHash([code; 32]),
        uses,
        until_ms,
        created_at_ms: 5,
        made_by: "root".to_owned(),
        note: "a note".to_owned(),
    }
}

fn by_invite(code: u8, now_ms: i64) -> Terms {
    Terms {
        invite: Some(InviteHash([code; 32])),
        now_ms,
        ..Terms::default()
    }
}

fn as_kind(kind: AccountKind, at_most: usize) -> Terms {
    Terms {
        kind,
        at_most: Some(at_most),
        ..Terms::default()
    }
}

fn done(registered: Registered) -> UserId {
    match registered {
        Registered::Done(user) => user,
        other => panic!("{other:?}"),
    }
}

async fn an_invite_is_used_up_by_accounts_and_not_by_tries(store: &dyn Store) {
    store.insert_invite(invite(7, 2, None)).await.unwrap();
    let register = |name: &str, code| store.register(new_user(name), by_invite(code, 10));
    assert_eq!(register("ada", 8).await.unwrap(), Registered::InviteNeeded);
    done(register("ada", 7).await.unwrap());
    assert_eq!(register("ADA", 7).await.unwrap(), Registered::NameTaken);
    let left = || async { store.invites().await.unwrap()[0].uses_left };
    assert_eq!(left().await, 1);
    assert!(store.is_invite_good(InviteHash([7; 32]), 10).await.unwrap());
    done(register("bob", 7).await.unwrap());
    assert_eq!(register("eve", 7).await.unwrap(), Registered::InviteNeeded);
    assert!(!store.is_invite_good(InviteHash([7; 32]), 10).await.unwrap());
    assert!(store.user_by_name("eve").await.unwrap().is_none());
    assert_eq!(left().await, 0);
}

async fn an_invite_ends_by_itself_and_is_taken_back(store: &dyn Store) {
    let first = store.insert_invite(invite(1, 9, Some(50))).await.unwrap();
    let second = store.insert_invite(invite(2, 9, None)).await.unwrap();
    let listed = store.invites().await.unwrap();
    let numbers: Vec<_> = listed.iter().map(|one| (one.id, one.until_ms)).collect();
    assert_eq!(numbers, [(first, Some(50)), (second, None)]);
    assert_eq!((listed[0].uses, listed[0].note.as_str()), (9, "a note"));
    let good = |code, now_ms| store.is_invite_good(InviteHash([code; 32]), now_ms);
    assert!(good(1, 49).await.unwrap() && !good(1, 50).await.unwrap());
    let late = store.register(new_user("ada"), by_invite(1, 50)).await;
    assert_eq!(late.unwrap(), Registered::InviteNeeded);
    assert!(store.delete_invite(second).await.unwrap());
    assert!(!store.delete_invite(second).await.unwrap());
    assert!(!good(2, 10).await.unwrap());
}

async fn an_account_that_waits_is_let_in_once(store: &dyn Store) {
    let waiting = as_kind(AccountKind::Waiting, 5);
    let ada = done(store.register(new_user("ada"), waiting).await.unwrap());
    let kind = || async { store.user_by_name("ada").await.unwrap().unwrap().kind };
    assert_eq!(kind().await, AccountKind::Waiting);
    assert!(store.approve(ada).await.unwrap());
    assert_eq!(kind().await, AccountKind::Full);
    assert!(!store.approve(ada).await.unwrap());
}

async fn no_more_of_a_kind_get_in_than_may(store: &dyn Store) {
    for (kind, names) in [
        (AccountKind::Guest, ["ada", "bob", "cleo"]),
        (AccountKind::Waiting, ["dora", "eve", "fay"]),
    ] {
        let register = |name: &str| store.register(new_user(name), as_kind(kind, 2));
        done(register(names[0]).await.unwrap());
        let second = done(register(names[1]).await.unwrap());
        assert_eq!(register(names[2]).await.unwrap(), Registered::Full);
        let gone = format!("(gone {second})");
        assert!(store.bury_if(second, gone, kind, i64::MAX).await.unwrap());
        done(register(names[2]).await.unwrap());
    }
}

async fn a_guest_becomes_an_account_that_keeps_what_it_has(store: &dyn Store) {
    let guest = as_kind(AccountKind::Guest, 9);
    let zoe = done(
        store
            .register(new_user("zoe"), guest.clone())
            .await
            .unwrap(),
    );
    let ada = user(store, "ada").await;
    store.insert_session(session(zoe, 1)).await.unwrap();
    store.insert_block(zoe, ada, 9).await.unwrap();
    let upgrade = |who, name: &str, terms| store.upgrade_guest(who, new_user(name), terms);
    let taken = upgrade(zoe, "ada", Terms::default()).await.unwrap();
    assert_eq!(taken, Registered::NameTaken);
    let uninvited = upgrade(zoe, "zoe", by_invite(1, 1)).await.unwrap();
    assert_eq!(uninvited, Registered::InviteNeeded);
    assert_eq!(
        upgrade(ada, "ada", Terms::default()).await.unwrap(),
        Registered::NotAGuest
    );
    assert_eq!(
        upgrade(zoe, "Zoey", Terms::default()).await.unwrap(),
        Registered::Done(zoe)
    );
    assert_eq!(
        upgrade(zoe, "Zoey", Terms::default()).await.unwrap(),
        Registered::NotAGuest
    );
    assert!(store.user_by_name("zoe").await.unwrap().is_none());
    let zoey = store.user_by_name("zoey").await.unwrap().unwrap();
    assert_eq!((zoey.id, zoey.kind), (zoe, AccountKind::Full));
    assert_eq!(zoey.password_hash, "hash of Zoey");
    assert_eq!(store.blocks(zoe).await.unwrap().len(), 1);
    assert_eq!(store.sessions(zoe, 1000).await.unwrap().len(), 1);
}

async fn a_guest_is_forgotten_once_it_is_away_and_is_one_still(store: &dyn Store) {
    let guest = as_kind(AccountKind::Guest, 9);
    let zoe = done(
        store
            .register(new_user("zoe"), guest.clone())
            .await
            .unwrap(),
    );
    let ada = user(store, "ada").await;
    // Not by the clock of the test: later than the store has made it.
    let made_by = i64::MAX - 9;
    let mut seen_late = session(zoe, 1);
    seen_late.now_ms = i64::MAX - 5;
    store.insert_session(seen_late).await.unwrap();
    let away = |seen_by| store.guests_away(seen_by, 10);
    assert_eq!(away(made_by).await.unwrap(), []);
    let named = vec![(zoe, "zoe".to_owned())];
    assert_eq!(away(i64::MAX - 5).await.unwrap(), named);
    let bury = |who, seen_by| {
        let gone = format!("(guest {who})");
        store.bury_if(who, gone, AccountKind::Guest, seen_by)
    };
    assert!(!bury(zoe, made_by).await.unwrap(), "it is back");
    assert!(!bury(ada, i64::MAX).await.unwrap(), "an account");
    assert!(bury(zoe, i64::MAX).await.unwrap());
    assert!(!bury(zoe, i64::MAX).await.unwrap(), "once");
    assert_eq!(away(i64::MAX).await.unwrap(), []);
    assert!(store.sessions(zoe, 0).await.unwrap().is_empty());
    done(store.register(new_user("zoe"), guest).await.unwrap());
}

async fn of_two_that_want_the_last_use_one_gets_it(store: &dyn Store) {
    store.insert_invite(invite(3, 1, None)).await.unwrap();
    let (ada, bob) = tokio::join!(
        store.register(new_user("ada"), by_invite(3, 1)),
        store.register(new_user("bob"), by_invite(3, 1)),
    );
    let outcomes = [ada.unwrap(), bob.unwrap()];
    let made = |one: &&Registered| matches!(one, Registered::Done(_));
    assert_eq!(outcomes.iter().filter(made).count(), 1, "{outcomes:?}");
    assert!(outcomes.contains(&Registered::InviteNeeded));
}
