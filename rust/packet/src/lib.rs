//! What travels between a Longhall client and a Longhall server.
//!
//! Both ends build on this crate, so a packet has one definition. It does no
//! I/O and knows neither tokio nor Godot. Read it in this order:
//!
//! - [`limits`]: every size both sides must agree on;
//! - [`text`]: user names, passwords and chat text, parsed once and valid ever
//!   after; [`NameKeys`]: which names are the same, or look the same;
//! - [`ChannelName`], [`Target`], [`Line`]: channels, whispers and what is said
//!   in them; [`ListedReport`]: what moderators are told of;
//! - [`Profile`]: what a player shows of themselves for the game's sake;
//! - [`ClientPacket`]: what a client may say, and in which [`Stage`];
//! - [`ServerPacket`]: what a server answers and announces;
//! - [`Registration`], [`InviteCode`], [`ProofSearch`]: what an account costs;
//! - [`Denial`] and [`DenyCode`]: why a request was refused;
//! - [`CloseReason`]: why a connection ended;
//! - [`versions`]: which versions of the protocol are spoken;
//! - [`codec`]: bytes to packets, length first.
//!
//! On the wire a packet is one JSON object in one WebSocket text frame. The
//! page `docs/protocol.md` describes it for readers in any language.
//!
//! ```
//! use longhall_packet::{ClientPacket, Stage, codec};
//!
//! let bytes = br#"{"type":"chat","id":7,"channel":"lobby","line_id":42,"text":"Well met!"}"#;
//! let packet = codec::decode_client_packet(bytes).unwrap();
//! assert!(matches!(&packet, ClientPacket::Chat { id: 7, text, .. } if text.as_str() == "Well met!"));
//! assert_eq!(packet.stage(), Some(Stage::LoggedIn));
//! ```

pub mod limits;
pub mod text;
mod name_keys;
mod account;
mod channel;
mod line_form;
mod export;
mod profile;
mod report;
mod client_packet;
mod server_packet;
mod registration;
mod deny;
mod close;
pub mod versions;
pub mod codec;
#[cfg(feature = "schema")]
mod schema;

pub use account::LastLogin;
pub use channel::{
    Access, Change, ChannelName, ChannelState, Conversation, Filter, Hall, INBOX, InboxState,
    Invitation, LeaveReason, Line, LineId, LineKind, ListedChannel, ListedSession, Member,
    PastSanction, Presence, PresenceState, Role, Sanction, SanctionKind, Seq, ServerRole, Speech,
    Target, Temporary,
};
pub use client_packet::{ClientPacket, RequestId, Stage};
pub use close::CloseReason;
pub use deny::{Denial, DenyCode, Field};
pub use export::{
    ExportedAccount, ExportedChannel, ExportedLine, ExportedOutcome, ExportedReport,
    ExportedSanction,
};
pub use limits::Limits;
pub use line_form::SYSTEM_SENDER;
pub use name_keys::NameKeys;
pub use profile::{ChangedProfile, PlayerInfo, Profile, ProfileVersion};
pub use registration::{
    InviteCode, MAX_CHALLENGE_CHARS, MAX_INVITE_CHARS, MAX_PROOF_BITS, ProofSearch, Registration,
    RegistrationMode, is_proof,
};
pub use report::{
    ClosedReport, ListedReport, ReportCategory, ReportNumber, ReportOutcome, Reported,
};
pub use server_packet::ServerPacket;
pub use text::{
    Audience, ChannelCode, ChannelPassword, ChatText, FactorCode, FactorKey, Password,
    PresenceText, Reason, RecoveryCode, ReportText, ResumeToken, Ticket, Topic, Username,
};

/// The newest protocol this crate speaks. Raised when an older client could no longer
/// understand the server, or be understood; [`versions::SPOKEN`] says what becomes of the
/// one before it.
pub const PROTOCOL_VERSION: u32 = 2;

/// The WebSocket subprotocol (RFC 6455, section 1.9) of the newest version.
pub const SUBPROTOCOL: &str = "longhall.v2";

/// The TCP port a server listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 8081;
