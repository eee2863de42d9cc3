//! Channels for a match or a party.

use longhall_packet::{ChannelCode, Temporary};

use super::*;

for_each_store! {
    a_temporary_channel_is_found_by_its_code_and_listed_for_nobody
    it_holds_so_many_and_no_more_however_many_come_at_once
    it_ends_with_its_lines_and_leaves_other_channels_alone
    the_game_makes_one_with_members_and_without_an_owner
    of_first_members_who_are_too_many_the_last_do_not_fit
}

fn code(number: u8) -> ChannelCode {
    ChannelCode::from_bytes(&[number; ChannelCode::CHARS])
}

fn new(owner: Option<UserId>, name: &str, number: u8) -> NewTemporary {
    NewTemporary {
        name: channel_name(name),
        topic: "best of three".to_owned(),
        temporary: Temporary {
            code: code(number),
            max_members: 2,
            ends_at_ms: 5000,
        },
        owner,
        members: Vec::new(),
        channels_per_account: 20,
        now_ms: 1000,
    }
}

async fn made(store: &dyn Store, new: NewTemporary) -> Channel {
    match store.insert_temporary(new).await.unwrap() {
        Created::Channel(channel) => channel,
        other => panic!("{other:?}"),
    }
}

async fn a_temporary_channel_is_found_by_its_code_and_listed_for_nobody(store: &dyn Store) {
    let (ada, bob) = (user(store, "ada").await, user(store, "bob").await);
    let channel = made(store, new(Some(ada), "match-1", 1)).await;
    let temporary = channel.temporary.clone().unwrap();
    assert_eq!((temporary.max_members, temporary.ends_at_ms), (2, 5000));
    let found = store.channel_by_code(code(1)).await.unwrap().unwrap();
    assert_eq!(found, channel);
    assert!(store.channel_by_code(code(2)).await.unwrap().is_none());
    let listed = store.channels(bob, None, 10).await.unwrap();
    assert!(listed.is_empty());
    let mine = store.memberships(ada).await.unwrap();
    assert_eq!((mine[0].role, &mine[0].channel), (Role::Owner, &channel));
    for taken in [new(Some(ada), "match-2", 1), new(Some(ada), "match-1", 2)] {
        let again = store.insert_temporary(taken).await.unwrap();
        assert_eq!(again, Created::Taken);
    }
    let one = NewTemporary {
        channels_per_account: 1,
        ..new(Some(ada), "match-3", 3)
    };
    let too_many = store.insert_temporary(one).await.unwrap();
    assert_eq!(too_many, Created::TooManyChannels);
}

async fn it_holds_so_many_and_no_more_however_many_come_at_once(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let (bob, eve) = (user(store, "bob").await, user(store, "eve").await);
    let channel = made(store, new(Some(ada), "match-1", 1)).await.id;
    let (one, two) = tokio::join!(
        store.insert_member(channel, bob, LIMITS, 1000),
        store.insert_member(channel, eve, LIMITS, 1000)
    );
    let mut came = [one.unwrap(), two.unwrap()];
    came.sort_by_key(|added| *added == Added::ChannelFull);
    assert_eq!(came, [Added::Member, Added::ChannelFull]);
    let members = store.temporary_members(10).await.unwrap();
    assert_eq!(members.len(), 2);
    assert_eq!(
        (&*members[0].username, members[0].role),
        ("ada", Role::Owner)
    );
    assert_eq!(members[1].name, channel_name("match-1"));
}

async fn it_ends_with_its_lines_and_leaves_other_channels_alone(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let den = channel(store, ada, "den").await;
    let over = made(store, new(Some(ada), "match-1", 1)).await.id;
    store.append(vec![say(ada, over, 1, "gg")]).await.unwrap();
    assert!(store.ended_channels(4999, 10).await.unwrap().is_empty());
    let ended = store.ended_channels(5000, 10).await.unwrap();
    assert_eq!((ended.len(), ended[0].id), (1, over));
    assert!(store.end_channel(den).await.unwrap().is_none());
    let members = store.end_channel(over).await.unwrap().unwrap();
    assert_eq!((members.len(), members[0].user), (1, ada));
    assert!(store.end_channel(over).await.unwrap().is_none());
    assert!(store.channel_by_code(code(1)).await.unwrap().is_none());
    assert!(store.temporary_members(10).await.unwrap().is_empty());
    assert_eq!(store.memberships(ada).await.unwrap().len(), 1);
    // The name may be used again, and the numbers go on.
    let again = made(store, new(Some(ada), "match-1", 2)).await;
    assert_eq!((again.first_seq, again.last_seq), (2, 1));
}

async fn the_game_makes_one_with_members_and_without_an_owner(store: &dyn Store) {
    let ada = user(store, "ada").await;
    let (bob, eve) = (user(store, "bob").await, user(store, "eve").await);
    channel(store, bob, "den").await;
    let game = NewTemporary {
        members: vec![ada, ada, bob, eve],
        channels_per_account: 1,
        ..new(None, "match-1", 1)
    };
    let made = made(store, game).await;
    let members = store.members(made.id, None, 10).await.unwrap();
    let names: Vec<_> = members
        .iter()
        .map(|row| (&*row.username, row.role))
        .collect();
    assert_eq!(names, [("ada", Role::Member), ("eve", Role::Member)]);
}

async fn of_first_members_who_are_too_many_the_last_do_not_fit(store: &dyn Store) {
    let mut members = Vec::new();
    for name in ["ada", "bob", "eve"] {
        members.push(user(store, name).await);
    }
    let game = NewTemporary {
        members: members.clone(),
        ..new(None, "match-1", 1)
    };
    let full = made(store, game).await.id;
    let rows = store.temporary_members(10).await.unwrap();
    let users: Vec<_> = rows.iter().map(|row| (row.channel, row.user)).collect();
    assert_eq!(users, [(full, members[0]), (full, members[1])]);
}
