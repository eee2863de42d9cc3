//! A certificate that is asked for by ACME (RFC 8555) and renewed in time.
//!
//! That the domain is ours is shown on the players' own port, by a handshake of TLS that only
//! the authority asks for (TLS-ALPN-01, RFC 8737).

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::Tls;
use crate::config;

/// How often it is looked whether the certificate has to be renewed.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
/// After a failure the next try waits so long, then twice as long, and so on: authorities
/// count failures.
const FIRST_WAIT: Duration = Duration::from_secs(15 * 60);
const LONGEST_WAIT: Duration = Duration::from_secs(12 * 60 * 60);
/// How long the authority may take for everything.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
const POLLING: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(2 * 60));

/// Creates the folder, which is for the server alone.
///
/// # Errors
/// When nothing can be written there; the text is for the operator.
pub(super) fn prepare(settings: &config::Acme) -> io::Result<()> {
    let folder = &settings.state;
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let prepared = builder.create(folder).and_then(|()| {
        let trial = folder.join("trial");
        write(&trial, b"")?;
        fs::remove_file(trial)
    });
    prepared.map_err(|cause| {
        let text = format!("cannot write to --acme-state {}: {cause}", folder.display());
        io::Error::new(cause.kind(), text)
    })
}

/// Gets the certificate, and renews it when a third of its time is left.
pub(crate) async fn run(tls: Arc<Tls>, settings: config::Acme) {
    let mut wait = FIRST_WAIT;
    loop {
        if !is_due(&tls, &settings) {
            sleep(LOOK_EVERY).await;
            continue;
        }
        let domains = settings.domains.join(",");
        info!(
            domains,
            directory = settings.directory,
            "asking for a TLS certificate"
        );
        let got = timeout(PATIENCE, obtain(&tls, &settings)).await;
        tls.forget_challenges();
        let cause = match got {
            Ok(Ok(())) if !is_due(&tls, &settings) => {
                wait = FIRST_WAIT;
                continue;
            }
            // As of a clock that is wrong. Not at once again: authorities count.
            Ok(Ok(())) => "the new one cannot be used".to_owned(),
            Ok(Err(cause)) => cause.to_string(),
            Err(_) => "it takes too long".to_owned(),
        };
        let again_in_min = wait.as_secs() / 60;
        warn!(cause, again_in_min, "no TLS certificate by ACME yet");
        sleep(wait).await;
        wait = (2 * wait).min(LONGEST_WAIT);
    }
}

fn is_due(tls: &Tls, settings: &config::Acme) -> bool {
    let Some((begins, ends)) = tls.validity() else {
        return true;
    };
    let whole = ends.duration_since(begins).unwrap_or_default();
    let left = ends.duration_since(SystemTime::now()).unwrap_or_default();
    left < whole / 3 || !is_for(&settings.certificate_file(), settings)
}

/// Whether the certificate in the file is for these domains, by its first line.
fn is_for(file: &Path, settings: &config::Acme) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().next() == Some(&first_line(settings))
}

fn first_line(settings: &config::Acme) -> String {
    format!("# {} by {}", settings.domains.join(","), settings.directory)
}

async fn obtain(tls: &Tls, settings: &config::Acme) -> Result<(), Error> {
    let account = account(settings).await?;
    let domains = settings.domains.iter().cloned().map(Identifier::Dns);
    let domains: Vec<_> = domains.collect();
    let mut order = account.new_order(&NewOrder::new(&domains)).await?;
    answer_challenges(tls, &mut order).await?;
    if order.poll_ready(&POLLING).await? != OrderStatus::Ready {
        return Err(failure(&mut order).await);
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&POLLING).await?;
    let pem = format!("{}\n{key}{chain}", first_line(settings));
    write(&settings.certificate_file(), pem.as_bytes()).map_err(other)?;
    tls.reload();
    Ok(())
}

/// The account at the authority: the one from before, or a new one.
async fn account(settings: &config::Acme) -> Result<Account, Error> {
    let digest = Sha256::digest(settings.directory.as_bytes());
    let name = format!(
        "account-{:08x}.json",
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    );
    let file = settings.state.join(name);
    match fs::read(&file) {
        Ok(text) => {
            let known: AccountCredentials = serde_json::from_slice(&text)?;
            return Account::builder()?.from_credentials(known).await;
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(other(cause)),
    }
    let contact = settings
        .contact
        .as_ref()
        .map(|address| match address.contains(':') {
            true => address.clone(),
            false => format!("mailto:{address}"),
        });
    let contact: Vec<&str> = contact.as_deref().into_iter().collect();
    let wanted = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let created = Account::builder()?.create(&wanted, settings.directory.clone(), None);
    let (account, known) = created.await?;
    write(&file, &serde_json::to_vec(&known)?).map_err(other)?;
    Ok(account)
}

async fn answer_challenges(tls: &Tls, order: &mut Order) -> Result<(), Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or(Error::Unsupported("TLS-ALPN-01"))?;
        let domain = challenge.identifier().to_string();
        let key = challenge_key(&domain, challenge.key_authorization().digest().as_ref())?;
        tls.add_challenge(domain, key);
        challenge.set_ready().await?;
    }
    Ok(())
}

/// Why the authority does not believe that a domain is ours.
async fn failure(order: &mut Order) -> Error {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let problem = state.challenges.iter().find_map(|one| one.error.clone());
        if let Some(problem) = problem {
            return Error::Api(problem);
        }
    }
    Error::Str("why the order failed")
}

/// The certificate that answers a challenge: signed by itself, and good for nothing else.
fn challenge_key(domain: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, Error> {
    let make = || {
        let mut params = CertificateParams::new([domain.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok::<_, rcgen::Error>((certificate.der().clone(), key.serialize_der()))
    };
    let (certificate, key) = make().map_err(other)?;
    let key = PrivateKeyDer::Pkcs8(key.into());
    let key = ring::sign::any_supported_type(&key).map_err(other)?;
    // Not checked against each other: what a challenge needs in it is unknown to rustls.
    Ok(Arc::new(CertifiedKey::new(vec![certificate], key)))
}

fn other(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Other(Box::new(cause))
}

/// Writes the file for nobody else to read, whole or not at all.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&new)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    fs::rename(new, file)
}
