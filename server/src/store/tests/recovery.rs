//! What accounts are come back to by.

use super::*;

for_each_store! {
    codes_are_used_once_and_renewed_by_who_knows_the_password
    a_code_replaces_the_password_and_ends_all_sessions
    an_operators_code_ends_and_takes_the_second_factor_away
    a_second_factor_is_begun_confirmed_and_ended
    a_code_of_a_second_factor_is_used_once
    the_last_login_is_kept_until_the_next
    of_two_who_show_a_code_at_once_one_has_it
}

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn code(number: u8) -> CodeHash {
    CodeHash([number; 32])
}

fn recovery(name: &str, number: u8) -> Recovery {
    Recovery {
        name_key: name_key(name),
        code: code(number),
        password_hash: format!("hash by code {number}"),
        now_ms: 1000,
        place: Some(Place(7)),
    }
}

async fn with_codes(store: &dyn Store, name: &str) -> UserId {
    let new = NewUser {
        recovery_codes: vec![code(1), code(2)],
        ..new_user(name)
    };
    store.insert_user(new).await.unwrap().unwrap()
}

async fn left(store: &dyn Store, user: UserId) -> u32 {
    store.safety(user).await.unwrap().recovery_codes_left
}

async fn hash_of(store: &dyn Store, name: &str) -> String {
    let found = store.user_by_name(&name_key(name)).await.unwrap();
    found.unwrap().password_hash
}

async fn codes_are_used_once_and_renewed_by_who_knows_the_password(store: &dyn Store) {
    let (ada, bob) = (with_codes(store, "ada").await, user(store, "bob").await);
    assert_eq!((left(store, ada).await, left(store, bob).await), (2, 0));
    assert!(!store.use_code(bob, code(1)).await.unwrap());
    assert!(store.use_code(ada, code(1)).await.unwrap());
    assert!(!store.use_code(ada, code(1)).await.unwrap());
    assert_eq!(left(store, ada).await, 1);
    let renew = |known: &str| store.renew_codes(ada, known.to_owned(), vec![code(3), code(4)]);
    assert!(!renew("another hash").await.unwrap());
    assert!(store.use_code(ada, code(2)).await.unwrap());
    assert!(renew("hash of ada").await.unwrap());
    assert_eq!(left(store, ada).await, 2);
    assert!(store.use_code(ada, code(4)).await.unwrap());
}

async fn a_code_replaces_the_password_and_ends_all_sessions(store: &dyn Store) {
    let (ada, bob) = (with_codes(store, "ada").await, user(store, "bob").await);
    let (hers, _) = store.insert_session(session(ada, 1)).await.unwrap();
    store.insert_session(session(bob, 2)).await.unwrap();
    for wrong in [recovery("ada", 9), recovery("bob", 1), recovery("eve", 1)] {
        assert!(store.recover(wrong).await.unwrap().is_none());
    }
    let done = store.recover(recovery("ADA", 1)).await.unwrap();
    let expected = Recovered {
        user: ada,
        ended: vec![hers],
    };
    assert_eq!(done, Some(expected));
    assert_eq!(hash_of(store, "ada").await, "hash by code 1");
    assert_eq!(hash_of(store, "bob").await, "hash of bob");
    assert!(store.is_known_place("ada", Place(7)).await.unwrap());
    assert!(store.recover(recovery("ada", 1)).await.unwrap().is_none());
    assert_eq!(store.sessions(bob, 1000).await.unwrap().len(), 1);
}

async fn an_operators_code_ends_and_takes_the_second_factor_away(store: &dyn Store) {
    let ada = with_codes(store, "ada").await;
    confirmed(store, ada).await;
    store.recover(recovery("ada", 1)).await.unwrap().unwrap();
    assert!(store.safety(ada).await.unwrap().second_factor.is_some());
    for (number, until_ms) in [(8, 1000), (9, 1001)] {
        store.give_code(ada, code(number), until_ms).await.unwrap();
    }
    assert_eq!(left(store, ada).await, 1);
    assert!(!store.use_code(ada, code(9)).await.unwrap());
    assert!(store.recover(recovery("ada", 8)).await.unwrap().is_none());
    let late = Recovery {
        now_ms: 1001,
        ..recovery("ada", 9)
    };
    assert!(store.recover(late).await.unwrap().is_none());
    store.recover(recovery("ada", 9)).await.unwrap().unwrap();
    assert!(store.safety(ada).await.unwrap().second_factor.is_none());
    assert_eq!(left(store, ada).await, 1);
}

async fn confirmed(store: &dyn Store, user: UserId) -> Vec<SessionId> {
    assert!(store.begin_factor(user, SECRET.to_owned()).await.unwrap());
    let done = store.confirm_factor(user, SECRET.to_owned(), 10, SessionId(1));
    done.await.unwrap().unwrap()
}

async fn a_second_factor_is_begun_confirmed_and_ended(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let many = |token| NewSession {
        at_most: 9,
        ..session(ada, token)
    };
    let (here, _) = store.insert_session(many(1)).await.unwrap();
    let (there, _) = store.insert_session(many(2)).await.unwrap();
    assert!(store.begin_factor(ada, "OTHER".to_owned()).await.unwrap());
    assert!(store.begin_factor(ada, SECRET.to_owned()).await.unwrap());
    assert_eq!(
        store.begun_factor(ada).await.unwrap().as_deref(),
        Some(SECRET)
    );
    assert!(store.safety(ada).await.unwrap().second_factor.is_none());
    let void = store.confirm_factor(ada, "OTHER".to_owned(), 10, here);
    assert_eq!(void.await.unwrap(), None);
    let done = store.confirm_factor(ada, SECRET.to_owned(), 10, here);
    assert_eq!(done.await.unwrap(), Some(vec![there]));
    assert_eq!(store.begun_factor(ada).await.unwrap(), None);
    let safety = store.safety(ada).await.unwrap();
    assert_eq!(safety.second_factor.as_deref(), Some(SECRET));
    assert!(!store.begin_factor(ada, "OTHER".to_owned()).await.unwrap());
    assert!(!store.end_factor(ada, "OTHER".to_owned()).await.unwrap());
    assert!(store.end_factor(ada, SECRET.to_owned()).await.unwrap());
    assert!(!store.end_factor(ada, SECRET.to_owned()).await.unwrap());
    assert!(store.safety(ada).await.unwrap().second_factor.is_none());
}

async fn a_code_of_a_second_factor_is_used_once(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let used = async |step| {
        let used = store.use_step(ada, SECRET.to_owned(), step).await;
        used.unwrap()
    };
    assert!(!used(11).await);
    confirmed(store, ada).await;
    assert!(!used(9).await && !used(10).await && used(12).await);
    assert!(!used(11).await && !used(12).await && used(13).await);
    let other = store.use_step(ada, "OTHER".to_owned(), 20).await;
    assert!(!other.unwrap());
}

async fn the_last_login_is_kept_until_the_next(store: &dyn Store) {
    let ada = user(store, "ada").await;
    assert!(store.safety(ada).await.unwrap().last_login.is_none());
    for (token, network) in [(1, "203.0.113.0/24"), (2, "2001:db8:7::/48")] {
        let new = NewSession {
            now_ms: 1000 + i64::from(token),
            network: Some(network.to_owned()),
            ..session(ada, token)
        };
        store.insert_session(new).await.unwrap();
    }
    // A resume is no login.
    store.rotate_session(rotation(2, 3, 1500)).await.unwrap();
    let last = store.safety(ada).await.unwrap().last_login.unwrap();
    assert_eq!((last.at_ms, last.device.as_str()), (1002, "device 2"));
    assert_eq!(last.network, "2001:db8:7::/48");
}

async fn of_two_who_show_a_code_at_once_one_has_it(store: &dyn Store) {
    with_codes(store, "ada").await;
    let (one, other) = tokio::join!(
        store.recover(recovery("ada", 1)),
        store.recover(recovery("ada", 1))
    );
    let had = [one.unwrap(), other.unwrap()];
    assert_eq!(had.iter().flatten().count(), 1);
}
