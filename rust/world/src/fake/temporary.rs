//! Channels for a match or a party.

use longhall_packet::limits::{DEFAULT_TEMPORARY_MEMBERS, DEFAULT_TEMPORARY_S};
use longhall_packet::{
    ChannelCode, ChannelName, DenyCode, LeaveReason, RequestId, ServerPacket, Temporary, Topic,
};

use super::channels::channels_per_account;
use super::{Answer, Deliveries, FakeServer, Me};
use crate::records::{Channel, Created, NewTemporary};
use crate::rules;

impl FakeServer {
    pub(super) fn create_temporary(
        &mut self,
        me: Me,
        id: RequestId,
        name: Option<ChannelName>,
        topic: &Topic,
        (max_members, lasts_s): (Option<u32>, Option<u32>),
    ) -> Answer {
        self.matches += 1;
        let number = self.matches;
        let name = match name {
            Some(name) => name,
            None => ChannelName::parse(&format!("match-{number}"))?,
        };
        let lasts_s = u64::from(lasts_s.unwrap_or(DEFAULT_TEMPORARY_S));
        let created = self.world.insert_temporary(NewTemporary {
            name,
            topic: topic.as_str().to_owned(),
            temporary: Temporary {
                code: ChannelCode::from_bytes(&number.to_be_bytes()),
                max_members: max_members.unwrap_or(DEFAULT_TEMPORARY_MEMBERS),
                ends_at_ms: self.now_ms + lasts_s * 1000,
            },
            owner: Some(me.user),
            members: Vec::new(),
            channels_per_account: channels_per_account(),
            now_ms: self.now(),
        });
        match created {
            Created::Channel(channel) => self.listen(me, id, channel.id),
            Created::Taken => Err(DenyCode::ChannelTaken.into()),
            Created::TooManyChannels => Err(DenyCode::TooManyChannels.into()),
        }
    }

    pub(super) fn join_by_code(&mut self, me: Me, id: RequestId, code: &ChannelCode) -> Answer {
        let channel = self.world.channel_by_code(code);
        let channel = channel.filter(|channel| {
            let temporary = channel.temporary.as_ref();
            temporary.is_some_and(|temporary| temporary.ends_at_ms > self.now_ms)
        });
        let channel = channel.ok_or(DenyCode::UnknownCode)?;
        if let Some(mine) = self.world.membership(channel.id, me.user) {
            let channel = self.as_seen_by(&mine);
            let id = Some(id);
            self.reply(me.connection, ServerPacket::Joined { id, channel });
            return Ok(());
        }
        self.check_ban_in(me.user, channel.id)?;
        self.add_member(me, id, channel.id)
    }

    pub(super) fn end_channel(&mut self, me: Me, id: RequestId, name: &ChannelName) -> Answer {
        let mine = self.membership(me, name)?;
        rules::check_end(&mine)?;
        self.end(&mine.channel);
        self.ok(me.connection, id)
    }

    /// Ends a temporary channel, as the game's server or an operator does. False if there is
    /// none of this name.
    pub fn end_temporary(&mut self, name: &str) -> (bool, Deliveries) {
        let name = ChannelName::parse(name).ok();
        let channel = name.and_then(|name| self.world.channel_by_name(&name));
        let channel = channel.filter(|channel| channel.temporary.is_some());
        if let Some(channel) = &channel {
            self.end(channel);
        }
        (channel.is_some(), self.deliveries())
    }

    fn end(&mut self, channel: &Channel) {
        let members = self.world.end_channel(channel.id).unwrap_or_default();
        let left = ServerPacket::Left {
            channel: channel.name.to_string(),
            reason: LeaveReason::Ended,
            by: None,
        };
        for member in members {
            self.tell(member.user, None, &left);
        }
    }
}
