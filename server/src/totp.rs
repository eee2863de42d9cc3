//! Codes of a second factor, by RFC 6238: six digits, SHA-1, 30 seconds, as all apps know.
//! Players' and operators'.

use longhall_packet::{Denial, DenyCode};
use totp_rs::{Builder, Secret, Totp};
use tracing::error;

/// Who gives the codes out, as an app shows it.
const ISSUER: &str = "Longhall";

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TotpError {
    /// The system gives no random numbers.
    #[error("There are no random numbers: {0}.")]
    NoRandomNumbers(String),
    /// The secret is damaged.
    #[error("The secret of the second factor cannot be read.")]
    Unreadable,
}

impl From<TotpError> for Denial {
    fn from(cause: TotpError) -> Self {
        error!(%cause, "a second factor fails");
        Denial::new(DenyCode::Unavailable)
    }
}

/// A random secret in base32: 160 bits, as RFC 4226 recommends.
pub(crate) fn new_secret() -> Result<String, TotpError> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|cause| TotpError::NoRandomNumbers(cause.to_string()))?;
    Ok(Secret::new_stack(bytes).to_base32())
}

/// The step of time that a code belongs to, now or one step away; `None` when it is wrong.
/// Each may be used once.
pub(crate) fn step_of(secret: &str, code: &str, now_ms: i64) -> Result<Option<i64>, TotpError> {
    let seconds = u64::try_from(now_ms / 1000).unwrap_or(0);
    let code: String = code.chars().filter(|sign| !sign.is_whitespace()).collect();
    let step = totp(secret, "")?.check(&code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// What an app is told, by a picture or as it is.
pub(crate) fn uri(secret: &str, name: &str) -> Result<String, TotpError> {
    let uri = totp(secret, name)?.to_url();
    uri.map_err(|_| TotpError::Unreadable)
}

fn totp(secret: &str, name: &str) -> Result<Totp, TotpError> {
    let secret = Secret::try_from_base32(secret).map_err(|_| TotpError::Unreadable)?;
    Builder::new()
        .with_secret(secret)
        .with_account_name(name)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|_| TotpError::Unreadable)
}

/// The code that an app shows now.
#[cfg(test)]
pub(crate) fn code_at(secret: &str, now_ms: i64) -> String {
    let seconds = u64::try_from(now_ms / 1000).unwrap();
    totp(secret, "").unwrap().generate(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of its eight digits.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_are_those_of_the_rfc_for_the_step_before_and_after_as_well() {
        let step_of = |code, seconds: i64| step_of(SECRET, code, seconds * 1000).unwrap();
        assert_eq!(step_of("287082", 59), Some(1));
        assert_eq!(step_of("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(step_of(" 287 082 ", 59), Some(1));
        assert_eq!(step_of("287082", 60), Some(1));
        assert_eq!(step_of("287082", 29), Some(1));
        assert_eq!(step_of("287082", 90), None);
        for wrong in ["287083", "", "28708", "2870820", "nonsense", "２８７０８２"] {
            assert_eq!(step_of(wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_whose_code_it_is() {
        let secret = new_secret().unwrap();
        assert_eq!(secret.len(), 32);
        assert_ne!(secret, new_secret().unwrap());
        let uri = uri(&secret, "Ann").unwrap();
        assert!(uri.starts_with("otpauth://totp/Longhall:Ann?"), "{uri}");
        assert!(
            uri.contains(&secret) && uri.contains("issuer=Longhall"),
            "{uri}"
        );
    }

    #[test]
    fn a_damaged_secret_lets_nobody_in() {
        for damaged in ["", "not base32!", "AAAA"] {
            assert!(step_of(damaged, "287082", 59_000).is_err(), "{damaged}");
        }
    }
}
