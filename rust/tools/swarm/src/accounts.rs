//! The accounts that play: names, and the tokens that log them in again.

use std::fs;
use std::io::Write;
use std::path::Path;

use longhall_packet::ResumeToken;
use serde::{Deserialize, Serialize};

use crate::SwarmError;

/// An account of the swarm.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Logs it in. `None` for one that has to be registered.
    pub token: Option<ResumeToken>,
}

impl Account {
    /// Names for `count` accounts that do not exist yet.
    pub fn new_ones(count: usize) -> Vec<Self> {
        // Hexadecimal, so that no two of them look alike to a server.
        let batch = fastrand::u32(..);
        let name = |index| Self {
            username: format!("swarm-{batch:08x}-{index:05}"),
            token: None,
        };
        (0..count).map(name).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    username: String,
    token: String,
}

/// The accounts of earlier runs.
///
/// # Errors
/// [`SwarmError::Accounts`]. A file that does not exist holds none.
pub fn read(path: &Path) -> Result<Vec<Account>, SwarmError> {
    let fail = |why: String| SwarmError::Accounts {
        path: path.to_owned(),
        why,
    };
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(fail(cause.to_string())),
    };
    // What serde would quote of a broken file may be a token.
    let broken = || fail("it is no file of accounts".to_owned());
    let kept: Vec<Kept> = serde_json::from_slice(&text).map_err(|_| broken())?;
    let account = |Kept { username, token }| {
        let token = ResumeToken::parse(token).map_err(|_| broken())?;
        Ok(Account {
            username,
            token: Some(token),
        })
    };
    kept.into_iter().map(account).collect()
}

/// Keeps those that have a token, in a file that only its owner can read.
///
/// # Errors
/// [`SwarmError::Accounts`]; the file is as it was then.
pub fn write(path: &Path, accounts: &[Account]) -> Result<(), SwarmError> {
    let kept = accounts.iter().filter_map(|account| {
        Some(Kept {
            username: account.username.clone(),
            token: account.token.as_ref()?.expose().to_owned(),
        })
    });
    let kept: Vec<Kept> = kept.collect();
    replace(path, &kept).map_err(|cause| SwarmError::Accounts {
        path: path.to_owned(),
        why: cause.to_string(),
    })
}

fn replace(path: &Path, kept: &[Kept]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::remove_file(&beside).ok();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    serde_json::to_writer_pretty(&mut file, kept)?;
    file.write_all(b"\n")?;
    fs::rename(&beside, path)
}
