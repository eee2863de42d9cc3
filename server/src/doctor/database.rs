//! The SQLite file: whether it is whole, who may read it, what it says of the clock.

use std::fs;
use std::path::Path;

use super::machine::mode_for_others;
use super::{Finding, now_ms};
use crate::store::SqliteHealth;

/// A server folds the log in long before it is as large as this.
const LONG_LOG_BYTES: u64 = 256 << 20;
/// As far as the server itself lets it go without a word.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Looks a database over; one that is still to be made is nothing to complain of.
pub(super) fn examine(database: &Path, is_deep: bool) -> Vec<Finding> {
    let shown = database.display();
    let Ok(found) = fs::metadata(database) else {
        let said = format!("{shown} does not exist; the server creates it");
        return vec![Finding::ok("database", said)];
    };
    let mut findings = vec![match mode_for_others(&found, 0o077) {
        None => Finding::ok("rights", format!("{shown} is its owner's alone")),
        Some(mode) => Finding::warn(
            "rights",
            format!("others can read {shown} (its mode is {mode:o}): chmod 600 {shown}"),
        ),
    }];
    let SqliteHealth {
        layout,
        newest_layout,
        log_bytes,
        seen_ms,
    } = match SqliteHealth::look(database, is_deep) {
        Ok(health) => health,
        Err(cause) => {
            findings.push(Finding::fail("database", cause.to_string()));
            return findings;
        }
    };
    let looked = if is_deep {
        "each page"
    } else {
        "its structure"
    };
    findings.push(Finding::ok(
        "database",
        format!("{shown} is whole: {looked} was looked at"),
    ));
    findings.push(if layout == newest_layout {
        Finding::ok(
            "layout",
            format!("its layout is version {layout}, the newest"),
        )
    } else {
        Finding::ok(
            "layout",
            format!("its layout is version {layout}; the next start brings it to {newest_layout}"),
        )
    });
    findings.push(if log_bytes > LONG_LOG_BYTES {
        Finding::warn(
            "log-size",
            format!(
                "the log beside {shown} has {} MiB: something reads the database for long; find \
                 that program and end it",
                log_bytes >> 20
            ),
        )
    } else {
        Finding::ok(
            "log-size",
            format!("the log beside it has {log_bytes} bytes"),
        )
    });
    findings.push(clock(seen_ms));
    findings
}

/// The clock against what a server has seen last.
fn clock(seen_ms: Option<i64>) -> Finding {
    let behind = seen_ms.map_or(0, |seen| seen.saturating_sub(now_ms()));
    if behind > DAY_MS {
        let days = behind / DAY_MS;
        Finding::fail(
            "clock",
            format!("the clock is {days} days behind when the server ran last; set it"),
        )
    } else {
        Finding::ok("clock", "not behind when the server ran last")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_clock_that_is_behind_the_last_run_is_told() {
        let now = now_ms();
        assert_eq!(clock(None).level, Level::Ok);
        assert_eq!(clock(Some(now - 400 * DAY_MS)).level, Level::Ok);
        let found = clock(Some(now + 3 * DAY_MS));
        assert_eq!(found.level, Level::Fail);
        assert!(found.said.contains("days behind"), "{}", found.said);
    }
}
