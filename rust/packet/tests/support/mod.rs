//! The frozen samples in `tests/golden/` and the packets they stand for.

#![allow(dead_code, reason = "no test file needs every field")]

use longhall_packet::{
    Access, Audience, Change, ChangedProfile, ChannelCode, ChannelName, ChannelPassword,
    ChannelState, ChatText, ClientPacket, ClosedReport, Conversation, Denial, DenyCode,
    ExportedAccount, ExportedChannel, ExportedLine, ExportedOutcome, ExportedReport,
    ExportedSanction, FactorCode, FactorKey, Field, Filter, Hall, InboxState, Invitation,
    InviteCode, LastLogin, LeaveReason, Limits, Line, LineKind, ListedChannel, ListedReport,
    ListedSession, Member, Password, PastSanction, PlayerInfo, Presence, PresenceState,
    PresenceText, Profile, Reason, RecoveryCode, Registration, RegistrationMode, ReportCategory,
    ReportOutcome, ReportText, Reported, ResumeToken, Role, Sanction, SanctionKind, ServerPacket,
    ServerRole, Speech, Target, Temporary, Ticket, Topic, Username,
};

mod client;
mod server;

pub(crate) use client::client_samples;
pub(crate) use server::server_samples;

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
use samples;

/// The most a number of a line may be.
pub(crate) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The present, in the samples.
const NOW: u64 = 1_735_689_600_000;

/// A ticket, signed with the key of the example in RFC 8037.
const TICKET: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6InRpY2tldCtqd3QiLCJraWQiOiJrUHJLX3FteFZXYVlWQTl3d0JGNkl1bzN2Vnp6N1R4SENUd1hCeWdyUzRrIn0.eyJpc3MiOiI5YzFmMGU2YWIyN2Q0ODUzIiwic3ViIjoiMTIiLCJuYW1lIjoiQWRhLcOJbGFuIiwicm9sZSI6InBsYXllciIsImd1ZXN0IjpmYWxzZSwiYXVkIjoiYXJlbmE6ZXUtMSIsImp0aSI6IkFBRUNBd1FGQmdjSUNRb0xEQTBPRHciLCJpYXQiOjE3MzU2ODk2MDAsImV4cCI6MTczNTY4OTY2MH0.Drv_FuNWpuBH6KsOxsQyjHIAHdw2TKCZ5Vne608UobH9nn4bn96hbJA6AMwn91Ty62Six_pZ6Nf_4wbSECH6BA";

fn user(name: &str) -> Username {
    Username::parse(name).expect("a valid name")
}

fn password(text: &str) -> Password {
    Password::parse(text).expect("a valid password")
}

fn code(text: &str) -> FactorCode {
    FactorCode::parse(text)
}

fn recovery_code(text: &str) -> RecoveryCode {
    RecoveryCode::parse(text).expect("a valid code")
}

fn key() -> ChannelPassword {
    ChannelPassword::parse("correct horse key 🔑").expect("a valid password")
}

fn token() -> ResumeToken {
    ResumeToken::parse("0123456789abcdef".repeat(4)).expect("a valid token")
}

fn place(text: &str) -> Target {
    Target::parse(text).expect("a valid target")
}

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).expect("a valid name")
}

fn words(text: &str) -> ChatText {
    ChatText::parse(text).expect("a valid line")
}

fn topic(text: &str) -> Topic {
    Topic::parse(text).expect("a valid topic")
}

fn note(text: &str) -> ReportText {
    ReportText::parse(text).expect("a valid text")
}

fn closed(outcome: ReportOutcome, text: &str) -> ClosedReport {
    ClosedReport {
        outcome,
        by: "Ben".into(),
        text: text.into(),
        at_ms: NOW - 3_600_000,
    }
}

fn lobby() -> ChannelState {
    ChannelState {
        hall: None,
        temporary: None,
        channel: "lobby".into(),
        topic: "Be kind".into(),
        access: Access::Open,
        role: Role::Member,
        first_seq: 1,
        last_seq: 42,
        read_seq: 40,
        unread: 2,
        members: 41,
        online: 41,
        speech: Speech::default(),
    }
}

/// A line in a channel. The lines below are made from it.
pub(crate) fn said(seq: u64, sender: &str, text: &str) -> Line {
    Line {
        seq,
        sender: sender.into(),
        recipient: None,
        text: text.into(),
        sent_at_ms: NOW,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    }
}

fn whisper() -> Line {
    Line {
        recipient: Some("Ada-Élan".into()),
        ..said(8, "Жанна_99", "psst")
    }
}

fn edit() -> Line {
    Line {
        kind: LineKind::Edit,
        of: Some(41),
        ..said(43, "Ada-Élan", "Well met, Жанна!")
    }
}

fn deletion() -> Line {
    Line {
        kind: LineKind::Deletion,
        of: Some(42),
        ..said(44, "Жанна_99", "")
    }
}

fn hidden() -> Line {
    Line {
        kind: LineKind::Hidden,
        ..said(45, "", "")
    }
}

fn member(name: &str, role: Role, state: PresenceState, text: &str) -> Member {
    Member {
        username: name.into(),
        role,
        state,
        text: text.into(),
        server_role: ServerRole::Player,
        guest: false,
        profile: Profile::default(),
        profile_version: 0,
    }
}

fn channel_code() -> ChannelCode {
    ChannelCode::parse("7f3k9qxm").expect("a valid code")
}

fn profile() -> Profile {
    let json = r#"{"level":7,"colour":"teal","look":{"scale":1.0,"hat":null}}"#;
    Profile::from_json(json).expect("a valid profile")
}

fn presence(change: Change, name: &str, state: PresenceState, text: &str) -> Presence {
    Presence {
        change,
        member: member(name, Role::Member, state, text),
    }
}

fn mute(channel: Option<&str>) -> Sanction {
    Sanction {
        sanction: SanctionKind::Mute,
        channel: channel.map(str::to_owned),
        until_ms: Some(NOW),
        reason: "Spam".into(),
    }
}

fn reason(text: &str) -> Reason {
    Reason::parse(text).expect("a valid reason")
}
