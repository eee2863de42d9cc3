//! Keys by which games' own servers ask for things.

use super::*;

for_each_store! {
    a_game_key_is_found_by_its_hash_alone_and_noted_when_used
    a_game_key_has_a_name_of_its_own_and_is_gone_once_removed
}

fn new_key(name: &str, hash: u8, until_ms: Option<i64>) -> NewGameKey {
    NewGameKey {
        name: name.to_owned(),
        hash: GameKeyHash([hash; 32]),
        scopes: vec![Scope::Say, Scope::Kick],
        created_at_ms: 5,
        until_ms,
    }
}

async fn a_game_key_is_found_by_its_hash_alone_and_noted_when_used(store: &dyn Store) {
    assert!(
        store
            .insert_game_key(new_key("match", 7, Some(100)))
            .await
            .unwrap()
    );
    assert!(
        store
            .game_key(GameKeyHash([8; 32]))
            .await
            .unwrap()
            .is_none()
    );
    let found = store.game_key(GameKeyHash([7; 32])).await.unwrap().unwrap();
    assert_eq!(found.name, "match");
    assert_eq!(found.scopes, [Scope::Say, Scope::Kick]);
    assert_eq!((found.created_at_ms, found.last_used_at_ms), (5, 0));
    assert!(found.is_good(99) && !found.is_good(100));
    store.set_game_key_used(found.id, 60).await.unwrap();
    // The clock of another server may be behind.
    store.set_game_key_used(found.id, 50).await.unwrap();
    let used = &store.game_keys().await.unwrap()[0];
    assert_eq!(used.last_used_at_ms, 60);
}

async fn a_game_key_has_a_name_of_its_own_and_is_gone_once_removed(store: &dyn Store) {
    assert!(
        store
            .insert_game_key(new_key("match", 1, None))
            .await
            .unwrap()
    );
    assert!(
        !store
            .insert_game_key(new_key("match", 2, None))
            .await
            .unwrap()
    );
    assert!(
        store
            .insert_game_key(new_key("arena", 3, None))
            .await
            .unwrap()
    );
    let names = || async {
        let keys = store.game_keys().await.unwrap();
        keys.into_iter().map(|key| key.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["arena", "match"]);
    assert!(store.delete_game_key("match").await.unwrap());
    assert!(!store.delete_game_key("match").await.unwrap());
    assert!(
        store
            .game_key(GameKeyHash([1; 32]))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(names().await, ["arena"]);
}
