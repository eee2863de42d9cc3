//! Coming back without the password: recovery codes and a second factor.

use godot::prelude::*;

use super::NetworkClient;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Sets a new password for a player who has lost the old one, by one of the account's recovery
    /// codes, see [signal recovery_codes_received]. Only while nobody is logged in; call
    /// [method login] with the new password next. The code works once. It is read in upper and
    /// lower case, with or without dashes and spaces. Refused with `bad_credentials` if there is no
    /// such account, or it has no such code.
    ///
    /// ```gdscript
    /// var request := client.recover("ada", "ABCD-EFGH-JKMN-PQRS-TVWX", "a new password")
    /// await request.completed
    /// if request.ok:
    ///     client.login("ada", "a new password")
    /// ```
    #[func]
    pub fn recover(
        &mut self,
        username: GString,
        code: GString,
        new_password: GString,
    ) -> Gd<NetworkRequest> {
        self.call("recover", |session, now| {
            let (username, code) = (username.to_string(), code.to_string());
            session.recover(now, &username, &code, &new_password.to_string())
        })
    }

    /// Makes eight new recovery codes; the codes from before work no more. They come by
    /// [signal recovery_codes_received] and as [member NetworkRequest.result]
    /// (`PackedStringArray`). `code` is the code of the second factor, if the account has one, see
    /// [member has_second_factor].
    #[func]
    pub fn renew_recovery_codes(
        &mut self,
        password: GString,
        #[opt(default = &GString::new())] code: GString,
    ) -> Gd<NetworkRequest> {
        self.call("renew_recovery_codes", |session, now| {
            session.renew_recovery_codes(now, &password.to_string(), &code.to_string())
        })
    }

    /// Begins a second factor: a code that an app on the player's phone shows, and that
    /// [method login] asks for. [member NetworkRequest.result] is a [Dictionary] of `secret`, the
    /// key to type into the app, and `uri`, the same as an `otpauth://` address. Show it to the
    /// player, and keep it nowhere. Nothing changes until [method confirm_second_factor]. Refused
    /// with `not_allowed` if there is a second factor already.
    #[func]
    pub fn begin_second_factor(&mut self, password: GString) -> Gd<NetworkRequest> {
        self.call("begin_second_factor", |session, now| {
            session.begin_second_factor(now, &password.to_string())
        })
    }

    /// Shows that the app has the key of [method begin_second_factor]: `code` is what it shows.
    /// From now on [method login] asks for a code, and the player is logged out on all other
    /// devices. Refused with `wrong_code`. With [member fake_server] the code is always
    /// [code]"123456"[/code].
    #[func]
    pub fn confirm_second_factor(&mut self, code: GString) -> Gd<NetworkRequest> {
        self.call("confirm_second_factor", |session, now| {
            session.confirm_second_factor(now, &code.to_string())
        })
    }

    /// Ends the second factor. `code` is what the app shows, or one of the recovery codes, which
    /// works no more then. Refused with `bad_credentials` or `wrong_code`.
    #[func]
    pub fn end_second_factor(&mut self, password: GString, code: GString) -> Gd<NetworkRequest> {
        self.call("end_second_factor", |session, now| {
            session.end_second_factor(now, &password.to_string(), &code.to_string())
        })
    }
}
