//! A player makes a channel for a match or a party, comes into one by its code, and ends it.

use std::time::Duration;

use longhall_packet::limits::{DEFAULT_TEMPORARY_MEMBERS, DEFAULT_TEMPORARY_S};
use longhall_packet::{ChannelCode, ChannelName, DenyCode, Field, RequestId, ServerPacket, Topic};
use longhall_world::rules;
use tracing::info;

use super::listen::{channels_per_account, listen};
use super::lookup::membership;
use super::outcome::Outcome;
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::store::{Added, MemberLimits};
use crate::temporary::{self, NewMatch};

/// Answers `create_temporary` with `joined`.
pub(crate) async fn create_temporary(
    session: &Session,
    id: RequestId,
    name: Option<ChannelName>,
    topic: &Topic,
    (max_members, lasts_s): (Option<u32>, Option<u32>),
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    server.limits.check_creation(me)?;
    if let Some(name) = &name {
        temporary::check_name(server, name)?;
    }
    let topic = server.fit_to_read(topic.as_str(), None, Field::Topic)?.text;
    let new = NewMatch {
        name,
        topic,
        max_members: max_members.unwrap_or(DEFAULT_TEMPORARY_MEMBERS),
        lasts: Duration::from_secs(u64::from(lasts_s.unwrap_or(DEFAULT_TEMPORARY_S))),
        owner: Some(me),
        members: Vec::new(),
    };
    let (channel, _change) = temporary::create(server, new).await?;
    info!(connection = session.connection, user = me.0, channel = %channel.name, "created");
    listen(session, id, channel.id).await
}

/// Answers `join_by_code` with `joined`. A member of the channel is told how it stands.
pub(crate) async fn join_by_code(session: &Session, id: RequestId, code: &ChannelCode) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    server.count_try(Tried::ChannelCode(me)).await?;
    server
        .count_try(Tried::ChannelCodeFrom(session.address))
        .await?;
    let channel = server.store.channel_by_code(code.clone()).await?;
    let ended_by_ms = server.clock.ended_by_ms().unsigned_abs();
    let channel = channel.filter(|channel| {
        let temporary = channel.temporary.as_ref();
        temporary.is_some_and(|temporary| temporary.ends_at_ms > ended_by_ms)
    });
    let channel = channel.ok_or(DenyCode::UnknownCode)?;
    if let Some(membership) = server.store.membership(channel.id, me).await? {
        let channel = server.hub.see(&membership);
        session.reply(&ServerPacket::Joined {
            id: Some(id),
            channel,
        });
        return Ok(());
    }
    let now_ms = server.clock.now_ms();
    if let Some(denial) = server.sanctions.ban_in(me, channel.id, now_ms) {
        return Err(denial.into());
    }
    let _change = server.change_channel(&channel.name).await?;
    let limits = MemberLimits {
        members_per_channel: server.settings().capacity.members_per_channel,
        channels_per_account: channels_per_account(server),
    };
    let added = server.store.insert_member(channel.id, me, limits, now_ms);
    match added.await? {
        Added::Member | Added::Already => listen(session, id, channel.id).await,
        Added::ChannelFull => Err(DenyCode::ChannelFull.into()),
        Added::TooManyChannels => Err(DenyCode::TooManyChannels.into()),
        // Over in the meantime.
        Added::NoChannel => Err(DenyCode::UnknownCode.into()),
    }
}

/// Answers `end_channel` with `ok`, behind the news to all members. For the owner.
pub(crate) async fn end_channel(session: &Session, id: RequestId, name: &ChannelName) -> Outcome {
    let mine = membership(session, name).await?;
    rules::check_end(&mine)?;
    if !temporary::end_channel(&session.server, name).await? {
        return Err(DenyCode::UnknownChannel.into());
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{
        Access, ChannelName, ChannelState, DenyCode, LeaveReason, Role, ServerPacket,
    };
    use tokio::time::Instant;

    use crate::handlers::test_requests::{
        ID, channels, create_temporary, end_channel, join, join_by_code, leave, logout,
    };
    use crate::handlers::test_session::TestSession;
    use crate::temporary::{self, Away, NewMatch};

    const DAY: Duration = Duration::from_secs(24 * 3600);

    async fn made(player: &mut TestSession, name: Option<&str>, max: u32) -> ChannelState {
        player
            .ask(create_temporary(name, Some(max), Some(3600)))
            .await;
        player.expect_joined(Some(ID))
    }

    fn code(channel: &ChannelState) -> String {
        channel.temporary.as_ref().unwrap().code.expose().to_owned()
    }

    fn ended(channel: &ChannelState) -> ServerPacket {
        ServerPacket::Left {
            channel: channel.channel.clone(),
            reason: LeaveReason::Ended,
            by: None,
        }
    }

    #[tokio::test]
    async fn who_has_the_code_comes_in_and_nobody_else_knows_of_it() {
        let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
        let party = made(&mut ada, None, 2).await;
        assert!(party.channel.starts_with("match-"), "{}", party.channel);
        assert_eq!((party.access, party.role), (Access::Invite, Role::Owner));
        let code = code(&party);
        eve.ask(channels(None)).await;
        let ServerPacket::Channels { channels, .. } = eve.next() else {
            panic!("no list")
        };
        assert_eq!(channels.len(), 1);
        eve.refused(join(&party.channel, None), DenyCode::InviteOnly)
            .await;
        eve.refused(join_by_code("0000-0000"), DenyCode::UnknownCode)
            .await;
        bob.ask(join_by_code(&code.to_lowercase())).await;
        let joined = bob.expect_joined(Some(ID));
        assert_eq!((joined.role, joined.members), (Role::Member, 2));
        assert_eq!(joined.temporary, party.temporary);
        eve.refused(join_by_code(&code), DenyCode::ChannelFull)
            .await;
        // Once more changes nothing.
        bob.ask(join_by_code(&code)).await;
        assert_eq!(bob.expect_joined(Some(ID)).members, 2);
        ada.chat(&party.channel, "gl hf").await;
        assert_eq!(bob.expect_line().text, "gl hf");
    }

    #[tokio::test]
    async fn its_owner_ends_it_and_nobody_else() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let party = made(&mut ada, Some("finals"), 8).await;
        assert_eq!(party.channel, "finals");
        bob.ask(join_by_code(&code(&party))).await;
        bob.expect_joined(Some(ID));
        bob.refused(end_channel("finals"), DenyCode::NotAllowed)
            .await;
        ada.create("den", Access::Open).await;
        ada.refused(end_channel("den"), DenyCode::NotAllowed).await;
        ada.refused(
            create_temporary(Some("finals"), None, None),
            DenyCode::ChannelTaken,
        )
        .await;
        ada.ask(end_channel("finals")).await;
        assert_eq!((ada.next(), bob.next()), (ended(&party), ended(&party)));
        ada.expect_ok(ID);
        bob.refused(join_by_code(&code(&party)), DenyCode::UnknownCode)
            .await;
        assert!(
            ada.store()
                .channel_by_name(&ChannelName::parse("finals").unwrap())
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn it_is_gone_at_its_end_time_and_when_its_last_member_left() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let party = made(&mut ada, None, 8).await;
        let other = made(&mut bob, None, 8).await;
        bob.ask(leave(&other.channel)).await;
        bob.next();
        bob.expect_ok(ID);
        ada.refused(join_by_code(&code(&other)), DenyCode::UnknownCode)
            .await;
        let mut away = Away::default();
        temporary::look(ada.server(), &mut away, Instant::now())
            .await
            .unwrap();
        ada.expect_nothing();
        ada.step_clock(Duration::from_secs(3601));
        // Before anybody has looked.
        bob.refused(join_by_code(&code(&party)), DenyCode::UnknownCode)
            .await;
        temporary::look(ada.server(), &mut away, Instant::now())
            .await
            .unwrap();
        assert_eq!(ada.next(), ended(&party));
    }

    #[tokio::test]
    async fn who_is_away_for_too_long_is_no_member_any_more() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let party = made(&mut ada, None, 8).await;
        bob.ask(join_by_code(&code(&party))).await;
        bob.expect_joined(Some(ID));
        ada.done(logout()).await;
        bob.forget_waiting();
        let server = bob.server();
        let mut away = Away::default();
        let start = Instant::now();
        for seconds in [0, 59] {
            let now = start + Duration::from_secs(seconds);
            temporary::look(server, &mut away, now).await.unwrap();
            bob.expect_nothing();
        }
        let now = start + Duration::from_secs(60);
        temporary::look(server, &mut away, now).await.unwrap();
        let heir = ServerPacket::RoleChanged {
            channel: party.channel.clone(),
            username: "bob".to_owned(),
            role: Role::Owner,
            by: "bob".to_owned(),
        };
        assert_eq!(bob.next(), heir);
        let mut back = bob.another();
        back.try_login("ada", "correct horse").await;
        let ServerPacket::LoggedIn { channels, .. } = back.next() else {
            panic!("not logged in")
        };
        assert_eq!(channels.len(), 1);
        // The last one as well: then the channel is gone.
        bob.done(logout()).await;
        let server = back.server();
        for seconds in [100, 160] {
            let now = start + Duration::from_secs(seconds);
            temporary::look(server, &mut away, now).await.unwrap();
        }
        back.refused(join_by_code(&code(&party)), DenyCode::UnknownCode)
            .await;
    }

    #[tokio::test]
    async fn guessing_codes_has_to_wait() {
        let [mut ada] = TestSession::players_with(
            |config| config.rates.channel_passwords_per_minute = 1,
            ["ada"],
        )
        .await;
        ada.refused(join_by_code("0000-0000"), DenyCode::UnknownCode)
            .await;
        ada.refused(join_by_code("0000-0001"), DenyCode::RateLimited)
            .await;
    }

    #[tokio::test]
    async fn the_game_makes_one_with_its_members_and_ends_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let mut users = Vec::new();
        for name in ["ada", "bob"] {
            users.push(ada.store().user_by_name(name).await.unwrap().unwrap().id);
        }
        let new = NewMatch {
            name: None,
            topic: "ranked".to_owned(),
            max_members: 8,
            lasts: DAY,
            owner: None,
            members: users,
        };
        let made = temporary::create_temporary(ada.server(), new).await;
        let Ok(channel) = made else {
            panic!("not made")
        };
        for player in [&mut ada, &mut bob] {
            let joined = player.expect_joined(None);
            assert_eq!(
                (joined.channel.as_str(), joined.role),
                (channel.name.as_str(), Role::Member)
            );
            player
                .refused(end_channel(channel.name.as_str()), DenyCode::NotAllowed)
                .await;
        }
        ada.chat(channel.name.as_str(), "hello").await;
        assert_eq!(bob.expect_line().text, "hello");
        let ended = temporary::end_channel(ada.server(), &channel.name).await;
        assert!(ended.unwrap());
        for player in [&mut ada, &mut bob] {
            assert!(matches!(
                player.next(),
                ServerPacket::Left {
                    reason: LeaveReason::Ended,
                    ..
                }
            ));
        }
        let lobby = ada.server().config.lobby.name.clone();
        let ended = temporary::end_channel(ada.server(), &lobby).await;
        assert!(!ended.unwrap());
    }

    #[tokio::test]
    async fn guests_come_in_by_a_code_and_make_none() {
        let set = |config: &mut crate::config::Config| config.gates.guests = true;
        let [mut ada] = TestSession::players_with(set, ["ada"]).await;
        let party = made(&mut ada, None, 8).await;
        let mut zoe = ada.another();
        zoe.ask(crate::handlers::test_requests::guest("zoe")).await;
        zoe.next();
        zoe.refused(create_temporary(None, None, None), DenyCode::AccountNeeded)
            .await;
        zoe.ask(join_by_code(&code(&party))).await;
        zoe.expect_joined(Some(ID));
    }
}
