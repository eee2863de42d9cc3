//! A database with accounts that are logged in already.
//!
//! Hashing thousands of passwords would take longer than all benches together, so
//! the accounts get no password that anybody knows, and a session each, which the
//! swarm resumes as players do after a cut.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use futures_util::future::try_join_all;
use longhall_packet::{ResumeToken, Username};
use longhall_server::store::{NewSession, NewUser, SqliteStore, Store, TokenHash};
use longhall_swarm::Account;
use sha2::{Digest, Sha256};

/// Changes under way at a time: they share transactions.
const AT_ONCE: usize = 500;

/// A database to begin with, and its accounts.
pub(crate) struct Seed {
    file: PathBuf,
    accounts: Vec<Account>,
}

impl Seed {
    /// Writes a database with so many accounts into `folder`.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn create(folder: &Path, accounts: usize) -> Result<Self> {
        let file = folder.join("seed.db");
        let mut accounts = Account::new_ones(accounts);
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let store = SqliteStore::open(&file)?;
        for some in accounts.chunks_mut(AT_ONCE) {
            runtime.block_on(try_join_all(
                some.iter_mut().map(|one| create_account(&store, one)),
            ))?;
        }
        runtime.block_on(store.close());
        Ok(Self { file, accounts })
    }

    /// A copy for a server to run on, and `count` of its accounts.
    ///
    /// # Errors
    /// When there are not as many, or the disk is full.
    pub(crate) fn copy(&self, to: &Path, count: usize) -> Result<Vec<Account>> {
        std::fs::copy(&self.file, to).context("cannot copy the database")?;
        let accounts = self.accounts.get(..count);
        Ok(accounts.context("too few accounts were made")?.to_vec())
    }
}

async fn create_account(store: &SqliteStore, account: &mut Account) -> Result<()> {
    let username = Username::parse(&account.username).map_err(|denial| anyhow!(denial.reason()))?;
    let user = NewUser {
        username: account.username.clone(),
        keys: username.keys(),
        password_hash: "no password".to_owned(),
        recovery_codes: Vec::new(),
    };
    let user = store.insert_user(user).await?;
    let mut bytes = [0; 32];
    bytes.fill_with(|| fastrand::u8(..));
    let token = ResumeToken::from_bytes(&bytes);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    let session = NewSession {
        user: user.context("two accounts of the same name")?,
        token: TokenHash(Sha256::digest(token.expose().as_bytes()).into()),
        device: String::new(),
        now_ms,
        ended_by_ms: now_ms,
        expires_at_ms: now_ms + 24 * 60 * 60 * 1000,
        at_most: 1,
        connected: Vec::new(),
        place: None,
        network: None,
    };
    store.insert_session(session).await?;
    account.token = Some(token);
    Ok(())
}
