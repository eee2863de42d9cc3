//! Every size both sides must agree on.
//!
//! "Characters" are Unicode scalar values of the normalised (NFC) text, which
//! is what Godot's `String.length()` and `LineEdit.max_length` count.

use serde::{Deserialize, Serialize};

/// Fewest characters of a user name.
pub const MIN_USERNAME_CHARS: usize = 3;
/// Most characters of a user name.
pub const MAX_USERNAME_CHARS: usize = 20;
/// Fewest characters of a password (OWASP Authentication Cheat Sheet, NIST SP 800-63B).
pub const MIN_PASSWORD_CHARS: usize = 8;
/// Most characters of a password. Long enough for any passphrase, short enough
/// that hashing one costs no more than another.
pub const MAX_PASSWORD_CHARS: usize = 99;
/// Most characters of one chat line.
pub const MAX_CHAT_CHARS: usize = 500;
/// Most characters of a channel's name.
pub const MAX_CHANNEL_CHARS: usize = 24;
/// Most characters of a channel's topic.
pub const MAX_TOPIC_CHARS: usize = 120;
/// Most characters of a channel's password.
pub const MAX_CHANNEL_PASSWORD_CHARS: usize = 99;
/// Most characters of what a player says of themselves in the roster.
pub const MAX_PRESENCE_CHARS: usize = 60;
/// Most characters of what a report says beside its category, and of what its
/// reporter is told when it is closed.
pub const MAX_REPORT_CHARS: usize = 300;
/// Most characters of the reason of a sanction.
pub const MAX_REASON_CHARS: usize = 200;
/// Most lines that one `delete_lines` deletes; the newest are deleted first.
pub const MAX_DELETED_LINES: usize = 1000;
/// Most characters kept of a device's name.
pub const MAX_DEVICE_CHARS: usize = 40;
/// Most characters kept of what is typed for a second factor: a recovery code with room to
/// spare.
pub const MAX_FACTOR_CODE_CHARS: usize = 64;
/// Most characters of whom a ticket is for.
pub const MAX_AUDIENCE_CHARS: usize = 64;
/// Most lines in one page of history.
pub const MAX_PAGE_LINES: usize = 500;
/// Most channels an operator may let one account be in, the lobby not counted.
pub const MAX_CHANNELS_PER_ACCOUNT: usize = 32;
/// Most seconds from one line to the next in slow mode: six hours.
pub const MAX_SLOW_MODE_S: u32 = 6 * 60 * 60;
/// Fewest and most members that a temporary channel may be made for, and for how many it is
/// unless somebody says.
pub const MIN_TEMPORARY_MEMBERS: u32 = 2;
/// See [`MIN_TEMPORARY_MEMBERS`].
pub const MAX_TEMPORARY_MEMBERS: u32 = 500;
/// See [`MIN_TEMPORARY_MEMBERS`].
pub const DEFAULT_TEMPORARY_MEMBERS: u32 = 100;
/// Fewest and most seconds that a temporary channel lasts, and how many it does unless somebody
/// says.
pub const MIN_TEMPORARY_S: u32 = 60;
/// See [`MIN_TEMPORARY_S`].
pub const MAX_TEMPORARY_S: u32 = 24 * 60 * 60;
/// See [`MIN_TEMPORARY_S`].
pub const DEFAULT_TEMPORARY_S: u32 = 4 * 60 * 60;
/// Most bytes of a profile as compact JSON: of what a player sets, and once more of what the
/// game's server does.
pub const MAX_PROFILE_BYTES: usize = 2 * 1024;
/// Most keys of a profile, those of objects in it counted.
pub const MAX_PROFILE_KEYS: usize = 32;
/// Most characters of a key.
pub const MAX_PROFILE_KEY_CHARS: usize = 32;
/// Most levels of a profile; itself is the first.
pub const MAX_PROFILE_DEPTH: usize = 4;
/// Most bytes of one packet from a client. A chat line of 500 characters, each
/// escaped as a surrogate pair (`\ud83d\ude00`), takes 6,000.
pub const MAX_CLIENT_PACKET_BYTES: usize = 8 * 1024;
/// Most bytes of one packet from a server. Godot's `WebSocketPeer` holds 64 KiB
/// unless told otherwise.
pub const MAX_SERVER_PACKET_BYTES: usize = 60 * 1024;

/// Combining marks allowed on one letter of a user name. Vietnamese and
/// polytonic Greek need two after normalisation, Hebrew and Tibetan three.
pub(crate) const MAX_USERNAME_MARKS: usize = 3;
/// Combining marks allowed in a row in chat; more is text made to cover the
/// lines above and below it.
pub(crate) const MAX_CHAT_MARKS: usize = 8;

/// Characters without ink in a row in chat: joiners, fillers, marks of direction. Scripts and
/// emoji need one or two.
pub(crate) const MAX_UNSEEN: usize = 4;
/// Consonants joined to one in chat. Sanskrit needs four.
pub(crate) const MAX_JOINED: usize = 5;
/// Letters below one in chat, in scripts that draw them there. Tibetan and Kannada need three.
pub(crate) const MAX_STACKED: usize = 3;

/// The limits a server announces in its `hello`, so that a game can set
/// `LineEdit.max_length` without knowing them beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// Fewest characters of a user name.
    pub username_min_chars: u32,
    /// Most characters of a user name.
    pub username_max_chars: u32,
    /// Fewest characters of a password.
    pub password_min_chars: u32,
    /// Most characters of a password.
    pub password_max_chars: u32,
    /// Most characters of one chat line.
    pub chat_max_chars: u32,
    /// Most bytes of one packet the server reads.
    pub packet_max_bytes: u32,
    /// Most characters of a channel's name.
    pub channel_max_chars: u32,
    /// Most characters of a channel's topic.
    pub topic_max_chars: u32,
    /// Most characters of what a player says of themselves.
    pub presence_max_chars: u32,
    /// Most lines in one page of history.
    pub page_max_lines: u32,
    /// Most channels one account may be in, the lobby not counted.
    pub channels_per_account: u32,
    /// Seconds in which a line may be edited or deleted by who said it.
    pub edit_window_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            username_min_chars: MIN_USERNAME_CHARS as u32,
            username_max_chars: MAX_USERNAME_CHARS as u32,
            password_min_chars: MIN_PASSWORD_CHARS as u32,
            password_max_chars: MAX_PASSWORD_CHARS as u32,
            chat_max_chars: MAX_CHAT_CHARS as u32,
            packet_max_bytes: MAX_CLIENT_PACKET_BYTES as u32,
            channel_max_chars: MAX_CHANNEL_CHARS as u32,
            topic_max_chars: MAX_TOPIC_CHARS as u32,
            presence_max_chars: MAX_PRESENCE_CHARS as u32,
            page_max_lines: MAX_PAGE_LINES as u32,
            channels_per_account: 20,
            edit_window_s: 15 * 60,
        }
    }
}
