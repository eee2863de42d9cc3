//! Resume tokens: made here, stored hashed.

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
