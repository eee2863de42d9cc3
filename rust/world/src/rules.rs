//! Rights in a channel: who may do what, and what a stranger is told. Servers ask
//! before they have the world, or a store, do it.

use longhall_packet::{Access, ClientPacket, Denial, DenyCode, Filter, Role, ServerRole};

use crate::records::{Channel, Membership};

/// Roles in their order: each may do what the ones below may.
pub fn rank(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Operator => 1,
        Role::Owner => 2,
    }
}

/// What somebody who is not in a channel is told: one by invitation is not to be
/// known of.
pub fn not_a_member(channel: &Channel) -> Denial {
    match channel.access {
        Access::Open | Access::Password => DenyCode::NotAMember.into(),
        Access::Invite => DenyCode::UnknownChannel.into(),
    }
}

/// What remains to be shown by a player who wants to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Nothing.
    Free,
    /// The channel's password.
    ByPassword,
}

/// Whether somebody who is not in a channel may come in. An invitation opens every one.
///
/// # Errors
/// `invite_only`.
pub fn entrance(access: Access, is_invited: bool) -> Result<Entrance, Denial> {
    match access {
        Access::Open => Ok(Entrance::Free),
        Access::Password | Access::Invite if is_invited => Ok(Entrance::Free),
        Access::Password => Ok(Entrance::ByPassword),
        Access::Invite => Err(DenyCode::InviteOnly.into()),
    }
}

/// Whether a member may do what a `role` may. In the lobby nobody rules.
///
/// # Errors
/// `not_allowed`.
pub fn check_role(mine: &Membership, role: Role) -> Result<(), Denial> {
    allow(!mine.channel.is_lobby() && rank(mine.role) >= rank(role))
}

/// Whether a guest may ask for this: what reaches people who have not asked for it, what
/// stays when the guest is forgotten, and what takes a password, takes an account.
///
/// # Errors
/// `account_needed`.
pub fn check_guest(packet: &ClientPacket) -> Result<(), Denial> {
    let takes_an_account = match packet {
        ClientPacket::Create { .. }
        | ClientPacket::CreateTemporary { .. }
        | ClientPacket::Invite { .. }
        | ClientPacket::ChangePassword { .. }
        | ClientPacket::DeleteAccount { .. }
        | ClientPacket::Rename { .. } => true,
        ClientPacket::SetPresence { text, .. } => !text.is_empty(),
        ClientPacket::SetProfile { profile, .. } => profile.has_text(),
        _ => false,
    };
    match takes_an_account {
        true => Err(DenyCode::AccountNeeded.into()),
        false => Ok(()),
    }
}

/// Whether a member may end a channel, which has to be for a match or a party.
///
/// # Errors
/// `not_allowed`.
pub fn check_end(mine: &Membership) -> Result<(), Denial> {
    allow(mine.channel.temporary.is_some() && mine.role == Role::Owner)
}

/// Whether a member may leave. Everybody stays in the lobby.
///
/// # Errors
/// `not_allowed`.
pub fn check_leave(mine: &Membership) -> Result<(), Denial> {
    allow(!mine.channel.is_lobby())
}

/// Whether a member may invite others: into an open channel each may, into another one
/// operators.
///
/// # Errors
/// `not_allowed`.
pub fn check_invite(mine: &Membership) -> Result<(), Denial> {
    match mine.channel.access {
        Access::Open => check_role(mine, Role::Member),
        Access::Password | Access::Invite => check_role(mine, Role::Operator),
    }
}

/// Whether a member may take out another one, of the role `theirs`: an operator may, or
/// the owner, and only members below.
///
/// # Errors
/// `not_allowed`.
pub fn check_remove(mine: &Membership, theirs: Role) -> Result<(), Denial> {
    check_role(mine, Role::Operator)?;
    allow(rank(theirs) < rank(mine.role))
}

/// Whether a member may delete what others said: the channel's operators and owner may, and
/// those who keep order on the whole server.
///
/// # Errors
/// `not_allowed`.
pub fn check_delete_of_others(mine: &Membership, server_role: ServerRole) -> Result<(), Denial> {
    match server_role {
        ServerRole::Player => check_role(mine, Role::Operator),
        ServerRole::Moderator | ServerRole::Admin => Ok(()),
    }
}

/// Whether a member may say how fast lines follow each other in a channel: its operators and
/// owner may, and those who keep order on the whole server, also in the lobby.
///
/// # Errors
/// `not_allowed`.
pub fn check_slow_mode(mine: &Membership, server_role: ServerRole) -> Result<(), Denial> {
    check_delete_of_others(mine, server_role)
}

/// Whether a member may have blocked words treated by `filter` in a channel, `None` being as
/// everywhere: its owner may where that is not looser than `default`, those who keep order on
/// the whole server always.
///
/// # Errors
/// `not_allowed`.
pub fn check_filter(
    mine: &Membership,
    server_role: ServerRole,
    filter: Option<Filter>,
    default: Filter,
) -> Result<(), Denial> {
    match server_role {
        ServerRole::Player => {
            check_role(mine, Role::Owner)?;
            allow(!filter.is_some_and(|filter| filter.is_looser_than(default)))
        }
        ServerRole::Moderator | ServerRole::Admin => Ok(()),
    }
}

/// Whether somebody is free of slow mode.
pub fn is_free_of_slow_mode(role: Role, server_role: ServerRole) -> bool {
    role != Role::Member || server_role != ServerRole::Player
}

/// Whether somebody may set and lift sanctions on an account, on the whole server:
/// moderators may, on those below them.
///
/// # Errors
/// `not_allowed`.
pub fn check_sanction(mine: ServerRole, theirs: ServerRole) -> Result<(), Denial> {
    allow(mine >= ServerRole::Moderator && theirs < mine)
}

/// As [`check_sanction`], in a channel: its operators and owner may as well, on members below
/// them and on those who are not in it, but on nobody who keeps order on the whole server.
/// `member` is what they are in it, `None` if they are not.
///
/// # Errors
/// `not_allowed`.
pub fn check_sanction_in(
    mine: &Membership,
    member: Option<Role>,
    my_server_role: ServerRole,
    their_server_role: ServerRole,
) -> Result<(), Denial> {
    if check_sanction(my_server_role, their_server_role).is_ok() {
        return Ok(());
    }
    allow(their_server_role.is_player())?;
    check_remove(mine, member.unwrap_or(Role::Member))
}

fn allow(is_allowed: bool) -> Result<(), Denial> {
    match is_allowed {
        true => Ok(()),
        false => Err(DenyCode::NotAllowed.into()),
    }
}

#[cfg(test)]
mod tests {
    use longhall_packet::ChannelName;

    use super::*;
    use crate::records::ChannelId;

    fn as_a(role: Role, access: Access) -> Membership {
        Membership {
            channel: Channel {
                temporary: None,
                id: ChannelId(2),
                name: ChannelName::parse("den").unwrap(),
                topic: String::new(),
                access,
                speech: longhall_packet::Speech::default(),
                password_hash: None,
                hall: None,
                first_seq: 1,
                last_seq: 0,
            },
            role,
            read_seq: 0,
            unread: 0,
            members: 1,
        }
    }

    #[test]
    fn each_role_may_do_what_the_ones_below_may() {
        for (at, mine) in Role::ALL.iter().enumerate() {
            for (needed, role) in Role::ALL.iter().enumerate() {
                let allowed = check_role(&as_a(*mine, Access::Open), *role).is_ok();
                assert_eq!(allowed, at >= needed, "{mine:?} as {role:?}");
            }
        }
    }

    #[test]
    fn members_invite_into_open_channels_and_operators_into_all() {
        for access in Access::ALL {
            let member = check_invite(&as_a(Role::Member, *access));
            assert_eq!(member.is_ok(), *access == Access::Open);
            assert!(check_invite(&as_a(Role::Operator, *access)).is_ok());
        }
    }

    #[test]
    fn only_those_below_are_taken_out() {
        for (mine, theirs, allowed) in [
            (Role::Member, Role::Member, false),
            (Role::Operator, Role::Member, true),
            (Role::Operator, Role::Operator, false),
            (Role::Owner, Role::Operator, true),
            (Role::Operator, Role::Owner, false),
        ] {
            let mine = as_a(mine, Access::Open);
            assert_eq!(check_remove(&mine, theirs).is_ok(), allowed, "{theirs:?}");
        }
    }

    #[test]
    fn moderators_sanction_those_below_them_everywhere() {
        use ServerRole::{Admin, Moderator, Player};
        for (mine, theirs, allowed) in [
            (Player, Player, false),
            (Moderator, Player, true),
            (Moderator, Moderator, false),
            (Admin, Moderator, true),
            (Moderator, Admin, false),
            (Admin, Admin, false),
        ] {
            let case = format!("{mine} on {theirs}");
            assert_eq!(check_sanction(mine, theirs).is_ok(), allowed, "{case}");
            let member = as_a(Role::Member, Access::Open);
            let in_channel = check_sanction_in(&member, Some(Role::Owner), mine, theirs);
            assert_eq!(in_channel.is_ok(), allowed, "{case}, in a channel");
        }
    }

    #[test]
    fn operators_sanction_players_below_them_in_their_channel() {
        let operator = as_a(Role::Operator, Access::Open);
        let check = |member, theirs| {
            check_sanction_in(&operator, member, ServerRole::Player, theirs).is_ok()
        };
        assert!(check(Some(Role::Member), ServerRole::Player) && check(None, ServerRole::Player));
        assert!(!check(Some(Role::Operator), ServerRole::Player));
        assert!(!check(Some(Role::Member), ServerRole::Moderator));
        let mut lobby = operator;
        lobby.channel.hall = Some(2);
        let in_lobby =
            check_sanction_in(&lobby, None, ServerRole::Player, ServerRole::Player).is_ok();
        assert!(!in_lobby);
    }

    #[test]
    fn in_the_lobby_nobody_rules_and_nobody_leaves() {
        let mut mine = as_a(Role::Owner, Access::Open);
        mine.channel.hall = Some(1);
        assert!(check_leave(&mine).is_err() && check_invite(&mine).is_err());
        assert!(check_role(&mine, Role::Member).is_err());
        assert!(check_remove(&mine, Role::Member).is_err());
    }

    #[test]
    fn a_stranger_learns_nothing_of_a_channel_by_invitation() {
        let told = |access| not_a_member(&as_a(Role::Member, access).channel).code;
        assert_eq!(told(Access::Open), DenyCode::NotAMember);
        assert_eq!(told(Access::Password), DenyCode::NotAMember);
        assert_eq!(told(Access::Invite), DenyCode::UnknownChannel);
    }

    #[test]
    fn an_invitation_opens_every_channel() {
        for access in Access::ALL {
            assert_eq!(entrance(*access, true), Ok(Entrance::Free));
        }
        assert_eq!(entrance(Access::Password, false), Ok(Entrance::ByPassword));
        assert!(entrance(Access::Invite, false).is_err());
    }
}
