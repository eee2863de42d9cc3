//! When a certificate ends.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::{Finding, now_ms};
use crate::config::Tls;

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Days before the end at which whoever renews it should have done so.
const SOON_DAYS: i64 = 14;

/// Looks at the certificate that players are shown, if there is to be one.
pub(super) fn examine(settings: &Tls) -> Option<Finding> {
    if let Some(file) = &settings.certificate {
        return Some(certificate(file));
    }
    if settings.acme.domains.is_empty() {
        return None;
    }
    let file = settings.acme.certificate_file();
    Some(match file.exists() {
        true => certificate(&file),
        false => Finding::warn(
            "certificate",
            "there is none yet; start the server to get it",
        ),
    })
}

/// Looks at the first certificate of a file in PEM, the server's own.
fn certificate(file: &Path) -> Finding {
    let check = "certificate";
    let shown = file.display();
    let first = match CertificateDer::from_pem_file(file) {
        Ok(first) => first,
        Err(cause) => return Finding::fail(check, format!("{shown} has none: {cause}")),
    };
    let ends = match Certificate::from_der(&first) {
        Ok(certificate) => certificate.tbs_certificate.validity.not_after,
        Err(cause) => return Finding::fail(check, format!("{shown} cannot be read: {cause}")),
    };
    let end = i64::try_from(ends.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let days = (end - now_ms() / 1000).div_euclid(DAY_SECONDS);
    if days < 0 {
        Finding::fail(check, format!("{shown} ended {} days ago; renew it", -days))
    } else if days < SOON_DAYS {
        Finding::warn(check, format!("{shown} ends in {days} days; renew it"))
    } else {
        Finding::ok(check, format!("{shown} is good for {days} days"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::super::Level;
    use super::*;
    use crate::store::backup::utc_stamp;

    /// What is found of a certificate that ends in so many days.
    fn ending_in(days: i64) -> Finding {
        let stamp = utc_stamp(now_ms() + days * DAY_SECONDS * 1000);
        let part = |from: usize, to: usize| stamp[from..to].parse().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let (month, day) = (part(4, 6), part(6, 8));
        let year = stamp[..4].parse().unwrap();
        params.not_after = date_time_ymd(year, month, day);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cert.pem");
        fs::write(&file, made.pem()).unwrap();
        certificate(&file)
    }

    #[test]
    fn a_certificate_that_ends_is_told_in_time() {
        for (days, level, part) in [
            (400, Level::Ok, "is good for 399 days"),
            (5, Level::Warn, "ends in 4 days; renew it"),
            (-3, Level::Fail, "ended 4 days ago; renew it"),
        ] {
            let found = ending_in(days);
            assert_eq!(found.level, level, "{}", found.said);
            assert!(found.said.contains(part), "{}", found.said);
        }
        let none = certificate(Path::new("nowhere.pem"));
        assert_eq!(none.level, Level::Fail);
        assert!(none.said.contains("nowhere.pem"), "{}", none.said);
    }
}
