//! What a server answers and announces.

use serde::{Deserialize, Serialize};

use crate::{
    Access, ChangedProfile, ChannelState, Denial, DenyCode, ExportedAccount, ExportedLine,
    ExportedReport, FactorKey, Field, Hall, InboxState, Invitation, LastLogin, LeaveReason, Limits,
    Line, ListedChannel, ListedReport, ListedSession, Member, PastSanction, PlayerInfo, Presence,
    Profile, ProfileVersion, RecoveryCode, Registration, ReportNumber, ReportOutcome, RequestId,
    ResumeToken, Role, Sanction, SanctionKind, Seq, ServerRole, Speech, Ticket,
};

/// Declares [`ServerPacket`] with the name of each packet in one table.
macro_rules! server_packets {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $name:literal, { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    )*) => {
        /// A packet from server to client.
        ///
        /// Text in it is plain `String`: the server has checked it, and a client
        /// built against stricter rules must still show every line. Show it as
        /// text, never as markup.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "type")]
        pub enum ServerPacket {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $variant { $($(#[$field_doc])* $field: $type,)* },
        )*}

        impl ServerPacket {
            /// The names in the `type` fields of all packets.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The name in the `type` field. Safe to log, unlike the packet.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }
        }
    };
}

server_packets! {
    /// The first packet on every connection.
    Hello = "hello", {
        /// The protocol version this connection speaks.
        protocol: u32,
        /// Name and version of the server program: `"longhall-server/0.2.0"`. At most 64
        /// characters are kept.
        server: String,
        /// What the operator wants every player to read. May be empty.
        message_of_the_day: String,
        /// Sizes the server will hold the client to.
        limits: Limits,
        /// What it takes to create an account; absent when everybody may, without work.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        registration: Option<Registration>,
        /// Whether it takes guests. Absent when not.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        guests: bool,
    }

    /// The request succeeded.
    Ok = "ok", {
        /// The request's id.
        id: RequestId,
    }

    /// The request was refused.
    Deny = "deny", {
        /// The request's id; absent when the packet was too broken to have one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        id: Option<RequestId>,
        /// Why, as a stable code.
        code: DenyCode,
        /// Why, as an English sentence.
        reason: String,
        /// The field it is about.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<Field>,
        /// The limit that was not kept.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        limit: Option<u32>,
        /// Milliseconds after which the same request may succeed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        retry_after_ms: Option<u32>,
        /// The sanction that keeps it from the account, for `muted` and `banned`, if the
        /// server says more of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        sanction: Option<Box<Sanction>>,
    }

    /// A login or resume succeeded. The player is in these channels; lines said
    /// from now on arrive by themselves, earlier ones are asked for by
    /// `history`.
    LoggedIn = "logged_in", {
        /// The request's id.
        id: RequestId,
        /// The account's name as it was registered.
        username: String,
        /// Logs in again after a cut, instead of the password. Worth as much
        /// as one: never show or log it.
        resume_token: ResumeToken,
        /// The session's number in the list of sessions.
        session: u64,
        /// Names the store that the numbers of all logs belong to. Another one than
        /// before means that another or a restored database is behind the server:
        /// what is known of any log is void, and the client begins anew. Compare it
        /// only; empty from a server that does not say.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        epoch: String,
        /// Whether the player is a guest, or an account that waits for approval. Absent when
        /// not.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        guest: bool,
        /// The account's channels, the lobby first.
        channels: Vec<ChannelState>,
        /// The account's whispers.
        inbox: InboxState,
        /// Channels that the account may join and has not.
        invitations: Vec<Invitation>,
        /// What the account may do on the whole server. Absent for a player.
        #[serde(skip_serializing_if = "ServerRole::is_player", default)]
        server_role: ServerRole,
        /// Whether a login asks for the code of a second factor. Absent when not.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        second_factor: bool,
        /// How many recovery codes are not used up. Absent when none is, or the server
        /// knows of none.
        #[serde(skip_serializing_if = "is_zero", default)]
        recovery_codes_left: u32,
        /// The login before this one. Absent at the first, and after a resume.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        last_login: Option<Box<LastLogin>>,
        /// When the account will be deleted, in milliseconds since 1970, if its player has
        /// asked for it; `keep_account` keeps it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        deleted_at_ms: Option<u64>,
        /// The mutes that hold, on the whole server and in channels. Absent when there is
        /// none.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        sanctions: Vec<Sanction>,
        /// The player's profile. Absent when empty.
        #[serde(skip_serializing_if = "Profile::is_empty", default)]
        profile: Profile,
        /// Its version. Absent when it was never set.
        #[serde(skip_serializing_if = "is_zero", default)]
        profile_version: ProfileVersion,
    }

    /// The account exists, answering a `register` that asked for recovery codes.
    Registered = "registered", {
        /// The request's id.
        id: RequestId,
        /// Each replaces a lost password once. Told this once: show them, and never log
        /// them.
        recovery_codes: Vec<RecoveryCode>,
    }

    /// New recovery codes, answering `renew_recovery_codes`.
    RecoveryCodes = "recovery_codes", {
        /// The request's id.
        id: RequestId,
        /// Told this once: show them, and never log them.
        codes: Vec<RecoveryCode>,
    }

    /// The key of a second factor, answering `begin_second_factor`.
    SecondFactor = "second_factor", {
        /// The request's id.
        id: RequestId,
        /// The key in base32, to be typed into an app. Worth as much as a password.
        secret: FactorKey,
        /// The same as an `otpauth://` address, for apps and pictures that they read.
        uri: FactorKey,
    }

    /// The work that an account or a guest costs now, answering `challenge`.
    Challenge = "challenge", {
        /// The request's id.
        id: RequestId,
        /// What the work is about; absent when none is asked for. Good on this connection,
        /// and for one try.
        #[serde(skip_serializing_if = "String::is_empty", default)]
        challenge: String,
        /// Zero bits that the hash has to begin with; at most 22.
        bits: u32,
        /// Milliseconds after which the challenge is void.
        expires_in_ms: u32,
    }

    /// Somebody said, edited or deleted a line; number, sender and time are the
    /// server's word.
    Chat = "chat", {
        /// The channel, or `"@"` for a whisper.
        channel: String,
        /// The line.
        #[serde(flatten)]
        line: Line,
    }

    /// The line is on disk. Its own `chat` packet arrived before, on a
    /// connection without gaps.
    Posted = "posted", {
        /// The request's id.
        id: RequestId,
        /// The channel, or `"@"` for a whisper.
        channel: String,
        /// The number it got; the same as before when it had been taken already.
        seq: Seq,
        /// When it was said, in milliseconds since 1970-01-01 00:00 UTC.
        sent_at_ms: u64,
    }

    /// Lines were left out because too many waited for this connection: all up
    /// to `last_seq` that did not arrive are to be had by `history`.
    Gap = "gap", {
        /// The channel, or `"@"` for whispers.
        channel: String,
        /// The newest number.
        last_seq: Seq,
    }

    /// A page of lines, answering `history`.
    History = "history", {
        /// The request's id.
        id: RequestId,
        /// What was asked for.
        channel: String,
        /// The oldest number still kept. Asking for older ones is of no use.
        first_seq: Seq,
        /// The newest number there was when the page was made.
        last_seq: Seq,
        /// The lines in the order of their numbers.
        lines: Vec<Line>,
        /// Whether there are more in the direction that was asked for.
        more: bool,
    }

    /// The account is in this channel now: the answer to `join` and `create`,
    /// also sent to the account's other sessions.
    Joined = "joined", {
        /// The request's id; absent for other sessions.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        id: Option<RequestId>,
        /// The channel.
        #[serde(flatten)]
        channel: ChannelState,
    }

    /// The account is no longer in this channel. Sent to all its sessions, ahead
    /// of the answer to `leave`.
    Left = "left", {
        /// The channel.
        channel: String,
        /// Why.
        reason: LeaveReason,
        /// Who removed the account. Absent when it left.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
    }

    /// A channel has another topic or access, or another speed or filter of its lines.
    ChannelChanged = "channel_changed", {
        /// The channel.
        channel: String,
        /// What it is about.
        topic: String,
        /// Who may join.
        access: Access,
        /// How lines are held in check there.
        #[serde(flatten, default)]
        speech: Speech,
        /// Who changed it.
        by: String,
    }

    /// A member may do more or less in a channel.
    RoleChanged = "role_changed", {
        /// The channel.
        channel: String,
        /// The member, maybe this account.
        username: String,
        /// What it may do from now on.
        role: Role,
        /// Who changed it; the same as `username` when an owner left.
        by: String,
    }

    /// The account may do more or less on the whole server from now on.
    ServerRoleChanged = "server_role_changed", {
        /// What it may do.
        server_role: ServerRole,
    }

    /// A sanction was set on the account that does not end the connection: a mute, or a
    /// kick or ban in a channel, which is left before.
    Sanctioned = "sanctioned", {
        /// The sanction.
        #[serde(flatten)]
        sanction: Sanction,
    }

    /// A mute or a ban in a channel was lifted from the account. One that ends by its time
    /// ends without a word.
    SanctionLifted = "sanction_lifted", {
        /// Which.
        sanction: SanctionKind,
        /// Where; absent on the whole server.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        channel: Option<String>,
    }

    /// A sanction is set, answering `sanction`.
    SanctionSet = "sanction_set", {
        /// The request's id.
        id: RequestId,
        /// The player, as registered.
        username: String,
        /// The sanction, with the time that the server found fit.
        #[serde(flatten)]
        sanction: Sanction,
    }

    /// What sanctions were set on a player, answering `sanctions`.
    Sanctions = "sanctions", {
        /// The request's id.
        id: RequestId,
        /// The player, as registered.
        username: String,
        /// The newest first, at most 50.
        sanctions: Vec<PastSanction>,
    }

    /// Lines are deleted, answering `delete_lines`.
    LinesDeleted = "lines_deleted", {
        /// The request's id.
        id: RequestId,
        /// How many.
        count: u32,
        /// Whether there are more, as 1000 are the most for one request.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        more: bool,
    }

    /// Somebody invites the account into a channel.
    Invited = "invited", {
        /// The channel that may be joined.
        channel: String,
        /// Who invites.
        by: String,
    }

    /// Who came, left, or changed state in a channel since the last such packet.
    /// At most one a channel and second.
    Presence = "presence", {
        /// The channel.
        channel: String,
        /// How many accounts are members; in the lobby: are online.
        members: u32,
        /// How many of them are online.
        online: u32,
        /// What happened to whom, once each. Left out, as `partial` says, when
        /// too much happened to tell: ask for `members` when the roster is on
        /// view.
        changes: Vec<Presence>,
        /// Whether changes were left out.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        partial: bool,
    }

    /// The profile is set, answering `set_profile`.
    ProfileSet = "profile_set", {
        /// The request's id.
        id: RequestId,
        /// As it is now: with the game's keys, and with texts as others read them.
        profile: Profile,
        /// Its version.
        profile_version: ProfileVersion,
    }

    /// Who a player is, answering `player_info`.
    PlayerInfo = "player_info", {
        /// The request's id.
        id: RequestId,
        /// The player.
        #[serde(flatten)]
        player: PlayerInfo,
    }

    /// Players who are online, maybe this one, have another profile. At most one a second; of
    /// many some are told later.
    Profiles = "profiles", {
        /// Whose, once each.
        changes: Vec<ChangedProfile>,
    }

    /// The account has read on, on another device.
    Read = "read", {
        /// A channel, or `"@ada"` for the whispers with one player.
        channel: String,
        /// The number of the last line read.
        seq: Seq,
        /// Lines of others behind it; counted up to 1000.
        unread: u32,
    }

    /// The channels that may be joined, answering `channels`.
    Channels = "channels", {
        /// The request's id.
        id: RequestId,
        /// In the order of their names.
        channels: Vec<ListedChannel>,
        /// Whether more come behind the last.
        more: bool,
    }

    /// The halls that the lobby has, answering `halls`.
    Halls = "halls", {
        /// The request's id.
        id: RequestId,
        /// In the order of their numbers; at most 256.
        halls: Vec<Hall>,
        /// How many players a hall takes in; 0 when the lobby has one hall for all.
        hall_size: u32,
    }

    /// The roster of a channel, answering `members`.
    Members = "members", {
        /// The request's id.
        id: RequestId,
        /// The channel.
        channel: String,
        /// In the order of their names.
        members: Vec<Member>,
        /// Whether more come behind the last.
        more: bool,
    }

    /// Where the account is logged in, answering `sessions`.
    Sessions = "sessions", {
        /// The request's id.
        id: RequestId,
        /// The latest first.
        sessions: Vec<ListedSession>,
    }

    /// A part of what the server knows of the account, answering `export`. The account
    /// comes on the first page; then what it said in channels, then its whispers.
    Export = "export", {
        /// The request's id.
        id: RequestId,
        /// The account. On the first page only.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        account: Option<Box<ExportedAccount>>,
        /// What was said. May be empty on any page.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        lines: Vec<ExportedLine>,
        /// The reports that the account made, behind all lines.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        reports: Vec<ExportedReport>,
        /// To ask for the next page with; absent on the last one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        next: Option<String>,
    }

    /// A player, maybe this account, has another name from now on. Sent to everybody who
    /// is online.
    Renamed = "renamed", {
        /// The name so far.
        username: String,
        /// The name from now on.
        new_username: String,
    }

    /// Who is blocked, answering `blocks`.
    Blocks = "blocks", {
        /// The request's id.
        id: RequestId,
        /// In the order of their names.
        usernames: Vec<String>,
    }

    /// The moderators have the report.
    Reported = "reported", {
        /// The request's id.
        id: RequestId,
        /// Its number; the same as before while an earlier report of the same line or
        /// player is open.
        report: ReportNumber,
    }

    /// A page of reports, answering `reports`.
    Reports = "reports", {
        /// The request's id.
        id: RequestId,
        /// The newest first.
        reports: Vec<ListedReport>,
        /// Whether older ones come behind the last.
        more: bool,
    }

    /// The lines that were kept with a report, answering `report_lines`: the reported
    /// one, up to ten before and five after it, as they were when it was reported.
    ReportLines = "report_lines", {
        /// The request's id.
        id: RequestId,
        /// The report.
        report: ReportNumber,
        /// In the order of their numbers. Empty when a player was reported.
        lines: Vec<Line>,
    }

    /// How many reports are open. To moderators: after each login, and when it
    /// changes.
    ReportsWaiting = "reports_waiting", {
        /// How many.
        count: u32,
    }

    /// A report of this account is closed. Told once: at once, or after the next
    /// login.
    ReportClosed = "report_closed", {
        /// Its number.
        report: ReportNumber,
        /// Who was reported.
        username: String,
        /// What came of it.
        outcome: ReportOutcome,
        /// What a moderator says of it. May be empty.
        text: String,
    }

    /// A ticket for a game's own server, answering `request_ticket`.
    Ticket = "ticket", {
        /// The request's id.
        id: RequestId,
        /// A signed JWT, good for one use. For the server that it was asked for, and nobody
        /// else: never show or log it.
        ticket: Ticket,
        /// From when on it is good no more, in milliseconds since 1970.
        expires_at_ms: u64,
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde calls it with"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl ServerPacket {
    /// The packet that answers request `id` with `denial`.
    pub fn deny(id: Option<RequestId>, denial: Denial) -> Self {
        Self::Deny {
            id,
            code: denial.code,
            reason: denial.reason(),
            field: denial.field,
            limit: denial.limit,
            retry_after_ms: denial.retry_after_ms,
            sanction: denial.sanction,
        }
    }
}
