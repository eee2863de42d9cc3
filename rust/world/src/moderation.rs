//! Who keeps order, and who is kept from what.

use longhall_packet::ServerRole;

use crate::World;
use crate::records::UserId;

/// As `not_before_ms` of a [`LogAction::Delete`](crate::records::LogAction::Delete): somebody
/// who keeps order deletes the line of its author. However old it is, and though its author
/// has left the channel. No player reaches it, as an edit window is never so long.
pub const BY_OPERATOR: i64 = i64::MIN;

/// An account that may do more than a player, on the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The account.
    pub user: UserId,
    /// Its name, as it is shown.
    pub username: String,
    /// What it may do.
    pub role: ServerRole,
}

impl World {
    /// What an account may do on the whole server.
    pub fn server_role(&self, user: UserId) -> ServerRole {
        self.staff.get(&user).copied().unwrap_or_default()
    }

    /// Says what an account may do on the whole server.
    pub fn set_server_role(&mut self, user: UserId, role: ServerRole) {
        match role {
            ServerRole::Player => self.staff.remove(&user),
            role => self.staff.insert(user, role),
        };
    }

    /// Who may do more than a player, in the order of their names.
    pub fn staff(&self) -> Vec<Staff> {
        let staff = self.staff.iter();
        let mut staff: Vec<_> = staff
            .map(|(user, role)| Staff {
                user: *user,
                username: self.username(*user),
                role: *role,
            })
            .collect();
        staff.sort_by_key(|one| self.name_key(one.user).to_owned());
        staff
    }
}
