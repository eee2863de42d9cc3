//! Certificates for an engine that speaks TLS, made anew for each.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Whom clients trust.
pub(crate) const AUTHORITY: &str = "authority.pem";
pub(crate) const CERTIFICATE: &str = "certificate.pem";
pub(crate) const KEY: &str = "key.pem";

/// Writes an authority's certificate, one of the server's that it has signed, and its key.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let explain = "cannot make a certificate";
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let name = &mut authority.distinguished_name;
    name.push(DnType::CommonName, "longhall's tests");
    let authority_key = KeyPair::generate().context(explain)?;
    let authority_certificate = authority.self_signed(&authority_key).context(explain)?;

    let server = CertificateParams::new(["127.0.0.1".to_owned()]).context(explain)?;
    let key = KeyPair::generate().context(explain)?;
    let issuer = Issuer::from_params(&authority, &authority_key);
    let certificate = server.signed_by(&key, &issuer).context(explain)?;

    for (file, text) in [
        (AUTHORITY, authority_certificate.pem()),
        (CERTIFICATE, certificate.pem()),
        (KEY, key.serialize_pem()),
    ] {
        fs::write(folder.join(file), text).with_context(|| format!("cannot write {file}"))?;
    }
    Ok(())
}
