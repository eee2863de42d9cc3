//! What outlives a restart.
//!
//! [`Store`] is the seam: [`SqliteStore`] for one server, [`PostgresStore`] for several, and for tests the model of the
//! rules, `longhall-world`, as a `MemoryStore`. No other module knows SQL. A method
//! answers when its change is durable.

pub mod backup;
mod channel_guard;
pub(crate) mod figures;
mod game_keys;
mod gates;
mod limits;
mod operating;
mod operators;
mod own_data;
mod profiles;
mod reporting;
mod tickets;
mod copy;
#[cfg(any(test, feature = "fuzzing"))]
mod memory;
mod page;
mod postgres;
mod recovery;
mod sql;
mod sqlite;
mod standing;
mod temporary;
mod halls;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use longhall_packet::{Access, ChannelName, InboxState, Invitation, NameKeys, Role, Seq, Speech};
use longhall_world::records::{
    ANSWERS_SEEN, CHANGES_WAITING, CONVERSATIONS_LISTED, PLACES_KEPT, SHARES, UNREAD_COUNTED,
    UNREAD_SEEN, WRITTEN_LATELY, forgotten, share, share_of_waiting,
};
use tokio::sync::Notify;

pub use longhall_packet::SanctionKind;
pub use longhall_world::moderation::{BY_OPERATOR, PastSanction, Sanction, SanctionOn, Staff};
pub use longhall_world::records::{
    AccountKind, Added, Appended, Channel, ChannelId, CodeHash, Created, Cursor, Deletion,
    DeletionClaim, Doubt, Invite, InviteHash, Kept, Log, LogAction, LogEntry, LoginRow,
    MemberLimits, MemberRow, Membership, NameChanged, NewChannel, NewInvite, NewName, NewSession,
    NewTemporary, NewUser, Page, Place, Pruned, RECOVERY_CODES, Recovered, Recovery, Registered,
    Removed, Retention, Rotation, Safety, Said, SaidPage, Seen, SessionId, SessionRow, Shrunk,
    TemporaryMember, Terms, TokenHash, User, UserId,
};

use backup::{BackupError, Contents};
pub use channel_guard::ChannelGuard;
pub use copy::{Copied, CopyError, Difference, Place as StorePlace, Progress, copy};
pub use figures::StoreFigures;
pub use game_keys::{GameKey, GameKeyHash, GameKeys, NewGameKey, Scope};
pub use gates::{Gates, NO_PASSWORD};
pub use halls::Halls;
pub use limits::{LimitKey, SharedLimit};
pub use longhall_world::halls::FIRST_HALL;
pub use longhall_world::profiles::{KeptProfile, ProfileAuthor, ProfileChange, ProfileChanged};
pub use longhall_world::reports::{Filed, NewReport, Untold};
#[cfg(any(test, feature = "fuzzing"))]
pub use memory::MemoryStore;
pub use operating::{
    Account, AuditRow, Blanked, Counts, ERASED_HASH, Lockdown, NewAuditRow, Operating,
};
pub use operators::{NewOperator, Operator, OperatorChange, OperatorId, OperatorRole, Operators};
pub use own_data::OwnData;
pub(crate) use postgres::MOST_CONNECTIONS;
pub use postgres::{PostgresError, PostgresHealth, PostgresStore};
pub use profiles::Profiles;
pub use recovery::Recovering;
pub use reporting::Reporting;
pub use sqlite::{OpenError, SqliteHealth, SqliteStore};
pub use standing::{ChannelStanding, Standing, Standings};
pub use temporary::Temporaries;
pub use tickets::{TicketKey, Tickets};

/// Longest that a change of a channel waits for others of the same one.
pub(crate) const CHANNEL_WAIT: Duration = Duration::from_secs(5);

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, or the database's size limit, is full. Nothing was changed.
    #[error("no space left for the database")]
    Full,
    /// The database failed in another way. Nothing was changed.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The database is away, or takes too long. Whether a change was made nobody knows;
    /// mostly it was not.
    #[error("the database is away")]
    Unavailable,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// What a token that was exchanged stands for.
#[derive(Clone)]
pub struct Resumed {
    /// Whose session it is.
    pub user: User,
    /// The session.
    pub session: SessionId,
    /// As [`Store::connection_number`], taken in one with the exchange: of two exchanges of
    /// one session the later has the token that stays good, and the greater number.
    pub connection: i64,
}

/// Accounts, sessions, channels and lines.
///
/// Names of accounts are given by [`NameKeys::name`] where a method says
/// "name key", as registered elsewhere.
#[async_trait]
pub trait Store:
    Operating
    + Operators
    + OwnData
    + Recovering
    + Reporting
    + Gates
    + GameKeys
    + Profiles
    + Temporaries
    + Halls
    + Tickets
{
    /// Names the store that all numbers of lines belong to: made with it, and made
    /// anew when an older state of it was put back.
    fn epoch(&self) -> &str;

    /// The epoch that the store has by now: another one if somebody has put an older state
    /// back since it was opened. `None` where nobody can.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn epoch_now(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// What the clock had shown when the store was opened.
    fn seen(&self) -> Seen;

    /// Tells that changes may have been made of which whoever asked for them does not know:
    /// the database broke off while it made one, or answered too late. Then it is to be
    /// looked for what players have missed. `None` where that cannot happen.
    fn unknown_outcomes(&self) -> Option<Arc<Notify>> {
        None
    }

    /// Creates an account with its recovery codes; `None` when one of its keys is taken.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError>;

    /// Finds an account by its name key.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError>;

    /// Whether an account owns either key.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError>;

    /// Replaces an account's password hash, if it still is `known`, by a better
    /// one of the same password. Says whether it was.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_password_hash(
        &self,
        user: UserId,
        known: String,
        hash: String,
    ) -> Result<bool, StoreError>;

    /// Replaces an account's password, if its hash still is `known`, and ends its
    /// sessions but `keep`. Returns those that ended; `None` when another
    /// password was set meanwhile, and nothing is changed.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn change_password(
        &self,
        user: UserId,
        known: String,
        hash: String,
        keep: SessionId,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Adds a session. Returns it, and those that ended because the account may
    /// have no more.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_session(
        &self,
        session: NewSession,
    ) -> Result<(SessionId, Vec<SessionId>), StoreError>;

    /// Exchanges a token for the next one and says whose session it is; `None`
    /// when the token is unknown or expired. The session counts as seen now.
    ///
    /// The token that was exchanged last stays good until its successor is
    /// used, so that an answer lost on the way does not end the session.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn rotate_session(&self, rotation: Rotation) -> Result<Option<Resumed>, StoreError>;

    /// A number for a connection that is about to have a session: greater than any
    /// before, on all servers of the store. Of two connections of one session the later
    /// keeps it.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn connection_number(&self) -> Result<i64, StoreError>;

    /// Whether the account with this name key was logged in to from a place, one of
    /// its latest sixteen.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn is_known_place(&self, name_key: &str, place: Place) -> Result<bool, StoreError>;

    /// Notes that a session was there until now.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn touch_session(&self, session: SessionId, now_ms: i64) -> Result<(), StoreError>;

    /// The sessions of an account that had not expired by then, seen latest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn sessions(&self, user: UserId, ended_by_ms: i64)
    -> Result<Vec<SessionRow>, StoreError>;

    /// Ends a session of an account, or with `None` all but `keep`. Returns those
    /// that ended.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_sessions(
        &self,
        user: UserId,
        session: Option<SessionId>,
        keep: SessionId,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Ends the session that a token resumes.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError>;

    /// The lobby: the channel of this name, created if need be. It has no member
    /// rows. A lobby under another name, and its halls, become channels that
    /// nobody is in.
    ///
    /// A channel of players that has the name becomes the lobby. It keeps its
    /// lines if it was open; what was said among few is not told to everybody.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn open_lobby(&self, name: &ChannelName, now_ms: i64) -> Result<Channel, StoreError>;

    /// Creates a channel with its owner as its member.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_channel(&self, channel: NewChannel) -> Result<Created, StoreError>;

    /// Finds a channel.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn channel_by_name(&self, name: &ChannelName) -> Result<Option<Channel>, StoreError>;

    /// Channels behind a name in the order of names, with their numbers of
    /// members: the lobby's first hall, those that are not by invitation only, and those that
    /// `user` is a member of or invited to.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn channels(
        &self,
        user: UserId,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError>;

    /// Waits until no other server of the store changes the channel of this name, and
    /// holds them off from then on. Nobody may hold two. In a store that has one server
    /// there is nobody to wait for.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn lock_channel(&self, name: &ChannelName) -> Result<ChannelGuard, StoreError>;

    /// Replaces what a channel is about.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_topic(&self, channel: ChannelId, topic: String) -> Result<(), StoreError>;

    /// Replaces who may join a channel.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_access(
        &self,
        channel: ChannelId,
        access: Access,
        password_hash: Option<String>,
    ) -> Result<(), StoreError>;

    /// Replaces how lines are held in check in a channel.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_speech(&self, channel: ChannelId, speech: Speech) -> Result<(), StoreError>;

    /// Makes an account a member and forgets its invitation.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_member(
        &self,
        channel: ChannelId,
        user: UserId,
        limits: MemberLimits,
        now_ms: i64,
    ) -> Result<Added, StoreError>;

    /// The account's membership in a channel; in one hall of the lobby everybody has one.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn membership(
        &self,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<Membership>, StoreError>;

    /// The account's memberships, the lobby first, then by name.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError>;

    /// Members behind a name key, in the order of name keys. Not for the lobby.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn members(
        &self,
        channel: ChannelId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError>;

    /// Gives a member a role; the present owner becomes operator when it is
    /// [`Role::Owner`]. Says whether there is such a member.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_role(
        &self,
        channel: ChannelId,
        user: UserId,
        role: Role,
    ) -> Result<bool, StoreError>;

    /// Takes a member out. An owner is followed by the operator, or else the
    /// member, of longest standing.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_member(&self, channel: ChannelId, user: UserId) -> Result<Removed, StoreError>;

    /// Notes an invitation, in place of an earlier one into the same channel. Of
    /// more than `at_most` of one account the oldest are forgotten. Says
    /// whether it was noted: not when the account has blocked who invites.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_invitation(
        &self,
        channel: ChannelId,
        user: UserId,
        by: UserId,
        at_most: usize,
        now_ms: i64,
    ) -> Result<bool, StoreError>;

    /// Whether an account is invited into a channel.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn is_invited(&self, channel: ChannelId, user: UserId) -> Result<bool, StoreError>;

    /// The invitations of an account, the latest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn invitations(&self, user: UserId) -> Result<Vec<Invitation>, StoreError>;

    /// How many [`Store::append`]s at a time are faster than one, given that each is about
    /// other channels.
    fn batches_at_once(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    /// Writes entries in this order, in one transaction: all are durable when this
    /// returns, each with what came of it. Numbers count up from 1 in each
    /// channel and each inbox without holes, whatever fails.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn append(&self, entries: Vec<LogEntry>) -> Result<Vec<Appended>, StoreError>;

    /// Reads a page of at most `limit` lines whose texts and names hold at most
    /// `max_bytes` bytes in all, but at least one line if there is any. In an inbox a
    /// hidden one stands for each that was forgotten from between others.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn lines(
        &self,
        log: Log,
        cursor: Cursor,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Page, StoreError>;

    /// The number of the newest line in each of these logs, in the order asked; 0 where
    /// there has been none.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn newest(&self, logs: Vec<Log>) -> Result<Vec<Seq>, StoreError>;

    /// Whether account `from` has whispered to account `to`, among the newest thousand
    /// whispers between the two that are kept.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn has_whispered(&self, from: UserId, to: UserId) -> Result<bool, StoreError>;

    /// The account's inbox. Every whisper in it counts as delivered from now on.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn open_inbox(&self, user: UserId) -> Result<InboxState, StoreError>;

    /// Moves a read marker on to `seq`, never back and never beyond the last line.
    /// Returns where it stands and the lines of others behind it, up to 1000.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_read(&self, user: UserId, log: Log, seq: Seq) -> Result<(Seq, u32), StoreError>;

    /// Blocks an account for another. False when `at_most` are blocked already.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_block(
        &self,
        user: UserId,
        blocked: UserId,
        at_most: usize,
    ) -> Result<bool, StoreError>;

    /// The accounts that an account has blocked, in the order of their names.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn blocks(&self, user: UserId) -> Result<Vec<(UserId, String)>, StoreError>;

    /// Where accounts and their channels stand, with the sessions that had not expired by
    /// then: all that is to be looked at when something may have been missed.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn standings(
        &self,
        users: Vec<UserId>,
        ended_by_ms: i64,
    ) -> Result<Standings, StoreError> {
        standing::one_by_one(self, users, ended_by_ms).await
    }

    /// Ends a block.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_block(&self, user: UserId, blocked: UserId) -> Result<(), StoreError>;

    /// Forgets a part of what is to be forgotten, few enough rows that other
    /// changes do not wait long.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError>;

    /// When more than `max_bytes` are in use, forgets a part of the oldest lines of all
    /// logs, few enough that other changes do not wait long, until there is some room.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn shrink(&self, max_bytes: u64) -> Result<Shrunk, StoreError>;

    /// Counts a try against a limit that all servers of the store keep together. Says
    /// how long to wait when there is none left; it is not counted then.
    ///
    /// In a store that has one server there is never anything to wait for: the limits
    /// in that server's memory are all there is.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn take(&self, limit: SharedLimit) -> Result<Option<Duration>, StoreError>;

    /// Forgets whose tries are back to their full allowance.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn drop_idle_limits(&self) -> Result<(), StoreError>;

    /// Notes what the clock has shown.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_seen(&self, seen: Seen) -> Result<(), StoreError>;

    /// What whoever watches the server is told of it. May look for the size of a file.
    fn figures(&self) -> StoreFigures {
        StoreFigures::NONE
    }

    /// Makes a backup in a file, which may exist only if it `is_forced`, while all else goes
    /// on, and verifies it. Takes a while; a caller that waits no longer stops it.
    ///
    /// # Errors
    /// See [`BackupError`]; nothing is left behind then.
    async fn backup(&self, file: &Path, is_forced: bool) -> Result<Contents, BackupError>;

    /// Writes what is outstanding and closes the store. Later calls fail with
    /// [`StoreError::Closed`].
    async fn close(&self);
}
