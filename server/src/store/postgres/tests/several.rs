//! Several servers on one database change the same at the same time.

use futures_util::future::join_all;
use longhall_packet::{ChannelName, Username};

use super::*;
use crate::store::{
    Access, Added, ChannelId, Created, MemberLimits, NewChannel, NewSession, NewUser, Role, Store,
    TokenHash, UserId,
};

/// How often each race is run.
const ROUNDS: u8 = 5;

fn servers() -> [PostgresStore; 2] {
    let url = database();
    [(); 2].map(|()| PostgresStore::open(&url).unwrap())
}

fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        password_hash: "hash".to_owned(),
        recovery_codes: Vec::new(),
    }
}

async fn users(store: &PostgresStore, prefix: &str, count: u8) -> Vec<UserId> {
    let mut users = Vec::new();
    for number in 0..count {
        let name = format!("{prefix}-{number}");
        users.push(store.insert_user(new_user(&name)).await.unwrap().unwrap());
    }
    users
}

async fn channel(store: &PostgresStore, owner: UserId, name: &str) -> ChannelId {
    let new = NewChannel {
        name: ChannelName::parse(name).unwrap(),
        topic: String::new(),
        access: Access::Open,
        password_hash: None,
        owner,
        channels_per_account: 20,
        now_ms: 0,
    };
    match store.insert_channel(new).await.unwrap() {
        Created::Channel(channel) => channel.id,
        other => panic!("{other:?}"),
    }
}

const ROOMY: MemberLimits = MemberLimits {
    members_per_channel: 100,
    channels_per_account: 100,
};

#[tokio::test]
async fn of_names_that_look_alike_one_is_given() {
    let servers = servers();
    for round in 0..ROUNDS {
        let names = ["ian", "lan", "1an", "Ian"].map(|name| format!("{name}-{round}"));
        let registering = names.iter().enumerate();
        let registering = registering
            .map(|(number, name)| servers[number % servers.len()].insert_user(new_user(name)));
        let registered = join_all(registering).await;
        let given = registered.into_iter().filter_map(Result::unwrap).count();
        assert_eq!(given, 1, "round {round}");
    }
}

#[tokio::test]
async fn no_channel_gets_more_members_than_it_may_have() {
    let servers = servers();
    let all = users(&servers[0], "player", 8).await;
    let limits = MemberLimits {
        members_per_channel: 3,
        ..ROOMY
    };
    for round in 0..ROUNDS {
        let trade = channel(&servers[0], all[0], &format!("trade-{round}")).await;
        let joining = all[1..].iter().enumerate();
        let joining = joining.map(|(number, user)| {
            servers[number % servers.len()].insert_member(trade, *user, limits, 0)
        });
        let added = join_all(joining).await;
        let members = added.into_iter().map(Result::unwrap);
        assert_eq!(members.filter(|added| *added == Added::Member).count(), 2);
    }
}

#[tokio::test]
async fn a_channel_that_all_leave_at_once_has_one_owner_until_it_is_gone() {
    let servers = servers();
    let all = users(&servers[0], "player", 6).await;
    for round in 0..ROUNDS {
        let name = format!("trade-{round}");
        let trade = channel(&servers[0], all[0], &name).await;
        for user in &all[1..] {
            let added = servers[0].insert_member(trade, *user, ROOMY, 0).await;
            assert_eq!(added.unwrap(), Added::Member);
        }
        let leaving = all[..4].iter().enumerate();
        let leaving = leaving
            .map(|(number, user)| servers[number % servers.len()].delete_member(trade, *user));
        for left in join_all(leaving).await {
            left.unwrap();
        }
        let left = servers[0].members(trade, None, 10).await.unwrap();
        let owners = left.iter().filter(|member| member.role == Role::Owner);
        assert_eq!((left.len(), owners.count()), (2, 1), "round {round}");
        let leaving = [
            servers[0].delete_member(trade, all[4]),
            servers[1].delete_member(trade, all[5]),
        ];
        for left in join_all(leaving).await {
            left.unwrap();
        }
        let name = ChannelName::parse(&name).unwrap();
        assert!(servers[0].channel_by_name(&name).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn no_account_gets_more_sessions_than_it_may_have() {
    let servers = servers();
    let ada = users(&servers[0], "ada", 1).await[0];
    for round in 0..ROUNDS {
        let logging_in = (0..6).map(|number| {
            servers[usize::from(number) % servers.len()].insert_session(NewSession {
                user: ada,
                token: TokenHash([round * 10 + number; 32]),
                device: String::new(),
                now_ms: 1000,
                expires_at_ms: 2000,
                ended_by_ms: 1000,
                at_most: 2,
                connected: Vec::new(),
                place: None,
                network: None,
            })
        });
        for made in join_all(logging_in).await {
            made.unwrap();
        }
        assert_eq!(servers[0].sessions(ada, 1000).await.unwrap().len(), 2);
    }
}
