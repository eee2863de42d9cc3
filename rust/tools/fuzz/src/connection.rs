//! A whole connection to the server, from its first frame to its end.

use longhall_server::fuzzing::{Before, converse};

/// The first byte says how the rest is cut, the second what the peer has done before;
/// what follows is what it sends.
pub(crate) fn connection(bytes: &[u8]) {
    let [seed, before, bytes @ ..] = bytes else {
        return;
    };
    let before = match before {
        b'n' => Before::Nothing,
        b'l' => Before::Login,
        _ => Before::Handshake,
    };
    converse(before, pieces(*seed, bytes));
}

/// The bytes as the network might bring them: whole, one by one, or in pieces of all
/// sizes.
pub(crate) fn pieces(seed: u8, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut state) = (bytes, u32::from(seed));
    std::iter::from_fn(move || {
        let length = match seed {
            0 => rest.len(),
            1 => 1,
            _ => {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Small ones are likelier to cut a header.
                1 + (state >> 24) as usize % (1 << (state >> 20 & 7))
            }
        };
        let (piece, left) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}
