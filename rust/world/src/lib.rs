//! What a Longhall server knows, and by which rules.
//!
//! [`World`] is the one model: whatever keeps accounts, channels and lines elsewhere is
//! held to it. The server's tests run its SQLite store against it, at random. It does no
//! I/O and knows no clock, no engine and no network: the present comes in with each call.
//!
//! - [`records`]: accounts, sessions, channels, members and lines, as stores take and
//!   give them, and how many there may be;
//! - [`rules`]: who may do what in a channel;
//! - `accounts`, `recovery`, `own_data`, `moderation`, `channels`, `lines`, `inbox`,
//!   `retention`: the model, by theme;
//! - [`reports`]: reports to moderators, with the lines kept beside them;
//! - `gates`: invites, approval, guests;
//! - `temporary`: channels for a match or a party;
//! - [`halls`]: the halls of a lobby of many players;
//! - [`profiles`]: what players show of themselves for a game's sake;
//! - [`fake`]: packets in, deliveries out: a server in a test's own process.

pub mod records;
pub mod rules;
mod accounts;
pub mod moderation;
mod recovery;
pub mod own_data;
mod gates;
pub mod profiles;
mod channels;
mod temporary;
pub mod halls;
mod lines;
mod inbox;
mod retention;
pub mod reports;
pub mod fake;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use longhall_packet::{ChannelName, NameKeys, Seq, ServerRole};

use records::{ChannelId, Place, User, UserId};

/// Accounts, sessions, channels, members, lines, read markers and blocks, in memory. A
/// clone is a copy of all of it.
///
/// It does what it is told, as a database does: the caller checks who may
/// do so.
#[derive(Clone, Default)]
pub struct World {
    users: HashMap<UserId, (User, NameKeys)>,
    sessions: Vec<accounts::Session>,
    /// Seen latest last.
    places: HashMap<UserId, Vec<Place>>,
    last_session: i64,
    /// What accounts are come back to by.
    recovery: HashMap<UserId, recovery::Kept>,
    deletions: BTreeMap<UserId, own_data::Marked>,
    /// When each account got another name last.
    renames: HashMap<UserId, i64>,
    old_names: Vec<own_data::OldName>,
    profiles: HashMap<UserId, profiles::KeptProfile>,
    invites: Vec<gates::KeptInvite>,
    last_invite: i64,
    blocks: BTreeSet<(UserId, UserId)>,
    /// Who may do more than a player, on the whole server.
    staff: BTreeMap<UserId, ServerRole>,
    /// All that were ever set, the oldest first.
    sanctions: Vec<moderation::PastSanction>,
    /// Until when nobody registers from a place that a banned account was at.
    barred: HashMap<(Place, UserId), i64>,
    channels: BTreeMap<ChannelId, channels::ChannelRow>,
    last_channel: i64,
    /// In the order of joining.
    members: Vec<channels::Member>,
    /// In the order of inviting.
    invitations: Vec<channels::Invited>,
    reads: HashMap<(UserId, ChannelId), Seq>,
    whisper_reads: HashMap<(UserId, UserId), Seq>,
    logs: HashMap<LogKey, lines::Kept>,
    /// The numbers of lines, by what makes one the same line said again.
    taken: HashMap<lines::Identity, Seq>,
    reports: reports::Reports,
}

/// What counts numbers up. A name of a channel does so for all channels that
/// ever have it.
#[derive(Clone, PartialEq, Eq, Hash)]
enum LogKey {
    Channel(ChannelName),
    Inbox(UserId),
}
