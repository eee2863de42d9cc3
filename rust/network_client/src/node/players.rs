//! Presence and blocks: one player to others, and others to the player.

use godot::prelude::*;
use longhall_packet::PresenceState;

use super::NetworkClient;
use crate::json;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Says whether the player is at the keyboard: `state` is `online` or `away`. Others read `text`
    /// beside it, as in [code]"making tea"[/code]. Both last until the player goes offline.
    #[func]
    pub fn set_presence(
        &mut self,
        state: GString,
        #[opt(default = &GString::new())] text: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("set_presence", |session, now| {
            let known = PresenceState::from_name(&state.to_string());
            let Some(state) = known.filter(|state| *state != PresenceState::Offline) else {
                return Err(format!("\"{state}\" is no state; there are online, away"));
            };
            Ok(session.set_presence(now, state, &text.to_string()))
        })
    }

    /// Sets what the player shows to others for the game's sake: a level, an avatar, a colour. The
    /// whole profile is replaced by `profile`, but for keys that the server's operator has named
    /// as the game's, which only the game's server sets. Refused with `kept_by_game` if one of
    /// them is to have another value. [member NetworkRequest.result] is the profile's new version,
    /// an `int`, and [signal profile_changed] tells everybody.
    ///
    /// Keys have 1 to 32 of the signs `a` to `z`, `0` to `9` and `_`. Values are `null`, `bool`,
    /// `int` (up to 2^53 either way), `float`, `String`, `Array` and `Dictionary`, 4 levels deep
    /// at most, with 32 keys in all and 2048 bytes as JSON. Texts obey the rules of chat. Anything
    /// else is refused with `invalid_profile`, `too_long`, `forbidden_character` or
    /// `blocked_words`, and all of it with `muted` while the player is muted. A guest shows no
    /// texts (`account_needed`). More than ten changes a minute are `rate_limited`.
    ///
    /// With `if_version` of 0 or more the profile is set only if that is still its version, see
    /// [method get_profile_version], and else refused with `version_conflict`: so two devices do
    /// not undo each other's changes.
    #[func]
    pub fn set_profile(
        &mut self,
        profile: VarDictionary,
        #[opt(default = -1)] if_version: i64,
    ) -> Gd<NetworkRequest> {
        self.try_call("set_profile", |session, now| {
            let json = json::text(&profile)?;
            Ok(session.set_profile(now, &json, u32::try_from(if_version).ok()))
        })
    }

    /// The profile of the player who is logged in, with the game's keys in it, as others see it.
    /// Empty without a login. A copy: changing it changes nothing, see [method set_profile].
    #[func]
    pub fn get_profile(&self) -> VarDictionary {
        let known = self.session.profile();
        known.map_or_else(VarDictionary::new, |(profile, _)| {
            json::dictionary(profile.object())
        })
    }

    /// How often the player's profile has changed; 0 for one that was never set.
    #[func]
    pub fn get_profile_version(&self) -> i64 {
        let known = self.session.profile();
        known.map_or(0, |(_, version)| i64::from(version))
    }

    /// Asks who a player is, online or not. [member NetworkRequest.result] is a `Dictionary` of
    /// `username`, `online`, `state` and `text` (see [method set_presence]), `server_role`, `guest`,
    /// `profile` and `profile_version`. Refused with `unknown_user` if there is no such player. Of
    /// somebody whom the player has blocked there is no profile, and they look offline. Texts in a
    /// profile are a stranger's: show them as text, never as BBCode.
    #[func]
    pub fn player_info(&mut self, username: GString) -> Gd<NetworkRequest> {
        self.call("player_info", |session, now| {
            session.player_info(now, &username.to_string())
        })
    }

    /// Blocks a player: nothing that they say, whisper or do arrives any more, until
    /// [method unblock_player]. The block is kept with the account. They are not told.
    #[func]
    pub fn block_player(&mut self, username: GString) -> Gd<NetworkRequest> {
        self.call("block_player", |session, now| {
            session.block(now, &username.to_string())
        })
    }

    /// Ends a block of [method block_player].
    #[func]
    pub fn unblock_player(&mut self, username: GString) -> Gd<NetworkRequest> {
        self.call("unblock_player", |session, now| {
            session.unblock(now, &username.to_string())
        })
    }

    /// Asks whom the player has blocked. [member NetworkRequest.result] is a `PackedStringArray`.
    #[func]
    pub fn list_blocks(&mut self) -> Gd<NetworkRequest> {
        self.call("list_blocks", |session, now| session.list_blocks(now))
    }
}
