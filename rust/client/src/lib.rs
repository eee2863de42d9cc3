//! The session of one player with a Longhall server, without any I/O.
//!
//! A [`Session`] knows nothing of sockets, threads, clocks or Godot. A driver owns those:
//! it tells the session what the player wants, what the transport reports and what time
//! it is, and carries out what the session asks for. So every rule of the protocol lives
//! here once, and is tested without a network.
//!
//! Read it in this order.
//!
//! What a game and a driver see:
//!
//! - [`Event`], [`DisconnectReason`], [`LogoutReason`]: what a game is told;
//! - [`Answer`], [`CallError`] and [`CallErrorCode`]: how a call ends;
//! - [`Config`]: time-outs, reconnecting, history;
//! - [`Action`]: what a driver does for the session;
//! - [`ServerAddress`]: where the server is; `diagnosis`: why it cannot be had;
//! - [`Command`]: what players type behind a slash;
//! - `tokio_driver` (feature `tokio-driver`): a driver over a real socket.
//!
//! The conductor:
//!
//! - [`Session`]: the contract with its driver, and what is done with each packet; its
//!   themes are in `session/`: connection, account, entering, calls, asking, answers, chatting,
//!   history, channels, halls, own data.
//!
//! The parts that play, each with fields that nobody else can touch:
//!
//! - `link`: whether there is a connection, whether it is well, when to try again;
//!   `heartbeat`: is the server still there? `backoff`: how long until the next try;
//! - `login`: the account, taking its session up again, logging out;
//! - `entrance`: what an account takes, and one that is about to be made;
//! - `requests`: ids, answers, time-outs; `listing`: lists that come in pages;
//!   `export`: all that is known of the account, in pages as well;
//! - `outgoing`: lines on their way, kept until their fate is known;
//! - `log`: the name of a log; `timeline`: each of its lines once, in order; `unread`: how
//!   many wait to be read; `conversations`: all three of every channel and whisper;
//! - `pages`: which page of history is asked for next; `showing`: what a player sees of a
//!   line;
//! - `markers`: up to where is read; `presence`: what the player says of themselves;
//!   `sanctions`: of which the player was told;
//! - `queues`: what waits for the driver; `clock`: how long was the driver away?
//!   `patience`: how long to wait when the server has no time.
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
mod call_error;

mod action;
mod address;
mod command;
mod config;
pub mod diagnosis;

mod session;

mod backoff;
mod clock;
mod export;
mod heartbeat;
mod link;
mod listing;
mod log;
mod login;
mod conversations;
mod entrance;
mod markers;
mod outgoing;
mod pages;
mod patience;
mod presence;
mod queues;
mod requests;
mod safety;
mod sanctions;
mod showing;
mod timeline;
mod unread;

#[cfg(feature = "tokio-driver")]
pub mod tokio_driver;

pub use action::Action;
pub use address::{AddressError, ServerAddress};
pub use answer::Answer;
pub use call_error::{CallError, CallErrorCode};
pub use command::{COMMANDS, Command, CommandError, CommandInfo, Completion, complete, help};
pub use config::Config;
pub use entrance::ProofWork;
pub use event::{DisconnectReason, Event, LogoutReason, State};
pub use export::{Export, MAX_EXPORTED_LINES};
pub use listing::MAX_LISTED;
pub use outgoing::MAX_CHATS_IN_FLIGHT;
pub use queues::MAX_EVENTS;
pub use requests::{Call, MAX_CALLS_IN_FLIGHT};
pub use safety::Safety;
pub use session::Session;
