//! What proxies tell of whose connection it is, and what players would have them tell.

use longhall_server::fuzzing::{forwarded, proxy_protocol};

/// The first byte says which way it is told.
pub(crate) fn proxies(bytes: &[u8]) {
    match bytes {
        [b'p', header @ ..] => proxy_protocol(header),
        [b'f', lines @ ..] => forwarded("forwarded", lines),
        [_, lines @ ..] => forwarded("x-forwarded-for", lines),
        [] => {}
    }
}
