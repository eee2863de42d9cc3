//! A bus within one process, for tests: it loses, holds back and breaks as it is told.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::sleep;

use super::{Bus, Heard, Link, NotConfirmed, Subject};
use crate::store::ChannelId;

/// More than any test sends without that anybody hears it.
const MAX_HEARD: usize = 10_000;

/// What the buses of one process are connected by.
#[derive(Clone, Default)]
pub(crate) struct Loopback(Arc<Mutex<Net>>);

#[derive(Default)]
struct Net {
    members: Vec<Member>,
    /// Messages that are lost, one after the other, from now on.
    losing: usize,
    is_held: bool,
    /// Words of which the next message that is not about lines and has them is lost.
    losing_words: Vec<String>,
    /// Nobody hears whether the bus has what they published.
    is_stalled: bool,
    /// Who waits for that.
    flushing: usize,
    /// What was lost so, or to servers that were cut off.
    unheard: Vec<Bytes>,
    /// What went through of what is not about lines.
    passed: Vec<Bytes>,
    /// Each message comes twice.
    is_doubled: bool,
    held: VecDeque<(usize, Subject, Bytes)>,
}

struct Member {
    heard: Sender<Heard>,
    channels: HashSet<ChannelId>,
    is_up: bool,
    /// Nothing comes or goes, and nobody notices.
    is_cut_off: bool,
}

/// One server's end of it.
struct LoopbackBus {
    net: Loopback,
    number: usize,
}

impl Loopback {
    /// Another server's end. The first one has the number 0.
    pub(crate) fn join(&self) -> Link {
        let (heard, hearing) = channel(MAX_HEARD);
        let mut net = self.lock();
        net.members.push(Member {
            heard,
            channels: HashSet::new(),
            is_up: true,
            is_cut_off: false,
        });
        let number = net.members.len() - 1;
        let bus = Arc::new(LoopbackBus {
            net: self.clone(),
            number,
        });
        Link {
            bus,
            heard: hearing,
        }
    }

    /// Loses so many messages about lines of channels.
    pub(crate) fn lose_lines(&self, messages: usize) {
        self.lock().losing = messages;
    }

    /// Loses the next message that is not about lines and has these words, for everybody.
    pub(crate) fn lose_news(&self, words: &str) {
        self.lock().losing_words.push(words.to_owned());
    }

    /// Has everything come twice from now on.
    pub(crate) fn double(&self) {
        self.lock().is_doubled = true;
    }

    /// How many messages with these words went through, of those that are not about lines.
    pub(crate) fn passed(&self, words: &str) -> usize {
        let net = self.lock();
        net.passed.iter().filter(|bytes| has(bytes, words)).count()
    }

    /// How many of those are still to be lost.
    pub(crate) fn left_to_lose(&self) -> usize {
        self.lock().losing
    }

    /// Holds messages about lines back.
    pub(crate) fn hold_lines(&self) {
        self.lock().is_held = true;
    }

    /// Lets them go, the last one first: NATS keeps the order, but two batches may
    /// overtake each other on their way to it.
    pub(crate) fn release_lines_backwards(&self) {
        let mut net = self.lock();
        net.is_held = false;
        while let Some((from, subject, payload)) = net.held.pop_back() {
            net.pass_on(from, subject, &payload);
        }
    }

    /// Nobody gets an answer whether the bus has what they published, or they do again.
    pub(crate) fn stall(&self, is_stalled: bool) {
        self.lock().is_stalled = is_stalled;
    }

    /// How many wait for such an answer.
    pub(crate) fn flushing(&self) -> usize {
        self.lock().flushing
    }

    /// Cuts a server off without a word, or mends that.
    pub(crate) fn cut_off(&self, number: usize, is_cut_off: bool) {
        self.lock().members[number].is_cut_off = is_cut_off;
    }

    /// Whether a message with these words was lost, or did not reach who was cut off.
    pub(crate) fn has_lost(&self, words: &str) -> bool {
        self.lock().unheard.iter().any(|bytes| has(bytes, words))
    }

    /// The bus goes down for everybody, or is there again.
    pub(crate) fn set_up(&self, is_up: bool) {
        let mut net = self.lock();
        for member in &mut net.members {
            member.is_up = is_up;
            let told: &[Heard] = match is_up {
                true => &[Heard::Up, Heard::Doubt, Heard::Lost],
                false => &[Heard::Down],
            };
            for heard in told {
                let _ = member.heard.try_send(heard.clone());
            }
        }
    }

    /// A server is told that it may have missed something.
    pub(crate) fn raise_doubt(&self, number: usize) {
        let _ = self.lock().members[number].heard.try_send(Heard::Doubt);
    }

    /// How many channels a server hears.
    pub(crate) fn channels(&self, number: usize) -> usize {
        self.lock().members[number].channels.len()
    }

    fn lock(&self) -> MutexGuard<'_, Net> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has(bytes: &Bytes, words: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(words)
}

impl Net {
    fn pass_on(&mut self, from: usize, subject: Subject, payload: &Bytes) {
        if subject == Subject::All {
            let lost = self
                .losing_words
                .iter()
                .position(|words| has(payload, words));
            if let Some(lost) = lost {
                self.losing_words.remove(lost);
                self.unheard.push(payload.clone());
                return;
            }
            self.passed.push(payload.clone());
        }
        if self.members[from].is_cut_off {
            return;
        }
        for (number, member) in self.members.iter().enumerate() {
            let hears = match subject {
                Subject::All => true,
                Subject::Lines(channel) => member.channels.contains(&channel),
            };
            if hears && number != from && member.is_cut_off {
                self.unheard.push(payload.clone());
            }
            if hears && number != from && member.is_up && !member.is_cut_off {
                for _ in 0..1 + usize::from(self.is_doubled) {
                    let _ = member.heard.try_send(Heard::News(payload.clone()));
                }
            }
        }
    }
}

#[async_trait]
impl Bus for LoopbackBus {
    fn publish(&self, subject: Subject, payload: Bytes) {
        let net = &mut *self.net.lock();
        if matches!(subject, Subject::Lines(_)) {
            if net.losing > 0 {
                net.losing -= 1;
                return;
            }
            if net.is_held {
                net.held.push_back((self.number, subject, payload));
                return;
            }
        }
        if net.members[self.number].is_up {
            net.pass_on(self.number, subject, &payload);
        }
    }

    async fn subscribe(&self, channel: ChannelId) -> Result<(), NotConfirmed> {
        let member = &mut self.net.lock().members[self.number];
        member.channels.insert(channel);
        match member.is_up {
            true => Ok(()),
            false => Err(NotConfirmed),
        }
    }

    fn unsubscribe(&self, channel: ChannelId) {
        let members = &mut self.net.lock().members;
        members[self.number].channels.remove(&channel);
    }

    fn is_up(&self) -> bool {
        self.net.lock().members[self.number].is_up
    }

    async fn flush(&self) {
        self.net.lock().flushing += 1;
        while self.net.lock().is_stalled {
            sleep(Duration::from_millis(1)).await;
        }
        self.net.lock().flushing -= 1;
    }
}
