//! The keys that tickets are signed with.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::Signer;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{ALGORITHM, Claims, TYPE};

/// What signs tickets. Wiped from memory when dropped, and never shown by `Debug`.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key made of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let id = thumbprint(key.verifying_key().as_bytes());
        Self { id, key }
    }

    /// A key as [`seed`](Self::seed) gave it; `None` if it is none.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        let read = Base64UrlUnpadded::decode(text, &mut *seed).ok()?;
        (read.len() == 32).then_some(())?;
        Some(Self::from_seed(&seed))
    }

    /// The secret itself in base64url, for keeping it.
    pub fn seed(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64UrlUnpadded::encode_string(self.key.as_bytes()))
    }

    /// Names the key: the SHA-256 of the public one, by RFC 7638. No secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs a ticket that says this. The text is worth the account for as long as it is good.
    pub fn sign(&self, claims: &Claims) -> Zeroizing<String> {
        #[derive(Serialize)]
        struct Header<'a> {
            alg: &'a str,
            typ: &'a str,
            kid: &'a str,
        }
        let header = Header {
            alg: ALGORITHM,
            typ: TYPE,
            kid: &self.id,
        };
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.signature(&signed);
        let mut ticket = Zeroizing::new(signed);
        ticket.reserve_exact(signature.len() + 1);
        ticket.push('.');
        ticket.push_str(&signature);
        ticket
    }

    pub(crate) fn verifying_key(&self) -> ed25519_dalek::VerifyingKey {
        self.key.verifying_key()
    }

    /// The signature of a text, in base64url.
    fn signature(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        Base64UrlUnpadded::encode_string(&signature.to_bytes())
    }

    fn public(&self) -> PublicKey<'_> {
        let x = Base64UrlUnpadded::encode_string(self.key.verifying_key().as_bytes());
        PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            alg: ALGORITHM,
            r#use: "sig",
            kid: &self.id,
            x,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ***)", self.id)
    }
}

#[derive(Serialize)]
struct PublicKey<'a> {
    kty: &'a str,
    crv: &'a str,
    alg: &'a str,
    r#use: &'a str,
    kid: &'a str,
    x: String,
}

/// The public halves of keys as a JWK Set (RFC 7517), with nothing secret in it.
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> String {
    #[derive(Serialize)]
    struct Set<'a> {
        keys: Vec<PublicKey<'a>>,
    }
    let keys = keys.into_iter().map(SigningKey::public).collect();
    json(&Set { keys })
}

fn part(value: &impl Serialize) -> String {
    Base64UrlUnpadded::encode_string(json(value).as_bytes())
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and truths are JSON")
}

/// The name of a public key by RFC 7638: of its members that make it what it is, in the order
/// of their names.
fn thumbprint(public: &[u8; 32]) -> String {
    let x = Base64UrlUnpadded::encode_string(public);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    Base64UrlUnpadded::encode_string(&Sha256::digest(members))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

    use super::*;

    /// The example of RFC 8037, appendix A.
    #[test]
    fn keys_names_and_signatures_are_those_of_the_standard() {
        let key = SigningKey::from_text("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        assert_eq!(
            key.public().x,
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5Bh\
                         VsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(key.signature(signed), signature);
    }

    #[test]
    fn a_key_is_kept_as_text_and_never_shown() {
        let key = SigningKey::from_seed(&[7; 32]);
        let seed = key.seed();
        assert_eq!(SigningKey::from_text(&seed).unwrap().id(), key.id());
        assert!(!format!("{key:?}").contains(&*seed));
        assert!(!jwks([&key]).contains(&*seed));
        for wrong in [
            "",
            "AAAA",
            &seed[1..],
            "not base64url, not at all, never, ever!!!!!",
        ] {
            assert!(SigningKey::from_text(wrong).is_none(), "{wrong}");
        }
    }
}
