//! What a [`Store`] is asked, given to a thread with a connection.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use longhall_packet::{Access, ChannelName, InboxState, Invitation, NameKeys, Role, Seq, Speech};
use tokio::sync::Notify;

use super::error::Error;
use super::transaction::Transaction;
use super::{
    BATCHES_AT_ONCE, PostgresStore, append, inbox, limits, lines, pages, prune, shrink, standings,
};
use crate::clock::now_ms;
use crate::store::backup::{BackupError, Contents, copied, on_a_thread};
use crate::store::figures::Engine;
use crate::store::sql::{channels, invitations, members, places, reads, sessions, users};
use crate::store::{
    Added, Appended, Channel, ChannelGuard, ChannelId, Created, Cursor, Log, LogEntry,
    MemberLimits, MemberRow, Membership, NewChannel, NewSession, NewUser, Page, Place, Pruned,
    Removed, Resumed, Retention, Rotation, Seen, SessionId, SessionRow, SharedLimit, Shrunk,
    Standings, Store, StoreError, StoreFigures, TokenHash, User, UserId,
};

#[async_trait]
impl Store for PostgresStore {
    fn epoch(&self) -> &str {
        &self.epoch
    }

    async fn epoch_now(&self) -> Result<Option<String>, StoreError> {
        self.read(|db| {
            let state = db.first("SELECT epoch FROM state", &[])?;
            let state = state.ok_or(StoreError::Failed("it has no epoch".to_owned()))?;
            Ok(Some(state.try_get(0)?))
        })
        .await
    }

    fn seen(&self) -> Seen {
        self.seen
    }

    fn unknown_outcomes(&self) -> Option<Arc<Notify>> {
        Some(self.reach.unknown_outcomes())
    }

    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError> {
        self.write(move |db| users::insert(db, &user, now_ms()))
            .await
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError> {
        let name_key = name_key.to_owned();
        self.read(move |db| users::by_name(db, &name_key)).await
    }

    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError> {
        let keys = keys.clone();
        self.read(move |db| users::is_name_taken(db, &keys)).await
    }

    async fn set_password_hash(
        &self,
        user: UserId,
        known: String,
        hash: String,
    ) -> Result<bool, StoreError> {
        self.write(move |db| users::set_password_hash(db, user, &known, &hash))
            .await
    }

    async fn change_password(
        &self,
        user: UserId,
        known: String,
        hash: String,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(move |db| users::change_password(db, user, &known, &hash, keep))
            .await
    }

    async fn insert_session(
        &self,
        session: NewSession,
    ) -> Result<(SessionId, Vec<SessionId>), StoreError> {
        self.write(move |db| sessions::insert(db, &session)).await
    }

    async fn rotate_session(&self, rotation: Rotation) -> Result<Option<Resumed>, StoreError> {
        self.write(move |db| {
            // Others who exchange a token of the session wait for the end of this.
            let Some((user, session)) = sessions::rotate(db, &rotation)? else {
                return Ok(None);
            };
            Ok(Some(Resumed {
                user,
                session,
                connection: next_connection(db)?,
            }))
        })
        .await
    }

    async fn is_known_place(&self, name_key: &str, place: Place) -> Result<bool, StoreError> {
        let name_key = name_key.to_owned();
        self.read(move |db| places::is_known(db, &name_key, place))
            .await
    }

    async fn touch_session(&self, session: SessionId, now_ms: i64) -> Result<(), StoreError> {
        self.write(move |db| sessions::touch(db, session, now_ms))
            .await
    }

    async fn sessions(
        &self,
        user: UserId,
        ended_by_ms: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        self.read(move |db| sessions::list(db, user, ended_by_ms))
            .await
    }

    async fn delete_sessions(
        &self,
        user: UserId,
        session: Option<SessionId>,
        keep: SessionId,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.write(move |db| sessions::delete(db, user, session, keep))
            .await
    }

    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError> {
        self.write(move |db| sessions::delete_by_token(db, token))
            .await
    }

    async fn open_lobby(&self, name: &ChannelName, now_ms: i64) -> Result<Channel, StoreError> {
        let name = name.clone();
        self.write(move |db| channels::open_lobby(db, &name, now_ms))
            .await
    }

    async fn insert_channel(&self, channel: NewChannel) -> Result<Created, StoreError> {
        self.write(move |db| channels::insert(db, &channel)).await
    }

    async fn channel_by_name(&self, name: &ChannelName) -> Result<Option<Channel>, StoreError> {
        let name = name.clone();
        self.read(move |db| channels::by_name(db, &name)).await
    }

    async fn channels(
        &self,
        user: UserId,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError> {
        let after = after.cloned();
        self.read(move |db| channels::list(db, user, after.as_ref(), limit))
            .await
    }

    async fn lock_channel(&self, name: &ChannelName) -> Result<ChannelGuard, StoreError> {
        self.channel_locks.lock(name).await
    }

    async fn set_topic(&self, channel: ChannelId, topic: String) -> Result<(), StoreError> {
        self.write(move |db| channels::set_topic(db, channel, &topic))
            .await
    }

    async fn set_access(
        &self,
        channel: ChannelId,
        access: Access,
        password_hash: Option<String>,
    ) -> Result<(), StoreError> {
        self.write(move |db| channels::set_access(db, channel, access, password_hash.as_deref()))
            .await
    }

    async fn set_speech(&self, channel: ChannelId, speech: Speech) -> Result<(), StoreError> {
        self.write(move |db| channels::set_speech(db, channel, speech))
            .await
    }

    async fn insert_member(
        &self,
        channel: ChannelId,
        user: UserId,
        limits: MemberLimits,
        now_ms: i64,
    ) -> Result<Added, StoreError> {
        self.write(move |db| members::insert(db, channel, user, limits, now_ms))
            .await
    }

    async fn membership(
        &self,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<Membership>, StoreError> {
        self.read(move |db| members::membership(db, channel, user))
            .await
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        self.read(move |db| members::memberships(db, user)).await
    }

    async fn members(
        &self,
        channel: ChannelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError> {
        let after = after.map(str::to_owned);
        self.read(move |db| members::list(db, channel, after.as_deref(), limit))
            .await
    }

    async fn set_role(
        &self,
        channel: ChannelId,
        user: UserId,
        role: Role,
    ) -> Result<bool, StoreError> {
        self.write(move |db| members::set_role(db, channel, user, role))
            .await
    }

    async fn delete_member(&self, channel: ChannelId, user: UserId) -> Result<Removed, StoreError> {
        self.write(move |db| members::delete(db, channel, user))
            .await
    }

    async fn insert_invitation(
        &self,
        channel: ChannelId,
        user: UserId,
        by: UserId,
        at_most: usize,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.write(move |db| invitations::insert(db, channel, user, by, at_most, now_ms))
            .await
    }

    async fn is_invited(&self, channel: ChannelId, user: UserId) -> Result<bool, StoreError> {
        self.read(move |db| invitations::is_invited(db, channel, user))
            .await
    }

    async fn invitations(&self, user: UserId) -> Result<Vec<Invitation>, StoreError> {
        self.read(move |db| invitations::list(db, user)).await
    }

    fn batches_at_once(&self) -> NonZeroUsize {
        BATCHES_AT_ONCE
    }

    async fn append(&self, entries: Vec<LogEntry>) -> Result<Vec<Appended>, StoreError> {
        self.write_lines(move |db| append::append(db, entries.clone()).map_err(Error::from))
            .await
    }

    async fn lines(
        &self,
        log: Log,
        cursor: Cursor,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, StoreError> {
        self.read(move |db| pages::lines(db, log, cursor, limit, max_bytes))
            .await
    }

    async fn connection_number(&self) -> Result<i64, StoreError> {
        self.write(next_connection).await
    }

    async fn newest(&self, logs: Vec<Log>) -> Result<Vec<Seq>, StoreError> {
        self.read(move |db| lines::newest(db, &logs)).await
    }

    async fn has_whispered(&self, from: UserId, to: UserId) -> Result<bool, StoreError> {
        self.read(move |db| inbox::has_whispered(db, from, to))
            .await
    }

    async fn open_inbox(&self, user: UserId) -> Result<InboxState, StoreError> {
        self.write(move |db| inbox::deliver(db, user)).await?;
        self.read(move |db| inbox::state(db, user)).await
    }

    async fn set_read(&self, user: UserId, log: Log, seq: Seq) -> Result<(Seq, u32), StoreError> {
        self.write(move |db| reads::set_read(db, user, log, seq))
            .await
    }

    async fn insert_block(
        &self,
        user: UserId,
        blocked: UserId,
        at_most: usize,
    ) -> Result<bool, StoreError> {
        self.write(move |db| invitations::insert_block(db, user, blocked, at_most))
            .await
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<(UserId, String)>, StoreError> {
        self.read(move |db| invitations::blocks(db, user)).await
    }

    async fn standings(
        &self,
        users: Vec<UserId>,
        ended_by_ms: i64,
    ) -> Result<Standings, StoreError> {
        self.read(move |db| standings::standings(db, &users, ended_by_ms))
            .await
    }

    async fn delete_block(&self, user: UserId, blocked: UserId) -> Result<(), StoreError> {
        self.write(move |db| invitations::delete_block(db, user, blocked))
            .await
    }

    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        let after = self.pruned_up_to.load(Ordering::Relaxed);
        let step = self
            .write(move |db| prune::step(db, &retention, after))
            .await?;
        // Once through, the next round begins at the front.
        let next = step.next.unwrap_or(0);
        self.pruned_up_to.store(next, Ordering::Relaxed);
        Ok(Pruned {
            is_more: step.next.is_some(),
            ..step.done
        })
    }

    async fn shrink(&self, max_bytes: u64) -> Result<Shrunk, StoreError> {
        let begun = self.shrinking().take();
        let (done, round) = match begun {
            None => {
                let measured = self.read(move |db| shrink::measure(db, max_bytes));
                let (bytes, round) = measured.await?;
                let done = Shrunk {
                    bytes,
                    is_more: round.is_some(),
                    ..Shrunk::default()
                };
                (done, round)
            }
            Some(round) => self.write(move |db| shrink::shrink(db, round)).await?,
        };
        *self.shrinking() = round;
        Ok(done)
    }

    async fn take(&self, limit: SharedLimit) -> Result<Option<Duration>, StoreError> {
        self.write(move |db| limits::take(db, limit)).await
    }

    async fn drop_idle_limits(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            after = self.write(move |db| limits::drop_idle(db, after)).await?;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn set_seen(&self, seen: Seen) -> Result<(), StoreError> {
        self.write(move |db| {
            let doubt = seen.doubt;
            // Of several servers the one counts whose clock was ahead.
            db.change(
                "UPDATE state SET seen_ms = greatest(seen_ms, $1)",
                &[&seen.believed_ms],
            )?;
            if let Some(doubt) = doubt {
                db.change(
                    "UPDATE state SET doubt_from_ms = $1, doubt_to_ms = $2, doubt_said_ms = $3
                     WHERE doubt_said_ms IS NULL OR doubt_said_ms <= $3",
                    &[&doubt.from_ms, &doubt.to_ms, &doubt.said_ms],
                )?;
            }
            Ok(())
        })
        .await
    }

    fn figures(&self) -> StoreFigures {
        StoreFigures(Engine::Postgres(self.look()))
    }

    async fn backup(&self, file: &Path, is_forced: bool) -> Result<Contents, BackupError> {
        let (url, file) = (self.url.clone(), file.to_owned());
        on_a_thread(move |watch| copied::back_up(&url, &file, is_forced, watch)).await
    }

    async fn close(&self) {
        // Waiting for the threads blocks for one commit, at the very end of the program;
        // nothing else runs any more.
        self.finish();
    }
}

fn next_connection(db: &mut Transaction<'_>) -> Result<i64, Error> {
    let next = db.first("SELECT nextval('connections')", &[])?;
    let next = next.ok_or(StoreError::Failed("a sequence has no next".to_owned()))?;
    Ok(next.try_get(0)?)
}
