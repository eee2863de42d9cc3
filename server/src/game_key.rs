//! The text of keys by which games' own servers ask for things, and what is kept of it.

use sha2::{Digest, Sha256};

use crate::store::GameKeyHash;

/// What every key begins with, so that it is known where it should not be.
pub(crate) const PREFIX: &str = "lhk_";

/// What is kept of a key's text. A plain hash is enough for 160 random bits: unlike a
/// password they cannot be guessed from it.
pub(crate) fn hash(text: &str) -> GameKeyHash {
    GameKeyHash(Sha256::digest(text.as_bytes()).into())
}
