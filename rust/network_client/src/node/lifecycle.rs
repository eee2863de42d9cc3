//! The node in the tree: made, entered, left, and warned about in the editor.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use godot::classes::node::ProcessMode;
use godot::classes::notify::NodeNotification;
use godot::classes::{Engine, INode, Node, Time};
use godot::prelude::*;
use longhall_client::{AddressError, CallErrorCode, Config, ServerAddress, Session};
use longhall_packet::Limits;

use super::frame::FRAME;
use super::frequent_signals::FrequentSignals;
use super::starter::Starter;
use super::{NetworkClient, export_presets, login_file};
use crate::clock::now;
use crate::network_request::NetworkRequest;
use crate::transport::Transport;

#[godot_api]
impl INode for NetworkClient {
    fn init(base: Base<Node>) -> Self {
        // Chat goes on while the game is paused, unless the designer says otherwise.
        base.to_init_gd().set_process_mode(ProcessMode::ALWAYS);
        let config = Config {
            // What operators know it by, in their logs and in packages.
            client_name: concat!("longhall-godot/", env!("CARGO_PKG_VERSION")).to_owned(),
            ask_for_recovery_codes: true,
            ..Config::default()
        };
        let mut node = Self {
            base,
            url: "ws://127.0.0.1:8081".into(),
            connect_automatically: true,
            tls_certificate: None,
            remember_login: false,
            remember_file: "user://longhall_login.cfg".into(),
            connect_timeout: config.connect_timeout.as_secs_f64(),
            request_timeout: config.request_timeout.as_secs_f64(),
            heartbeat_interval: config.heartbeat_interval.as_secs_f64(),
            reconnect_enabled: config.reconnect,
            reconnect_max_delay: config.reconnect_max_delay.as_secs_f64(),
            history_lines: config.history_lines.into(),
            device_name: GString::new(),
            ask_for_recovery_codes: config.ask_for_recovery_codes,
            frame_budget: 2.0,
            #[cfg(feature = "bad-weather")]
            bad_weather_latency: 0.0,
            #[cfg(feature = "bad-weather")]
            bad_weather_jitter: 0.0,
            #[cfg(feature = "bad-weather")]
            bad_weather_loss_interval: 0.0,
            fake_server: None,
            state: PhantomVar::default(),
            username: PhantomVar::default(),
            deletion_at_ms: PhantomVar::default(),
            retry_in: PhantomVar::default(),
            message_of_the_day: GString::new(),
            server_version: PhantomVar::default(),
            registration_mode: PhantomVar::default(),
            takes_guests: PhantomVar::default(),
            username_min_length: 0,
            username_max_length: 0,
            password_min_length: 0,
            password_max_length: 0,
            chat_max_length: 0,
            channel_max_length: 0,
            topic_max_length: 0,
            presence_max_length: 0,
            channels_max: 0,
            edit_window: 0,
            lobby: PhantomVar::default(),
            hall: PhantomVar::default(),
            has_second_factor: PhantomVar::default(),
            recovery_codes_left: PhantomVar::default(),
            last_login: PhantomVar::default(),
            session: Session::new(config, seed()),
            transport: Transport::default(),
            requests: HashMap::new(),
            kept: None,
            may_restore: true,
            dialled: None,
            explains_next: false,
            ticked_at: Duration::ZERO,
            is_in_tree: false,
            is_processed: None,
            was_removed: false,
            is_forgetful: false,
            reports_waiting: 0,
            not_remembered: None,
            warnings: Vec::new(),
            starter: None,
            signals: Rc::new(FrequentSignals::new()),
        };
        node.take_limits(Limits::default());
        node
    }

    // Notifications instead of `ready()`, `enter_tree()` and so on: a script that
    // extends the node may have functions of those names, and they would take
    // the place of ours.
    fn on_notification(&mut self, what: NodeNotification) {
        match what {
            NodeNotification::ENTER_TREE | NodeNotification::EXIT_TREE
                if Engine::singleton().is_editor_hint() =>
            {
                for mut other in self.others_in_scene() {
                    other.call_deferred("update_configuration_warnings", &[]);
                }
            }
            // The designer may come from the export window, whose settings are warned of.
            NodeNotification::WM_WINDOW_FOCUS_IN if Engine::singleton().is_editor_hint() => {
                let mut this = self.to_gd();
                this.call_deferred("update_configuration_warnings", &[]);
            }
            _ if Engine::singleton().is_editor_hint() => {}
            NodeNotification::ENTER_TREE => self.enter(),
            NodeNotification::EXIT_TREE => self.exit(),
            NodeNotification::READY => {
                self.take_url_of_command_line();
                self.starter = Starter::of_command_line();
                if self.connect_automatically {
                    self.connect_to_server();
                }
            }
            NodeNotification::PAUSED
            | NodeNotification::UNPAUSED
            | NodeNotification::ENABLED
            | NodeNotification::DISABLED => self.is_processed = None,
            // A phone is back in the game. It may have slept, and the connection with it.
            NodeNotification::APPLICATION_RESUMED => self.session.resumed(now()),
            // The player is back: do not sit out a long pause.
            NodeNotification::APPLICATION_FOCUS_IN => self.session.reconnect_now(now()),
            _ => {}
        }
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        let mut warnings = PackedStringArray::new();
        let address = ServerAddress::parse(&self.url.to_string());
        match &address {
            Ok(address) if address.is_secure() || address.is_loopback() => {}
            Ok(_) => warnings.push(
                "Passwords travel unencrypted with ws://. Use wss:// for a server that is \
                 not on this machine.",
            ),
            Err(AddressError::Empty) => {
                warnings.push("Set the url of a Longhall server, for example ws://127.0.0.1:8081.");
            }
            Err(AddressError::Scheme) => warnings.push("The url must start with ws:// or wss://."),
            Err(error @ (AddressError::UserInfo | AddressError::Host | AddressError::Port)) => {
                warnings.push(&format!("No connection can be made: {error}."));
            }
        }
        if self.tls_certificate.is_some() && !address.is_ok_and(|address| address.is_secure()) {
            warnings.push("The TLS certificate has no effect without a wss:// url.");
        }
        if self.remember_login && !login_file::is_writable(&self.remember_file) {
            warnings.push(
                "The file to remember the login in must begin with user://, where a finished \
                 game may write.",
            );
        }
        if Engine::singleton().is_editor_hint() {
            for trouble in export_presets::troubles() {
                warnings.push(&trouble);
            }
        }
        if !self.others_in_scene().is_empty() {
            warnings.push(
                "This scene has more than one NetworkClient. Each is a player of its own, with a \
                 connection of its own.",
            );
        }
        warnings
    }
}

impl NetworkClient {
    fn enter(&mut self) {
        self.is_in_tree = true;
        self.is_processed = None;
        let frame = self.to_gd().callable(FRAME);
        self.base().get_tree().connect("process_frame", &frame);
        if std::mem::take(&mut self.was_removed) && self.connect_automatically {
            self.connect_to_server();
        }
    }

    fn exit(&mut self) {
        self.is_in_tree = false;
        let frame = self.to_gd().callable(FRAME);
        self.base().get_tree().disconnect("process_frame", &frame);
        // Moving the node elsewhere leaves and enters the tree at once; only a
        // node that stays out hangs up.
        self.run_deferred_gd(hang_up_if_removed);
    }

    /// Has the editor ask for the warnings of the node again.
    pub(super) fn refresh_warnings(&mut self) {
        if Engine::singleton().is_editor_hint() {
            self.base_mut().update_configuration_warnings();
        }
    }

    /// The other nodes of this kind in the scene that is open in the editor.
    fn others_in_scene(&self) -> Vec<Gd<Node>> {
        if !Engine::singleton().is_editor_hint() || !self.base().is_inside_tree() {
            return Vec::new();
        }
        let scene = self.base().get_tree().get_edited_scene_root();
        let Some(scene) = scene else {
            return Vec::new();
        };
        let found = scene
            .find_children_ex("*")
            .type_("NetworkClient")
            .owned(false)
            .done();
        let this = self.base().instance_id();
        let mut nodes: Vec<_> = found.iter_shared().collect();
        nodes.push(scene);
        nodes.retain(|node| node.is_class("NetworkClient") && node.instance_id() != this);
        nodes
    }

    pub(super) fn take_limits(&mut self, limits: Limits) {
        self.username_min_length = limits.username_min_chars.into();
        self.username_max_length = limits.username_max_chars.into();
        self.password_min_length = limits.password_min_chars.into();
        self.password_max_length = limits.password_max_chars.into();
        self.chat_max_length = limits.chat_max_chars.into();
        self.channel_max_length = limits.channel_max_chars.into();
        self.topic_max_length = limits.topic_max_chars.into();
        self.presence_max_length = limits.presence_max_chars.into();
        self.channels_max = limits.channels_per_account.into();
        self.edit_window = limits.edit_window_s.into();
    }
}

impl Drop for NetworkClient {
    fn drop(&mut self) {
        // No request is open for ever. They end later, because no script should meet a
        // node that is half gone.
        for (_, request) in self.requests.drain() {
            NetworkRequest::complete_later(request, Err(CallErrorCode::Cancelled.into()));
        }
    }
}

/// Only for a node that stays out of the tree.
fn hang_up_if_removed(mut node: Gd<NetworkClient>) {
    if !node.is_instance_valid() || node.is_inside_tree() {
        return;
    }
    let mut this = node.bind_mut();
    this.was_removed = true;
    for (_, request) in this.requests.drain() {
        NetworkRequest::complete_later(request, Err(CallErrorCode::Cancelled.into()));
    }
    this.disconnect_from_server();
}

/// Spreads the reconnects of many players.
fn seed() -> u64 {
    godot::global::randi() as u64 ^ Time::singleton().get_ticks_usec()
}
