//! The session of one player with a Longhall server, without any I/O.
//!
//! A [`Session`] knows nothing of sockets, threads, clocks or Godot. Whoever
//! owns those drives it: tells it what the player wants, what the transport
//! reports and what time it is, and carries out what it asks for. So every
//! rule of the protocol lives here once, and is tested without a network.
//!
//! Read it in this order:
//!
//! - [`Event`], [`DisconnectReason`], [`LogoutReason`]: what a game is told;
//! - [`Refusal`] and [`RefusalCode`]: why something did not happen;
//! - [`Config`]: time-outs and reconnecting;
//! - [`Action`]: what a driver does for the session;
//! - [`Session`]: the state machine, and the contract with its driver; its
//!   inner life is in `session/`: asking, answers, connection;
//! - `requests`: ids, answers, time-outs;
//! - `heartbeat`: is the server still there?
//! - `backoff`: when to try again;
//! - `tokio_driver` (feature `tokio-driver`): a driver over a real socket.
//!
//! ```
//! use std::time::Duration;
//! use longhall_client::{Action, Config, Session, State};
//!
//! let mut session = Session::new(Config::default(), 42);
//! session.connect(Duration::ZERO);
//! assert_eq!(session.state(), State::Connecting);
//! assert_eq!(session.poll_action(), Some(Action::Open));
//! ```

mod event;
mod refusal;

mod action;
mod config;
mod session;

mod backoff;
mod heartbeat;
mod requests;

#[cfg(feature = "tokio-driver")]
pub mod tokio_driver;

pub use action::Action;
pub use config::Config;
pub use event::{DisconnectReason, Event, LogoutReason, State};
pub use refusal::{Refusal, RefusalCode};
pub use requests::{Call, MAX_CHATS_IN_FLIGHT};
pub use session::{MAX_EVENTS, Session};
