//! Presence and blocks: one player to others, and others to the player.

use godot::prelude::*;
use longhall_packet::PresenceState;

use super::NetworkClient;
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
