//! Reports: filed by players, closed by moderators, and who is told of it.

use std::collections::BTreeSet;

use longhall_packet::{
    ClosedReport, Denial, DenyCode, INBOX, ListedReport, ReportCategory, ReportNumber,
    ReportOutcome, ReportText, Reported, RequestId, Seq, ServerPacket, ServerRole, Target,
};

use super::{Answer, FakeServer, Me};
use crate::records::{Cursor, Log, UserId};
use crate::reports::{ENTRIES_SEEN, Filed, LINES_AFTER, NewReport, evidence};

/// Reports of an account that may be open.
const OPEN_REPORTS: usize = 10;
/// Reports of all that may be open.
const OPEN_REPORTS_IN_ALL: usize = 10_000;
/// Reports in one page.
const REPORTS_LISTED: usize = 15;

impl FakeServer {
    pub(super) fn report(
        &mut self,
        me: Me,
        id: RequestId,
        about: &Reported,
        category: ReportCategory,
        text: &ReportText,
    ) -> Answer {
        let new = NewReport {
            reporter: me.user,
            user: me.user,
            line: None,
            category,
            text: text.as_str().to_owned(),
            lines: Vec::new(),
            now_ms: self.now(),
            at_most: OPEN_REPORTS,
            at_most_in_all: OPEN_REPORTS_IN_ALL,
        };
        let new = match about {
            Reported::Player { username } => NewReport {
                user: self.other(me, username)?.id,
                ..new
            },
            Reported::Line { channel, seq } => self.with_line(me, new, channel, *seq)?,
        };
        let report = match self.world.insert_report(new) {
            Filed::New(report) => {
                self.tell_waiting();
                report
            }
            Filed::Before(report) => report,
            Filed::TooMany => return Err(DenyCode::TooManyReports.into()),
        };
        self.reply(me.connection, ServerPacket::Reported { id, report });
        Ok(())
    }

    /// The report with the line it is about, and those around it.
    fn with_line(
        &self,
        me: Me,
        new: NewReport,
        target: &Target,
        seq: Seq,
    ) -> Result<NewReport, Denial> {
        let (mut log, place) = match target {
            Target::Channel(name) => (self.log_of(me, target)?, name.to_string()),
            Target::Whispers(_) | Target::Inbox => (Log::Inbox(me.user), INBOX.to_owned()),
        };
        let lines = |log, cursor, limit| self.world.lines(log, cursor, limit, usize::MAX).lines;
        let at = Cursor::After(seq.saturating_sub(1));
        let found = lines(log, at, 1);
        let sender = found.first().ok_or(DenyCode::UnknownLine)?.0;
        if place == INBOX {
            log = Log::Whispers(me.user, sender);
        }
        let from = lines(log, at, ENTRIES_SEEN.max(1 + LINES_AFTER));
        let before = lines(log, Cursor::Before(seq), ENTRIES_SEEN);
        if sender == me.user && found.first().is_some_and(|(_, line)| line.seq == seq) {
            return Err(DenyCode::NotYourself.into());
        }
        let lines = evidence(before, from, seq).ok_or(DenyCode::UnknownLine)?;
        Ok(NewReport {
            user: sender,
            line: Some((place, seq)),
            lines,
            ..new
        })
    }

    pub(super) fn reports(
        &mut self,
        me: Me,
        id: RequestId,
        open: Option<bool>,
        before: Option<ReportNumber>,
    ) -> Answer {
        self.check_moderator(me.user)?;
        let mut reports = self
            .world
            .reports(me.user, open, before, REPORTS_LISTED + 1);
        let more = reports.len() > REPORTS_LISTED;
        reports.truncate(REPORTS_LISTED);
        let packet = ServerPacket::Reports { id, reports, more };
        self.reply(me.connection, packet);
        Ok(())
    }

    pub(super) fn report_lines(&mut self, me: Me, id: RequestId, report: ReportNumber) -> Answer {
        self.report_for(me, report)?;
        let lines = self.world.report_lines(report);
        let packet = ServerPacket::ReportLines { id, report, lines };
        self.reply(me.connection, packet);
        Ok(())
    }

    pub(super) fn close_report(
        &mut self,
        me: Me,
        id: RequestId,
        report: ReportNumber,
        outcome: ReportOutcome,
        text: &ReportText,
    ) -> Answer {
        self.report_for(me, report)?;
        let closed = ClosedReport {
            outcome,
            by: self.world.username(me.user),
            text: text.as_str().to_owned(),
            at_ms: self.now_ms,
        };
        if !self.world.close_report(report, closed) {
            return Err(DenyCode::UnknownReport.into());
        }
        for untold in self.world.untold_reports(None, 0, usize::MAX) {
            if self.is_online(untold.reporter) && self.world.note_told(untold.report.report) {
                self.tell(untold.reporter, None, &closed_packet(untold.report));
            }
        }
        self.tell_waiting();
        self.ok(me.connection, id)
    }

    /// A report, for a moderator whom it is not about.
    fn report_for(&self, me: Me, report: ReportNumber) -> Result<ListedReport, Denial> {
        self.check_moderator(me.user)?;
        match self.world.report(report) {
            Some((user, report)) if user != me.user => Ok(report),
            _ => Err(DenyCode::UnknownReport.into()),
        }
    }

    /// What a connection is told right after a login.
    pub(super) fn tell_of_reports(&mut self, connection: u64, user: UserId) {
        for untold in self.world.untold_reports(Some(user), 0, usize::MAX) {
            if self.world.note_told(untold.report.report) {
                self.reply(connection, closed_packet(untold.report));
            }
        }
        if self.check_moderator(user).is_ok() {
            let count = self.world.open_reports(user);
            self.waiting.insert(user, count);
            self.reply(connection, ServerPacket::ReportsWaiting { count });
        }
    }

    /// Tells the moderators who are online how many reports are open.
    pub(super) fn tell_waiting(&mut self) {
        let users: BTreeSet<UserId> = self.online.values().map(|seat| seat.user).collect();
        for user in users {
            if self.check_moderator(user).is_err() {
                continue;
            }
            let count = self.world.open_reports(user);
            if self.waiting.insert(user, count) != Some(count) {
                self.tell(user, None, &ServerPacket::ReportsWaiting { count });
            }
        }
    }

    fn check_moderator(&self, user: UserId) -> Answer {
        match self.world.server_role(user) >= ServerRole::Moderator {
            true => Ok(()),
            false => Err(DenyCode::NotAllowed.into()),
        }
    }
}

/// What the reporter is told.
fn closed_packet(report: ListedReport) -> ServerPacket {
    let (outcome, text) = match report.closed {
        Some(closed) => (closed.outcome, closed.text),
        None => (ReportOutcome::Dismissed, String::new()),
    };
    ServerPacket::ReportClosed {
        report: report.report,
        username: report.username,
        outcome,
        text,
    }
}
