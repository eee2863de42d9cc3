//! Certificates for tests: made anew, so that none ends.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When a certificate is good.
#[derive(Clone, Copy)]
pub enum Validity {
    Year,
    EndsInDays(u32),
    Ended,
    NotYet,
}

/// A certificate and its key for `localhost`, in two files of a folder.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
    der: CertificateDer<'static>,
}

impl Pair {
    /// Writes them, over those that are there.
    pub fn write(folder: &Path, validity: Validity) -> Self {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let now = SystemTime::now();
        let (begins, ends) = match validity {
            Validity::Year => (now - DAY, now + 365 * DAY),
            Validity::EndsInDays(days) => (now - DAY, now + days * DAY + DAY / 2),
            Validity::Ended => (now - 9 * DAY, now - 3 * DAY),
            Validity::NotYet => (now + 3 * DAY, now + 9 * DAY),
        };
        (params.not_before, params.not_after) = (begins.into(), ends.into());
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (file, key_file) = (folder.join("chat.crt"), folder.join("chat.key"));
        std::fs::write(&file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        Self {
            certificate: file,
            key: key_file,
            der: certificate.der().clone(),
        }
    }

    /// A certificate that is there, and the key beside it.
    pub fn of(certificate: &Path) -> Self {
        Self {
            certificate: certificate.to_owned(),
            key: certificate.with_extension("key"),
            der: CertificateDer::from_pem_file(certificate).unwrap(),
        }
    }

    /// The options that name the two files.
    pub fn options(&self) -> [&str; 4] {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-certificate", certificate, "--tls-key", key]
    }

    /// Connects as one who trusts this certificate and no other.
    pub async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        self.over(TcpStream::connect(address).await?).await
    }

    /// As [`Pair::connect`], over a connection that there is.
    pub async fn over(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }
}
