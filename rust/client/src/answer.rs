//! What a call that went well brings back.

use longhall_packet::{
    ChannelState, FactorKey, Hall, Line, ListedChannel, ListedReport, ListedSession, Member,
    PastSanction, PlayerInfo, ProfileVersion, RecoveryCode, ReportNumber, Sanction, Seq, Ticket,
};

use crate::Export;

/// What a call that went well brings back, see
/// [`Session::poll_outcome`](crate::Session::poll_outcome).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing but that it is done.
    Done,
    /// The line of `send_chat` is on disk.
    Posted {
        /// The conversation.
        channel: String,
        /// The line's number.
        seq: Seq,
    },
    /// The page of `load_history`; the same as
    /// [`Event::HistoryLoaded`](crate::Event::HistoryLoaded).
    History {
        /// The conversation.
        channel: String,
        /// In order, to go above those on the screen.
        lines: Vec<Line>,
        /// Whether there are still older ones.
        more: bool,
    },
    /// The channel of `join_channel`, `create_channel` or `change_hall`.
    Joined(ChannelState),
    /// The channels of `list_channels`, in the order of their names.
    Channels(Vec<ListedChannel>),
    /// The halls of `list_halls`.
    Halls {
        /// In the order of their numbers.
        halls: Vec<Hall>,
        /// How many players a hall takes in; 0 when the lobby has one hall for all.
        hall_size: u32,
        /// The name of the one that the player is in.
        here: String,
    },
    /// The roster of `list_members`, in the order of the names.
    Members(Vec<Member>),
    /// The places of `list_sessions`, the latest first.
    Sessions(Vec<ListedSession>),
    /// The new codes of `renew_recovery_codes`: to be shown once, and not kept.
    RecoveryCodes(Vec<RecoveryCode>),
    /// The key of `begin_second_factor`: to be shown once, and not kept.
    SecondFactor {
        /// In base32, to be typed into an app.
        secret: FactorKey,
        /// The same as an `otpauth://` address, for a picture that an app reads.
        uri: FactorKey,
    },
    /// All that the server knows of the account, of `export_account`.
    Export(Box<Export>),
    /// The sanction of `sanction`, with the time that the server found fit.
    Sanctioned(Sanction),
    /// What was set on the player of `list_sanctions`, the newest first.
    Sanctions(Vec<PastSanction>),
    /// What `delete_lines` deleted.
    LinesDeleted {
        /// How many lines.
        count: u32,
        /// Whether there are more, for another call.
        more: bool,
    },
    /// The profile of `set_profile` has this version now;
    /// [`Session::profile`](crate::Session::profile) is as others see it.
    ProfileSet {
        /// Counts the changes of the profile.
        version: ProfileVersion,
    },
    /// The player of `player_info`.
    PlayerInfo(Box<PlayerInfo>),
    /// The names of `list_blocks`, in their order.
    Blocks(Vec<String>),
    /// The number of the report that `report_line` or `report_player` made, or that there
    /// was already.
    Reported(ReportNumber),
    /// The page of `list_reports`.
    Reports {
        /// The newest first.
        reports: Vec<ListedReport>,
        /// Whether there are older ones.
        more: bool,
    },
    /// The lines of `read_report`, in the order of their numbers.
    ReportLines(Vec<Line>),
    /// The ticket of `request_ticket`: for the server it was asked for, and nobody else.
    Ticket {
        /// The ticket.
        ticket: Ticket,
        /// From when on it is good no more, in milliseconds since 1970 by the server's clock.
        expires_at_ms: u64,
    },
}
