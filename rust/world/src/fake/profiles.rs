//! Profiles: set by players and by the game's server, and who is told of it.

use std::collections::BTreeSet;

use longhall_packet::{
    ChangedProfile, Denial, DenyCode, PlayerInfo, Profile, ProfileVersion, RequestId, ServerPacket,
    Username,
};

use super::{Answer, Deliveries, FakeServer, Me};
use crate::profiles::{ProfileAuthor, ProfileChange, ProfileChanged};
use crate::records::UserId;

impl FakeServer {
    /// Says which keys of profiles are the game's.
    pub fn set_game_keys_named(&mut self, keys: BTreeSet<String>) {
        self.game_keys = keys;
    }

    /// Sets keys of a player's profile as the game's server does, which may set those that
    /// were named by [`FakeServer::set_game_keys_named`].
    ///
    /// # Errors
    /// As of [`Profile::changed_by_game`], and `unknown_user`.
    pub fn set_game_keys(&mut self, username: &str, values: Profile) -> Result<Deliveries, Denial> {
        let user = self.account(username).map(|user| user.id);
        let user = user.ok_or(DenyCode::UnknownUser)?;
        self.change_profile(user, ProfileAuthor::Game { values })?;
        Ok(self.deliveries())
    }

    pub(super) fn set_profile(
        &mut self,
        me: Me,
        id: RequestId,
        profile: Profile,
        if_version: Option<ProfileVersion>,
    ) -> Answer {
        let by = ProfileAuthor::Player {
            profile,
            if_version,
        };
        let (profile, profile_version) = self.change_profile(me.user, by)?;
        let set = ServerPacket::ProfileSet {
            id,
            profile,
            profile_version,
        };
        self.reply(me.connection, set);
        Ok(())
    }

    fn change_profile(
        &mut self,
        user: UserId,
        by: ProfileAuthor,
    ) -> Result<(Profile, ProfileVersion), Denial> {
        let change = ProfileChange {
            user,
            by,
            game_keys: self.game_keys.clone(),
        };
        match self.world.change_profile(&change) {
            ProfileChanged::Now { kept, is_new } => {
                if is_new && self.is_online(user) && !self.new_profiles.contains(&user) {
                    self.new_profiles.push(user);
                }
                Ok((kept.profile, kept.version))
            }
            ProfileChanged::Refused(denial) => Err(denial),
            ProfileChanged::NoAccount => Err(DenyCode::UnknownUser.into()),
        }
    }

    pub(super) fn player_info(&mut self, me: Me, id: RequestId, username: &Username) -> Answer {
        let user = self.account(username.as_str());
        let user = user.ok_or(DenyCode::UnknownUser)?.clone();
        let (state, text) = self.shown_to(me.user, user.id);
        let kept = self.profile_shown_to(me.user, user.id);
        let player = PlayerInfo {
            username: user.username,
            state,
            text,
            server_role: self.world.server_role(user.id),
            guest: user.kind.is_limited(),
            profile: kept.0,
            profile_version: kept.1,
        };
        self.reply(me.connection, ServerPacket::PlayerInfo { id, player });
        Ok(())
    }

    /// The profile of a player as `reader` sees it.
    pub(super) fn profile_shown_to(
        &self,
        reader: UserId,
        user: UserId,
    ) -> (Profile, ProfileVersion) {
        match self.world.has_blocked(reader, user) {
            true => (Profile::default(), 0),
            false => {
                let kept = self.world.profile(user);
                (kept.profile, kept.version)
            }
        }
    }

    /// Tells everybody who is online whose profile is another, but for those they have
    /// blocked.
    pub(super) fn tell_profiles(&mut self) {
        let mut new = std::mem::take(&mut self.new_profiles);
        new.retain(|user| self.is_online(*user));
        for (connection, seat) in &self.online {
            let seen = new.iter();
            let seen = seen.filter(|user| !self.world.has_blocked(seat.user, **user));
            let changes: Vec<_> = seen
                .map(|user| {
                    let kept = self.world.profile(*user);
                    ChangedProfile {
                        username: self.world.username(*user),
                        profile: kept.profile,
                        profile_version: kept.version,
                    }
                })
                .collect();
            if !changes.is_empty() {
                self.out
                    .push((*connection, ServerPacket::Profiles { changes }));
            }
        }
    }
}
