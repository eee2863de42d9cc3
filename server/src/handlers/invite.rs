//! A member invites somebody into a channel.

use longhall_packet::{ChannelName, RequestId, ServerPacket, Username};
use longhall_world::rules;

use super::lookup::{membership, other_user};
use super::outcome::Outcome;
use crate::session::Session;

/// Answers `invite` with `ok`, also when the player has blocked who invites and
/// hears nothing of it.
pub(crate) async fn invite(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    username: &Username,
) -> Outcome {
    let server = &session.server;
    server.limits.check_invitation(session.me()?.user.id)?;
    // Held, so that nobody is invited into a channel they are just joining.
    let _change = server.change_channel(name).await;
    let mine = membership(session, name).await?;
    rules::check_invite(&mine)?;
    let (user, _) = other_user(session, username).await?;
    let channel = mine.channel.id;
    let is_member = server.store.membership(channel, user).await?.is_some();
    let me = &session.me()?.user;
    let at_most = server.config.capacity.invitations_per_account;
    let noted = !is_member
        && server
            .store
            .insert_invitation(channel, user, me.id, at_most, server.clock.now_ms())
            .await?;
    if noted {
        let invited = ServerPacket::Invited {
            channel: name.to_string(),
            by: me.username.clone(),
        };
        server.hub.invite(user, &invited);
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{DenyCode, ServerPacket};

    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_invites_without_end_has_to_wait() {
        let [mut ada, mut bob] = TestSession::players_with(
            |config| config.rates.invitations_per_minute = 1,
            ["ada", "bob"],
        )
        .await;
        ada.create("den", "invite").await;
        ada.done("invite", r#""channel":"den","username":"bob""#)
            .await;
        assert!(matches!(bob.next(), ServerPacket::Invited { .. }));
        ada.send(r#"{"type":"invite","id":77,"channel":"den","username":"bob"}"#)
            .await;
        ada.expect_deny(Some(77), DenyCode::RateLimited);
        bob.expect_nothing();
    }

    #[tokio::test]
    async fn an_invitation_is_told_now_or_at_the_next_login() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", "invite").await;
        ada.done("invite", r#""channel":"den","username":"bob""#)
            .await;
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
        ada.create("open", "open").await;
        ada.create("closed", "invite").await;
        ada.done("invite", r#""channel":"closed","username":"bob""#)
            .await;
        bob.next();
        for channel in ["open", "closed"] {
            bob.join(channel).await;
        }
        bob.done("invite", r#""channel":"open","username":"eve""#)
            .await;
        eve.next();
        let closed = r#""channel":"closed","username":"eve""#;
        bob.refused("invite", closed, DenyCode::NotAllowed).await;
        let lobby = r#""channel":"lobby","username":"eve""#;
        bob.refused("invite", lobby, DenyCode::NotAllowed).await;
        let nobody = r#""channel":"open","username":"nobody""#;
        bob.refused("invite", nobody, DenyCode::UnknownUser).await;
        eve.refused("invite", closed, DenyCode::UnknownChannel)
            .await;
    }

    #[tokio::test]
    async fn who_has_blocked_the_inviter_hears_nothing_of_it() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        bob.done("block", r#""username":"ada""#).await;
        ada.create("den", "invite").await;
        ada.done("invite", r#""channel":"den","username":"bob""#)
            .await;
        bob.expect_nothing();
        bob.refused("join", r#""channel":"den""#, DenyCode::InviteOnly)
            .await;
    }
}
