//! The layout of the tables: brought up to date by one server at a time, while others of
//! the neighbouring version go on.

use super::error::Error;
use super::transaction::Transaction;

/// A step from one layout to the next.
///
/// A step only adds: servers of the version before go on working beside it. What a step
/// makes superfluous is taken away by a later one.
pub(super) struct Step {
    pub(super) script: &'static str,
    /// The oldest layout that a program has to know to work on this one.
    pub(super) works_from: i64,
}

/// The layouts there are, from 1.
pub(super) const STEPS: &[Step] = &[
    Step {
        script: include_str!("schema/0001_tables.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0002_limits.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0003_operating.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0004_operators.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0005_lockdown.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0006_staff.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0007_recovery.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0008_own_data.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0009_speech.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0010_reports.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0011_moderation.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0012_gates.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0013_game_keys.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0014_profiles.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0015_temporary.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0016_tickets.sql"),
        works_from: 1,
    },
    Step {
        script: include_str!("schema/0017_halls.sql"),
        works_from: 1,
    },
];

/// The lock that servers take turns by: "Long" and "hall" in ASCII.
const TURN: i64 = 0x4c6f_6e67_6861_6c6c;

/// What was found in a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// The layout is a known one, or one that this program can work on.
    Fits,
    /// One step was made; there may be more to make.
    Stepped { to: i64 },
    /// Tables, but not of ours.
    Foreign,
    /// A newer program has changed the layout so that this one cannot work on it.
    Newer { found: i64 },
}

/// Waits for our turn: no other server changes the layout until the transaction ends.
pub(super) fn take_turn(db: &mut Transaction<'_>) -> Result<(), Error> {
    // However long others take, and our own step after that.
    db.run("SET LOCAL statement_timeout = 0")?;
    db.first("SELECT pg_advisory_xact_lock($1)", &[&TURN])?;
    Ok(())
}

/// Makes the next step, if there is one to make.
pub(super) fn step(db: &mut Transaction<'_>, steps: &[Step]) -> Result<Found, Error> {
    take_turn(db)?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let is_ours = exists(db, "layouts")?;
    if !is_ours {
        // Somebody else's would be in the way of ours.
        if exists(db, "users")? || exists(db, "state")? {
            return Ok(Found::Foreign);
        }
        db.run(
            "CREATE TABLE layouts (
                 version    bigint PRIMARY KEY,
                 -- The oldest layout that a program has to know to work on this one.
                 works_from bigint NOT NULL,
                 made_at    timestamptz NOT NULL DEFAULT now()
             )",
        )?;
    }
    let newest = db.first(
        "SELECT version, works_from FROM layouts ORDER BY version DESC LIMIT 1",
        &[],
    )?;
    let (found, works_from) = match newest {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (0, 0),
    };
    if found > known && works_from > known {
        return Ok(Found::Newer { found });
    }
    let next = usize::try_from(found).ok().and_then(|made| steps.get(made));
    let Some(next) = next else {
        return Ok(Found::Fits);
    };
    db.run(next.script)?;
    let to = found + 1;
    db.change(
        "INSERT INTO layouts (version, works_from) VALUES ($1, $2)",
        &[&to, &next.works_from],
    )?;
    Ok(Found::Stepped { to })
}

/// Whether there is a table, where we would look for it.
fn exists(db: &mut Transaction<'_>, table: &'static str) -> Result<bool, Error> {
    let found = db.first("SELECT to_regclass($1::text) IS NOT NULL", &[&table])?;
    Ok(found.map_or(Ok(false), |row| row.try_get(0))?)
}
