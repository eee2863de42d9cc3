//! What players do with their own accounts.

use super::*;

for_each_store! {
    an_account_is_deleted_when_its_time_has_come_and_by_one_server
    an_account_is_kept_as_long_as_its_time_is_not_over
    an_old_name_is_kept_for_whose_it_was_and_then_free
    a_name_changes_only_by_its_password_and_not_too_soon
}

const fn claim(due_by_ms: i64, over_by_ms: i64, until_ms: i64) -> DeletionClaim {
    DeletionClaim {
        due_by_ms,
        over_by_ms,
        until_ms,
    }
}

async fn mark(store: &dyn Store, user: UserId, name: &str, due_ms: i64) -> bool {
    let known = format!("hash of {name}");
    store
        .mark_deletion(user, known, 1000, due_ms)
        .await
        .unwrap()
}

async fn claimed(store: &dyn Store, wanted: DeletionClaim) -> Option<UserId> {
    let claimed = store.claim_deletion(wanted).await.unwrap();
    claimed.map(|deletion| deletion.user)
}

async fn an_account_is_deleted_when_its_time_has_come_and_by_one_server(store: &dyn Store) {
    let [ada, bob] = [user(store, "ada").await, user(store, "bob").await];
    store.insert_session(session(ada, 7)).await.unwrap();
    assert!(
        !store
            .mark_deletion(ada, "?".to_owned(), 1000, 5000)
            .await
            .unwrap()
    );
    assert_eq!(store.sessions(ada, 0).await.unwrap().len(), 1);
    assert!(mark(store, ada, "ada", 5000).await);
    assert_eq!(store.sessions(ada, 0).await.unwrap(), []);
    // Asked again, it comes no later.
    assert!(mark(store, ada, "ada", 9000).await);
    assert!(mark(store, bob, "bob", 4000).await);
    let found = store.user_by_name(&name_key("ada")).await.unwrap().unwrap();
    assert_eq!(found.deleted_at_ms, Some(5000));

    assert_eq!(claimed(store, claim(3999, 3999, 4500)).await, None);
    assert_eq!(claimed(store, claim(6000, 6000, 7000)).await, Some(bob));
    assert_eq!(claimed(store, claim(6000, 6000, 7000)).await, Some(ada));
    assert_eq!(claimed(store, claim(6000, 6999, 7999)).await, None);
    store.hold_deletion(bob, 8000).await.unwrap();
    // Whoever had it was killed.
    assert_eq!(claimed(store, claim(7000, 7000, 8000)).await, Some(ada));
    store.forget_deletion(ada).await.unwrap();
    assert_eq!(claimed(store, claim(7999, 7999, 9000)).await, None);
    assert_eq!(claimed(store, claim(8000, 8000, 9000)).await, Some(bob));
    let found = store.user_by_name(&name_key("ada")).await.unwrap().unwrap();
    assert_eq!(found.deleted_at_ms, None);
}

async fn an_account_is_kept_as_long_as_its_time_is_not_over(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let keep = |now_ms| async move { store.keep_account(ada, now_ms).await.unwrap() };
    assert_eq!(keep(1000).await, Kept::NotMarked);
    mark(store, ada, "ada", 5000).await;
    assert_eq!(keep(5000).await, Kept::TooLate);
    assert_eq!(keep(4999).await, Kept::Kept);
    assert_eq!(claimed(store, claim(9000, 9000, 9999)).await, None);
    mark(store, ada, "ada", 5000).await;
    assert_eq!(claimed(store, claim(9000, 9000, 9999)).await, Some(ada));
    // By a clock that is behind.
    assert_eq!(keep(1000).await, Kept::TooLate);
}

fn new_name(user: UserId, known: &str, name: &str, now_ms: i64) -> NewName {
    NewName {
        user,
        known: format!("hash of {known}"),
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        now_ms,
        not_since_ms: now_ms - 1000,
        kept_until_ms: now_ms + 3000,
    }
}

async fn an_old_name_is_kept_for_whose_it_was_and_then_free(store: &dyn Store) {
    let [lan, bob] = [user(store, "lan").await, user(store, "bob").await];
    let rename = |new: NewName| async move { store.change_name(new).await.unwrap() };
    let from = |name: &str| NameChanged::From(name.to_owned());
    assert_eq!(
        rename(new_name(lan, "lan", "Grace", 1000)).await,
        from("lan")
    );
    assert!(
        store
            .user_by_name(&name_key("lan"))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(store.insert_user(new_user("lan")).await.unwrap(), None);
    assert!(
        store
            .is_name_taken(&Username::parse("Ian").unwrap().keys())
            .await
            .unwrap()
    );
    for taken in ["LAN", "Ian", "grace"] {
        assert_eq!(
            rename(new_name(bob, "bob", taken, 2000)).await,
            NameChanged::Taken
        );
    }
    // One's own is no other's, and what is not kept any more is anybody's.
    assert_eq!(
        rename(new_name(lan, "lan", "LAN", 2000)).await,
        from("Grace")
    );
    store.free_old_names(4999).await.unwrap();
    assert_eq!(
        rename(new_name(bob, "bob", "Grace", 4999)).await,
        NameChanged::Taken
    );
    store.free_old_names(5000).await.unwrap();
    assert_eq!(
        rename(new_name(bob, "bob", "Grace", 5000)).await,
        from("bob")
    );
}

async fn a_name_changes_only_by_its_password_and_not_too_soon(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let rename = |new: NewName| async move { store.change_name(new).await.unwrap() };
    let other = rename(new_name(ada, "eve", "Grace", 1000)).await;
    assert_eq!(other, NameChanged::OtherPassword);
    let from = |name: &str| NameChanged::From(name.to_owned());
    assert_eq!(
        rename(new_name(ada, "ada", "Grace", 1000)).await,
        from("ada")
    );
    assert_eq!(
        rename(new_name(ada, "ada", "Hopper", 1999)).await,
        NameChanged::TooSoon(1000)
    );
    assert_eq!(
        rename(new_name(ada, "ada", "Hopper", 2000)).await,
        from("Grace")
    );
    // Written another way it is the same name: none is given up.
    assert_eq!(
        rename(new_name(ada, "ada", "HOPPER", 3000)).await,
        from("Hopper")
    );
    assert_eq!(
        rename(new_name(ada, "ada", "Grace", 4000)).await,
        from("HOPPER")
    );
}
