//! A certificate and its private key, out of the operator's files.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use sha2::{Digest as _, Sha256};
use x509_cert::der::Decode;

/// What the two files hold, or that they cannot be read: tells whether they have changed.
pub(super) type Digest = Option<[u8; 32]>;

/// A certificate with its key, and for how long it is good.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) begins: SystemTime,
    pub(super) ends: SystemTime,
}

/// The digest of what the files hold now.
pub(super) fn digest(certificate: &Path, key: &Path) -> Digest {
    read_files(certificate, key)
        .ok()
        .map(|files| digest_of(&files))
}

impl Certificate {
    /// Reads the files, and says what they held.
    ///
    /// # Errors
    /// When they cannot be read, or are no certificate and its key; the text is for the
    /// operator.
    pub(super) fn read(certificate: &Path, key: &Path) -> (io::Result<Self>, Digest) {
        match read_files(certificate, key) {
            Ok(files) => {
                let digest = digest_of(&files);
                let parsed = parse(&files).map_err(|wrong| wrong.explain(certificate, key));
                (parsed, Some(digest))
            }
            Err(cause) => (Err(cause), None),
        }
    }

    /// # Errors
    /// If it is not good at that time.
    pub(super) fn check_time(&self, file: &Path, now: SystemTime) -> io::Result<()> {
        let file = file.display();
        let text = if now >= self.ends {
            let days = days_between(self.ends, now);
            format!(
                "--tls-certificate {file} ended {days} days ago: renew it, or set the clock if that is wrong"
            )
        } else if now < self.begins {
            let days = days_between(now, self.begins);
            format!(
                "--tls-certificate {file} is not good before {days} days from now: is the clock right?"
            )
        } else {
            return Ok(());
        };
        Err(io::Error::new(ErrorKind::InvalidData, text))
    }
}

fn days_between(early: SystemTime, late: SystemTime) -> u64 {
    let between = late.duration_since(early).unwrap_or_default();
    between.as_secs() / (24 * 60 * 60)
}

struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

fn read_files(certificate: &Path, key: &Path) -> io::Result<Contents> {
    Ok(Contents {
        certificate: read_file("--tls-certificate", certificate)?,
        key: read_file("--tls-key", key)?,
    })
}

fn read_file(option: &str, file: &Path) -> io::Result<Vec<u8>> {
    let read = fs::metadata(file).and_then(|metadata| match metadata.is_file() {
        true => fs::read(file),
        false => Err(io::Error::other("it is no file")),
    });
    read.map_err(|cause| {
        let text = format!("cannot read {option} {}: {cause}", file.display());
        io::Error::new(cause.kind(), text)
    })
}

fn digest_of(files: &Contents) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(files.certificate.len().to_be_bytes());
    digest.update(&files.certificate);
    digest.update(&files.key);
    digest.finalize().into()
}

/// What is wrong with the contents of the two files.
enum Wrong {
    Certificate(String),
    Key(String),
    /// Each is sound, but they do not belong together.
    Pair,
}

impl Wrong {
    fn explain(self, certificate: &Path, key: &Path) -> io::Error {
        let (certificate, key) = (certificate.display(), key.display());
        let text = match self {
            Self::Certificate(text) => format!("--tls-certificate {certificate} {text}"),
            Self::Key(text) => format!("--tls-key {key} {text}"),
            Self::Pair => format!(
                "--tls-key {key} is not the key of --tls-certificate {certificate}, whose first \
                 certificate has to be the server's own"
            ),
        };
        io::Error::new(ErrorKind::InvalidData, text)
    }
}

fn parse(files: &Contents) -> Result<Certificate, Wrong> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&files.certificate).collect();
    let chain =
        chain.map_err(|cause| Wrong::Certificate(format!("cannot be read as PEM: {cause}")))?;
    let Some(first) = chain.first() else {
        let text = "has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----";
        return Err(Wrong::Certificate(text.to_owned()));
    };
    let (begins, ends) = validity(first)
        .ok_or_else(|| Wrong::Certificate("holds what is no certificate".to_owned()))?;
    let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|cause| {
        Wrong::Key(match cause {
            pem::Error::NoItemsFound => {
                "has no private key in PEM that is readable without a passphrase".to_owned()
            }
            _ => "cannot be read as PEM".to_owned(),
        })
    })?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider());
    let key = key.map_err(|cause| match cause {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Wrong::Pair,
        Error::InvalidCertificate(cause) => {
            Wrong::Certificate(format!("cannot be used: {cause:?}"))
        }
        _ => Wrong::Key("is of a kind that cannot be used; ECDSA P-256 and RSA can".to_owned()),
    })?;
    Ok(Certificate {
        key: Arc::new(key),
        begins,
        ends,
    })
}

/// From when to when a certificate is good.
fn validity(certificate: &CertificateDer<'_>) -> Option<(SystemTime, SystemTime)> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let validity = certificate.tbs_certificate.validity;
    let time = |since: Duration| UNIX_EPOCH.checked_add(since);
    let begins = time(validity.not_before.to_unix_duration())?;
    Some((begins, time(validity.not_after.to_unix_duration())?))
}
