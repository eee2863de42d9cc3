//! Reports to moderators, with the lines that are kept beside them.

use std::collections::BTreeMap;

use longhall_packet::{
    ClosedReport, INBOX, Line, LineKind, ListedReport, ReportCategory, ReportNumber, Seq,
};

use crate::World;
use crate::records::UserId;

/// Lines kept with a report: so many before the one that is reported, and so many after it.
pub const LINES_BEFORE: usize = 10;
/// As [`LINES_BEFORE`].
pub const LINES_AFTER: usize = 5;
/// Among so many entries they are looked for: the others are edits and deletions.
pub const ENTRIES_SEEN: usize = 40;

/// Who reports what the word filter flags: the server itself. No player has the name.
pub const BY_SERVER: &str = "server";
/// While one of its reports is open that is not older than so many milliseconds, the server
/// makes no other one about the same account in the same channel.
pub const FLAGGED_AGAIN_MS: i64 = 10 * 60 * 1000;

/// A report to be added.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// Who reports. Nobody reports themselves: the reported account stands here for the
    /// server itself.
    pub reporter: UserId,
    /// Who is reported.
    pub user: UserId,
    /// Where the line is, and its number; `"@"` for a whisper. `None` for the player.
    pub line: Option<(String, Seq)>,
    /// What they do.
    pub category: ReportCategory,
    /// What the reporter says of it. May be empty.
    pub text: String,
    /// The lines to be kept, each with who said it.
    pub lines: Vec<(UserId, Line)>,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
    /// Reports of the reporter that may be open, this one counted.
    pub at_most: usize,
    /// Reports of all that may be open, this one counted.
    pub at_most_in_all: usize,
}

/// What came of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filed {
    /// It is in the queue.
    New(ReportNumber),
    /// One of the same reporter on the same line or player is still open; one of the
    /// server's on the same player there, see [`FLAGGED_AGAIN_MS`].
    Before(ReportNumber),
    /// Too many are open.
    TooMany,
}

/// A closed report of which the reporter has not been told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// Whom to tell.
    pub reporter: UserId,
    /// What to tell.
    pub report: ListedReport,
}

/// A report as it is kept.
#[derive(Clone)]
pub(crate) struct Kept {
    new: NewReport,
    closed: Option<ClosedReport>,
    is_told: bool,
}

/// The reports there are, and how many there have been.
#[derive(Clone, Default)]
pub(crate) struct Reports {
    last: ReportNumber,
    kept: BTreeMap<ReportNumber, Kept>,
}

/// Which of the lines around one are kept with a report of it: those that were said. `before`
/// and `from` are pages, the second beginning with the line itself.
///
/// `None` if the line is not there, or nothing that somebody said.
pub fn evidence(
    before: Vec<(UserId, Line)>,
    from: Vec<(UserId, Line)>,
    seq: Seq,
) -> Option<Vec<(UserId, Line)>> {
    let is_said =
        |(_, line): &(UserId, Line)| matches!(line.kind, LineKind::Said | LineKind::Deleted);
    let first = from.first().filter(|found| is_said(found))?;
    if first.1.seq != seq {
        return None;
    }
    let mut kept: Vec<_> = before.into_iter().filter(is_said).collect();
    kept.drain(..kept.len().saturating_sub(LINES_BEFORE));
    kept.extend(from.into_iter().filter(is_said).take(1 + LINES_AFTER));
    Some(kept)
}

impl NewReport {
    fn is_by_server(&self) -> bool {
        self.reporter == self.user
    }

    fn place(&self) -> Option<&str> {
        self.line.as_ref().map(|(place, _)| place.as_str())
    }
}

impl World {
    /// Adds a report, unless one of the same is open or too many are.
    pub fn insert_report(&mut self, new: NewReport) -> Filed {
        let open = || {
            self.reports
                .kept
                .iter()
                .filter(|(_, kept)| kept.closed.is_none())
        };
        let own = || {
            open().filter(|(_, kept)| {
                kept.new.reporter == new.reporter && kept.new.is_by_server() == new.is_by_server()
            })
        };
        let is_lately = |kept: &NewReport| {
            new.is_by_server()
                && kept.place() == new.place()
                && kept.now_ms > new.now_ms.saturating_sub(FLAGGED_AGAIN_MS)
        };
        let same = |kept: &Kept| {
            kept.new.user == new.user && (kept.new.line == new.line || is_lately(&kept.new))
        };
        if let Some((number, _)) = own().find(|(_, kept)| same(kept)) {
            return Filed::Before(*number);
        }
        if own().count() >= new.at_most || open().count() >= new.at_most_in_all {
            return Filed::TooMany;
        }
        self.reports.last += 1;
        let kept = Kept {
            new,
            closed: None,
            is_told: false,
        };
        self.reports.kept.insert(self.reports.last, kept);
        Filed::New(self.reports.last)
    }

    /// Reports with smaller numbers, the newest first: only open or only closed ones, and
    /// none about `reader`.
    pub fn reports(
        &self,
        reader: UserId,
        open: Option<bool>,
        before: Option<ReportNumber>,
        limit: usize,
    ) -> Vec<ListedReport> {
        let before = before.unwrap_or(ReportNumber::MAX);
        let found = self.reports.kept.range(..before).rev();
        let wanted = found.filter(|(_, kept)| {
            open.is_none_or(|open| kept.closed.is_none() == open) && kept.new.user != reader
        });
        let wanted = wanted.take(limit);
        wanted
            .map(|(number, kept)| self.listed(*number, kept))
            .collect()
    }

    /// A report.
    pub fn report(&self, number: ReportNumber) -> Option<(UserId, ListedReport)> {
        let kept = self.reports.kept.get(&number)?;
        Some((kept.new.user, self.listed(number, kept)))
    }

    /// The lines that were kept with a report.
    pub fn report_lines(&self, number: ReportNumber) -> Vec<Line> {
        let Some(kept) = self.reports.kept.get(&number) else {
            return Vec::new();
        };
        let new = &kept.new;
        let is_whisper = new.line.as_ref().is_some_and(|(place, _)| place == INBOX);
        let other = |sender| {
            let other = if sender == new.reporter {
                new.user
            } else {
                new.reporter
            };
            self.username(other)
        };
        let lines = new.lines.iter().map(|(sender, line)| Line {
            sender: self.username(*sender),
            recipient: is_whisper.then(|| other(*sender)),
            ..line.clone()
        });
        lines.collect()
    }

    /// Closes a report. False when there is none that is open.
    pub fn close_report(&mut self, number: ReportNumber, closed: ClosedReport) -> bool {
        let kept = self.reports.kept.get_mut(&number);
        match kept.filter(|kept| kept.closed.is_none()) {
            Some(kept) => {
                kept.closed = Some(closed);
                true
            }
            None => false,
        }
    }

    /// How many reports are open, without those about `reader`.
    pub fn open_reports(&self, reader: UserId) -> u32 {
        let kept = self.reports.kept.values();
        let open = kept.filter(|kept| kept.closed.is_none() && kept.new.user != reader);
        u32::try_from(open.count()).unwrap_or(u32::MAX)
    }

    /// Reports that were closed at or after a time and not told of, of one reporter or of
    /// all.
    pub fn untold_reports(&self, of: Option<UserId>, since_ms: i64, limit: usize) -> Vec<Untold> {
        let since_ms = u64::try_from(since_ms).unwrap_or(0);
        let kept = self.reports.kept.iter().filter(|(_, kept)| {
            let closed = kept.closed.as_ref();
            closed.is_some_and(|closed| closed.at_ms >= since_ms)
                && !kept.is_told
                && !kept.new.is_by_server()
                && of.is_none_or(|reporter| reporter == kept.new.reporter)
        });
        let untold = kept.take(limit).map(|(number, kept)| Untold {
            reporter: kept.new.reporter,
            report: self.listed(*number, kept),
        });
        untold.collect()
    }

    /// Notes that the reporter is told of a closed report. False when that was so already:
    /// then somebody else tells it.
    pub fn note_told(&mut self, number: ReportNumber) -> bool {
        let kept = self.reports.kept.get_mut(&number);
        kept.is_some_and(|kept| {
            kept.closed.is_some() && !std::mem::replace(&mut kept.is_told, true)
        })
    }

    /// Reports that an account made, behind a number.
    pub fn reports_by(
        &self,
        reporter: UserId,
        after: ReportNumber,
        limit: usize,
    ) -> Vec<ListedReport> {
        let kept = self.reports.kept.range(after + 1..);
        let own =
            kept.filter(|(_, kept)| kept.new.reporter == reporter && !kept.new.is_by_server());
        own.take(limit)
            .map(|(number, kept)| self.listed(*number, kept))
            .collect()
    }

    /// Forgets reports that were closed before a time.
    pub fn prune_reports(&mut self, closed_before_ms: i64) -> u64 {
        let before_ms = u64::try_from(closed_before_ms).unwrap_or(0);
        let had = self.reports.kept.len();
        self.reports.kept.retain(|_, kept| {
            let closed = kept.closed.as_ref();
            closed.is_none_or(|closed| closed.at_ms >= before_ms)
        });
        (had - self.reports.kept.len()) as u64
    }

    fn listed(&self, number: ReportNumber, kept: &Kept) -> ListedReport {
        let new = &kept.new;
        let (channel, seq) = new.line.clone().unzip();
        ListedReport {
            report: number,
            by: if new.is_by_server() {
                BY_SERVER.to_owned()
            } else {
                self.username(new.reporter)
            },
            username: self.username(new.user),
            channel,
            seq,
            category: new.category,
            text: new.text.clone(),
            created_at_ms: u64::try_from(new.now_ms).unwrap_or(0),
            closed: kept.closed.clone(),
        }
    }
}
