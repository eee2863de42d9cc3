//! Which versions of the protocol are spoken, and what WebSocket calls them.
//!
//! ```
//! use longhall_packet::{PROTOCOL_VERSION, versions};
//!
//! assert_eq!(versions::SPOKEN[0], PROTOCOL_VERSION);
//! assert_eq!(versions::subprotocol(3), "longhall.v3");
//! assert_eq!(versions::version("longhall.v3"), Some(3));
//! assert_eq!(versions::version("mqtt"), None);
//! ```

use crate::PROTOCOL_VERSION;

/// Both ends speak these, newest first: the newest and the one before it, from 2 on. So a
/// game and a server may be updated one after the other. Version 1 was never published.
pub const SPOKEN: &[u32] = &[PROTOCOL_VERSION];

/// What each subprotocol begins with.
const FAMILY: &str = "longhall.";

/// The WebSocket subprotocol (RFC 6455, section 1.9) of a version.
pub fn subprotocol(version: u32) -> String {
    format!("{FAMILY}v{version}")
}

/// Whether this is a subprotocol of ours, of whatever version.
pub fn is_ours(subprotocol: &str) -> bool {
    subprotocol.starts_with(FAMILY)
}

/// The version of a subprotocol. `None` if it is none of ours, or is written otherwise than
/// [`subprotocol`] writes it.
pub fn version(subprotocol: &str) -> Option<u32> {
    let digits = subprotocol.strip_prefix(FAMILY)?.strip_prefix('v')?;
    let is_plain = !digits.starts_with(['+', '0']);
    digits.parse().ok().filter(|_| is_plain)
}

/// What a client offers as `Sec-WebSocket-Protocol`: the subprotocols of all these versions.
pub fn offer(spoken: &[u32]) -> String {
    let names: Vec<_> = spoken.iter().copied().map(subprotocol).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SUBPROTOCOL;

    #[test]
    fn the_newest_version_and_the_one_before_it_are_spoken() {
        let rule = [PROTOCOL_VERSION, PROTOCOL_VERSION - 1];
        let published: Vec<_> = rule.into_iter().filter(|version| *version >= 2).collect();
        assert_eq!(SPOKEN, published);
        assert_eq!(SUBPROTOCOL, subprotocol(PROTOCOL_VERSION));
    }

    #[test]
    fn a_version_has_one_name() {
        for version_of in [2, 10, u32::MAX] {
            assert_eq!(version(&subprotocol(version_of)), Some(version_of));
        }
        for name in [
            "longhall.v",
            "longhall.v02",
            "longhall.v+2",
            "longhall.v-2",
            "longhall.v2 ",
            "longhall.2",
            "Longhall.v2",
            "longhall",
            "longhall.v4294967296",
            "longhall.v２",
            "",
        ] {
            assert_eq!(version(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_client_offers_the_newest_first() {
        assert_eq!(offer(&[3, 2]), "longhall.v3, longhall.v2");
        assert_eq!(offer(SPOKEN), SUBPROTOCOL);
    }
}
