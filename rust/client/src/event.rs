//! What a game is told.

use std::fmt;
use std::time::Duration;

use longhall_packet::{
    CloseReason, LeaveReason, Limits, Line, Presence, Profile, ProfileVersion, RecoveryCode,
    Registration, ReportNumber, ReportOutcome, Role, Sanction, SanctionKind, Seq, ServerRole,
    Ticket,
};

use crate::{Call, CallError};

/// Where a [`Session`](crate::Session) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not connected, and not trying to be.
    Offline,
    /// Connecting for the first time.
    Connecting,
    /// The connection was lost or never came about; waiting for the next try,
    /// or trying.
    Reconnecting,
    /// Connected and logged out.
    Connected,
    /// Connected and logged in.
    LoggedIn,
}

/// Something a game may want to show.
///
/// Each `register`, `login` and `send_chat` ends in exactly one event. Between
/// a [`LoggedIn`](Event::LoggedIn) and the next
/// [`LoggedOut`](Event::LoggedOut) the player has an account, also through
/// cuts of the connection.
///
/// `channel` in an event names a *conversation*: a channel by its name, or the
/// whispers with one player as `"@bob"`, with the name of the other side
/// whoever spoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The session entered this state. Comes before the event that says why.
    StateChanged(State),
    /// The server is there: register or log in.
    Connected {
        /// What the operator wants every player to read. May be empty.
        message_of_the_day: String,
        /// Sizes the server holds the client to.
        limits: Limits,
    },
    /// The connection is gone, or the first try failed. Not repeated for later
    /// tries, except without `retry_in` when the session gives up.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// Until the session tries again by itself; `None` if it does not.
        retry_in: Option<Duration>,
    },
    /// The session tries again after `delay`.
    Reconnecting {
        /// Counts the tries from 1.
        attempt: u32,
        /// Until the try starts.
        delay: Duration,
    },
    /// The account exists now. The player is not logged in by it.
    Registered {
        /// The account's name.
        username: String,
    },
    /// Recovery codes of the account, of a registration that asked for them, ahead of its
    /// [`Registered`](Event::Registered), or new ones. Told this once: show them, let the
    /// player keep them, and forget them.
    RecoveryCodes {
        /// The codes.
        codes: Vec<RecoveryCode>,
    },
    /// The ticket that `request_ticket` asked for.
    TicketReceived {
        /// The ticket: for the server it was asked for, and nobody else.
        ticket: Ticket,
        /// From when on it is good no more, in milliseconds since 1970 by the server's clock.
        expires_at_ms: u64,
    },
    /// `register` was refused.
    RegisterDenied(CallError),
    /// Another store is behind the server, or an older state of it: the numbers of
    /// all lines begin anew, and no line that was told of before exists under its
    /// number any more. Take all lines, markers and counts off the screen, and give
    /// up edits of lines on it. Comes ahead of the [`LoggedIn`](Event::LoggedIn) that
    /// found it; then everything follows as after a first login.
    HistoryReset,
    /// The player is logged in: by `login`, or again after a cut. What changed
    /// of the channels meanwhile follows: [`ChannelJoined`](Event::ChannelJoined)
    /// for each that is new (after a `login`: for all), [`ChannelLeft`](Event::ChannelLeft)
    /// for each that is gone.
    LoggedIn {
        /// The account's name as it was registered.
        username: String,
    },
    /// The player may do more or less on the whole server. Comes behind a
    /// [`LoggedIn`](Event::LoggedIn) for who may do more than a player, and when it changes.
    ServerRoleChanged {
        /// What the player may do from now on.
        role: ServerRole,
    },
    /// A sanction is on the player: a mute that was just set, or that stands at a login; a
    /// kick or a ban in a channel; what a refusal or the end of the connection was for. A mute,
    /// or a ban in a channel, is told once while it stands as it is, however many lines are
    /// refused for it.
    Sanctioned {
        /// The sanction. Its reason is a stranger's text.
        sanction: Sanction,
    },
    /// A mute, or a ban in a channel, was lifted before its time.
    SanctionLifted {
        /// Which.
        sanction: SanctionKind,
        /// Where; `None` on the whole server.
        channel: Option<String>,
    },
    /// A player, maybe the one who is logged in, shows something else of themselves for the
    /// game's sake.
    ProfileChanged {
        /// Whose.
        username: String,
        /// A stranger's texts are in it.
        profile: Profile,
        /// Counts its changes: of two the greater one is later.
        version: ProfileVersion,
    },
    /// What it takes to get an account here is other than was known, or is known now. Comes
    /// ahead of [`Connected`](Event::Connected).
    RegistrationChanged {
        /// What it takes to register.
        registration: Registration,
        /// Whether the server takes guests.
        guests: bool,
    },
    /// The work that the server wants for an account goes on.
    ProofProgress {
        /// How likely it was to be done by now, from 0 to 99: it never takes as long as
        /// another time.
        percent: u8,
    },
    /// `login` was refused.
    LoginDenied(CallError),
    /// The player is logged out for good: coming back takes the password.
    LoggedOut {
        /// Why.
        reason: LogoutReason,
    },
    /// The server took a line, on disk. One of these or of
    /// [`ChatDenied`](Event::ChatDenied) per `send_chat`; in each conversation in
    /// the order sent.
    ChatAccepted {
        /// Which line.
        call: Call,
        /// Where it was said.
        channel: String,
        /// Its number.
        seq: Seq,
    },
    /// A line was refused, or nobody knows what became of it.
    ChatDenied {
        /// Which line.
        call: Call,
        /// Where it was to be said, as far as it makes sense.
        channel: String,
        /// Why.
        error: CallError,
    },
    /// Somebody said a line, now or while the connection was away; the player's
    /// own lines come back this way too. Comes once for each line, in order.
    /// Strangers' text: show it as text, never as markup.
    ChatReceived {
        /// The conversation.
        channel: String,
        /// The line. One that was said and deleted while the connection was away
        /// has the kind `deleted` and no text.
        line: Line,
    },
    /// A line that was shown reads differently from now on.
    ChatEdited {
        /// The conversation.
        channel: String,
        /// The line's number.
        seq: Seq,
        /// How it reads.
        text: String,
        /// When it was changed, in milliseconds since 1970-01-01 00:00 UTC.
        edited_at_ms: u64,
    },
    /// A line that was shown was deleted by who said it.
    ChatDeleted {
        /// The conversation.
        channel: String,
        /// The line's number.
        seq: Seq,
    },
    /// Earlier lines, to go above those on the screen: the newest on coming into
    /// a channel, older ones by `load_history`.
    HistoryLoaded {
        /// The conversation.
        channel: String,
        /// In order.
        lines: Vec<Line>,
        /// Whether `load_history` can bring still older ones.
        more: bool,
    },
    /// These lines are not shown by themselves: too many were missed, or the
    /// server no longer keeps them. Clear the conversation's screen: the newest
    /// lines follow as on coming in, and `load_history` goes on above those.
    HistorySkipped {
        /// The conversation; `"@"` means all whispers.
        channel: String,
        /// The first number left out.
        first_seq: Seq,
        /// The last number left out.
        last_seq: Seq,
    },
    /// Another number of lines waits to be read, here or on another device.
    UnreadChanged {
        /// The conversation.
        channel: String,
        /// Lines of others behind `read_seq`; counted up to 1000.
        unread: u32,
        /// Up to where the account has read.
        read_seq: Seq,
    },
    /// The account is in this channel now, see
    /// [`Session::channel`](crate::Session::channel).
    ChannelJoined {
        /// The channel.
        channel: String,
    },
    /// The lobby is another of its halls now: the player changed, here or on another device,
    /// or came back to another one after a cut. [`ChannelJoined`](Event::ChannelJoined) for
    /// the new hall comes ahead of it, [`ChannelLeft`](Event::ChannelLeft) for the old one
    /// behind it. Lines that wait for an answer stay with the hall they were said in.
    HallChanged {
        /// The name of the lobby so far.
        from: String,
        /// Its name from now on, [`Session::lobby`](crate::Session::lobby).
        to: String,
    },
    /// The account is no longer in this channel.
    ChannelLeft {
        /// The channel.
        channel: String,
        /// Why. Found so after a cut, it counts as `left`.
        reason: LeaveReason,
        /// The player who removed the account, if somebody did.
        by: Option<String>,
    },
    /// The channel's topic, access, or the player's role in it changed, see
    /// [`Session::channel`](crate::Session::channel).
    ChannelChanged {
        /// The channel.
        channel: String,
    },
    /// A member may do more or less in a channel.
    RoleChanged {
        /// The channel.
        channel: String,
        /// The member, maybe the player.
        username: String,
        /// What it may do from now on.
        role: Role,
        /// The player who changed it; the same as `username` when an owner left.
        by: String,
    },
    /// The account has another name, by this session or another device.
    AccountRenamed {
        /// The name so far.
        username: String,
        /// The name from now on.
        new_username: String,
    },
    /// Another player has another name. What was known of them under the old one is
    /// theirs under the new one: lines on the screen, entries of rosters, and the whispers
    /// with them, whose conversation is called `"@"` and the new name from now on.
    PlayerRenamed {
        /// The name so far.
        username: String,
        /// The name from now on.
        new_username: String,
    },
    /// Somebody invites the player into a channel, see
    /// [`Session::invitations`](crate::Session::invitations).
    Invited {
        /// The channel that may be joined.
        channel: String,
        /// The player who invites.
        by: String,
    },
    /// Players came, left, or changed state in a channel.
    PresenceChanged {
        /// The channel.
        channel: String,
        /// How many accounts are members; in the lobby: are online.
        members: u32,
        /// How many of them are online.
        online: u32,
        /// What happened to whom, once each.
        changes: Vec<Presence>,
        /// Whether changes were left out, because too many happened: ask for
        /// the members when a roster is on view.
        partial: bool,
    },
    /// The moderators have closed a report of the player's. Comes once.
    ReportClosed {
        /// Its number.
        report: ReportNumber,
        /// Who was reported.
        username: String,
        /// What came of it.
        outcome: ReportOutcome,
        /// What a moderator says of it. May be empty.
        text: String,
    },
    /// So many reports are open. To moderators: after each login, and when it changes.
    ReportsWaiting {
        /// How many.
        count: u32,
    },
    /// Something odd for the developer's console, never for players.
    Warning(String),
}

/// Why a connection ended, or could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// No connection could be had.
    ServerUnreachable,
    /// The server's name has no address: it is wrong, or this machine is offline.
    UnknownHost,
    /// No encrypted connection could be had: the server's certificate is not trusted,
    /// or it speaks without encryption.
    NotSecure,
    /// The connection was cut, or the server fell silent.
    ConnectionLost,
    /// The server said why in its close frame. A greeting in a version of the protocol
    /// that is not spoken here shows as [`CloseReason::UpdateRequired`] or
    /// [`CloseReason::ServerOutdated`] too.
    Server(CloseReason),
    /// The player asked for it.
    ClosedByClient,
    /// Something answered, but it is no Longhall server: also the log-in page of a
    /// network, or a proxy whose server is away, so it is tried again.
    WrongServer,
    /// The address is none, so there is nothing to try again.
    InvalidAddress,
}

impl DisconnectReason {
    /// The stable name, for scripts: `"connection_lost"`.
    ///
    /// ```
    /// use longhall_client::DisconnectReason;
    /// use longhall_packet::CloseReason;
    ///
    /// assert_eq!(DisconnectReason::WrongServer.name(), "wrong_server");
    /// assert_eq!(DisconnectReason::Server(CloseReason::Idle).name(), "idle");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerUnreachable => "server_unreachable",
            Self::UnknownHost => "unknown_host",
            Self::NotSecure => "not_secure",
            Self::ConnectionLost => "connection_lost",
            Self::Server(reason) => reason.name(),
            Self::ClosedByClient => "closed_by_client",
            Self::WrongServer => "wrong_server",
            Self::InvalidAddress => "invalid_address",
        }
    }

    /// An English sentence without a full stop, to fall back on.
    ///
    /// ```
    /// use longhall_client::DisconnectReason;
    ///
    /// let reason = DisconnectReason::ConnectionLost;
    /// assert_eq!(reason.sentence(), "The connection was lost");
    /// ```
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ServerUnreachable => "The server cannot be reached",
            Self::UnknownHost => "The server was not found",
            Self::NotSecure => "No secure connection to the server can be made",
            Self::ConnectionLost => "The connection was lost",
            Self::Server(reason) => reason.sentence(),
            Self::ClosedByClient => "The connection was closed",
            Self::WrongServer => "There is no Longhall server at this address",
            Self::InvalidAddress => "The address of the server is not valid",
        }
    }

    /// Every reason there is, to check that each has a translation.
    pub fn all() -> impl Iterator<Item = DisconnectReason> {
        let own = [
            Self::ServerUnreachable,
            Self::UnknownHost,
            Self::NotSecure,
            Self::ConnectionLost,
            Self::ClosedByClient,
            Self::WrongServer,
            Self::InvalidAddress,
        ];
        let servers = CloseReason::ALL.iter().copied().map(Self::Server);
        own.into_iter().chain(servers)
    }

    /// Whether trying again by itself can help.
    pub const fn may_retry(self) -> bool {
        match self {
            Self::ServerUnreachable
            | Self::UnknownHost
            | Self::NotSecure
            | Self::ConnectionLost
            | Self::WrongServer => true,
            Self::Server(reason) => reason.may_retry(),
            Self::ClosedByClient | Self::InvalidAddress => false,
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a player is logged out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogoutReason {
    /// The player asked for it.
    Asked,
    /// The server did not take the session up again after a cut.
    SessionExpired,
    /// The connection ended and will not be taken up again.
    Disconnected(DisconnectReason),
}

impl LogoutReason {
    /// The stable name, for scripts: `"logout"`, `"session_expired"`, or that
    /// of the [`DisconnectReason`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "logout",
            Self::SessionExpired => "session_expired",
            Self::Disconnected(reason) => reason.name(),
        }
    }
}

impl fmt::Display for LogoutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
