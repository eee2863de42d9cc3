//! What an operator does in a store, beyond what players may.

use async_trait::async_trait;
use longhall_packet::{ChannelName, NameKeys, SanctionKind, ServerRole};

use super::{
    AccountKind, Channel, ChannelId, MemberRow, PastSanction, Place, SaidPage, Sanction,
    SanctionOn, SessionId, Staff, StoreError, UserId,
};

/// In place of a password's hash: no password fits.
pub const ERASED_HASH: &str = "!";

/// What an operator does in a store, beyond what players may.
#[async_trait]
pub trait Operating: Send + Sync + 'static {
    /// How many there are of what.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn counts(&self, now_ms: i64) -> Result<Counts, StoreError>;

    /// Accounts behind a name key, in the order of name keys, whose key holds `part`.
    /// Without those that are erased; only those of a kind, if one is given, and with
    /// `deleting` those alone whose players have asked for it.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn accounts(
        &self,
        part: &str,
        after: &str,
        kind: Option<AccountKind>,
        limit: usize,
        deleting: bool,
        now_ms: i64,
    ) -> Result<Vec<Account>, StoreError>;

    /// An account by its name key, also one that is erased.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn account(&self, name_key: &str, now_ms: i64) -> Result<Option<Account>, StoreError>;

    /// Gives an account another name. False when it, or what looks like it, is another's.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn rename_account(
        &self,
        user: UserId,
        username: String,
        keys: NameKeys,
    ) -> Result<bool, StoreError>;

    /// Replaces an account's password and ends all its sessions; returns them. Its recovery
    /// codes are void.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn replace_password(
        &self,
        user: UserId,
        hash: String,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Frees an account's name and ends its sessions; what it has beside memberships, lines
    /// and whispers is deleted. What is left shows `username`, by which nobody logs in.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn bury_account(&self, user: UserId, username: String) -> Result<(), StoreError>;

    /// Takes the text out of what an account has said: a part of it, beginning behind the
    /// line `after`. To be called until there is nothing more to do.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn blank_lines(&self, user: UserId, after: i64) -> Result<Blanked, StoreError>;

    /// Deletes an account's inbox with all that is in it.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_inbox(&self, user: UserId) -> Result<(), StoreError>;

    /// What an account has said in channels: a part of it, as with
    /// [`Operating::blank_lines`], of `limit` lines at most.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn said(&self, user: UserId, after: i64, limit: usize) -> Result<SaidPage, StoreError>;

    /// Whose session it is, with the name.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn session_owner(
        &self,
        session: SessionId,
    ) -> Result<Option<(UserId, String)>, StoreError>;

    /// All channels behind a name in the order of names, whose names hold `part`, with their
    /// numbers of members.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn all_channels(
        &self,
        part: &str,
        after: Option<&ChannelName>,
        limit: usize,
    ) -> Result<Vec<(Channel, u32)>, StoreError>;

    /// Deletes a channel with its lines; returns who was in it. `None` when there is no
    /// such channel, or it is the lobby.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_channel(
        &self,
        channel: ChannelId,
    ) -> Result<Option<Vec<MemberRow>>, StoreError>;

    /// Bans or mutes, in place of an earlier sanction of the same kind on the same, and notes
    /// it for [`Operating::past_sanctions`]; a kick is noted alone. With `barred_until_ms`
    /// nobody registers until then from the places of the account.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_sanction(
        &self,
        sanction: Sanction,
        barred_until_ms: Option<i64>,
    ) -> Result<(), StoreError>;

    /// Lifts a sanction, and with a ban lets others register from the places of the account.
    /// Says whether there was one.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn lift_sanction(&self, kind: SanctionKind, on: SanctionOn) -> Result<bool, StoreError>;

    /// The sanctions that hold, the oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn sanctions(&self, now_ms: i64) -> Result<Vec<Sanction>, StoreError>;

    /// What was set on an account since a time, the newest first. Where there is more than
    /// `limit`, what was set in channels is left out first: anybody may have one.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn past_sanctions(
        &self,
        user: UserId,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<PastSanction>, StoreError>;

    /// How often a sanction of a kind was set on the same account, there or everywhere, since a
    /// time; lifted or not. 0 on a network.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn count_sanctions(
        &self,
        kind: SanctionKind,
        on: SanctionOn,
        since_ms: i64,
    ) -> Result<usize, StoreError>;

    /// From where nobody registers at `now_ms`, and until when.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn barred_places(&self, now_ms: i64) -> Result<Vec<(Place, i64)>, StoreError>;

    /// Says what an account may do on the whole server.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_server_role(&self, user: UserId, role: ServerRole) -> Result<(), StoreError>;

    /// Who may do more than a player, with their names.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn staff(&self) -> Result<Vec<Staff>, StoreError>;

    /// Begins a lockdown in place of an earlier one, or ends it. Says whether one held.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_lockdown(
        &self,
        lockdown: Option<Lockdown>,
        now_ms: i64,
    ) -> Result<bool, StoreError>;

    /// The lockdown that holds, if any.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn lockdown(&self, now_ms: i64) -> Result<Option<Lockdown>, StoreError>;

    /// Adds to the audit log.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_audit(&self, row: NewAuditRow) -> Result<(), StoreError>;

    /// The newest of the audit log from a time on, and older than the entry `before`; the
    /// oldest of them first.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn audit(
        &self,
        since_ms: i64,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError>;
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Accounts that are not erased.
    pub accounts: u64,
    /// Logins that may be resumed.
    pub sessions: u64,
    /// Channels, the lobby among them.
    pub channels: u64,
    /// Sanctions that hold.
    pub sanctions: u64,
}

/// An account, as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub user: UserId,
    /// Its name, as it is shown.
    pub username: String,
    /// The key by which it is found.
    pub name_key: String,
    /// When it was registered, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Its sessions that have not expired.
    pub sessions: u32,
    /// When one of them was seen last; 0 when there is none.
    pub last_seen_at_ms: i64,
    /// When it will be deleted, if its player has asked for it.
    pub deleted_at_ms: Option<i64>,
    /// What it is.
    pub kind: AccountKind,
}

/// What a step of blanking did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blanked {
    /// Lines that have no text any more.
    pub lines: u64,
    /// Behind which line to go on; `None` when all were looked at.
    pub next: Option<i64>,
}

/// For a while nobody registers, and everybody speaks slowly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lockdown {
    /// Until when, in milliseconds since 1970.
    pub until_ms: i64,
    /// Since when.
    pub created_at_ms: i64,
    /// Who said so.
    pub made_by: String,
    /// Why; may be empty.
    pub reason: String,
}

/// What is added to the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditRow {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// By which way.
    pub via: String,
    /// What.
    pub verb: String,
    /// On whom or what.
    pub subject: String,
    /// The act as JSON, without secrets.
    pub act: String,
    /// Why; may be empty.
    pub reason: String,
    /// What came of it.
    pub outcome: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number: they count up.
    pub id: i64,
    /// What was noted.
    pub row: NewAuditRow,
}
