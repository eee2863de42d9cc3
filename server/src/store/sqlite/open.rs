//! Opening a database file: whose it is, which layout it has, who may read it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::{M, Migrations, SchemaVersion};
use tracing::info;

use super::lineage::{Locked, log_of_changes};
use super::lines::CHANNEL_STATES;

pub(super) const MIGRATIONS: &[M<'_>] = &[
    M::up(include_str!("../migrations/0001_users_and_sessions.sql")),
    M::up(include_str!("../migrations/0002_channels.sql")),
    M::up(include_str!("../migrations/0003_lean_lines.sql")),
    M::up(include_str!("../migrations/0004_looks_and_places.sql")),
    M::up(include_str!("../migrations/0005_state.sql")),
    M::up(include_str!("../migrations/0006_recent_lines.sql")),
    M::up(include_str!("../migrations/0007_operating.sql")),
    M::up(include_str!("../migrations/0008_operators.sql")),
    M::up(include_str!("../migrations/0009_lockdown.sql")),
    M::up(include_str!("../migrations/0010_staff.sql")),
    M::up(include_str!("../migrations/0011_recovery.sql")),
    M::up(include_str!("../migrations/0012_own_data.sql")),
    M::up(include_str!("../migrations/0013_speech.sql")),
    M::up(include_str!("../migrations/0014_reports.sql")),
    M::up(include_str!("../migrations/0015_moderation.sql")),
    M::up(include_str!("../migrations/0016_gates.sql")),
    M::up(include_str!("../migrations/0017_game_keys.sql")),
    M::up(include_str!("../migrations/0018_profiles.sql")),
    M::up(include_str!("../migrations/0019_temporary.sql")),
    M::up(include_str!("../migrations/0020_tickets.sql")),
    M::up(include_str!("../migrations/0021_halls.sql")),
];

/// What the first migration writes as `application_id`: "Long" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x4c6f_6e67;

/// How often a lock that somebody has is tried again, and after how long each time.
const LOCK_TRIES: usize = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Most pages of a file that is read through before the server runs: 16 MiB, some
/// hundredths of a second.
const MOST_PAGES_FIRST: i64 = 4096;

/// Statements a connection keeps prepared: all there are.
const STATEMENTS: usize = 160;

/// Why a database cannot be used. The text is for the operator and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is missing.
    #[error("the folder {} does not exist; create it, or choose another file with --database", .0.display())]
    NoFolder(PathBuf),
    /// The path means something else than a file that stays.
    #[error("{path:?} is {what}, not a file on a disk; choose one with --database")]
    NoFile {
        /// As it was given.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The path is a folder.
    #[error("{} is a folder; choose a file with --database", .0.display())]
    IsFolder(PathBuf),
    /// The file, its lock or its folder cannot be read and written.
    #[error("cannot read and write {}: {cause}; give this user the right to, or choose another file with --database", .path.display())]
    NoAccess {
        /// What was tried to open.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another server uses the file.
    #[error("{} is in use by another longhall-server; stop that one, or choose another file with --database", .0.display())]
    InUse(PathBuf),
    /// The file is no SQLite database, or a damaged one.
    #[error("{} is damaged or not a Longhall database ({detail}); it was left as it is: restore it from a backup, or choose another file with --database", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// A newer server has changed the file.
    #[error("{} was written by a newer longhall-server (its layout is version {found}, this program knows up to {known}); it was left as it is: start that newer server", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The layout's version.
        found: usize,
        /// The newest version this program knows.
        known: usize,
    },
    /// There is a log of changes, but not the file it belongs to.
    #[error("{} is missing or empty, but its log {} is not; nothing was changed: put the database back beside its log, or, to begin with an empty one, move the log away", .path.display(), .log.display())]
    LogWithoutDatabase {
        /// The file.
        path: PathBuf,
        /// The log beside it.
        log: PathBuf,
    },
    /// There is a log of changes, but of another file.
    #[error("{} was put in the place of the database that {} belongs to; nothing was changed: put that one back, or, to go on with this one as it is, move the log away", .path.display(), .log.display())]
    ForeignLog {
        /// The file.
        path: PathBuf,
        /// The log beside it.
        log: PathBuf,
    },
    /// Only a copy that is not whole is there.
    #[error("{} does not exist, but a copy that is not whole yet, {}, does; start copy-store again, or move that file away", .path.display(), .copy.display())]
    HalfCopy {
        /// The file.
        path: PathBuf,
        /// What there is of the copy.
        copy: PathBuf,
    },
    /// The disk is full.
    #[error("no space left to open {}; free some and start again", .0.display())]
    Full(PathBuf),
    /// Something else.
    #[error("cannot open {}: {detail}", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        detail: String,
    },
}

/// Where a database is, behind symbolic links: its log and its lock go by that name.
///
/// # Errors
/// When it cannot be there.
pub(super) fn locate(path: &Path) -> Result<PathBuf, OpenError> {
    refuse_what_is_no_file(path)?;
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(OpenError::NoFolder(folder.to_owned()));
    }
    let copy = beside(path, "copying");
    if !path.exists() && copy.exists() {
        return Err(OpenError::HalfCopy {
            path: path.to_owned(),
            copy,
        });
    }
    // A link may lead to a file that is still to be made.
    let target = match fs::read_link(path) {
        Ok(target) if !path.exists() => folder.join(target),
        _ => path.to_owned(),
    };
    let log = log_of_changes(&fs::canonicalize(&target).unwrap_or_else(|_| target.clone()));
    let has_bytes = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if !has_bytes(path) && has_bytes(&log) {
        return Err(OpenError::LogWithoutDatabase {
            path: path.to_owned(),
            log,
        });
    }
    open_private(&target)?;
    // As a name with a drive and a prefix SQLite does not like it.
    if cfg!(windows) {
        return Ok(path.to_owned());
    }
    fs::canonicalize(&target).map_err(|cause| OpenError::NoAccess {
        path: path.to_owned(),
        cause,
    })
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// SQLite gives some names a meaning of its own: the server would run, and lose
/// everything at its end. With a device it would as well.
pub(super) fn refuse_what_is_no_file(path: &Path) -> Result<(), OpenError> {
    let name = path.to_string_lossy();
    let what = if name.trim().is_empty() {
        "no name of a file"
    } else if name.starts_with(':') {
        "a name for a database in memory"
    } else if name
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("file:"))
    {
        "a URI"
    } else if name.ends_with(std::path::is_separator) {
        return Err(OpenError::IsFolder(path.to_owned()));
    } else {
        match path.metadata() {
            // A missing file is created, and what cannot be looked at fails in a moment.
            Err(_) => return Ok(()),
            Ok(found) if found.is_dir() => return Err(OpenError::IsFolder(path.to_owned())),
            Ok(found) if !found.is_file() => "a device, a pipe or a socket",
            Ok(found) if is_deleted(&found) => "a file that is deleted",
            Ok(_) => return Ok(()),
        }
    };
    let path = path.to_owned();
    Err(OpenError::NoFile { path, what })
}

/// Whether the file has no name any more and goes with whoever has it open, as one does
/// that is reached through `/proc/self/fd`.
#[cfg(unix)]
fn is_deleted(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) == 0
}

#[cfg(not(unix))]
fn is_deleted(_: &fs::Metadata) -> bool {
    false
}

/// Locks a database: the file itself, which may have other names and whose lock file
/// may be deleted, and the file beside it, as another database may take its place.
///
/// # Errors
/// When somebody else has, or it cannot be done.
pub(super) fn lock(path: &Path) -> Result<Locked, OpenError> {
    let lock_exclusively = |file: File, path: &Path| match try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(cause)) => Err(OpenError::NoAccess {
            path: path.to_owned(),
            cause,
        }),
    };
    // Locked, nobody could read it on Windows, not even SQLite.
    let database = if cfg!(windows) {
        None
    } else {
        Some(lock_exclusively(open_private(path)?, path)?)
    };
    let beside = match open_private(&beside(path, "lock")) {
        Ok(file) => lock_exclusively(file, path)?,
        Err(cause) => return Err(cause),
    };
    Ok(Locked {
        database: database.map(Arc::new),
        beside: Arc::new(beside),
    })
}

/// Locks a file, if it is free within a moment: a program that is just being started has
/// the files of the process that starts it, locks and all, until it is on its own.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    let mut tries = LOCK_TRIES;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if tries > 0 => {
                tries -= 1;
                thread::sleep(LOCK_PAUSE);
            }
            done => return done,
        }
    }
}

pub(super) fn open_private(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(cannot_use(path))
}

/// Why a file cannot be read or written: there is no room, or no right to.
pub(super) fn cannot_use(path: &Path) -> impl Fn(io::Error) -> OpenError {
    let path = path.to_owned();
    move |cause| match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OpenError::Full(path.clone()),
        _ => OpenError::NoAccess {
            path: path.clone(),
            cause,
        },
    }
}

/// Opens the file and looks it over, without changing it.
pub(super) fn connect(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect_unseen(path)?;
    refuse_damage(&connection, path)?;
    Ok(connection)
}

/// As [`connect`], for a server to run on. Says whether the file was looked over: a large one
/// is read through [beside the running server](super::beside_start). `known` is the layout
/// that is to be.
pub(super) fn connect_to_run(path: &Path, known: usize) -> Result<(Connection, bool), OpenError> {
    let connection = connect_unseen(path)?;
    let number = |question: &str| -> Result<i64, OpenError> {
        connection
            .query_row(question, [], |row| row.get(0))
            .map_err(|cause| explain(path, &cause))
    };
    let is_large = number("PRAGMA page_count")? > MOST_PAGES_FIRST;
    // What is to be migrated is written to at once.
    let is_newest = usize::try_from(number("PRAGMA user_version")?) == Ok(known);
    let is_later = is_large && is_newest;
    if !is_later {
        refuse_damage(&connection, path)?;
    }
    Ok((connection, !is_later))
}

fn connect_unseen(path: &Path) -> Result<Connection, OpenError> {
    let explain = |cause: rusqlite::Error| explain(path, &cause);
    let connection = Connection::open(path).map_err(explain)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(explain)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    fold_in_at_end(&connection, false).map_err(explain)?;
    Ok(connection)
}

/// A damaged or foreign file must not be written to.
fn refuse_damage(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    match find_damage(connection).map_err(|cause| explain(path, &cause))? {
        None => Ok(()),
        Some(detail) => Err(OpenError::Corrupt {
            path: path.to_owned(),
            detail,
        }),
    }
}

/// Reads the whole file. Takes about a second for each gigabyte.
pub(super) fn find_damage(db: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// Whether SQLite folds the log in when the file is closed. It would even into a file
/// that turns out to be damaged.
pub(super) fn fold_in_at_end(connection: &Connection, is_to: bool) -> rusqlite::Result<()> {
    let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(option, !is_to).map(drop)
}

/// Opens the file for the questions, once it is ours.
pub(super) fn connect_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;")?;
    connection.execute_batch(CHANNEL_STATES)?;
    Ok(connection)
}

/// Refuses files that are not ours or too new, then brings the layout up to date.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &Migrations<'_>,
    known: usize,
) -> Result<(), OpenError> {
    let other = |detail: String| OpenError::Other {
        path: path.to_owned(),
        detail,
    };
    let version = migrations
        .current_version(connection)
        .map_err(|e| other(e.to_string()))?;
    let found = match version {
        SchemaVersion::NoneSet => {
            refuse_foreign(connection, path)?;
            0
        }
        SchemaVersion::Inside(version) => {
            refuse_unless_ours(connection, path)?;
            usize::from(version)
        }
        SchemaVersion::Outside(version) => {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found: version.get(),
                known,
            });
        }
    };
    // It is ours: from here on the file may change. SQLite writes over
    // deleted rows, as players rely on it.
    fold_in_at_end(connection, true).map_err(|cause| explain(path, &cause))?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = OFF;
             PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -16384;",
        )
        .map_err(|cause| explain(path, &cause))?;
    if found < known {
        bring_up_to_date(connection, path, migrations, found, known)?;
    }
    // Not before: a table that is made anew is not to take along what refers to it.
    connection
        .execute_batch(&format!("PRAGMA foreign_keys = ON; {CHANNEL_STATES}"))
        .map_err(|cause| explain(path, &cause))
}

/// Changes the layout, after a copy of the old one was put beside the file.
fn bring_up_to_date(
    connection: &mut Connection,
    path: &Path,
    migrations: &Migrations<'_>,
    found: usize,
    known: usize,
) -> Result<(), OpenError> {
    if found > 0 {
        let copy = beside(path, &format!("v{found}.backup"));
        if !copy.exists() {
            // Under another name until it is whole; private, as it holds hashes.
            let unfinished = beside(path, "backup.unfinished");
            open_private(&unfinished)?
                .set_len(0)
                .map_err(cannot_use(&unfinished))?;
            connection
                .execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])
                .map_err(|cause| explain(path, &cause))?;
            open_private(&unfinished)?
                .sync_all()
                .map_err(cannot_use(&unfinished))?;
            fs::rename(&unfinished, &copy).map_err(cannot_use(&unfinished))?;
        }
        info!(copy = %copy.display(), from = found, to = known, "migrating the database");
    }
    migrations
        .to_latest(connection)
        .map_err(|cause| match cause {
            rusqlite_migration::Error::RusqliteError { err, .. } => explain(path, &err),
            cause => OpenError::Other {
                path: path.to_owned(),
                detail: cause.to_string(),
            },
        })
}

/// A SQLite file without our version but with tables is somebody else's.
fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|cause| explain(path, &cause))?;
    if tables == 0 {
        Ok(())
    } else {
        Err(foreign(path))
    }
}

/// Other programs count versions in their files as well; ours are marked.
fn refuse_unless_ours(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mark: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(|cause| explain(path, &cause))?;
    if mark == APPLICATION_ID {
        Ok(())
    } else {
        Err(foreign(path))
    }
}

fn foreign(path: &Path) -> OpenError {
    let detail = "it belongs to another program".to_owned();
    OpenError::Corrupt {
        path: path.to_owned(),
        detail,
    }
}

/// `longhall.db` and `lock` give `longhall.db.lock`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

pub(super) fn explain(path: &Path, cause: &rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => OpenError::Full(path),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Corrupt {
            path,
            detail: cause.to_string(),
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse(path),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            OpenError::NoAccess {
                path,
                cause: io::Error::other(cause.to_string()),
            }
        }
        _ => OpenError::Other {
            path,
            detail: cause.to_string(),
        },
    }
}
