//! `longhall-server reports …`, as it is typed and printed.

use clap::{Subcommand, ValueEnum};
use longhall_packet::{INBOX, ListedReport, ReportOutcome};
use longhall_server::admin::Act;
use longhall_server::admin::report::LineRow;

use super::print::{columns, line, list, of_lines, time};

#[derive(Subcommand)]
pub(crate) enum Reports {
    /// Lists what players reported, the newest first: the open ones
    #[command(after_help = "Examples:
  longhall-server reports list
  longhall-server reports list --closed --before 4711")]
    List {
        /// Those that are closed
        #[arg(long)]
        closed: bool,
        /// Only before this number
        #[arg(long, value_name = "ID")]
        before: Option<u64>,
        /// How many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Shows a report with the lines that were kept with it
    #[command(after_help = "Examples:
  longhall-server reports show 17")]
    Show {
        /// The number that reports list shows
        #[arg(value_name = "ID")]
        report: u64,
    },
    /// Closes a report; whoever made it is told
    #[command(after_help = "Examples:
  longhall-server reports close 17 acted --text 'Muted for a day. Thank you!'
  longhall-server reports close 18 dismissed")]
    Close {
        /// The number that reports list shows
        #[arg(value_name = "ID")]
        report: u64,
        /// What came of it
        outcome: Outcome,
        /// What the reporter is told beside that
        #[arg(long, value_name = "TEXT", default_value = "")]
        text: String,
    },
}

/// What came of a report.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Outcome {
    /// Something was done
    Acted,
    /// There was nothing to do
    Dismissed,
}

impl From<Outcome> for String {
    fn from(outcome: Outcome) -> Self {
        let outcome = match outcome {
            Outcome::Acted => ReportOutcome::Acted,
            Outcome::Dismissed => ReportOutcome::Dismissed,
        };
        outcome.name().to_owned()
    }
}

impl Reports {
    pub(super) fn act(self) -> Act {
        match self {
            Reports::List {
                closed,
                before,
                limit,
            } => Act::ReportsList {
                open: Some(!closed),
                before,
                limit,
            },
            Reports::Show { report } => Act::ReportsShow { report },
            Reports::Close {
                report,
                outcome,
                text,
            } => Act::ReportsClose {
                report,
                outcome: outcome.into(),
                text,
            },
        }
    }
}

const REPORTS: &[&str] = &["ID", "WHOM", "WHAT FOR", "WHERE", "BY", "WHEN", "STATE"];

/// A page of reports.
pub(super) fn of_reports(reports: &[ListedReport], before: Option<u64>) -> String {
    let rows = reports.iter().map(|one| {
        vec![
            one.report.to_string(),
            line(&one.username),
            one.category.name().to_owned(),
            place(one),
            line(&one.by),
            millis(one.created_at_ms),
            state(one).to_owned(),
        ]
    });
    let mut text = list(REPORTS, rows, None);
    if let Some(before) = before {
        text += &format!("there are older ones: --before {before}\n");
    }
    text
}

/// A report with its lines.
pub(super) fn of_report(report: &ListedReport, lines: &[LineRow]) -> String {
    let mut facts = vec![
        ("report", report.report.to_string()),
        ("whom", line(&report.username)),
        ("what for", report.category.name().to_owned()),
        ("where", place(report)),
        ("said of it", line(&report.text)),
        ("by", line(&report.by)),
        ("when", millis(report.created_at_ms)),
        ("state", state(report).to_owned()),
    ];
    if let Some(closed) = &report.closed {
        facts.push(("closed by", line(&closed.by)));
        facts.push(("closed", millis(closed.at_ms)));
        facts.push(("told", line(&closed.text)));
    }
    let mut text = columns(&facts);
    if !lines.is_empty() {
        text += "\n";
        text += &of_lines(lines, None);
    }
    text
}

fn place(report: &ListedReport) -> String {
    match (report.channel.as_deref(), report.seq) {
        (Some(INBOX), _) => "a whisper".to_owned(),
        (Some(channel), Some(seq)) => format!("{} {seq}", line(channel)),
        _ => "the player".to_owned(),
    }
}

fn state(report: &ListedReport) -> &'static str {
    let closed = report.closed.as_ref();
    closed.map_or("open", |closed| closed.outcome.name())
}

fn millis(ms: u64) -> String {
    time(i64::try_from(ms).unwrap_or(0))
}
