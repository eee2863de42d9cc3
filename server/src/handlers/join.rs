//! A player joins a channel.

use longhall_packet::{Access, ChannelName, ChannelPassword, DenyCode, RequestId, ServerPacket};
use longhall_world::rules::{self, Entrance};

use super::halls::change_hall;
use super::listen::{channels_per_account, listen};
use super::outcome::Outcome;
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::store::{Added, Channel, MemberLimits};

/// Answers `join` with `joined`. A member of the channel is told how it stands. Who joins
/// another hall of the lobby changes to it.
pub(crate) async fn join(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    password: Option<ChannelPassword>,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let channel = server.store.channel_by_name(name).await?;
    let channel = channel.ok_or(DenyCode::UnknownChannel)?;
    if let Some(membership) = server.store.membership(channel.id, me).await? {
        let channel = server.hub.see(&membership);
        session.reply(&ServerPacket::Joined {
            id: Some(id),
            channel,
        });
        return Ok(());
    }
    if channel.is_lobby() {
        return change_hall(session, id, name).await;
    }
    let ban = server
        .sanctions
        .ban_in(me, channel.id, server.clock.now_ms());
    if let Some(denial) = ban {
        return Err(denial.into());
    }
    check_access(session, &channel, password).await?;

    let _change = server.change_channel(name).await?;
    let limits = MemberLimits {
        members_per_channel: server.settings().capacity.members_per_channel,
        channels_per_account: channels_per_account(server),
    };
    let added = server
        .store
        .insert_member(channel.id, me, limits, server.clock.now_ms())
        .await?;
    match added {
        Added::Member | Added::Already => {}
        Added::ChannelFull => return Err(DenyCode::ChannelFull.into()),
        Added::TooManyChannels => return Err(DenyCode::TooManyChannels.into()),
        Added::NoChannel => return Err(DenyCode::UnknownChannel.into()),
    }
    listen(session, id, channel.id).await
}

/// Whether this player may come in: the channel is open, or they are invited, or
/// know the password.
async fn check_access(
    session: &Session,
    channel: &Channel,
    password: Option<ChannelPassword>,
) -> Outcome {
    if channel.access == Access::Open {
        return Ok(());
    }
    let me = session.me()?.user.id;
    let server = &session.server;
    let is_invited = server.store.is_invited(channel.id, me).await?;
    if rules::entrance(channel.access, is_invited)? == Entrance::Free {
        return Ok(());
    }
    let Some(password) = password else {
        return Err(DenyCode::WrongChannelPassword.into());
    };
    server.count_try(Tried::ChannelPassword(me)).await?;
    let stored = channel.password_hash.clone();
    let verified = server.passwords.verify(stored, password).await?;
    if !verified.valid {
        return Err(DenyCode::WrongChannelPassword.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, Change, DenyCode};

    use crate::handlers::test_requests::{invite, join};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn all_devices_of_a_player_join_and_the_members_are_told() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let mut tablet = bob.another_device("bob").await;
        ada.create("den", Access::Open).await;
        ada.tell_news();
        for player in [&mut ada, &mut bob, &mut tablet] {
            player.forget_waiting();
        }
        assert_eq!(bob.join("den").await.members, 2);
        assert_eq!(tablet.expect_joined(None).channel, "den");
        ada.tell_news();
        let news = (
            "den".to_owned(),
            2,
            2,
            vec![(Change::Joined, "bob".to_owned())],
        );
        assert_eq!(ada.expect_presence(), news);
        ada.chat("den", "welcome").await;
        bob.forget_waiting();
        tablet.expect_presence();
        assert_eq!(tablet.expect_line().text, "welcome");
        // Once more changes nothing.
        assert_eq!(bob.join("den").await.members, 2);
        tablet.expect_nothing();
    }

    #[tokio::test]
    async fn a_password_opens_a_channel_that_has_one() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Password).await;
        for key in [None, Some("open")] {
            bob.refused(join("den", key), DenyCode::WrongChannelPassword)
                .await;
        }
        bob.ask(join("den", Some("sesame"))).await;
        bob.expect_joined(Some(5));
    }

    #[tokio::test]
    async fn guessing_the_password_of_a_channel_has_to_wait() {
        let [mut ada, mut bob] = TestSession::players_with(
            |config| config.rates.channel_passwords_per_minute = 1,
            ["ada", "bob"],
        )
        .await;
        ada.create("den", Access::Password).await;
        let guess = join("den", Some("open"));
        bob.refused(&guess, DenyCode::WrongChannelPassword).await;
        bob.refused(&guess, DenyCode::RateLimited).await;
    }

    #[tokio::test]
    async fn an_invitation_opens_any_channel_and_nothing_else_one_by_invitation() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        for access in [Access::Invite, Access::Password] {
            ada.create(access.name(), access).await;
        }
        bob.refused(join("invite", None), DenyCode::InviteOnly)
            .await;
        for access in ["invite", "password"] {
            ada.done(invite(access, "bob")).await;
            bob.next();
            bob.join(access).await;
        }
    }

    #[tokio::test]
    async fn a_channel_holds_so_many_and_no_more() {
        let [mut ada, mut bob] = TestSession::players_with(
            |config| config.capacity.members_per_channel = 1,
            ["ada", "bob"],
        )
        .await;
        ada.create("den", Access::Open).await;
        bob.refused(join("den", None), DenyCode::ChannelFull).await;
        bob.refused(join("nowhere", None), DenyCode::UnknownChannel)
            .await;
        bob.join("lobby").await;
    }
}
