//! The frozen samples in `tests/golden/` and the packets they stand for.

#![allow(dead_code, reason = "no test file needs every field")]

use longhall_packet::{
    ChatText, ClientPacket, Denial, DenyCode, Field, Limits, Password, ResumeToken, ServerPacket,
    Username,
};

/// A file of `tests/golden/` without its last line feed, and what it means.
pub(crate) struct Sample<P> {
    pub(crate) file: &'static str,
    pub(crate) text: &'static str,
    pub(crate) packet: P,
}

macro_rules! samples {
    ($($file:literal => $packet:expr,)*) => {
        vec![$(Sample {
            file: $file,
            text: include_str!(concat!("../golden/", $file)).trim_end_matches('\n'),
            packet: $packet,
        }),*]
    };
}

pub(crate) fn client_samples() -> Vec<Sample<ClientPacket>> {
    samples! {
        "client_hello.json" => ClientPacket::Hello {
            id: 0,
            protocol: 1,
            client: "longhall-godot/0.1.0".into(),
        },
        "client_register.json" => ClientPacket::Register {
            id: 1,
            username: Username::parse("Жанна_99").expect("a valid name"),
            password: Password::parse(r#"correct horse "battery" \ staple 🔑"#).expect("a valid password"),
        },
        "client_login.json" => ClientPacket::Login {
            id: 2,
            username: Username::parse("Ada-Élan").expect("a valid name"),
            password: Password::parse("correct horse battery staple").expect("a valid password"),
        },
        "client_resume.json" => ClientPacket::Resume { id: 3, token: token() },
        "client_logout.json" => ClientPacket::Logout { id: 4 },
        "client_chat.json" => ClientPacket::Chat {
            id: 5,
            text: ChatText::parse(r#"Well "met", [b]Жанна[/b] 👩‍🚀 \o/"#).expect("a valid line"),
        },
        "client_ping.json" => ClientPacket::Ping { id: u32::MAX },
    }
}

pub(crate) fn server_samples() -> Vec<Sample<ServerPacket>> {
    samples! {
        "server_hello.json" => ServerPacket::Hello {
            protocol: 1,
            server: "longhall-server/0.1.0".into(),
            message_of_the_day: "Welcome.\nBe kind.".into(),
            limits: Limits::default(),
        },
        "server_ok.json" => ServerPacket::Ok { id: 1 },
        "server_deny.json" => ServerPacket::deny(
            Some(2),
            Denial::for_now(DenyCode::RateLimited, std::time::Duration::from_millis(1500)),
        ),
        "server_deny_field.json" => ServerPacket::deny(
            Some(5),
            Denial::of_field(DenyCode::TooLong, Field::Text, Some(500)),
        ),
        "server_deny_unread.json" => {
            ServerPacket::deny(None, Denial::new(DenyCode::MalformedPacket))
        },
        "server_logged_in.json" => ServerPacket::LoggedIn {
            id: 3,
            username: "Ada-Élan".into(),
            resume_token: token(),
        },
        "server_chat.json" => ServerPacket::Chat {
            sender: "Жанна_99".into(),
            text: r#"Well "met", [b]Ada[/b] 👩‍🚀 \o/"#.into(),
            sent_at_ms: 1_735_689_600_000,
        },
    }
}

fn token() -> ResumeToken {
    ResumeToken::parse("0123456789abcdef".repeat(4)).expect("a valid token")
}
