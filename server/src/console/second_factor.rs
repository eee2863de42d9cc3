//! Codes of a second factor, by RFC 6238: six digits, SHA-1, 30 seconds, as all apps know.

use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Builder, Secret, Totp};

use super::refusal::Refusal;

/// Who gives the codes out, as an app shows it.
const ISSUER: &str = "Longhall";
/// Side of the code's picture, in pixels.
const PICTURE: u32 = 240;

/// A random secret in base32.
pub(super) fn new_secret() -> Result<String, Refusal> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Refusal::failed(format!("There are no random numbers: {cause}.")))?;
    Ok(Secret::new_stack(bytes).to_base32())
}

/// The step of time that a code belongs to, now or one step away; `None` when it is wrong.
/// Each may be used once.
pub(super) fn step_of(secret: &str, code: &str, now_ms: i64) -> Result<Option<i64>, Refusal> {
    let seconds = u64::try_from(now_ms / 1000).unwrap_or(0);
    let code: String = code.chars().filter(|sign| !sign.is_whitespace()).collect();
    let step = totp(secret, "")?.check(&code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// What an app is told by the code's picture.
pub(super) fn uri(secret: &str, name: &str) -> Result<String, Refusal> {
    let uri = totp(secret, name)?.to_url();
    uri.map_err(|cause| Refusal::failed(cause.to_string()))
}

/// A picture that an app reads a text from, as SVG.
pub(super) fn picture(text: &str) -> Result<String, Refusal> {
    let code = QrCode::new(text).map_err(|cause| Refusal::failed(cause.to_string()))?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(PICTURE, PICTURE)
        .build();
    Ok(picture)
}

fn totp(secret: &str, name: &str) -> Result<Totp, Refusal> {
    let unreadable = || Refusal::failed("The secret of the second factor cannot be read.");
    let secret = Secret::try_from_base32(secret).map_err(|_| unreadable())?;
    Builder::new()
        .with_secret(secret)
        .with_account_name(name)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|_| unreadable())
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
        assert!(picture(&uri).unwrap().contains("<svg"));
    }

    #[test]
    fn a_damaged_secret_lets_nobody_in() {
        for damaged in ["", "not base32!", "AAAA"] {
            assert!(step_of(damaged, "287082", 59_000).is_err(), "{damaged}");
        }
    }
}
