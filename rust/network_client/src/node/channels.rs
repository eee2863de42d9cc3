//! Channels, and who is in them.

use godot::prelude::*;
use longhall_packet::limits::{
    MAX_SLOW_MODE_S, MAX_TEMPORARY_MEMBERS, MAX_TEMPORARY_S, MIN_TEMPORARY_MEMBERS, MIN_TEMPORARY_S,
};
use longhall_packet::{Access, Filter, Role};

use super::NetworkClient;
use crate::convert;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Creates a channel and joins it as its owner. The server keeps the channel and its lines while
    /// it has members. A name has 1 to 24 letters and digits of any script, `_` and `-`, and becomes
    /// lower case. `access` says who may join: `open` for everybody, `invite` for players invited by
    /// [method invite_player], `password` for players who know `password`. Ends with
    /// [signal channel_joined].
    #[func]
    pub fn create_channel(
        &mut self,
        channel: GString,
        #[opt(default = &GString::from("open"))] access: GString,
        #[opt(default = &GString::new())] password: GString,
        #[opt(default = &GString::new())] topic: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("create_channel", |session, now| {
            let access = access_of(&access)?;
            let (channel, topic) = (channel.to_string(), topic.to_string());
            let password = given(&password);
            Ok(session.create_channel(now, &channel, &topic, access, password.as_deref()))
        })
    }

    /// Creates a channel for a match or a party and joins it as its owner. It is in nobody's list:
    /// others join by its code, see [method join_by_code], or are invited by its owner. It is gone
    /// after `lasts_s` seconds (60 to 86400; four hours for 0), when its last member has left, or
    /// by [method end_channel]; members get [signal channel_left] with the reason
    /// [code]"ended"[/code]. Who is offline for longer than a minute is no member any more, and no
    /// channel of this kind is kept with the account. It holds `max_members` members (2 to 500; 100
    /// for 0). Without a `channel` the server makes up a name, like [code]"match-7f3k"[/code].
    ///
    /// Ends with [signal channel_joined]. [member NetworkRequest.result] is what [method get_channel]
    /// returns, with `code`, `max_members` and `ends_at_ms` in it.
    #[func]
    pub fn create_temporary_channel(
        &mut self,
        #[opt(default = &GString::new())] channel: GString,
        #[opt(default = 0)] max_members: i64,
        #[opt(default = 0)] lasts_s: i64,
    ) -> Gd<NetworkRequest> {
        self.try_call("create_temporary_channel", |session, now| {
            let (most, least) = (MAX_TEMPORARY_MEMBERS, MIN_TEMPORARY_MEMBERS);
            let max_members = within(max_members, least, most)
                .ok_or_else(|| format!("max_members is 0, or from {least} to {most}"))?;
            let (most, least) = (MAX_TEMPORARY_S, MIN_TEMPORARY_S);
            let lasts_s = within(lasts_s, least, most)
                .ok_or_else(|| format!("lasts_s is 0, or from {least} to {most}"))?;
            Ok(session.create_temporary(now, &channel.to_string(), max_members, lasts_s))
        })
    }

    /// Joins a channel of [method create_temporary_channel] by its code, which its members read in
    /// [method get_channel]. Case, spaces and dashes do not matter, and O is as good as 0. Refused
    /// with `unknown_code` and `channel_full`, and with `rate_limited` for who guesses. Ends with
    /// [signal channel_joined].
    #[func]
    pub fn join_by_code(&mut self, code: GString) -> Gd<NetworkRequest> {
        self.call("join_by_code", |session, now| {
            session.join_by_code(now, &code.to_string())
        })
    }

    /// Ends a channel of [method create_temporary_channel], for its owner: all members get
    /// [signal channel_left] with the reason [code]"ended"[/code]. Refused with `not_allowed` for
    /// others, and for channels that stay.
    #[func]
    pub fn end_channel(&mut self, channel: GString) -> Gd<NetworkRequest> {
        self.call("end_channel", |session, now| {
            session.end_channel(now, &channel.to_string())
        })
    }

    /// Joins a channel. The player stays in it, also over the next logins, until
    /// [method leave_channel]. Ends with [signal channel_joined].
    #[func]
    pub fn join_channel(
        &mut self,
        channel: GString,
        #[opt(default = &GString::new())] password: GString,
    ) -> Gd<NetworkRequest> {
        self.call("join_channel", |session, now| {
            let password = given(&password);
            session.join_channel(now, &channel.to_string(), password.as_deref())
        })
    }

    /// Leaves a channel. Ends with [signal channel_left]. Nobody can leave the lobby.
    #[func]
    pub fn leave_channel(&mut self, channel: GString) -> Gd<NetworkRequest> {
        self.call("leave_channel", |session, now| {
            session.leave_channel(now, &channel.to_string())
        })
    }

    /// Asks which channels there are to join. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `channel`, `topic`, `access` and `members`.
    #[func]
    pub fn list_channels(&mut self) -> Gd<NetworkRequest> {
        self.call("list_channels", |session, now| session.list_channels(now))
    }

    /// Asks which halls the lobby has. A lobby of many players has several, so that its chat can be
    /// read: each has its own lines and members, and a player is in one of them.
    /// [member NetworkRequest.result] is an `Array[Dictionary]` of `hall` (its number, from 1),
    /// `channel` (its name), `online`, `max_online` (how many players it takes in, 0 for all) and
    /// `here` (`true` for the one that the player is in, see [member hall]).
    #[func]
    pub fn list_halls(&mut self) -> Gd<NetworkRequest> {
        self.call("list_halls", |session, now| session.list_halls(now))
    }

    /// Changes to another hall of the lobby, by its number: see [method list_halls]. Refused with
    /// `channel_full`, and with `unknown_channel` for one that nobody is in. Ends with
    /// [signal hall_changed]. [member NetworkRequest.result] is what [method get_channel] returns.
    ///
    /// The lobby's plain name, that of its first hall, means the player's own hall in all other
    /// methods: [code]send_chat("hi", "lobby")[/code] goes on as before when a lobby grows.
    #[func]
    pub fn change_hall(&mut self, hall: i64) -> Gd<NetworkRequest> {
        self.call("change_hall", |session, now| {
            session.change_hall(now, &hall.to_string())
        })
    }

    /// Asks who is in a channel; in the lobby, who is online. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `username`, `role` (`member`, `operator`, `owner`), `state` (`online`,
    /// `away`, `offline`), `text`, `guest` (`true` for who has no account), `profile` and
    /// `profile_version` (see [method set_profile]).
    #[func]
    pub fn list_members(&mut self, channel: GString) -> Gd<NetworkRequest> {
        self.call("list_members", |session, now| {
            session.list_members(now, &channel.to_string())
        })
    }

    /// Sets the topic of a channel: what it is about. For its operators and its owner.
    #[func]
    pub fn set_topic(&mut self, channel: GString, topic: GString) -> Gd<NetworkRequest> {
        self.call("set_topic", |session, now| {
            session.set_topic(now, &channel.to_string(), &topic.to_string())
        })
    }

    /// Sets slow mode in a channel: [param seconds] have to pass between two lines of a member, at
    /// most 21600 (six hours); 0 ends it. For its operators and its owner, who are free of it, and
    /// for moderators, also in the lobby. A line that comes too early is denied `slow_mode`, and
    /// [member NetworkRequest.retry_after] says how many seconds are left.
    #[func]
    pub fn set_slow_mode(&mut self, channel: GString, seconds: i64) -> Gd<NetworkRequest> {
        self.try_call("set_slow_mode", |session, now| {
            let seconds = u32::try_from(seconds).ok();
            let seconds = seconds.filter(|seconds| *seconds <= MAX_SLOW_MODE_S);
            let seconds =
                seconds.ok_or_else(|| format!("slow mode is 0 to {MAX_SLOW_MODE_S} seconds"))?;
            Ok(session.set_slow_mode(now, &channel.to_string(), seconds))
        })
    }

    /// Sets what becomes of lines with words that the operator of the server blocks: `refuse`
    /// (denied as `blocked_words`), `mask` (stars), `flag` (said, and the operator is told), `off`, or
    /// empty for what the server does everywhere. For the channel's owner, who may be stricter than
    /// the server, not looser, and for moderators.
    #[func]
    pub fn set_filter(&mut self, channel: GString, filter: GString) -> Gd<NetworkRequest> {
        self.try_call("set_filter", |session, now| {
            let filter = filter_of(&filter)?;
            Ok(session.set_filter(now, &channel.to_string(), filter))
        })
    }

    /// Sets who may join a channel from now on, see [method create_channel]. For its owner.
    #[func]
    pub fn set_access(
        &mut self,
        channel: GString,
        access: GString,
        #[opt(default = &GString::new())] password: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("set_access", |session, now| {
            let access = access_of(&access)?;
            let password = given(&password);
            Ok(session.set_access(now, &channel.to_string(), access, password.as_deref()))
        })
    }

    /// Gives a member of a channel another role: `member`, `operator` or `owner`. For its owner, who
    /// becomes an operator when another becomes the owner.
    #[func]
    pub fn set_role(
        &mut self,
        channel: GString,
        username: GString,
        role: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("set_role", |session, now| {
            let role = role_of(&role)?;
            Ok(session.set_role(now, &channel.to_string(), &username.to_string(), role))
        })
    }

    /// Invites a player into a channel. The player may then join, whatever the channel's access is.
    /// Every member of an open channel may invite; in any other channel, only its operators and its
    /// owner.
    #[func]
    pub fn invite_player(&mut self, channel: GString, username: GString) -> Gd<NetworkRequest> {
        self.call("invite_player", |session, now| {
            session.invite(now, &channel.to_string(), &username.to_string())
        })
    }

    /// Takes a member out of a channel. For its operators and its owner.
    #[func]
    pub fn remove_member(&mut self, channel: GString, username: GString) -> Gd<NetworkRequest> {
        self.call("remove_member", |session, now| {
            session.remove_member(now, &channel.to_string(), &username.to_string())
        })
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
    /// `read_seq` and `unread` (see [method mark_read]), `members` and `online`, `slow_mode_s` (see
    /// [method set_slow_mode], 0 without) and `filter` (see [method set_filter]); of a channel
    /// of [method create_temporary_channel] also its `code`, `max_members` and `ends_at_ms` (in
    /// milliseconds since 1970), which are empty and 0 for others; of the lobby also `hall` (see [member hall]). Empty if
    /// the player is not in it.
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

fn filter_of(name: &GString) -> Result<Option<Filter>, String> {
    let name = name.to_string();
    match Filter::from_name(&name) {
        None if !name.is_empty() => Err(format!(
            "\"{name}\" is no filter; there are refuse, mask, flag, off"
        )),
        filter => Ok(filter),
    }
}

fn access_of(name: &GString) -> Result<Access, String> {
    Access::from_name(&name.to_string())
        .ok_or_else(|| format!("\"{name}\" is no access; there are open, invite, password"))
}

fn role_of(name: &GString) -> Result<Role, String> {
    Role::from_name(&name.to_string())
        .ok_or_else(|| format!("\"{name}\" is no role; there are member, operator, owner"))
}

/// An argument that may be left out.
fn given(text: &GString) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

/// 0, or a number in these bounds.
fn within(number: i64, least: u32, most: u32) -> Option<u32> {
    let number = u32::try_from(number).ok()?;
    (number == 0 || (least..=most).contains(&number)).then_some(number)
}
