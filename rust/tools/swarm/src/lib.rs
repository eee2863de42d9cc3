//! A swarm of players who load a Longhall server and count what comes of it.
//!
//! [`Swarm`] connects, logs in, talks and measures as a [`Plan`] says. The first
//! players who talk at a rate are sessions of the client core. The crowd logs in
//! by the client core and then only counts: see `wire` and `count` for why.
//! Reading order:
//!
//! - [`Plan`]: what the swarm does; [`Account`]: who it is;
//! - [`Swarm`]: threads, phases, measurements;
//! - `thread`: starts the players of one thread; `context`: what they share;
//! - `task`: one player from coming in to the end; `send`: talking and listening;
//! - `player`: a player of the client core;
//! - `count`: checks that lines come once and in order; `tally`: adds up;
//! - `wire`: a connection, over a `stream`; [`frame`]: its frames where `read` put them;
//! - `stamp`: when a line was sent; `pacer`: when the next one is due;
//! - [`Process`]: what the server costs.

pub mod accounts;
mod context;
mod count;
mod error;
pub mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod pacer;
mod plan;
mod player;
mod process;
mod send;
mod stamp;
mod stream;
mod swarm;
mod tally;
mod task;
mod thread;
mod wire;

pub use accounts::Account;
pub use error::SwarmError;
pub use hdrhistogram::Histogram;
pub use plan::{Load, Plan, Speaks, Spread, Visit, Visitors};
pub use process::Process;
pub use stamp::STAMP_BYTES;
pub use swarm::{Ending, Span, Swarm};
pub use tally::Counts;
