//! Delivery of lines and news to the players they are for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use longhall_packet::{INBOX, Line, LineKind, ServerPacket};
use serde::{Deserialize, Serialize};

use super::{Hub, State, hidden};
use crate::frames::{Frames, Lines, encode, encode_lines, json};
use crate::news::{News, Whisper, number};
use crate::outbox::{Outbox, Unflushed};
use crate::store::{ChannelId, Page, UserId};

/// Bytes of one channel's lines that are queued and written in one go. More would
/// leave lines out for members who read well: half an outbox is for lines.
const MAX_PIECE: usize = 32 * 1024;
/// What a line has on the wire beside its text, about.
const BYTES_PER_LINE: usize = 150;

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
        if said.is_empty() {
            return;
        }
        let lines = encode_said(name, said);
        self.lock().deliver(channel, name, said, &lines, unflushed);
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
        let state = &mut *self.lock();
        state.whisper(sender, sent, recipient, received, unflushed);
        state.tell_peers(|| {
            News::Whispered(Box::new(Whisper {
                sender,
                sent: sent.clone(),
                recipient,
                received: received.clone(),
            }))
        });
    }

    /// Delivers whispers that the store was asked for, as [`Hub::publish_found`] does
    /// lines.
    pub(crate) fn whispers_found(&self, user: UserId, found: Page) {
        let mut unflushed = Unflushed::default();
        {
            let state = &mut *self.lock();
            for (sender, line) in found.lines {
                let is_hidden = sender != user && state.has_blocked(user, sender);
                let line = if is_hidden { hidden(&line) } else { line };
                state.whisper_to(user, &line, &mut unflushed);
            }
        }
        unflushed.flush();
    }

    /// Sends news to everybody in a channel who is online.
    pub(crate) fn announce(&self, channel: ChannelId, packet: &ServerPacket) {
        let frames = encode(packet);
        let state = &mut *self.lock();
        state.note_about(channel, packet);
        state.announce(channel, &frames);
        state.tell_peers(|| News::Announced {
            channel,
            packet: json(packet),
        });
    }

    /// Sends news to all sessions of an account, except to `asker`'s.
    pub(crate) fn tell(&self, user: UserId, asker: Option<&Arc<Outbox>>, packet: &ServerPacket) {
        let state = &mut *self.lock();
        state.tell_all(user, asker, &encode(packet));
        state.tell_peers(|| News::Told {
            user,
            packet: json(packet),
        });
    }

    /// Tells all sessions of an account of an invitation.
    pub(crate) fn invite(&self, user: UserId, packet: &ServerPacket) {
        let frames = encode(packet);
        let state = &mut *self.lock();
        state.invite(user, &frames);
        state.tell_peers(|| News::Invited {
            user,
            packet: json(packet),
        });
    }
}

/// Lines of one channel as they travel.
pub(super) fn encode_said(name: &str, said: &[PublishedLine]) -> Lines {
    encode_lines(name, said.iter().map(|said| Cow::Borrowed(&said.line)))
}

/// Lines of one channel in pieces that go together; see [`MAX_PIECE`].
pub(crate) fn pieces(said: &[PublishedLine]) -> impl Iterator<Item = &[PublishedLine]> {
    let mut rest = said;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let is_within = |said: &&PublishedLine| {
            let is_within = bytes < MAX_PIECE;
            bytes += said.size();
            is_within
        };
        let end = rest.iter().take_while(is_within).count();
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

impl PublishedLine {
    /// One that the store was asked for. Nobody has blocked the game.
    pub(crate) fn found(sender: UserId, line: Line) -> Self {
        let sender = match line.kind {
            LineKind::System => UserId(0),
            _ => sender,
        };
        Self { sender, line }
    }

    /// Its bytes, about.
    pub(super) fn size(&self) -> usize {
        self.line.text.len() + BYTES_PER_LINE
    }
}

impl State {
    /// Queues lines for all who listen to a channel.
    pub(super) fn deliver(
        &mut self,
        channel: ChannelId,
        name: &Arc<str>,
        said: &[PublishedLine],
        lines: &Lines,
        unflushed: &mut Unflushed,
    ) {
        let Some(live) = self.channels.get_mut(&channel) else {
            // Nobody is there to hear it, but somebody may be on the way.
            self.arrivals.note_channel(channel);
            return;
        };
        live.last_seq = live.last_seq.max(lines.last_seq);
        if live.speech.slow_mode_s > 0 {
            live.turns.note(said, live.speech);
        }
        let blockers: HashSet<UserId> = said
            .iter()
            .filter_map(|said| self.blockers.get(&said.sender))
            .flatten()
            .copied()
            .collect();
        // By what they hide: many may have blocked the same few.
        let mut with_hidden: HashMap<Vec<bool>, Lines> = HashMap::new();
        for listener in &live.listeners {
            let seen = if blockers.is_empty() || !blockers.contains(&listener.user) {
                lines
            } else {
                let hides = |said: &PublishedLine| {
                    let blockers = self.blockers.get(&said.sender);
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
        // Once for all of them: a delivery itself is not counted.
        self.delivered += live.listeners.len() as u64 * lines.count;
    }

    pub(super) fn whisper(
        &mut self,
        sender: UserId,
        sent: &Line,
        recipient: UserId,
        received: &Line,
        unflushed: &mut Unflushed,
    ) {
        let received = if self.has_blocked(recipient, sender) {
            Cow::Owned(hidden(received))
        } else {
            Cow::Borrowed(received)
        };
        for (user, line) in [(sender, sent), (recipient, &received)] {
            self.arrivals.note_whisper(user, line.seq);
            self.whisper_to(user, line, unflushed);
        }
    }

    fn whisper_to(&mut self, user: UserId, line: &Line, unflushed: &mut Unflushed) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        // In a cluster it may have been found in the store before a peer told of it. One
        // whose successor came first is asked for by the client.
        if self.peers.is_some() && line.seq <= player.last_whisper {
            return;
        }
        player.last_whisper = player.last_whisper.max(line.seq);
        let name: Arc<str> = INBOX.into();
        let line = encode_lines(&name, std::iter::once(Cow::Borrowed(line)));
        for outbox in player.outboxes() {
            self.delivered += 1;
            if outbox.queue_lines(&name, &line) {
                unflushed.add(outbox);
            }
        }
    }

    /// As [`State::tell`], of something that a session on its way in need know.
    pub(super) fn tell_all(&mut self, user: UserId, asker: Option<&Arc<Outbox>>, packet: &Frames) {
        self.arrivals.note_user(user);
        self.tell(user, asker, packet);
    }

    pub(super) fn invite(&mut self, user: UserId, packet: &Frames) {
        self.arrivals.note_invitation(user, packet);
        self.tell(user, None, packet);
    }

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
