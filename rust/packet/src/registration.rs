//! How accounts are made on a server: who may, and what it costs.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Most bits of work that a client does: four million hashes on average, some seconds.
/// A server that asks for more is not served.
pub const MAX_PROOF_BITS: u32 = 22;
/// Most characters of a challenge.
pub const MAX_CHALLENGE_CHARS: usize = 64;
/// Most letters and digits kept of an invite code.
pub const MAX_INVITE_CHARS: usize = 64;

/// Who may create an account. One that only a newer server knows reads as `"closed"`,
/// which promises least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Everybody.
    #[default]
    Open,
    /// Who has an invite code.
    Invite,
    /// Everybody; a moderator lets them in.
    Approval,
    /// Nobody.
    Closed,
}

impl RegistrationMode {
    /// Every one there is.
    pub const ALL: &[Self] = &[Self::Open, Self::Invite, Self::Approval, Self::Closed];

    /// The stable name, as it travels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Approval => "approval",
            Self::Closed => "closed",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }
}

impl fmt::Display for RegistrationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'de> Deserialize<'de> for RegistrationMode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Self::from_name(&name).unwrap_or(Self::Closed))
    }
}

/// What it takes to create an account, as a server's `hello` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registration {
    /// Who may.
    pub mode: RegistrationMode,
    /// Bits of work that a new account or guest costs its client; absent for none.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub proof_bits: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A code that lets somebody register. Read out and typed: case, spaces and dashes do not
/// matter. Never shown by `Debug`, as whoever reads it may use it.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteCode(Zeroizing<String>);

impl InviteCode {
    /// Takes over what somebody typed; `None` when there is neither letter nor digit in it.
    /// What is too long to be a code is cut, and lets nobody in.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let typed = Zeroizing::new(text.into());
        // Growing on the way would leave a copy behind that nobody wipes.
        let mut code = Zeroizing::new(String::with_capacity(MAX_INVITE_CHARS));
        let signs = typed.chars().filter(char::is_ascii_alphanumeric);
        code.extend(
            signs
                .take(MAX_INVITE_CHARS)
                .map(|sign| sign.to_ascii_lowercase()),
        );
        (!code.is_empty()).then_some(Self(code))
    }

    /// The code itself, without dashes and in lower case. For hashing and sending.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteCode(***)")
    }
}

impl Serialize for InviteCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Whether a number proves the work that a challenge asks for: the SHA-256 of
/// `challenge:number` begins with so many zero bits. As hashcash, which made junk mail
/// cost its senders something.
///
/// ```
/// use longhall_packet::{is_proof, ProofSearch};
///
/// let mut search = ProofSearch::new("c0ffee", 8).unwrap();
/// let proof = loop {
///     if let Some(proof) = search.run(100) {
///         break proof;
///     }
/// };
/// assert!(is_proof("c0ffee", 8, proof));
/// ```
pub fn is_proof(challenge: &str, bits: u32, proof: u64) -> bool {
    zero_bits(challenge, proof) >= bits
}

fn zero_bits(challenge: &str, proof: u64) -> u32 {
    let mut hash = Sha256::new();
    hash.update(challenge.as_bytes());
    let mut digits = [0; 20];
    hash.update(decimal(proof, &mut digits));
    let digest = hash.finalize();
    let mut zeros = 0;
    for byte in digest {
        zeros += byte.leading_zeros();
        if byte != 0 {
            break;
        }
    }
    zeros
}

/// A colon and the digits of a number, without an allocation: it is done a million times.
fn decimal(number: u64, into: &mut [u8; 20]) -> &[u8] {
    let mut rest = number;
    let mut at = into.len();
    // Numbers that travel have 16 digits at most.
    while at > 1 {
        at -= 1;
        into[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    at -= 1;
    into[at] = b':';
    &into[at..]
}

/// The search for a proof, done in slices: whoever has the time says how much.
#[derive(Clone, PartialEq, Eq)]
pub struct ProofSearch {
    challenge: String,
    bits: u32,
    tried: u64,
}

impl ProofSearch {
    /// Begins; `None` when it asks for more than [`MAX_PROOF_BITS`], or is no challenge.
    pub fn new(challenge: impl Into<String>, bits: u32) -> Option<Self> {
        let challenge = challenge.into();
        let is_sound = bits <= MAX_PROOF_BITS && challenge.len() <= MAX_CHALLENGE_CHARS;
        is_sound.then_some(Self {
            challenge,
            bits,
            tried: 0,
        })
    }

    /// Tries at most so many numbers. The proof, once it is found.
    pub fn run(&mut self, hashes: u32) -> Option<u64> {
        for _ in 0..hashes {
            let proof = self.tried;
            if is_proof(&self.challenge, self.bits, proof) {
                return Some(proof);
            }
            self.tried += 1;
        }
        None
    }

    /// How likely it was to be done by now, from 0 to less than 1. Nobody knows how long a
    /// search takes; half of them are done at 0.5.
    pub fn progress(&self) -> f32 {
        let expected = f64::from(1_u32 << self.bits.min(31));
        let tried = self.tried as f64;
        (1.0 - (-tried / expected).exp()) as f32
    }
}

impl fmt::Debug for ProofSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProofSearch({} bits)", self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_code_is_the_same_however_it_is_typed() {
        let code = |text: &str| InviteCode::parse(text).map(|code| code.expose().to_owned());
        assert_eq!(code(" ABCDE-fgh23 "), Some("abcdefgh23".to_owned()));
        assert_eq!(code(" - "), None);
        assert_eq!(code(&"x".repeat(999)).map(|code| code.len()), Some(64));
        let shown = format!("{:?}", InviteCode::parse("abcde"));
        assert!(!shown.contains("abcde"), "{shown}");
    }

    #[test]
    fn a_proof_is_what_the_page_says() {
        // By another implementation: printf 'c0ffee:N' | sha256sum.
        assert_eq!(decimal(0, &mut [0; 20]), b":0");
        assert_eq!(
            decimal(9_007_199_254_740_991, &mut [0; 20]),
            b":9007199254740991"
        );
        let digest = Sha256::digest(b"c0ffee:12345");
        assert_eq!(zero_bits("c0ffee", 12345), digest[0].leading_zeros());
    }

    #[test]
    fn a_search_in_slices_finds_what_one_in_a_run_finds() {
        let mut whole = ProofSearch::new("abc", 12).unwrap();
        let proof = whole.run(u32::MAX).unwrap();
        let mut sliced = ProofSearch::new("abc", 12).unwrap();
        let mut progress = -1.0;
        let found = loop {
            assert!(sliced.progress() > progress);
            progress = sliced.progress();
            if let Some(found) = sliced.run(7) {
                break found;
            }
        };
        assert_eq!(found, proof);
        assert!(is_proof("abc", 12, proof) && !is_proof("abd", 12, proof));
        assert!(progress < 1.0);
    }

    #[test]
    fn a_server_cannot_keep_a_client_busy_for_ever() {
        assert_eq!(ProofSearch::new("abc", MAX_PROOF_BITS + 1), None);
        assert_eq!(ProofSearch::new("a".repeat(65), 1), None);
    }

    #[test]
    fn a_mode_of_a_newer_server_promises_least() {
        let mode: RegistrationMode = serde_json::from_str("\"lottery\"").unwrap();
        assert_eq!(mode, RegistrationMode::Closed);
        for mode in RegistrationMode::ALL {
            assert_eq!(serde_json::to_string(mode).unwrap(), format!("\"{mode}\""));
        }
    }
}
