//! Channels, members, invitations and read markers.

use longhall_packet::{Access, ChannelName, Invitation, Role, Seq, Speech, Temporary};

use crate::halls::FIRST_HALL;
use crate::records::{
    Added, Channel, ChannelId, Created, MemberLimits, MemberRow, Membership, NewChannel, Removed,
    UserId,
};
use crate::{LogKey, World};

#[derive(Clone)]
pub(crate) struct ChannelRow {
    pub(crate) name: ChannelName,
    pub(crate) topic: String,
    pub(crate) access: Access,
    pub(crate) speech: Speech,
    pub(crate) password_hash: Option<String>,
    /// Which of the lobby's halls it is.
    pub(crate) hall: Option<u32>,
    pub(crate) temporary: Option<Temporary>,
}

#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) channel: ChannelId,
    pub(crate) user: UserId,
    pub(crate) role: Role,
}

#[derive(Clone)]
pub(crate) struct Invited {
    pub(crate) channel: ChannelId,
    user: UserId,
    by: UserId,
}

impl World {
    pub(crate) fn channel_id(&self, name: &ChannelName) -> Option<ChannelId> {
        self.channels
            .iter()
            .find(|(_, row)| row.name == *name)
            .map(|(id, _)| *id)
    }

    pub(crate) fn lobby(&self) -> Option<ChannelId> {
        self.channels
            .iter()
            .find(|(_, row)| row.hall == Some(FIRST_HALL))
            .map(|(id, _)| *id)
    }

    pub(crate) fn channel(&self, id: ChannelId) -> Option<Channel> {
        let row = self.channels.get(&id)?;
        let (first_seq, last_seq) = self.bounds(&LogKey::Channel(row.name.clone()));
        Some(Channel {
            id,
            name: row.name.clone(),
            topic: row.topic.clone(),
            access: row.access,
            speech: row.speech,
            password_hash: row.password_hash.clone(),
            hall: row.hall,
            temporary: row.temporary.clone(),
            first_seq,
            last_seq,
        })
    }

    /// Finds a channel.
    pub fn channel_by_name(&self, name: &ChannelName) -> Option<Channel> {
        self.channel(self.channel_id(name)?)
    }

    /// Channels behind a name in the order of names, whose names hold `part`, with their
    /// numbers of members.
    pub fn channels_behind(
        &self,
        part: &str,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Vec<(Channel, u32)> {
        let all = self.channels.iter().filter(|(_, row)| {
            row.name.as_str().contains(part) && after.is_none_or(|after| row.name > *after)
        });
        let mut found: Vec<_> = all.filter_map(|(id, _)| self.channel(*id)).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let counted = found.into_iter().take(limit).map(|channel| {
            let members = u32::try_from(self.members_of(channel.id)).unwrap_or(u32::MAX);
            (channel, members)
        });
        counted.collect()
    }

    /// All there are, in the order in which they were made.
    pub(crate) fn all_channels(&self) -> Vec<(ChannelId, ChannelName)> {
        let all = self.channels.iter();
        all.map(|(id, row)| (*id, row.name.clone())).collect()
    }

    pub(crate) fn last_seq_of(&self, channel: ChannelId) -> Seq {
        self.channel(channel).map_or(0, |channel| channel.last_seq)
    }

    pub(crate) fn create(&mut self, row: ChannelRow) -> ChannelId {
        self.last_channel += 1;
        let id = ChannelId(self.last_channel);
        self.channels.insert(id, row);
        id
    }

    /// The lobby: the channel of this name, created if need be. It has no member rows. A
    /// lobby under another name, and its halls, become channels that nobody is in.
    ///
    /// A channel of players that has the name becomes the lobby. It keeps its lines if it
    /// was open; what was said among few is not told to everybody.
    pub fn open_lobby(&mut self, name: &ChannelName) -> Option<Channel> {
        let found = self.channel_id(name);
        if found.is_some() && found == self.lobby() {
            return found.and_then(|id| self.channel(id));
        }
        if let Some(old) = self.lobby().and_then(|id| self.channels.get_mut(&id)) {
            old.hall = None;
        }
        self.close_halls();
        let id = found.unwrap_or_else(|| {
            self.create(ChannelRow {
                name: name.clone(),
                topic: String::new(),
                access: Access::Open,
                speech: Speech::default(),
                password_hash: None,
                hall: Some(FIRST_HALL),
                temporary: None,
            })
        });
        self.members.retain(|m| m.channel != id);
        self.invitations.retain(|i| i.channel != id);
        if let Some(row) = self.channels.get(&id)
            && row.access != Access::Open
        {
            self.forget_lines(&LogKey::Channel(row.name.clone()));
        }
        if let Some(row) = self.channels.get_mut(&id) {
            row.hall = Some(FIRST_HALL);
            row.temporary = None;
            row.access = Access::Open;
            row.password_hash = None;
        }
        self.channel(id)
    }

    /// Creates a channel with its owner as its member.
    pub fn insert_channel(&mut self, new: NewChannel) -> Created {
        if self.channel_id(&new.name).is_some() {
            return Created::Taken;
        }
        if self.channels_joined(new.owner) >= new.channels_per_account {
            return Created::TooManyChannels;
        }
        let id = self.create(ChannelRow {
            name: new.name,
            topic: new.topic,
            access: new.access,
            speech: Speech::default(),
            password_hash: new.password_hash,
            hall: None,
            temporary: None,
        });
        self.join(id, new.owner, Role::Owner);
        self.channel(id).map_or(Created::Taken, Created::Channel)
    }

    pub(crate) fn join(&mut self, channel: ChannelId, user: UserId, role: Role) {
        self.members.push(Member {
            channel,
            user,
            role,
        });
        self.mark_channel(user, channel, self.last_seq_of(channel));
    }

    /// Channels behind a name in the order of names, with their numbers of members: the
    /// lobby's first hall, those that are not by invitation only, and those that `user` is a
    /// member of or invited to.
    pub fn channels(
        &self,
        user: UserId,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Vec<(Channel, u32)> {
        let mut listed: Vec<_> = self
            .channels
            .keys()
            .filter_map(|id| self.channel(*id))
            .filter(|channel| {
                after.is_none_or(|after| channel.name > *after)
                    && channel.hall.is_none_or(|hall| hall == FIRST_HALL)
                    && (channel.access != Access::Invite
                        || self.role(channel.id, user).is_some()
                        || self.is_invited(channel.id, user))
            })
            .map(|channel| {
                let members = self.members_of(channel.id);
                (channel, u32::try_from(members).unwrap_or(u32::MAX))
            })
            .collect();
        listed.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        listed.truncate(limit);
        listed
    }

    pub(crate) fn role(&self, channel: ChannelId, user: UserId) -> Option<Role> {
        self.members
            .iter()
            .find(|m| m.channel == channel && m.user == user)
            .map(|m| m.role)
    }

    pub(crate) fn is_member(&self, channel: ChannelId, user: UserId) -> bool {
        let Some(row) = self.channels.get(&channel) else {
            return false;
        };
        match row.hall {
            Some(FIRST_HALL) => self.hall_of(user).is_none(),
            Some(_) | None => self.role(channel, user).is_some(),
        }
    }

    pub(crate) fn members_of(&self, channel: ChannelId) -> usize {
        self.members.iter().filter(|m| m.channel == channel).count()
    }

    pub(crate) fn channels_joined(&self, user: UserId) -> usize {
        let is_hall = |channel| {
            let row = self.channels.get(&channel);
            row.is_some_and(|row: &ChannelRow| row.hall.is_some())
        };
        let theirs = self.members.iter().filter(|m| m.user == user);
        theirs.filter(|m| !is_hall(m.channel)).count()
    }

    /// Replaces what a channel is about.
    pub fn set_topic(&mut self, channel: ChannelId, topic: String) {
        if let Some(row) = self.channels.get_mut(&channel) {
            row.topic = topic;
        }
    }

    /// Replaces who may join a channel.
    pub fn set_access(
        &mut self,
        channel: ChannelId,
        access: Access,
        password_hash: Option<String>,
    ) {
        if let Some(row) = self.channels.get_mut(&channel) {
            row.access = access;
            row.password_hash = password_hash;
        }
    }

    /// Replaces how lines are held in check in a channel.
    pub fn set_speech(&mut self, channel: ChannelId, speech: Speech) {
        if let Some(row) = self.channels.get_mut(&channel) {
            row.speech = speech;
        }
    }

    /// Makes an account a member and forgets its invitation. Nobody joins the lobby so.
    pub fn insert_member(
        &mut self,
        channel: ChannelId,
        user: UserId,
        limits: MemberLimits,
    ) -> Added {
        let Some(row) = self.channels.get(&channel) else {
            return Added::NoChannel;
        };
        let added = if row.hall.is_some() || self.is_member(channel, user) {
            Added::Already
        } else if self.members_of(channel) >= self.members_at_most(channel, limits) {
            return Added::ChannelFull;
        } else if self.channels_joined(user) >= limits.channels_per_account {
            return Added::TooManyChannels;
        } else {
            self.join(channel, user, Role::Member);
            Added::Member
        };
        self.invitations
            .retain(|i| i.channel != channel || i.user != user);
        added
    }

    /// The account's membership in a channel; in one hall of the lobby everybody has one.
    pub fn membership(&self, channel: ChannelId, user: UserId) -> Option<Membership> {
        if !self.is_member(channel, user) {
            return None;
        }
        let channel = self.channel(channel)?;
        let members = match channel.is_lobby() {
            true => 0,
            false => self.members_of(channel.id),
        };
        let read_seq = self.read_seq(user, channel.id);
        let log = LogKey::Channel(channel.name.clone());
        Some(Membership {
            role: self.role(channel.id, user).unwrap_or(Role::Member),
            read_seq,
            unread: self.unread(&log, user, None, read_seq),
            members: u32::try_from(members).unwrap_or(u32::MAX),
            channel,
        })
    }

    /// The account's memberships, the lobby first, then by name.
    pub fn memberships(&self, user: UserId) -> Vec<Membership> {
        let ids = self.channels.keys();
        let mut all: Vec<_> = ids.filter_map(|id| self.membership(*id, user)).collect();
        all.sort_by(|a, b| {
            let (a, b) = (&a.channel, &b.channel);
            (!a.is_lobby(), &a.name).cmp(&(!b.is_lobby(), &b.name))
        });
        all
    }

    /// Members behind a name key, in the order of name keys. Not for the lobby.
    pub fn members(&self, channel: ChannelId, after: Option<&str>, limit: usize) -> Vec<MemberRow> {
        let mut members: Vec<_> = self
            .members
            .iter()
            .filter(|m| m.channel == channel)
            .filter(|m| after.is_none_or(|after| self.name_key(m.user) > after))
            .map(|m| MemberRow {
                user: m.user,
                username: self.username(m.user),
                role: m.role,
                guest: self.is_limited(m.user),
            })
            .collect();
        members.sort_by_key(|m| self.name_key(m.user).to_owned());
        members.truncate(limit);
        members
    }

    /// Gives a member a role; the present owner becomes operator when it is
    /// [`Role::Owner`]. Says whether there is such a member.
    pub fn set_role(&mut self, channel: ChannelId, user: UserId, role: Role) -> bool {
        if self.role(channel, user).is_none() {
            return false;
        }
        for member in self.members.iter_mut().filter(|m| m.channel == channel) {
            if member.user == user {
                member.role = role;
            } else if role == Role::Owner && member.role == Role::Owner {
                member.role = Role::Operator;
            }
        }
        true
    }

    /// Takes a member out. An owner is followed by the operator, or else the member, of
    /// longest standing.
    pub fn delete_member(&mut self, channel: ChannelId, user: UserId) -> Removed {
        let row = self.channels.get(&channel);
        if row.is_some_and(|row| row.hall.is_some()) {
            return Removed::NotAMember;
        }
        let Some(had) = self.role(channel, user) else {
            return Removed::NotAMember;
        };
        self.members
            .retain(|m| m.channel != channel || m.user != user);
        self.reads.remove(&(user, channel));
        let those_left = || self.members.iter().filter(|m| m.channel == channel);
        let Some(oldest) = those_left().next() else {
            self.delete_channel(channel);
            return Removed::ChannelGone;
        };
        if had != Role::Owner {
            return Removed::Out { heir: None };
        }
        let operator = those_left().find(|m| m.role == Role::Operator);
        let heir = operator.unwrap_or(oldest).user;
        self.set_role(channel, heir, Role::Owner);
        Removed::Out {
            heir: Some((heir, self.username(heir))),
        }
    }

    pub(crate) fn delete_channel(&mut self, channel: ChannelId) {
        if let Some(row) = self.channels.remove(&channel) {
            self.forget_lines(&LogKey::Channel(row.name));
        }
        self.invitations.retain(|i| i.channel != channel);
        self.reads.retain(|(_, of), _| *of != channel);
    }

    /// Notes an invitation, in place of an earlier one into the same channel. Of more than
    /// `at_most` of one account the oldest are forgotten. Says whether it was noted: not
    /// when the account has blocked who invites.
    pub fn insert_invitation(
        &mut self,
        channel: ChannelId,
        user: UserId,
        by: UserId,
        at_most: usize,
    ) -> bool {
        let is_gone = !self.channels.contains_key(&channel);
        if is_gone || self.is_member(channel, user) || self.blocks.contains(&(user, by)) {
            return false;
        }
        self.invitations
            .retain(|i| i.channel != channel || i.user != user);
        self.invitations.push(Invited { channel, user, by });
        let have = self.invitations.iter().filter(|i| i.user == user).count();
        let mut too_many = have.saturating_sub(at_most);
        self.invitations.retain(|i| {
            let is_kept = i.user != user || too_many == 0;
            too_many -= usize::from(!is_kept);
            is_kept
        });
        true
    }

    /// Whether an account is invited into a channel.
    pub fn is_invited(&self, channel: ChannelId, user: UserId) -> bool {
        let mut invitations = self.invitations.iter();
        invitations.any(|i| i.channel == channel && i.user == user)
    }

    /// Forgets the invitations of an account, and those that it made.
    pub(crate) fn forget_invitations_of(&mut self, user: UserId) {
        self.invitations.retain(|i| i.user != user && i.by != user);
    }

    /// The invitations of an account, the latest first.
    pub fn invitations(&self, user: UserId) -> Vec<Invitation> {
        self.invitations
            .iter()
            .rev()
            .filter(|i| i.user == user)
            .filter_map(|i| {
                Some(Invitation {
                    channel: self.channels.get(&i.channel)?.name.to_string(),
                    by: self.username(i.by),
                })
            })
            .collect()
    }

    pub(crate) fn read_seq(&self, user: UserId, channel: ChannelId) -> Seq {
        self.reads.get(&(user, channel)).copied().unwrap_or(0)
    }

    pub(crate) fn mark_channel(&mut self, user: UserId, channel: ChannelId, seq: Seq) -> Seq {
        let marker = self.reads.entry((user, channel)).or_default();
        *marker = seq.max(*marker);
        *marker
    }
}
