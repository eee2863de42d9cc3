//! Delivery of lines and news to the players they are for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use longhall_packet::{INBOX, Line, ServerPacket};
use serde::{Deserialize, Serialize};

use super::{Hub, State, hidden};
use crate::frames::{Frames, Lines, encode, encode_lines};
use crate::news::number;
use crate::outbox::{Outbox, Unflushed};
use crate::store::{ChannelId, UserId};

/// A numbered line to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishedLine {
    #[serde(with = "number")]
    pub(crate) sender: UserId,
    pub(crate) line: Line,
}

impl Hub {
    /// Queues lines of a channel, in the order of their numbers, for everybody in
    /// it. To be called by the chat log alone; see the top of the module.
    ///
    /// Never waits; see [`Outbox::queue_lines`] for listeners that are too slow. The
    /// lines are written when `unflushed` is flushed, without the hub's lock. A
    /// listener that has blocked a sender gets the line as `hidden`: the number
    /// without the words.
    pub(crate) fn publish(
        &self,
        channel: ChannelId,
        name: &Arc<str>,
        said: &[PublishedLine],
        unflushed: &mut Unflushed,
    ) {
        let Some(last) = said.last() else {
            return;
        };
        let lines = encode_lines(name, said.iter().map(|said| Cow::Borrowed(&said.line)));

        let state = &mut *self.lock();
        let Some(live) = state.channels.get_mut(&channel) else {
            // Nobody is there to hear it, but somebody may be on the way.
            state.arrivals.note_channel(channel);
            return;
        };
        live.last_seq = live.last_seq.max(last.line.seq);
        let blockers: HashSet<UserId> = said
            .iter()
            .filter_map(|said| state.blockers.get(&said.sender))
            .flatten()
            .copied()
            .collect();
        // By what they hide: many may have blocked the same few.
        let mut with_hidden: HashMap<Vec<bool>, Lines> = HashMap::new();
        for listener in &live.listeners {
            let seen = if blockers.is_empty() || !blockers.contains(&listener.user) {
                &lines
            } else {
                let hides = |said: &PublishedLine| {
                    let blockers = state.blockers.get(&said.sender);
                    blockers.is_some_and(|blockers| blockers.contains(&listener.user))
                };
                let hides: Vec<bool> = said.iter().map(hides).collect();
                with_hidden.entry(hides).or_insert_with_key(|hides| {
                    let seen = said.iter().zip(hides).map(|(said, hides)| match hides {
                        true => Cow::Owned(hidden(&said.line)),
                        false => Cow::Borrowed(&said.line),
                    });
                    encode_lines(name, seen)
                })
            };
            if listener.outbox.queue_lines(name, seen) {
                unflushed.add(&listener.outbox);
            }
        }
    }

    /// Queues a whisper, as it is in the one inbox and in the other. Called by the
    /// chat log alone.
    pub(crate) fn whisper(
        &self,
        sender: UserId,
        sent: &Line,
        recipient: UserId,
        received: &Line,
        unflushed: &mut Unflushed,
    ) {
        let name: Arc<str> = INBOX.into();
        let state = &mut *self.lock();
        let received = if state.has_blocked(recipient, sender) {
            Cow::Owned(hidden(received))
        } else {
            Cow::Borrowed(received)
        };
        for (user, line) in [(sender, Cow::Borrowed(sent)), (recipient, received)] {
            state.arrivals.note_whisper(user, line.seq);
            let Some(player) = state.players.get(&user) else {
                continue;
            };
            let line = encode_lines(&name, std::iter::once(line));
            for outbox in player.outboxes() {
                if outbox.queue_lines(&name, &line) {
                    unflushed.add(outbox);
                }
            }
        }
    }

    /// Sends news to everybody in a channel who is online.
    pub(crate) fn announce(&self, channel: ChannelId, packet: &ServerPacket) {
        let packet = encode(packet);
        self.lock().announce(channel, &packet);
    }

    /// Sends news to all sessions of an account, except to `asker`'s.
    pub(crate) fn tell(&self, user: UserId, asker: Option<&Arc<Outbox>>, packet: &ServerPacket) {
        let state = &mut *self.lock();
        state.arrivals.note_user(user);
        state.tell(user, asker, &encode(packet));
    }

    /// Tells all sessions of an account of an invitation.
    pub(crate) fn invite(&self, user: UserId, packet: &ServerPacket) {
        let packet = encode(packet);
        let state = &mut *self.lock();
        state.arrivals.note_invitation(user, &packet);
        state.tell(user, None, &packet);
    }
}

impl State {
    pub(super) fn announce(&mut self, channel: ChannelId, packet: &Frames) {
        // A session on its way in has read what was before.
        self.arrivals.note_channel(channel);
        if let Some(live) = self.channels.get(&channel) {
            for listener in &live.listeners {
                listener.outbox.push(packet.clone());
            }
        }
    }

    pub(super) fn tell(&self, user: UserId, asker: Option<&Arc<Outbox>>, packet: &Frames) {
        let Some(player) = self.players.get(&user) else {
            return;
        };
        for outbox in player.outboxes() {
            if asker.is_none_or(|asker| !Arc::ptr_eq(asker, outbox)) {
                outbox.push(packet.clone());
            }
        }
    }
}
