//! Reads what clients say.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Map;

use super::chat_line;
use super::errors::{DecodeError, check_frame, explain};
use crate::channel::MAX_NUMBER;
use crate::limits::{
    MAX_CHAT_MARKS, MAX_CLIENT_PACKET_BYTES, MAX_DEVICE_CHARS, MAX_SLOW_MODE_S,
    MAX_TEMPORARY_MEMBERS, MAX_TEMPORARY_S, MIN_TEMPORARY_MEMBERS, MIN_TEMPORARY_S,
};
use crate::text::{Pile, is_layout_control, is_mark};
use crate::{
    Access, Audience, ChannelCode, ChannelName, ChannelPassword, ChatText, ClientPacket, Denial,
    DenyCode, FactorCode, Field, Filter, InviteCode, LineId, Password, PresenceState, PresenceText,
    Profile, ProfileVersion, Reason, RecoveryCode, ReportCategory, ReportNumber, ReportOutcome,
    ReportText, Reported, RequestId, ResumeToken, Role, SanctionKind, Seq, Target, Topic, Username,
};

/// Reads one packet from a client. Fields it does not know are passed over, so
/// that a newer client may say more.
///
/// # Errors
/// [`DecodeError`] with the answer to send: `packet_too_large`,
/// `malformed_packet`, `unknown_packet`, or what a text type refuses.
pub fn decode_client_packet(bytes: &[u8]) -> Result<ClientPacket, DecodeError> {
    check_frame(bytes, MAX_CLIENT_PACKET_BYTES)?;
    if let Some(packet) = str::from_utf8(bytes)
        .ok()
        .and_then(chat_line::read_from_client)
    {
        return Ok(packet);
    }
    let raw = serde_json::from_slice::<RawPacket<'_>>(bytes)
        .map_err(|error| explain(bytes, &error, ClientPacket::NAMES))?;
    let id = raw.id;
    raw.check().map_err(|fault| {
        let (denial, detail) = match fault {
            Fault::Malformed => (
                DenyCode::MalformedPacket.into(),
                "a field is missing or out of range",
            ),
            Fault::UnknownPacket => (DenyCode::UnknownPacket.into(), "an unknown type"),
            Fault::Text(denial) => (denial, "a text breaks a rule"),
        };
        DecodeError {
            id: Some(id),
            denial,
            detail: detail.to_owned(),
        }
    })
}

/// All that the packets of clients may hold, in their wire form. One type for
/// all of them: told apart by name, they would be read into a tree of values
/// first. Texts and names are not checked yet, since what breaks a rule must be
/// answered under its request's id.
#[derive(Deserialize)]
struct RawPacket<'a> {
    #[serde(rename = "type", borrow)]
    name: Cow<'a, str>,
    id: RequestId,
    protocol: Option<u32>,
    client: Option<String>,
    username: Option<String>,
    password: Option<String>,
    new_password: Option<String>,
    code: Option<String>,
    recovery: Option<bool>,
    device: Option<String>,
    invite: Option<String>,
    proof: Option<u64>,
    token: Option<String>,
    session: Option<u64>,
    channel: Option<String>,
    channel_password: Option<String>,
    line_id: Option<LineId>,
    text: Option<String>,
    topic: Option<String>,
    access: Option<String>,
    role: Option<String>,
    state: Option<String>,
    seq: Option<Seq>,
    after: Option<Value>,
    before: Option<Seq>,
    limit: Option<u32>,
    seconds: Option<u32>,
    filter: Option<String>,
    category: Option<String>,
    open: Option<bool>,
    report: Option<ReportNumber>,
    outcome: Option<String>,
    sanction: Option<String>,
    for_s: Option<u64>,
    since_s: Option<u64>,
    reason: Option<String>,
    profile: Option<Map<String, serde_json::Value>>,
    if_version: Option<ProfileVersion>,
    max_members: Option<u32>,
    lasts_s: Option<u32>,
    audience: Option<String>,
}

/// The cursor of a page: a number in a history, a name in a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Number(Seq),
    Name(String),
}

/// What is wrong with a sound packet.
enum Fault {
    /// A field is missing, or a number is out of range.
    Malformed,
    UnknownPacket,
    Text(Denial),
}

impl From<Denial> for Fault {
    fn from(denial: Denial) -> Self {
        Self::Text(denial)
    }
}

fn need<T>(field: Option<T>) -> Result<T, Fault> {
    field.ok_or(Fault::Malformed)
}

fn number(field: Option<u64>) -> Result<u64, Fault> {
    need(field.filter(|&number| number <= MAX_NUMBER))
}

fn maybe(field: Option<u64>) -> Result<Option<u64>, Fault> {
    field.map(|one| number(Some(one))).transpose()
}

/// One of a closed list, by its name.
fn named<T>(field: Option<String>, from_name: fn(&str) -> Option<T>) -> Result<T, Fault> {
    need(from_name(&need(field)?))
}

/// Most characters of what a peer calls its program.
pub(super) const MAX_PROGRAM_CHARS: usize = 64;

/// A name for people to read in a list or a log, cut to size rather than refused.
pub(super) fn label(text: &str, max_chars: usize) -> String {
    let mut pile = Pile::default();
    let shown = |c: &char| {
        let is_too_many = pile.add(*c) > MAX_CHAT_MARKS && is_mark(*c);
        !c.is_control() && !is_layout_control(*c) && !is_too_many
    };
    let shown: String = text.chars().filter(shown).collect();
    let cut: String = shown.trim().chars().take(max_chars).collect();
    cut.trim_end().to_owned()
}

impl RawPacket<'_> {
    fn check(self) -> Result<ClientPacket, Fault> {
        let id = self.id;
        let channel = |field: Option<String>| -> Result<ChannelName, Fault> {
            Ok(ChannelName::parse(&need(field)?)?)
        };
        let target =
            |field: Option<String>| -> Result<Target, Fault> { Ok(Target::parse(&need(field)?)?) };
        let username = |field: Option<String>| -> Result<Username, Fault> {
            Ok(Username::parse(&need(field)?)?)
        };
        let text = |field: Option<String>| -> Result<ChatText, Fault> {
            Ok(ChatText::parse(&need(field)?)?)
        };
        let topic = |field: Option<String>| -> Result<Topic, Fault> {
            Ok(Topic::parse(&field.unwrap_or_default())?)
        };
        let key = |field: Option<String>| field.map(ChannelPassword::parse).transpose();
        Ok(match &*self.name {
            "hello" => ClientPacket::Hello {
                id,
                protocol: need(self.protocol)?,
                client: label(&need(self.client)?, MAX_PROGRAM_CHARS),
            },
            "ping" => ClientPacket::Ping { id },
            "register" => ClientPacket::Register {
                id,
                password: Password::parse(need(self.password)?)?,
                username: username(self.username)?,
                recovery: self.recovery.unwrap_or(false),
                invite: self.invite.and_then(InviteCode::parse),
                proof: maybe(self.proof)?,
            },
            "challenge" => ClientPacket::Challenge { id },
            "guest" => ClientPacket::Guest {
                id,
                username: username(self.username)?,
                device: label(&self.device.unwrap_or_default(), MAX_DEVICE_CHARS),
                proof: maybe(self.proof)?,
            },
            "upgrade" => ClientPacket::Upgrade {
                id,
                password: Password::parse(need(self.password)?)?,
                username: self.username.map(|name| username(Some(name))).transpose()?,
                invite: self.invite.and_then(InviteCode::parse),
                proof: maybe(self.proof)?,
            },
            "login" => ClientPacket::Login {
                id,
                code: self.code.and_then(FactorCode::parse_optional),
                password: Password::parse(need(self.password)?)?,
                username: username(self.username)?,
                device: label(&self.device.unwrap_or_default(), MAX_DEVICE_CHARS),
            },
            "recover" => {
                // Both become secrets first, and are wiped, whichever is refused.
                let new = |text| Password::parse_field(text, Field::NewPassword);
                let (code, new_password) = (
                    self.code.map(RecoveryCode::parse),
                    self.new_password.map(new),
                );
                ClientPacket::Recover {
                    id,
                    username: username(self.username)?,
                    new_password: need(new_password)??,
                    code: need(code)??,
                }
            }
            "renew_recovery_codes" => ClientPacket::RenewRecoveryCodes {
                id,
                code: self.code.and_then(FactorCode::parse_optional),
                password: Password::parse(need(self.password)?)?,
            },
            "begin_second_factor" => ClientPacket::BeginSecondFactor {
                id,
                password: Password::parse(need(self.password)?)?,
            },
            "confirm_second_factor" => ClientPacket::ConfirmSecondFactor {
                id,
                code: FactorCode::parse(need(self.code)?),
            },
            "end_second_factor" => {
                let code = self.code.map(FactorCode::parse);
                ClientPacket::EndSecondFactor {
                    id,
                    password: Password::parse(need(self.password)?)?,
                    code: need(code)?,
                }
            }
            "resume" => ClientPacket::Resume {
                id,
                token: ResumeToken::parse(need(self.token)?)?,
            },
            "logout" => ClientPacket::Logout { id },
            "change_password" => {
                // Both become passwords first, and are wiped, whichever is refused.
                let new = |text| Password::parse_field(text, Field::NewPassword);
                let (password, new_password) = (
                    self.password.map(Password::parse),
                    self.new_password.map(new),
                );
                ClientPacket::ChangePassword {
                    id,
                    password: need(password)??,
                    new_password: need(new_password)??,
                }
            }
            "sessions" => ClientPacket::Sessions { id },
            "close_session" => ClientPacket::CloseSession {
                id,
                session: maybe(self.session)?,
            },
            "delete_account" => ClientPacket::DeleteAccount {
                id,
                password: Password::parse(need(self.password)?)?,
                code: self.code.and_then(FactorCode::parse_optional),
            },
            "keep_account" => ClientPacket::KeepAccount { id },
            "export" => ClientPacket::Export {
                id,
                after: match self.after {
                    Some(Value::Name(next)) => Some(next),
                    Some(Value::Number(_)) => return Err(Fault::Malformed),
                    None => None,
                },
            },
            "rename" => ClientPacket::Rename {
                id,
                password: Password::parse(need(self.password)?)?,
                username: username(self.username)?,
                code: self.code.and_then(FactorCode::parse_optional),
            },
            "chat" => ClientPacket::Chat {
                id,
                channel: target(self.channel)?,
                line_id: number(self.line_id)?,
                text: text(self.text)?,
            },
            "edit" => ClientPacket::Edit {
                id,
                channel: target(self.channel)?,
                seq: number(self.seq)?,
                text: text(self.text)?,
            },
            "delete" => ClientPacket::Delete {
                id,
                channel: target(self.channel)?,
                seq: number(self.seq)?,
            },
            "history" => {
                let after = match self.after {
                    Some(Value::Number(seq)) => Some(number(Some(seq))?),
                    Some(Value::Name(_)) => return Err(Fault::Malformed),
                    None => None,
                };
                if after.is_some() && self.before.is_some() {
                    return Err(Fault::Malformed);
                }
                let before = maybe(self.before)?;
                ClientPacket::History {
                    id,
                    channel: target(self.channel)?,
                    after,
                    before,
                    limit: need(self.limit)?,
                }
            }
            "read" => ClientPacket::Read {
                id,
                channel: target(self.channel)?,
                seq: number(self.seq)?,
            },
            "create" => ClientPacket::Create {
                id,
                channel_password: key(self.channel_password)?,
                channel: channel(self.channel)?,
                topic: topic(self.topic)?,
                access: named(self.access, Access::from_name)?,
            },
            "create_temporary" => {
                let within = |field: Option<u32>, least, most| match field {
                    Some(number) if !(least..=most).contains(&number) => Err(Fault::Malformed),
                    other => Ok(other),
                };
                ClientPacket::CreateTemporary {
                    id,
                    channel: self.channel.map(|name| channel(Some(name))).transpose()?,
                    topic: topic(self.topic)?,
                    max_members: within(
                        self.max_members,
                        MIN_TEMPORARY_MEMBERS,
                        MAX_TEMPORARY_MEMBERS,
                    )?,
                    lasts_s: within(self.lasts_s, MIN_TEMPORARY_S, MAX_TEMPORARY_S)?,
                }
            }
            "join_by_code" => ClientPacket::JoinByCode {
                id,
                code: ChannelCode::parse(need(self.code)?)?,
            },
            "end_channel" => ClientPacket::EndChannel {
                id,
                channel: channel(self.channel)?,
            },
            "halls" => ClientPacket::Halls { id },
            "change_hall" => ClientPacket::ChangeHall {
                id,
                channel: channel(self.channel)?,
            },
            "join" => ClientPacket::Join {
                id,
                channel_password: key(self.channel_password)?,
                channel: channel(self.channel)?,
            },
            "leave" => ClientPacket::Leave {
                id,
                channel: channel(self.channel)?,
            },
            "channels" => ClientPacket::Channels {
                id,
                after: match self.after {
                    Some(Value::Name(name)) => Some(ChannelName::parse(&name)?),
                    Some(Value::Number(_)) => return Err(Fault::Malformed),
                    None => None,
                },
            },
            "members" => ClientPacket::Members {
                id,
                channel: channel(self.channel)?,
                after: match self.after {
                    Some(Value::Name(name)) => Some(Username::parse(&name)?),
                    Some(Value::Number(_)) => return Err(Fault::Malformed),
                    None => None,
                },
            },
            "set_topic" => ClientPacket::SetTopic {
                id,
                channel: channel(self.channel)?,
                topic: topic(Some(need(self.topic)?))?,
            },
            "set_access" => ClientPacket::SetAccess {
                id,
                channel_password: key(self.channel_password)?,
                channel: channel(self.channel)?,
                access: named(self.access, Access::from_name)?,
            },
            "set_role" => ClientPacket::SetRole {
                id,
                channel: channel(self.channel)?,
                username: username(self.username)?,
                role: named(self.role, Role::from_name)?,
            },
            "set_slow_mode" => ClientPacket::SetSlowMode {
                id,
                channel: channel(self.channel)?,
                seconds: need(self.seconds.filter(|&seconds| seconds <= MAX_SLOW_MODE_S))?,
            },
            "set_filter" => ClientPacket::SetFilter {
                id,
                channel: channel(self.channel)?,
                filter: match self.filter {
                    Some(name) => Some(named(Some(name), Filter::from_name)?),
                    None => None,
                },
            },
            "invite" => ClientPacket::Invite {
                id,
                channel: channel(self.channel)?,
                username: username(self.username)?,
            },
            "remove" => ClientPacket::Remove {
                id,
                channel: channel(self.channel)?,
                username: username(self.username)?,
            },
            "set_presence" => ClientPacket::SetPresence {
                id,
                state: named(self.state, |name| {
                    PresenceState::from_name(name).filter(|state| *state != PresenceState::Offline)
                })?,
                text: PresenceText::parse(&self.text.unwrap_or_default())?,
            },
            "set_profile" => ClientPacket::SetProfile {
                id,
                profile: Profile::parse(need(self.profile)?)?,
                if_version: self.if_version,
            },
            "player_info" => ClientPacket::PlayerInfo {
                id,
                username: username(self.username)?,
            },
            "sanction" => ClientPacket::Sanction {
                id,
                username: username(self.username)?,
                sanction: named(self.sanction, SanctionKind::from_name)?,
                channel: self.channel.map(|name| channel(Some(name))).transpose()?,
                for_s: self.for_s.map(|one| number(Some(one))).transpose()?,
                reason: Reason::parse(&self.reason.unwrap_or_default())?,
            },
            "lift_sanction" => ClientPacket::LiftSanction {
                id,
                username: username(self.username)?,
                sanction: named(self.sanction, |name| {
                    SanctionKind::from_name(name).filter(|kind| *kind != SanctionKind::Kick)
                })?,
                channel: self.channel.map(|name| channel(Some(name))).transpose()?,
            },
            "sanctions" => ClientPacket::Sanctions {
                id,
                username: username(self.username)?,
            },
            "delete_lines" => ClientPacket::DeleteLines {
                id,
                channel: self.channel.map(|name| channel(Some(name))).transpose()?,
                username: username(self.username)?,
                since_s: self.since_s.map(|one| number(Some(one))).transpose()?,
            },
            "block" => ClientPacket::Block {
                id,
                username: username(self.username)?,
            },
            "unblock" => ClientPacket::Unblock {
                id,
                username: username(self.username)?,
            },
            "blocks" => ClientPacket::Blocks { id },
            "report" => ClientPacket::Report {
                id,
                about: match (self.channel, self.seq, self.username) {
                    (Some(channel), Some(seq), None) => Reported::Line {
                        channel: Target::parse(&channel)?,
                        seq: number(Some(seq))?,
                    },
                    (None, None, Some(name)) => Reported::Player {
                        username: Username::parse(&name)?,
                    },
                    _ => return Err(Fault::Malformed),
                },
                category: named(self.category, ReportCategory::from_name)?,
                text: ReportText::parse(&self.text.unwrap_or_default())?,
            },
            "reports" => ClientPacket::Reports {
                id,
                open: self.open,
                before: self.before.map(|one| number(Some(one))).transpose()?,
            },
            "report_lines" => ClientPacket::ReportLines {
                id,
                report: number(self.report)?,
            },
            "close_report" => ClientPacket::CloseReport {
                id,
                report: number(self.report)?,
                outcome: named(self.outcome, ReportOutcome::from_name)?,
                text: ReportText::parse(&self.text.unwrap_or_default())?,
            },
            "request_ticket" => ClientPacket::RequestTicket {
                id,
                audience: Audience::parse(&need(self.audience)?)?,
            },
            _ => return Err(Fault::UnknownPacket),
        })
    }
}
