//! Moderators who are here.

use longhall_packet::{ServerPacket, ServerRole};

use super::{Hub, Player};
use crate::frames::encode;
use crate::store::UserId;

impl Hub {
    /// The moderators who have a connection to this server, or had one a moment ago.
    pub(crate) fn moderators_here(&self) -> Vec<UserId> {
        let state = self.lock();
        let staff = state.staff.iter();
        let moderators = staff.filter(|(_, role)| **role >= ServerRole::Moderator);
        let here = |user: &UserId| state.players.get(user).is_some_and(Player::is_here);
        moderators.map(|(user, _)| *user).filter(here).collect()
    }

    /// Sends news to the sessions of an account that are connected to this server.
    pub(crate) fn tell_here(&self, user: UserId, packet: &ServerPacket) {
        self.lock().tell(user, None, &encode(packet));
    }
}
