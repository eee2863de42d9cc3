//! A player says whether they are at the keyboard.

use longhall_packet::{PresenceState, PresenceText, RequestId, ServerPacket};

use crate::session::{Outcome, Session};

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
    hub.set_presence(me.user.id, me.session, state, text);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
