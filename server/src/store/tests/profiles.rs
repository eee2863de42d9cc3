//! What players show of themselves for a game's sake.

use std::collections::BTreeSet;

use longhall_packet::{Denial, DenyCode, Profile};

use super::*;

for_each_store! {
    a_profile_is_kept_and_counts_its_changes
    of_two_changes_of_one_version_the_second_is_told
    the_games_keys_stay_and_are_set_by_the_game
    a_profile_is_gone_with_its_account_and_is_not_set_again
    a_guest_who_becomes_an_account_keeps_the_profile
}

fn profile(json: &str) -> Profile {
    Profile::from_json(json).unwrap()
}

fn game_keys() -> BTreeSet<String> {
    BTreeSet::from(["level".to_owned()])
}

async fn set(
    store: &dyn Store,
    user: UserId,
    json: &str,
    if_version: Option<u32>,
) -> ProfileChanged {
    let by = ProfileAuthor::Player {
        profile: profile(json),
        if_version,
    };
    let change = ProfileChange {
        user,
        by,
        game_keys: game_keys(),
    };
    store.change_profile(change).await.unwrap()
}

fn now(json: &str, version: u32, is_new: bool) -> ProfileChanged {
    let kept = KeptProfile {
        profile: profile(json),
        version,
    };
    ProfileChanged::Now { kept, is_new }
}

fn code(changed: ProfileChanged) -> (DenyCode, Option<u32>) {
    match changed {
        ProfileChanged::Refused(Denial { code, limit, .. }) => (code, limit),
        other => panic!("{other:?}"),
    }
}

async fn a_profile_is_kept_and_counts_its_changes(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    assert_eq!(store.profile(ada).await.unwrap(), KeptProfile::default());
    let json = r#"{"hat":"Grüße 🎩","x":0.1,"y":1.0}"#;
    assert_eq!(set(store, ada, json, None).await, now(json, 1, true));
    assert_eq!(set(store, ada, json, None).await, now(json, 1, false));
    assert_eq!(set(store, ada, "{}", None).await, now("{}", 2, true));
    assert_eq!(set(store, ada, json, Some(2)).await, now(json, 3, true));
    let all = store.profiles(vec![bob, ada, UserId(99)]).await.unwrap();
    let versions: Vec<_> = all.iter().map(|kept| kept.version).collect();
    assert_eq!(versions, [0, 3, 0]);
    assert_eq!(all[1].profile, profile(json));
}

async fn of_two_changes_of_one_version_the_second_is_told(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let (one, two) = tokio::join!(
        set(store, ada, r#"{"a":1}"#, Some(0)),
        set(store, ada, r#"{"a":2}"#, Some(0))
    );
    let (won, lost) = match one {
        ProfileChanged::Now { .. } => (one, two),
        _ => (two, one),
    };
    assert!(matches!(won, ProfileChanged::Now { is_new: true, .. }));
    assert_eq!(code(lost), (DenyCode::VersionConflict, Some(1)));
    assert_eq!(store.profile(ada).await.unwrap().version, 1);
}

async fn the_games_keys_stay_and_are_set_by_the_game(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let by_game = |json: &str| {
        store.change_profile(ProfileChange {
            user: ada,
            by: ProfileAuthor::Game {
                values: profile(json),
            },
            game_keys: game_keys(),
        })
    };
    set(store, ada, r#"{"hat":1}"#, None).await;
    let changed = by_game(r#"{"level":3}"#).await.unwrap();
    assert_eq!(changed, now(r#"{"hat":1,"level":3}"#, 2, true));
    let refused = set(store, ada, r#"{"level":4}"#, None).await;
    assert_eq!(code(refused).0, DenyCode::KeptByGame);
    let refused = by_game(r#"{"hat":4}"#).await.unwrap();
    assert_eq!(code(refused).0, DenyCode::KeptByGame);
    let changed = set(store, ada, "{}", None).await;
    assert_eq!(changed, now(r#"{"level":3}"#, 3, true));
}

async fn a_profile_is_gone_with_its_account_and_is_not_set_again(store: &dyn Store) {
    let zoe = guest(store).await;
    set(store, zoe, r#"{"hat":1}"#, None).await;
    let kind = AccountKind::Guest;
    let buried = store.bury_if(zoe, "(guest 1)".to_owned(), kind, i64::MAX);
    assert!(buried.await.unwrap());
    assert_eq!(store.profile(zoe).await.unwrap(), KeptProfile::default());
    let set = set(store, zoe, r#"{"hat":1}"#, None).await;
    assert_eq!(set, ProfileChanged::NoAccount);
}

async fn guest(store: &dyn Store) -> UserId {
    let terms = Terms {
        kind: AccountKind::Guest,
        ..Terms::default()
    };
    let mut new = new_user("zoe");
    NO_PASSWORD.clone_into(&mut new.password_hash);
    match store.register(new, terms).await.unwrap() {
        Registered::Done(user) => user,
        other => panic!("{other:?}"),
    }
}

async fn a_guest_who_becomes_an_account_keeps_the_profile(store: &dyn Store) {
    let zoe = guest(store).await;
    set(store, zoe, r#"{"hat":1}"#, None).await;
    let upgraded = store.upgrade_guest(zoe, new_user("zoe"), Terms::default());
    assert_eq!(upgraded.await.unwrap(), Registered::Done(zoe));
    let kept = store.profile(zoe).await.unwrap();
    assert_eq!((kept.profile, kept.version), (profile(r#"{"hat":1}"#), 1));
}
