//! What acts stand on: a running server, or a store.

use std::sync::Arc;

use longhall_packet::{ChannelName, CloseReason, Password, Sanction, Username};

use super::report::ActError;
use crate::clock;
use crate::config::Config;
use crate::password::Passwords;
use crate::reserved::Reserved;
use crate::server::Server;
use crate::store::{
    Account, Appended, Channel, FIRST_HALL, LogEntry, SessionId, Store, StoreError, UserId,
};

/// Channels read at a time when the lobby is looked for.
const CHANNELS: usize = 200;

/// A running server, or a store.
pub(crate) struct Ground {
    pub(super) store: Arc<dyn Store>,
    /// `None` when the store's server is stopped.
    pub(super) server: Option<Arc<Server>>,
    /// Whether servers may have the store that are not told of anything.
    pub(super) is_shared: bool,
    config: Config,
}

impl Ground {
    pub(super) fn stopped(store: Arc<dyn Store>, is_shared: bool, config: Config) -> Self {
        Self {
            store,
            server: None,
            is_shared,
            config,
        }
    }

    pub(crate) fn running(server: Arc<Server>) -> Self {
        Self {
            store: Arc::clone(&server.store),
            config: server.config.clone(),
            server: Some(server),
            is_shared: false,
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        match &self.server {
            Some(server) => server.clock.now_ms(),
            None => clock::now_ms(),
        }
    }

    /// Sessions that expired by then have ended.
    pub(super) fn ended_by_ms(&self) -> i64 {
        match &self.server {
            Some(server) => server.clock.ended_by_ms(),
            None => clock::now_ms(),
        }
    }

    /// The running server.
    ///
    /// # Errors
    /// Refused when there is none.
    pub(super) fn server(&self) -> Result<&Arc<Server>, ActError> {
        let stopped = || ActError::Refused("no server is running here".to_owned());
        self.server.as_ref().ok_or_else(stopped)
    }

    /// The account of a name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn account(&self, name: &str) -> Result<Account, ActError> {
        let key = match Username::parse(name) {
            Ok(name) => name.name_key(),
            // No name that players have, but one that is erased.
            Err(_) => name.to_owned(),
        };
        let found = self.store.account(&key, self.ended_by_ms()).await?;
        found.ok_or_else(|| ActError::NotFound(format!("there is no account {name:?}")))
    }

    /// The channel of a name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn channel(&self, name: &str) -> Result<Channel, ActError> {
        let missing = || ActError::NotFound(format!("there is no channel {name:?}"));
        let parsed = ChannelName::parse(name).map_err(|_| missing())?;
        let found = self.store.channel_by_name(&parsed).await?;
        found.ok_or_else(missing)
    }

    /// The channel that everybody is in.
    ///
    /// # Errors
    /// When no server has run on the store yet.
    pub(super) async fn lobby(&self) -> Result<Channel, ActError> {
        let mut after = None;
        loop {
            let page = self
                .store
                .all_channels("", after.as_ref(), CHANNELS)
                .await?;
            if page.is_empty() {
                let text = "there is no lobby yet: start the server once";
                return Err(ActError::NotFound(text.to_owned()));
            }
            for (channel, _) in page {
                if channel.hall == Some(FIRST_HALL) {
                    return Ok(channel);
                }
                after = Some(channel.name);
            }
        }
    }

    /// Whether an account is online on any server.
    pub(super) fn is_online(&self, account: &Account) -> Option<bool> {
        let server = self.server.as_ref()?;
        Some(server.hub.player(&account.name_key).is_some())
    }

    /// The names that nobody can have.
    pub(super) fn is_reserved(&self, keys: &longhall_packet::NameKeys) -> bool {
        match &self.server {
            Some(server) => server.reserved.load().contain(keys),
            None => Reserved::of(&self.config).contain(keys),
        }
    }

    /// Hashes a password, as a registration does.
    pub(super) async fn hash(&self, password: Password) -> Result<String, ActError> {
        let hashed = match &self.server {
            Some(server) => server.passwords.hash(password).await,
            None => {
                let passwords = Passwords::start(&self.config, Arc::default())
                    .map_err(|cause| ActError::Failed(cause.to_string()))?;
                passwords.hash(password).await
            }
        };
        hashed.map_err(|denial| ActError::Failed(denial.reason()))
    }

    /// Closes the connections of an account on all servers.
    pub(super) fn close(&self, user: UserId, reason: CloseReason) {
        if let Some(server) = &self.server {
            server.hub.close(user, reason);
        }
    }

    /// As [`Ground::close`], for a kick or a ban, with what it says.
    pub(super) fn close_saying(&self, user: UserId, reason: CloseReason, sanction: &Sanction) {
        if let Some(server) = &self.server {
            server.hub.close_saying(user, reason, sanction);
        }
    }

    /// The settings that hold now.
    pub(super) fn settings(&self) -> Arc<Config> {
        match &self.server {
            Some(server) => Arc::clone(&server.settings()),
            None => Arc::new(self.config.clone()),
        }
    }

    /// Closes the connections of sessions that have ended.
    pub(super) fn close_sessions(&self, user: UserId, ended: &[SessionId], reason: CloseReason) {
        if let Some(server) = &self.server {
            server.hub.end_sessions(user, ended, reason);
        }
    }

    /// Has entries for a channel written, and told to who hears it.
    pub(super) async fn write(
        &self,
        channel: &Channel,
        entries: Vec<LogEntry>,
    ) -> Result<Vec<Appended>, ActError> {
        let Some(server) = &self.server else {
            return Ok(self.store.append(entries).await?);
        };
        let name: Arc<str> = channel.name.as_str().into();
        // All of them are on their way before the first is waited for.
        let mut written = Vec::with_capacity(entries.len());
        for entry in entries {
            let answer = server.chat_log.write_for_operator(&name, entry).await;
            written.push(answer.map_err(|denial| ActError::Failed(denial.reason()))?);
        }
        let mut appended = Vec::with_capacity(written.len());
        for answer in written {
            let refused = |_| StoreError::Failed("it takes no lines".to_owned());
            appended.push(answer.await.map_err(refused)?);
        }
        Ok(appended)
    }

    /// Holds off other changes of a channel, on all servers.
    pub(super) async fn hold(
        &self,
        name: &ChannelName,
    ) -> Result<Option<crate::channel_locks::ChannelChange>, ActError> {
        match &self.server {
            Some(server) => Ok(Some(server.change_channel(name).await?)),
            None => Ok(None),
        }
    }
}
