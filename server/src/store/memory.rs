//! The twin of the SQLite store for tests: same behaviour, nothing kept.

mod accounts;
mod channels;
mod lines;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use longhall_packet::{Access, ChannelName, InboxState, Invitation, NameKeys, Role, Seq};

use super::{
    Added, Appended, Channel, ChannelId, Created, Cursor, Entry, Log, MemberLimits, MemberRow,
    Membership, NewChannel, NewSession, NewUser, Page, Place, Pruned, Removed, Retention, Rotation,
    Seen, SessionId, SessionRow, Shrunk, Store, StoreError, TokenHash, User, UserId,
};

/// Everything in memory.
pub struct MemoryStore {
    epoch: String,
    state: Mutex<State>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            epoch: super::sqlite::new_epoch(),
            state: Mutex::default(),
        }
    }
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, (User, NameKeys)>,
    sessions: Vec<accounts::Session>,
    /// Seen latest last.
    places: HashMap<UserId, Vec<Place>>,
    last_session: i64,
    blocks: BTreeSet<(UserId, UserId)>,
    channels: BTreeMap<ChannelId, channels::ChannelRow>,
    last_channel: i64,
    members: Vec<channels::Member>,
    invitations: Vec<channels::Invited>,
    reads: HashMap<(UserId, ChannelId), Seq>,
    whisper_reads: HashMap<(UserId, UserId), Seq>,
    logs: HashMap<LogKey, lines::Kept>,
    seen: Seen,
    closed: bool,
}

/// What counts numbers up. A name of a channel does so for all channels that
/// ever have it.
#[derive(Clone, PartialEq, Eq, Hash)]
enum LogKey {
    Channel(ChannelName),
    Inbox(UserId),
}

impl MemoryStore {
    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            Err(StoreError::Closed)
        } else {
            Ok(state)
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn epoch(&self) -> &str {
        &self.epoch
    }

    fn seen(&self) -> Seen {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.seen
    }

    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError> {
        Ok(self.open()?.insert_user(user))
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError> {
        Ok(self.open()?.user_by(|keys| keys.name == name_key).cloned())
    }

    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError> {
        Ok(self.open()?.user_by(|k| k.overlaps(keys)).is_some())
    }

    async fn set_password_hash(
        &self,
        user: UserId,
        known: String,
        hash: String,
    ) -> Result<bool, StoreError> {
        Ok(self.open()?.set_password_hash(user, &known, hash))
    }

    async fn change_password(
        &self,
        user: UserId,
        known: String,
        hash: String,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut state = self.open()?;
        let changed = state.set_password_hash(user, &known, hash);
        Ok(changed.then(|| state.delete_sessions(user, None, keep)))
    }

    async fn insert_session(
        &self,
        session: NewSession,
    ) -> Result<(SessionId, Vec<SessionId>), StoreError> {
        Ok(self.open()?.insert_session(session))
    }

    async fn rotate_session(
        &self,
        rotation: Rotation,
    ) -> Result<Option<(User, SessionId)>, StoreError> {
        Ok(self.open()?.rotate_session(&rotation))
    }

    async fn is_known_place(&self, name_key: &str, place: Place) -> Result<bool, StoreError> {
        Ok(self.open()?.is_known_place(name_key, place))
    }

    async fn touch_session(&self, session: SessionId, now_ms: i64) -> Result<(), StoreError> {
        self.open()?.touch_session(session, now_ms);
        Ok(())
    }

    async fn sessions(
        &self,
        user: UserId,
        ended_by_ms: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        Ok(self.open()?.sessions_of(user, ended_by_ms))
    }

    async fn delete_sessions(
        &self,
        user: UserId,
        session: Option<SessionId>,
        keep: SessionId,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.open()?.delete_sessions(user, session, keep))
    }

    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError> {
        self.open()?.delete_session(token);
        Ok(())
    }

    async fn open_lobby(&self, name: &ChannelName, _now_ms: i64) -> Result<Channel, StoreError> {
        let lobby = self.open()?.open_lobby(name);
        lobby.ok_or_else(|| StoreError::Failed("no lobby".to_owned()))
    }

    async fn insert_channel(&self, channel: NewChannel) -> Result<Created, StoreError> {
        Ok(self.open()?.insert_channel(channel))
    }

    async fn channel_by_name(&self, name: &ChannelName) -> Result<Option<Channel>, StoreError> {
        let state = self.open()?;
        Ok(state.channel_id(name).and_then(|id| state.channel(id)))
    }

    async fn channels(
        &self,
        user: UserId,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError> {
        Ok(self.open()?.list_channels(user, after, limit))
    }

    async fn set_topic(&self, channel: ChannelId, topic: String) -> Result<(), StoreError> {
        if let Some(row) = self.open()?.channels.get_mut(&channel) {
            row.topic = topic;
        }
        Ok(())
    }

    async fn set_access(
        &self,
        channel: ChannelId,
        access: Access,
        password_hash: Option<String>,
    ) -> Result<(), StoreError> {
        if let Some(row) = self.open()?.channels.get_mut(&channel) {
            row.access = access;
            row.password_hash = password_hash;
        }
        Ok(())
    }

    async fn insert_member(
        &self,
        channel: ChannelId,
        user: UserId,
        limits: MemberLimits,
        _now_ms: i64,
    ) -> Result<Added, StoreError> {
        Ok(self.open()?.insert_member(channel, user, limits))
    }

    async fn membership(
        &self,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<Membership>, StoreError> {
        Ok(self.open()?.membership(channel, user))
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        Ok(self.open()?.memberships(user))
    }

    async fn members(
        &self,
        channel: ChannelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        Ok(self.open()?.members(channel, after, limit))
    }

    async fn set_role(
        &self,
        channel: ChannelId,
        user: UserId,
        role: Role,
    ) -> Result<bool, StoreError> {
        Ok(self.open()?.set_role(channel, user, role))
    }

    async fn delete_member(&self, channel: ChannelId, user: UserId) -> Result<Removed, StoreError> {
        Ok(self.open()?.delete_member(channel, user))
    }

    async fn insert_invitation(
        &self,
        channel: ChannelId,
        user: UserId,
        by: UserId,
        at_most: usize,
        _now_ms: i64,
    ) -> Result<bool, StoreError> {
        Ok(self.open()?.insert_invitation(channel, user, by, at_most))
    }

    async fn is_invited(&self, channel: ChannelId, user: UserId) -> Result<bool, StoreError> {
        Ok(self.open()?.is_invited(channel, user))
    }

    async fn invitations(&self, user: UserId) -> Result<Vec<Invitation>, StoreError> {
        Ok(self.open()?.invitations_of(user))
    }

    async fn append(&self, entries: Vec<Entry>) -> Result<Vec<Appended>, StoreError> {
        let mut state = self.open()?;
        Ok(entries
            .into_iter()
            .map(|entry| state.append(entry))
            .collect())
    }

    async fn lines(
        &self,
        log: Log,
        cursor: Cursor,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, StoreError> {
        Ok(self.open()?.lines(log, cursor, limit, max_bytes))
    }

    async fn has_whispered(&self, from: UserId, to: UserId) -> Result<bool, StoreError> {
        Ok(self.open()?.has_whispered(from, to))
    }

    async fn open_inbox(&self, user: UserId) -> Result<InboxState, StoreError> {
        Ok(self.open()?.open_inbox(user))
    }

    async fn set_read(&self, user: UserId, log: Log, seq: Seq) -> Result<(Seq, u32), StoreError> {
        Ok(self.open()?.set_read(user, log, seq))
    }

    async fn insert_block(
        &self,
        user: UserId,
        blocked: UserId,
        at_most: usize,
    ) -> Result<bool, StoreError> {
        Ok(self.open()?.insert_block(user, blocked, at_most))
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<(UserId, String)>, StoreError> {
        Ok(self.open()?.blocks_of(user))
    }

    async fn delete_block(&self, user: UserId, blocked: UserId) -> Result<(), StoreError> {
        self.open()?.blocks.remove(&(user, blocked));
        Ok(())
    }

    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        Ok(self.open()?.prune(retention))
    }

    async fn shrink(&self, max_bytes: u64) -> Result<Shrunk, StoreError> {
        Ok(self.open()?.shrink(max_bytes))
    }

    async fn set_seen(&self, seen: Seen) -> Result<(), StoreError> {
        self.open()?.seen = seen;
        Ok(())
    }

    async fn close(&self) {
        if let Ok(mut state) = self.open() {
            state.closed = true;
        }
    }
}
