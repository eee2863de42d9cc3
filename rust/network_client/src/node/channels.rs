//! Channels, and who is in them.

use godot::prelude::*;
use longhall_packet::{Access, Role};

use super::NetworkClient;
use super::calls::refused_off_main_thread;
use crate::clock::now;
use crate::convert;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Creates a channel and joins it as its owner; its lines and members are kept while it has any
    /// members. A name has 1 to 24 letters and digits of any script, `_` and `-`, and becomes lower
    /// case. `access` says who may join: `open` for everybody, `invite` for those invited by
    /// [method invite_player], `password` for those who know `password`. Ends with
    /// [signal channel_joined].
    #[func]
    pub fn create_channel(
        &mut self,
        channel: GString,
        #[opt(default = &GString::from("open"))] access: GString,
        #[opt(default = &GString::new())] password: GString,
        #[opt(default = &GString::new())] topic: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("create_channel") {
            return refused;
        }
        let Some(access) = Access::from_name(&access.to_string()) else {
            return self.misuse(format!("\"{access}\" is no access; there are {ACCESSES}"));
        };
        let (channel, topic) = (channel.to_string(), topic.to_string());
        let password = given(&password);
        let call =
            self.session
                .create_channel(now(), &channel, &topic, access, password.as_deref());
        self.begin(call)
    }

    /// Joins a channel, for good: the player is in it at the next login, too, until
    /// [method leave_channel]. Ends with [signal channel_joined].
    #[func]
    pub fn join_channel(
        &mut self,
        channel: GString,
        #[opt(default = &GString::new())] password: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("join_channel") {
            return refused;
        }
        let password = given(&password);
        let call = self
            .session
            .join_channel(now(), &channel.to_string(), password.as_deref());
        self.begin(call)
    }

    /// Leaves a channel. Ends with [signal channel_left]. Nobody can leave the lobby.
    #[func]
    pub fn leave_channel(&mut self, channel: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("leave_channel") {
            return refused;
        }
        let call = self.session.leave_channel(now(), &channel.to_string());
        self.begin(call)
    }

    /// Asks which channels there are to join. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `channel`, `topic`, `access` and `members`.
    #[func]
    pub fn list_channels(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_channels") {
            return refused;
        }
        let call = self.session.list_channels(now());
        self.begin(call)
    }

    /// Asks who is in a channel; in the lobby, who is online. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `username`, `role` (`member`, `operator`, `owner`), `state` (`online`,
    /// `away`, `offline`) and `text`.
    #[func]
    pub fn list_members(&mut self, channel: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_members") {
            return refused;
        }
        let call = self.session.list_members(now(), &channel.to_string());
        self.begin(call)
    }

    /// Sets what a channel is about. For its operators and its owner.
    #[func]
    pub fn set_topic(&mut self, channel: GString, topic: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_topic") {
            return refused;
        }
        let (channel, topic) = (channel.to_string(), topic.to_string());
        let call = self.session.set_topic(now(), &channel, &topic);
        self.begin(call)
    }

    /// Sets who may join a channel from now on, see [method create_channel]. For its owner.
    #[func]
    pub fn set_access(
        &mut self,
        channel: GString,
        access: GString,
        #[opt(default = &GString::new())] password: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_access") {
            return refused;
        }
        let Some(access) = Access::from_name(&access.to_string()) else {
            return self.misuse(format!("\"{access}\" is no access; there are {ACCESSES}"));
        };
        let password = given(&password);
        let call =
            self.session
                .set_access(now(), &channel.to_string(), access, password.as_deref());
        self.begin(call)
    }

    /// Makes a member of a channel `member`, `operator` or `owner`. For its owner, who becomes an
    /// operator by making another the owner.
    #[func]
    pub fn set_role(
        &mut self,
        channel: GString,
        username: GString,
        role: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_role") {
            return refused;
        }
        let Some(role) = Role::from_name(&role.to_string()) else {
            return self.misuse(format!("\"{role}\" is no role; there are {ROLES}"));
        };
        let (channel, username) = (channel.to_string(), username.to_string());
        let call = self.session.set_role(now(), &channel, &username, role);
        self.begin(call)
    }

    /// Invites a player into a channel, who may then join whatever its access is. For its members, in
    /// a channel that is not open for its operators and its owner.
    #[func]
    pub fn invite_player(&mut self, channel: GString, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("invite_player") {
            return refused;
        }
        let (channel, username) = (channel.to_string(), username.to_string());
        let call = self.session.invite(now(), &channel, &username);
        self.begin(call)
    }

    /// Takes a member out of a channel. For its operators and its owner.
    #[func]
    pub fn remove_member(&mut self, channel: GString, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("remove_member") {
            return refused;
        }
        let (channel, username) = (channel.to_string(), username.to_string());
        let call = self.session.remove_member(now(), &channel, &username);
        self.begin(call)
    }

    /// The names of the channels the player is in, the lobby first.
    #[func]
    pub fn get_channels(&self) -> PackedStringArray {
        let channels = self.session.channels();
        let names = channels.iter().map(|state| GString::from(&state.channel));
        names.collect()
    }

    /// A channel the player is in: a [Dictionary] of `channel`, `topic`, `access`, `role`,
    /// `first_seq` and `last_seq` (the numbers of the oldest line kept and of the newest),
    /// `read_seq` and `unread` (see [method mark_read]), `members` and `online`. Empty if the
    /// player is not in it.
    #[func]
    pub fn get_channel(&self, channel: GString) -> VarDictionary {
        let state = self.session.channel(&channel.to_string());
        state.as_ref().map(convert::channel).unwrap_or_default()
    }

    /// Invitations the player has not taken up: an `Array[Dictionary]` of `channel` and `by`.
    #[func]
    pub fn get_invitations(&self) -> Array<VarDictionary> {
        let invitations = self.session.invitations().iter();
        invitations
            .map(|invitation| {
                vdict! { "channel" => invitation.channel.as_str(), "by" => invitation.by.as_str() }
            })
            .collect()
    }
}

/// What a misused method may be given.
const ACCESSES: &str = "open, invite, password";
const ROLES: &str = "member, operator, owner";

/// An argument that may be left out.
fn given(text: &GString) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}
