//! The acts there are, and who wants them.

use serde::{Deserialize, Serialize};

use super::report::ExportAfter;
use crate::store::OperatorRole;

/// By which way the console acts.
pub(crate) const CONSOLE: &str = "console";

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user of the system, or an operator of the console.
    pub name: String,
    /// By which way, with what tells two of the same name apart: `socket, uid 0`.
    pub via: String,
}

impl Actor {
    /// Whether it is by the console. It must leave somebody who can undo what is done.
    pub(super) fn is_in_console(&self) -> bool {
        self.via == CONSOLE
    }
}

/// An act that somebody wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What.
    pub act: Act,
    /// Why; for the audit log.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What an operator can do: one variant a verb. Names are as players type them, times are
/// given as seconds from now or ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb")]
pub enum Act {
    /// How the server is.
    #[serde(rename = "status")]
    Status,
    /// Accounts in the order of their names.
    #[serde(rename = "users list")]
    UsersList {
        /// Only those whose names hold this.
        search: Option<String>,
        /// Only those that wait for a moderator.
        #[serde(default)]
        waiting: bool,
        /// Behind this name.
        after: Option<String>,
        /// At most so many.
        limit: usize,
        /// Only those whose players have deleted them.
        #[serde(default)]
        deleting: bool,
    },
    /// Keeps an account that its player has deleted.
    #[serde(rename = "users keep")]
    UsersKeep {
        /// Whose.
        name: String,
    },
    /// Lets an account in that waits for it.
    #[serde(rename = "users approve")]
    UsersApprove {
        /// Whose.
        name: String,
    },
    /// Takes an account away that waits to be let in; the name is free then.
    #[serde(rename = "users decline")]
    UsersDecline {
        /// Whose.
        name: String,
    },
    /// Makes a code that lets somebody register.
    #[serde(rename = "invites add")]
    InvitesAdd {
        /// How many accounts it is good for.
        uses: u32,
        /// For so many seconds; for good without.
        for_s: Option<u64>,
        /// For whom, or what.
        note: String,
    },
    /// The invites there are, without their codes.
    #[serde(rename = "invites list")]
    InvitesList,
    /// Takes an invite back.
    #[serde(rename = "invites remove")]
    InvitesRemove {
        /// Its number.
        invite: i64,
    },
    /// All about an account.
    #[serde(rename = "users show")]
    UsersShow {
        /// Whose.
        name: String,
    },
    /// Gives an account another name; the old one is free then.
    #[serde(rename = "users rename")]
    UsersRename {
        /// Whose.
        name: String,
        /// The name from now on.
        new_name: String,
    },
    /// Gives an account a random password and ends its sessions.
    #[serde(rename = "users reset-password")]
    UsersResetPassword {
        /// Whose.
        name: String,
    },
    /// Says what an account may do on the whole server, in the game.
    #[serde(rename = "users set-role")]
    UsersSetRole {
        /// Whose.
        name: String,
        /// `player`, `moderator` or `admin`.
        role: String,
    },
    /// Who may do more than a player, in the game.
    #[serde(rename = "users staff")]
    UsersStaff,
    /// Gives an account a code, good for a day, that replaces its password and second factor.
    #[serde(rename = "users reset-code")]
    UsersResetCode {
        /// Whose.
        name: String,
    },
    /// Deletes an account and all that it has, and the text of what it said.
    #[serde(rename = "users erase")]
    UsersErase {
        /// Whose.
        name: String,
        /// It is meant: there is no way back.
        yes: bool,
    },
    /// A page of what is known of an account.
    #[serde(rename = "users export")]
    UsersExport {
        /// Whose.
        name: String,
        /// Where the page before ended; the first has all but lines and whispers.
        after: Option<ExportAfter>,
    },
    /// Where an account is logged in.
    #[serde(rename = "sessions list")]
    SessionsList {
        /// Whose.
        name: String,
    },
    /// Ends a session.
    #[serde(rename = "sessions close")]
    SessionsClose {
        /// Its number.
        session: i64,
    },
    /// Ends all sessions of an account.
    #[serde(rename = "sessions close --all")]
    SessionsCloseAll {
        /// Whose.
        name: String,
    },
    /// Channels in the order of their names.
    #[serde(rename = "channels list")]
    ChannelsList {
        /// Only those whose names hold this.
        #[serde(default)]
        search: Option<String>,
        /// Behind this name.
        after: Option<String>,
        /// At most so many.
        limit: usize,
    },
    /// All about a channel.
    #[serde(rename = "channels show")]
    ChannelsShow {
        /// Which.
        channel: String,
    },
    /// Deletes a channel with what was said in it.
    #[serde(rename = "channels delete")]
    ChannelsDelete {
        /// Which.
        channel: String,
    },
    /// Makes a member the owner of a channel.
    #[serde(rename = "channels give")]
    ChannelsGive {
        /// Which.
        channel: String,
        /// To whom.
        to: String,
    },
    /// Sets how fast members of a channel may speak.
    #[serde(rename = "channels slow")]
    ChannelsSlow {
        /// Which.
        channel: String,
        /// From a member's line to their next one; 0 ends slow mode.
        seconds: u32,
    },
    /// Sets what becomes of lines with blocked words in a channel.
    #[serde(rename = "channels filter")]
    ChannelsFilter {
        /// Which.
        channel: String,
        /// `mask`, `refuse`, `flag` or `off`; `default` is as everywhere on the server.
        mode: String,
    },
    /// A page of what players reported, the newest first.
    #[serde(rename = "reports list")]
    ReportsList {
        /// Only those that are open, or only those that are closed.
        #[serde(default)]
        open: Option<bool>,
        /// Only reports with smaller numbers.
        #[serde(default)]
        before: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// A report, with the lines that were kept with it.
    #[serde(rename = "reports show")]
    ReportsShow {
        /// Its number.
        report: u64,
    },
    /// Closes a report, and tells whoever made it.
    #[serde(rename = "reports close")]
    ReportsClose {
        /// Its number.
        report: u64,
        /// What came of it: `acted` or `dismissed`.
        outcome: String,
        /// What the reporter is told beside that.
        #[serde(default)]
        text: String,
    },
    /// A page of what was said in a channel, the newest without `before`.
    #[serde(rename = "lines list")]
    LinesList {
        /// Where.
        channel: String,
        /// Only lines with smaller numbers.
        #[serde(default)]
        before: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// Deletes a line, as its author would.
    #[serde(rename = "lines delete")]
    LinesDelete {
        /// Where.
        channel: String,
        /// Its number.
        seq: u64,
    },
    /// Deletes what an account said.
    #[serde(rename = "lines delete --by")]
    LinesDeleteBy {
        /// Where; in all channels without.
        #[serde(default)]
        channel: Option<String>,
        /// Whose lines.
        name: String,
        /// Only those of the last so many seconds.
        since_s: Option<u64>,
        /// The newest so many; all without.
        #[serde(default)]
        at_most: Option<usize>,
    },
    /// Keeps an account, or all who come from an address or a range, out.
    #[serde(rename = "ban")]
    Ban {
        /// A name, an address or a range.
        whom: String,
        /// For so many seconds; for good without.
        for_s: Option<u64>,
        /// For the next step of the ladder instead, which is longer each time.
        #[serde(default)]
        next_step: bool,
        /// In this channel only.
        #[serde(default)]
        channel: Option<String>,
    },
    /// Lets them in again.
    #[serde(rename = "unban")]
    Unban {
        /// A name, an address or a range.
        whom: String,
        /// In this channel only.
        #[serde(default)]
        channel: Option<String>,
    },
    /// Keeps an account from saying anything.
    #[serde(rename = "mute")]
    Mute {
        /// Whose.
        name: String,
        /// For so many seconds; for good without.
        for_s: Option<u64>,
        /// For the next step of the ladder instead, which is longer each time.
        #[serde(default)]
        next_step: bool,
        /// In this channel only.
        #[serde(default)]
        channel: Option<String>,
    },
    /// Lets it speak again.
    #[serde(rename = "unmute")]
    Unmute {
        /// Whose.
        name: String,
        /// In this channel only.
        #[serde(default)]
        channel: Option<String>,
    },
    /// Logs an account out everywhere, or takes it out of a channel; it may come again.
    #[serde(rename = "kick")]
    Kick {
        /// Whose.
        name: String,
        /// In this channel only.
        #[serde(default)]
        channel: Option<String>,
    },
    /// For a while nobody registers, and everybody speaks slowly.
    #[serde(rename = "lockdown")]
    Lockdown {
        /// For so many seconds.
        for_s: u64,
    },
    /// Goes on as before.
    #[serde(rename = "lockdown --end")]
    LockdownEnd,
    /// The bans and mutes that hold.
    #[serde(rename = "sanctions list")]
    SanctionsList,
    /// What was ever set on an account, the newest first.
    #[serde(rename = "sanctions history")]
    SanctionsHistory {
        /// Whose.
        name: String,
    },
    /// Says something to everybody, in the lobby.
    #[serde(rename = "announce")]
    Announce {
        /// What.
        text: String,
    },
    /// Takes no new connections and stops the server after a while.
    #[serde(rename = "drain")]
    Drain {
        /// After so many seconds.
        in_s: u64,
    },
    /// Goes on as if nothing had been.
    #[serde(rename = "drain --cancel")]
    DrainCancel,
    /// What operators did.
    #[serde(rename = "audit")]
    Audit {
        /// In the last so many seconds.
        since_s: Option<u64>,
        /// Only entries with smaller numbers.
        #[serde(default)]
        before: Option<i64>,
        /// The newest so many.
        limit: usize,
    },
    /// The public keys that games' own servers check tickets with.
    #[serde(rename = "tickets keys")]
    TicketsKeys,
    /// Has another key sign tickets from soon on.
    #[serde(rename = "tickets rotate")]
    TicketsRotate {
        /// At once, and all that was signed with others is void.
        now: bool,
    },
    /// Who may sign in to the console.
    #[serde(rename = "operators list")]
    OperatorsList,
    /// Lets somebody sign in to the console, with a random password.
    #[serde(rename = "operators add")]
    OperatorsAdd {
        /// Who.
        name: String,
        /// What they may do: `viewer`, `moderator` or `admin`.
        role: String,
    },
    /// Lets somebody do more or less in the console.
    #[serde(rename = "operators set-role")]
    OperatorsSetRole {
        /// Who.
        name: String,
        /// What they may do from now on.
        role: String,
    },
    /// Gives an operator a random password, without a second factor, and signs them out.
    #[serde(rename = "operators reset")]
    OperatorsReset {
        /// Who.
        name: String,
    },
    /// Lets somebody sign in no more.
    #[serde(rename = "operators remove")]
    OperatorsRemove {
        /// Who.
        name: String,
    },
    /// Makes a key by which a game's own server asks for things.
    #[serde(rename = "game-keys add")]
    GameKeysAdd {
        /// Its name.
        name: String,
        /// What it is good for: `say`, `channels`, `players`, `kick`, `tickets`, `profiles`.
        scopes: Vec<String>,
        /// For so many seconds; for good without.
        for_s: Option<u64>,
    },
    /// The keys there are, without their texts.
    #[serde(rename = "game-keys list")]
    GameKeysList,
    /// Takes a key back, at once.
    #[serde(rename = "game-keys remove")]
    GameKeysRemove {
        /// Its name.
        name: String,
    },
}

impl Act {
    /// The verb, as it is typed.
    pub const fn verb(&self) -> &'static str {
        match self {
            Act::Status => "status",
            Act::UsersList { .. } => "users list",
            Act::UsersKeep { .. } => "users keep",
            Act::UsersApprove { .. } => "users approve",
            Act::UsersDecline { .. } => "users decline",
            Act::InvitesAdd { .. } => "invites add",
            Act::InvitesList => "invites list",
            Act::InvitesRemove { .. } => "invites remove",
            Act::UsersShow { .. } => "users show",
            Act::UsersRename { .. } => "users rename",
            Act::UsersResetPassword { .. } => "users reset-password",
            Act::UsersSetRole { .. } => "users set-role",
            Act::UsersStaff => "users staff",
            Act::UsersResetCode { .. } => "users reset-code",
            Act::UsersErase { .. } => "users erase",
            Act::UsersExport { .. } => "users export",
            Act::SessionsList { .. } => "sessions list",
            Act::SessionsClose { .. } => "sessions close",
            Act::SessionsCloseAll { .. } => "sessions close --all",
            Act::ChannelsList { .. } => "channels list",
            Act::ChannelsShow { .. } => "channels show",
            Act::ChannelsDelete { .. } => "channels delete",
            Act::ChannelsGive { .. } => "channels give",
            Act::ChannelsSlow { .. } => "channels slow",
            Act::ChannelsFilter { .. } => "channels filter",
            Act::ReportsList { .. } => "reports list",
            Act::ReportsShow { .. } => "reports show",
            Act::ReportsClose { .. } => "reports close",
            Act::LinesList { .. } => "lines list",
            Act::LinesDelete { .. } => "lines delete",
            Act::LinesDeleteBy { .. } => "lines delete --by",
            Act::Ban { .. } => "ban",
            Act::Unban { .. } => "unban",
            Act::Mute { .. } => "mute",
            Act::Unmute { .. } => "unmute",
            Act::Kick { .. } => "kick",
            Act::Lockdown { .. } => "lockdown",
            Act::LockdownEnd => "lockdown --end",
            Act::SanctionsList => "sanctions list",
            Act::SanctionsHistory { .. } => "sanctions history",
            Act::Announce { .. } => "announce",
            Act::Drain { .. } => "drain",
            Act::DrainCancel => "drain --cancel",
            Act::Audit { .. } => "audit",
            Act::TicketsKeys => "tickets keys",
            Act::TicketsRotate { now: false } => "tickets rotate",
            Act::TicketsRotate { now: true } => "tickets rotate --now",
            Act::OperatorsList => "operators list",
            Act::OperatorsAdd { .. } => "operators add",
            Act::OperatorsSetRole { .. } => "operators set-role",
            Act::OperatorsReset { .. } => "operators reset",
            Act::OperatorsRemove { .. } => "operators remove",
            Act::GameKeysAdd { .. } => "game-keys add",
            Act::GameKeysList => "game-keys list",
            Act::GameKeysRemove { .. } => "game-keys remove",
        }
    }

    /// What somebody has to be to do it in the console. Viewers are told nothing of who is
    /// with whom or what was said; what cannot be undone is for admins.
    pub const fn least_role(&self) -> OperatorRole {
        match self {
            Act::Status | Act::UsersList { .. } | Act::ChannelsList { .. } | Act::TicketsKeys => {
                OperatorRole::Viewer
            }
            Act::UsersShow { .. }
            | Act::UsersApprove { .. }
            | Act::UsersDecline { .. }
            | Act::InvitesAdd { .. }
            | Act::InvitesList
            | Act::InvitesRemove { .. }
            | Act::SessionsList { .. }
            | Act::SessionsClose { .. }
            | Act::SessionsCloseAll { .. }
            | Act::ChannelsShow { .. }
            | Act::ChannelsSlow { .. }
            | Act::ChannelsFilter { .. }
            | Act::ReportsList { .. }
            | Act::ReportsShow { .. }
            | Act::ReportsClose { .. }
            | Act::LinesList { .. }
            | Act::LinesDelete { .. }
            | Act::LinesDeleteBy { .. }
            | Act::Ban { .. }
            | Act::Unban { .. }
            | Act::Mute { .. }
            | Act::Unmute { .. }
            | Act::Kick { .. }
            | Act::Lockdown { .. }
            | Act::LockdownEnd
            | Act::SanctionsList
            | Act::SanctionsHistory { .. }
            | Act::UsersStaff
            | Act::Announce { .. }
            | Act::Audit { .. } => OperatorRole::Moderator,
            Act::UsersRename { .. }
            | Act::UsersKeep { .. }
            | Act::UsersResetPassword { .. }
            | Act::UsersSetRole { .. }
            | Act::UsersResetCode { .. }
            | Act::UsersErase { .. }
            | Act::UsersExport { .. }
            | Act::ChannelsDelete { .. }
            | Act::ChannelsGive { .. }
            | Act::Drain { .. }
            | Act::DrainCancel
            | Act::TicketsRotate { .. }
            | Act::OperatorsList
            | Act::OperatorsAdd { .. }
            | Act::OperatorsSetRole { .. }
            | Act::OperatorsReset { .. }
            | Act::OperatorsRemove { .. }
            | Act::GameKeysAdd { .. }
            | Act::GameKeysList
            | Act::GameKeysRemove { .. } => OperatorRole::Admin,
        }
    }

    /// On whom or what; empty if it is about nobody.
    pub fn subject(&self) -> String {
        match self {
            Act::UsersShow { name }
            | Act::UsersKeep { name }
            | Act::UsersApprove { name }
            | Act::UsersDecline { name }
            | Act::UsersRename { name, .. }
            | Act::UsersResetPassword { name }
            | Act::UsersSetRole { name, .. }
            | Act::UsersResetCode { name }
            | Act::UsersErase { name, .. }
            | Act::UsersExport { name, .. }
            | Act::SessionsList { name }
            | Act::SessionsCloseAll { name }
            | Act::LinesDeleteBy { name, .. }
            | Act::Mute { name, .. }
            | Act::Unmute { name, .. }
            | Act::Kick { name, .. }
            | Act::SanctionsHistory { name }
            | Act::OperatorsAdd { name, .. }
            | Act::OperatorsSetRole { name, .. }
            | Act::OperatorsReset { name }
            | Act::OperatorsRemove { name }
            | Act::GameKeysAdd { name, .. }
            | Act::GameKeysRemove { name } => name.clone(),
            Act::Ban { whom, .. } | Act::Unban { whom, .. } => whom.clone(),
            Act::SessionsClose { session } => session.to_string(),
            Act::ReportsShow { report } | Act::ReportsClose { report, .. } => report.to_string(),
            Act::InvitesRemove { invite } => invite.to_string(),
            Act::ChannelsShow { channel }
            | Act::ChannelsDelete { channel }
            | Act::ChannelsGive { channel, .. }
            | Act::ChannelsSlow { channel, .. }
            | Act::ChannelsFilter { channel, .. }
            | Act::LinesList { channel, .. } => channel.clone(),
            Act::LinesDelete { channel, seq } => format!("{channel} {seq}"),
            Act::Status
            | Act::ReportsList { .. }
            | Act::UsersList { .. }
            | Act::UsersStaff
            | Act::InvitesAdd { .. }
            | Act::InvitesList
            | Act::ChannelsList { .. }
            | Act::Lockdown { .. }
            | Act::LockdownEnd
            | Act::SanctionsList
            | Act::Announce { .. }
            | Act::Drain { .. }
            | Act::DrainCancel
            | Act::Audit { .. }
            | Act::TicketsKeys
            | Act::TicketsRotate { .. }
            | Act::OperatorsList
            | Act::GameKeysList => String::new(),
        }
    }

    /// Whether the audit log has it. Lists tell of nobody, and are looked at all the time; of
    /// an export the first page is enough.
    pub(super) const fn is_noted(&self) -> bool {
        !matches!(
            self,
            Act::Status
                | Act::UsersList { .. }
                | Act::UsersStaff
                | Act::UsersExport { after: Some(_), .. }
                | Act::ChannelsList { .. }
                | Act::ReportsList { .. }
                | Act::InvitesList
                | Act::SanctionsList
                | Act::Audit { .. }
                | Act::TicketsKeys
                | Act::OperatorsList
                | Act::GameKeysList
        )
    }
}
