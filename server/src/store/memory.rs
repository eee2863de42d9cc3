//! The model of the rules as a store, for tests: same behaviour, nothing kept.

mod game_keys;
mod gates;
mod operating;
mod operators;
mod recovery;
mod own_data;
mod profiles;
mod temporary;
mod halls;
mod reporting;
mod tickets;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use longhall_packet::{Access, ChannelName, InboxState, Invitation, NameKeys, Role, Seq, Speech};
use longhall_world::World;

use super::backup::{BackupError, Contents};
use super::{
    Added, Appended, Channel, ChannelGuard, ChannelId, Created, Cursor, LimitKey, Log, LogEntry,
    MemberLimits, MemberRow, Membership, NewChannel, NewSession, NewUser, Page, Place, Pruned,
    Removed, Resumed, Retention, Rotation, Seen, SessionId, SessionRow, SharedLimit, Shrunk, Store,
    StoreError, TicketKey, TokenHash, User, UserId,
};
use crate::channel_locks::KeyedLock;

/// Everything in memory.
pub struct MemoryStore {
    epoch: String,
    /// The limits count time from here.
    opened: Instant,
    channel_locks: KeyedLock,
    state: Mutex<State>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            epoch: super::sqlite::new_epoch(),
            opened: Instant::now(),
            channel_locks: KeyedLock::default(),
            state: Mutex::default(),
        }
    }
}

#[derive(Default)]
struct State {
    world: World,
    game_keys: game_keys::Keys,
    seen: Seen,
    connections: i64,
    ticket_keys: Vec<TicketKey>,
    /// When each is good no more.
    used_tickets: HashMap<String, i64>,
    /// When the tries of each key are back to their full allowance.
    limits: HashMap<LimitKey, Duration>,
    closed: bool,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the world, while the store is open.
    fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> Result<T, StoreError> {
        self.open(|state| act(&mut state.world))
    }

    /// Does something with all there is, while the store is open.
    fn open<T>(&self, act: impl FnOnce(&mut State) -> T) -> Result<T, StoreError> {
        let state = &mut *self.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        Ok(act(state))
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn epoch(&self) -> &str {
        &self.epoch
    }

    fn seen(&self) -> Seen {
        self.lock().seen
    }

    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError> {
        self.with(|world| world.insert_user(user, crate::clock::now_ms()))
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError> {
        self.with(|world| world.user_by_name(name_key).cloned())
    }

    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError> {
        self.with(|world| world.is_name_taken(keys))
    }

    async fn set_password_hash(
        &self,
        user: UserId,
        known: String,
        hash: String,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.set_password_hash(user, &known, hash))
    }

    async fn change_password(
        &self,
        user: UserId,
        known: String,
        hash: String,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.with(|world| world.change_password(user, &known, hash, keep))
    }

    async fn insert_session(
        &self,
        session: NewSession,
    ) -> Result<(SessionId, Vec<SessionId>), StoreError> {
        self.with(|world| world.insert_session(session))
    }

    async fn rotate_session(&self, rotation: Rotation) -> Result<Option<Resumed>, StoreError> {
        let rotated = self.with(|world| world.rotate_session(&rotation))?;
        let Some((user, session)) = rotated else {
            return Ok(None);
        };
        let connection = self.connection_number().await?;
        Ok(Some(Resumed {
            user,
            session,
            connection,
        }))
    }

    async fn connection_number(&self) -> Result<i64, StoreError> {
        let state = &mut *self.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        state.connections += 1;
        Ok(state.connections)
    }

    async fn is_known_place(&self, name_key: &str, place: Place) -> Result<bool, StoreError> {
        self.with(|world| world.is_known_place(name_key, place))
    }

    async fn touch_session(&self, session: SessionId, now_ms: i64) -> Result<(), StoreError> {
        self.with(|world| world.touch_session(session, now_ms))
    }

    async fn sessions(
        &self,
        user: UserId,
        ended_by_ms: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        self.with(|world| world.sessions(user, ended_by_ms))
    }

    async fn delete_sessions(
        &self,
        user: UserId,
        session: Option<SessionId>,
        keep: SessionId,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.with(|world| world.delete_sessions(user, session, keep))
    }

    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError> {
        self.with(|world| world.delete_session(token))
    }

    async fn open_lobby(&self, name: &ChannelName, _now_ms: i64) -> Result<Channel, StoreError> {
        let lobby = self.with(|world| world.open_lobby(name))?;
        lobby.ok_or_else(|| StoreError::Failed("no lobby".to_owned()))
    }

    async fn insert_channel(&self, channel: NewChannel) -> Result<Created, StoreError> {
        self.with(|world| world.insert_channel(channel))
    }

    async fn channel_by_name(&self, name: &ChannelName) -> Result<Option<Channel>, StoreError> {
        self.with(|world| world.channel_by_name(name))
    }

    async fn channels(
        &self,
        user: UserId,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError> {
        self.with(|world| world.channels(user, after, limit))
    }

    async fn lock_channel(&self, name: &ChannelName) -> Result<ChannelGuard, StoreError> {
        self.with(|_| ())?;
        Ok(ChannelGuard::holding(self.channel_locks.lock(name).await))
    }

    async fn set_topic(&self, channel: ChannelId, topic: String) -> Result<(), StoreError> {
        self.with(|world| world.set_topic(channel, topic))
    }

    async fn set_access(
        &self,
        channel: ChannelId,
        access: Access,
        password_hash: Option<String>,
    ) -> Result<(), StoreError> {
        self.with(|world| world.set_access(channel, access, password_hash))
    }

    async fn set_speech(&self, channel: ChannelId, speech: Speech) -> Result<(), StoreError> {
        self.with(|world| world.set_speech(channel, speech))
    }

    async fn insert_member(
        &self,
        channel: ChannelId,
        user: UserId,
        limits: MemberLimits,
        _now_ms: i64,
    ) -> Result<Added, StoreError> {
        self.with(|world| world.insert_member(channel, user, limits))
    }

    async fn membership(
        &self,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<Membership>, StoreError> {
        self.with(|world| world.membership(channel, user))
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        self.with(|world| world.memberships(user))
    }

    async fn members(
        &self,
        channel: ChannelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        self.with(|world| world.members(channel, after, limit))
    }

    async fn set_role(
        &self,
        channel: ChannelId,
        user: UserId,
        role: Role,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.set_role(channel, user, role))
    }

    async fn delete_member(&self, channel: ChannelId, user: UserId) -> Result<Removed, StoreError> {
        self.with(|world| world.delete_member(channel, user))
    }

    async fn insert_invitation(
        &self,
        channel: ChannelId,
        user: UserId,
        by: UserId,
        at_most: usize,
        _now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.insert_invitation(channel, user, by, at_most))
    }

    async fn is_invited(&self, channel: ChannelId, user: UserId) -> Result<bool, StoreError> {
        self.with(|world| world.is_invited(channel, user))
    }

    async fn invitations(&self, user: UserId) -> Result<Vec<Invitation>, StoreError> {
        self.with(|world| world.invitations(user))
    }

    async fn append(&self, entries: Vec<LogEntry>) -> Result<Vec<Appended>, StoreError> {
        let entries = entries.into_iter();
        self.with(|world| entries.map(|entry| world.append(entry)).collect())
    }

    async fn lines(
        &self,
        log: Log,
        cursor: Cursor,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, StoreError> {
        self.with(|world| world.lines(log, cursor, limit, max_bytes))
    }

    async fn newest(&self, logs: Vec<Log>) -> Result<Vec<Seq>, StoreError> {
        let logs = logs.into_iter();
        let newest = |world: &World, log| world.lines(log, Cursor::Newest, 1, 0).last_seq;
        self.with(|world| logs.map(|log| newest(world, log)).collect())
    }

    async fn has_whispered(&self, from: UserId, to: UserId) -> Result<bool, StoreError> {
        self.with(|world| world.has_whispered(from, to))
    }

    async fn open_inbox(&self, user: UserId) -> Result<InboxState, StoreError> {
        self.with(|world| world.open_inbox(user))
    }

    async fn set_read(&self, user: UserId, log: Log, seq: Seq) -> Result<(Seq, u32), StoreError> {
        self.with(|world| world.set_read(user, log, seq))
    }

    async fn insert_block(
        &self,
        user: UserId,
        blocked: UserId,
        at_most: usize,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.insert_block(user, blocked, at_most))
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<(UserId, String)>, StoreError> {
        self.with(|world| world.blocks(user))
    }

    async fn delete_block(&self, user: UserId, blocked: UserId) -> Result<(), StoreError> {
        self.with(|world| world.delete_block(user, blocked))
    }

    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        self.with(|world| world.prune(retention))
    }

    async fn shrink(&self, max_bytes: u64) -> Result<Shrunk, StoreError> {
        self.with(|world| world.shrink(max_bytes))
    }

    async fn take(&self, limit: SharedLimit) -> Result<Option<Duration>, StoreError> {
        self.with(|_| ())?;
        let now = self.opened.elapsed();
        let full_at = &mut self.lock().limits;
        let full_at = full_at.entry(limit.key).or_default();
        let counted = limit.count(*full_at, now).map(|next| *full_at = next);
        Ok(counted.err())
    }

    async fn drop_idle_limits(&self) -> Result<(), StoreError> {
        self.with(|_| ())?;
        let now = self.opened.elapsed();
        self.lock().limits.retain(|_, full_at| *full_at > now);
        Ok(())
    }

    async fn set_seen(&self, seen: Seen) -> Result<(), StoreError> {
        self.with(|_| ())?;
        self.lock().seen = seen;
        Ok(())
    }

    async fn backup(&self, _file: &Path, _is_forced: bool) -> Result<Contents, BackupError> {
        Err(BackupError::Unsupported("a store in memory has no backups"))
    }

    async fn close(&self) {
        self.lock().closed = true;
    }
}
