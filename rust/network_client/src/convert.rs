//! Rust values to Godot values.

use std::time::Duration;

use godot::prelude::*;
use longhall_client::{Answer, Completion, State};
use longhall_packet::{
    ChannelState, Conversation, Filter, Hall, INBOX, LastLogin, Line, LineKind, ListedChannel,
    ListedReport, ListedSession, Member, PastSanction, PlayerInfo, PresenceState, RecoveryCode,
    Sanction,
};

use crate::json;

/// The `State` constant of the node for a session's state.
pub(crate) fn state_constant(state: State) -> i64 {
    match state {
        State::Offline => 0,
        State::Connecting => 1,
        State::Reconnecting => 2,
        State::Connected => 3,
        State::LoggedIn => 4,
    }
}

/// Seconds of an Inspector field. Nonsense (negative, not a number) is zero, and
/// what is too long to count, such as `INF`, a year.
pub(crate) fn seconds(value: f64) -> Duration {
    const YEAR: f64 = 365.0 * 24.0 * 60.0 * 60.0;
    Duration::try_from_secs_f64(value.min(YEAR)).unwrap_or_default()
}

/// A number of the protocol, which all fit.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A line, as scripts get it.
pub(crate) fn line(line: &Line) -> VarDictionary {
    vdict! {
        "seq" => int(line.seq),
        "sender" => line.sender.as_str(),
        "text" => line.text.as_str(),
        "sent_at_ms" => int(line.sent_at_ms),
        "edited_at_ms" => int(line.edited_at_ms.unwrap_or(0)),
        "deleted" => line.kind == LineKind::Deleted,
        "system" => line.kind == LineKind::System,
    }
}

/// The lines of a page that can be shown: those of people the player has blocked
/// cannot, and what edits did is in the lines themselves.
pub(crate) fn lines(page: &[Line]) -> Array<VarDictionary> {
    let shown = |line: &&Line| {
        matches!(
            line.kind,
            LineKind::Said | LineKind::Deleted | LineKind::System
        )
    };
    page.iter().filter(shown).map(line).collect()
}

/// A channel as its member sees it, as scripts get it.
pub(crate) fn channel(state: &ChannelState) -> VarDictionary {
    let temporary = state.temporary.as_ref();
    vdict! {
        "channel" => state.channel.as_str(),
        "topic" => state.topic.as_str(),
        "access" => state.access.name(),
        "role" => state.role.name(),
        "first_seq" => int(state.first_seq),
        "last_seq" => int(state.last_seq),
        "read_seq" => int(state.read_seq),
        "unread" => i64::from(state.unread),
        "members" => i64::from(state.members),
        "online" => i64::from(state.online),
        "slow_mode_s" => i64::from(state.speech.slow_mode_s),
        "filter" => state.speech.filter.map_or("", Filter::name),
        "code" => temporary.map_or("", |one| one.code.expose()),
        "max_members" => temporary.map_or(0, |one| i64::from(one.max_members)),
        "ends_at_ms" => temporary.map_or(0, |one| int(one.ends_at_ms)),
        "hall" => i64::from(state.hall.unwrap_or(0)),
    }
}

/// The whispers with one player, as scripts get them.
pub(crate) fn conversation(conversation: &Conversation) -> VarDictionary {
    vdict! {
        "channel" => format!("{INBOX}{}", conversation.username).as_str(),
        "last_seq" => int(conversation.last_seq),
        "read_seq" => int(conversation.read_seq),
        "unread" => i64::from(conversation.unread),
    }
}

/// What may stand where a word does, as scripts get it.
pub(crate) fn completion(completion: &Completion) -> VarDictionary {
    vdict! {
        "input" => completion.input.as_str(),
        "word" => completion.word.as_str(),
        "description" => completion.description,
    }
}

/// A player in a roster, as scripts get them.
fn member(member: &Member) -> VarDictionary {
    vdict! {
        "username" => member.username.as_str(),
        "role" => member.role.name(),
        "state" => member.state.name(),
        "text" => member.text.as_str(),
        "server_role" => member.server_role.name(),
        "guest" => member.guest,
        "profile" => &json::dictionary(member.profile.object()),
        "profile_version" => i64::from(member.profile_version),
    }
}

fn player_info(player: &PlayerInfo) -> VarDictionary {
    vdict! {
        "username" => player.username.as_str(),
        "online" => player.state != PresenceState::Offline,
        "state" => player.state.name(),
        "text" => player.text.as_str(),
        "server_role" => player.server_role.name(),
        "guest" => player.guest,
        "profile" => &json::dictionary(player.profile.object()),
        "profile_version" => i64::from(player.profile_version),
    }
}

/// A sanction, as scripts get it.
pub(crate) fn sanction(sanction: &Sanction) -> VarDictionary {
    vdict! {
        "sanction" => sanction.sanction.name(),
        "channel" => sanction.channel.as_deref().unwrap_or_default(),
        "until_ms" => int(sanction.until_ms.unwrap_or(0)),
        "reason" => sanction.reason.as_str(),
    }
}

fn past_sanction(past: &PastSanction) -> VarDictionary {
    let mut told = sanction(&past.sanction);
    told.set("since_ms", int(past.since_ms));
    told.set("by", past.by.as_str());
    told.set("holds", past.holds);
    told
}

fn listed_channel(listed: &ListedChannel) -> VarDictionary {
    vdict! {
        "channel" => listed.channel.as_str(),
        "topic" => listed.topic.as_str(),
        "access" => listed.access.name(),
        "members" => i64::from(listed.members),
    }
}

fn listed_hall(listed: &Hall, hall_size: u32, here: &str) -> VarDictionary {
    vdict! {
        "channel" => listed.channel.as_str(),
        "hall" => i64::from(listed.hall),
        "online" => i64::from(listed.online),
        "max_online" => i64::from(hall_size),
        "here" => listed.channel == here,
    }
}

fn listed_session(listed: &ListedSession) -> VarDictionary {
    vdict! {
        "session" => int(listed.session),
        "device" => listed.device.as_str(),
        "created_at_ms" => int(listed.created_at_ms),
        "last_seen_at_ms" => int(listed.last_seen_at_ms),
        "online" => listed.online,
        "current" => listed.current,
    }
}

/// Recovery codes, as scripts get them.
pub(crate) fn codes(codes: &[RecoveryCode]) -> PackedStringArray {
    codes
        .iter()
        .map(|code| GString::from(code.expose()))
        .collect()
}

/// When and from where somebody logged in, as scripts get it.
pub(crate) fn last_login(login: &LastLogin) -> VarDictionary {
    vdict! {
        "at_ms" => int(login.at_ms),
        "device" => login.device.as_str(),
        "network" => login.network.as_str(),
    }
}

fn listed_report(listed: &ListedReport) -> VarDictionary {
    let closed = listed.closed.as_ref();
    vdict! {
        "report" => int(listed.report),
        "by" => listed.by.as_str(),
        "username" => listed.username.as_str(),
        "channel" => listed.channel.as_deref().unwrap_or_default(),
        "seq" => int(listed.seq.unwrap_or(0)),
        "category" => listed.category.name(),
        "text" => listed.text.as_str(),
        "created_at_ms" => int(listed.created_at_ms),
        "outcome" => closed.map_or("", |closed| closed.outcome.name()),
        "closed_by" => closed.map_or("", |closed| closed.by.as_str()),
        "closed_text" => closed.map_or("", |closed| closed.text.as_str()),
        "closed_at_ms" => int(closed.map_or(0, |closed| closed.at_ms)),
    }
}

/// What a request brought, as scripts get it.
pub(crate) fn answer(answer: &Answer) -> Variant {
    fn list<T>(items: &[T], convert: impl Fn(&T) -> VarDictionary) -> Variant {
        items
            .iter()
            .map(convert)
            .collect::<Array<VarDictionary>>()
            .to_variant()
    }
    match answer {
        Answer::Done => Variant::nil(),
        Answer::Posted { seq, .. } => int(*seq).to_variant(),
        Answer::History { lines: page, .. } => lines(page).to_variant(),
        Answer::Channels(channels) => list(channels, listed_channel),
        Answer::Halls {
            halls,
            hall_size,
            here,
        } => list(halls, |hall| listed_hall(hall, *hall_size, here)),
        Answer::Members(members) => list(members, member),
        Answer::Sessions(sessions) => list(sessions, listed_session),
        Answer::Export(export) => GString::from(&export.to_json()).to_variant(),
        Answer::Blocks(names) => {
            let names: PackedStringArray = names.iter().map(GString::from).collect();
            names.to_variant()
        }
        Answer::ProfileSet { version } => i64::from(*version).to_variant(),
        Answer::PlayerInfo(player) => player_info(player).to_variant(),
        Answer::RecoveryCodes(new) => codes(new).to_variant(),
        Answer::SecondFactor { secret, uri } => vdict! {
            "secret" => secret.expose(),
            "uri" => uri.expose(),
        }
        .to_variant(),
        Answer::Ticket { ticket, .. } => GString::from(ticket.expose()).to_variant(),
        Answer::Reported(report) => int(*report).to_variant(),
        Answer::Reports { reports, .. } => list(reports, listed_report),
        Answer::ReportLines(kept) => lines(kept).to_variant(),
        Answer::Sanctioned(set) => sanction(set).to_variant(),
        Answer::Sanctions(past) => list(past, past_sanction),
        Answer::LinesDeleted { count, more } => {
            vdict! { "count" => i64::from(*count), "more" => *more }.to_variant()
        }
        Answer::Joined(state) => channel(state).to_variant(),
    }
}
