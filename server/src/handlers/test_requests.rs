//! Requests for the tests beside the handlers, written as a test thinks of them. All
//! are numbered [`ID`].

use longhall_packet::{
    Access, Audience, ChannelCode, ChannelName, ChannelPassword, ChatText, ClientPacket,
    FactorCode, Filter, LineId, Password, PresenceState, PresenceText, Profile, Reason,
    RecoveryCode, ReportCategory, ReportNumber, ReportOutcome, ReportText, Reported, RequestId,
    Role, SanctionKind, Seq, Target, Topic, Username,
};

use crate::store::Cursor;

/// The number of each request.
pub(crate) const ID: RequestId = 5;

pub(crate) fn hello(protocol: u32) -> ClientPacket {
    ClientPacket::Hello {
        id: ID,
        protocol,
        client: "test".to_owned(),
    }
}

pub(crate) fn register(name: &str) -> ClientPacket {
    ClientPacket::Register {
        id: ID,
        username: Username::parse(name).unwrap(),
        password: Password::parse("correct horse").unwrap(),
        recovery: false,
        invite: None,
        proof: None,
    }
}

pub(crate) const fn challenge() -> ClientPacket {
    ClientPacket::Challenge { id: ID }
}

pub(crate) fn guest(name: &str) -> ClientPacket {
    ClientPacket::Guest {
        id: 2,
        username: Username::parse(name).unwrap(),
        device: String::new(),
        proof: None,
    }
}

pub(crate) fn upgrade(name: Option<&str>) -> ClientPacket {
    ClientPacket::Upgrade {
        id: ID,
        username: name.map(|name| Username::parse(name).unwrap()),
        password: Password::parse("correct horse").unwrap(),
        invite: None,
        proof: None,
    }
}

pub(crate) const fn ping() -> ClientPacket {
    ClientPacket::Ping { id: ID }
}

pub(crate) const fn logout() -> ClientPacket {
    ClientPacket::Logout { id: ID }
}

pub(crate) fn change_password(password: &str, new_password: &str) -> ClientPacket {
    ClientPacket::ChangePassword {
        id: ID,
        password: Password::parse(password).unwrap(),
        new_password: Password::parse(new_password).unwrap(),
    }
}

pub(crate) fn login(username: &str, password: &str) -> ClientPacket {
    ClientPacket::Login {
        id: ID,
        username: user(username),
        password: Password::parse(password).unwrap(),
        device: String::new(),
        code: None,
    }
}

pub(crate) fn recover(username: &str, code: &str, new_password: &str) -> ClientPacket {
    ClientPacket::Recover {
        id: ID,
        username: user(username),
        code: RecoveryCode::parse(code).unwrap(),
        new_password: Password::parse(new_password).unwrap(),
    }
}

pub(crate) fn renew_recovery_codes(password: &str, code: Option<&str>) -> ClientPacket {
    ClientPacket::RenewRecoveryCodes {
        id: ID,
        password: Password::parse(password).unwrap(),
        code: code.map(FactorCode::parse),
    }
}

pub(crate) fn request_ticket(audience: &str) -> ClientPacket {
    ClientPacket::RequestTicket {
        id: ID,
        audience: Audience::parse(audience).unwrap(),
    }
}

pub(crate) fn begin_second_factor(password: &str) -> ClientPacket {
    ClientPacket::BeginSecondFactor {
        id: ID,
        password: Password::parse(password).unwrap(),
    }
}

pub(crate) fn confirm_second_factor(code: &str) -> ClientPacket {
    ClientPacket::ConfirmSecondFactor {
        id: ID,
        code: FactorCode::parse(code),
    }
}

pub(crate) fn end_second_factor(password: &str, code: &str) -> ClientPacket {
    ClientPacket::EndSecondFactor {
        id: ID,
        password: Password::parse(password).unwrap(),
        code: FactorCode::parse(code),
    }
}

pub(crate) fn delete_account(password: &str) -> ClientPacket {
    delete_account_with(password, "")
}

/// With a code of the second factor; without one if it is empty.
pub(crate) fn delete_account_with(password: &str, code: &str) -> ClientPacket {
    ClientPacket::DeleteAccount {
        id: ID,
        password: Password::parse(password).unwrap(),
        code: FactorCode::parse_optional(code),
    }
}

pub(crate) const fn keep_account() -> ClientPacket {
    ClientPacket::KeepAccount { id: ID }
}

pub(crate) fn export(after: Option<&str>) -> ClientPacket {
    ClientPacket::Export {
        id: ID,
        after: after.map(str::to_owned),
    }
}

pub(crate) fn rename(password: &str, username: &str) -> ClientPacket {
    rename_with(password, username, "")
}

/// With a code of the second factor; without one if it is empty.
pub(crate) fn rename_with(password: &str, username: &str, code: &str) -> ClientPacket {
    ClientPacket::Rename {
        id: ID,
        password: Password::parse(password).unwrap(),
        username: user(username),
        code: FactorCode::parse_optional(code),
    }
}

pub(crate) const fn sessions() -> ClientPacket {
    ClientPacket::Sessions { id: ID }
}

pub(crate) const fn close_session(session: Option<u64>) -> ClientPacket {
    ClientPacket::CloseSession { id: ID, session }
}

pub(crate) fn chat(channel: &str, line_id: LineId, said: &str) -> ClientPacket {
    ClientPacket::Chat {
        id: ID,
        channel: target(channel),
        line_id,
        text: text(said),
    }
}

pub(crate) fn edit(channel: &str, seq: Seq, said: &str) -> ClientPacket {
    ClientPacket::Edit {
        id: ID,
        channel: target(channel),
        seq,
        text: text(said),
    }
}

pub(crate) fn delete(channel: &str, seq: Seq) -> ClientPacket {
    ClientPacket::Delete {
        id: ID,
        channel: target(channel),
        seq,
    }
}

pub(crate) fn history(channel: &str, cursor: Cursor, limit: u32) -> ClientPacket {
    let (after, before) = match cursor {
        Cursor::After(seq) => (Some(seq), None),
        Cursor::Before(seq) => (None, Some(seq)),
        Cursor::Newest => (None, None),
    };
    ClientPacket::History {
        id: ID,
        channel: target(channel),
        after,
        before,
        limit,
    }
}

pub(crate) fn read(channel: &str, seq: Seq) -> ClientPacket {
    ClientPacket::Read {
        id: ID,
        channel: target(channel),
        seq,
    }
}

pub(crate) fn create(name: &str, access: Access, password: Option<&str>) -> ClientPacket {
    ClientPacket::Create {
        id: ID,
        channel: channel(name),
        topic: Topic::default(),
        access,
        channel_password: key(password),
    }
}

pub(crate) fn join(name: &str, password: Option<&str>) -> ClientPacket {
    ClientPacket::Join {
        id: ID,
        channel: channel(name),
        channel_password: key(password),
    }
}

pub(crate) fn leave(name: &str) -> ClientPacket {
    ClientPacket::Leave {
        id: ID,
        channel: channel(name),
    }
}

pub(crate) fn channels(after: Option<&str>) -> ClientPacket {
    ClientPacket::Channels {
        id: ID,
        after: after.map(channel),
    }
}

pub(crate) fn members(name: &str, after: Option<&str>) -> ClientPacket {
    ClientPacket::Members {
        id: ID,
        channel: channel(name),
        after: after.map(user),
    }
}

pub(crate) fn create_temporary(
    name: Option<&str>,
    max_members: Option<u32>,
    lasts_s: Option<u32>,
) -> ClientPacket {
    ClientPacket::CreateTemporary {
        id: ID,
        channel: name.map(channel),
        topic: Topic::default(),
        max_members,
        lasts_s,
    }
}

pub(crate) fn join_by_code(code: &str) -> ClientPacket {
    ClientPacket::JoinByCode {
        id: ID,
        code: ChannelCode::parse(code).unwrap(),
    }
}

pub(crate) fn end_channel(name: &str) -> ClientPacket {
    ClientPacket::EndChannel {
        id: ID,
        channel: channel(name),
    }
}

pub(crate) fn set_profile(json: &str) -> ClientPacket {
    ClientPacket::SetProfile {
        id: ID,
        profile: Profile::from_json(json).unwrap(),
        if_version: None,
    }
}

pub(crate) fn set_profile_at(json: &str, version: u32) -> ClientPacket {
    ClientPacket::SetProfile {
        id: ID,
        profile: Profile::from_json(json).unwrap(),
        if_version: Some(version),
    }
}

pub(crate) fn player_info(name: &str) -> ClientPacket {
    ClientPacket::PlayerInfo {
        id: ID,
        username: user(name),
    }
}

pub(crate) fn set_topic(name: &str, topic: &str) -> ClientPacket {
    ClientPacket::SetTopic {
        id: ID,
        channel: channel(name),
        topic: Topic::parse(topic).unwrap(),
    }
}

pub(crate) fn set_access(name: &str, access: Access, password: Option<&str>) -> ClientPacket {
    ClientPacket::SetAccess {
        id: ID,
        channel: channel(name),
        access,
        channel_password: key(password),
    }
}

pub(crate) fn set_slow_mode(name: &str, seconds: u32) -> ClientPacket {
    ClientPacket::SetSlowMode {
        id: ID,
        channel: channel(name),
        seconds,
    }
}

pub(crate) fn set_filter(name: &str, filter: Option<Filter>) -> ClientPacket {
    ClientPacket::SetFilter {
        id: ID,
        channel: channel(name),
        filter,
    }
}

pub(crate) fn set_role(name: &str, username: &str, role: Role) -> ClientPacket {
    ClientPacket::SetRole {
        id: ID,
        channel: channel(name),
        username: user(username),
        role,
    }
}

pub(crate) fn invite(name: &str, username: &str) -> ClientPacket {
    ClientPacket::Invite {
        id: ID,
        channel: channel(name),
        username: user(username),
    }
}

pub(crate) fn remove(name: &str, username: &str) -> ClientPacket {
    ClientPacket::Remove {
        id: ID,
        channel: channel(name),
        username: user(username),
    }
}

pub(crate) fn set_presence(state: PresenceState, said: &str) -> ClientPacket {
    ClientPacket::SetPresence {
        id: ID,
        state,
        text: PresenceText::parse(said).unwrap(),
    }
}

pub(crate) fn block(username: &str) -> ClientPacket {
    ClientPacket::Block {
        id: ID,
        username: user(username),
    }
}

pub(crate) fn unblock(username: &str) -> ClientPacket {
    ClientPacket::Unblock {
        id: ID,
        username: user(username),
    }
}

pub(crate) const fn blocks() -> ClientPacket {
    ClientPacket::Blocks { id: ID }
}

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn user(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn target(name: &str) -> Target {
    Target::parse(name).unwrap()
}

fn text(said: &str) -> ChatText {
    ChatText::parse(said).unwrap()
}

fn key(password: Option<&str>) -> Option<ChannelPassword> {
    password.map(|password| ChannelPassword::parse(password).unwrap())
}

pub(crate) fn report_line(channel: &str, seq: Seq) -> ClientPacket {
    report(Reported::Line {
        channel: target(channel),
        seq,
    })
}

pub(crate) fn report_player(name: &str) -> ClientPacket {
    report(Reported::Player {
        username: Username::parse(name).unwrap(),
    })
}

fn report(about: Reported) -> ClientPacket {
    ClientPacket::Report {
        id: ID,
        about,
        category: ReportCategory::Harassment,
        text: ReportText::parse("look at this").unwrap(),
    }
}

pub(crate) const fn reports(open: Option<bool>) -> ClientPacket {
    ClientPacket::Reports {
        id: ID,
        open,
        before: None,
    }
}

pub(crate) const fn report_lines(report: ReportNumber) -> ClientPacket {
    ClientPacket::ReportLines { id: ID, report }
}

pub(crate) fn close_report(
    report: ReportNumber,
    outcome: ReportOutcome,
    text: &str,
) -> ClientPacket {
    ClientPacket::CloseReport {
        id: ID,
        report,
        outcome,
        text: ReportText::parse(text).unwrap(),
    }
}

pub(crate) fn mute(
    username: &str,
    channel: Option<&str>,
    for_s: Option<u64>,
    why: &str,
) -> ClientPacket {
    sanction(username, SanctionKind::Mute, channel, for_s, why)
}

pub(crate) fn ban(
    username: &str,
    channel: Option<&str>,
    for_s: Option<u64>,
    why: &str,
) -> ClientPacket {
    sanction(username, SanctionKind::Ban, channel, for_s, why)
}

pub(crate) fn kick(username: &str, channel: Option<&str>, why: &str) -> ClientPacket {
    sanction(username, SanctionKind::Kick, channel, None, why)
}

fn sanction(
    username: &str,
    sanction: SanctionKind,
    channel: Option<&str>,
    for_s: Option<u64>,
    why: &str,
) -> ClientPacket {
    ClientPacket::Sanction {
        id: ID,
        username: user(username),
        sanction,
        channel: channel.map(self::channel),
        for_s,
        reason: Reason::parse(why).unwrap(),
    }
}

pub(crate) fn lift(username: &str, sanction: SanctionKind, channel: Option<&str>) -> ClientPacket {
    ClientPacket::LiftSanction {
        id: ID,
        username: user(username),
        sanction,
        channel: channel.map(self::channel),
    }
}

pub(crate) fn sanctions(username: &str) -> ClientPacket {
    ClientPacket::Sanctions {
        id: ID,
        username: user(username),
    }
}

pub(crate) fn delete_lines(
    channel: Option<&str>,
    username: &str,
    since_s: Option<u64>,
) -> ClientPacket {
    ClientPacket::DeleteLines {
        id: ID,
        channel: channel.map(self::channel),
        username: user(username),
        since_s,
    }
}

pub(crate) fn halls() -> ClientPacket {
    ClientPacket::Halls { id: ID }
}

pub(crate) fn change_hall(name: &str) -> ClientPacket {
    ClientPacket::ChangeHall {
        id: ID,
        channel: channel(name),
    }
}
