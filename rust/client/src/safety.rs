//! What keeps the account safe, as far as the server has told.

use longhall_packet::LastLogin;

/// What keeps an account safe, see [`Session::safety`](crate::Session::safety). All is at its
/// default while nobody is logged in, and with a server that knows nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    /// Whether a login asks for the code of a second factor.
    pub second_factor: bool,
    /// Recovery codes that are not used up.
    pub recovery_codes_left: u32,
    /// The login with the password before this one. Stays when the session is taken up again
    /// after a cut, and is not known of one that was remembered.
    pub last_login: Option<LastLogin>,
}
