//! Reports, with the lines kept beside them.

use longhall_packet::{
    ClosedReport, INBOX, Line, LineKind, ListedReport, ReportCategory, ReportNumber, ReportOutcome,
    Seq,
};
use longhall_world::reports::{BY_SERVER, FLAGGED_AGAIN_MS, Filed, NewReport, Untold};

use super::{Db, Engine, Lock, NotUnderstood, Row, count, named, number, seq, small};
use crate::store::UserId;

/// Reports forgotten in one step: some milliseconds of work.
const STEP: i64 = 200;

/// In place of a reader whom nothing is kept from: no account has this number.
const NOBODY: UserId = UserId(0);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT reports.id, reports.reporter_id, reports.user_id, reporters.username,
                    users.username, reports.place, reports.seq, reports.category, reports.text,
                    reports.created_at_ms, coalesce(reports.closed_at_ms, -1), reports.outcome,
                    reports.closed_by, reports.answer
             FROM reports
             JOIN users AS reporters ON reporters.id = reports.reporter_id
             JOIN users ON users.id = reports.user_id ",
            $rest
        )
    };
}

/// A report, who made it, and whom it is about.
struct Found {
    reporter: UserId,
    user: UserId,
    report: ListedReport,
}

fn found<E: From<NotUnderstood>>(row: &dyn Row<E>) -> Result<Found, E> {
    let place = row.text(5)?;
    let line = (!place.is_empty()).then_some(place);
    let closed_at_ms = row.int(10)?;
    let closed = if closed_at_ms < 0 {
        None
    } else {
        Some(ClosedReport {
            outcome: named(row, 11, ReportOutcome::from_name)?,
            by: row.text(12)?,
            text: row.text(13)?,
            at_ms: seq(closed_at_ms),
        })
    };
    let number = row.int(6)?;
    let (reporter, user) = (UserId(row.int(1)?), UserId(row.int(2)?));
    Ok(Found {
        reporter,
        user,
        report: ListedReport {
            report: seq(row.int(0)?),
            // Nobody reports themselves.
            by: match reporter == user {
                true => BY_SERVER.to_owned(),
                false => row.text(3)?,
            },
            username: row.text(4)?,
            seq: line.as_ref().map(|_| seq(number)),
            channel: line,
            // A newer program may have added one.
            category: ReportCategory::from_name(&row.text(7)?).unwrap_or(ReportCategory::Other),
            text: row.text(8)?,
            created_at_ms: seq(row.int(9)?),
            closed,
        },
    })
}

pub(in crate::store) fn insert<D: Engine>(db: &mut D, new: &NewReport) -> Result<Filed, D::Error> {
    db.lock(Lock::Account(new.reporter))?;
    let (place, line) = match &new.line {
        Some((place, line)) => (place.as_str(), *line),
        None => ("", 0),
    };
    let before = db.optional(
        "SELECT id FROM reports
         WHERE reporter_id = ?1 AND user_id = ?2 AND place = ?3 AND closed_at_ms IS NULL
           AND (seq = ?4 OR (reporter_id = user_id AND created_at_ms > ?5))
         ORDER BY id LIMIT 1",
        &[
            new.reporter.0.into(),
            new.user.0.into(),
            place.into(),
            number(line).into(),
            new.now_ms.saturating_sub(FLAGGED_AGAIN_MS).into(),
        ],
        |row| row.int(0),
    )?;
    if let Some(before) = before {
        return Ok(Filed::Before(seq(before)));
    }
    // Of all reports about so many are open, give or take those of the same moment.
    let counted = match new.reporter == new.user {
        true => {
            "SELECT (SELECT count(*) FROM reports
                     WHERE closed_at_ms IS NULL AND reporter_id = ?1 AND user_id = reporter_id),
                    (SELECT count(*) FROM reports WHERE closed_at_ms IS NULL)"
        }
        false => {
            "SELECT (SELECT count(*) FROM reports
                     WHERE closed_at_ms IS NULL AND reporter_id = ?1 AND user_id != reporter_id),
                    (SELECT count(*) FROM reports WHERE closed_at_ms IS NULL)"
        }
    };
    let (own, all) = db.one(counted, &[new.reporter.0.into()], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })?;
    if own >= count(new.at_most) || all >= count(new.at_most_in_all) {
        return Ok(Filed::TooMany);
    }
    let id = db.one(
        "INSERT INTO reports
             (reporter_id, user_id, place, seq, category, text, created_at_ms, outcome, closed_by,
              answer, is_told)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', '', '', 0)
         RETURNING id",
        &[
            new.reporter.0.into(),
            new.user.0.into(),
            place.into(),
            number(line).into(),
            new.category.name().into(),
            (&new.text).into(),
            new.now_ms.into(),
        ],
        |row| row.int(0),
    )?;
    for (sender, line) in &new.lines {
        insert_line(db, id, *sender, line)?;
    }
    Ok(Filed::New(seq(id)))
}

fn insert_line<D: Db>(db: &mut D, id: i64, sender: UserId, line: &Line) -> Result<(), D::Error> {
    db.execute(
        "INSERT INTO report_lines
             (report_id, seq, sender_id, sent_at_ms, edited_at_ms, is_deleted, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            id.into(),
            number(line.seq).into(),
            sender.0.into(),
            number(line.sent_at_ms).into(),
            number(line.edited_at_ms.unwrap_or(0)).into(),
            i64::from(line.kind == LineKind::Deleted).into(),
            (&line.text).into(),
        ],
    )?;
    Ok(())
}

pub(in crate::store) fn list<D: Db>(
    db: &mut D,
    reader: Option<UserId>,
    open: Option<bool>,
    before: Option<ReportNumber>,
    limit: usize,
) -> Result<Vec<ListedReport>, D::Error> {
    let before = before.map_or(i64::MAX, number);
    let reader = reader.unwrap_or(NOBODY).0;
    let values = [before.into(), reader.into(), count(limit).into()];
    let read = |row: &dyn Row<D::Error>| Ok(found(row)?.report);
    match open {
        None => db.all(
            select!("WHERE reports.id < ?1 AND user_id != ?2 ORDER BY reports.id DESC LIMIT ?3"),
            &values,
            read,
        ),
        Some(true) => db.all(
            select!(
                "WHERE reports.id < ?1 AND user_id != ?2 AND closed_at_ms IS NULL
                 ORDER BY reports.id DESC LIMIT ?3"
            ),
            &values,
            read,
        ),
        Some(false) => db.all(
            select!(
                "WHERE reports.id < ?1 AND user_id != ?2 AND closed_at_ms IS NOT NULL
                 ORDER BY reports.id DESC LIMIT ?3"
            ),
            &values,
            read,
        ),
    }
}

pub(in crate::store) fn one<D: Db>(
    db: &mut D,
    report: ReportNumber,
) -> Result<Option<(UserId, ListedReport)>, D::Error> {
    db.optional(
        select!("WHERE reports.id = ?1"),
        &[number(report).into()],
        |row| {
            let found = found(row)?;
            Ok((found.user, found.report))
        },
    )
}

pub(in crate::store) fn lines<D: Db>(
    db: &mut D,
    report: ReportNumber,
) -> Result<Vec<Line>, D::Error> {
    db.all(
        "SELECT report_lines.seq, senders.username, report_lines.sent_at_ms,
                report_lines.edited_at_ms, report_lines.is_deleted, report_lines.text,
                reports.place, others.username
         FROM report_lines
         JOIN reports ON reports.id = report_lines.report_id
         JOIN users AS senders ON senders.id = report_lines.sender_id
         JOIN users AS others
           ON others.id = CASE WHEN report_lines.sender_id = reports.user_id
                               THEN reports.reporter_id ELSE reports.user_id END
         WHERE report_lines.report_id = ?1
         ORDER BY report_lines.seq",
        &[number(report).into()],
        |row| {
            let edited_at_ms = seq(row.int(3)?);
            let is_whisper = row.text(6)? == INBOX;
            Ok(Line {
                seq: seq(row.int(0)?) as Seq,
                sender: row.text(1)?,
                recipient: if is_whisper { Some(row.text(7)?) } else { None },
                text: row.text(5)?,
                sent_at_ms: seq(row.int(2)?),
                kind: if row.int(4)? == 0 {
                    LineKind::Said
                } else {
                    LineKind::Deleted
                },
                edited_at_ms: (edited_at_ms > 0).then_some(edited_at_ms),
                of: None,
            })
        },
    )
}

pub(in crate::store) fn close<D: Db>(
    db: &mut D,
    report: ReportNumber,
    closed: &ClosedReport,
) -> Result<bool, D::Error> {
    let changed = db.execute(
        "UPDATE reports SET closed_at_ms = ?2, outcome = ?3, closed_by = ?4, answer = ?5
         WHERE id = ?1 AND closed_at_ms IS NULL",
        &[
            number(report).into(),
            number(closed.at_ms).into(),
            closed.outcome.name().into(),
            (&closed.by).into(),
            (&closed.text).into(),
        ],
    )?;
    Ok(changed > 0)
}

pub(in crate::store) fn open<D: Db>(db: &mut D, reader: Option<UserId>) -> Result<u32, D::Error> {
    db.one(
        "SELECT count(*) FROM reports WHERE closed_at_ms IS NULL AND user_id != ?1",
        &[reader.unwrap_or(NOBODY).0.into()],
        |row| small(row.int(0)?),
    )
}

pub(in crate::store) fn untold<D: Db>(
    db: &mut D,
    of: Option<UserId>,
    since_ms: i64,
    limit: usize,
) -> Result<Vec<Untold>, D::Error> {
    let read = |row: &dyn Row<D::Error>| {
        let found = found(row)?;
        Ok(Untold {
            reporter: found.reporter,
            report: found.report,
        })
    };
    let (since, limit) = (since_ms.into(), count(limit).into());
    match of {
        Some(reporter) => db.all(
            select!(
                "WHERE reporter_id = ?1 AND closed_at_ms IS NOT NULL AND closed_at_ms >= ?2
                   AND is_told = 0 AND user_id != reporter_id
                 ORDER BY reports.id LIMIT ?3"
            ),
            &[reporter.0.into(), since, limit],
            read,
        ),
        None => db.all(
            select!(
                "WHERE closed_at_ms IS NOT NULL AND closed_at_ms >= ?1 AND is_told = 0
                   AND user_id != reporter_id
                 ORDER BY reports.id LIMIT ?2"
            ),
            &[since, limit],
            read,
        ),
    }
}

pub(in crate::store) fn note_told<D: Db>(
    db: &mut D,
    report: ReportNumber,
) -> Result<bool, D::Error> {
    let changed = db.execute(
        "UPDATE reports SET is_told = 1
         WHERE id = ?1 AND closed_at_ms IS NOT NULL AND is_told = 0",
        &[number(report).into()],
    )?;
    Ok(changed > 0)
}

pub(in crate::store) fn by<D: Db>(
    db: &mut D,
    reporter: UserId,
    after: ReportNumber,
    limit: usize,
) -> Result<Vec<ListedReport>, D::Error> {
    db.all(
        select!(
            "WHERE reporter_id = ?1 AND user_id != reporter_id AND reports.id > ?2
             ORDER BY reports.id LIMIT ?3"
        ),
        &[reporter.0.into(), number(after).into(), count(limit).into()],
        |row| Ok(found(row)?.report),
    )
}

pub(in crate::store) fn prune<D: Db>(db: &mut D, closed_before_ms: i64) -> Result<u64, D::Error> {
    // Their lines go with them.
    db.execute(
        "DELETE FROM reports WHERE id IN
             (SELECT id FROM reports WHERE closed_at_ms IS NOT NULL AND closed_at_ms < ?1
              ORDER BY closed_at_ms LIMIT ?2)",
        &[closed_before_ms.into(), STEP.into()],
    )
}

/// What is taken out of reports when an account is erased: what it wrote itself, but not what
/// it is reported for.
pub(in crate::store) fn bury<D: Db>(db: &mut D, user: UserId) -> Result<(), D::Error> {
    for sql in [
        "UPDATE reports SET text = '', is_told = 1 WHERE reporter_id = ?1",
        "UPDATE report_lines SET text = '', edited_at_ms = 0, is_deleted = 1
         WHERE sender_id = ?1
           AND report_id NOT IN (SELECT id FROM reports WHERE user_id = ?1)",
    ] {
        db.execute(sql, &[user.0.into()])?;
    }
    Ok(())
}
