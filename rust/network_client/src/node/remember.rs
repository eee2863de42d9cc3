//! When a login is remembered and forgotten. The file itself is [`login_file`]'s.

use godot::classes::Engine;
use godot::prelude::*;
use longhall_client::{DisconnectReason, LogoutReason, State};
use longhall_packet::{CloseReason, ResumeToken};

use super::{NetworkClient, is_debug, login_file};
use crate::transport::address::Address;

#[godot_api(secondary)]
impl NetworkClient {
    /// Whether [member remember_file] holds a login for the server at [member url].
    #[func]
    pub fn has_remembered_login(&self) -> bool {
        let address = self.address();
        login_file::load(&self.file_for(&address), &address.url).is_some()
    }

    /// Whether a login could be stored in [member remember_file]: whether the game may write
    /// there. Ask it before you offer to remember one, see [signal remember_failed].
    #[func]
    pub fn can_remember_login(&self) -> bool {
        login_file::try_out(&self.file_for(&self.address())).is_ok()
    }
}

impl NetworkClient {
    /// After [`NetworkClient::remember_login`] was set.
    pub(super) fn remember_or_forget(&mut self) {
        if Engine::singleton().is_editor_hint() {
            return;
        }
        if self.remember_login {
            let file = self.file_for(&self.address());
            match login_file::try_out(&file) {
                Ok(()) => self.remember(),
                Err(why) => self.note_not_remembered(&file, &why),
            }
        } else {
            self.is_forgetful = false;
            let address = self.dialled.clone().unwrap_or_else(|| self.address());
            let file = self.file_for(&address);
            if login_file::load(&file, &address.url).is_some() {
                self.forget(&file);
            }
        }
    }

    /// Takes up a remembered login, if nobody is in or about to be.
    pub(super) fn restore_remembered(&mut self) {
        let Some(address) = &self.dialled else { return };
        if !self.may_restore || self.session.state() != State::Offline {
            return;
        }
        let (file, url) = (self.file_for(address), address.url.clone());
        if let Some((username, token)) = login_file::load(&file, &url) {
            self.remember_login = true;
            self.session.restore(&username, token.clone());
            self.kept = Some(Kept { file, url, token });
        }
    }

    /// Keeps the present login, if that is wanted.
    pub(super) fn remember(&mut self) {
        let (Some((username, token)), Some(address)) = (self.session.ticket(), &self.dialled)
        else {
            return;
        };
        if !self.remember_login || !self.is_logged_in() {
            return;
        }
        let kept = Kept {
            file: self.file_for(address),
            url: address.url.clone(),
            token: token.clone(),
        };
        match login_file::save(&kept.file, &kept.url, username, token) {
            Ok(()) => {
                self.kept = Some(kept);
                self.is_forgetful = false;
            }
            Err(why) => self.note_not_remembered(&kept.file, &why),
        }
    }

    /// Says once that logins are not remembered.
    fn note_not_remembered(&mut self, file: &GString, why: &str) {
        if !std::mem::replace(&mut self.is_forgetful, true) {
            let text = format!("cannot remember the login in \"{file}\": {why}");
            self.not_remembered = Some(text.clone());
            self.warnings.push(text);
            self.tell_later();
        }
    }

    /// Two games on one machine that remember one login throw each other out.
    pub(super) fn warn_of_twins(&mut self, reason: LogoutReason) {
        let elsewhere = DisconnectReason::Server(CloseReason::LoggedInElsewhere);
        if reason == LogoutReason::Disconnected(elsewhere)
            && let Some(kept) = &self.kept
            && is_debug()
        {
            self.warnings.push(format!(
                "another instance of the game has taken up the login remembered in \"{}\", so \
                 this one is logged out. Give each a file of its own: start them with the \
                 arguments -- --remember-slot=1 and -- --remember-slot=2 (Debug > Customize Run \
                 Instances), or set remember_file",
                kept.file
            ));
        }
    }

    /// Forgets the login that this node has kept. Another game of this player
    /// may have put its own into the file since.
    pub(super) fn forget_own(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        let present = login_file::load(&kept.file, &kept.url);
        if present.is_some_and(|(_, token)| token == kept.token) {
            self.forget(&kept.file);
        }
    }

    fn forget(&mut self, file: &GString) {
        if let Err(why) = login_file::forget(file) {
            let text = format!("cannot forget the login in \"{file}\": {why}");
            self.warnings.push(text);
        }
    }

    /// The file for logins at this address: a fake server's must not take the
    /// place of real ones.
    fn file_for(&self, address: &Address) -> GString {
        let mut file = self.remember_file.to_string();
        if let Some(slot) = login_file::slot().filter(|_| is_debug()) {
            file = format!("{file}.{slot}");
        }
        if address.fake_server.is_some() {
            file.push_str(".fake");
        }
        GString::from(&file)
    }
}

/// A login in a file, and the server it is for.
pub(super) struct Kept {
    file: GString,
    url: GString,
    token: ResumeToken,
}

/// Whether a session that ended so cannot be taken up again, now or later.
pub(super) fn is_final(reason: LogoutReason) -> bool {
    match reason {
        LogoutReason::Asked | LogoutReason::SessionExpired => true,
        LogoutReason::Disconnected(DisconnectReason::Server(reason)) => matches!(
            reason,
            CloseReason::LoggedInElsewhere
                | CloseReason::Kicked
                | CloseReason::Banned
                | CloseReason::SessionEnded
                | CloseReason::AccountDeleted
        ),
        LogoutReason::Disconnected(_) => false,
    }
}
