use super::*;

for_each_store! {
    where_many_stand_is_what_is_said_of_each
}

async fn where_many_stand_is_what_is_said_of_each(store: &dyn Store) {
    let lobby = store.open_lobby(&channel_name("lobby"), 0).await.unwrap();
    let mut users = Vec::new();
    for (number, name) in ["ada", "bob", "eve"].into_iter().enumerate() {
        let user = user(store, name).await;
        let token = u8::try_from(number).unwrap();
        store.insert_session(session(user, token)).await.unwrap();
        users.push(user);
    }
    let [ada, bob, eve] = users[..] else {
        panic!("not three")
    };
    let (den, guild) = (
        channel(store, ada, "den").await,
        channel(store, bob, "guild").await,
    );
    join(store, den, bob).await;
    store.set_topic(den, "bears".to_owned()).await.unwrap();
    store.insert_block(ada, eve, 10).await.unwrap();
    store.insert_block(ada, bob, 10).await.unwrap();
    for ended_by_ms in [1000, 2000] {
        let asked = vec![eve, ada, UserId(99), bob];
        let mut standings = store.standings(asked.clone(), ended_by_ms).await.unwrap();
        standings.channels.sort_by_key(|channel| channel.channel.0);
        let mut one_by_one = standing::one_by_one(store, asked, ended_by_ms)
            .await
            .unwrap();
        one_by_one.channels.sort_by_key(|channel| channel.channel.0);
        for (_, standing) in standings
            .accounts
            .iter_mut()
            .chain(&mut one_by_one.accounts)
        {
            standing.roles.sort_by_key(|(channel, _)| channel.0);
            standing.blocked.sort_by_key(|user| user.0);
        }
        assert_eq!(standings, one_by_one);
        let [eves, adas, nobodys, bobs] = &standings.accounts[..] else {
            panic!("{standings:?}")
        };
        assert_eq!((eves.0, &nobodys.1), (eve, &Standing::default()));
        assert_eq!(adas.1.blocked, [bob, eve]);
        assert_eq!(bobs.1.roles, [(den, Role::Member), (guild, Role::Owner)]);
        assert_eq!(bobs.1.sessions.len(), usize::from(ended_by_ms == 1000));
        let dens = &standings.channels[0];
        assert_eq!((dens.topic.as_str(), dens.members), ("bears", 2));
        assert!(
            standings
                .channels
                .iter()
                .all(|channel| channel.channel != lobby.id)
        );
    }
}
