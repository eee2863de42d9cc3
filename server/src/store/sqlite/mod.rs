//! The store in one SQLite file.
//!
//! One thread owns the writing connection. It takes every change that is
//! waiting into one transaction, commits, and only then answers all of them:
//! under load a single disk flush pays for many changes. Another thread reads.

mod open;
mod worker;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use longhall_packet::NameKeys;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, named_params};
use rusqlite_migration::{M, Migrations};
use tokio::sync::{mpsc, oneshot};

use super::{NewSession, NewUser, Rotation, Store, StoreError, TokenHash, User, UserId};
pub use open::OpenError;
use open::{MIGRATIONS, connect, explain, lock, migrate};
use worker::{Answer, Change, Question, Worker, sort, write_all};

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.finish();
    }
}
/// Accounts and sessions in a SQLite file.
pub struct SqliteStore {
    writer: Worker<Change>,
    reader: Worker<Question>,
    /// Held as long as the store is open; the system lets go of it even when
    /// the process is killed.
    lock: Mutex<Option<File>>,
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
fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
