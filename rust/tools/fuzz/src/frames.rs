//! The load generator's own reading of frames, which puts nothing together that the
//! network has not cut.

use longhall_swarm::fuzzing::read_frames;

use crate::connection::pieces;

/// Wherever the network cuts the bytes, the same frames are seen.
pub(crate) fn frames(bytes: &[u8]) {
    let Some((&seed, bytes)) = bytes.split_first() else {
        return;
    };
    let whole = read_frames([bytes]);
    let cut = read_frames(pieces(seed, bytes));
    assert_eq!(whole, cut);
}
