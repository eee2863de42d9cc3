//! What tickets are signed with, and which were used.

use longhall_ticket::SigningKey;

use super::*;

for_each_store! {
    keys_come_in_the_order_in_which_they_sign
    of_two_that_add_a_key_behind_the_same_one_does
    keys_are_forgotten_once_another_has_signed_for_long
    all_keys_are_replaced_by_one
    a_ticket_is_used_once_until_it_ends
}

fn ticket_key(seed: u8, signs_from_ms: i64) -> TicketKey {
    TicketKey {
        key: SigningKey::from_seed(&[seed; 32]),
        made_at_ms: signs_from_ms - 5,
        signs_from_ms,
    }
}

fn name(seed: u8) -> Option<String> {
    Some(ticket_key(seed, 0).key.id().to_owned())
}

async fn kept(store: &dyn Store) -> Vec<(Option<String>, i64, i64)> {
    let keys = store.ticket_keys().await.unwrap().into_iter();
    keys.map(|one| {
        (
            Some(one.key.id().to_owned()),
            one.made_at_ms,
            one.signs_from_ms,
        )
    })
    .collect()
}

async fn add(store: &dyn Store, seed: u8, signs_from_ms: i64, behind: Option<String>) -> bool {
    let key = ticket_key(seed, signs_from_ms);
    store.insert_ticket_key(key, behind).await.unwrap()
}

async fn keys_come_in_the_order_in_which_they_sign(store: &dyn Store) {
    assert!(kept(store).await.is_empty());
    assert!(add(store, 1, 100, None).await);
    assert!(add(store, 2, 200, name(1)).await);
    assert_eq!(kept(store).await, [(name(1), 95, 100), (name(2), 195, 200)]);
    // What comes back is the key itself.
    let back = store.ticket_keys().await.unwrap();
    assert_eq!(back[0].key.seed(), ticket_key(1, 0).key.seed());
}

async fn of_two_that_add_a_key_behind_the_same_one_does(store: &dyn Store) {
    assert!(!add(store, 1, 100, name(9)).await);
    assert!(add(store, 1, 100, None).await);
    assert!(!add(store, 2, 200, None).await);
    assert!(add(store, 2, 200, name(1)).await);
    assert!(!add(store, 3, 300, name(1)).await);
    assert_eq!(kept(store).await.len(), 2);
}

async fn keys_are_forgotten_once_another_has_signed_for_long(store: &dyn Store) {
    add(store, 1, 100, None).await;
    add(store, 2, 200, name(1)).await;
    add(store, 3, 300, name(2)).await;
    store.forget_ticket_keys(199).await.unwrap();
    assert_eq!(kept(store).await.len(), 3);
    store.forget_ticket_keys(299).await.unwrap();
    assert_eq!(
        kept(store).await,
        [(name(2), 195, 200), (name(3), 295, 300)]
    );
    store.forget_ticket_keys(i64::MAX).await.unwrap();
    assert_eq!(kept(store).await, [(name(3), 295, 300)]);
}

async fn all_keys_are_replaced_by_one(store: &dyn Store) {
    add(store, 1, 100, None).await;
    add(store, 2, 200, name(1)).await;
    store.replace_ticket_keys(ticket_key(3, 50)).await.unwrap();
    assert_eq!(kept(store).await, [(name(3), 45, 50)]);
}

async fn a_ticket_is_used_once_until_it_ends(store: &dyn Store) {
    let used = |name: &str, end, now| store.use_ticket(name.to_owned(), end, now);
    assert!(used("one", 100, 10).await.unwrap());
    assert!(!used("one", 100, 99).await.unwrap());
    assert!(used("two", 100, 99).await.unwrap());
    // Forgotten once it is good no more anyway.
    assert!(used("one", 200, 100).await.unwrap());
}
