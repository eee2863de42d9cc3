//! What a client may say.

use serde::Serialize;

use crate::{
    Access, Audience, ChannelCode, ChannelName, ChannelPassword, ChatText, Denial, DenyCode,
    FactorCode, Filter, InviteCode, LineId, Password, PresenceState, PresenceText, Profile,
    ProfileVersion, Reason, RecoveryCode, ReportCategory, ReportNumber, ReportOutcome, ReportText,
    Reported, ResumeToken, Role, SanctionKind, Seq, Target, Topic, Username,
};

/// Chosen by the client for each request and repeated in its answer. Unique
/// among the requests that still wait for one; counting up is the usual way.
pub type RequestId = u32;

/// Declares [`ClientPacket`] with the stage and the name of each packet in one
/// table. Every packet has an `id`.
macro_rules! client_packets {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $name:literal in $stage:expr, { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    )*) => {
        /// A packet from client to server. Each is a request, answered exactly
        /// once: by [`ServerPacket::Ok`](crate::ServerPacket::Ok), by the
        /// packet that its description names, or by
        /// [`ServerPacket::Deny`](crate::ServerPacket::Deny).
        ///
        /// There is no sender anywhere: who speaks is what the server knows
        /// from the login.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "type")]
        pub enum ClientPacket {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $variant {
                /// Repeated in the answer.
                id: RequestId,
                $($(#[$field_doc])* $field: $type,)*
            },
        )*}

        impl ClientPacket {
            /// The names in the `type` fields of all packets.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The id its answer will carry.
            pub const fn id(&self) -> RequestId {
                match self { $(Self::$variant { id, .. } => *id,)* }
            }

            /// The name in the `type` field. Safe to log, unlike the packet.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            /// The stage in which this packet is legal; `None` means in both.
            pub const fn stage(&self) -> Option<Stage> {
                match self { $(Self::$variant { .. } => $stage,)* }
            }
        }
    };
}

impl ClientPacket {
    /// Whether it says something, or changes what was said: what a server writes down
    /// for others to read.
    pub const fn is_entry(&self) -> bool {
        matches!(
            self,
            Self::Chat { .. } | Self::Edit { .. } | Self::Delete { .. }
        )
    }
}

impl ClientPacket {
    /// Whether it brings others something to read: what a muted account may not.
    pub fn is_speech(&self) -> bool {
        match self {
            Self::Chat { .. }
            | Self::Edit { .. }
            | Self::Create { .. }
            | Self::CreateTemporary { .. }
            | Self::SetTopic { .. }
            | Self::Invite { .. }
            | Self::Rename { .. } => true,
            Self::SetPresence { text, .. } => !text.is_empty(),
            // Keys are words as well.
            Self::SetProfile { profile, .. } => !profile.is_empty(),
            _ => false,
        }
    }

    /// The channel that it says something in, or changes what is read there: what an account
    /// may not that is muted in it.
    pub const fn spoken_in(&self) -> Option<&ChannelName> {
        match self {
            Self::Chat {
                channel: Target::Channel(channel),
                ..
            }
            | Self::Edit {
                channel: Target::Channel(channel),
                ..
            }
            | Self::SetTopic { channel, .. } => Some(channel),
            _ => None,
        }
    }
}

const ANY: Option<Stage> = None;
const OUT: Option<Stage> = Some(Stage::LoggedOut);
const IN: Option<Stage> = Some(Stage::LoggedIn);

client_packets! {
    /// Says what the client is and in which version of the protocol it goes on, before
    /// anything else. A server that chose another one answers `update_required`.
    Hello = "hello" in ANY, {
        /// The protocol version of this connection.
        protocol: u32,
        /// Name and version of the program, for the operator's log:
        /// `"longhall-godot/0.2.0"`. At most 64 characters are kept.
        client: String,
    }

    /// Asks whether the server is still there.
    Ping = "ping" in ANY, {}

    /// Creates an account. Does not log in. Answered by
    /// [`ServerPacket::Registered`](crate::ServerPacket::Registered) when it asks for
    /// recovery codes.
    Register = "register" in OUT, {
        /// The name the account shall have.
        username: Username,
        /// The password the account shall have.
        password: Password,
        /// Whether to make recovery codes as well. Absent when not.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        recovery: bool,
        /// What lets somebody register where that takes an invite.
        #[serde(skip_serializing_if = "Option::is_none")]
        invite: Option<InviteCode>,
        /// The work that the last `challenge` on this connection asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        proof: Option<u64>,
    }

    /// Asks for the work that an account or a guest costs. Answered by
    /// [`ServerPacket::Challenge`](crate::ServerPacket::Challenge); the challenge before
    /// is void.
    Challenge = "challenge" in ANY, {}

    /// Comes in without an account, under a name that is free. Answered by
    /// [`ServerPacket::LoggedIn`](crate::ServerPacket::LoggedIn).
    Guest = "guest" in OUT, {
        /// The name to be seen by.
        username: Username,
        /// As in `login`.
        #[serde(skip_serializing_if = "String::is_empty")]
        device: String,
        /// As in `register`.
        #[serde(skip_serializing_if = "Option::is_none")]
        proof: Option<u64>,
    }

    /// Makes an account of a guest, who keeps channels, lines, whispers and blocks.
    Upgrade = "upgrade" in IN, {
        /// The name from now on; absent keeps the guest's.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<Username>,
        /// The password the account shall have.
        password: Password,
        /// As in `register`.
        #[serde(skip_serializing_if = "Option::is_none")]
        invite: Option<InviteCode>,
        /// As in `register`.
        #[serde(skip_serializing_if = "Option::is_none")]
        proof: Option<u64>,
    }

    /// Logs in with a password: a new session, beside those on other devices.
    /// Answered by [`ServerPacket::LoggedIn`](crate::ServerPacket::LoggedIn).
    Login = "login" in OUT, {
        /// The account's name, in any case and Unicode form.
        username: Username,
        /// The account's password.
        password: Password,
        /// What the player calls this device, for the list of sessions:
        /// `"Steam Deck"`. At most 40 characters are kept.
        #[serde(skip_serializing_if = "String::is_empty")]
        device: String,
        /// The code of the second factor, or a recovery code in its place, if the account
        /// has one. Absent at first: a server asks for it by `code_needed`.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<FactorCode>,
    }

    /// Replaces a password that is lost, by one of the account's recovery codes, which is
    /// used up. Ends all its sessions; does not log in.
    Recover = "recover" in OUT, {
        /// The account's name, in any case and Unicode form.
        username: Username,
        /// One of the account's recovery codes, or one that the operator gave out.
        code: RecoveryCode,
        /// The password from now on.
        new_password: Password,
    }

    /// Logs in again after a cut, with the token of the last `logged_in`.
    /// Answered by [`ServerPacket::LoggedIn`](crate::ServerPacket::LoggedIn).
    Resume = "resume" in OUT, {
        /// The token; the answer brings the next one.
        token: ResumeToken,
    }

    /// Ends the session: the resume token is worthless from then on. The
    /// connection stays.
    Logout = "logout" in IN, {}

    /// Replaces the account's password and ends its other sessions.
    ChangePassword = "change_password" in IN, {
        /// The present password.
        password: Password,
        /// The password from now on.
        new_password: Password,
    }

    /// Makes new recovery codes; those from before are void. Answered by
    /// [`ServerPacket::RecoveryCodes`](crate::ServerPacket::RecoveryCodes).
    RenewRecoveryCodes = "renew_recovery_codes" in IN, {
        /// The account's password.
        password: Password,
        /// The code of the second factor, if the account has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<FactorCode>,
    }

    /// Begins a second factor: an app that shows a code every 30 seconds (RFC 6238).
    /// Nothing is asked for yet. Answered by
    /// [`ServerPacket::SecondFactor`](crate::ServerPacket::SecondFactor).
    BeginSecondFactor = "begin_second_factor" in IN, {
        /// The account's password.
        password: Password,
    }

    /// Shows that the app has the key of the last `begin_second_factor`: logins ask for its
    /// code from now on. Ends the account's other sessions.
    ConfirmSecondFactor = "confirm_second_factor" in IN, {
        /// The code that the app shows.
        code: FactorCode,
    }

    /// Ends the second factor.
    EndSecondFactor = "end_second_factor" in IN, {
        /// The account's password.
        password: Password,
        /// The code that the app shows, or a recovery code.
        code: FactorCode,
    }

    /// Asks where the account is logged in. Answered by
    /// [`ServerPacket::Sessions`](crate::ServerPacket::Sessions).
    Sessions = "sessions" in IN, {}

    /// Ends another session of the account.
    CloseSession = "close_session" in IN, {
        /// Its number in the list of sessions; absent ends all others.
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<u64>,
    }

    /// Has the account deleted, once the time is over that the operator leaves to change
    /// one's mind. All its sessions end, this one after the answer.
    DeleteAccount = "delete_account" in IN, {
        /// The present password.
        password: Password,
        /// The code of the second factor, if the account has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<FactorCode>,
    }

    /// Keeps an account that is to be deleted.
    KeepAccount = "keep_account" in IN, {}

    /// Asks for all that the server knows of the account, page by page. Answered by
    /// [`ServerPacket::Export`](crate::ServerPacket::Export).
    Export = "export" in IN, {
        /// The `next` of the page before; absent for the first page.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }

    /// Gives the account another name. Everybody who is online is told by
    /// [`ServerPacket::Renamed`](crate::ServerPacket::Renamed).
    Rename = "rename" in IN, {
        /// The present password.
        password: Password,
        /// The name from now on.
        username: Username,
        /// The code of the second factor, if the account has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<FactorCode>,
    }

    /// Says a line. Answered by [`ServerPacket::Posted`](crate::ServerPacket::Posted)
    /// once the line is on disk and on its way to everybody.
    Chat = "chat" in IN, {
        /// Where: a channel, or a player to whisper to.
        channel: Target,
        /// The same when the line is sent again after a cut.
        line_id: LineId,
        /// What to say.
        text: ChatText,
    }

    /// Changes the text of one's own line, for a time after it was said.
    Edit = "edit" in IN, {
        /// Where the line is: a channel, or `"@"` for a whisper.
        channel: Target,
        /// Its number.
        seq: Seq,
        /// How it reads from now on.
        text: ChatText,
    }

    /// Deletes a line: one's own for a time after it was said, another's as an operator of
    /// the channel, or as a moderator of the server. Its number stays.
    Delete = "delete" in IN, {
        /// Where the line is: a channel, or `"@"` for a whisper.
        channel: Target,
        /// Its number.
        seq: Seq,
    }

    /// Asks for lines: the newest, those behind `after`, or those ahead of
    /// `before`. Answered by [`ServerPacket::History`](crate::ServerPacket::History).
    History = "history" in IN, {
        /// Of a channel, of the whispers with one player, or of the inbox.
        channel: Target,
        /// Only lines with greater numbers, the oldest of them first.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
        /// Only lines with smaller numbers, the newest of them. Not together
        /// with `after`.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<Seq>,
        /// Most lines to answer with. The server may answer with fewer.
        limit: u32,
    }

    /// Notes up to where the player has read, for all devices. Never goes back.
    Read = "read" in IN, {
        /// A channel, or the whispers with one player.
        channel: Target,
        /// The number of the last line read.
        seq: Seq,
    }

    /// Creates a channel and joins it as its owner. Answered by
    /// [`ServerPacket::Joined`](crate::ServerPacket::Joined).
    Create = "create" in IN, {
        /// Its name.
        channel: ChannelName,
        /// What it is about. Absent when empty.
        #[serde(skip_serializing_if = "Topic::is_empty")]
        topic: Topic,
        /// Who may join.
        access: Access,
        /// The password, when the access is by password.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel_password: Option<ChannelPassword>,
    }

    /// Creates a channel for a match or a party and joins it as its owner: one comes in by its
    /// code or an invitation, and it is gone when it ends or nobody is left. Answered by
    /// [`ServerPacket::Joined`](crate::ServerPacket::Joined).
    CreateTemporary = "create_temporary" in IN, {
        /// Its name; absent for one that the server makes up.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelName>,
        /// What it is about. Absent when empty.
        #[serde(skip_serializing_if = "Topic::is_empty")]
        topic: Topic,
        /// How many accounts may be members, from 2 to 500; absent for 100.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 500)))]
        max_members: Option<u32>,
        /// After how many seconds it ends, from 60 to 86400; absent for four hours.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(range(min = 60, max = 86400)))]
        lasts_s: Option<u32>,
    }

    /// Joins a temporary channel by its code. Answered by
    /// [`ServerPacket::Joined`](crate::ServerPacket::Joined).
    JoinByCode = "join_by_code" in IN, {
        /// What its members see of it.
        code: ChannelCode,
    }

    /// Ends a temporary channel. For its owner.
    EndChannel = "end_channel" in IN, {
        /// Its name.
        channel: ChannelName,
    }

    /// Asks for the halls that the lobby has. Answered by
    /// [`ServerPacket::Halls`](crate::ServerPacket::Halls).
    Halls = "halls" in IN, {}

    /// Changes to another hall of the lobby, on all devices of the account. Answered by
    /// [`ServerPacket::Joined`](crate::ServerPacket::Joined); the hall before is
    /// [`ServerPacket::Left`](crate::ServerPacket::Left) after it.
    ChangeHall = "change_hall" in IN, {
        /// The name of the hall.
        channel: ChannelName,
    }

    /// Joins a channel, for good: also while offline, until it is left.
    /// Answered by [`ServerPacket::Joined`](crate::ServerPacket::Joined).
    Join = "join" in IN, {
        /// Its name.
        channel: ChannelName,
        /// The password, when the access is by password.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel_password: Option<ChannelPassword>,
    }

    /// Leaves a channel. An owner who leaves is followed by the operator, or
    /// else the member, who has been there longest.
    Leave = "leave" in IN, {
        /// Its name.
        channel: ChannelName,
    }

    /// Asks for the channels that may be joined, in the order of their names.
    /// Answered by [`ServerPacket::Channels`](crate::ServerPacket::Channels).
    Channels = "channels" in IN, {
        /// Only names behind this one, to read on where a page ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<ChannelName>,
    }

    /// Asks for the roster of a channel, in the order of the names; in the
    /// lobby, of those who are online. Answered by
    /// [`ServerPacket::Members`](crate::ServerPacket::Members).
    Members = "members" in IN, {
        /// The channel.
        channel: ChannelName,
        /// Only names behind this one, to read on where a page ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<Username>,
    }

    /// Sets what a channel is about. For its operators and owner.
    SetTopic = "set_topic" in IN, {
        /// The channel.
        channel: ChannelName,
        /// What it is about from now on.
        topic: Topic,
    }

    /// Sets who may join a channel. For its owner. Members stay.
    SetAccess = "set_access" in IN, {
        /// The channel.
        channel: ChannelName,
        /// Who may join from now on.
        access: Access,
        /// The password, when the access is by password.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel_password: Option<ChannelPassword>,
    }

    /// Sets what a member may do in a channel. For its owner, who becomes an
    /// operator when another is made owner.
    SetRole = "set_role" in IN, {
        /// The channel.
        channel: ChannelName,
        /// The member.
        username: Username,
        /// What it may do from now on.
        role: Role,
    }

    /// Sets how fast members may speak in a channel. For its operators and owner.
    SetSlowMode = "set_slow_mode" in IN, {
        /// The channel.
        channel: ChannelName,
        /// Seconds from a member's line to their next one; 0 ends slow mode. At most
        /// [`MAX_SLOW_MODE_S`](crate::limits::MAX_SLOW_MODE_S).
        #[cfg_attr(feature = "schema", schemars(range(max = 21600)))]
        seconds: u32,
    }

    /// Sets what becomes of blocked words in a channel. For its owner, who may be stricter
    /// than the server, not looser.
    SetFilter = "set_filter" in IN, {
        /// The channel.
        channel: ChannelName,
        /// What becomes of them; absent for what the server does everywhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        filter: Option<Filter>,
    }

    /// Invites a player, who may then join whatever the access is.
    Invite = "invite" in IN, {
        /// The channel.
        channel: ChannelName,
        /// The player.
        username: Username,
    }

    /// Takes a member out of a channel. For its operators and owner.
    Remove = "remove" in IN, {
        /// The channel.
        channel: ChannelName,
        /// The member, below the remover in role.
        username: Username,
    }

    /// Mutes, kicks or bans a player. On the whole server for its moderators, who are above
    /// the player; in a channel also for its operators and owner. Answered by
    /// [`ServerPacket::SanctionSet`](crate::ServerPacket::SanctionSet).
    Sanction = "sanction" in IN, {
        /// The player.
        username: Username,
        /// What is kept from them.
        sanction: SanctionKind,
        /// Where; absent on the whole server.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelName>,
        /// For how many seconds; 0 for good. Absent for as long as the server thinks fit,
        /// which is longer each time. Not looked at for a kick.
        #[serde(skip_serializing_if = "Option::is_none")]
        for_s: Option<u64>,
        /// Why. The player reads it. Absent when empty.
        #[serde(skip_serializing_if = "Reason::is_empty")]
        reason: Reason,
    }

    /// Ends a mute or a ban, for whoever may set one.
    LiftSanction = "lift_sanction" in IN, {
        /// The player.
        username: Username,
        /// Which: `mute` or `ban`.
        sanction: SanctionKind,
        /// Where; absent on the whole server.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelName>,
    }

    /// Asks what sanctions were set on a player, for moderators of the server. Answered by
    /// [`ServerPacket::Sanctions`](crate::ServerPacket::Sanctions).
    Sanctions = "sanctions" in IN, {
        /// The player.
        username: Username,
    }

    /// Deletes what a player has said in a channel since a time: the newest 1000 lines of
    /// it. For operators and the owner of the channel, and moderators of the server.
    /// Answered by [`ServerPacket::LinesDeleted`](crate::ServerPacket::LinesDeleted).
    DeleteLines = "delete_lines" in IN, {
        /// Where; absent in all channels, for moderators of the server.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelName>,
        /// Whose lines.
        username: Username,
        /// Only those said in the last so many seconds; absent all that are kept.
        #[serde(skip_serializing_if = "Option::is_none")]
        since_s: Option<u64>,
    }

    /// Says whether the player is at the keyboard, until the session is offline.
    SetPresence = "set_presence" in IN, {
        /// `online` or `away`; `offline` is not taken.
        state: PresenceState,
        /// What the player says of themselves. Absent when empty.
        #[serde(skip_serializing_if = "PresenceText::is_empty")]
        text: PresenceText,
    }

    /// Replaces what the player shows of themselves for the game's sake; keys that are the
    /// game's stay. Answered by [`ServerPacket::ProfileSet`](crate::ServerPacket::ProfileSet).
    SetProfile = "set_profile" in IN, {
        /// The profile from now on.
        profile: Profile,
        /// Only if this is its version still; absent whatever it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        if_version: Option<ProfileVersion>,
    }

    /// Asks who a player is. Answered by
    /// [`ServerPacket::PlayerInfo`](crate::ServerPacket::PlayerInfo).
    PlayerInfo = "player_info" in IN, {
        /// The player, maybe the one who asks.
        username: Username,
    }

    /// Shuts a player out: no line, whisper, invitation or presence of theirs
    /// arrives any more, until `unblock`.
    Block = "block" in IN, {
        /// The player.
        username: Username,
    }

    /// Ends a block.
    Unblock = "unblock" in IN, {
        /// The player.
        username: Username,
    }

    /// Asks who is blocked. Answered by
    /// [`ServerPacket::Blocks`](crate::ServerPacket::Blocks).
    Blocks = "blocks" in IN, {}

    /// Reports a line or a player to the moderators, with the lines around it as they
    /// are now. Answered by [`ServerPacket::Reported`](crate::ServerPacket::Reported),
    /// with the same number while an earlier report of the same is open.
    Report = "report" in IN, {
        /// The line, by `channel` and `seq`, or the player, by `username`.
        #[serde(flatten)]
        about: Reported,
        /// What they do.
        category: ReportCategory,
        /// What there is to say of it. Absent when empty.
        #[serde(skip_serializing_if = "ReportText::is_empty")]
        text: ReportText,
    }

    /// Asks for reports, the newest first. For moderators. Answered by
    /// [`ServerPacket::Reports`](crate::ServerPacket::Reports).
    Reports = "reports" in IN, {
        /// Only those that are open, or only those that are closed.
        #[serde(skip_serializing_if = "Option::is_none")]
        open: Option<bool>,
        /// Only smaller numbers than this one, to read on where a page ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<ReportNumber>,
    }

    /// Asks for the lines that were kept with a report. For moderators. Answered by
    /// [`ServerPacket::ReportLines`](crate::ServerPacket::ReportLines).
    ReportLines = "report_lines" in IN, {
        /// Its number.
        report: ReportNumber,
    }

    /// Closes a report; its reporter is told. For moderators.
    CloseReport = "close_report" in IN, {
        /// Its number.
        report: ReportNumber,
        /// Whether something was done about it.
        outcome: ReportOutcome,
        /// What the reporter is told beside that. Absent when empty.
        #[serde(skip_serializing_if = "ReportText::is_empty")]
        text: ReportText,
    }

    /// Asks for a ticket, by which a game's own server knows who the player is. Answered by
    /// [`ServerPacket::Ticket`](crate::ServerPacket::Ticket).
    RequestTicket = "request_ticket" in IN, {
        /// Whom it is for.
        audience: Audience,
    }
}

/// Where a connection stands: the LOGIN and PLAY states of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nobody yet: may say hello, register, log in.
    LoggedOut,
    /// Somebody: may chat and log out.
    LoggedIn,
}

impl ClientPacket {
    /// Whether this packet is legal in stage `now`.
    ///
    /// # Errors
    /// The refusal to answer with: `not_logged_in` or `already_logged_in`.
    pub const fn check_stage(&self, now: Stage) -> Result<(), Denial> {
        match (self.stage(), now) {
            (None, _)
            | (Some(Stage::LoggedOut), Stage::LoggedOut)
            | (Some(Stage::LoggedIn), Stage::LoggedIn) => Ok(()),
            (Some(Stage::LoggedOut), Stage::LoggedIn) => {
                Err(Denial::new(DenyCode::AlreadyLoggedIn))
            }
            (Some(Stage::LoggedIn), Stage::LoggedOut) => Err(Denial::new(DenyCode::NotLoggedIn)),
        }
    }
}
