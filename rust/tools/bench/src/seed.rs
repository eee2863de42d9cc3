//! A database with accounts that are logged in already.
//!
//! Hashing thousands of passwords would take longer than all benches together, so
//! the accounts get no password that anybody knows, and a session each, which the
//! swarm resumes as players do after a cut. [`Seed::with_lines`] has been talked in, too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use futures_util::future::try_join_all;
use longhall_packet::{Access, ChannelName, ResumeToken, Username};
use longhall_server::store::{
    ChannelId, Created, LogAction, LogEntry, NewChannel, NewSession, NewUser, SqliteStore, Store,
    TokenHash, UserId,
};
use longhall_swarm::Account;
use sha2::{Digest, Sha256};

/// Changes under way at a time: they share transactions.
const AT_ONCE: usize = 500;

/// Channels of a database with lines, each with one account that talks in it.
pub(crate) const CHANNELS: usize = 100;
/// Days that its lines were said on, as many on each.
pub(crate) const LIFE_DAYS: i64 = 7;
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Lines that share a transaction, as when a server is busy.
const LINES_AT_ONCE: u64 = 4000;
/// As long as those of the other benches.
const TEXT: &str = "What a week of talk comes to, in lines of sixty-four bytes each.";

/// A database to begin with, and its accounts.
pub(crate) struct Seed {
    file: PathBuf,
    accounts: Vec<Account>,
    channels: Vec<ChannelId>,
    lines: u64,
    last_line_ms: i64,
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
        Ok(Self {
            file,
            accounts,
            channels: Vec::new(),
            lines: 0,
            last_line_ms: 0,
        })
    }

    /// Writes a database into which so many lines were said, over the last week.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn with_lines(folder: &Path, name: &str, lines: u64) -> Result<Self> {
        let file = folder.join(name);
        let mut accounts = Account::new_ones(CHANNELS);
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let store = SqliteStore::open(&file)?;
        let last_line_ms = now_ms()?;
        let talked = async {
            let mut talkers = Vec::new();
            for (number, account) in accounts.iter_mut().enumerate() {
                let user = create_account(&store, account).await?;
                let channel = create_channel(&store, user, number).await?;
                talkers.push((user, account.username.clone(), channel));
            }
            say_lines(&store, &talkers, lines, last_line_ms).await?;
            store.close().await;
            anyhow::Ok(talkers.iter().map(|(_, _, channel)| *channel).collect())
        };
        let channels = runtime.block_on(talked)?;
        Ok(Self {
            file,
            accounts,
            channels,
            lines,
            last_line_ms,
        })
    }

    /// Where lines were said, as many in each.
    pub(crate) fn channels(&self) -> &[ChannelId] {
        &self.channels
    }

    /// How many lines were said.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// When the last one was, in milliseconds since 1970.
    pub(crate) fn last_line_ms(&self) -> i64 {
        self.last_line_ms
    }

    /// A copy for a server to run on, and `count` of its accounts.
    ///
    /// # Errors
    /// When there are not as many, or the disk is full.
    pub(crate) fn copy(&self, to: &Path, count: usize) -> Result<Vec<Account>> {
        std::fs::copy(&self.file, to).context("cannot copy the database")?;
        // Not while it is measured what the disk takes.
        File::open(to)?.sync_all()?;
        let accounts = self.accounts.get(..count);
        Ok(accounts.context("too few accounts were made")?.to_vec())
    }
}

async fn create_account(store: &SqliteStore, account: &mut Account) -> Result<UserId> {
    let username = Username::parse(&account.username).map_err(|denial| anyhow!(denial.reason()))?;
    let user = NewUser {
        username: account.username.clone(),
        keys: username.keys(),
        password_hash: "no password".to_owned(),
        recovery_codes: Vec::new(),
    };
    let user = store.insert_user(user).await?;
    let user = user.context("two accounts of the same name")?;
    let mut bytes = [0; 32];
    bytes.fill_with(|| fastrand::u8(..));
    let token = ResumeToken::from_bytes(&bytes);
    let now_ms = now_ms()?;
    let session = NewSession {
        user,
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
    Ok(user)
}

async fn create_channel(store: &SqliteStore, owner: UserId, number: usize) -> Result<ChannelId> {
    let name = ChannelName::parse(&format!("week-{number}"));
    let created = store.insert_channel(NewChannel {
        name: name.map_err(|denial| anyhow!(denial.reason()))?,
        topic: String::new(),
        access: Access::Open,
        password_hash: None,
        owner,
        channels_per_account: 1,
        now_ms: now_ms()?,
    });
    match created.await? {
        Created::Channel(channel) => Ok(channel.id),
        _ => bail!("two channels of the same name"),
    }
}

/// Says lines in turn, spread over the week before `last_ms`.
async fn say_lines(
    store: &SqliteStore,
    talkers: &[(UserId, String, ChannelId)],
    lines: u64,
    last_ms: i64,
) -> Result<()> {
    let begin_ms = last_ms - LIFE_DAYS * DAY_MS;
    let mut said = 0;
    while said < lines {
        let until = lines.min(said + LINES_AT_ONCE);
        let entries = (said..until).map(|number| {
            let (user, name, channel) = &talkers[number as usize % talkers.len()];
            let share = number as f64 / lines as f64;
            LogEntry {
                sender: *user,
                sender_name: name.clone(),
                what: LogAction::Say {
                    channel: *channel,
                    line_id: number + 1,
                    text: TEXT.to_owned(),
                },
                now_ms: begin_ms + (share * (LIFE_DAYS * DAY_MS) as f64) as i64,
            }
        });
        store.append(entries.collect()).await?;
        said = until;
    }
    Ok(())
}

fn now_ms() -> Result<i64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64)
}
