//! What came of a command, as a person or a program reads it.

use std::time::{Duration, UNIX_EPOCH};

use longhall_server::admin::Answer;
use longhall_server::admin::report::{
    AuditEntry, ChannelDetails, ChannelRow, GameKeyRow, InviteRow, LineRow, OperatorRow, Report,
    SanctionRow, Session, Status, UserDetails, UserRow,
};

use super::reports::{of_report, of_reports};

/// The text for standard output.
pub(super) fn text(answer: &Answer, is_json: bool) -> String {
    // An export is for programs.
    if is_json || matches!(answer.report, Report::Export(_)) {
        let json = serde_json::to_string_pretty(&answer.report).unwrap_or_default();
        return json + "\n";
    }
    match &answer.report {
        Report::Status(status) => of_status(status),
        Report::Users { users, after } => list(USERS, users.iter().map(user), after.as_deref()),
        Report::User(details) => of_user(details),
        Report::Approved { username } => format!("{} may log in now\n", line(username)),
        Report::Declined { username } => {
            format!("{} is declined; the name is free\n", line(username))
        }
        Report::NewInvite {
            invite,
            code,
            uses,
            until_ms,
        } => format!(
            "invite {invite} for {uses} accounts, good {}; its code, shown this once: {}\n",
            until_ms.map_or_else(
                || "until it is taken back".to_owned(),
                |until_ms| format!("until {}", time(until_ms))
            ),
            code.0
        ),
        Report::Invites { invites } => list(INVITES, invites.iter().map(invite), None),
        Report::InviteRemoved { invite } => format!("invite {invite} lets nobody in any more\n"),
        Report::TicketKeys { keys } => format!("{keys}\n"),
        Report::TicketKeysRotated {
            signs_from_ms,
            all_void: false,
        } => format!(
            "another key signs tickets from {} on\n",
            time(*signs_from_ms)
        ),
        Report::TicketKeysRotated { all_void: true, .. } => {
            "another key signs tickets now; games' servers refuse those of before once they have \
             read the keys anew\n"
                .to_owned()
        }
        Report::Renamed { was, username } => format!("{} is {} now\n", line(was), line(username)),
        Report::AccountKept { username } => format!("{} stays\n", line(username)),
        Report::NewPassword {
            username,
            password,
            sessions_ended,
        } => format!(
            "the new password of {}, shown this once: {}\n{sessions_ended} logins ended\n",
            line(username),
            password.0
        ),
        Report::ServerRole { username, role } => format!("{} is {role} now\n", line(username)),
        Report::Staff { staff } if staff.is_empty() => "nobody is more than a player\n".to_owned(),
        Report::Staff { staff } => {
            let rows = staff
                .iter()
                .map(|one| format!("{} {}\n", line(&one.username), one.role));
            rows.collect()
        }
        Report::NewCode {
            username,
            code,
            until_ms,
        } => format!(
            "the code of {}, shown this once, good until {}: {}\n",
            line(username),
            time(*until_ms),
            code.0
        ),
        Report::Erased {
            was,
            shown_as,
            lines,
            channels,
        } => format!(
            "{} is erased and shown as {shown_as}: {lines} lines emptied, {channels} channels left\n",
            line(was)
        ),
        Report::Export(_) => String::new(),
        Report::Sessions { sessions, .. } => list(SESSIONS, sessions.iter().map(session), None),
        Report::SessionsClosed { username, count } => {
            format!("{count} logins of {} ended\n", line(username))
        }
        Report::Channels { channels, after } => {
            list(CHANNELS, channels.iter().map(channel), after.as_deref())
        }
        Report::Channel(details) => of_channel(details),
        Report::ChannelDeleted { channel, members } => {
            format!("{channel} is deleted; it had {members} members\n")
        }
        Report::Filtered { channel, mode } => {
            let what = match mode.as_str() {
                "refuse" => "are refused",
                "mask" => "are masked",
                "flag" => "are said and come before the moderators",
                "off" => "are said as they are",
                _ => "are dealt with as everywhere",
            };
            format!("lines with blocked words {what} in {channel}\n")
        }
        Report::Slowed {
            channel,
            seconds: 0,
        } => format!("{channel} is in slow mode no more\n"),
        Report::Slowed { channel, seconds } => {
            format!("members of {channel} say one line in {seconds} seconds\n")
        }
        Report::Given { channel, owner } => format!("{channel} belongs to {} now\n", line(owner)),
        Report::Reports { reports, before } => of_reports(reports, *before),
        Report::PlayerReport { reported, lines } => of_report(reported, lines),
        Report::ReportClosed {
            number,
            username,
            outcome,
        } => format!(
            "report {number} of {} is closed: {outcome}\n",
            line(username)
        ),
        Report::Lines { lines, before, .. } => of_lines(lines, *before),
        Report::LinesDeleted {
            channel,
            count,
            more,
        } => {
            let place = channel.as_deref().unwrap_or("all channels");
            let rest = if *more { "; there are more" } else { "" };
            format!("{count} lines deleted in {place}{rest}\n")
        }
        Report::PastSanctions {
            username,
            sanctions,
        } if sanctions.is_empty() => format!("nothing was ever set on {}\n", line(username)),
        Report::PastSanctions { sanctions, .. } => {
            let rows = sanctions.iter().map(|past| {
                let since = time(past.sanction.since_ms);
                let end = if past.holds { "" } else { " (over)" };
                format!("{since} {}{end}\n", of_sanction(&past.sanction))
            });
            rows.collect()
        }
        Report::Sanctioned(row) => of_sanction(row) + "\n",
        Report::Lifted { kind, whom } => format!("the {kind} of {} is lifted\n", line(whom)),
        Report::LockedDown { until_ms } => format!(
            "nobody registers and everybody speaks slowly until {}\n",
            time(*until_ms)
        ),
        Report::LockdownEnded => "the lockdown is over\n".to_owned(),
        Report::Kicked {
            channel: Some(channel),
            username,
            ..
        } => format!("{} is out of {channel}\n", line(username)),
        Report::Kicked {
            username,
            sessions_ended,
            ..
        } => format!(
            "{} is logged out: {sessions_ended} logins ended\n",
            line(username)
        ),
        Report::Announced { channel, seq } => format!("said in {channel}, line {seq}\n"),
        Report::Draining { until_ms, players } => format!(
            "no new connections from now on; the server stops at {} ({players} players are on it)\n",
            time(*until_ms)
        ),
        Report::DrainCancelled => "the server goes on\n".to_owned(),
        Report::Sanctions { sanctions } => {
            list(SANCTIONS, sanctions.iter().map(sanction_row), None)
        }
        Report::Audit { entries } => list(AUDIT, entries.iter().map(audit), None),
        Report::Operators { operators } => list(OPERATORS, operators.iter().map(operator), None),
        Report::NewOperator {
            name,
            role,
            password,
        } => format!(
            "{} may sign in to the console as {role}; the password, shown this once: {}\n",
            line(name),
            password.0
        ),
        Report::OperatorRole { name, role } => format!("{} is {role} now\n", line(name)),
        Report::OperatorRemoved { name } => format!("{} may sign in no more\n", line(name)),
        Report::NewGameKey {
            name,
            scopes,
            key,
            until_ms,
        } => format!(
            "the key {name} for {}, good {}; shown this once: {}\n",
            scopes.join(", "),
            until_ms.map_or_else(
                || "until it is removed".to_owned(),
                |until_ms| format!("until {}", time(until_ms))
            ),
            key.0
        ),
        Report::GameKeys { keys } => list(GAME_KEYS, keys.iter().map(game_key), None),
        Report::GameKeyRemoved { name } => format!("the key {name} is good for nothing any more\n"),
    }
}

const USERS: &[&str] = &[
    "NAME",
    "ID",
    "REGISTERED",
    "LOGINS",
    "SEEN",
    "ONLINE",
    "DELETED",
    "KIND",
];
const INVITES: &[&str] = &["ID", "USES LEFT", "OF", "UNTIL", "SINCE", "BY", "NOTE"];
const SESSIONS: &[&str] = &["ID", "DEVICE", "SINCE", "SEEN", "ONLINE"];
const CHANNELS: &[&str] = &["CHANNEL", "ACCESS", "MEMBERS", "LINES", "TOPIC"];
const AUDIT: &[&str] = &["WHEN", "WHO", "VIA", "WHAT", "ON", "OUTCOME", "WHY"];
const LINES: &[&str] = &["LINE", "WHEN", "WHO", "WHAT"];
const SANCTIONS: &[&str] = &["WHOM", "WHAT", "SINCE", "UNTIL", "BY", "WHY"];
const GAME_KEYS: &[&str] = &["NAME", "SCOPES", "UNTIL", "SINCE", "USED"];
const OPERATORS: &[&str] = &["NAME", "ROLE", "SECOND FACTOR", "ADDED", "SEEN"];

fn user(row: &UserRow) -> Vec<String> {
    vec![
        line(&row.username),
        row.id.to_string(),
        time(row.created_at_ms),
        row.sessions.to_string(),
        time(row.last_seen_at_ms),
        yes_or_no(row.online),
        row.deleted_at_ms.map(time).unwrap_or_default(),
        row.kind.clone(),
    ]
}

fn invite(row: &InviteRow) -> Vec<String> {
    vec![
        row.invite.to_string(),
        row.uses_left.to_string(),
        row.uses.to_string(),
        row.until_ms.map_or_else(|| "for good".to_owned(), time),
        time(row.since_ms),
        line(&row.by),
        line(&row.note),
    ]
}

fn game_key(row: &GameKeyRow) -> Vec<String> {
    vec![
        row.name.clone(),
        row.scopes.join(" "),
        match row.until_ms {
            None => "for good".to_owned(),
            Some(until_ms) if row.good => time(until_ms),
            Some(until_ms) => format!("{} (over)", time(until_ms)),
        },
        time(row.created_at_ms),
        match row.last_used_at_ms {
            0 => "never".to_owned(),
            used_at_ms => time(used_at_ms),
        },
    ]
}

fn session(row: &Session) -> Vec<String> {
    vec![
        row.session.to_string(),
        line(&row.device),
        time(row.created_at_ms),
        time(row.last_seen_at_ms),
        yes_or_no(row.online),
    ]
}

fn channel(row: &ChannelRow) -> Vec<String> {
    let members = match row.lobby {
        true => "everybody".to_owned(),
        false => row.members.to_string(),
    };
    vec![
        row.channel.clone(),
        row.access.clone(),
        members,
        lines_kept(row),
        line(&row.topic),
    ]
}

fn lines_kept(row: &ChannelRow) -> String {
    match row.first_seq > row.last_seq {
        true => "none".to_owned(),
        false => format!("{}-{}", row.first_seq, row.last_seq),
    }
}

fn audit(entry: &AuditEntry) -> Vec<String> {
    vec![
        time(entry.at_ms),
        line(&entry.actor),
        line(&entry.via),
        line(&entry.verb),
        line(&entry.subject),
        line(&entry.outcome),
        line(&entry.reason),
    ]
}

pub(super) fn of_lines(lines: &[LineRow], before: Option<u64>) -> String {
    let rows = lines.iter().map(|row| {
        let text = match (row.deleted, row.edited_at_ms) {
            (true, _) => "(deleted)".to_owned(),
            (false, Some(_)) => format!("{} (edited)", line(&row.text)),
            (false, None) => line(&row.text),
        };
        let sent_at_ms = i64::try_from(row.sent_at_ms).unwrap_or(0);
        vec![
            row.seq.to_string(),
            time(sent_at_ms),
            line(&row.sender),
            text,
        ]
    });
    let mut text = list(LINES, rows, None);
    if let Some(before) = before {
        text += &format!("there are older ones: --before {before}\n");
    }
    text
}

fn sanction_row(row: &SanctionRow) -> Vec<String> {
    vec![
        line(&row.whom),
        row.kind.clone(),
        time(row.since_ms),
        row.until_ms.map_or_else(|| "for good".to_owned(), time),
        line(&row.by),
        line(&row.reason),
    ]
}

fn operator(row: &OperatorRow) -> Vec<String> {
    vec![
        line(&row.name),
        row.role.clone(),
        yes_or_no(Some(row.totp)),
        time(row.created_at_ms),
        time(row.last_seen_at_ms),
    ]
}

fn of_status(status: &Status) -> String {
    let mut facts = vec![("program", status.server.clone())];
    match &status.running {
        None => facts.push(("server", "stopped".to_owned())),
        Some(running) => {
            facts.push(("running since", time(running.since_ms)));
            facts.push(("connections", running.connections.to_string()));
            facts.push(("players here", running.players_here.to_string()));
            facts.push(("players", running.players.to_string()));
            if let Some(is_up) = running.bus {
                let bus = if is_up { "there" } else { "away" };
                facts.push(("bus", bus.to_owned()));
            }
            if let Some(until_ms) = running.stops_at_ms {
                facts.push(("draining, stops at", time(until_ms)));
            }
        }
    }
    facts.push(("accounts", status.accounts.to_string()));
    facts.push(("logins", status.sessions.to_string()));
    facts.push(("channels", status.channels.to_string()));
    facts.push(("bans and mutes", status.sanctions.to_string()));
    if let Some(until_ms) = status.lockdown_until_ms {
        facts.push(("locked down until", time(until_ms)));
    }
    facts.push(("store", status.epoch.clone()));
    columns(&facts)
}

fn of_user(details: &UserDetails) -> String {
    let row = &details.row;
    let mut facts = vec![
        ("name", line(&row.username)),
        ("id", row.id.to_string()),
        ("registered", time(row.created_at_ms)),
        ("logins", row.sessions.to_string()),
        ("seen", time(row.last_seen_at_ms)),
        ("online", yes_or_no(row.online)),
        ("kind", row.kind.clone()),
    ];
    let factor = if details.second_factor { "yes" } else { "no" };
    facts.push(("second factor", factor.to_owned()));
    facts.push(("recovery codes", details.recovery_codes_left.to_string()));
    if let Some(login) = &details.last_login {
        let at = time(i64::try_from(login.at_ms).unwrap_or(i64::MAX));
        let (device, network) = (line(&login.device), &login.network);
        facts.push(("last login", format!("{at} from {network} {device}")));
    }
    if let Some(deleted_at_ms) = row.deleted_at_ms {
        facts.push(("deleted", time(deleted_at_ms)));
    }
    for place in &details.channels {
        facts.push(("channel", format!("{} ({})", place.channel, place.role)));
    }
    for invitation in &details.invitations {
        let by = line(&invitation.by);
        facts.push(("invited", format!("{} by {by}", invitation.channel)));
    }
    for name in &details.blocks {
        facts.push(("blocks", line(name)));
    }
    for sanction in &details.sanctions {
        facts.push(("sanction", of_sanction(sanction)));
    }
    columns(&facts)
}

fn of_channel(details: &ChannelDetails) -> String {
    let row = &details.row;
    let mut facts = vec![
        ("channel", row.channel.clone()),
        ("access", row.access.clone()),
        ("topic", line(&row.topic)),
        ("lines", lines_kept(row)),
        ("members", channel(row)[2].clone()),
    ];
    if row.slow_mode_s > 0 {
        facts.push(("slow mode", format!("{} seconds", row.slow_mode_s)));
    }
    if !row.filter.is_empty() {
        facts.push(("word filter", line(&row.filter)));
    }
    if let Some(owner) = &details.owner {
        facts.push(("owner", line(owner)));
    }
    for name in &details.operators {
        facts.push(("operator", line(name)));
    }
    for name in &details.members_named {
        facts.push(("member", line(name)));
    }
    columns(&facts)
}

fn of_sanction(row: &SanctionRow) -> String {
    let done = match row.kind.as_str() {
        "ban" => "banned",
        "kick" => "kicked",
        _ => "muted",
    };
    let until = match row.until_ms {
        Some(until_ms) => format!(" until {}", time(until_ms)),
        None if row.kind == "kick" => String::new(),
        None => " for good".to_owned(),
    };
    let place = match &row.channel {
        Some(channel) => format!(" in {channel}"),
        None => String::new(),
    };
    let reason = match row.reason.as_str() {
        "" => String::new(),
        reason => format!(": {}", line(reason)),
    };
    format!(
        "{} is {done}{place}{until} by {}{reason}",
        line(&row.whom),
        line(&row.by)
    )
}

fn yes_or_no(is: Option<bool>) -> String {
    let word = match is {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    word.to_owned()
}

/// In UTC, to the second.
pub(super) fn time(ms: i64) -> String {
    let Ok(ms) = u64::try_from(ms) else {
        return "-".to_owned();
    };
    // Beyond the year 9999 there is no text for it.
    if ms == 0 || ms > 253_402_300_799_000 {
        return "-".to_owned();
    }
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(ms)).to_string()
}

/// What somebody typed, without what would move the cursor of a terminal.
pub(super) fn line(text: &str) -> String {
    let shown = text.chars().map(|sign| match sign.is_control() {
        true => '\u{fffd}',
        false => sign,
    });
    shown.collect()
}

pub(super) fn columns(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = facts
        .iter()
        .map(|(name, value)| format!("{name:width$}  {value}\n"));
    lines.collect()
}

pub(super) fn list(
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    after: Option<&str>,
) -> String {
    let head = head.iter().map(|&name| name.to_owned()).collect();
    let table: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &table {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    if let Some(after) = after {
        text += &format!("there are more: --after '{}'\n", line(after));
    }
    text
}
