//! A player says whether they are at the keyboard.

use longhall_packet::{Field, PresenceState, PresenceText, RequestId, ServerPacket};

use super::outcome::Outcome;
use crate::session::Session;

/// Answers `set_presence` with `ok`; the others are told with the next news of
/// their channels.
pub(crate) fn set_presence(
    session: &Session,
    id: RequestId,
    state: PresenceState,
    text: &PresenceText,
) -> Outcome {
    let me = session.me()?;
    let hub = &session.server.hub;
    let fit = session
        .server
        .fit_to_read(text.as_str(), None, Field::Text)?;
    let text = PresenceText::parse(&fit.text)?;
    hub.set_presence(me.user.id, me.session, state, &text);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Change, PresenceState};

    use crate::handlers::test_requests::set_presence;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn a_state_is_told_once_and_only_if_it_changed() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.tell_news();
        ada.forget_waiting();
        bob.done(set_presence(PresenceState::Away, "tea")).await;
        ada.tell_news();
        let news = (
            "lobby".to_owned(),
            2,
            2,
            vec![(Change::State, "bob".to_owned())],
        );
        assert_eq!(ada.expect_presence(), news);
        bob.done(set_presence(PresenceState::Online, "")).await;
        bob.done(set_presence(PresenceState::Away, "tea")).await;
        ada.tell_news();
        ada.expect_nothing();
    }

    #[tokio::test]
    async fn a_player_is_away_when_away_on_all_devices() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        let mut tablet = bob.another_device("bob").await;
        ada.tell_news();
        ada.forget_waiting();
        bob.done(set_presence(PresenceState::Away, "")).await;
        ada.tell_news();
        ada.expect_nothing();
        tablet.done(set_presence(PresenceState::Away, "")).await;
        ada.tell_news();
        ada.expect_presence();
    }
}
