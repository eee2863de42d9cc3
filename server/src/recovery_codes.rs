//! Recovery codes: made here, stored hashed.

use longhall_packet::{Denial, DenyCode, RecoveryCode};
use sha2::{Digest, Sha256};
use tracing::error;

use crate::store::{CodeHash, RECOVERY_CODES};

/// As many codes as an account gets, from the operating system's random numbers.
///
/// # Errors
/// `unavailable` when the system has none to give.
pub(crate) fn new_codes() -> Result<Vec<RecoveryCode>, Denial> {
    (0..RECOVERY_CODES).map(|_| new_code()).collect()
}

/// One code.
///
/// # Errors
/// `unavailable` when the system has no random numbers to give.
pub(crate) fn new_code() -> Result<RecoveryCode, Denial> {
    let mut bytes = [0; RecoveryCode::CHARS];
    getrandom::fill(&mut bytes).map_err(|cause| {
        error!(%cause, "the operating system gives no random numbers");
        Denial::new(DenyCode::Unavailable)
    })?;
    Ok(RecoveryCode::from_bytes(&bytes))
}

/// What the store keeps of a code. A plain hash is enough: a slow one, or one with salt, is
/// for what people choose. 100 random bits are not found from their hash, were all codes of a
/// million accounts looked for at once.
pub(crate) fn hash(code: &RecoveryCode) -> CodeHash {
    CodeHash(Sha256::digest(code.expose().as_bytes()).into())
}
