//! What a terminal may be shown, and showing it.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::{self, ExitCode};

/// Strangers' text with everything taken out that could move the cursor, change
/// colours or turn the direction of what follows.
pub(crate) fn clean(text: &str) -> String {
    let is_harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}')
    };
    text.chars()
        .map(|c| if is_harmless(c) { c } else { '\u{fffd}' })
        .collect()
}

/// A topic, or what somebody says of themselves, behind something else.
pub(crate) fn topic_of(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {}", clean(text))
    }
}

/// `1 member`, `2 members`.
pub(crate) fn counted(count: impl Into<u64>, what: &str) -> String {
    match count.into() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// `12:03` on the wall where the terminal stands.
pub(crate) fn clock(sent_at_ms: u64, utc_offset: i64) -> String {
    let seconds = i64::try_from(sent_at_ms / 1000).unwrap_or(0);
    let of_day = seconds.saturating_add(utc_offset).rem_euclid(24 * 60 * 60);
    format!("{:02}:{:02}", of_day / 3600, of_day / 60 % 60)
}

/// What `date` says, or none: the standard library knows no time zones, and one
/// clock in an example is not worth a dependency.
pub(crate) fn utc_offset_seconds() -> i64 {
    let output = process::Command::new("date").arg("+%z").output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    text.ok().and_then(|zone| parse_zone(&zone)).unwrap_or(0)
}

/// `+0530` in seconds.
fn parse_zone(zone: &str) -> Option<i64> {
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours: i64 = zone.get(1..3)?.parse().ok()?;
    let minutes: i64 = zone.get(3..5)?.parse().ok()?;
    Some(sign * (hours * 60 + minutes) * 60)
}

/// Prints a chat line. A reader that went away (`| head`) ends the program.
pub(crate) fn show(line: impl Display) {
    if writeln!(io::stdout(), "{line}").is_err() {
        exit_now(ExitCode::SUCCESS);
    }
}

/// Prints several lines.
pub(crate) fn tell_all(lines: &str) {
    for line in lines.lines() {
        tell(line);
    }
}

/// Prints news about the connection and about what was asked for.
pub(crate) fn tell(line: impl Display) {
    // Nowhere to complain about a broken standard error.
    writeln!(io::stderr(), "* {line}").ok();
}

pub(crate) fn exit_now(code: ExitCode) -> ! {
    process::exit(i32::from(code != ExitCode::SUCCESS))
}
