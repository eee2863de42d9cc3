//! Channels, whispers and the lines in them, as they travel.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::limits::MAX_CHANNEL_CHARS;
use crate::profile::{Profile, ProfileVersion};
use crate::text::{check_length, check_name, trim_unseen};
use crate::{ChannelCode, Denial, Field, Username};

/// The name of a channel: 1 to 24 letters and digits of any script, `_` and
/// `-`, in lower case.
///
/// Parsing brings a name into the one form it has everywhere, so that two names
/// are the same channel exactly when they are equal.
///
/// ```
/// use longhall_packet::ChannelName;
///
/// assert_eq!(ChannelName::parse("Trade-EU").unwrap().as_str(), "trade-eu");
/// assert!(ChannelName::parse("two words").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ChannelName(String);

impl ChannelName {
    /// Checks a name and brings it into its one form: without what cannot be seen
    /// at its ends, NFKC (UAX #15) in lower case.
    ///
    /// # Errors
    /// `too_short`, `too_long` or `forbidden_character` on field `channel`.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let text = trim_unseen(text);
        let name = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            let name: String = text.nfkc().take(4 * MAX_CHANNEL_CHARS).collect();
            // Lower case may bring back characters that normalise.
            name.to_lowercase().nfkc().collect()
        };
        check_length(&name, Field::Channel, 1, MAX_CHANNEL_CHARS)?;
        check_name(&name, Field::Channel)?;
        Ok(Self(name))
    }

    /// The name as it is shown and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a line is said, or whose history is asked for. Travels as one string.
///
/// ```
/// use longhall_packet::Target;
///
/// assert_eq!(Target::parse("Lobby").unwrap().to_string(), "lobby");
/// assert_eq!(Target::parse("@Ada").unwrap().to_string(), "@Ada");
/// assert_eq!(Target::parse("@").unwrap(), Target::Inbox);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A channel: `"lobby"`.
    Channel(ChannelName),
    /// The whispers exchanged with one player: `"@ada"`.
    Whispers(Username),
    /// All whispers of the account, sent and received: `"@"`. Has the sequence
    /// numbers that the whispers of [`Target::Whispers`] carry.
    Inbox,
}

/// How [`Target::Inbox`] travels, and the `channel` of every whisper.
pub const INBOX: &str = "@";

impl Target {
    /// Reads a target.
    ///
    /// # Errors
    /// What [`ChannelName::parse`] refuses, or, behind an `@`,
    /// [`Username::parse`].
    pub fn parse(text: &str) -> Result<Self, Denial> {
        match trim_unseen(text).strip_prefix(INBOX) {
            None => ChannelName::parse(text).map(Self::Channel),
            Some("") => Ok(Self::Inbox),
            Some(username) => Username::parse(username).map(Self::Whispers),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(name) => name.fmt(f),
            Self::Whispers(username) => write!(f, "{INBOX}{username}"),
            Self::Inbox => f.write_str(INBOX),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The number of a line in its channel, or of a whisper in its account's inbox.
/// Counts up from 1 without holes; 0 means "before the first".
pub type Seq = u64;

/// Chosen by a client for each line it says, at random, and the same when it
/// says the line again after a cut: a server takes it once. Unique per account.
/// At most 2^53 - 1, which every language's numbers hold.
pub type LineId = u64;

/// Most of a [`Seq`] and a [`LineId`].
pub(crate) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// One entry of a channel's history or of an inbox.
///
/// Entries are in the order of [`seq`](Self::seq) for everybody. An edit and a
/// deletion are entries of their own behind the line they change, so that who
/// was away learns of them by the same numbers; the line itself is changed,
/// too, for who reads it later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::line_form::with_system))]
pub struct Line {
    /// Its number.
    pub seq: Seq,
    /// The account that said it. Empty when hidden, and when the game itself says it.
    pub sender: String,
    /// The other side of a whisper: the account it was said to. Absent in
    /// channels.
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "Option::is_none"))]
    pub recipient: Option<String>,
    /// What was said. Empty when deleted or hidden.
    pub text: String,
    /// When, in milliseconds since 1970-01-01 00:00 UTC.
    pub sent_at_ms: u64,
    /// What kind of entry this is; a line that was said, unless it says otherwise.
    #[cfg_attr(
        feature = "schema",
        schemars(default, skip_serializing_if = "LineKind::is_said")
    )]
    pub kind: LineKind,
    /// When its text was changed last, in milliseconds since 1970. Absent when
    /// it stands as it was said.
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "Option::is_none"))]
    pub edited_at_ms: Option<u64>,
    /// The number of the line that an edit or a deletion changes.
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "Option::is_none"))]
    pub of: Option<Seq>,
}

/// What kind of entry a [`Line`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A line that somebody said.
    #[default]
    Said,
    /// A line that its sender deleted: a tombstone that keeps its number.
    Deleted,
    /// Said by somebody whom the reader has blocked.
    Hidden,
    /// Line `of` reads `text` from now on.
    Edit,
    /// Line `of` is deleted.
    Deletion,
    /// Said by the game itself, and by no player: it has no sender. It travels as a line that
    /// [`SYSTEM_SENDER`](crate::SYSTEM_SENDER) said, with `"system":true`, so that clients from
    /// before there were such lines show it, too.
    #[serde(skip)]
    System,
    /// A kind this build does not know; its number still counts.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

impl LineKind {
    /// The stable name, as it travels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Deleted => "deleted",
            Self::Hidden => "hidden",
            Self::Edit => "edit",
            Self::Deletion => "deletion",
            Self::System => "system",
            Self::Unknown => "unknown",
        }
    }

    #[cfg(feature = "schema")]
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "schemars calls it so")]
    const fn is_said(&self) -> bool {
        matches!(self, Self::Said)
    }
}

/// Declares an enum that travels by name. A name that a newer server has made up
/// reads as the one behind `or`: a packet is worth more than one word in it.
/// Names in the packets of clients are read by `from_name`, which takes no other.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident or $unknown:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant,)*
        }

        impl $type {
            /// Every one there is.
            pub const ALL: &[$type] = &[$($type::$variant),*];

            /// The stable name, as it travels.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                Ok(Self::from_name(&name).unwrap_or(Self::$unknown))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(crate) use named;

named! {
    /// Who may join a channel. One that only a newer server knows reads as
    /// `"invite"`, which promises least.
    Access or Invite {
        /// Everybody.
        Open = "open",
        /// Who was invited. The channel is not listed.
        Invite = "invite",
        /// Who knows the password, or was invited.
        Password = "password",
    }
}

named! {
    /// What a member may do in a channel. One that only a newer server knows
    /// reads as `"member"`.
    Role or Member {
        /// Read and speak, invite in an open channel.
        Member = "member",
        /// Set the topic, invite, remove members.
        Operator = "operator",
        /// All of that, and set the access, make operators, give the channel away.
        Owner = "owner",
    }
}

named! {
    /// What an account may do on the whole server, in every channel. The server's operator
    /// gives it; one that only a newer server knows reads as `"player"`.
    #[derive(Default, PartialOrd, Ord)]
    ServerRole or Player {
        /// Play and talk.
        #[default]
        Player = "player",
        /// Mute, kick and ban players, and delete what they said.
        Moderator = "moderator",
        /// All of that, to moderators too.
        Admin = "admin",
    }
}

impl ServerRole {
    /// Whether it is what nearly everybody is.
    pub const fn is_player(&self) -> bool {
        matches!(self, Self::Player)
    }
}

named! {
    /// What a sanction keeps from an account. One that only a newer server knows reads as
    /// `"mute"`, which takes least.
    SanctionKind or Mute {
        /// Saying anything.
        Mute = "mute",
        /// This connection: the account is logged out, and may log in again. In a channel:
        /// it is taken out, and may join again.
        Kick = "kick",
        /// Coming in.
        Ban = "ban",
    }
}

named! {
    /// Whether a player is there. One that only a newer server knows reads as
    /// `"away"`.
    PresenceState or Away {
        /// Connected, or cut off a moment ago.
        Online = "online",
        /// Connected, but has said not to be at the keyboard.
        Away = "away",
        /// Not connected.
        Offline = "offline",
    }
}

named! {
    /// What a [`Presence`] tells. One that only a newer server knows reads as
    /// `"state"`.
    Change or State {
        /// Came into the channel; in the lobby: came online.
        Joined = "joined",
        /// Left the channel; in the lobby: went offline.
        Left = "left",
        /// Is there as before in another state.
        State = "state",
    }
}

named! {
    /// Why an account is no longer in a channel. One that only a newer server
    /// knows reads as `"removed"`.
    LeaveReason or Removed {
        /// It left.
        Left = "left",
        /// It was removed by an operator.
        Removed = "removed",
        /// The channel was temporary and is over, or it was away from it for too long.
        Ended = "ended",
    }
}

named! {
    /// What becomes of a line with a word that the operator blocks. From the strictest on;
    /// one that only a newer server knows reads as `"mask"`.
    Filter or Mask {
        /// It is denied as `blocked_words`.
        Refuse = "refuse",
        /// The word's letters become stars.
        Mask = "mask",
        /// It is said as it is, and the operator is told.
        Flag = "flag",
        /// Nothing.
        Off = "off",
    }
}

impl Filter {
    /// Whether this lets more pass than `other`.
    pub fn is_looser_than(self, other: Self) -> bool {
        // Declared from the strictest on.
        self as u8 > other as u8
    }
}

/// How lines are held in check in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Speech {
    /// Slow mode: seconds from a member's line to their next one. Absent when 0: as fast as
    /// anywhere. Its operators and owner are free of it, and so are the server's moderators.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub slow_mode_s: u32,
    /// What becomes of lines with blocked words. Absent when it is as everywhere on this
    /// server.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<Filter>,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A channel as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChannelState {
    /// Its name.
    pub channel: String,
    /// What it is about. May be empty.
    pub topic: String,
    /// Who may join.
    pub access: Access,
    /// What the reader may do there.
    pub role: Role,
    /// The oldest number still kept; one more than `last_seq` when none is.
    pub first_seq: Seq,
    /// The newest number; 0 before the first line.
    pub last_seq: Seq,
    /// Up to where the account has read, on any device.
    pub read_seq: Seq,
    /// Lines of others behind `read_seq`; counted up to 1000.
    pub unread: u32,
    /// How many accounts are members; in the lobby: are online.
    pub members: u32,
    /// How many of them are online.
    pub online: u32,
    /// How lines are held in check there.
    #[serde(flatten, default)]
    pub speech: Speech,
    /// Of a channel that is for a match or a party: how one comes in, and when it ends. Absent
    /// for channels that stay.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub temporary: Option<Temporary>,
    /// Of the lobby, which of its halls this is, from 1; the reader is in one of them at a
    /// time. Absent for all other channels, and for a lobby that has one hall for all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hall: Option<u32>,
}

/// One hall of the lobby. A lobby of many players has several, so that it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hall {
    /// Its name, as any channel has one: `lobby`, `lobby-2`.
    pub channel: String,
    /// Which one it is, from 1.
    pub hall: u32,
    /// How many players are there.
    pub online: u32,
}

/// What is known of a channel that is for a match or a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Temporary {
    /// Who has it may come in. For members only.
    pub code: ChannelCode,
    /// How many accounts may be members.
    pub max_members: u32,
    /// When it ends, in milliseconds since 1970, if it is not over before.
    pub ends_at_ms: u64,
}

/// The whispers with one player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conversation {
    /// The other one.
    pub username: String,
    /// The newest number among them.
    pub last_seq: Seq,
    /// Up to where the account has read them, on any device.
    pub read_seq: Seq,
    /// Their whispers behind `read_seq`; counted up to 1000.
    pub unread: u32,
}

/// The account's whispers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InboxState {
    /// The oldest number still kept; one more than `last_seq` when none is.
    pub first_seq: Seq,
    /// The newest number; 0 before the first whisper.
    pub last_seq: Seq,
    /// With whom, the latest first; at most 50.
    pub conversations: Vec<Conversation>,
}

/// An invitation that has not been taken up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// The channel that may be joined.
    pub channel: String,
    /// Who invited.
    pub by: String,
}

/// One player in the roster of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// The account's name.
    pub username: String,
    /// What it may do there.
    pub role: Role,
    /// Whether it is there.
    pub state: PresenceState,
    /// What it says of itself: "making tea". Absent when it says nothing.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// What it may do on the whole server. Absent for those who are just players.
    #[serde(skip_serializing_if = "ServerRole::is_player", default)]
    pub server_role: ServerRole,
    /// Whether it is a guest, who has no password and is forgotten in a while. Absent when
    /// not.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub guest: bool,
    /// What it shows of itself for the game's sake. In a roster only; absent when empty.
    #[serde(skip_serializing_if = "Profile::is_empty", default)]
    pub profile: Profile,
    /// The version of the profile. In a roster only; absent when it was never set.
    #[serde(skip_serializing_if = "crate::profile::is_zero", default)]
    pub profile_version: ProfileVersion,
}

/// A sanction, as the account that it is on is told, and who may lift it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sanction {
    /// What it keeps from the account.
    pub sanction: SanctionKind,
    /// Where it holds; absent when on the whole server.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub channel: Option<String>,
    /// Until when it holds, in milliseconds since 1970. Absent when for good, and for a
    /// kick.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until_ms: Option<u64>,
    /// Why, in the words of who set it. Absent when nothing was said.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub reason: String,
}

/// A sanction that was once set on an account, as moderators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PastSanction {
    /// What it was, or is.
    #[serde(flatten)]
    pub sanction: Sanction,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
    /// Who set it.
    pub by: String,
    /// Whether it holds now.
    pub holds: bool,
}

/// News of one player in the roster of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// What happened.
    pub change: Change,
    /// The player as they are now.
    #[serde(flatten)]
    pub member: Member,
}

/// One channel in the list of those that may be joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedChannel {
    /// Its name.
    pub channel: String,
    /// What it is about. May be empty.
    pub topic: String,
    /// Who may join.
    pub access: Access,
    /// How many accounts are members; in the lobby: are online.
    pub members: u32,
}

/// One place where the account is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedSession {
    /// Names it, for `close_session`.
    pub session: u64,
    /// The device as it named itself. May be empty.
    pub device: String,
    /// When it logged in, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it was there last, in milliseconds since 1970.
    pub last_seen_at_ms: u64,
    /// Whether it is connected now.
    pub online: bool,
    /// Whether it is the one that asks.
    pub current: bool,
}
