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
//! - [`Answer`], [`Refusal`] and [`RefusalCode`]: how a call ends;
//! - [`Config`]: time-outs, reconnecting, history;
//! - [`Action`]: what a driver does for the session;
//! - [`ServerAddress`]: where the server is; `diagnosis`: why it cannot be had;
//! - [`Session`]: the state machine, and the contract with its driver; its
//!   inner life is in `session/`: calls, asking, answers, chatting, history,
//!   channels, connection;
//! - `link`: whether there is a connection, whether it is well, when to try again;
//! - `login`: the account, taking its session up again, logging out;
//! - `outgoing`: lines on their way, kept until their fate is known;
//! - `timeline`: each line of a channel once, in order; `unread`: how many wait
//!   to be read; `logs`: both of every channel and whisper;
//! - [`Command`]: what players type behind a slash;
//! - `requests`: ids, answers, time-outs; `listing`: lists that come in pages;
//! - `queues`: what waits for the driver;
//! - `clock`: how long was the driver away?
//! - `pages`: which page of history is asked for next; `showing`: what a player sees of a
//!   line;
//! - `markers`: up to where is read; `presence`: what the player says of themselves;
//! - `heartbeat`: is the server still there?
//! - `backoff`: when to try again; `patience`: when to ask again;
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

mod answer;
mod event;
mod refusal;

mod action;
mod address;
mod config;
pub mod diagnosis;
mod queues;
mod session;

mod link;
mod login;

mod log;
mod logs;
mod markers;
mod outgoing;
mod pages;
mod presence;
mod showing;
mod timeline;
mod unread;

mod command;

mod backoff;
mod clock;
mod heartbeat;
mod listing;
mod patience;
mod requests;

#[cfg(feature = "tokio-driver")]
pub mod tokio_driver;

pub use action::Action;
pub use address::{AddressError, ServerAddress};
pub use answer::Answer;
pub use command::{COMMANDS, Command, CommandError, CommandInfo, Completion, complete, help};
pub use config::Config;
pub use event::{DisconnectReason, Event, LogoutReason, State};
pub use listing::MAX_LISTED;
pub use outgoing::MAX_CHATS_IN_FLIGHT;
pub use queues::MAX_EVENTS;
pub use refusal::{Refusal, RefusalCode};
pub use requests::{Call, MAX_CALLS_IN_FLIGHT};
pub use session::Session;
