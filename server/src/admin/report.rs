//! What comes of acts, for people and for programs. Times are milliseconds since 1970.

use std::fmt;

use longhall_packet::ListedReport;
use serde::{Deserialize, Serialize};

use longhall_packet::LastLogin;

use crate::store::StoreError;

/// What came of an act that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What came of it.
    pub report: Report,
    /// What the operator should know beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why an act was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
pub enum ActError {
    /// There is no such account, session, channel, line or sanction.
    #[error("{0}")]
    NotFound(String),
    /// A rule is against it.
    #[error("{0}")]
    Refused(String),
    /// Something broke.
    #[error("{0}")]
    Failed(String),
}

impl From<StoreError> for ActError {
    fn from(cause: StoreError) -> Self {
        Self::Failed(cause.to_string())
    }
}

/// What came of an act: one variant for each kind of answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// How the server is.
    Status(Status),
    /// A page of accounts.
    Users {
        /// In the order of their names.
        users: Vec<UserRow>,
        /// The name to ask for the next page with.
        after: Option<String>,
    },
    /// All about an account.
    User(Box<UserDetails>),
    /// An account was let in.
    Approved {
        /// Whose.
        username: String,
    },
    /// An account that waited was taken away.
    Declined {
        /// Whose.
        username: String,
    },
    /// There is a code that lets somebody register.
    NewInvite {
        /// Its number.
        invite: i64,
        /// The code, told this once.
        code: Told,
        /// How many accounts it is good for.
        uses: u32,
        /// Until when; `None` for good.
        until_ms: Option<i64>,
    },
    /// The invites there are.
    Invites {
        /// In the order of their numbers.
        invites: Vec<InviteRow>,
    },
    /// An invite was taken back.
    InviteRemoved {
        /// Its number.
        invite: i64,
    },
    /// The public keys of tickets.
    TicketKeys {
        /// As a JWK Set.
        keys: String,
    },
    /// Another key signs tickets.
    TicketKeysRotated {
        /// From when on.
        signs_from_ms: i64,
        /// Whether all that was signed before is void.
        all_void: bool,
    },
    /// An account has another name.
    Renamed {
        /// The old one.
        was: String,
        /// The new one.
        username: String,
    },
    /// An account that was to be deleted stays.
    AccountKept {
        /// Whose.
        username: String,
    },
    /// An account has another password.
    NewPassword {
        /// Whose.
        username: String,
        /// The password, told this once.
        password: Told,
        /// Sessions that ended.
        sessions_ended: usize,
    },
    /// An account may do more or less in the game.
    ServerRole {
        /// Whose.
        username: String,
        /// What it may do: `player`, `moderator` or `admin`.
        role: String,
    },
    /// Who may do more than a player, in the order of their names.
    Staff {
        /// Them.
        staff: Vec<StaffRow>,
    },
    /// An account has a code that replaces its password, and its second factor.
    NewCode {
        /// Whose.
        username: String,
        /// The code, told this once.
        code: Told,
        /// Until when it works.
        until_ms: i64,
    },
    /// An account is gone.
    Erased {
        /// Its name.
        was: String,
        /// What is shown in place of it.
        shown_as: String,
        /// Lines and whispers that have no text any more.
        lines: u64,
        /// Channels that it was in.
        channels: usize,
    },
    /// A page of all that is known of an account.
    Export(Box<Export>),
    /// Where an account is logged in.
    Sessions {
        /// Whose.
        username: String,
        /// The one seen last first.
        sessions: Vec<Session>,
    },
    /// Sessions ended.
    SessionsClosed {
        /// Whose.
        username: String,
        /// How many.
        count: usize,
    },
    /// A page of channels.
    Channels {
        /// In the order of their names.
        channels: Vec<ChannelRow>,
        /// The name to ask for the next page with.
        after: Option<String>,
    },
    /// All about a channel.
    Channel(ChannelDetails),
    /// A channel is gone.
    ChannelDeleted {
        /// Its name.
        channel: String,
        /// Members it had.
        members: usize,
    },
    /// Lines with blocked words are dealt with in another way in a channel.
    Filtered {
        /// Which.
        channel: String,
        /// `mask`, `refuse`, `flag`, `off` or `default`.
        mode: String,
    },
    /// Members of a channel speak at another pace.
    Slowed {
        /// Which.
        channel: String,
        /// From a member's line to their next one.
        seconds: u32,
    },
    /// A channel has another owner.
    Given {
        /// Which.
        channel: String,
        /// Who owns it.
        owner: String,
    },
    /// A page of what players reported.
    Reports {
        /// The newest first.
        reports: Vec<ListedReport>,
        /// The number to ask for older ones with; `None` when there are none.
        before: Option<u64>,
    },
    /// A report.
    PlayerReport {
        /// What it says.
        reported: Box<ListedReport>,
        /// The lines that were kept with it, as they were. None when a player was reported.
        lines: Vec<LineRow>,
    },
    /// A report is closed.
    ReportClosed {
        /// Its number.
        number: u64,
        /// Who was reported.
        username: String,
        /// What came of it.
        outcome: String,
    },
    /// A page of what was said in a channel.
    Lines {
        /// Where.
        channel: String,
        /// The oldest first, those that were deleted among them. Edits and deletions have
        /// numbers of their own, which are left out.
        lines: Vec<LineRow>,
        /// The number to ask for older ones with; `None` when there are none.
        before: Option<u64>,
    },
    /// Lines were deleted.
    LinesDeleted {
        /// Where; `None` in all channels.
        channel: Option<String>,
        /// How many.
        count: usize,
        /// Whether there are more, as so many were the most that were wanted.
        #[serde(default)]
        more: bool,
    },
    /// Somebody is banned or muted.
    Sanctioned(SanctionRow),
    /// Somebody is so no longer.
    Lifted {
        /// `ban` or `mute`.
        kind: String,
        /// Who.
        whom: String,
    },
    /// The bans and mutes that hold.
    Sanctions {
        /// The oldest first.
        sanctions: Vec<SanctionRow>,
    },
    /// What was ever set on an account.
    PastSanctions {
        /// Whose.
        username: String,
        /// The newest first.
        sanctions: Vec<PastSanctionRow>,
    },
    /// Nobody registers for a while, and everybody speaks slowly.
    LockedDown {
        /// Until when.
        until_ms: i64,
    },
    /// All is as before.
    LockdownEnded,
    /// An account was logged out.
    Kicked {
        /// Out of which channel; `None` out of the game.
        #[serde(default)]
        channel: Option<String>,
        /// Whose.
        username: String,
        /// Sessions that ended.
        sessions_ended: usize,
    },
    /// Something was said in the lobby.
    Announced {
        /// The lobby.
        channel: String,
        /// The line's number there.
        seq: u64,
    },
    /// The server stops after a while.
    Draining {
        /// When.
        until_ms: i64,
        /// Players who are connected to it.
        players: usize,
    },
    /// The server goes on.
    DrainCancelled,
    /// What operators did, the oldest first.
    Audit {
        /// The entries.
        entries: Vec<AuditEntry>,
    },
    /// Who may sign in to the console.
    Operators {
        /// In the order of their names.
        operators: Vec<OperatorRow>,
    },
    /// Somebody may sign in to the console, with another password than before.
    NewOperator {
        /// Who.
        name: String,
        /// What they may do.
        role: String,
        /// The password, told this once.
        password: Told,
    },
    /// An operator may do something else.
    OperatorRole {
        /// Who.
        name: String,
        /// What they may do.
        role: String,
    },
    /// An operator is gone.
    OperatorRemoved {
        /// Who.
        name: String,
    },
    /// There is a key by which a game's own server asks for things.
    NewGameKey {
        /// Its name.
        name: String,
        /// What it is good for.
        scopes: Vec<String>,
        /// The key, told this once.
        key: Told,
        /// Until when; `None` for good.
        until_ms: Option<i64>,
    },
    /// The keys there are.
    GameKeys {
        /// In the order of their names.
        keys: Vec<GameKeyRow>,
    },
    /// A key is good for nothing any more.
    GameKeyRemoved {
        /// Its name.
        name: String,
    },
}

/// Something to be told once, and kept out of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Told(pub String);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name and version of the program.
    pub server: String,
    /// Names the store that all numbers of lines belong to.
    pub epoch: String,
    /// Of a server that runs.
    pub running: Option<Running>,
    /// Accounts there are.
    pub accounts: u64,
    /// Logins that may be resumed.
    pub sessions: u64,
    /// Channels, the lobby among them.
    pub channels: u64,
    /// Bans and mutes that hold.
    pub sanctions: u64,
    /// Until when the hall is locked down, if it is.
    #[serde(default)]
    pub lockdown_until_ms: Option<i64>,
}

/// How a running server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Since when it runs.
    pub since_ms: i64,
    /// Connections, logged in or not.
    pub connections: usize,
    /// Players who are connected to it.
    pub players_here: usize,
    /// Players who are online, on all servers.
    pub players: usize,
    /// Whether the bus is there; `None` for the one server there is.
    pub bus: Option<bool>,
    /// When it stops, if it is to.
    pub stops_at_ms: Option<i64>,
}

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Its number, which stays when it is renamed.
    pub id: i64,
    /// Its name.
    pub username: String,
    /// When it was registered.
    pub created_at_ms: i64,
    /// Sessions that may be resumed.
    pub sessions: u32,
    /// When one of them was seen last; 0 when there is none.
    pub last_seen_at_ms: i64,
    /// Whether it is online on any server; `None` when none runs.
    pub online: Option<bool>,
    /// When it will be deleted, if its player has asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at_ms: Option<i64>,
    /// What it is: `account`, `waiting` for a moderator, or `guest`.
    #[serde(default)]
    pub kind: String,
}

/// An invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRow {
    /// Its number.
    pub invite: i64,
    /// How many accounts it is still good for.
    pub uses_left: u32,
    /// How many it was good for.
    pub uses: u32,
    /// Until when; `None` for good.
    pub until_ms: Option<i64>,
    /// Whether it lets somebody in now.
    pub good: bool,
    /// Since when.
    pub since_ms: i64,
    /// Who made it.
    pub by: String,
    /// For whom, or what; may be empty.
    pub note: String,
}

/// A key by which a game's own server asks for things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameKeyRow {
    /// Its name.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at_ms: i64,
    /// When it was used last, to the hour; 0 when it was not.
    pub last_used_at_ms: i64,
    /// Until when; `None` for good.
    pub until_ms: Option<i64>,
    /// Whether it is good now.
    pub good: bool,
}

/// An account that may do more than a player, in the game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    /// Its name.
    pub username: String,
    /// What it may do: `moderator` or `admin`.
    pub role: String,
}

/// All about an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetails {
    /// As in a list.
    #[serde(flatten)]
    pub row: UserRow,
    /// The channels it is in.
    pub channels: Vec<Place>,
    /// Names of those it has blocked.
    pub blocks: Vec<String>,
    /// Channels it is invited to.
    pub invitations: Vec<InvitedTo>,
    /// Bans and mutes.
    pub sanctions: Vec<SanctionRow>,
    /// Whether logins ask for the code of a second factor.
    #[serde(default)]
    pub second_factor: bool,
    /// Recovery codes that are not used up.
    #[serde(default)]
    pub recovery_codes_left: u32,
    /// When and from where somebody logged in with the password last.
    #[serde(default)]
    pub last_login: Option<LastLogin>,
}

/// A channel that an account is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its name.
    pub channel: String,
    /// What the account may do there.
    pub role: String,
    /// Up to where it has read.
    pub read_seq: u64,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedTo {
    /// Where.
    pub channel: String,
    /// By whom.
    pub by: String,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its number.
    pub session: i64,
    /// What the device calls itself.
    pub device: String,
    /// When it began.
    pub created_at_ms: i64,
    /// When it was there last.
    pub last_seen_at_ms: i64,
    /// Whether it is connected; `None` when no server runs.
    pub online: Option<bool>,
}

/// A channel in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRow {
    /// Its name.
    pub channel: String,
    /// Who may join.
    pub access: String,
    /// What it is about.
    pub topic: String,
    /// Members it has; the lobby has everybody, and 0 here.
    pub members: u32,
    /// Whether it is the lobby.
    pub lobby: bool,
    /// Slow mode: seconds from a member's line to their next one; 0 without.
    #[serde(default)]
    pub slow_mode_s: u32,
    /// What becomes of lines with blocked words; empty when it is as everywhere.
    #[serde(default)]
    pub filter: String,
    /// The oldest line kept.
    pub first_seq: u64,
    /// The newest.
    pub last_seq: u64,
}

/// All about a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelDetails {
    /// As in a list.
    #[serde(flatten)]
    pub row: ChannelRow,
    /// Its owner.
    pub owner: Option<String>,
    /// Its operators.
    pub operators: Vec<String>,
    /// The other members, the first few of them.
    pub members_named: Vec<String>,
}

/// A ban or a mute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanctionRow {
    /// `ban` or `mute`.
    pub kind: String,
    /// A name, an address or a range.
    pub whom: String,
    /// Until when; `None` for good.
    pub until_ms: Option<i64>,
    /// Since when.
    pub since_ms: i64,
    /// Who said so.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// The channel it holds in; `None` on the whole server.
    #[serde(default)]
    pub channel: Option<String>,
}

/// A sanction that was once set on an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSanctionRow {
    /// What was set; of the kind `kick` as well.
    #[serde(flatten)]
    pub sanction: SanctionRow,
    /// Whether it holds now.
    pub holds: bool,
}

/// A page of what is known of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// On the first page: the account.
    pub user: Option<UserDetails>,
    /// On the first page: its sessions.
    pub sessions: Vec<Session>,
    /// What it said in channels.
    pub lines: Vec<ExportedLine>,
    /// The whispers in its inbox, sent and received.
    pub whispers: Vec<ExportedLine>,
    /// What it reported to moderators.
    #[serde(default)]
    pub reports: Vec<ListedReport>,
    /// To be asked for the next page with; `None` on the last.
    pub after: Option<ExportAfter>,
}

/// Where a page of an export ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportAfter {
    /// Among the lines in channels.
    Lines(i64),
    /// Among the whispers.
    Whispers(u64),
    /// Among what it reported.
    Reports(u64),
}

/// A line or whisper in an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedLine {
    /// The channel; `@` for whispers.
    pub channel: String,
    /// Its number there.
    pub seq: u64,
    /// Who said it.
    pub sender: String,
    /// Of a whisper: to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// When.
    pub sent_at_ms: i64,
    /// When it was edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at_ms: Option<i64>,
    /// What; empty once it is deleted.
    pub text: String,
}

/// What somebody said in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// Its number.
    pub seq: u64,
    /// Who said it.
    pub sender: String,
    /// When.
    pub sent_at_ms: u64,
    /// When it was edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at_ms: Option<u64>,
    /// Whether it was deleted; its text is gone then.
    pub deleted: bool,
    /// What.
    pub text: String,
}

/// Who may sign in to the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorRow {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Whether it has a second factor.
    pub totp: bool,
    /// Whether it has not chosen a password of its own yet.
    pub must_change_password: bool,
    /// When it was added.
    pub created_at_ms: i64,
    /// When it signed in last; 0 when it has not.
    pub last_seen_at_ms: i64,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number: they count up.
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// By which way.
    pub via: String,
    /// What.
    pub verb: String,
    /// On whom or what.
    pub subject: String,
    /// The act with all it was given.
    pub act: String,
    /// Why; may be empty.
    pub reason: String,
    /// What came of it.
    pub outcome: String,
}
