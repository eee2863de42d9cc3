//! Which tickets are good. Whatever a stranger shows, nothing here panics, or takes long.

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{ALGORITHM, Claims, SigningKey, TYPE};

/// Most bytes of a ticket. A real one has about five hundred.
pub const MAX_TICKET_BYTES: usize = 2048;
/// Most bytes of a document with keys.
pub const MAX_KEYS_BYTES: usize = 64 * 1024;
/// Seconds by which two clocks may differ: a ticket is good so much longer and earlier.
pub const LEEWAY_S: u64 = 10;

/// Why a ticket is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is no ticket at all, or says not what one says.
    Malformed,
    /// The signature is not by the key that it names, or by another algorithm.
    Forged,
    /// Its time is over.
    Expired,
    /// It was signed in the future: the clocks differ.
    NotYetValid,
    /// It is for somebody else.
    WrongAudience,
    /// It was used before.
    Used,
    /// The key that it names is not among the known ones.
    UnknownKey,
    /// No more tickets that were used can be remembered.
    TooMany,
}

impl Fault {
    /// The stable name: `"expired"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_ticket",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongAudience => "wrong_audience",
            Self::Used => "used",
            Self::UnknownKey => "unknown_key",
            Self::TooMany => "too_many_tickets",
        }
    }

    /// One English sentence for whoever runs the game's server, without a full stop.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "This is no ticket",
            Self::Forged => "The signature of this ticket is wrong",
            Self::Expired => "The time of this ticket is over",
            Self::NotYetValid => "This ticket is from the future, the clocks differ",
            Self::WrongAudience => "This ticket is for another server",
            Self::Used => "This ticket was used before",
            Self::UnknownKey => "This ticket is signed with a key that is not known here",
            Self::TooMany => "Too many tickets were used in too short a time",
        }
    }
}

/// Why a text has no keys to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeysError {
    /// It is no JWK Set.
    NotASet,
    /// It has more than [`MAX_KEYS_BYTES`].
    TooLarge,
}

/// The public keys of a server, by their names.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    known: Vec<(String, VerifyingKey)>,
}

impl Keys {
    /// Reads a JWK Set (RFC 7517), as [`jwks`](crate::jwks) writes it. Keys of other kinds in
    /// it are passed over. Of two under one name the first counts.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        if text.len() > MAX_KEYS_BYTES {
            return Err(KeysError::TooLarge);
        }
        let set: Set = serde_json::from_str(text).map_err(|_| KeysError::NotASet)?;
        let known = set.keys.iter().filter_map(one).collect();
        Ok(Self { known })
    }

    /// The public halves of keys that are at hand.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Self {
        let known = keys
            .into_iter()
            .map(|key| (key.id().to_owned(), key.verifying_key()));
        Self {
            known: known.collect(),
        }
    }

    fn named(&self, id: &str) -> Option<&VerifyingKey> {
        self.known
            .iter()
            .find(|(known, _)| known == id)
            .map(|(_, key)| key)
    }
}

/// A key that tickets may be signed with.
fn one(key: &serde_json::Value) -> Option<(String, VerifyingKey)> {
    let text = |name: &str| key.get(name).and_then(serde_json::Value::as_str);
    let is = |name: &str, wanted: &str| text(name).is_none_or(|found| found == wanted);
    let fits = text("kty") == Some("OKP")
        && text("crv") == Some("Ed25519")
        && is("alg", ALGORITHM)
        && is("use", "sig");
    fits.then_some(())?;
    let bytes = Base64UrlUnpadded::decode_vec(text("x")?).ok()?;
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    let public = VerifyingKey::from_bytes(&bytes).ok()?;
    (!public.is_weak()).then_some(())?;
    Some((text("kid")?.to_owned(), public))
}

/// Reads a ticket, whoever made it, and says what it says if one of these keys signed it for
/// this audience and it is good at a time in seconds since 1970, give or take [`LEEWAY_S`].
/// Whether it was used before [`Used`](crate::Used) knows.
///
/// # Errors
/// [`Fault`], the first there is. Of what a ticket says nothing counts before its signature
/// was found right.
pub fn check(ticket: &str, keys: &Keys, audience: &str, now_s: u64) -> Result<Claims, Fault> {
    if ticket.len() > MAX_TICKET_BYTES {
        return Err(Fault::Malformed);
    }
    let (signed, signature) = ticket.rsplit_once('.').ok_or(Fault::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Fault::Malformed)?;
    let header: Header = part(header)?;
    if header.alg != ALGORITHM {
        return Err(Fault::Forged);
    }
    if header.typ.as_deref() != Some(TYPE) {
        return Err(Fault::Malformed);
    }
    let id = header.kid.ok_or(Fault::Malformed)?;
    let mut bytes = [0; Signature::BYTE_SIZE];
    let read = Base64UrlUnpadded::decode(signature, &mut bytes).map_err(|_| Fault::Malformed)?;
    if read.len() != Signature::BYTE_SIZE {
        return Err(Fault::Malformed);
    }
    let key = keys.named(&id).ok_or(Fault::UnknownKey)?;
    key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&bytes))
        .map_err(|_| Fault::Forged)?;
    let claims: Claims = part(claims)?;
    if claims.exp.saturating_add(LEEWAY_S) <= now_s {
        return Err(Fault::Expired);
    }
    if claims.iat > now_s.saturating_add(LEEWAY_S) {
        return Err(Fault::NotYetValid);
    }
    // Whole and byte by byte: an audience that another begins with is another one.
    if claims.aud != audience {
        return Err(Fault::WrongAudience);
    }
    Ok(claims)
}

/// The first part of a ticket. One that says more, such as what must be understood (`crit`) or
/// where a key is to be got (`jku`, `jwk`), is none of ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let json = Base64UrlUnpadded::decode_vec(text).map_err(|_| Fault::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Fault::Malformed)
}
