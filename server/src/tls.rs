//! TLS between players and this server.
//!
//! The certificate may change while the server runs: each handshake takes the newest.

pub(crate) mod acme;
mod certificate;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, info, warn};

use crate::config;
use certificate::{Certificate, Digest};

/// So long before a certificate ends the log speaks of it.
const WARN_AHEAD: Duration = Duration::from_secs(14 * DAY.as_secs());
/// What browsers say they will speak.
const HTTP: &[u8] = b"http/1.1";
/// What an authority says that looks whose a domain is (RFC 8737).
const ACME: &[u8] = b"acme-tls/1";
/// The log speaks of an end so often.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the handshakes of players need.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    current: Arc<Current>,
    files: Files,
}

/// Where the certificate is.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What the next one who shakes hands is shown.
#[derive(Debug)]
struct Current {
    shown: Mutex<Shown>,
    /// By domain: for the authority that gives certificates, while it looks whose they are.
    challenges: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

#[derive(Debug)]
struct Shown {
    /// `None` while the first one is on its way.
    certificate: Option<Certificate>,
    /// What the files held when they were read last, whatever came of it.
    read: Digest,
}

/// Whether the server may listen on `address` with these settings.
///
/// # Errors
/// If passwords would travel in the clear beyond this machine, or the certificate cannot be
/// used; the text is for the operator and says what to do.
pub fn check(settings: &config::Tls, address: SocketAddr) -> io::Result<()> {
    if Tls::open(settings)?.is_some() || settings.allow_unencrypted || is_here(address.ip()) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "--listen {address} reaches beyond this machine, and without TLS passwords travel in \
             the clear: give --tls-certificate and --tls-key (for a try on the local network \
             \"longhall-server dev-certificate\" makes them), or --acme-domain, or \
             --allow-unencrypted if a TLS proxy stands in front"
        ),
    ))
}

fn is_here(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

impl Tls {
    /// Reads the certificate, if the settings name one.
    ///
    /// # Errors
    /// When it cannot be used, or one of the two files is not named.
    pub(crate) fn open(settings: &config::Tls) -> io::Result<Option<Self>> {
        let is_by_acme = !settings.acme.domains.is_empty();
        let files = match (&settings.certificate, &settings.key) {
            (None, None) if is_by_acme => {
                acme::prepare(&settings.acme)?;
                let both = settings.acme.certificate_file();
                Files {
                    certificate: both.clone(),
                    key: both,
                }
            }
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => Files {
                certificate: certificate.clone(),
                key: key.clone(),
            },
            (Some(_), None) => return Err(missing("--tls-certificate", "--tls-key")),
            (None, Some(_)) => return Err(missing("--tls-key", "--tls-certificate")),
        };
        let (read, digest) = files.read();
        let certificate = match read {
            Ok(certificate) => Some(certificate),
            // A better one is asked for.
            Err(_) if is_by_acme => None,
            Err(cause) => return Err(cause),
        };
        let shown = Mutex::new(Shown {
            certificate,
            read: digest,
        });
        let current = Arc::new(Current {
            shown,
            challenges: Mutex::default(),
        });
        let mut config = server_config(Arc::clone(&current)).map_err(io::Error::other)?;
        if is_by_acme {
            config.alpn_protocols = [HTTP, ACME].map(<[u8]>::to_vec).to_vec();
        }
        Ok(Some(Self {
            config: Arc::new(config),
            current,
            files,
        }))
    }

    /// Reads the files again. The certificate that players are shown stays if what is
    /// there now cannot be used.
    pub(crate) fn reload(&self) {
        let (read, digest) = self.files.read();
        let mut shown = self.current.shown();
        if shown.read == digest {
            return;
        }
        shown.read = digest;
        match read {
            Ok(certificate) => {
                let days = days_until(certificate.ends);
                shown.certificate = Some(certificate);
                info!(days, "took the new TLS certificate");
            }
            Err(cause) => warn!(%cause, "the TLS certificate stays as it was"),
        }
    }

    /// From when to when the certificate is good, if there is one.
    fn validity(&self) -> Option<(SystemTime, SystemTime)> {
        let shown = self.current.shown();
        let certificate = shown.certificate.as_ref()?;
        Some((certificate.begins, certificate.ends))
    }

    /// What to show to the authority that asks for this domain.
    fn add_challenge(&self, domain: String, key: Arc<CertifiedKey>) {
        self.current.challenges().insert(domain, key);
    }

    fn forget_challenges(&self) {
        self.current.challenges().clear();
    }

    /// Says so if the certificate has ended or is about to.
    fn warn_of_end(&self) {
        let Some((_, ends)) = self.validity() else {
            return;
        };
        match ends.duration_since(SystemTime::now()) {
            Err(_) => error!("the TLS certificate has ended: players cannot come in; renew it"),
            Ok(left) if left < WARN_AHEAD => {
                warn!(
                    days = days_until(ends),
                    "the TLS certificate ends soon; renew it"
                );
            }
            Ok(_) => {}
        }
    }
}

/// Looks at the files now and then, and once a day at when the certificate ends.
pub(crate) async fn watch(tls: Arc<Tls>, period: Duration) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = tls.current.shown().read;
    let mut warned: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let looking = Arc::clone(&tls);
        let looked = tokio::task::spawn_blocking(move || {
            let found = certificate::digest(&looking.files.certificate, &looking.files.key);
            // Not while they are being written: both looks found the same.
            if found == seen {
                looking.reload();
            }
            found
        });
        seen = looked.await.unwrap_or(seen);
        if warned.is_none_or(|warned| warned.elapsed() >= DAY) {
            warned = Some(Instant::now());
            tls.warn_of_end();
        }
    }
}

fn missing(given: &str, wanted: &str) -> io::Error {
    let text = format!("{given} needs {wanted} as well: the certificate and its private key");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

fn days_until(end: SystemTime) -> u64 {
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    left.as_secs() / DAY.as_secs()
}

fn server_config(current: Arc<Current>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(current);
    // Who comes back costs less, also when all come back at once: nothing is kept of them.
    config.ticketer = ring::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(config)
}

impl Files {
    /// Reads a certificate that is good now, and says what the files held.
    fn read(&self) -> (io::Result<Certificate>, Digest) {
        let (read, digest) = Certificate::read(&self.certificate, &self.key);
        let read = read.and_then(|read| {
            read.check_time(&self.certificate, SystemTime::now())?;
            Ok(read)
        });
        (read, digest)
    }
}

impl Current {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        // Whole at any time.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn challenges(&self) -> MutexGuard<'_, HashMap<String, Arc<CertifiedKey>>> {
        let challenges = self.challenges.lock();
        challenges.unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello
            .alpn()
            .is_some_and(|mut names| names.any(|name| name == ACME))
        {
            let challenges = self.challenges();
            return challenges.get(hello.server_name()?).map(Arc::clone);
        }
        let shown = self.shown();
        let certificate = shown.certificate.as_ref()?;
        Some(Arc::clone(&certificate.key))
    }
}

/// Whether this was no player, but the authority that looks whose a domain is: it has seen
/// all it wants.
pub(crate) fn is_challenge(connection: &ServerConnection) -> bool {
    connection.alpn_protocol() == Some(ACME)
}
