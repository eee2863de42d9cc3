//! Reports to moderators, and what moderators do with them.

use longhall_client::{Answer, Event};
use longhall_packet::{
    ClientPacket, DenyCode, ReportCategory, ReportOutcome, Reported, ServerPacket,
};

use crate::support::Rig;

#[test]
fn a_report_ends_with_its_number_and_is_checked_here_first() {
    let mut rig = Rig::logged_in();
    let spam = ReportCategory::Spam;
    let call = rig.session.report_line(rig.now, "", 7, spam, " buy this ");
    let ClientPacket::Report {
        id, about, text, ..
    } = rig.sent().remove(0)
    else {
        panic!("no report")
    };
    assert!(matches!(about, Reported::Line { seq: 7, channel } if channel.to_string() == "lobby"));
    assert_eq!(text.as_str(), "buy this");
    rig.receive(&ServerPacket::Reported { id, report: 3 });
    let outcome = rig.session.poll_outcome();
    assert_eq!(outcome, Some((call, Ok(Answer::Reported(3)))));

    let too_long = "x".repeat(301);
    rig.session.report_player(rig.now, "@bob", spam, &too_long);
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome.unwrap_err().code.name(), DenyCode::TooLong.name());
}

#[test]
fn a_moderator_reads_and_closes_reports() {
    let mut rig = Rig::logged_in();
    rig.session.list_reports(rig.now, Some(true), Some(9));
    let id = rig.expect_sent("reports");
    let reports = Vec::new();
    let more = true;
    rig.receive(&ServerPacket::Reports {
        id,
        reports: reports.clone(),
        more,
    });
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome, Ok(Answer::Reports { reports, more }));

    rig.session.read_report(rig.now, 8);
    let (id, lines) = (rig.expect_sent("report_lines"), Vec::new());
    // An answer to something else is none.
    rig.receive(&ServerPacket::Reported { id, report: 8 });
    assert_eq!(rig.session.poll_outcome(), None);
    rig.receive(&ServerPacket::ReportLines {
        id,
        report: 8,
        lines,
    });
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome, Ok(Answer::ReportLines(Vec::new())));

    let acted = ReportOutcome::Acted;
    rig.session.close_report(rig.now, 8, acted, "muted");
    let id = rig.expect_sent("close_report");
    rig.ok(id);
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome, Ok(Answer::Done));
}

#[test]
fn what_came_of_a_report_is_an_event() {
    let mut rig = Rig::logged_in();
    rig.receive(&ServerPacket::ReportClosed {
        report: 3,
        username: "bob".to_owned(),
        outcome: ReportOutcome::Dismissed,
        text: String::new(),
    });
    rig.receive(&ServerPacket::ReportsWaiting { count: 2 });
    assert_eq!(
        rig.events(),
        [
            Event::ReportClosed {
                report: 3,
                username: "bob".to_owned(),
                outcome: ReportOutcome::Dismissed,
                text: String::new(),
            },
            Event::ReportsWaiting { count: 2 },
        ]
    );
}
