//! Where events are told, and the secret that they are signed with.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rustls::pki_types::ServerName;
use sha2::Sha256;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::config::{Secret, Webhooks};

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, as the specification says.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Where events are told.
pub(crate) struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
    /// `None` where it is plain HTTP, which is for private addresses alone.
    pub(super) tls: Option<(TlsConnector, ServerName<'static>)>,
    secret: Vec<u8>,
}

impl Target {
    /// Where the settings say; `None` when nowhere.
    ///
    /// # Errors
    /// When the address is none that events may be told to, or the secret cannot be read.
    pub(crate) fn of(settings: &Webhooks) -> io::Result<Option<Self>> {
        let Some(url) = &settings.webhook_url else {
            return match settings.webhook_secret_file {
                None => Ok(None),
                // Who signs means to tell.
                Some(_) => Err(io::Error::other(
                    "--webhook-secret-file is of no use without --webhook-url: say where events \
                     are told, or leave it out",
                )),
            };
        };
        let url = Url::parse(url).map_err(|cause| match cause {
            url::ParseError::RelativeUrlWithoutBase => wrong("does not begin with https://"),
            cause => wrong(&format!("is no address: {cause}")),
        })?;
        let is_plain = match url.scheme() {
            "https" => false,
            "http" if settings.webhook_allow_http => true,
            "http" => {
                let told = "begins with http://: use https://, or say --webhook-allow-http where \
                            it leads to this machine or a private network";
                return Err(wrong(told));
            }
            _ => return Err(wrong("does not begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("has a user or a password in it, which is not sent"));
        }
        let host = url.host().ok_or_else(|| wrong("has no host"))?;
        let name = match &host {
            Host::Domain(name) => (*name).to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let is_public = match host {
            Host::Domain(_) => false,
            Host::Ipv4(address) => !is_private(address.into()),
            Host::Ipv6(address) => !is_private(address.into()),
        };
        if is_plain && is_public {
            let told = "leads beyond this machine and private networks, unencrypted: use https://";
            return Err(wrong(told));
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Some(Self {
            port: url.port_or_known_default().unwrap_or(443),
            path,
            tls: match is_plain {
                true => None,
                false => Some(tls(&name)?),
            },
            host: name,
            secret: read_secret(settings)?,
        }))
    }

    /// For the log, which has no more of the address: it may have a secret in it.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// What the receiver knows by that it is this server that tells.
    pub(super) fn signature(&self, id: &str, timestamp: u64, body: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        Some(format!("v1,{signature}"))
    }

    /// Whether something may be told to this address, which its name led to just now.
    pub(super) fn may_be_at(&self, address: IpAddr) -> bool {
        self.tls.is_some() || is_private(address)
    }
}

/// Whether an address is this machine's or a private network's.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

fn wrong(what: &str) -> io::Error {
    // Without the address itself.
    io::Error::other(format!("--webhook-url {what}"))
}

fn read_secret(settings: &Webhooks) -> io::Result<Vec<u8>> {
    let Some(file) = &settings.webhook_secret_file else {
        let told = "--webhook-url needs a --webhook-secret-file, which each event is signed with";
        return Err(io::Error::other(told));
    };
    let secret = Secret::read("--webhook-secret-file", file).map_err(io::Error::other)?;
    let bytes = secret
        .expose()
        .strip_prefix(PREFIX)
        .and_then(|text| STANDARD.decode(text).ok())
        .filter(|bytes| SECRET_BYTES.contains(&bytes.len()));
    bytes.ok_or_else(|| {
        io::Error::other(format!(
            "--webhook-secret-file {} does not hold whsec_ and base64 of 24 to 64 bytes, as by \
             echo whsec_$(openssl rand -base64 32)",
            file.display()
        ))
    })
}

/// By the system's authorities.
fn tls(name: &str) -> io::Result<(TlsConnector, ServerName<'static>)> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| wrong("has a host that no certificate can be for"))?;
    Ok((TlsConnector::from(Arc::new(config)), server))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, allow_http: bool, secret: &str) -> (tempfile::TempDir, Webhooks) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, secret).unwrap();
        let mut settings = crate::Config::default().webhooks;
        settings.webhook_url = Some(url.to_owned());
        settings.webhook_secret_file = Some(file);
        settings.webhook_allow_http = allow_http;
        (folder, settings)
    }

    /// Of the specification's own example.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let (_folder, settings) = settings("https://example.com/a?b", false, SECRET);
        let target = Target::of(&settings).unwrap().unwrap();
        assert_eq!((&*target.path, target.port), ("/a?b", 443));
        let signature = target.signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature.as_deref(), Some(expected));
    }

    #[test]
    fn an_address_is_encrypted_or_private_by_the_operators_word() {
        let of = |url: &str, allow| Target::of(&settings(url, allow, SECRET).1);
        for wrong in [
            "ftp://example.com",
            "example.com",
            "https://me:s3cret@example.com/",
            "file:///etc/passwd",
            "http://93.184.216.34/",
            "http://[2001:db8::1]/",
        ] {
            let told = of(wrong, true).err().unwrap().to_string();
            assert!(told.starts_with("--webhook-url "), "{told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
        assert!(of("http://127.0.0.1/", false).is_err());
        let plain = of("http://internal.example/", true).unwrap().unwrap();
        for (address, may) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("::1", true),
            ("fd00::1", true),
            ("::ffff:192.168.1.1", true),
            ("169.254.169.254", false),
            ("93.184.216.34", false),
            ("2001:db8::1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(plain.may_be_at(address.parse().unwrap()), may, "{address}");
        }
    }

    #[test]
    fn a_secret_is_long_enough_and_never_told() {
        for wrong in ["whsec_c2hvcnQ=", "s3cret", "whsec_???", ""] {
            let (_folder, settings) = settings("https://example.com/", false, wrong);
            let told = Target::of(&settings).err().unwrap().to_string();
            assert!(told.contains("--webhook-secret-file"), "{told}");
            assert!(wrong.is_empty() || !told.contains(wrong), "{told}");
        }
    }
}
