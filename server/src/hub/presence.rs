//! News of players who came, went or changed: gathered per channel, told once in a
//! while.

use std::collections::{HashMap, HashSet};

use longhall_packet::{Change, Member, Presence, PresenceState, Profile, Role, ServerPacket};
use tokio::time::{Instant, sleep};

use super::channel::{MemberDelta, Moved, PresenceDelta};
use super::{Hub, State};
use crate::frames::{Frames, encode};
use crate::settings::Settings;
use crate::store::{ChannelId, UserId};

/// Tells the news and ends the grace of those who did not come back, again and
/// again.
pub(crate) async fn run(hub: Hub, settings: Settings) {
    loop {
        hub.tell_news(Instant::now());
        let period = settings.now().presence.interval;
        sleep(period).await;
    }
}

impl Hub {
    /// Sends each channel with news one packet of them.
    ///
    /// However many come at once, a member gets one packet for all of them: a
    /// thousand arriving cost each other a thousand packets, not a million.
    pub(crate) fn tell_news(&self, now: Instant) {
        let with_changes = {
            let state = &mut *self.lock();
            state.end_graces(now);
            std::mem::take(&mut state.with_changes)
        };
        for channel in with_changes {
            // Channel by channel, so that lines need not wait for all of them.
            self.lock().tell_news_of(channel);
        }
        self.tell_profiles();
    }
}

impl State {
    pub(super) fn mark_changed(&mut self, channel: ChannelId) {
        if let Some(live) = self.channels.get_mut(&channel)
            && !std::mem::replace(&mut live.delta.is_listed, true)
        {
            self.with_changes.push(channel);
        }
    }

    /// Notes that a player is a member of a channel.
    pub(super) fn note_member(
        &mut self,
        channel: ChannelId,
        user: UserId,
        role: Role,
        moved: Moved,
    ) {
        let (Some(player), Some(live)) = (self.players.get(&user), self.channels.get_mut(&channel))
        else {
            return;
        };
        let was = (PresenceState::Offline, String::new());
        live.note(user, &player.username, role, moved, (was, player.is_guest));
        self.mark_changed(channel);
    }

    /// Notes that a player came online, in a channel they are in.
    pub(super) fn note_online(&mut self, channel: ChannelId, user: UserId, quietly: bool) {
        let Some(live) = self.channels.get_mut(&channel) else {
            return;
        };
        if quietly {
            live.note_unnamed();
            self.mark_changed(channel);
            return;
        }
        let moved = if live.is_lobby() {
            Moved::In
        } else {
            Moved::Stays
        };
        let role = live.present.get(&user).copied().unwrap_or(Role::Member);
        self.note_member(channel, user, role, moved);
    }

    /// Notes that a player went offline, in a channel they are in.
    pub(super) fn note_offline(
        &mut self,
        channel: ChannelId,
        user: UserId,
        (username, is_guest): (&str, bool),
        before: &(PresenceState, String),
    ) {
        let Some(live) = self.channels.get_mut(&channel) else {
            return;
        };
        let role = live.present.get(&user).copied().unwrap_or(Role::Member);
        let moved = if live.is_lobby() {
            Moved::Out
        } else {
            Moved::Stays
        };
        live.note(user, username, role, moved, (before.clone(), is_guest));
        self.mark_changed(channel);
    }

    /// Notes that a player may be in another state than `before`.
    pub(super) fn note_state(&mut self, user: UserId, before: &(PresenceState, String)) {
        let Some(player) = self.players.get(&user) else {
            return;
        };
        let (state, text) = player.shown();
        if (state, text) == (before.0, before.1.as_str()) {
            return;
        }
        for &channel in &player.channels {
            if let Some(live) = self.channels.get_mut(&channel) {
                let role = live.present.get(&user).copied().unwrap_or(Role::Member);
                let before = (before.clone(), player.is_guest);
                live.note(user, &player.username, role, Moved::Stays, before);
                if !std::mem::replace(&mut live.delta.is_listed, true) {
                    self.with_changes.push(channel);
                }
            }
        }
    }

    fn tell_news_of(&mut self, channel: ChannelId) {
        let Some(live) = self.channels.get_mut(&channel) else {
            return;
        };
        let delta = std::mem::take(&mut live.delta);
        let is_partial = delta.is_partial;
        let Some(live) = self.channels.get(&channel) else {
            return;
        };
        let changes = self.changes(delta);
        if changes.is_empty() && !is_partial {
            return;
        }
        let (members, online) = live.counts();
        let presence = |changes: Vec<Presence>, partial| {
            encode(&ServerPacket::Presence {
                channel: live.name.as_ref().to_owned(),
                members,
                online,
                changes,
                partial,
            })
        };
        let packet = |changes| presence(changes, is_partial);
        // For members without room for names: fifty of them with their texts, in each
        // of many channels, are more than an outbox holds.
        let counts = presence(Vec::new(), true);
        let blockers: HashMap<UserId, &HashSet<UserId>> = changes
            .iter()
            .filter_map(|(user, _)| Some((*user, self.blockers.get(user)?)))
            .collect();
        let for_all = packet(changes.iter().map(|(_, change)| change.clone()).collect());
        // By what they leave out: many may have blocked the same few.
        let mut for_some: HashMap<Vec<UserId>, Option<Frames>> = HashMap::new();
        for listener in &live.listeners {
            let hides = |user: &UserId| {
                let blockers = blockers.get(user);
                blockers.is_some_and(|blockers| blockers.contains(&listener.user))
            };
            if blockers.is_empty() || !blockers.keys().any(hides) {
                listener.outbox.push_short(&for_all, &counts);
                continue;
            }
            let left_out = changes.iter().map(|(user, _)| *user).filter(hides);
            let left_out: Vec<UserId> = left_out.collect();
            let for_these = for_some.entry(left_out).or_insert_with(|| {
                let seen = changes.iter().filter(|(user, _)| !hides(user));
                let seen: Vec<Presence> = seen.map(|(_, change)| change.clone()).collect();
                (!seen.is_empty() || is_partial).then(|| packet(seen))
            });
            if let Some(for_these) = for_these {
                listener.outbox.push_short(for_these, &counts);
            }
        }
    }

    /// The changes against what was told last.
    fn changes(&self, delta: PresenceDelta) -> Vec<(UserId, Presence)> {
        let mut changes = Vec::with_capacity(delta.of.len());
        for (user, delta) in delta.of {
            let (state, text) = self.shown(user);
            let MemberDelta {
                username,
                role,
                was_member,
                is_member,
                was,
                was_guest,
            } = delta;
            // Of who is gone it is what they were.
            let player = self.players.get(&user);
            let guest = player.map_or(was_guest, |player| player.is_guest);
            let change = match (was_member, is_member) {
                (false, true) => Change::Joined,
                (true, false) => Change::Left,
                (true, true) if (state, text) != (was.0, was.1.as_str()) || guest != was_guest => {
                    Change::State
                }
                (true, true) | (false, false) => continue,
            };
            let member = Member {
                username,
                role,
                state,
                text: text.to_owned(),
                server_role: self.server_role(user),
                guest,
                profile: Profile::default(),
                profile_version: 0,
            };
            changes.push((user, Presence { change, member }));
        }
        changes
    }
}
