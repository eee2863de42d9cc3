//! Profiles: what players show of themselves for a game's sake.

use std::time::Duration;

use longhall_packet::{ChangedProfile, ClientPacket, Profile, ProfileVersion, RequestId};

use super::Session;
use super::calls::player;
use crate::requests::Asked;
use crate::{Answer, Call, Event};

/// What the player asks for.
impl Session {
    /// Replaces the player's profile by a JSON object; keys that are the game's stay as they
    /// are. With `if_version` only if this is its version still, so that nothing is lost that
    /// another device or the game's server has set. Ends with [`Answer::ProfileSet`].
    pub fn set_profile(
        &mut self,
        now: Duration,
        json: &str,
        if_version: Option<ProfileVersion>,
    ) -> Call {
        self.ask(now, Asked::ProfileSet, |_, id| {
            Ok(ClientPacket::SetProfile {
                id,
                profile: Profile::from_json(json)?,
                if_version,
            })
        })
    }

    /// Asks who a player is; ends with [`Answer::PlayerInfo`].
    pub fn player_info(&mut self, now: Duration, username: &str) -> Call {
        self.ask(now, Asked::PlayerInfo, |_, id| {
            let username = player(username)?;
            Ok(ClientPacket::PlayerInfo { id, username })
        })
    }

    /// The profile of the player who is logged in, and its version; `None` without an
    /// account. Stays through cuts of the connection.
    pub fn profile(&self) -> Option<(&Profile, ProfileVersion)> {
        self.login.profile()
    }
}

/// What the server says.
impl Session {
    pub(super) fn profile_set(&mut self, id: RequestId, profile: Profile, version: ProfileVersion) {
        self.note_own_profile(profile, version);
        let answer = Answer::ProfileSet { version };
        self.answered(id, &Asked::ProfileSet, Some(answer));
    }

    pub(super) fn handle_profiles(&mut self, changes: Vec<ChangedProfile>) {
        for change in changes {
            let ChangedProfile {
                username,
                profile,
                profile_version: version,
            } = change;
            if self.username() == Some(username.as_str()) {
                self.note_own_profile(profile, version);
            } else {
                self.announce(Event::ProfileChanged {
                    username,
                    profile,
                    version,
                });
            }
        }
    }

    /// Told by an answer and by the news of it, whichever is first.
    fn note_own_profile(&mut self, profile: Profile, version: ProfileVersion) {
        if self.login.note_profile(&profile, version)
            && let Some(username) = self.username()
        {
            let username = username.to_owned();
            self.announce(Event::ProfileChanged {
                username,
                profile,
                version,
            });
        }
    }

    /// Tells of a profile that changed while the connection was cut.
    pub(super) fn announce_profile_since(&mut self, before: Option<ProfileVersion>) {
        let now = self.login.profile();
        let Some((username, (profile, version))) = self.username().zip(now) else {
            return;
        };
        if before.is_some_and(|before| before != version) {
            let (username, profile) = (username.to_owned(), profile.clone());
            self.announce(Event::ProfileChanged {
                username,
                profile,
                version,
            });
        }
    }
}
