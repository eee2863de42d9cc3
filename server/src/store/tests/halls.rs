//! Halls of the lobby.

use super::*;

for_each_store! {
    an_account_is_in_one_hall_and_in_the_first_one_by_itself
    who_changes_halls_reads_and_speaks_there_alone
    what_was_said_before_somebody_came_is_read
    a_hall_begins_as_the_lobby_is_and_is_listed_for_nobody
    a_hall_takes_no_channel_of_players
    halls_count_for_no_limit_of_channels
    a_lobby_of_another_name_has_no_halls_yet
    nobody_leaves_a_hall_like_a_channel
    who_is_buried_is_in_no_hall
    a_hall_stands_with_those_who_are_there_and_the_first_one_does_not
}

async fn lobby(store: &dyn Store) -> ChannelId {
    let name = channel_name("lobby");
    store.open_lobby(&name, 1000).await.unwrap().id
}

async fn hall(store: &dyn Store, number: u32) -> ChannelId {
    let name = channel_name(&format!("lobby-{number}"));
    let opened = store.open_hall(number, &name, 1000).await.unwrap();
    opened.unwrap().id
}

async fn halls_of(store: &dyn Store, user: UserId) -> Vec<(ChannelId, Option<u32>)> {
    let mine = store.memberships(user).await.unwrap().into_iter();
    let halls = mine.map(|mine| (mine.channel.id, mine.channel.hall));
    halls.filter(|(_, hall)| hall.is_some()).collect()
}

async fn an_account_is_in_one_hall_and_in_the_first_one_by_itself(store: &dyn Store) {
    let (lobby, ada) = (lobby(store).await, user(store, "ada").await);
    let (two, three) = (hall(store, 2).await, hall(store, 3).await);
    channel(store, ada, "den").await;
    assert_eq!(hall(store, 2).await, two);
    assert_eq!(halls_of(store, ada).await, [(lobby, Some(1))]);
    for (to, number) in [(two, 2), (three, 3), (three, 3), (lobby, 1), (two, 2)] {
        assert!(store.set_hall(ada, to, 1000).await.unwrap());
        assert_eq!(halls_of(store, ada).await, [(to, Some(number))]);
        // Ahead of all others, whatever its name.
        let mine = store.memberships(ada).await.unwrap();
        assert_eq!((mine.len(), mine[0].channel.id), (2, to));
        for hall in [lobby, two, three] {
            let there = store.membership(hall, ada).await.unwrap();
            assert_eq!(there.is_some(), hall == to, "{hall:?} for {to:?}");
            assert!(there.is_none_or(|there| there.members == 0));
        }
    }
    let halls = store.halls().await.unwrap();
    let halls: Vec<_> = halls.iter().map(|hall| (hall.id, hall.hall)).collect();
    assert_eq!(halls, [(two, Some(2)), (three, Some(3))]);
}

async fn who_changes_halls_reads_and_speaks_there_alone(store: &dyn Store) {
    let (lobby, ada) = (lobby(store).await, user(store, "ada").await);
    let two = hall(store, 2).await;
    let is_in = |appended: &[Appended]| matches!(appended, [Appended::Line { .. }]);
    let mut line_id = 0;
    for here in [lobby, two, lobby] {
        store.set_hall(ada, here, 1000).await.unwrap();
        for channel in [lobby, two] {
            line_id += 1;
            let said = store.append(vec![say(ada, channel, line_id, "hi")]).await;
            let said = said.unwrap();
            assert_eq!(is_in(&said), channel == here, "{said:?}");
        }
    }
}

async fn what_was_said_before_somebody_came_is_read(store: &dyn Store) {
    let (lobby, ada) = (lobby(store).await, user(store, "ada").await);
    let (bob, two) = (user(store, "bob").await, hall(store, 2).await);
    store.set_hall(bob, two, 1000).await.unwrap();
    store.append(vec![say(bob, two, 1, "one")]).await.unwrap();
    store.set_hall(ada, two, 1000).await.unwrap();
    let unread = async |channel| {
        let mine = store.membership(channel, ada).await.unwrap().unwrap();
        (mine.read_seq, mine.unread)
    };
    assert_eq!(unread(two).await, (1, 0));
    store.append(vec![say(bob, two, 2, "two")]).await.unwrap();
    assert_eq!(unread(two).await, (1, 1));
    store.set_hall(bob, lobby, 1000).await.unwrap();
    store
        .append(vec![say(bob, lobby, 3, "three")])
        .await
        .unwrap();
    store.set_hall(ada, lobby, 1000).await.unwrap();
    assert_eq!(unread(lobby).await, (1, 0));
}

async fn a_hall_begins_as_the_lobby_is_and_is_listed_for_nobody(store: &dyn Store) {
    let (lobby, ada) = (lobby(store).await, user(store, "ada").await);
    let speech = Speech {
        slow_mode_s: 9,
        filter: None,
    };
    store.set_topic(lobby, "Welcome".to_owned()).await.unwrap();
    store.set_speech(lobby, speech).await.unwrap();
    let two = store.open_hall(2, &channel_name("lobby-2"), 1000).await;
    let two = two.unwrap().unwrap();
    assert_eq!((two.topic.as_str(), two.speech), ("Welcome", speech));
    store.set_hall(ada, two.id, 1000).await.unwrap();
    let listed = store.channels(ada, None, 10).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|(channel, _)| channel.id).collect();
    assert_eq!(listed, [lobby]);
}

async fn a_hall_takes_no_channel_of_players(store: &dyn Store) {
    lobby(store).await;
    let ada = user(store, "ada").await;
    let theirs = channel(store, ada, "lobby-2").await;
    let name = channel_name("lobby-2");
    assert!(store.open_hall(2, &name, 1000).await.unwrap().is_none());
    assert!(!store.set_hall(ada, theirs, 1000).await.unwrap());
    let mine = store.membership(theirs, ada).await.unwrap().unwrap();
    assert_eq!((mine.role, mine.channel.hall), (Role::Owner, None));
}

async fn halls_count_for_no_limit_of_channels(store: &dyn Store) {
    lobby(store).await;
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let two = hall(store, 2).await;
    store.set_hall(ada, two, 1000).await.unwrap();
    let den = channel(store, bob, "den").await;
    let one = MemberLimits {
        members_per_channel: 2,
        channels_per_account: 1,
    };
    let added = store.insert_member(den, ada, one, 1000).await.unwrap();
    assert_eq!(added, Added::Member);
    // Nobody joins a hall like a channel.
    let added = store.insert_member(two, bob, LIMITS, 1000).await.unwrap();
    assert_eq!(added, Added::Already);
    assert!(store.membership(two, bob).await.unwrap().is_none());
}

async fn a_lobby_of_another_name_has_no_halls_yet(store: &dyn Store) {
    lobby(store).await;
    let (ada, two) = (user(store, "ada").await, hall(store, 2).await);
    store.set_hall(ada, two, 1000).await.unwrap();
    let tavern = store.open_lobby(&channel_name("tavern"), 1000).await;
    let tavern = tavern.unwrap().id;
    assert_eq!(halls_of(store, ada).await, [(tavern, Some(1))]);
    assert!(store.halls().await.unwrap().is_empty());
    assert!(store.membership(two, ada).await.unwrap().is_none());
    // And back again: what was left over is a hall once more.
    let back = lobby(store).await;
    assert_eq!(hall(store, 2).await, two);
    assert_eq!(halls_of(store, ada).await, [(back, Some(1))]);
}

async fn nobody_leaves_a_hall_like_a_channel(store: &dyn Store) {
    lobby(store).await;
    let (ada, two) = (user(store, "ada").await, hall(store, 2).await);
    store.set_hall(ada, two, 1000).await.unwrap();
    let left = store.delete_member(two, ada).await.unwrap();
    assert_eq!(left, Removed::NotAMember);
    assert_eq!(halls_of(store, ada).await, [(two, Some(2))]);
}

async fn who_is_buried_is_in_no_hall(store: &dyn Store) {
    let (lobby, ada) = (lobby(store).await, user(store, "ada").await);
    let two = hall(store, 2).await;
    store.set_hall(ada, two, 1000).await.unwrap();
    let tombstone = "(gone 1)".to_owned();
    let buried = store.bury_if(ada, tombstone, AccountKind::Full, i64::MAX);
    assert!(buried.await.unwrap());
    assert_eq!(halls_of(store, ada).await, [(lobby, Some(1))]);
}

async fn a_hall_stands_with_those_who_are_there_and_the_first_one_does_not(store: &dyn Store) {
    lobby(store).await;
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let two = hall(store, 2).await;
    store.set_hall(ada, two, 1000).await.unwrap();
    let standings = store.standings(vec![ada, bob], 1000).await.unwrap();
    let roles = standings
        .accounts
        .into_iter()
        .map(|(_, stands)| stands.roles);
    let roles: Vec<_> = roles.collect();
    assert_eq!(roles, [vec![(two, Role::Member)], Vec::new()]);
    let channels: Vec<_> = standings.channels.iter().collect();
    assert_eq!(channels.len(), 1);
    assert_eq!((channels[0].channel, channels[0].members), (two, 0));
}
