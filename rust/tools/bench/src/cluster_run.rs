//! What one measurement of several servers came to.

use serde::Serialize;

/// One measurement of servers under one load.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClusterRun {
    pub(crate) name: &'static str,
    pub(crate) with_bus: bool,
    pub(crate) players: usize,
    pub(crate) lines_per_s: f64,
    pub(crate) deliveries_per_s: f64,
    /// How much of a processor everybody took.
    pub(crate) cores: Cores,
    /// Quantiles and what they are, in microseconds: of lines to listeners on their
    /// sender's server.
    pub(crate) stayed_us: Vec<(f64, f64)>,
    /// Of lines to listeners on another one.
    pub(crate) crossed_us: Vec<(f64, f64)>,
    /// Lines lost, doubled, or missing in the end.
    pub(crate) wrong: u64,
    /// Lines left out, as `gap` packets said.
    pub(crate) left_out: u64,
    /// Logins per second, where somebody logged in.
    pub(crate) visits_per_s: f64,
}

/// Of one processor, between two moments.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cores {
    pub(crate) servers: Vec<f64>,
    pub(crate) postgres: f64,
    pub(crate) nats: f64,
    pub(crate) generator: f64,
    /// Everything else on this machine, which had better be nothing.
    pub(crate) others: f64,
    /// What the host of a virtual machine gave to others in the meantime.
    pub(crate) stolen: f64,
}
