//! The operator's address, which speaks HTTP.

use longhall_server::fuzzing::ask_admin;

use crate::connection::pieces;

/// The first byte says how the rest is cut; what follows is what a peer sends.
pub(crate) fn admin(bytes: &[u8]) {
    let Some((&seed, bytes)) = bytes.split_first() else {
        return;
    };
    ask_admin(pieces(seed, bytes));
}
