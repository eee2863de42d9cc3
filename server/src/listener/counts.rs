//! Who may be connected: so many in all, and so many of one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Capacity;
use crate::metrics::refused;
use crate::rate_limit::network;

/// Connections being told that there are too many. Beyond, they are just dropped.
const MAX_REFUSALS: usize = 64;

/// How many connections there are, in all and per address.
#[derive(Clone, Default)]
pub(super) struct Counts {
    state: Arc<Mutex<CountState>>,
}

#[derive(Default)]
struct CountState {
    total: usize,
    refusals: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// A connection's leave to be there, counted in [`Counts`]; given back when dropped.
pub(crate) struct Permit {
    counts: Counts,
    /// `None` for one that is being refused.
    address: Option<IpAddr>,
}

impl Counts {
    /// Takes a permit. `Err` means that there is none, or that the address takes them
    /// too fast; it brings a permit to be refused under, if there is one of those, and why.
    pub(super) fn enter(
        &self,
        address: IpAddr,
        is_slow_enough: bool,
        capacity: &Capacity,
    ) -> Result<Permit, (Option<Permit>, &'static str)> {
        let address = network(address);
        let mut state = self.lock();
        let here = state.per_address.get(&address).copied().unwrap_or(0);
        let why = if state.total >= capacity.max_connections {
            refused::SERVER_FULL
        } else if here >= capacity.max_connections_per_address {
            refused::ADDRESS_FULL
        } else if !is_slow_enough {
            refused::TOO_FAST
        } else {
            state.total += 1;
            state.per_address.insert(address, here + 1);
            return Ok(Permit {
                counts: self.clone(),
                address: Some(address),
            });
        };
        let has_room = state.refusals < MAX_REFUSALS;
        state.refusals += usize::from(has_room);
        let permit = has_room.then(|| Permit {
            counts: self.clone(),
            address: None,
        });
        Err((permit, why))
    }

    fn lock(&self) -> MutexGuard<'_, CountState> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.counts.lock();
        let Some(address) = self.address else {
            state.refusals -= 1;
            return;
        };
        state.total -= 1;
        if let Entry::Occupied(mut entry) = state.per_address.entry(address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
