//! What was set on accounts, as it is remembered.

use super::*;

for_each_store! {
    what_is_set_in_channels_hides_nothing_that_is_set_everywhere
}

fn mute(on: &SanctionOn, created_at_ms: i64) -> Sanction {
    Sanction {
        kind: SanctionKind::Mute,
        on: on.clone(),
        username: None,
        channel: None,
        until_ms: None,
        created_at_ms,
        made_by: "ada".to_owned(),
        reason: String::new(),
    }
}

async fn what_is_set_in_channels_hides_nothing_that_is_set_everywhere(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let den = channel(store, ada, "den").await;
    let (everywhere, there) = (SanctionOn::Account(bob), SanctionOn::Member(bob, den));
    let at = [
        (&everywhere, 1000),
        (&there, 1001),
        (&everywhere, 1002),
        (&there, 1003),
        (&there, 1004),
    ];
    for (on, created_at_ms) in at {
        let set = store.set_sanction(mute(on, created_at_ms), None);
        set.await.unwrap();
    }
    for (limit, times) in [
        (1, vec![1002]),
        (3, vec![1004, 1002, 1000]),
        (9, vec![1004, 1003, 1002, 1001, 1000]),
    ] {
        let past = store.past_sanctions(bob, 0, limit).await.unwrap();
        let told: Vec<_> = past.iter().map(|one| one.sanction.created_at_ms).collect();
        assert_eq!(told, times, "{limit}");
    }
    for (on, since_ms, count) in [
        (&everywhere, 0, 2),
        (&everywhere, 1001, 1),
        (&there, 1001, 3),
        (&SanctionOn::Account(ada), 0, 0),
        (&SanctionOn::Network("203.0.113.0/24".to_owned()), 0, 0),
    ] {
        let counted = store.count_sanctions(SanctionKind::Mute, on.clone(), since_ms);
        assert_eq!(counted.await.unwrap(), count, "{on:?}");
        let bans = store.count_sanctions(SanctionKind::Ban, on.clone(), since_ms);
        assert_eq!(bans.await.unwrap(), 0);
    }
}
