//! The session core under simulated time, one file per theme.
//!
//! `support` is a driver with a clock that stands still; each test plays the
//! server by hand. `random_walk` lets a simulated server and a bad network do
//! what they like, and checks what must hold whatever happens.

mod bounds;
mod calls;
mod channels;
mod chatting;
mod connecting;
mod entering;
mod halls;
mod heartbeat;
mod history;
mod logging_in;
mod lossless;
mod other_store;
mod own_data;
mod profiles;
mod random_walk;
mod reconnecting;
mod recovery;
mod reporting;
mod sanctions;
mod stalls;
mod support;
mod tickets;
