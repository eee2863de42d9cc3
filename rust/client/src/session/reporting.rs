//! Reports to moderators, and what moderators do with them.

use std::time::Duration;

use longhall_packet::{
    ClientPacket, ReportCategory, ReportNumber, ReportOutcome, ReportText, Reported, Seq,
};

use super::Session;
use super::calls::player;
use crate::Call;
use crate::requests::Asked;

impl Session {
    /// Reports a line to the moderators, with the lines around it as they are now; ends
    /// with [`Answer::Reported`](crate::Answer::Reported). What came of it is told by
    /// [`Event::ReportClosed`](crate::Event::ReportClosed).
    pub fn report_line(
        &mut self,
        now: Duration,
        channel: &str,
        seq: Seq,
        category: ReportCategory,
        text: &str,
    ) -> Call {
        self.ask(now, Asked::Reported, |session, id| {
            let about = Reported::Line {
                channel: session.target(channel)?,
                seq,
            };
            let text = ReportText::parse(text)?;
            Ok(ClientPacket::Report {
                id,
                about,
                category,
                text,
            })
        })
    }

    /// Reports a player to the moderators, as [`report_line`](Self::report_line) does a
    /// line.
    pub fn report_player(
        &mut self,
        now: Duration,
        username: &str,
        category: ReportCategory,
        text: &str,
    ) -> Call {
        self.ask(now, Asked::Reported, |_, id| {
            let about = Reported::Player {
                username: player(username)?,
            };
            let text = ReportText::parse(text)?;
            Ok(ClientPacket::Report {
                id,
                about,
                category,
                text,
            })
        })
    }

    /// Asks for a page of reports, the newest first: only open or only closed ones, and
    /// only those with smaller numbers than `before`. For moderators; ends with
    /// [`Answer::Reports`](crate::Answer::Reports).
    pub fn list_reports(
        &mut self,
        now: Duration,
        open: Option<bool>,
        before: Option<ReportNumber>,
    ) -> Call {
        self.ask(now, Asked::Reports, |_, id| {
            Ok(ClientPacket::Reports { id, open, before })
        })
    }

    /// Asks for the lines that were kept with a report. For moderators; ends with
    /// [`Answer::ReportLines`](crate::Answer::ReportLines).
    pub fn read_report(&mut self, now: Duration, report: ReportNumber) -> Call {
        self.ask(now, Asked::ReportLines, |_, id| {
            Ok(ClientPacket::ReportLines { id, report })
        })
    }

    /// Closes a report; its reporter is told. For moderators.
    pub fn close_report(
        &mut self,
        now: Duration,
        report: ReportNumber,
        outcome: ReportOutcome,
        text: &str,
    ) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            let text = ReportText::parse(text)?;
            Ok(ClientPacket::CloseReport {
                id,
                report,
                outcome,
                text,
            })
        })
    }
}
