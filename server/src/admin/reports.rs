//! What players reported to moderators: listed, shown with the lines that were kept, closed.

use longhall_packet::{ClosedReport, LineKind, ListedReport, ReportOutcome, ReportText};

use tracing::warn;

use super::act::Actor;
use super::ground::Ground;
use super::report::{ActError, LineRow, Report};
use super::run::MAX_LIMIT;
use crate::reports;

pub(super) async fn list(
    ground: &Ground,
    open: Option<bool>,
    before: Option<u64>,
    limit: usize,
) -> Result<Report, ActError> {
    let limit = limit.clamp(1, MAX_LIMIT);
    let read = ground.store.reports(None, open, before, limit + 1);
    let mut reports = read.await?;
    let more = reports.len() > limit;
    reports.truncate(limit);
    let last = reports.last().map(|last| last.report);
    Ok(Report::Reports {
        reports,
        before: last.filter(|_| more),
    })
}

pub(super) async fn show(ground: &Ground, number: u64) -> Result<Report, ActError> {
    let reported = one(ground, number).await?;
    let lines = ground.store.report_lines(number).await?.into_iter();
    let lines = lines.map(|line| LineRow {
        seq: line.seq,
        sender: line.sender,
        sent_at_ms: line.sent_at_ms,
        edited_at_ms: line.edited_at_ms,
        deleted: line.kind == LineKind::Deleted,
        text: line.text,
    });
    Ok(Report::PlayerReport {
        reported: Box::new(reported),
        lines: lines.collect(),
    })
}

pub(super) async fn close(
    ground: &Ground,
    actor: &Actor,
    number: u64,
    outcome: &str,
    text: &str,
) -> Result<Report, ActError> {
    let refused = |why: String| ActError::Refused(why);
    let outcome = ReportOutcome::from_name(outcome);
    let outcome = outcome
        .ok_or_else(|| refused("a report is closed as acted, or as dismissed".to_owned()))?;
    let text = ReportText::parse(text).map_err(|denial| refused(denial.reason()))?;
    let report = one(ground, number).await?;
    let closed = ClosedReport {
        outcome,
        by: actor.name.clone(),
        text: text.as_str().to_owned(),
        at_ms: ground.now_ms().unsigned_abs(),
    };
    if !ground.store.close_report(number, closed).await? {
        return Err(refused(format!("report {number} is closed already")));
    }
    if let Some(server) = &ground.server {
        let told = async {
            reports::tell_closed(server).await?;
            reports::tell_waiting(server).await
        };
        if let Err(cause) = told.await {
            // It is closed, and told at the next look.
            warn!(%cause, "cannot tell of a closed report yet");
        }
    }
    Ok(Report::ReportClosed {
        number,
        username: report.username,
        outcome: outcome.name().to_owned(),
    })
}

async fn one(ground: &Ground, number: u64) -> Result<ListedReport, ActError> {
    let missing = || ActError::NotFound(format!("there is no report {number}"));
    let (_, report) = ground.store.report(number).await?.ok_or_else(missing)?;
    Ok(report)
}
