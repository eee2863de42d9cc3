//! Connecting and disconnecting.

use godot::classes::Engine;
use godot::prelude::*;
use longhall_client::{CallErrorCode, DisconnectReason, ServerAddress};

use super::calls::{is_on_main_thread, refused_off_main_thread};
use super::{NetworkClient, VERSION, is_debug, login_file};
use crate::clock::now;
use crate::network_request::NetworkRequest;
use crate::transport::address::Address;

/// Behind `--` on the command line.
const URL_ARGUMENT: &str = "--longhall-url=";

#[godot_api(secondary)]
impl NetworkClient {
    /// Connects to [member url]. Ends in [signal connected] or [signal disconnected]. The returned
    /// request ends with this try, also when the node goes on trying. Does nothing if the node is
    /// connected to that url already. While the node waits to reconnect, it tries at once.
    #[func]
    pub fn connect_to_server(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("connect_to_server") {
            return refused;
        }
        if Engine::singleton().is_editor_hint() {
            return NetworkRequest::refused(CallErrorCode::NotConnected);
        }
        if !self.base().is_inside_tree() {
            let text = "connect_to_server() needs the node to be inside the scene tree";
            self.warnings.push(text.to_owned());
            self.tell_later();
            return NetworkRequest::refused(CallErrorCode::NotConnected);
        }
        let address = self.address();
        if self.dialled.as_ref() != Some(&address) {
            // The session of one server must never be shown to another.
            self.session.disconnect(now());
            self.dialled = Some(address);
        }
        self.restore_remembered();
        self.explains_next = true;
        let call = self.session.connect(now());
        let request = self.begin(call);
        self.explains_next = false;
        request
    }

    /// While waiting to reconnect, tries at once; otherwise does nothing. For a button beside the
    /// countdown of [signal reconnecting]. The node does the same by itself when the player comes
    /// back to the game's window.
    #[func]
    pub fn retry_now(&mut self) {
        if !is_on_main_thread("retry_now") {
            return;
        }
        self.explains_next = true;
        self.session.reconnect_now(now());
        self.act();
        self.explains_next = false;
    }

    /// Ends the connection and all tries for one, and logs the player out. Ends in
    /// [signal disconnected] with reason `closed_by_client`. A remembered login stays, see
    /// [member remember_login].
    #[func]
    pub fn disconnect_from_server(&mut self) {
        if !is_on_main_thread("disconnect_from_server") {
            return;
        }
        self.session.disconnect(now());
        self.act();
        self.tell_later_if_idle();
    }

    /// The version of the addon, such as [code]"0.2.0"[/code]; also known without a connection.
    /// The server reads it in its log. Its own is [member server_version].
    #[func]
    pub fn get_version() -> GString {
        VERSION.into()
    }

    /// Every reason of [signal disconnected]. [signal logged_out] has these and `logout` and
    /// `session_expired`.
    #[func]
    pub fn get_disconnect_reasons() -> PackedStringArray {
        let reasons = DisconnectReason::all();
        reasons.map(|reason| GString::from(reason.name())).collect()
    }
}

impl NetworkClient {
    /// Where to connect to as things stand.
    pub(super) fn address(&self) -> Address {
        // In one spelling: the same server spelt otherwise is not another one.
        let url = ServerAddress::parse(&self.url.to_string());
        Address {
            url: url.map_or_else(|_| self.url.clone(), |url| (&url.to_string()).into()),
            certificate: self.tls_certificate.clone(),
            fake_server: self.fake_server.clone(),
        }
    }

    /// Has the url that the command line names, in place of the scene's: so a game that is
    /// played from the editor uses the server of the editor's dock. Only in debug builds.
    pub(super) fn take_url_of_command_line(&mut self) {
        let Some(url) = login_file::user_argument(URL_ARGUMENT).filter(|_| is_debug()) else {
            return;
        };
        if ServerAddress::parse(&url).is_ok() && url != self.url.to_string() {
            godot_print!(
                "NetworkClient: uses {url}, as the command line says, in place of {}",
                self.url
            );
            self.url = (&url).into();
        }
    }
}
