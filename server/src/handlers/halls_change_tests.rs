//! Halls of the lobby, once somebody is in one: changes, and what holds in all of them.

use super::*;

#[tokio::test]
async fn who_changes_halls_does_so_on_all_devices() {
    let [mut ada, mut bob, mut eve] = crowd(["ada", "bob", "eve"]).await;
    let mut tablet = bob.another_device("bob").await;
    tablet.tell_news();
    for player in [&mut ada, &mut bob, &mut eve, &mut tablet] {
        player.forget_waiting();
    }
    bob.ask(change_hall("lobby-2")).await;
    let joined = bob.expect_joined(Some(ID));
    assert_eq!((&*joined.channel, joined.hall), ("lobby-2", Some(2)));
    assert_eq!((joined.members, joined.online), (2, 2));
    bob.expect_left("lobby");
    assert_eq!(tablet.expect_joined(None).hall, Some(2));
    tablet.expect_left("lobby");
    ada.tell_news();
    let went = vec![(Change::Left, "bob".to_owned())];
    assert_eq!(ada.expect_presence(), ("lobby".to_owned(), 1, 1, went));
    let came = vec![(Change::Joined, "bob".to_owned())];
    assert_eq!(eve.expect_presence(), ("lobby-2".to_owned(), 2, 2, came));
    for player in [&mut ada, &mut bob, &mut eve, &mut tablet] {
        player.forget_waiting();
    }
    ada.chat("lobby", "gone?").await;
    assert!(bob.is_silent() && tablet.is_silent());
    bob.chat("lobby-2", "here").await;
    assert_eq!(eve.lines_waiting().len(), 1);
    // Once more changes nothing.
    bob.forget_waiting();
    tablet.forget_waiting();
    bob.ask(change_hall("lobby-2")).await;
    assert_eq!(bob.expect_joined(Some(ID)).hall, Some(2));
    assert!(bob.is_silent() && tablet.is_silent());
    // By joining as well, for games that know of no halls.
    bob.ask(join("lobby", None)).await;
    assert_eq!(bob.expect_joined(Some(ID)).hall, Some(1));
    bob.expect_left("lobby-2");
    // It is where they are from now on.
    assert_eq!(ada.another().enter("bob").await.1, Some(1));
}

#[tokio::test]
async fn a_hall_that_is_full_empty_or_none_is_not_changed_to() {
    let [mut ada, _bob, mut eve, _dan, zoe] = crowd(["ada", "bob", "eve", "dan", "zoe"]).await;
    eve.refused(change_hall("lobby"), DenyCode::ChannelFull)
        .await;
    ada.create("den", Access::Open).await;
    for none in ["nowhere", "den", "lobby-9"] {
        ada.refused(change_hall(none), DenyCode::UnknownChannel)
            .await;
    }
    zoe.cut();
    ada.refused(change_hall("lobby-3"), DenyCode::UnknownChannel)
        .await;
}

#[tokio::test]
async fn whoever_changes_all_the_time_has_to_wait() {
    let [mut ada, mut bob, _eve] = crowd(["ada", "bob", "eve"]).await;
    for to in ["lobby-2", "lobby", "lobby-2", "lobby", "lobby-2"] {
        ada.forget_waiting();
        ada.ask(change_hall(to)).await;
        ada.expect_joined(Some(ID));
    }
    ada.forget_waiting();
    ada.ask(change_hall("lobby")).await;
    let wait_ms = ada.expect_deny(Some(ID), DenyCode::RateLimited);
    assert!(wait_ms.is_some_and(|wait_ms| wait_ms <= 3000));
    assert_eq!(bob.halls().await, [(1, 1), (2, 2)]);
}

#[tokio::test]
async fn what_is_announced_is_said_in_all_halls_and_counts_in_the_first() {
    let [mut ada, _bob, mut eve, _dan, zoe] = crowd(["ada", "bob", "eve", "dan", "zoe"]).await;
    zoe.cut();
    ada.chat("lobby", "one").await;
    ada.forget_waiting();
    let ground = Ground::running(Arc::clone(ada.server()));
    let lobby = ada.server().config.lobby.name.clone();
    let lobby = ada.store().channel_by_name(&lobby).await.unwrap().unwrap();
    let text = longhall_packet::ChatText::parse("Maintenance at nine").unwrap();
    let line = ground.say_as_system(&lobby, &text).await.unwrap();
    assert_eq!(line.seq, 2);
    let said = |hall: &str| vec![(hall.to_owned(), "Maintenance at nine".to_owned())];
    assert_eq!(ada.lines_waiting(), said("lobby"));
    assert_eq!(eve.lines_waiting(), said("lobby-2"));
    // Nobody was in the third.
    let third = ada.store().halls().await.unwrap().pop().unwrap();
    assert_eq!((third.hall, third.last_seq), (Some(3), 0));
}

#[tokio::test]
async fn a_mute_in_one_hall_is_one_in_all() {
    let [mut ada, bob, mut eve, mut dan] = crowd(["ada", "bob", "eve", "dan"]).await;
    ada.appoint("eve", ServerRole::Moderator).await;
    eve.forget_waiting();
    eve.ask(mute("dan", Some("lobby-2"), None, "spam")).await;
    match eve.next() {
        ServerPacket::SanctionSet { sanction, .. } => {
            assert_eq!(sanction.channel.as_deref(), Some("lobby"));
        }
        other => panic!("{other:?}"),
    }
    bob.cut();
    for hall in ["lobby-2", "lobby"] {
        dan.ask(change_hall(hall)).await;
        dan.forget_waiting();
        dan.refused(chat(hall, 1, "spam"), DenyCode::Muted).await;
    }
    ada.chat("lobby", "still here").await;
}

#[tokio::test]
async fn what_an_operator_sets_on_the_lobby_holds_in_all_halls() {
    let [mut ada, _bob, mut eve] = crowd(["ada", "bob", "eve"]).await;
    let server = Arc::clone(ada.server());
    let ground = Ground::running(Arc::clone(&server));
    let slow = Order {
        act: Act::ChannelsSlow {
            channel: "lobby".to_owned(),
            seconds: 3600,
        },
        reason: None,
    };
    let operator = Actor {
        name: "operator".to_owned(),
        via: "command".to_owned(),
    };
    assert!(admin::run(&ground, &operator, slow).await.is_ok());
    for player in [&mut ada, &mut eve] {
        assert!(matches!(
            player.next(),
            ServerPacket::ChannelChanged { speech, .. } if speech.slow_mode_s == 3600
        ));
    }
    let following = tokio::spawn(crate::settings::follow(Arc::clone(&server)));
    let mut config = Config::clone(&server.settings());
    config.lobby.welcome = longhall_packet::Topic::parse("Be kind").unwrap();
    server.settings.set(config);
    for (player, hall) in [(&mut ada, "lobby"), (&mut eve, "lobby-2")] {
        match player.await_next().await {
            ServerPacket::ChannelChanged { channel, topic, .. } => {
                assert_eq!((channel.as_str(), topic.as_str()), (hall, "Be kind"));
            }
            other => panic!("{other:?}"),
        }
    }
    following.abort();
    // And in those that are opened later.
    let (_dan, _) = ada.newcomer("dan").await;
    let (_zoe, hall) = ada.newcomer("zoe").await;
    assert_eq!(hall, 3);
    let third = ada.store().halls().await.unwrap().pop().unwrap();
    assert_eq!(
        (third.topic.as_str(), third.speech.slow_mode_s),
        ("Be kind", 3600)
    );
}

#[tokio::test]
async fn another_name_and_another_profile_are_told_in_all_halls() {
    let [mut ada, mut bob, mut eve] = crowd(["ada", "bob", "eve"]).await;
    ada.done(rename("correct horse", "Grace")).await;
    for player in [&mut bob, &mut eve] {
        assert!(matches!(player.next(), ServerPacket::Renamed { .. }));
    }
    ada.ask(set_profile(r#"{"colour":"teal"}"#)).await;
    ada.tell_news();
    for player in [&mut bob, &mut eve] {
        assert!(matches!(player.next(), ServerPacket::Profiles { .. }));
    }
}

#[tokio::test]
async fn halls_are_of_all_servers() {
    let (bus, store) = (Loopback::default(), Arc::new(MemoryStore::default()));
    let join = || TestSession::in_cluster(store.clone(), bus.join(), |config| set(config, 2));
    let (here, there) = (join().await, join().await);
    let mut players = Vec::new();
    for (at, name) in ["ada", "bob", "eve"].into_iter().enumerate() {
        let (player, hall) = [&here, &there][at % 2].newcomer(name).await;
        assert_eq!(hall as usize, at / 2 + 1, "{name}");
        until(|| here.hub().len() == at + 1 && there.hub().len() == at + 1).await;
        players.push(player);
    }
    let mut tablet = there.another();
    tablet.enter("ada").await;
    let [mut ada, mut bob, mut eve] = players.try_into().ok().unwrap();
    ada.forget_waiting();
    ada.ask(change_hall("lobby-2")).await;
    while !matches!(
        ada.await_next().await,
        ServerPacket::Joined { id: Some(_), .. }
    ) {}
    for device in [&mut ada, &mut tablet] {
        while !matches!(
            device.await_next().await,
            ServerPacket::Left { channel, .. } if channel == "lobby"
        ) {}
    }
    for player in [&mut bob, &mut eve] {
        assert_eq!(player.halls().await, [(1, 1), (2, 2)]);
    }
    tablet.forget_waiting();
    eve.forget_waiting();
    ada.chat("lobby-2", "moved").await;
    for player in [&mut tablet, &mut eve] {
        let heard = loop {
            if let ServerPacket::Chat { line, .. } = player.await_next().await {
                break line.text;
            }
        };
        assert_eq!(heard, "moved");
    }
    assert!(bob.lines_waiting().is_empty());
}
