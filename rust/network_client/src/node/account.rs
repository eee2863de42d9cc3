//! Registering, logging in and out, and the account's sessions.

use godot::classes::Os;
use godot::prelude::*;
use longhall_client::{CallErrorCode, State};
use longhall_packet::DenyCode;
use longhall_packet::text::trim_unseen;

use super::NetworkClient;
use super::calls::refused_off_main_thread;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Creates an account. Ends in [signal registered] or [signal register_denied]. Does not log
    /// in. With [member ask_for_recovery_codes] the account's recovery codes come just before, by
    /// [signal recovery_codes_received]. Where [member registration_mode] is
    /// [code]"invite"[/code], `invite` is the code that the player has from the operator; case,
    /// spaces and dashes in it do not matter. A user name has 3 to 20 letters and digits of any
    /// script, `_` and `-`. Characters that
    /// cannot be seen are taken off its ends, and full-width letters become plain ones. A password
    /// has 8 to 99 characters.
    #[func]
    pub fn register(
        &mut self,
        username: GString,
        password: GString,
        #[opt(default = &GString::new())] invite: GString,
    ) -> Gd<NetworkRequest> {
        self.call("register", |session, now| {
            let (username, password) = (username.to_string(), password.to_string());
            session.register_with_invite(now, &username, &password, &invite.to_string())
        })
    }

    /// Lets the player in without an account, under a name that is free, where
    /// [member takes_guests] is [code]true[/code]. Ends in [signal logged_in] or
    /// [signal login_denied]. A guest chats and joins channels, but creates none, invites nobody,
    /// whispers only to players who have whispered before, and says a line a second. After a cut
    /// the node takes the session up again as always, and [member remember_login] works as well.
    /// Who logs out, or was away for about a day, is forgotten, unless [method upgrade_guest] made
    /// an account of them.
    #[func]
    pub fn login_as_guest(&mut self, username: GString) -> Gd<NetworkRequest> {
        let device = self.device();
        self.call("login_as_guest", |session, now| {
            session.config_mut().device_name = device;
            session.login_as_guest(now, &username.to_string())
        })
    }

    /// Makes an account of the guest who is logged in: the player keeps channels, lines, whispers
    /// and blocks. An empty `username` keeps the name. `invite` is as in [method register]. The
    /// connection is opened anew for a moment; [signal logged_in] tells the name then, and
    /// [method is_guest] is [code]false[/code], unless a moderator has to let the account in first.
    #[func]
    pub fn upgrade_guest(
        &mut self,
        username: GString,
        password: GString,
        #[opt(default = &GString::new())] invite: GString,
    ) -> Gd<NetworkRequest> {
        self.call("upgrade_guest", |session, now| {
            let (username, password) = (username.to_string(), password.to_string());
            session.upgrade_guest(now, &username, &password, &invite.to_string())
        })
    }

    /// Whether the player who is logged in is a guest, or an account that a moderator has not let
    /// in yet: show [method upgrade_guest] then.
    #[func]
    pub fn is_guest(&self) -> bool {
        self.session.is_guest()
    }

    /// Logs in. Ends in [signal logged_in] or [signal login_denied]. Refused with `already_pending`
    /// while the node is about to log in by itself, see [method is_resuming]. The node sends the
    /// password once and does not keep it. The account may be logged in on several devices, see
    /// [method list_sessions].
    ///
    /// `code` is for accounts with a second factor, which are refused with `code_needed` without it:
    /// what the player's app shows, or a recovery code in its place.
    #[func]
    pub fn login(
        &mut self,
        username: GString,
        password: GString,
        #[opt(default = &GString::new())] code: GString,
    ) -> Gd<NetworkRequest> {
        let device = self.device();
        self.call("login", |session, now| {
            session.config_mut().device_name = device;
            let (username, password) = (username.to_string(), password.to_string());
            session.login_with_code(now, &username, &password, &code.to_string())
        })
    }

    /// Logs out and stays connected. Ends in [signal logged_out]. Also ends the tries to take a
    /// session up again, see [method is_resuming], and forgets a remembered login. If nobody is
    /// logged in, only the returned request ends, with `not_logged_in`. Without a connection the
    /// server does not hear of it, and the session ends there when it expires.
    #[func]
    pub fn logout(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("logout") {
            return refused;
        }
        // Now, and not with the server's answer: the game may be gone by then.
        if self.session.username().is_some() {
            self.forget_own();
        }
        self.call("logout", |session, now| session.logout(now))
    }

    /// Whether a player is logged in and the connection is up.
    #[func]
    pub fn is_logged_in(&self) -> bool {
        self.session.state() == State::LoggedIn
    }

    /// Whether the node is about to log [member username] in by itself: after a cut, or at the
    /// start with a remembered login. [method logout] stops it.
    #[func]
    pub fn is_resuming(&self) -> bool {
        self.session.is_resuming()
    }

    /// What the player may do on the whole server: `player`, `moderator` or `admin`, as the
    /// server's operator said. See [signal server_role_changed].
    #[func]
    pub fn get_server_role(&self) -> GString {
        GString::from(self.session.server_role().name())
    }

    /// Asks on which devices the account is logged in. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `session` (a number for [method close_session]), `device` (see
    /// [member device_name]), `created_at_ms`, `last_seen_at_ms`, `online` and `current`.
    #[func]
    pub fn list_sessions(&mut self) -> Gd<NetworkRequest> {
        self.call("list_sessions", |session, now| session.list_sessions(now))
    }

    /// Logs the account out on another device, or with 0 on all others.
    #[func]
    pub fn close_session(&mut self, session: i64) -> Gd<NetworkRequest> {
        let which = u64::try_from(session).ok().filter(|&number| number > 0);
        self.call("close_session", |session, now| {
            session.close_session(now, which)
        })
    }

    /// Gives the account another password and logs it out on all other devices. Refused with
    /// `bad_credentials` if `old_password` is not the present one.
    #[func]
    pub fn change_password(
        &mut self,
        old_password: GString,
        new_password: GString,
    ) -> Gd<NetworkRequest> {
        self.call("change_password", |session, now| {
            session.change_password(now, &old_password.to_string(), &new_password.to_string())
        })
    }

    /// Has the account deleted. The player is logged out everywhere, with the reason
    /// `account_deleted`. For a time that the operator sets, two weeks unless changed, a login with
    /// the password is still possible, [member deletion_at_ms] says when it will be over, and
    /// [method keep_account] keeps the account. Then the name is free, and what the player said
    /// shows no words any more. `code` is the code of the second factor, if the account has one, see
    /// [member has_second_factor]. Refused with `bad_credentials` if `password` is not the present
    /// one, with `code_needed` and with `wrong_code`.
    #[func]
    pub fn delete_account(
        &mut self,
        password: GString,
        #[opt(default = &GString::new())] code: GString,
    ) -> Gd<NetworkRequest> {
        self.call("delete_account", |session, now| {
            session.delete_account(now, &password.to_string(), &code.to_string())
        })
    }

    /// Keeps the account that is to be deleted, see [method delete_account] and
    /// [member deletion_at_ms]. Refused with `too_late` once the time is over.
    #[func]
    pub fn keep_account(&mut self) -> Gd<NetworkRequest> {
        self.call("keep_account", |session, now| session.keep_account(now))
    }

    /// Asks for all that the server knows of the account: when it was made, where it is logged in,
    /// its channels, blocks and invitations, what the operator keeps from it, what it said in
    /// channels, the whispers to and from it, and the reports it made with what came of them. No
    /// secrets are in it. [member NetworkRequest.result] is JSON text, to be saved in a file. An
    /// account with many lines takes a while. Refused with `rate_limited` after five times a day,
    /// unless the operator chose otherwise.
    ///
    /// ```gdscript
    /// var export: NetworkRequest = await $NetworkClient.export_account().completed
    /// if export.ok:
    ///     var file := FileAccess.open("user://my_data.json", FileAccess.WRITE)
    ///     file.store_string(export.result)
    /// ```
    #[func]
    pub fn export_account(&mut self) -> Gd<NetworkRequest> {
        self.call("export_account", |session, now| session.export_account(now))
    }

    /// Gives the account another name, by the rules of [method register]. Ends in
    /// [signal account_renamed] as well. Everybody who is online is told, see
    /// [signal player_renamed]. Nobody else can take the old name for a while. `code` is the code of
    /// the second factor, if the account has one, see [member has_second_factor]. Refused with
    /// `bad_credentials` if `password` is not the present one, with `code_needed`, `wrong_code` and
    /// `username_taken`, and with `rate_limited` if the last new name is not old enough: 30 days,
    /// unless the operator chose otherwise.
    #[func]
    pub fn rename_account(
        &mut self,
        password: GString,
        new_name: GString,
        #[opt(default = &GString::new())] code: GString,
    ) -> Gd<NetworkRequest> {
        self.call("rename_account", |session, now| {
            let (password, code) = (password.to_string(), code.to_string());
            session.rename_account(now, &password, &new_name.to_string(), &code)
        })
    }

    /// The name of a user or channel without the characters at its ends that cannot be seen, such as
    /// spaces of any kind and marks that come along when it is copied out of a text. The node and
    /// the server judge a name in this form. For a field that counts characters.
    #[func]
    pub fn trimmed_name(name: GString) -> GString {
        GString::from(trim_unseen(&name.to_string()))
    }

    /// Every code that a request can be refused with. For a test that each has a translation.
    #[func]
    pub fn get_denial_codes() -> PackedStringArray {
        let codes = CallErrorCode::all().chain([CallErrorCode::Server(DenyCode::Unknown)]);
        codes.map(|code| GString::from(code.name())).collect()
    }
}

impl NetworkClient {
    /// What this device is called in the list of sessions.
    fn device(&self) -> String {
        match self.device_name.is_empty() {
            true => Os::singleton().get_name().to_string(),
            false => self.device_name.to_string(),
        }
    }
}
