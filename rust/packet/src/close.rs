//! Why a connection ended, in the WebSocket close frame.

use crate::{Sanction, SanctionKind};

/// Declares [`CloseReason`] with its code and name in one table.
macro_rules! close_reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $retry:literal, $sentence:literal;)*) => {
        /// Why the server ended a connection.
        ///
        /// Travels in the WebSocket close frame (RFC 6455, section 7.4.2: 4000
        /// to 4999 are for applications), because an engine may drop data that
        /// arrives together with the close.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CloseReason { $($(#[$doc])* $variant,)* }

        impl CloseReason {
            /// Every reason.
            pub const ALL: &[CloseReason] = &[$(CloseReason::$variant),*];

            /// The close code, 4000 to 4999.
            pub const fn code(self) -> u16 {
                match self { $(CloseReason::$variant => $code,)* }
            }

            /// The stable name, sent as the close frame's text.
            pub const fn name(self) -> &'static str {
                match self { $(CloseReason::$variant => $name,)* }
            }

            /// An English sentence without a full stop, for games without a
            /// translation.
            pub const fn sentence(self) -> &'static str {
                match self { $(CloseReason::$variant => $sentence,)* }
            }

            /// The reason called so, if it is one of ours.
            pub fn from_name(name: &str) -> Option<CloseReason> {
                Self::ALL.iter().copied().find(|reason| reason.name() == name)
            }

            /// Whether connecting again by itself can help. `false` means only
            /// a person can: by updating the game, or by choosing a device.
            pub const fn may_retry(self) -> bool {
                match self { $(CloseReason::$variant => $retry,)* }
            }

            /// The reason behind a close code, if it is one of ours.
            pub const fn from_code(code: u16) -> Option<CloseReason> {
                match code { $($code => Some(CloseReason::$variant),)* _ => None }
            }
        }
    };
}

close_reasons! {
    /// The server is stopping and expected back.
    Restarting = 4000, "restarting", true, "The server is restarting";
    /// The account logged in from another place.
    LoggedInElsewhere = 4001, "logged_in_elsewhere", false, "You have logged in somewhere else";
    /// The client speaks only older protocol versions than the server.
    UpdateRequired = 4002, "update_required", false, "This version of the game is too old for the server";
    /// Nothing was received for too long.
    Idle = 4003, "idle", true, "You were away for too long";
    /// Connected, but never logged in or registered.
    LoginTimeout = 4004, "login_timeout", true, "Nobody logged in for too long";
    /// The client did not take what was sent to it.
    TooSlow = 4005, "too_slow", true, "The connection is too slow";
    /// Too many packets that were not understood.
    ProtocolError = 4006, "protocol_error", false, "The server does not understand this version of the game";
    /// Too many packets, in spite of being told to wait.
    Flooding = 4007, "flooding", true, "You sent too much at once";
    /// Too many connections from this address.
    TooManyConnections = 4008, "too_many_connections", true, "There are too many connections from your address";
    /// Something broke in the server.
    InternalError = 4009, "internal_error", true, "Something went wrong in the server";
    /// A moderator ended this session.
    Kicked = 4010, "kicked", false, "A moderator has logged you out";
    /// The operator banned the account.
    Banned = 4011, "banned", false, "This account is banned";
    /// The player ended this session from another device, or changed the
    /// password there.
    SessionEnded = 4012, "session_ended", false, "You were logged out from another device";
    /// The server speaks only older protocol versions; perhaps it is updated soon.
    ServerOutdated = 4013, "server_outdated", true, "The server is too old for this version of the game";
    /// The player had the account deleted: now, or once the operator's time for a change
    /// of mind is over.
    AccountDeleted = 4014, "account_deleted", false, "This account is being deleted";
}

/// Most bytes of a close frame's text (RFC 6455, section 5.5: 125 with the code).
const MAX_TEXT_BYTES: usize = 123;

impl CloseReason {
    /// The close frame's text for a kick or a ban: the name, when it ends, and why, cut to
    /// what a close frame holds.
    ///
    /// ```
    /// use longhall_packet::{CloseReason, Sanction, SanctionKind};
    ///
    /// let ban = Sanction {
    ///     sanction: SanctionKind::Ban,
    ///     channel: None,
    ///     until_ms: Some(1_735_689_600_000),
    ///     reason: "spam".to_owned(),
    /// };
    /// let text = CloseReason::Banned.text_of(&ban);
    /// assert_eq!(text, "banned until=1735689600000: spam");
    /// assert_eq!(CloseReason::Banned.sanction_in(&text), Some(ban));
    /// ```
    pub fn text_of(self, sanction: &Sanction) -> String {
        let mut text = self.name().to_owned();
        if let Some(until_ms) = sanction.until_ms {
            text.push_str(UNTIL);
            text.push_str(&until_ms.to_string());
        }
        if !sanction.reason.is_empty() {
            text.push_str(WHY);
            text.push_str(&sanction.reason);
        }
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        text
    }

    /// What a close frame says of the kick or ban that it tells of. `None` for every other
    /// reason, and when the text is none of ours.
    pub fn sanction_in(self, text: &str) -> Option<Sanction> {
        let sanction = match self {
            Self::Kicked => SanctionKind::Kick,
            Self::Banned => SanctionKind::Ban,
            _ => return None,
        };
        let rest = text.strip_prefix(self.name())?;
        let (head, reason) = rest.split_once(WHY).unwrap_or((rest, ""));
        let until_ms = match head.strip_prefix(UNTIL) {
            Some(digits) => Some(digits.parse().ok()?),
            None if head.is_empty() => None,
            None => return None,
        };
        Some(Sanction {
            sanction,
            channel: None,
            until_ms,
            reason: reason.to_owned(),
        })
    }
}

/// What stands before the time, in milliseconds since 1970.
const UNTIL: &str = " until=";
/// What stands before the words of whoever set the sanction.
const WHY: &str = ": ";

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_private_use_and_lead_back_to_their_reason() {
        for &reason in CloseReason::ALL {
            assert!((4000..5000).contains(&reason.code()), "{reason}");
            assert_eq!(CloseReason::from_code(reason.code()), Some(reason));
            assert_eq!(CloseReason::from_name(reason.name()), Some(reason));
        }
        assert_eq!(CloseReason::from_code(1000), None);
    }

    fn kick(reason: &str) -> Sanction {
        Sanction {
            sanction: SanctionKind::Kick,
            channel: None,
            until_ms: None,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_letters() {
        let text = CloseReason::Kicked.text_of(&kick(&"ж".repeat(200)));
        assert!((122..=123).contains(&text.len()), "{}", text.len());
        let read = CloseReason::Kicked.sanction_in(&text).unwrap();
        assert!(read.reason.chars().all(|c| c == 'ж'));
    }

    #[test]
    fn a_text_of_another_kind_tells_of_no_sanction() {
        for text in [
            "",
            "restarting",
            "kicked until=soon",
            "kicked2",
            "kicked until=",
        ] {
            assert_eq!(CloseReason::Kicked.sanction_in(text), None, "{text}");
        }
        assert_eq!(CloseReason::Restarting.sanction_in("restarting"), None);
        assert_eq!(CloseReason::Kicked.sanction_in("kicked"), Some(kick("")));
        let with_colon = kick("spam: again");
        let text = CloseReason::Kicked.text_of(&with_colon);
        assert_eq!(CloseReason::Kicked.sanction_in(&text), Some(with_colon));
    }
}
