//! Channels: who is in them, what they may do there, and who is told of it.

use std::collections::HashSet;

use longhall_packet::{
    Access, Change, ChannelState, Denial, DenyCode, LeaveReason, ListedChannel, Member, Presence,
    PresenceState, RequestId, Role, ServerPacket,
};

use super::{Key, LOBBY, World, count};

impl World {
    pub(super) fn join(
        &mut self,
        from: u64,
        key: &Key,
        id: RequestId,
        name: &str,
        role: Role,
    ) -> Result<(), Denial> {
        if name != LOBBY && !self.is_member(key, name) {
            let room = self.rooms.entry(name.to_owned()).or_default();
            room.members.insert(key.clone(), role);
            self.account(key).invitations.retain(|i| i.channel != name);
            self.tell_presence(key, name, Change::Joined);
        }
        let state = self.state(key, name);
        let others = ServerPacket::Joined {
            id: None,
            channel: state.clone(),
        };
        self.tell_others_of(key, from, &others);
        let answer = ServerPacket::Joined {
            id: Some(id),
            channel: state,
        };
        self.out.push((from, answer));
        Ok(())
    }

    pub(super) fn remove(
        &mut self,
        key: &Key,
        name: &str,
        reason: LeaveReason,
        by: Option<String>,
    ) -> Result<(), Denial> {
        if name == LOBBY {
            return Err(DenyCode::NotAllowed.into());
        }
        let Some(room) = self.rooms.get_mut(name) else {
            return Err(DenyCode::UnknownChannel.into());
        };
        let role = room.members.remove(key);
        let heir = room.members.keys().next().cloned();
        let left = ServerPacket::Left {
            channel: name.to_owned(),
            reason,
            by,
        };
        self.tell(std::slice::from_ref(key), &left);
        self.tell_presence(key, name, Change::Left);
        if role == Some(Role::Owner)
            && let Some(heir) = heir
        {
            self.set_role(&heir, name, Role::Owner, &heir);
        }
        Ok(())
    }

    pub(super) fn set_role(&mut self, key: &Key, name: &str, role: Role, by: &Key) {
        if let Some(room) = self.rooms.get_mut(name) {
            room.members.insert(key.clone(), role);
        }
        let packet = ServerPacket::RoleChanged {
            channel: name.to_owned(),
            username: self.account(key).username.clone(),
            role,
            by: self.account(by).username.clone(),
        };
        self.tell(&self.keys_in(name), &packet);
    }

    pub(super) fn tell_changed(&mut self, by: &Key, name: &str) {
        let by = self.account(by).username.clone();
        let Some(room) = self.rooms.get(name) else {
            return;
        };
        let packet = ServerPacket::ChannelChanged {
            channel: name.to_owned(),
            topic: room.topic.clone(),
            access: room.access.unwrap_or(Access::Open),
            by,
        };
        self.tell(&self.keys_in(name), &packet);
    }

    pub(super) fn tell_presence(&mut self, key: &Key, name: &str, change: Change) {
        let member = self.member(name, key).or_else(|| {
            let account = self.accounts.get(key)?;
            Some(Member {
                username: account.username.clone(),
                role: Role::Member,
                state: PresenceState::Offline,
                text: String::new(),
            })
        });
        let Some(member) = member else { return };
        let keys = self.keys_in(name);
        let packet = ServerPacket::Presence {
            channel: name.to_owned(),
            members: count(keys.len()),
            online: count(keys.iter().filter(|key| self.is_online(key)).count()),
            changes: vec![Presence { change, member }],
            partial: false,
        };
        let others: Vec<_> = keys.into_iter().filter(|other| other != key).collect();
        self.tell(&others, &packet);
    }

    pub(super) fn role(&self, key: &Key, name: &str) -> Option<Role> {
        match name {
            LOBBY => Some(Role::Member),
            _ => self.rooms.get(name)?.members.get(key).copied(),
        }
    }

    pub(super) fn is_member(&self, key: &Key, name: &str) -> bool {
        self.role(key, name).is_some()
    }

    pub(super) fn need_member(&self, key: &Key, name: &str) -> Result<(), Denial> {
        match self.is_member(key, name) {
            true => Ok(()),
            false if name != LOBBY && !self.rooms.contains_key(name) => {
                Err(DenyCode::UnknownChannel.into())
            }
            false => Err(DenyCode::NotAMember.into()),
        }
    }

    pub(super) fn need_role(&self, key: &Key, name: &str, least: Role) -> Result<(), Denial> {
        self.need_member(key, name)?;
        let rank = |role| Role::ALL.iter().position(|other| *other == role);
        match self.role(key, name).and_then(rank) >= rank(least) {
            true => Ok(()),
            false => Err(DenyCode::NotAllowed.into()),
        }
    }

    pub(super) fn channels_of(&self, key: &Key) -> Vec<String> {
        let rooms = self.rooms.keys().filter(|name| *name != LOBBY);
        let joined = rooms.filter(|name| self.is_member(key, name)).cloned();
        std::iter::once(LOBBY.to_owned()).chain(joined).collect()
    }

    pub(super) fn keys_in(&self, name: &str) -> Vec<Key> {
        match name {
            LOBBY => {
                let keys: HashSet<_> = self.online.values().map(|v| v.key.clone()).collect();
                let mut keys: Vec<_> = keys.into_iter().collect();
                keys.sort();
                keys
            }
            _ => {
                let room = self.rooms.get(name);
                room.map(|room| room.members.keys().cloned().collect())
                    .unwrap_or_default()
            }
        }
    }

    pub(super) fn member(&self, name: &str, key: &Key) -> Option<Member> {
        let account = self.accounts.get(key)?;
        let is_online = self.is_online(key);
        Some(Member {
            username: account.username.clone(),
            role: self.role(key, name)?,
            state: match is_online {
                true => account.state,
                false => PresenceState::Offline,
            },
            text: account.text.clone(),
        })
    }

    pub(super) fn listed(&self, name: &str) -> ListedChannel {
        let room = self.rooms.get(name);
        ListedChannel {
            channel: name.to_owned(),
            topic: room.map(|room| room.topic.clone()).unwrap_or_default(),
            access: room.and_then(|room| room.access).unwrap_or(Access::Open),
            members: count(self.keys_in(name).len()),
        }
    }

    pub(super) fn state(&self, key: &Key, name: &str) -> ChannelState {
        let listed = self.listed(name);
        let keys = self.keys_in(name);
        let room = self.rooms.get(name);
        ChannelState {
            channel: listed.channel,
            topic: listed.topic,
            access: listed.access,
            role: self.role(key, name).unwrap_or(Role::Member),
            first_seq: 1,
            last_seq: room.map_or(0, |room| count(room.lines.len()).into()),
            read_seq: self.read_seq(key, name),
            unread: self.unread(key, name),
            members: listed.members,
            online: count(keys.iter().filter(|key| self.is_online(key)).count()),
        }
    }
}
