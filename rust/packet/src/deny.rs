//! Why a request was refused: a closed list of stable names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Sanction;

/// Declares [`DenyCode`] with its stable names and English fallbacks in one table.
macro_rules! deny_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $reason:literal;)*) => {
        /// Why a request was refused. The names are part of the protocol and
        /// never change; games translate them, [`DenyCode::reason`] is the
        /// English fallback.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum DenyCode {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
            /// A code this build does not know, sent by a newer server.
            #[serde(rename = "unknown", other)]
            #[cfg_attr(feature = "schema", schemars(skip))]
            Unknown,
        }

        impl DenyCode {
            /// Every code a server may send.
            pub const ALL: &[DenyCode] = &[$(DenyCode::$variant),*];

            /// The stable name, as it travels: `"bad_credentials"`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(DenyCode::$variant => $name,)*
                    DenyCode::Unknown => "unknown",
                }
            }

            /// The English fallback, shown when a game has no translation.
            pub const fn reason(self) -> &'static str {
                match self {
                    $(DenyCode::$variant => $reason,)*
                    DenyCode::Unknown => "The server refused for a reason this version does not know",
                }
            }
        }
    };
}

deny_codes! {
    /// No such account, or not its password; a server never says which.
    BadCredentials = "bad_credentials", "Username or password incorrect";
    /// The name, or one that reads or looks the same, has an account.
    UsernameTaken = "username_taken", "This username is already taken";
    /// The password or token is right, but the operator banned the account.
    Banned = "banned", "This account is banned";
    /// The account is muted, there or everywhere, until `retry_after_ms`, or else for good.
    Muted = "muted", "You may not say anything for now";
    /// Nobody may create an account, for now or for good.
    RegistrationClosed = "registration_closed", "No new accounts are made here right now";
    /// An account takes an invite code, and this is missing, unknown or used up.
    InviteNeeded = "invite_needed", "A valid invite code is needed to register";
    /// The work that the server asks for is missing, wrong, used up or too late.
    ProofNeeded = "proof_needed", "This took too long, try again";
    /// The password is right, but a moderator has not let the account in yet.
    ApprovalPending = "approval_pending", "This account waits for a moderator to let it in";
    /// What a guest may not do, or a guest where there are none.
    AccountNeeded = "account_needed", "You need an account for this";
    /// Login, register or resume while logged in.
    AlreadyLoggedIn = "already_logged_in", "You are already logged in";
    /// Chat or logout while logged out.
    NotLoggedIn = "not_logged_in", "Log in first";
    /// The resume token is unknown, used up or expired; log in with the password.
    SessionExpired = "session_expired", "Your session has expired, log in again";
    /// The password is right, and the account has a second factor: its code is missing.
    CodeNeeded = "code_needed", "This account asks for the code from your app";
    /// The code of the second factor is wrong, or was used before.
    WrongCode = "wrong_code", "This code is wrong or was used before";
    /// There is no channel of this name, or none that may be known of.
    UnknownChannel = "unknown_channel", "There is no such channel";
    /// A channel of this name exists already.
    ChannelTaken = "channel_taken", "A channel with this name exists already";
    /// The account is not in this channel.
    NotAMember = "not_a_member", "You are not in this channel";
    /// The channel may only be joined by invitation.
    InviteOnly = "invite_only", "This channel is by invitation only";
    /// The channel's password is missing or wrong.
    WrongChannelPassword = "wrong_channel_password", "This is not the channel's password";
    /// The role in the channel, or the channel itself, does not allow it.
    NotAllowed = "not_allowed", "You may not do this here";
    /// The account is in as many channels as it may be.
    TooManyChannels = "too_many_channels", "You are in too many channels, leave one first";
    /// No temporary channel has this code, or not any more.
    UnknownCode = "unknown_code", "There is no match or party with this code";
    /// The channel has as many members as it may have.
    ChannelFull = "channel_full", "This channel is full";
    /// No account has this name.
    UnknownUser = "unknown_user", "There is no player of this name";
    /// A whisper, invitation or block aimed at oneself.
    NotYourself = "not_yourself", "That is you";
    /// The player does not want to hear from this account.
    Blocked = "blocked", "This player takes no messages from you";
    /// As many whispers wait for the player as are kept.
    InboxFull = "inbox_full", "Too many messages are waiting for this player";
    /// As many players are blocked as may be.
    TooManyBlocks = "too_many_blocks", "You have blocked too many players";
    /// There is no line of this number, or it may not be changed or reported by
    /// this account.
    UnknownLine = "unknown_line", "There is no such message";
    /// The time in which the line could be changed is over.
    TooLate = "too_late", "It is too late to change this message";
    /// There is no session of this number.
    UnknownSession = "unknown_session", "This device is not logged in any more";
    /// There is no report of this number, or it is closed already.
    UnknownReport = "unknown_report", "There is no such open report";
    /// As many reports of the account are open as may be, or of all accounts.
    TooManyReports = "too_many_reports", "Too many reports are still waiting, try again later";
    /// A text field has fewer characters than the limit.
    TooShort = "too_short", "This is too short";
    /// A text field has more characters than the limit.
    TooLong = "too_long", "This is too long";
    /// A text field holds a character that is not allowed there.
    ForbiddenCharacter = "forbidden_character", "This holds a character that is not allowed";
    /// Too many requests; try again after `retry_after_ms`.
    RateLimited = "rate_limited", "Too many tries, wait a moment";
    /// The channel is in slow mode; say it again after `retry_after_ms`.
    SlowMode = "slow_mode", "This channel is in slow mode, wait for your next message";
    /// The account said the same several times; try again after `retry_after_ms`.
    Repeated = "repeated", "You have said this several times already";
    /// The text has a word that the operator blocks.
    BlockedWords = "blocked_words", "This has a word that is not allowed here";
    /// The profile is no object of small JSON by the protocol's rules.
    InvalidProfile = "invalid_profile", "This profile breaks a rule";
    /// A key of the profile that only the game's server sets.
    KeptByGame = "kept_by_game", "Only the game itself may change this";
    /// The profile has another version than the one it was to be changed from; `limit` is the
    /// version there is.
    VersionConflict = "version_conflict", "Your profile was changed elsewhere in the meantime";
    /// The server has too much to do; try again after `retry_after_ms`.
    Busy = "busy", "The server is busy, try again in a moment";
    /// The server is about to stop and takes no new requests.
    Restarting = "restarting", "The server is restarting";
    /// The server could not keep its side, for example on a full disk.
    Unavailable = "unavailable", "The server cannot do this right now";
    /// The client speaks another protocol version than the handshake chose.
    UpdateRequired = "update_required", "This version of the game is too old for the server";
    /// Not a packet: broken JSON, a missing field, a wrong type.
    MalformedPacket = "malformed_packet", "The server did not understand the request";
    /// A packet type the server does not know.
    UnknownPacket = "unknown_packet", "The server does not know this request";
    /// A packet with more bytes than the server reads.
    PacketTooLarge = "packet_too_large", "The request is too large";
}

impl fmt::Display for DenyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The field of a request that a [`Denial`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// The user name of a login or registration.
    Username,
    /// The password of a login or registration.
    Password,
    /// The new password of a change of password.
    NewPassword,
    /// The text of a chat line, or of a presence.
    Text,
    /// The name of a channel.
    Channel,
    /// The topic of a channel.
    Topic,
    /// The password of a channel.
    ChannelPassword,
    /// Why somebody is muted, kicked or banned.
    Reason,
    /// The profile of a player.
    Profile,
    /// Whom a ticket is for.
    Audience,
    /// A field this build does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

impl Field {
    /// The stable name, as it travels: `"username"`.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Username => "username",
            Field::Password => "password",
            Field::NewPassword => "new_password",
            Field::Text => "text",
            Field::Channel => "channel",
            Field::Topic => "topic",
            Field::ChannelPassword => "channel_password",
            Field::Reason => "reason",
            Field::Profile => "profile",
            Field::Audience => "audience",
            Field::Unknown => "",
        }
    }

    const fn subject(self) -> &'static str {
        match self {
            Field::Username => "The username",
            Field::Password => "The password",
            Field::NewPassword => "The new password",
            Field::Text => "The message",
            Field::Channel => "The channel name",
            Field::Topic => "The topic",
            Field::ChannelPassword => "The channel password",
            Field::Reason => "The reason",
            Field::Profile => "The profile",
            Field::Audience => "The audience",
            Field::Unknown => "This",
        }
    }
}

/// A refusal with all a player needs to do better next time.
///
/// ```
/// use longhall_packet::{DenyCode, Username};
///
/// let denial = Username::parse("Al").unwrap_err();
/// assert_eq!(denial.code, DenyCode::TooShort);
/// assert_eq!(denial.reason(), "The username must have at least 3 characters");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What is wrong.
    pub code: DenyCode,
    /// Which field it is about, when it is about one.
    pub field: Option<Field>,
    /// The limit that was not kept, in characters or bytes as the code says; for
    /// `version_conflict` the version there is.
    pub limit: Option<u32>,
    /// Milliseconds after which the same request may succeed.
    pub retry_after_ms: Option<u32>,
    /// The sanction behind it, for `muted` and `banned`.
    pub sanction: Option<Box<Sanction>>,
}

impl Denial {
    /// A refusal that needs no more than its code.
    pub const fn new(code: DenyCode) -> Self {
        Self {
            code,
            field: None,
            limit: None,
            retry_after_ms: None,
            sanction: None,
        }
    }

    /// A refusal of one field.
    pub const fn of_field(code: DenyCode, field: Field, limit: Option<u32>) -> Self {
        Self {
            code,
            field: Some(field),
            limit,
            retry_after_ms: None,
            sanction: None,
        }
    }

    /// A refusal that holds for `retry_after` only. At least one millisecond is
    /// announced, so that a client never retries at once.
    pub fn for_now(code: DenyCode, retry_after: std::time::Duration) -> Self {
        // Rounded up: a client that waits so long is not denied again.
        let ms = u32::try_from(retry_after.as_nanos().div_ceil(1_000_000))
            .unwrap_or(u32::MAX)
            .max(1);
        Self {
            code,
            field: None,
            limit: None,
            retry_after_ms: Some(ms),
            sanction: None,
        }
    }

    /// A refusal for a sanction that holds at `now_ms`, in milliseconds since 1970.
    pub fn of_sanction(code: DenyCode, sanction: Sanction, now_ms: u64) -> Self {
        let left =
            |until_ms: u64| std::time::Duration::from_millis(until_ms.saturating_sub(now_ms));
        let plain = match sanction.until_ms {
            Some(until_ms) => Self::for_now(code, left(until_ms)),
            None => Self::new(code),
        };
        Self {
            sanction: Some(Box::new(sanction)),
            ..plain
        }
    }

    /// One English sentence for a player, without a full stop.
    pub fn reason(&self) -> String {
        let subject = self.field.unwrap_or(Field::Unknown).subject();
        match (self.code, self.limit) {
            (DenyCode::TooShort, Some(1)) => format!("{subject} is empty"),
            (DenyCode::TooShort, Some(min)) => {
                format!("{subject} must have at least {min} characters")
            }
            (DenyCode::TooLong, Some(max)) if self.field == Some(Field::Profile) => {
                format!("{subject} must have at most {max} bytes")
            }
            (DenyCode::TooLong, Some(max)) => {
                format!("{subject} must have at most {max} characters")
            }
            (DenyCode::ForbiddenCharacter, _) => match self.field {
                Some(Field::Username) => {
                    "The username may only have letters, digits, _ and -".to_owned()
                }
                Some(Field::Channel) => {
                    "The channel name may only have letters, digits, _ and -".to_owned()
                }
                _ => format!("{subject} holds a character that is not allowed"),
            },
            (code, _) => code.reason().to_owned(),
        }
    }
}

impl From<DenyCode> for Denial {
    fn from(code: DenyCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.reason())
    }
}

impl std::error::Error for Denial {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_travels_by_its_name_and_has_a_sentence() {
        for &code in DenyCode::ALL {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.name()));
            assert_eq!(serde_json::from_str::<DenyCode>(&json).unwrap(), code);
            assert!(!code.reason().ends_with('.'), "{code}");
        }
    }

    #[test]
    fn a_code_of_a_newer_server_is_unknown_not_an_error() {
        let code: DenyCode = serde_json::from_str("\"stolen_hat\"").unwrap();
        assert_eq!(code, DenyCode::Unknown);
    }

    #[test]
    fn the_words_of_the_lesson_are_kept() {
        assert_eq!(
            DenyCode::BadCredentials.reason(),
            "Username or password incorrect"
        );
        assert_eq!(
            DenyCode::UsernameTaken.reason(),
            "This username is already taken"
        );
        assert_eq!(
            DenyCode::AlreadyLoggedIn.reason(),
            "You are already logged in"
        );
    }

    #[test]
    fn retry_after_is_never_zero() {
        let denial = Denial::for_now(DenyCode::Busy, std::time::Duration::ZERO);
        assert_eq!(denial.retry_after_ms, Some(1));
    }
}
