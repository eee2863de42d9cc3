//! A member invites somebody into a channel.

use longhall_packet::{ChannelName, RequestId, ServerPacket, Username};
use longhall_world::rules;

use super::lookup::{membership, other_user};
use super::outcome::Outcome;
use crate::session::Session;

/// Answers `invite` with `ok`, also when the invited player has blocked the inviter
/// and hears nothing of it.
pub(crate) async fn invite(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    username: &Username,
) -> Outcome {
    let server = &session.server;
    server.limits.check_invitation(session.me()?.user.id)?;
    // Held, so that nobody is invited into a channel they are just joining.
    let _change = server.change_channel(name).await?;
    let mine = membership(session, name).await?;
    rules::check_invite(&mine)?;
    let (user, _) = other_user(session, username).await?;
    let channel = mine.channel.id;
    let is_member = server.store.membership(channel, user).await?.is_some();
    let me = &session.me()?.user;
    let at_most = server.settings().capacity.invitations_per_account;
    let noted = !is_member
        && server
            .store
            .insert_invitation(channel, user, me.id, at_most, server.clock.now_ms())
            .await?;
    if noted {
        let invited = ServerPacket::Invited {
            channel: name.to_string(),
            by: me.username(),
        };
        server.hub.invite(user, &invited);
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, ServerPacket};

    use crate::handlers::test_requests::{block, invite, join};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_invites_without_end_has_to_wait() {
        let [mut ada, mut bob] = TestSession::players_with(
            |config| config.rates.invitations_per_minute = 1,
            ["ada", "bob"],
        )
        .await;
        ada.create("den", Access::Invite).await;
        ada.done(invite("den", "bob")).await;
        assert!(matches!(bob.next(), ServerPacket::Invited { .. }));
        ada.refused(invite("den", "bob"), DenyCode::RateLimited)
            .await;
        bob.expect_nothing();
    }

    #[tokio::test]
    async fn an_invitation_is_told_now_or_at_the_next_login() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Invite).await;
        ada.done(invite("den", "bob")).await;
        let invited = ServerPacket::Invited {
            channel: "den".to_owned(),
            by: "ada".to_owned(),
        };
        assert_eq!(bob.next(), invited);
        let mut again = bob.another();
        again.try_login("bob", "correct horse").await;
        let ServerPacket::LoggedIn { invitations, .. } = again.next() else {
            panic!("not logged in")
        };
        assert_eq!(
            (invitations.len(), invitations[0].channel.as_str()),
            (1, "den")
        );
    }

    #[tokio::test]
    async fn members_invite_where_it_is_open_operators_elsewhere_nobody_into_the_lobby() {
        let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
        ada.create("open", Access::Open).await;
        ada.create("closed", Access::Invite).await;
        ada.done(invite("closed", "bob")).await;
        bob.next();
        for channel in ["open", "closed"] {
            bob.join(channel).await;
        }
        bob.done(invite("open", "eve")).await;
        eve.next();
        let closed = invite("closed", "eve");
        bob.refused(&closed, DenyCode::NotAllowed).await;
        let lobby = invite("lobby", "eve");
        bob.refused(&lobby, DenyCode::NotAllowed).await;
        let nobody = invite("open", "nobody");
        bob.refused(&nobody, DenyCode::UnknownUser).await;
        eve.refused(&closed, DenyCode::UnknownChannel).await;
    }

    #[tokio::test]
    async fn who_has_blocked_the_inviter_hears_nothing_of_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        bob.done(block("ada")).await;
        ada.create("den", Access::Invite).await;
        ada.done(invite("den", "bob")).await;
        bob.expect_nothing();
        bob.refused(join("den", None), DenyCode::InviteOnly).await;
    }
}
