//! Channels for a match or a party: by a code, and gone when they are over.

use longhall_packet::{Access, ChannelCode, Role, Speech};

use crate::World;
use crate::channels::ChannelRow;
use crate::records::{
    Channel, ChannelId, Created, MemberLimits, MemberRow, NewTemporary, TemporaryMember,
};

impl World {
    /// Creates a channel with its owner, if it has one, and its first members.
    pub fn insert_temporary(&mut self, new: NewTemporary) -> Created {
        let is_code_taken = self.channel_by_code(&new.temporary.code).is_some();
        if self.channel_id(&new.name).is_some() || is_code_taken {
            return Created::Taken;
        }
        let has_room = |world: &Self, user| world.channels_joined(user) < new.channels_per_account;
        if new.owner.is_some_and(|owner| !has_room(self, owner)) {
            return Created::TooManyChannels;
        }
        let at_most = usize::try_from(new.temporary.max_members).unwrap_or(usize::MAX);
        let id = self.create(ChannelRow {
            name: new.name,
            topic: new.topic,
            access: Access::Invite,
            speech: Speech::default(),
            password_hash: None,
            hall: None,
            temporary: Some(new.temporary),
        });
        if let Some(owner) = new.owner {
            self.join(id, owner, Role::Owner);
        }
        for user in new.members {
            let is_in = self.role(id, user).is_some();
            if !is_in && self.members_of(id) < at_most && has_room(self, user) {
                self.join(id, user, Role::Member);
            }
        }
        self.channel(id).map_or(Created::Taken, Created::Channel)
    }

    /// The channel that has a code.
    pub fn channel_by_code(&self, code: &ChannelCode) -> Option<Channel> {
        let has_it = |row: &ChannelRow| row.temporary.as_ref().is_some_and(|t| t.code == *code);
        let found = self.channels.iter().find(|(_, row)| has_it(row));
        found.and_then(|(id, _)| self.channel(*id))
    }

    /// Temporary channels that ended by then, in the order in which they were made.
    pub fn ended_channels(&self, ended_by_ms: i64, limit: usize) -> Vec<Channel> {
        let ended_by_ms = u64::try_from(ended_by_ms).unwrap_or(0);
        let is_over = |row: &ChannelRow| {
            let temporary = row.temporary.as_ref();
            temporary.is_some_and(|temporary| temporary.ends_at_ms <= ended_by_ms)
        };
        let over = self.channels.iter().filter(|(_, row)| is_over(row));
        over.filter_map(|(id, _)| self.channel(*id))
            .take(limit)
            .collect()
    }

    /// The members of temporary channels, in the order of joining.
    pub fn temporary_members(&self, limit: usize) -> Vec<TemporaryMember> {
        let members = self.members.iter().filter_map(|member| {
            let row = self.channels.get(&member.channel)?;
            row.temporary.as_ref()?;
            Some(TemporaryMember {
                channel: member.channel,
                name: row.name.clone(),
                user: member.user,
                username: self.username(member.user),
                role: member.role,
            })
        });
        members.take(limit).collect()
    }

    /// Deletes a temporary channel with what was said in it. Its members; `None` if it is gone
    /// already, or stays.
    pub fn end_channel(&mut self, channel: ChannelId) -> Option<Vec<MemberRow>> {
        self.channels.get(&channel)?.temporary.as_ref()?;
        let members = self.members(channel, None, usize::MAX);
        self.members.retain(|member| member.channel != channel);
        self.delete_channel(channel);
        Some(members)
    }

    /// Members a channel may have: fewer, if it was made for fewer.
    pub(crate) fn members_at_most(&self, channel: ChannelId, limits: MemberLimits) -> usize {
        let row = self.channels.get(&channel);
        let temporary = row.and_then(|row| row.temporary.as_ref());
        let most = temporary.and_then(|temporary| usize::try_from(temporary.max_members).ok());
        most.unwrap_or(usize::MAX).min(limits.members_per_channel)
    }
}
