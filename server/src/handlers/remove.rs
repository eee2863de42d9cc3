//! An operator takes a member out of a channel.

use longhall_packet::{ChannelName, DenyCode, RequestId, Role, ServerPacket, Username};
use longhall_world::rules;

use super::leave::take_out;
use super::lookup::{membership_as, other_user};
use super::outcome::Outcome;
use crate::session::Session;

/// Answers `remove` with `ok`: for operators and the owner, on members below
/// them. In an open channel nothing keeps the member from coming back.
pub(crate) async fn remove(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    username: &Username,
) -> Outcome {
    let _change = session.server.change_channel(name).await?;
    let mine = membership_as(session, Role::Operator, name).await?;
    let (user, username) = other_user(session, username).await?;
    let channel = mine.channel.id;
    let theirs = session.server.store.membership(channel, user).await?;
    let theirs = theirs.ok_or(DenyCode::UnknownUser)?;
    rules::check_remove(&mine, theirs.role)?;
    let me = session.me()?.user.username();
    let member = (user, username.as_str(), theirs.role);
    take_out(&session.server, channel, name, member, Some(&me)).await?;
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, LeaveReason, Role, ServerPacket};

    use crate::handlers::test_requests::{remove, set_role};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn who_is_removed_is_told_by_whom_and_hears_no_more() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        ada.done(remove("den", "bob")).await;
        let left = ServerPacket::Left {
            channel: "den".to_owned(),
            reason: LeaveReason::Removed,
            by: Some("ada".to_owned()),
        };
        assert_eq!(bob.next(), left);
        ada.chat("den", "alone at last").await;
        bob.expect_nothing();
        bob.say("den", "hey").await;
        bob.expect_deny(Some(6), DenyCode::NotAMember);
    }

    #[tokio::test]
    async fn only_those_above_remove_those_below() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        let eve = remove("den", "eve");
        bob.refused(&eve, DenyCode::NotAllowed).await;
        ada.refused(&eve, DenyCode::UnknownUser).await;
        let ada_herself = remove("den", "ada");
        ada.refused(&ada_herself, DenyCode::NotYourself).await;
        ada.done(set_role("den", "bob", Role::Operator)).await;
        bob.forget_waiting();
        bob.refused(&ada_herself, DenyCode::NotAllowed).await;
        bob.refused(remove("lobby", "ada"), DenyCode::NotAllowed)
            .await;
    }
}
