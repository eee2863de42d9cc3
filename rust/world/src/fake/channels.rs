//! Channels: who is in them, what they may do there, and who is told of it.

use std::collections::BTreeSet;

use longhall_packet::{
    Access, ChannelName, ChannelPassword, ChannelState, Denial, DenyCode, Filter, LeaveReason,
    Limits, ListedChannel, Member, RequestId, Role, ServerPacket, Speech, Topic, Username,
};

use super::{Answer, FakeServer, Me, key};
use crate::records::{
    Added, Channel, ChannelId, Created, MemberLimits, Membership, NewChannel, Removed, UserId,
};
use crate::rules::{self, Entrance};

/// Members a channel may have.
const MEMBERS_PER_CHANNEL: usize = 5_000;
/// Invitations an account may have.
const INVITATIONS_PER_ACCOUNT: usize = 30;
/// Channels in one page.
const CHANNELS_LISTED: usize = 50;
/// Members in one page.
const MEMBERS_LISTED: usize = 100;

impl FakeServer {
    pub(super) fn create(
        &mut self,
        me: Me,
        id: RequestId,
        name: ChannelName,
        topic: &Topic,
        access: Access,
        password: Option<ChannelPassword>,
    ) -> Answer {
        if self.world.channel_id(&name).is_some() {
            return Err(DenyCode::ChannelTaken.into());
        }
        let created = self.world.insert_channel(NewChannel {
            name,
            topic: topic.as_str().to_owned(),
            access,
            password_hash: kept_password(access, password)?,
            owner: me.user,
            channels_per_account: channels_per_account(),
            now_ms: self.now(),
        });
        match created {
            Created::Channel(channel) => self.listen(me, id, channel.id),
            Created::Taken => Err(DenyCode::ChannelTaken.into()),
            Created::TooManyChannels => Err(DenyCode::TooManyChannels.into()),
        }
    }

    pub(super) fn join(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        password: Option<&ChannelPassword>,
    ) -> Answer {
        let channel = self.world.channel_by_name(name);
        let channel = channel.ok_or(DenyCode::UnknownChannel)?;
        if let Some(mine) = self.world.membership(channel.id, me.user) {
            let channel = self.as_seen_by(&mine);
            let id = Some(id);
            self.reply(me.connection, ServerPacket::Joined { id, channel });
            return Ok(());
        }
        if channel.is_lobby() {
            return self.change_hall(me, id, name);
        }
        self.check_ban_in(me.user, channel.id)?;
        let is_invited = self.world.is_invited(channel.id, me.user);
        match rules::entrance(channel.access, is_invited)? {
            Entrance::Free => {}
            Entrance::ByPassword => {
                let given = password.map(ChannelPassword::expose);
                if given.is_none() || given != channel.password_hash.as_deref() {
                    return Err(DenyCode::WrongChannelPassword.into());
                }
            }
        }
        self.add_member(me, id, channel.id)
    }

    pub(super) fn add_member(&mut self, me: Me, id: RequestId, channel: ChannelId) -> Answer {
        let limits = MemberLimits {
            members_per_channel: MEMBERS_PER_CHANNEL,
            channels_per_account: channels_per_account(),
        };
        match self.world.insert_member(channel, me.user, limits) {
            Added::Member | Added::Already => self.listen(me, id, channel),
            Added::ChannelFull => Err(DenyCode::ChannelFull.into()),
            Added::TooManyChannels => Err(DenyCode::TooManyChannels.into()),
            Added::NoChannel => Err(DenyCode::UnknownChannel.into()),
        }
    }

    /// Tells a new member's devices and the channel.
    pub(super) fn listen(&mut self, me: Me, id: RequestId, channel: ChannelId) -> Answer {
        let mine = self.world.membership(channel, me.user);
        let mine = mine.ok_or(DenyCode::UnknownChannel)?;
        let channel = self.as_seen_by(&mine);
        let joined = |id, channel| ServerPacket::Joined { id, channel };
        self.reply(me.connection, joined(Some(id), channel.clone()));
        self.tell(me.user, Some(me.connection), &joined(None, channel));
        self.note_member(&mine, me.user, true);
        Ok(())
    }

    pub(super) fn leave(&mut self, me: Me, id: RequestId, name: &ChannelName) -> Answer {
        let mine = self.membership(me, name)?;
        rules::check_leave(&mine)?;
        self.take_out(&mine, me.user, None)?;
        self.ok(me.connection, id)
    }

    pub(super) fn remove(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        username: &Username,
    ) -> Answer {
        let mine = self.membership_as(Role::Operator, me, name)?;
        let user = self.other(me, username)?.id;
        let theirs = self.world.membership(mine.channel.id, user);
        let theirs = theirs.ok_or(DenyCode::UnknownUser)?;
        rules::check_remove(&mine, theirs.role)?;
        let by = self.world.username(me.user);
        self.take_out(&theirs, user, Some(by))?;
        self.ok(me.connection, id)
    }

    pub(super) fn take_out(
        &mut self,
        member: &Membership,
        user: UserId,
        by: Option<String>,
    ) -> Answer {
        let (channel, name) = (member.channel.id, member.channel.name.to_string());
        let heir = match self.world.delete_member(channel, user) {
            Removed::NotAMember => return Err(DenyCode::NotAMember.into()),
            Removed::Out { heir } => heir,
            Removed::ChannelGone => None,
        };
        let left = ServerPacket::Left {
            channel: name.clone(),
            reason: match by {
                None => LeaveReason::Left,
                Some(_) => LeaveReason::Removed,
            },
            by,
        };
        self.note_member(member, user, false);
        self.tell(user, None, &left);
        if let Some((_, heir)) = heir {
            let changed = ServerPacket::RoleChanged {
                channel: name,
                username: heir.clone(),
                role: Role::Owner,
                by: heir,
            };
            self.announce(channel, &changed);
        }
        Ok(())
    }

    pub(super) fn channels(
        &mut self,
        me: Me,
        id: RequestId,
        after: Option<&ChannelName>,
    ) -> Answer {
        let mut found = self.world.channels(me.user, after, CHANNELS_LISTED + 1);
        let more = found.len() > CHANNELS_LISTED;
        found.truncate(CHANNELS_LISTED);
        let everybody: BTreeSet<UserId> = self.online.values().map(|seat| seat.user).collect();
        let listed = found.into_iter().map(|(channel, _)| ListedChannel {
            members: match channel.is_lobby() {
                true => u32::try_from(everybody.len()).unwrap_or(u32::MAX),
                false => self.counts(channel.id).0,
            },
            channel: channel.name.to_string(),
            topic: channel.topic,
            access: channel.access,
        });
        let channels = listed.collect();
        let packet = ServerPacket::Channels { id, channels, more };
        self.reply(me.connection, packet);
        Ok(())
    }

    pub(super) fn members(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        after: Option<&Username>,
    ) -> Answer {
        let channel = self.membership(me, name)?.channel;
        let after = after.map(|username| key(username.as_str()));
        let rows: Vec<(UserId, String, Role)> = if channel.is_lobby() {
            self.lobby_roster(me, channel.id, after.as_deref())
        } else {
            let rows = self
                .world
                .members(channel.id, after.as_deref(), MEMBERS_LISTED + 1);
            let rows = rows.into_iter();
            rows.map(|row| (row.user, row.username, row.role)).collect()
        };
        let more = rows.len() > MEMBERS_LISTED;
        let shown = rows.into_iter().take(MEMBERS_LISTED);
        let members = shown
            .map(|(user, username, role)| {
                let (state, text) = self.shown_to(me.user, user);
                let (profile, profile_version) = self.profile_shown_to(me.user, user);
                Member {
                    username,
                    role,
                    state,
                    text,
                    server_role: self.world.server_role(user),
                    guest: self.world.is_limited(user),
                    profile,
                    profile_version,
                }
            })
            .collect();
        let packet = ServerPacket::Members {
            id,
            channel: name.to_string(),
            members,
            more,
        };
        self.reply(me.connection, packet);
        Ok(())
    }

    /// Those who are online in a hall behind a name, without those that the reader has
    /// blocked.
    fn lobby_roster(
        &self,
        me: Me,
        hall: ChannelId,
        after: Option<&str>,
    ) -> Vec<(UserId, String, Role)> {
        let mut users: Vec<UserId> = self.online.values().map(|seat| seat.user).collect();
        users.sort_by_key(|user| self.world.name_key(*user));
        users.dedup();
        users.retain(|user| {
            let is_behind = after.is_none_or(|after| self.world.name_key(*user) > after);
            let is_there = self.world.is_member(hall, *user);
            is_there && is_behind && !self.world.has_blocked(me.user, *user)
        });
        users.truncate(MEMBERS_LISTED + 1);
        let named = users.into_iter();
        let named = named.map(|user| (user, self.world.username(user), Role::Member));
        named.collect()
    }

    pub(super) fn set_topic(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        topic: &Topic,
    ) -> Answer {
        let channel = self.membership_as(Role::Operator, me, name)?.channel;
        let topic = topic.as_str().to_owned();
        self.world.set_topic(channel.id, topic.clone());
        self.tell_changed(me, Channel { topic, ..channel });
        self.ok(me.connection, id)
    }

    pub(super) fn set_access(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        access: Access,
        password: Option<ChannelPassword>,
    ) -> Answer {
        let channel = self.membership_as(Role::Owner, me, name)?.channel;
        let password = kept_password(access, password)?;
        self.world.set_access(channel.id, access, password);
        self.tell_changed(me, Channel { access, ..channel });
        self.ok(me.connection, id)
    }

    pub(super) fn set_slow_mode(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        seconds: u32,
    ) -> Answer {
        let mine = self.membership(me, name)?;
        rules::check_slow_mode(&mine, self.world.server_role(me.user))?;
        let speech = Speech {
            slow_mode_s: seconds,
            ..mine.channel.speech
        };
        self.set_speech(me, mine.channel, speech);
        self.ok(me.connection, id)
    }

    pub(super) fn set_filter(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        filter: Option<Filter>,
    ) -> Answer {
        let mine = self.membership(me, name)?;
        let role = self.world.server_role(me.user);
        rules::check_filter(&mine, role, filter, Filter::Mask)?;
        let speech = Speech {
            filter,
            ..mine.channel.speech
        };
        self.set_speech(me, mine.channel, speech);
        self.ok(me.connection, id)
    }

    fn set_speech(&mut self, me: Me, channel: Channel, speech: Speech) {
        self.world.set_speech(channel.id, speech);
        self.tell_changed(me, Channel { speech, ..channel });
    }

    fn tell_changed(&mut self, me: Me, channel: Channel) {
        let changed = ServerPacket::ChannelChanged {
            channel: channel.name.to_string(),
            topic: channel.topic,
            access: channel.access,
            speech: channel.speech,
            by: self.world.username(me.user),
        };
        self.announce(channel.id, &changed);
    }

    pub(super) fn set_role(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        username: &Username,
        role: Role,
    ) -> Answer {
        let channel = self.membership_as(Role::Owner, me, name)?.channel.id;
        let other = self.other(me, username)?;
        if !self.world.set_role(channel, other.id, role) {
            return Err(DenyCode::UnknownUser.into());
        }
        let by = self.world.username(me.user);
        let mut changes = vec![(other.username, role)];
        if role == Role::Owner {
            changes.push((by.clone(), Role::Operator));
        }
        for (username, role) in changes {
            let changed = ServerPacket::RoleChanged {
                channel: name.to_string(),
                username,
                role,
                by: by.clone(),
            };
            self.announce(channel, &changed);
        }
        self.ok(me.connection, id)
    }

    pub(super) fn invite(
        &mut self,
        me: Me,
        id: RequestId,
        name: &ChannelName,
        username: &Username,
    ) -> Answer {
        let mine = self.membership(me, name)?;
        rules::check_invite(&mine)?;
        let user = self.other(me, username)?.id;
        let (channel, at_most) = (mine.channel.id, INVITATIONS_PER_ACCOUNT);
        if self
            .world
            .insert_invitation(channel, user, me.user, at_most)
        {
            let invited = ServerPacket::Invited {
                channel: name.to_string(),
                by: self.world.username(me.user),
            };
            self.tell(user, None, &invited);
        }
        self.ok(me.connection, id)
    }

    /// What a member is told of a channel.
    pub(super) fn as_seen_by(&self, mine: &Membership) -> ChannelState {
        let channel = &mine.channel;
        let (members, online) = self.counts(channel.id);
        ChannelState {
            channel: channel.name.to_string(),
            topic: channel.topic.clone(),
            access: channel.access,
            speech: channel.speech,
            role: mine.role,
            first_seq: channel.first_seq,
            last_seq: channel.last_seq,
            read_seq: mine.read_seq,
            unread: mine.unread,
            members,
            online,
            temporary: channel.temporary.clone(),
            hall: channel.hall.filter(|_| self.hall_size > 0),
        }
    }
}

pub(super) fn channels_per_account() -> usize {
    usize::try_from(Limits::default().channels_per_account).unwrap_or(usize::MAX)
}

/// The password that a channel keeps, when its access is by password.
fn kept_password(
    access: Access,
    password: Option<ChannelPassword>,
) -> Result<Option<String>, Denial> {
    match access {
        Access::Open | Access::Invite => Ok(None),
        Access::Password => {
            let password = password.map_or_else(|| ChannelPassword::parse(""), Ok)?;
            Ok(Some(password.expose().to_owned()))
        }
    }
}
