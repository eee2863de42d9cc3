//! What a [`Store`] is asked, given to the thread that knows: changes to the one that
//! writes, questions to the one that reads.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use longhall_packet::{Access, ChannelName, InboxState, Invitation, NameKeys, Role, Seq, Speech};

use super::driver::Sqlite;
use super::{SqliteStore, append, inbox, now_ms, pages, prune};
use crate::store::backup::{BackupError, Contents, on_a_thread};
use crate::store::figures::Engine;
use crate::store::sql::{channels, invitations, members, places, reads, sessions, users};
use crate::store::{
    Added, Appended, Channel, ChannelGuard, ChannelId, Created, Cursor, Log, LogEntry,
    MemberLimits, MemberRow, Membership, NewChannel, NewSession, NewUser, Page, Place, Pruned,
    Removed, Resumed, Retention, Rotation, Seen, SessionId, SessionRow, SharedLimit, Shrunk, Store,
    StoreError, StoreFigures, TokenHash, User, UserId,
};

#[async_trait]
impl Store for SqliteStore {
    fn epoch(&self) -> &str {
        &self.epoch
    }

    fn seen(&self) -> Seen {
        self.seen
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
        let connections = Arc::clone(&self.connections);
        self.write(move |db| {
            let rotated = sessions::rotate(db, &rotation)?;
            Ok(rotated.map(|(user, session)| Resumed {
                user,
                session,
                connection: connections.fetch_add(1, Ordering::Relaxed) + 1,
            }))
        })
        .await
    }

    async fn connection_number(&self) -> Result<i64, StoreError> {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            return Err(StoreError::Closed);
        }
        Ok(self.connections.fetch_add(1, Ordering::Relaxed) + 1)
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
        self.write_knowing(false, move |db, cache| {
            cache.forget_speakers();
            channels::open_lobby(&mut Sqlite(db), &name, now_ms)
        })
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

    async fn lock_channel(&self, _name: &ChannelName) -> Result<ChannelGuard, StoreError> {
        Ok(ChannelGuard::of_one_server())
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
        self.write_knowing(false, move |db, cache| {
            cache.forget_speakers();
            members::delete(&mut Sqlite(db), channel, user)
        })
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

    async fn append(&self, entries: Vec<LogEntry>) -> Result<Vec<Appended>, StoreError> {
        self.write_knowing(true, move |db, cache| append::append(db, cache, entries))
            .await
    }

    async fn lines(
        &self,
        log: Log,
        cursor: Cursor,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, StoreError> {
        self.read(move |db| pages::lines(db.0, log, cursor, limit, max_bytes))
            .await
    }

    async fn newest(&self, logs: Vec<Log>) -> Result<Vec<Seq>, StoreError> {
        self.read(move |db| pages::newest(db.0, &logs)).await
    }

    async fn has_whispered(&self, from: UserId, to: UserId) -> Result<bool, StoreError> {
        self.read(move |db| inbox::has_whispered(db.0, from, to))
            .await
    }

    async fn open_inbox(&self, user: UserId) -> Result<InboxState, StoreError> {
        self.write(move |db| inbox::deliver(db.0, user)).await?;
        self.read(move |db| inbox::state(db.0, user)).await
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

    async fn delete_block(&self, user: UserId, blocked: UserId) -> Result<(), StoreError> {
        self.write(move |db| invitations::delete_block(db, user, blocked))
            .await
    }

    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        let after = self.pruned_up_to.load(Ordering::Relaxed);
        let step = self
            .write(move |db| prune::step(db.0, &retention, after))
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
        let Some(mut fronts) = begun else {
            let (bytes, fronts) = self
                .read(move |db| {
                    let bytes = prune::bytes_in_use(db.0)?;
                    let fronts = (bytes > max_bytes)
                        .then(|| prune::fronts(db.0))
                        .transpose()?;
                    Ok((bytes, fronts))
                })
                .await?;
            let is_more = fronts.is_some();
            *self.shrinking() = fronts;
            return Ok(Shrunk {
                bytes,
                is_more,
                ..Shrunk::default()
            });
        };
        let (done, fronts) = self
            .write(move |db| {
                let done = prune::shrink(db.0, max_bytes, &mut fronts)?;
                Ok((done, fronts))
            })
            .await?;
        *self.shrinking() = done.is_more.then_some(fronts);
        Ok(done)
    }

    async fn take(&self, _limit: SharedLimit) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }

    async fn drop_idle_limits(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn set_seen(&self, seen: Seen) -> Result<(), StoreError> {
        self.write(move |db| {
            let doubt = seen.doubt;
            db.0.prepare_cached(
                "UPDATE state SET seen_ms = ?1, doubt_from_ms = ?2, doubt_to_ms = ?3,
                                  doubt_said_ms = ?4",
            )?
            .execute((
                seen.believed_ms,
                doubt.map(|doubt| doubt.from_ms),
                doubt.map(|doubt| doubt.to_ms),
                doubt.map(|doubt| doubt.said_ms),
            ))?;
            Ok(())
        })
        .await
    }

    fn figures(&self) -> StoreFigures {
        StoreFigures(Engine::Sqlite(self.look()))
    }

    async fn backup(&self, file: &Path, is_forced: bool) -> Result<Contents, BackupError> {
        let (database, file) = (self.path.clone(), file.to_owned());
        on_a_thread(move |watch| super::back_up(&database, &file, is_forced, watch)).await
    }

    async fn close(&self) {
        // Joining the threads blocks for one commit, at the very end of the
        // program; nothing else runs any more.
        self.finish();
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}
