//! Keeping order: sanctions, and what players said deleted.

use godot::prelude::*;
use longhall_packet::SanctionKind;

use super::NetworkClient;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Mutes a player: they read on, and nothing they write reaches anybody. On the whole server
    /// for its moderators, see [method get_server_role]; with a `channel`, there alone, also for
    /// the channel's operators and owner. For `seconds`; 0 is for good, and -1 for as long as the
    /// server thinks fit, which is longer each time. The player reads the `reason`.
    ///
    /// [member NetworkRequest.result] is a `Dictionary` as of [signal sanctioned].
    #[func]
    pub fn mute_player(
        &mut self,
        username: GString,
        #[opt(default = -1)] seconds: i64,
        #[opt(default = &GString::new())] reason: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        let place = channel.to_string();
        self.call("mute_player", |session, now| {
            let (name, reason) = (username.to_string(), reason.to_string());
            let mute = SanctionKind::Mute;
            session.sanction(now, &name, mute, in_channel(&place), term(seconds), &reason)
        })
    }

    /// Lets a player speak again, on the whole server or with a `channel` in that.
    #[func]
    pub fn unmute_player(
        &mut self,
        username: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        let place = channel.to_string();
        self.call("unmute_player", |session, now| {
            let name = username.to_string();
            session.lift_sanction(now, &name, SanctionKind::Mute, in_channel(&place))
        })
    }

    /// Logs a player out everywhere, as a moderator of the server, or with a `channel` takes them
    /// out of it, as its operator; they may come again. The player reads the `reason`.
    #[func]
    pub fn kick_player(
        &mut self,
        username: GString,
        #[opt(default = &GString::new())] reason: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        let place = channel.to_string();
        self.call("kick_player", |session, now| {
            let (name, reason) = (username.to_string(), reason.to_string());
            let kick = SanctionKind::Kick;
            session.sanction(now, &name, kick, in_channel(&place), None, &reason)
        })
    }

    /// As [method kick_player], and the player may not come again: see [method mute_player] for
    /// how long. After a ban from the server nobody registers for a while from where the player
    /// last came.
    #[func]
    pub fn ban_player(
        &mut self,
        username: GString,
        #[opt(default = -1)] seconds: i64,
        #[opt(default = &GString::new())] reason: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        let place = channel.to_string();
        self.call("ban_player", |session, now| {
            let (name, reason) = (username.to_string(), reason.to_string());
            let ban = SanctionKind::Ban;
            session.sanction(now, &name, ban, in_channel(&place), term(seconds), &reason)
        })
    }

    /// Lets a player come in again, on the server or with a `channel` into that.
    #[func]
    pub fn unban_player(
        &mut self,
        username: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        let place = channel.to_string();
        self.call("unban_player", |session, now| {
            let name = username.to_string();
            session.lift_sanction(now, &name, SanctionKind::Ban, in_channel(&place))
        })
    }

    /// Asks what sanctions were ever set on a player, for moderators of the server.
    /// [member NetworkRequest.result] is an `Array[Dictionary]`, the newest first: each as of
    /// [signal sanctioned], with `since_ms`, `by` and `holds`.
    #[func]
    pub fn list_sanctions(&mut self, username: GString) -> Gd<NetworkRequest> {
        self.call("list_sanctions", |session, now| {
            session.list_sanctions(now, &username.to_string())
        })
    }

    /// Deletes what a player has said in the last `seconds`, or with -1 all that is kept, in a
    /// channel, or without one in all of them: up to 1000 lines a call. For the same players as
    /// [method mute_player]. [member NetworkRequest.result] is a `Dictionary` of `count` and `more`.
    #[func]
    pub fn delete_lines(
        &mut self,
        username: GString,
        #[opt(default = &GString::new())] channel: GString,
        #[opt(default = -1)] seconds: i64,
    ) -> Gd<NetworkRequest> {
        let place = channel.to_string();
        self.call("delete_lines", |session, now| {
            let name = username.to_string();
            session.delete_lines(now, &name, in_channel(&place), term(seconds))
        })
    }
}

/// A channel that may be none.
fn in_channel(channel: &str) -> Option<&str> {
    (!channel.is_empty()).then_some(channel)
}

/// Seconds, of which less than 0 are none.
fn term(seconds: i64) -> Option<u64> {
    u64::try_from(seconds).ok()
}
