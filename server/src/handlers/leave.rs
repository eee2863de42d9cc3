//! A player leaves a channel.

use longhall_packet::{ChannelName, DenyCode, LeaveReason, RequestId, Role, ServerPacket};
use longhall_world::rules;

use super::lookup::membership;
use super::outcome::Outcome;
use crate::Server;
use crate::session::Session;
use crate::store::{ChannelId, Removed, UserId};

/// Answers `leave` with `ok`. Everybody stays in the lobby.
pub(crate) async fn leave(session: &Session, id: RequestId, name: &ChannelName) -> Outcome {
    let me = &session.me()?.user;
    let server = &session.server;
    let _change = server.change_channel(name).await?;
    let membership = membership(session, name).await?;
    let channel = membership.channel.id;
    rules::check_leave(&membership)?;
    let username = me.username();
    let member = (me.id, username.as_str(), membership.role);
    take_out(server, channel, name, member, None).await?;
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Takes a member out, tells them and, when it was the owner, who owns the
/// channel now. To be called while changes of the channel are held off.
pub(crate) async fn take_out(
    server: &Server,
    channel: ChannelId,
    name: &ChannelName,
    (user, username, role): (UserId, &str, Role),
    by: Option<&str>,
) -> Outcome {
    let heir = match server.store.delete_member(channel, user).await? {
        Removed::NotAMember => return Err(DenyCode::NotAMember.into()),
        Removed::Out { heir } => heir,
        Removed::ChannelGone => None,
    };
    let left = ServerPacket::Left {
        channel: name.to_string(),
        reason: match by {
            None => LeaveReason::Left,
            Some(_) => LeaveReason::Removed,
        },
        by: by.map(str::to_owned),
    };
    server.hub.leave(user, username, role, channel, &left);
    if let Some((heir, heir_name)) = heir {
        let changed = ServerPacket::RoleChanged {
            channel: name.to_string(),
            username: heir_name.clone(),
            role: Role::Owner,
            by: heir_name,
        };
        server.hub.set_role(channel, heir, Role::Owner, &changed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, Change, DenyCode, LeaveReason, Role, ServerPacket};

    use crate::handlers::test_requests::{join, leave, set_topic};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_leaves_hears_no_more_and_the_others_are_told() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let mut tablet = bob.another_device("bob").await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        ada.tell_news();
        for player in [&mut ada, &mut bob, &mut tablet] {
            player.forget_waiting();
        }
        bob.ask(leave("den")).await;
        let left = ServerPacket::Left {
            channel: "den".to_owned(),
            reason: LeaveReason::Left,
            by: None,
        };
        assert_eq!((bob.next(), tablet.next()), (left.clone(), left));
        bob.expect_ok(5);
        ada.tell_news();
        let news = (
            "den".to_owned(),
            1,
            1,
            vec![(Change::Left, "bob".to_owned())],
        );
        assert_eq!(ada.expect_presence(), news);
        ada.chat("den", "good riddance").await;
        bob.expect_nothing();
        tablet.expect_nothing();
        bob.refused(leave("den"), DenyCode::NotAMember).await;
    }

    #[tokio::test]
    async fn an_owner_who_leaves_is_followed_by_another() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        ada.done(leave("den")).await;
        let heir = ServerPacket::RoleChanged {
            channel: "den".to_owned(),
            username: "bob".to_owned(),
            role: Role::Owner,
            by: "bob".to_owned(),
        };
        assert_eq!(bob.next(), heir);
        bob.done(set_topic("den", "mine")).await;
    }

    #[tokio::test]
    async fn numbers_go_on_when_a_name_is_used_again() {
        let mut ada = TestSession::player("ada").await;
        ada.create("den", Access::Open).await;
        ada.chat("den", "one").await;
        ada.done(leave("den")).await;
        ada.refused(join("den", None), DenyCode::UnknownChannel)
            .await;
        ada.create("den", Access::Open).await;
        assert_eq!(ada.chat("den", "two").await, 2);
    }

    #[tokio::test]
    async fn everybody_stays_in_the_lobby() {
        let mut ada = TestSession::player("ada").await;
        ada.refused(leave("lobby"), DenyCode::NotAllowed).await;
    }
}
