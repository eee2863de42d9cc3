//! Why a connection ended, in the WebSocket close frame.

/// Declares [`CloseReason`] with its code and name in one table.
macro_rules! close_reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $retry:literal;)*) => {
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
    Restarting = 4000, "restarting", true;
    /// The account logged in from another place.
    LoggedInElsewhere = 4001, "logged_in_elsewhere", false;
    /// The protocol version is no longer spoken here.
    UpdateRequired = 4002, "update_required", false;
    /// Nothing was received for too long.
    Idle = 4003, "idle", true;
    /// Connected, but never logged in or registered.
    LoginTimeout = 4004, "login_timeout", true;
    /// The client did not take what was sent to it.
    TooSlow = 4005, "too_slow", true;
    /// Too many packets that were not understood.
    ProtocolError = 4006, "protocol_error", false;
    /// Too many packets, in spite of being told to wait.
    Flooding = 4007, "flooding", true;
    /// Too many connections from this address.
    TooManyConnections = 4008, "too_many_connections", true;
    /// Something broke in the server.
    InternalError = 4009, "internal_error", true;
    /// A moderator ended this session.
    Kicked = 4010, "kicked", false;
    /// A moderator closed the account.
    Banned = 4011, "banned", false;
}

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
        }
        assert_eq!(CloseReason::from_code(1000), None);
    }
}
