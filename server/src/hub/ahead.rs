//! Lines of a channel in a cluster: delivered by rising numbers, whichever server wrote
//! them, and heard before they are acknowledged.
//!
//! What the chat log here has written and what peers tell of meets in an order that
//! nobody rules. A line that was delivered is left out; one that is ahead waits, and with
//! it the answer to who said it, until the lines before it come: from a peer, or from the
//! store when they are late.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use longhall_packet::Seq;
use tokio::time::Instant;

use super::delivery::{encode_said, pieces};
use super::{Hub, PublishedLine, State};
use crate::frames::{Frames, Lines};
use crate::news::News;
use crate::outbox::{Outbox, Unflushed};
use crate::store::{ChannelId, Page};

/// Lines of a channel that wait, and their bytes, about. More are left to the store,
/// which is asked at once then.
const MAX_LINES: usize = 1000;
const MAX_BYTES: usize = 256 * 1024;
/// Answers that wait in a channel. More are given at once: the line is on disk, and its
/// sender hears it later.
const MAX_ANSWERS: usize = 10_000;

/// Answers to requests, in the order of the lines they are about.
pub(crate) struct Answer {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) frames: Frames,
    /// How many are in the frames.
    pub(crate) count: usize,
}

impl Answer {
    /// Queues them.
    pub(crate) fn give(self, unflushed: &mut Unflushed) {
        if self.outbox.deliver_answers(self.frames, self.count) {
            unflushed.add(&self.outbox);
        }
    }
}

/// What waits in a channel for a line that is missing.
pub(super) struct Ahead {
    lines: BTreeMap<Seq, PublishedLine>,
    bytes: usize,
    /// The newest number that was heard of, whether its line waits or not.
    newest: Seq,
    answers: BTreeMap<Seq, Vec<Answer>>,
    answer_count: usize,
    /// When the line that is missing now was missed first, or asked for last.
    since: Instant,
    /// A line found no room: there is no use in waiting.
    is_full: bool,
}

impl Ahead {
    fn new() -> Self {
        Self {
            lines: BTreeMap::new(),
            bytes: 0,
            newest: 0,
            answers: BTreeMap::new(),
            answer_count: 0,
            since: Instant::now(),
            is_full: false,
        }
    }

    fn keep(&mut self, said: &PublishedLine) {
        let seq = said.line.seq;
        self.newest = self.newest.max(seq);
        if self.lines.len() >= MAX_LINES || self.bytes >= MAX_BYTES {
            self.is_full = true;
        } else if self.lines.insert(seq, said.clone()).is_none() {
            self.bytes += said.size();
        }
    }

    /// The lines whose turn it is behind line `last`.
    fn take_ready(&mut self, last: Seq) -> Vec<PublishedLine> {
        let mut ready = Vec::new();
        let mut next = last.saturating_add(1);
        while let Some(first) = self.lines.first_entry()
            && *first.key() <= next
        {
            let said = first.remove();
            self.bytes -= said.size();
            if said.line.seq == next {
                next += 1;
                ready.push(said);
            }
        }
        ready
    }

    /// Gives the answers about lines up to `last`.
    fn answer_up_to(&mut self, last: Seq, unflushed: &mut Unflushed) {
        while let Some(first) = self.answers.first_entry()
            && *first.key() <= last
        {
            for answer in first.remove() {
                self.answer_count -= 1;
                answer.give(unflushed);
            }
        }
    }
}

impl Hub {
    /// As [`Hub::publish`], in a cluster: tells the peers, and delivers the lines when
    /// their turn comes, each before its answer. `answers` have the number of the last
    /// line that they are about.
    pub(crate) fn publish_in_turn(
        &self,
        channel: ChannelId,
        name: &Arc<str>,
        said: &[PublishedLine],
        answers: Vec<(Seq, Answer)>,
        unflushed: &mut Unflushed,
    ) {
        let lines = encode_said(name, said);
        let news = News::Lines {
            channel,
            name: name.as_ref().to_owned(),
            lines: said.to_vec(),
        };
        let state = &mut *self.lock();
        state.tell_peers(|| news);
        state.take_lines(channel, name, said, &lines, unflushed);
        for (seq, answer) in answers {
            state.answer_in_turn(channel, seq, answer, unflushed);
        }
    }

    /// Gives an answer about a line, once that was delivered.
    pub(crate) fn answer_in_turn(
        &self,
        channel: ChannelId,
        seq: Seq,
        answer: Answer,
        unflushed: &mut Unflushed,
    ) {
        self.lock().answer_in_turn(channel, seq, answer, unflushed);
    }

    /// A peer tells of lines.
    pub(super) fn hear_lines(&self, channel: ChannelId, name: &Arc<str>, said: &[PublishedLine]) {
        if said.is_empty() {
            return;
        }
        let lines = encode_said(name, said);
        let mut unflushed = Unflushed::default();
        self.lock()
            .take_lines(channel, name, said, &lines, &mut unflushed);
        unflushed.flush();
    }

    /// The channels that somebody listens to here, and the number up to which lines
    /// were delivered. To be subscribed: a player may have come into one by a peer's
    /// news.
    pub(crate) fn heard_channels(&self) -> Vec<(ChannelId, Seq)> {
        let state = self.lock();
        let channels = state.channels.iter();
        let heard = channels.filter(|(_, live)| !live.listeners.is_empty());
        heard.map(|(id, live)| (*id, live.last_seq)).collect()
    }

    /// Channels with lines that have waited for one before them for so long, and the
    /// number up to which lines were delivered. Each is named again only when it still
    /// waits after as long again.
    pub(crate) fn holes(&self, older_than: Duration) -> Vec<(ChannelId, Seq)> {
        let mut unflushed = Unflushed::default();
        let holes = self.lock().holes(older_than, &mut unflushed);
        unflushed.flush();
        holes
    }

    /// Delivers lines of a channel that the store was asked for, behind the last one
    /// delivered or an earlier one. Those delivered already are left out, and what the
    /// store has forgotten is not waited for.
    pub(crate) fn publish_found(&self, channel: ChannelId, found: Page) {
        let lines = found.lines.into_iter();
        let said: Vec<PublishedLine> = lines
            .map(|(sender, line)| PublishedLine::found(sender, line))
            .collect();
        let mut unflushed = Unflushed::default();
        for piece in pieces(&said) {
            self.lock().deliver_found(channel, piece, &mut unflushed);
            unflushed.flush();
        }
        {
            let state = &mut *self.lock();
            // The oldest go first: when there are none, all were forgotten.
            if said.is_empty()
                && let Some(live) = state.channels.get_mut(&channel)
            {
                live.last_seq = live.last_seq.max(found.last_seq);
            }
            state.go_on(channel, &mut unflushed);
        }
        unflushed.flush();
    }
}

impl State {
    fn take_lines(
        &mut self,
        channel: ChannelId,
        name: &Arc<str>,
        said: &[PublishedLine],
        lines: &Lines,
        unflushed: &mut Unflushed,
    ) {
        let (Some(live), Some(peers)) = (self.channels.get_mut(&channel), &mut self.peers) else {
            // Nobody is there to hear it, but somebody may be on the way.
            self.arrivals.note_channel(channel);
            return;
        };
        if live.listeners.is_empty() {
            live.last_seq = live.last_seq.max(lines.last_seq);
            return;
        }
        let last = live.last_seq;
        let mut numbers = said.iter().zip(last.saturating_add(1)..);
        let is_next = numbers.all(|(said, seq)| said.line.seq == seq);
        if is_next && !peers.ahead.contains_key(&channel) {
            return self.deliver(channel, name, said, lines, unflushed);
        }
        let mut new = said.iter().filter(|said| said.line.seq > last).peekable();
        if new.peek().is_none() {
            return;
        }
        let ahead = peers.ahead.entry(channel).or_insert_with(Ahead::new);
        new.for_each(|said| ahead.keep(said));
        self.go_on(channel, unflushed);
    }

    /// Up to where everybody in a channel has heard it.
    fn stands(&self, channel: ChannelId) -> Seq {
        let live = self.channels.get(&channel);
        let heard = live.filter(|live| !live.listeners.is_empty());
        heard.map_or(Seq::MAX, |live| live.last_seq)
    }

    fn answer_in_turn(
        &mut self,
        channel: ChannelId,
        seq: Seq,
        answer: Answer,
        unflushed: &mut Unflushed,
    ) {
        let stands = self.stands(channel);
        let ahead = self.peers.as_mut().map(|peers| &mut peers.ahead);
        match ahead.and_then(|ahead| ahead.get_mut(&channel)) {
            Some(ahead) if seq > stands && ahead.answer_count < MAX_ANSWERS => {
                ahead.answer_count += 1;
                ahead.answers.entry(seq).or_default().push(answer);
            }
            Some(_) | None => answer.give(unflushed),
        }
    }

    fn deliver_found(
        &mut self,
        channel: ChannelId,
        found: &[PublishedLine],
        unflushed: &mut Unflushed,
    ) {
        let Some(live) = self.channels.get(&channel) else {
            return;
        };
        let known = found.partition_point(|said| said.line.seq <= live.last_seq);
        let new = &found[known..];
        if !new.is_empty() {
            let name = Arc::clone(&live.name);
            let lines = encode_said(&name, new);
            self.deliver(channel, &name, new, &lines, unflushed);
        }
    }

    /// Delivers what has waited and need not wait any longer.
    fn go_on(&mut self, channel: ChannelId, unflushed: &mut Unflushed) {
        let (Some(live), Some(peers)) = (self.channels.get(&channel), &mut self.peers) else {
            return;
        };
        let Some(mut ahead) = peers.ahead.remove(&channel) else {
            return;
        };
        let ready = ahead.take_ready(live.last_seq);
        if !ready.is_empty() {
            let name = Arc::clone(&live.name);
            for piece in pieces(&ready) {
                let lines = encode_said(&name, piece);
                self.deliver(channel, &name, piece, &lines, unflushed);
            }
            ahead.since = Instant::now();
        }
        let stands = self.stands(channel);
        ahead.answer_up_to(stands, unflushed);
        let is_over = ahead.newest <= stands && ahead.answers.is_empty();
        if !is_over && let Some(peers) = &mut self.peers {
            peers.ahead.insert(channel, ahead);
        }
    }

    fn holes(&mut self, older_than: Duration, unflushed: &mut Unflushed) -> Vec<(ChannelId, Seq)> {
        let Some(peers) = &mut self.peers else {
            return Vec::new();
        };
        let mut holes = Vec::new();
        let channels = &self.channels;
        peers.ahead.retain(|channel, ahead| {
            let live = channels.get(channel);
            let Some(live) = live.filter(|live| !live.listeners.is_empty()) else {
                // Nobody is left to hear it first.
                ahead.answer_up_to(Seq::MAX, unflushed);
                return false;
            };
            if ahead.is_full || ahead.since.elapsed() >= older_than {
                ahead.since = Instant::now();
                ahead.is_full = false;
                holes.push((*channel, live.last_seq));
            }
            true
        });
        holes
    }
}
