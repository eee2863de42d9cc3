//! Who may be connected: so many in all, and so many of one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::info;

use crate::config::Capacity;
use crate::metrics::{Metrics, refused};
use crate::rate_limit::network;

/// Connections being told that there are too many. Beyond, they are just dropped.
const MAX_REFUSALS: usize = 64;

/// How many connections there are, in all and per address.
#[derive(Clone, Default)]
pub(super) struct Counts {
    state: Arc<Mutex<CountState>>,
    /// Is told why who was refused.
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct CountState {
    total: usize,
    refusals: usize,
    per_address: HashMap<IpAddr, usize>,
    refused: Refused,
}

/// Connections refused lately. The log gets a line when it begins and one a minute
/// while it goes on, however many there are.
#[derive(Default)]
struct Refused {
    since_last_line: u64,
    is_going_on: bool,
}

/// A connection's leave to be there, counted in [`Counts`]; given back when dropped.
pub(crate) struct Permit {
    counts: Counts,
    held: Held,
}

#[derive(Clone, Copy)]
enum Held {
    /// A place of this address. `None` for a connection that a proxy passes on, while it is
    /// not known yet whose it is.
    Place(Option<IpAddr>),
    /// Being told that there is none.
    Refusal,
}

impl Counts {
    /// None yet.
    pub(super) fn told_to(metrics: Arc<Metrics>) -> Self {
        Self {
            state: Arc::default(),
            metrics,
        }
    }

    /// Takes a permit, of an address or of one that is not known yet. `Err` means that there
    /// is none, or that the address takes them too fast; it brings a permit to be refused
    /// under, if there is one of those.
    pub(super) fn enter(
        &self,
        address: Option<IpAddr>,
        is_slow_enough: bool,
        capacity: &Capacity,
    ) -> Result<Permit, Option<Permit>> {
        let mut state = self.lock();
        let permit = |held| Permit {
            counts: self.clone(),
            held,
        };
        let why = if state.total >= capacity.max_connections {
            refused::SERVER_FULL
        } else if !is_slow_enough {
            refused::TOO_FAST
        } else if !state.take_place(address, capacity) {
            refused::ADDRESS_FULL
        } else {
            state.total += 1;
            return Ok(permit(Held::Place(address)));
        };
        self.metrics.refused.add(why, 1);
        state.refused.note(address);
        Err(state.take_refusal().then(|| permit(Held::Refusal)))
    }

    /// Says how many were refused, if any were. To be called once a minute.
    pub(super) fn sum_up(&self) {
        self.lock().refused.sum_up();
    }

    fn lock(&self) -> MutexGuard<'_, CountState> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CountState {
    /// Counts one more of the address, if it may have one more.
    fn take_place(&mut self, address: Option<IpAddr>, capacity: &Capacity) -> bool {
        let Some(address) = address else {
            return true;
        };
        let here = self.per_address.entry(network(address)).or_default();
        let has_room = *here < capacity.max_connections_per_address;
        *here += usize::from(has_room);
        has_room
    }

    fn give_place_back(&mut self, address: IpAddr) {
        if let Entry::Occupied(mut entry) = self.per_address.entry(network(address)) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }

    fn take_refusal(&mut self) -> bool {
        let has_room = self.refusals < MAX_REFUSALS;
        self.refusals += usize::from(has_room);
        has_room
    }
}

impl Refused {
    fn note(&mut self, address: Option<IpAddr>) {
        if !self.is_going_on {
            self.is_going_on = true;
            let address = address.map(tracing::field::display);
            info!(address, "too many connections; refusing what is too much");
        }
        self.since_last_line += 1;
    }

    fn sum_up(&mut self) {
        let count = std::mem::take(&mut self.since_last_line);
        self.is_going_on = count > 0;
        if self.is_going_on {
            info!(count, "connections refused in the last minute");
        }
    }
}

/// What becomes of a connection whose address is known at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It has a place.
    Room,
    /// It is to be told that there is none.
    Refused,
    /// It is to be dropped: too many are being told.
    Dropped,
}

impl Permit {
    /// Whether it is not known yet whose connection this is.
    pub(crate) fn is_nobodys(&self) -> bool {
        matches!(self.held, Held::Place(None))
    }

    /// Counts the connection for this address, which a proxy has named.
    pub(crate) fn count_for(
        &mut self,
        address: IpAddr,
        is_slow_enough: bool,
        capacity: &Capacity,
    ) -> Found {
        let mut state = self.counts.lock();
        let why = if !is_slow_enough {
            refused::TOO_FAST
        } else if !state.take_place(Some(address), capacity) {
            refused::ADDRESS_FULL
        } else {
            self.held = Held::Place(Some(address));
            return Found::Room;
        };
        self.counts.metrics.refused.add(why, 1);
        state.refused.note(Some(address));
        if !state.take_refusal() {
            return Found::Dropped;
        }
        state.total -= 1;
        self.held = Held::Refusal;
        Found::Refused
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.counts.lock();
        match self.held {
            Held::Refusal => state.refusals -= 1,
            Held::Place(address) => {
                state.total -= 1;
                if let Some(address) = address {
                    state.give_place_back(address);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    const ADA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

    fn capacity(in_all: usize, per_address: usize) -> Capacity {
        let mut capacity = Config::default().capacity;
        capacity.max_connections = in_all;
        capacity.max_connections_per_address = per_address;
        capacity
    }

    fn is_empty(counts: &Counts) -> bool {
        let state = counts.lock();
        state.total == 0 && state.refusals == 0 && state.per_address.is_empty()
    }

    #[test]
    fn connections_of_a_proxy_count_for_whom_it_names() {
        let (counts, capacity) = (Counts::default(), capacity(10, 2));
        let mut permits = Vec::new();
        for found in [Found::Room, Found::Room, Found::Refused] {
            let mut permit = counts
                .enter(None, true, &capacity)
                .unwrap_or_else(|_| panic!());
            assert!(permit.is_nobodys());
            assert_eq!(permit.count_for(ADA, true, &capacity), found);
            assert!(!permit.is_nobodys());
            permits.push(permit);
        }
        assert_eq!(counts.lock().total, 2, "who is refused has no place");
        assert!(counts.enter(Some(ADA), true, &capacity).is_err());
        let mut hasty = counts
            .enter(None, true, &capacity)
            .unwrap_or_else(|_| panic!());
        permits.remove(0);
        assert_eq!(hasty.count_for(ADA, false, &capacity), Found::Refused);
        drop((permits, hasty));
        assert!(is_empty(&counts));
    }

    #[test]
    fn only_so_many_are_told_that_there_are_too_many() {
        let (counts, capacity) = (Counts::default(), capacity(1_000, 1));
        let enter = || {
            let mut permit = counts
                .enter(None, true, &capacity)
                .unwrap_or_else(|_| panic!());
            (permit.count_for(ADA, true, &capacity), permit)
        };
        let found: Vec<_> = (0..MAX_REFUSALS + 2).map(|_| enter()).collect();
        assert_eq!(found[0].0, Found::Room);
        assert!(
            found[1..=MAX_REFUSALS]
                .iter()
                .all(|(found, _)| *found == Found::Refused)
        );
        assert_eq!(found[MAX_REFUSALS + 1].0, Found::Dropped);
        drop(found);
        assert!(is_empty(&counts));
    }
}
