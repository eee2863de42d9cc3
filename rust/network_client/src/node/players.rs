//! What a player tells of themselves, and whom they do not want to hear.

use godot::prelude::*;
use longhall_packet::PresenceState;

use super::NetworkClient;
use super::calls::refused_off_main_thread;
use crate::clock::now;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Says whether the player is at the keyboard: `state` is `online` or `away`, `text` what others
    /// read beside it, [code]"making tea"[/code]. Until the player goes offline.
    #[func]
    pub fn set_presence(
        &mut self,
        state: GString,
        #[opt(default = &GString::new())] text: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_presence") {
            return refused;
        }
        let known = PresenceState::from_name(&state.to_string());
        let Some(state) = known.filter(|state| *state != PresenceState::Offline) else {
            return self.misuse(format!("\"{state}\" is no state; there are online, away"));
        };
        let call = self.session.set_presence(now(), state, &text.to_string());
        self.begin(call)
    }

    /// Shuts a player out: nothing they say, whisper or do arrives any more, until
    /// [method unblock_player]. Kept with the account. They are not told.
    #[func]
    pub fn block_player(&mut self, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("block_player") {
            return refused;
        }
        let call = self.session.block(now(), &username.to_string());
        self.begin(call)
    }

    /// Ends a block of [method block_player].
    #[func]
    pub fn unblock_player(&mut self, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("unblock_player") {
            return refused;
        }
        let call = self.session.unblock(now(), &username.to_string());
        self.begin(call)
    }

    /// Asks whom the player has blocked. [member NetworkRequest.result] is a `PackedStringArray`.
    #[func]
    pub fn list_blocks(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_blocks") {
            return refused;
        }
        let call = self.session.list_blocks(now());
        self.begin(call)
    }
}
