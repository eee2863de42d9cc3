//! The picture that an app reads a second factor's key from.

use qrcode::QrCode;
use qrcode::render::svg;

use super::refusal::Refusal;
use crate::totp::TotpError;

/// Side of the code's picture, in pixels.
const PICTURE: u32 = 240;

impl From<TotpError> for Refusal {
    fn from(cause: TotpError) -> Self {
        Self::failed(cause.to_string())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_one_that_browsers_draw() {
        let uri = "otpauth://totp/Longhall:Ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert!(picture(uri).unwrap().contains("<svg"));
    }
}
