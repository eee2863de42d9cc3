//! Resume tokens: made here, stored hashed, and not taken from connections that
//! their owners have given up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use longhall_packet::{Denial, DenyCode, ResumeToken};
use sha2::{Digest, Sha256};
use tracing::error;

use crate::store::TokenHash;

/// A fresh token from the operating system's random numbers.
///
/// # Errors
/// `unavailable` when the system has none to give.
pub(crate) fn new_token() -> Result<ResumeToken, Denial> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| {
        error!(%cause, "the operating system gives no random numbers");
        Denial::new(DenyCode::Unavailable)
    })?;
    Ok(ResumeToken::from_bytes(&bytes))
}

/// What the store keeps of a token. A plain hash is enough for 256 random
/// bits: unlike a password they cannot be guessed from it.
pub(crate) fn hash(token: &ResumeToken) -> TokenHash {
    TokenHash(Sha256::digest(token.expose().as_bytes()).into())
}

/// Which connection showed a token last.
///
/// A client that gives up a connection may leave a `resume` in it, which arrives
/// after the session was resumed on the next one. Honoured then, it would use up
/// the token that the client has got by now, and log the player out.
#[derive(Default)]
pub(crate) struct SeenTokens {
    latest: Mutex<HashMap<TokenHash, (u64, Instant)>>,
}

impl SeenTokens {
    /// Notes that a connection shows a token. False when a later connection has
    /// shown it already: then nobody waits for the answer.
    pub(crate) fn note(&self, token: TokenHash, connection: u64) -> bool {
        let now = Instant::now();
        let mut latest = self.lock();
        let (last, at) = latest.entry(token).or_insert((connection, now));
        if *last > connection {
            return false;
        }
        (*last, *at) = (connection, now);
        true
    }

    /// The token was worth nothing: strangers must not fill our memory.
    pub(crate) fn forget(&self, token: TokenHash) {
        self.lock().remove(&token);
    }

    /// Forgets what was noted longer ago than a connection can stay logged out.
    pub(crate) fn forget_older_than(&self, age: Duration) {
        self.lock().retain(|_, (_, at)| at.elapsed() <= age);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, (u64, Instant)>> {
        // Nothing panics while holding it.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
