//! What is known of players here is compared with the store.

use longhall_packet::Role;

use super::servers::Servers;
use super::*;
use crate::store::{ChannelStanding, Standing, Standings};

#[test]
fn what_a_player_or_a_channel_missed_is_found_by_comparing_with_the_store() {
    let mut servers = Servers::start(2);
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _places = [enter(&servers.hubs[0], &ada), enter(&servers.hubs[1], &bob)];
    servers.settle();
    let hub = &servers.hubs[0];
    waiting(&ada);
    let known = |change: fn(&mut Standing, &mut ChannelStanding)| {
        let mut standing = Standing {
            roles: vec![(den().channel.id, den().role)],
            blocked: Vec::new(),
            sessions: vec![SessionId(1), SessionId(9)],
        };
        let mut channel = ChannelStanding {
            channel: den().channel.id,
            topic: den().channel.topic,
            access: den().channel.access,
            speech: longhall_packet::Speech::default(),
            members: den().members,
        };
        change(&mut standing, &mut channel);
        Standings {
            accounts: vec![(ada.user, standing), (bob.user, Standing::default())],
            channels: vec![channel],
        }
    };
    let wrong = |known| hub.compare(&hub.arrive(), known);
    assert_eq!(wrong(known(|_, _| {})), []);
    for change in [
        (|player, _| player.roles.clear()) as fn(&mut Standing, &mut ChannelStanding),
        |player, _| player.roles[0].1 = Role::Owner,
        |player, _| player.roles.push((ChannelId(9), Role::Member)),
        |player, _| player.blocked.push(UserId(3)),
        |player, _| player.sessions.clear(),
    ] {
        assert_eq!(wrong(known(change)), [ada.user]);
    }
    assert!(hub.uncounted().is_empty() && waiting(&ada).is_empty());
    assert_eq!(wrong(known(|_, channel| channel.members = 9)), []);
    assert_eq!(hub.uncounted(), [(den().channel.id, ada.user)]);

    // What it is about is told once, and not when something else was told meanwhile.
    let other_topic = || known(|_, channel| channel.topic = "news".to_owned());
    let arrival = hub.arrive();
    hub.announce(den().channel.id, &ServerPacket::Ok { id: 0 });
    assert_eq!(hub.compare(&arrival, other_topic()), []);
    waiting(&ada);
    for times in [1, 0] {
        assert_eq!(wrong(other_topic()), []);
        let told = waiting(&ada);
        assert_eq!(told.len(), times, "{told:?}");
        let topics = told.iter().filter(|packet| {
            matches!(packet, ServerPacket::ChannelChanged { topic, .. } if topic == "news")
        });
        assert_eq!(topics.count(), times, "{told:?}");
    }
}
