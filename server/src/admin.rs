//! What operators do: each verb of theirs is an [`Act`], and there is one way to run it.
//!
//! An act is run for an [`Actor`] either [on a running server](socket), where players are
//! told and closed as by the packets of other players, or on the store of one that is
//! stopped ([`Stopped`]). Whatever came of it is added to the audit log. Who asks, be it a
//! command line or a console, only passes acts on and shows [`Report`]s.
//!
//! - [`act`]: the acts there are, and who wants them;
//! - [`report`]: what comes of them;
//! - `run`: runs one and notes it; the files beside it have one family of verbs each;
//! - `ground`: what they all stand on, a running server or a store;
//! - [`socket`]: how acts come to a running server.

pub mod act;
pub mod report;
mod ground;
mod run;
mod hall;
mod users;
mod erase;
mod export;
mod game_keys;
mod gates;
mod sessions;
mod tickets;
mod channels;
mod lines;
mod operators;
mod reports;
mod sanctions;
#[cfg(unix)]
pub mod socket;
#[cfg(unix)]
mod who;

use std::sync::Arc;

pub(crate) use act::CONSOLE;
pub use act::{Act, Actor, Order};
pub(crate) use erase::bury;
pub(crate) use erase::erase_account;
pub(crate) use ground::Ground;
pub use report::{ActError, Answer, Report};
pub(crate) use run::{note, run};
#[cfg(unix)]
pub use who::me;

use crate::config::Config;
use crate::store::Store;

/// A store whose server is stopped, or that other servers have.
pub struct Stopped(Ground);

impl Stopped {
    /// What is done in it goes by the `config` that its server would have: its reserved
    /// names, and how passwords are hashed.
    pub fn new(store: Arc<dyn Store>, is_shared: bool, config: Config) -> Self {
        Self(Ground::stopped(store, is_shared, config))
    }

    /// Runs an act and notes it.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn run(&self, actor: &Actor, order: Order) -> Result<Answer, ActError> {
        run(&self.0, actor, order).await
    }

    /// Closes the store.
    pub async fn close(&self) {
        self.0.store.close().await;
    }
}
