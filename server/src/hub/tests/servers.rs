//! Several servers of one hall in one process, for tests: what they tell each other goes
//! where, and when, a test says.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::mpsc::{self, Receiver};

use super::*;
use crate::news::{News, ServerId};

/// The servers, and what is on its way between them.
pub(super) struct Servers {
    pub(super) hubs: Vec<Hub>,
    told: Vec<Receiver<Telling>>,
    /// From each server to each server.
    ways: Vec<Vec<VecDeque<Bytes>>>,
}

pub(super) fn id(server: usize) -> ServerId {
    ServerId(server as u64 + 1)
}

impl Servers {
    /// Servers that have been running for long.
    pub(super) fn start(count: usize) -> Self {
        let (hubs, told) = (0..count)
            .map(|_| {
                let (news, told) = mpsc::channel(10_000);
                let mut hub = Hub::in_cluster(&lobby().channel, GRACE, news);
                Arc::get_mut(&mut hub.shared).unwrap().restarted_until = Instant::now();
                (hub, told)
            })
            .unzip();
        Self {
            hubs,
            told,
            ways: (0..count).map(|_| vec![VecDeque::new(); count]).collect(),
        }
    }

    /// Puts what was told on its way to all others.
    pub(super) fn send(&mut self) {
        for (from, told) in self.told.iter_mut().enumerate() {
            while let Ok(Telling::News(news)) = told.try_recv() {
                let bytes = news.encode(id(from), None);
                for (to, way) in self.ways[from].iter_mut().enumerate() {
                    if to != from {
                        way.push_back(bytes.clone());
                    }
                }
            }
        }
    }

    /// Lets the oldest news between two servers arrive. False when there are none.
    pub(super) fn arrive(&mut self, from: usize, to: usize) -> bool {
        self.send();
        let Some(bytes) = self.ways[from][to].pop_front() else {
            return false;
        };
        let received = News::decode(&bytes).unwrap();
        self.hubs[to].hear(received.from, received.news.unwrap());
        true
    }

    /// Lets all news between two servers arrive.
    pub(super) fn arrive_all(&mut self, from: usize, to: usize) {
        while self.arrive(from, to) {}
    }

    /// Lets everything arrive, and what is told thereupon.
    pub(super) fn settle(&mut self) {
        let count = self.hubs.len();
        loop {
            let mut arrived = false;
            for (from, to) in (0..count).flat_map(|from| (0..count).map(move |to| (from, to))) {
                arrived |= self.arrive(from, to);
            }
            if !arrived {
                return;
            }
        }
    }

    /// Loses what is on its way.
    pub(super) fn lose(&mut self) {
        self.send();
        self.ways.iter_mut().flatten().for_each(VecDeque::clear);
    }

    /// All that is on its way, which does not arrive then.
    pub(super) fn each_told(&mut self, each: impl FnMut(Bytes)) {
        self.send();
        let ways = self.ways.iter_mut().flatten();
        ways.flat_map(|way| way.drain(..)).for_each(each);
    }

    /// As after something was missed: all tell again what they have.
    pub(super) fn ask(&mut self) {
        for hub in &self.hubs {
            hub.tell_devices(Duration::ZERO).now_or_never().unwrap();
        }
        self.settle();
    }

    pub(super) fn tell_news(&self, now: Instant) {
        for hub in &self.hubs {
            hub.tell_news(now);
        }
    }
}

/// All that a hub shows of players and channels.
pub(super) fn shown(hub: &Hub) -> Vec<String> {
    let state = hub.lock();
    let mut shown = Vec::new();
    for (user, player) in &state.players {
        let mut sessions: Vec<_> = player.devices.iter().collect();
        sessions.sort_by_key(|device| device.session.0);
        let sessions = sessions
            .iter()
            .map(|d| (d.session, d.connection, d.place.is_connected(), d.state));
        let mut channels = player.channels.clone();
        channels.sort();
        shown.push(format!(
            "{} {user} {:?} {channels:?} {:?}",
            player.name_key,
            player.shown(),
            sessions.collect::<Vec<_>>()
        ));
    }
    for live in state.channels.values() {
        let mut present: Vec<_> = live.present.iter().map(|(u, r)| (u.0, r.name())).collect();
        present.sort_unstable();
        shown.push(format!("#{} {:?} {present:?}", live.name, live.counts()));
    }
    assert_eq!(state.names.len(), state.players.len());
    assert_eq!(state.channel_ids.len(), state.channels.len());
    shown.sort();
    shown
}
