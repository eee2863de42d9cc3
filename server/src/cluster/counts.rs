//! What the cluster's task counts, and tells whoever watches.

use super::Shared;
use crate::metrics::Counter;

/// Each grows by one a message, never by one a line and player.
#[derive(Default)]
pub(super) struct Counts {
    /// Messages given to the bus.
    pub(super) told: Counter,
    /// Messages that came over it.
    pub(super) heard: Counter,
    /// Times that something may have been missed here.
    pub(super) doubts: Counter,
    /// Times that others may have missed something of ours.
    pub(super) losses: Counter,
    /// Holes between lines for which the store was asked.
    pub(super) holes: Counter,
    /// Lines that were found in the store, having not come over the bus.
    pub(super) found: Counter,
}

/// The way to the other servers, as it is now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClusterFigures {
    pub(crate) is_bus_up: bool,
    /// Other servers that are heard.
    pub(crate) servers: usize,
    pub(crate) told: u64,
    pub(crate) heard: u64,
    pub(crate) doubts: u64,
    pub(crate) losses: u64,
    pub(crate) holes: u64,
    pub(crate) found: u64,
}

impl Shared {
    pub(super) fn figures(&self) -> ClusterFigures {
        ClusterFigures {
            is_bus_up: self.bus.is_up(),
            servers: self.peers().len(),
            told: self.counts.told.get(),
            heard: self.counts.heard.get(),
            doubts: self.counts.doubts.get(),
            losses: self.counts.losses.get(),
            holes: self.counts.holes.get(),
            found: self.counts.found.get(),
        }
    }
}
