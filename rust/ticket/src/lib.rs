//! Tickets: how a game's own server knows who a player of Longhall is.
//!
//! A ticket is a JWT (RFC 7519), signed with Ed25519 (`EdDSA`, RFC 8037) by a Longhall server
//! for one account and one audience, good for a minute and for one use. Whoever has the
//! server's public keys checks it, with no more than this crate: no I/O, no clock, no random
//! numbers; the time comes in with each call.
//!
//! - [`Claims`]: what a ticket says;
//! - [`SigningKey`]: signs; [`jwks`]: the public keys as others read them (RFC 7517);
//! - [`Keys`] and [`check`]: which tickets are good, and [`Fault`], why one is not;
//! - [`Used`]: which were used before.

mod claims;
mod key;
mod check;
mod used;

pub use check::{Fault, Keys, KeysError, LEEWAY_S, MAX_KEYS_BYTES, MAX_TICKET_BYTES, check};
pub use claims::Claims;
pub use key::{SigningKey, jwks};
pub use used::Used;

/// The one algorithm there is. A ticket that names another one is forged, whatever it names.
const ALGORITHM: &str = "EdDSA";
/// Says of a JWT that it is a ticket and nothing else that may be signed one day (RFC 8725,
/// section 3.11).
const TYPE: &str = "ticket+jwt";
