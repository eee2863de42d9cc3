//! The store in one SQLite file.
//!
//! One thread owns the writing connection. It takes every change that is
//! waiting into one transaction, commits, and only then answers all of them:
//! under load a single disk flush pays for many changes. Another thread reads.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use longhall_packet::NameKeys;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, named_params};
use rusqlite_migration::{M, Migrations, SchemaVersion};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

use super::{NewSession, NewUser, Rotation, Store, StoreError, TokenHash, User, UserId};

const MIGRATIONS: &[M<'_>] = &[M::up(include_str!(
    "migrations/0001_users_and_sessions.sql"
))];

/// What the first migration writes as `application_id`: "Long" in ASCII.
const APPLICATION_ID: i64 = 0x4c6f_6e67;

/// Changes or questions waiting for their thread. Whoever comes next waits for
/// a place; hashing and rate limits keep that from happening.
const QUEUE: usize = 1024;
/// Most changes in one transaction, so that the first never waits long.
const MOST_CHANGES_PER_COMMIT: usize = 512;

/// Why a database cannot be used. The text is for the operator and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is missing.
    #[error("the folder {} does not exist; create it, or choose another file with --database", .0.display())]
    NoFolder(PathBuf),
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

/// Accounts and sessions in a SQLite file.
pub struct SqliteStore {
    writer: Worker<Change>,
    reader: Worker<Question>,
    /// Held as long as the store is open; the system lets go of it even when
    /// the process is killed.
    lock: Mutex<Option<File>>,
}

/// A change, applied inside a transaction. Says whether to keep it, and returns
/// its answer, sent once the fate of the transaction is known.
type Change = Box<dyn FnOnce(&Connection) -> (Keep, Answer) + Send>;
type Keep = bool;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// A question, answered from a snapshot.
type Question = Box<dyn FnOnce(&Connection) + Send>;

struct Worker<J> {
    /// Taken by [`Store::close`], which ends the thread.
    jobs: Mutex<Option<mpsc::Sender<J>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens a database, creating and migrating it as needed. Before a file of
    /// an older layout is migrated, a copy is kept beside it.
    ///
    /// Blocks on the disk; meant for the start of the program.
    ///
    /// # Errors
    /// See [`OpenError`]. The file is left as it was.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, MIGRATIONS)
    }

    fn open_with(path: &Path, migrations: &'static [M<'static>]) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        let mut writing = connect(path)?;
        migrate(
            &mut writing,
            path,
            &Migrations::from_slice(migrations),
            migrations.len(),
        )?;
        let reading = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|connection| {
                connection.busy_timeout(Duration::from_secs(5))?;
                Ok(connection)
            })
            .map_err(|cause| explain(path, &cause))?;
        let cannot_start = |cause: io::Error| OpenError::Other {
            path: path.to_owned(),
            detail: format!("cannot start a thread: {cause}"),
        };
        Ok(Self {
            writer: Worker::start("store-writer", move |jobs| write_all(&mut writing, jobs))
                .map_err(cannot_start)?,
            reader: Worker::start("store-reader", move |mut jobs: mpsc::Receiver<Question>| {
                while let Some(question) = jobs.blocking_recv() {
                    question(&reading);
                }
            })
            .map_err(cannot_start)?,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// Ends both threads. The writer comes last: only it can fold the log of
    /// changes back into the database file.
    fn finish(&self) {
        self.reader.finish();
        self.writer.finish();
    }

    /// Has `change` applied and answers when it is on disk.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let change: Change = Box::new(move |connection| {
            let result = change(connection).map_err(|cause| sort(&cause));
            let keep = result.is_ok();
            let answer = Box::new(move |committed: Result<(), StoreError>| {
                // Nobody waits for the answer of a connection that is gone.
                let _ = answer.send(committed.and(result));
            });
            (keep, answer)
        });
        self.writer.send(change).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Has `question` answered from what is committed.
    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            let _ = answer.send(question(connection).map_err(|cause| sort(&cause)));
        });
        self.reader.send(question).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl<J: Send + 'static> Worker<J> {
    fn start(
        name: &str,
        work: impl FnOnce(mpsc::Receiver<J>) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(queue))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        })
    }

    async fn send(&self, job: J) -> Result<(), StoreError> {
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        jobs.ok_or(StoreError::Closed)?
            .send(job)
            .await
            .map_err(|_| StoreError::Closed)
    }

    /// Lets the thread finish what is waiting and ends it. Blocks.
    fn finish(&self) {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            error!("a store thread panicked");
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The writer thread: group commit.
fn write_all(connection: &mut Connection, mut jobs: mpsc::Receiver<Change>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut answers = Vec::new();
        let committed = commit(connection, first, &mut jobs, &mut answers).map_err(|cause| {
            error!(%cause, "the database could not commit");
            cause
        });
        for answer in answers {
            answer(committed.as_ref().copied().map_err(sort));
        }
    }
}

fn commit(
    connection: &mut Connection,
    first: Change,
    jobs: &mut mpsc::Receiver<Change>,
    answers: &mut Vec<Answer>,
) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction()?;
    let mut next = Some(first);
    while let Some(change) = next {
        // A savepoint each: a change that fails half-way leaves nothing behind
        // and does not take the others with it.
        let savepoint = transaction.savepoint()?;
        let (keep, answer) = change(&savepoint);
        answers.push(answer);
        if keep {
            savepoint.commit()
        } else {
            savepoint.finish()
        }?;
        next = if answers.len() < MOST_CHANGES_PER_COMMIT {
            jobs.try_recv().ok()
        } else {
            None
        };
    }
    transaction.commit()
}

#[async_trait]
impl Store for SqliteStore {
    async fn insert_user(&self, user: NewUser) -> Result<Option<UserId>, StoreError> {
        self.write(move |db| {
            db.prepare_cached(
                "INSERT INTO users
                     (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
                 VALUES (:username, :name_key, :look_key, :capitals_key, :password_hash, :now_ms)
                 ON CONFLICT DO NOTHING
                 RETURNING id",
            )?
            .query_row(
                named_params! {
                    ":username": user.username,
                    ":name_key": user.keys.name,
                    ":look_key": user.keys.look,
                    ":capitals_key": user.keys.capitals,
                    ":password_hash": user.password_hash,
                    ":now_ms": now_ms(),
                },
                |row| row.get(0).map(UserId),
            )
            .optional()
        })
        .await
    }

    async fn user_by_name(&self, name_key: &str) -> Result<Option<User>, StoreError> {
        let name_key = name_key.to_owned();
        self.read(move |db| {
            db.prepare_cached("SELECT id, username, password_hash FROM users WHERE name_key = ?1")?
                .query_row([name_key], user)
                .optional()
        })
        .await
    }

    async fn is_name_taken(&self, keys: &NameKeys) -> Result<bool, StoreError> {
        let keys = keys.clone();
        self.read(move |db| {
            db.prepare_cached(
                "SELECT 1 FROM users WHERE name_key = ?1 OR look_key = ?2 OR capitals_key = ?3",
            )?
            .exists([keys.name, keys.look, keys.capitals])
        })
        .await
    }

    async fn set_password_hash(&self, user: UserId, hash: String) -> Result<(), StoreError> {
        self.write(move |db| {
            db.prepare_cached("UPDATE users SET password_hash = ?2 WHERE id = ?1")?
                .execute((user.0, hash))?;
            Ok(())
        })
        .await
    }

    async fn insert_session(&self, session: NewSession) -> Result<(), StoreError> {
        self.write(move |db| {
            db.prepare_cached("DELETE FROM sessions WHERE user_id = ?1 OR expires_at_ms <= ?2")?
                .execute((session.user.0, session.now_ms))?;
            db.prepare_cached(
                "INSERT INTO sessions (user_id, token_hash, created_at_ms, expires_at_ms)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((
                session.user.0,
                session.token.0,
                session.now_ms,
                session.expires_at_ms,
            ))?;
            Ok(())
        })
        .await
    }

    async fn rotate_session(&self, rotation: Rotation) -> Result<Option<User>, StoreError> {
        self.write(move |db| {
            let TokenHash(presented) = rotation.presented;
            let TokenHash(next) = rotation.next;
            let user_id: Option<i64> = db
                .prepare_cached(
                    "UPDATE sessions
                     SET token_hash = :next, previous_token_hash = :presented,
                         expires_at_ms = :expires_at_ms
                     WHERE (token_hash = :presented OR previous_token_hash = :presented)
                       AND expires_at_ms > :now_ms
                     RETURNING user_id",
                )?
                .query_row(
                    named_params! {
                        ":presented": presented,
                        ":next": next,
                        ":now_ms": rotation.now_ms,
                        ":expires_at_ms": rotation.expires_at_ms,
                    },
                    |row| row.get(0),
                )
                .optional()?;
            let Some(user_id) = user_id else {
                return Ok(None);
            };
            db.prepare_cached("SELECT id, username, password_hash FROM users WHERE id = ?1")?
                .query_row([user_id], user)
                .optional()
        })
        .await
    }

    async fn delete_session(&self, token: TokenHash) -> Result<(), StoreError> {
        self.write(move |db| {
            db.prepare_cached("DELETE FROM sessions WHERE token_hash = ?1")?
                .execute([token.0])?;
            Ok(())
        })
        .await
    }

    async fn close(&self) {
        // Joining the threads blocks for one commit, at the very end of the
        // program; nothing else runs any more.
        self.finish();
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        username: row.get(1)?,
        password_hash: row.get(2)?,
    })
}

/// Takes the lock file beside the database, and creates the database with
/// rights for its owner only.
fn lock(path: &Path) -> Result<File, OpenError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(OpenError::NoFolder(folder.to_owned()));
    }
    if path.is_dir() {
        return Err(OpenError::IsFolder(path.to_owned()));
    }
    let lock_path = beside(path, "lock");
    let lock = open_private(&lock_path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(cause)) => {
            return Err(OpenError::NoAccess {
                path: lock_path,
                cause,
            });
        }
    }
    open_private(path)?;
    Ok(lock)
}

fn open_private(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::StorageFull => OpenError::Full(path.to_owned()),
        _ => OpenError::NoAccess {
            path: path.to_owned(),
            cause,
        },
    })
}

/// Opens the file and looks it over, without changing it.
fn connect(path: &Path) -> Result<Connection, OpenError> {
    let explain = |cause: rusqlite::Error| explain(path, &cause);
    let connection = Connection::open(path).map_err(explain)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(explain)?;
    // Reading first: a damaged or foreign file must not be written to.
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(explain)?;
    if found != "ok" {
        return Err(OpenError::Corrupt {
            path: path.to_owned(),
            detail: found,
        });
    }
    Ok(connection)
}

/// Refuses files that are not ours or too new, then brings the layout up to date.
fn migrate(
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
    // It is ours: from here on the file may change.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;",
        )
        .map_err(|cause| explain(path, &cause))?;
    if found == known {
        return Ok(());
    }
    if found > 0 {
        let copy = beside(path, &format!("v{found}.backup"));
        if !copy.exists() {
            // Under another name until it is whole; private, as it holds hashes.
            let unfinished = beside(path, "backup.unfinished");
            let no_access = |cause| OpenError::NoAccess {
                path: unfinished.clone(),
                cause,
            };
            open_private(&unfinished)?.set_len(0).map_err(no_access)?;
            connection
                .execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])
                .map_err(|cause| explain(path, &cause))?;
            open_private(&unfinished)?.sync_all().map_err(no_access)?;
            std::fs::rename(&unfinished, &copy).map_err(no_access)?;
        }
        info!(copy = %copy.display(), from = found, to = known, "migrating the database");
    }
    migrations
        .to_latest(connection)
        .map_err(|cause| match cause {
            rusqlite_migration::Error::RusqliteError { err, .. } => explain(path, &err),
            cause => other(cause.to_string()),
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
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn explain(path: &Path, cause: &rusqlite::Error) -> OpenError {
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

fn sort(cause: &rusqlite::Error) -> StoreError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Failed(cause.to_string()),
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use longhall_packet::Username;

    use super::*;

    fn new_user(name: &str) -> NewUser {
        NewUser {
            username: name.to_owned(),
            keys: Username::parse(name).unwrap().keys(),
            password_hash: "hash".to_owned(),
        }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("longhall.db");
        (folder, path)
    }

    #[track_caller]
    fn refused(path: &Path) -> OpenError {
        match SqliteStore::open(path) {
            Ok(_) => panic!("{} was opened", path.display()),
            Err(error) => error,
        }
    }

    #[test]
    fn the_migrations_are_sound() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
    }

    #[tokio::test]
    async fn accounts_outlive_the_store() {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        let id = store.insert_user(new_user("ada")).await.unwrap();
        store.close().await;
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(
            store.user_by_name("ada").await.unwrap().map(|user| user.id),
            id
        );
    }

    #[tokio::test]
    async fn changes_of_many_at_once_are_all_answered() {
        let (_folder, path) = folder();
        let store = std::sync::Arc::new(SqliteStore::open(&path).unwrap());
        let tasks: Vec<_> = (0..2000)
            .map(|number| {
                let store = std::sync::Arc::clone(&store);
                // Each name is tried twice.
                let user = new_user(&format!("user-{}", number / 2));
                tokio::spawn(async move { store.insert_user(user).await.unwrap() })
            })
            .collect();
        let mut created = 0;
        for task in tasks {
            created += usize::from(task.await.unwrap().is_some());
        }
        assert_eq!(created, 1000);
    }

    #[tokio::test]
    async fn a_change_that_fails_half_way_leaves_nothing_behind() {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        let failed = store.write(|db| {
            db.execute(
                "INSERT INTO users
                     (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
                 VALUES ('ghost', 'ghost', 'ghost', 'ghost', '', 0)",
                [],
            )?;
            db.execute("INSERT INTO nowhere VALUES (1)", [])
        });
        let kept = store.insert_user(new_user("ada"));
        let (failed, kept) = tokio::join!(failed, kept);
        assert!(matches!(failed, Err(StoreError::Failed(_))));
        assert!(kept.unwrap().is_some());
        assert!(store.user_by_name("ghost").await.unwrap().is_none());
        assert!(store.user_by_name("ada").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_full_disk_refuses_changes_and_damages_nothing() {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        // SQLite reports its own size limit as it does a full disk.
        store
            .write(|db| {
                let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            })
            .await
            .unwrap();
        let mut refused = 0;
        for number in 0..200 {
            match store.insert_user(new_user(&format!("user-{number}"))).await {
                Ok(created) => assert!(created.is_some()),
                Err(StoreError::Full) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(refused > 0);
        store
            .write(|db| db.pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(())))
            .await
            .unwrap();
        assert!(store.insert_user(new_user("ada")).await.unwrap().is_some());
        store.close().await;
        SqliteStore::open(&path).unwrap();
    }

    #[test]
    fn a_second_server_on_the_same_file_is_refused() {
        let (_folder, path) = folder();
        let first = SqliteStore::open(&path).unwrap();
        assert!(matches!(refused(&path), OpenError::InUse(_)));
        drop(first);
        SqliteStore::open(&path).unwrap();
    }

    #[test]
    fn a_damaged_or_foreign_file_is_refused_and_left_as_it_is() {
        let (_folder, path) = folder();
        fs::write(
            &path,
            "this is not a database, it is somebody's diary ".repeat(100),
        )
        .unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
        assert!(fs::read(&path).unwrap() == before, "the file was changed");

        let (_folder, path) = folder();
        let foreign = Connection::open(&path).unwrap();
        foreign
            .execute_batch("CREATE TABLE recipes (name TEXT); PRAGMA user_version = 1")
            .unwrap();
        drop(foreign);
        let before = fs::read(&path).unwrap();
        assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
        assert!(fs::read(&path).unwrap() == before, "the file was changed");
    }

    #[tokio::test]
    async fn a_file_with_a_damaged_page_is_refused() {
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        for number in 0..500 {
            store
                .insert_user(new_user(&format!("user-{number}")))
                .await
                .unwrap();
        }
        store.close().await;
        drop(store);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0x5a);
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
    }

    #[test]
    fn a_file_of_a_newer_server_is_refused_and_left_as_it_is() {
        let (_folder, path) = folder();
        drop(SqliteStore::open(&path).unwrap());
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 1000).unwrap();
        newer.close().unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(
            refused(&path),
            OpenError::Newer { found: 1000, .. }
        ));
        assert!(fs::read(&path).unwrap() == before, "the file was changed");
    }

    #[tokio::test]
    async fn an_older_file_is_migrated_with_a_copy_kept() {
        const NEXT: &[M<'_>] = &[
            M::up(include_str!("migrations/0001_users_and_sessions.sql")),
            M::up("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT"),
        ];
        let (_folder, path) = folder();
        let store = SqliteStore::open(&path).unwrap();
        store.insert_user(new_user("ada")).await.unwrap();
        store.close().await;
        drop(store);
        let store = SqliteStore::open_with(&path, NEXT).unwrap();
        assert!(store.user_by_name("ada").await.unwrap().is_some());
        drop(store);
        let copy = Connection::open(beside(&path, "v1.backup")).unwrap();
        let users: i64 = copy
            .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
            .unwrap();
        let version: i64 = copy
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!((users, version), (1, 1));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = folder();
        let _store = SqliteStore::open(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    #[test]
    fn a_missing_folder_and_a_folder_in_place_of_a_file_are_named() {
        let (folder, _) = folder();
        let missing = folder.path().join("no/such/longhall.db");
        assert!(matches!(refused(&missing), OpenError::NoFolder(_)));
        assert!(matches!(refused(folder.path()), OpenError::IsFolder(_)));
    }
}
