//! TLS between players and this server.
//!
//! The certificate may change while the server runs: each handshake takes the newest.

mod certificate;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, info, warn};

use crate::config;
use certificate::{Certificate, Digest};

/// So long before a certificate ends the log speaks of it.
const WARN_AHEAD: Duration = Duration::from_secs(14 * DAY.as_secs());
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

/// The certificate that the next player is shown.
#[derive(Debug)]
struct Current(Mutex<Shown>);

#[derive(Debug)]
struct Shown {
    key: Arc<CertifiedKey>,
    ends: SystemTime,
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
             \"longhall-server dev-certificate\" makes them), or --allow-unencrypted if a TLS \
             proxy stands in front"
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
        let (certificate, key) = match (&settings.certificate, &settings.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (Some(_), None) => return Err(missing("--tls-certificate", "--tls-key")),
            (None, Some(_)) => return Err(missing("--tls-key", "--tls-certificate")),
        };
        let files = Files { certificate, key };
        let (read, digest) = Certificate::read(&files.certificate, &files.key);
        let read = read?;
        read.check_time(&files.certificate, SystemTime::now())?;
        let current = Arc::new(Current(Mutex::new(Shown {
            key: read.key,
            ends: read.ends,
            read: digest,
        })));
        let config = server_config(Arc::clone(&current)).map_err(io::Error::other)?;
        Ok(Some(Self {
            config: Arc::new(config),
            current,
            files,
        }))
    }

    /// Reads the files again. The certificate that players are shown stays if what is
    /// there now cannot be used.
    pub(crate) fn reload(&self) {
        let (read, digest) = Certificate::read(&self.files.certificate, &self.files.key);
        if self.current.lock().read == digest {
            return;
        }
        let read = read.and_then(|read| {
            read.check_time(&self.files.certificate, SystemTime::now())?;
            Ok(read)
        });
        let mut current = self.current.lock();
        current.read = digest;
        match read {
            Ok(read) => {
                current.key = read.key;
                current.ends = read.ends;
                let days = days_until(read.ends);
                info!(days, "took the new TLS certificate");
            }
            Err(cause) => warn!(%cause, "the TLS certificate stays as it was"),
        }
    }

    /// Says so if the certificate has ended or is about to.
    fn warn_of_end(&self) {
        let ends = self.current.lock().ends;
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
    let mut seen = tls.current.lock().read;
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

impl Current {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        // Whole at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.lock().key))
    }
}
