//! `longhall-server dev-certificate`: a certificate for a try on the local network.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use clap::Args;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::ServerName;

/// The ending by which Godot knows a certificate.
const CERTIFICATE: &str = "longhall-dev.crt";
const KEY: &str = "longhall-dev.key";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAYS: u32 = 365;

/// Makes a certificate for a try on the local network, and says how to use it
///
/// The certificate is signed by itself: only games that are told to will trust it, and no
/// browser does. Nothing is written over. For the open internet take a certificate that
/// everybody trusts.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DevCertificate {
    /// Names and addresses that players will use; this machine's own are added. Without
    /// any, this machine's address in its network
    #[arg(value_name = "NAME or IP")]
    names: Vec<String>,

    /// The folder for the two files
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

const EXAMPLES: &str = "Examples:
  longhall-server dev-certificate
  longhall-server dev-certificate --out certificates 192.168.1.7 chat.local";

/// Makes the two files and prints what to do with them.
///
/// # Errors
/// When they cannot be written, or are there already; in one line.
pub(crate) fn run(options: &DevCertificate) -> anyhow::Result<()> {
    let DevCertificate { names, out } = options;
    let mut all: Vec<String> = names.clone();
    if all.is_empty() {
        all.extend(own_address().map(|address| address.to_string()));
    }
    for here in ["localhost", "127.0.0.1", "::1"] {
        if !all.iter().any(|name| name == here) {
            all.push(here.to_owned());
        }
    }
    let (certificate, key) = make(&all)?;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let (certificate_file, key_file) = (out.join(CERTIFICATE), out.join(KEY));
    for file in [&certificate_file, &key_file] {
        ensure!(
            !file.exists(),
            "{} is there already; move it away, or choose another folder with --out",
            file.display()
        );
    }
    write(&key_file, &key, 0o600)?;
    write(&certificate_file, &certificate, 0o644)?;
    print(&all, &certificate_file, &key_file);
    Ok(())
}

fn print(names: &[String], certificate: &Path, key: &Path) {
    let host = match names.first().map(|name| (name, name.parse())) {
        Some((_, Ok(IpAddr::V6(address)))) => format!("[{address}]"),
        Some((name, _)) => name.clone(),
        None => String::new(),
    };
    let (names, certificate, key) = (names.join(", "), certificate.display(), key.display());
    println!(
        "{certificate}: a certificate for {names}, good for {DAYS} days
{key}: its private key, which stays on this machine

Start the server:
  longhall-server --listen 0.0.0.0:8081 --tls-certificate {certificate} --tls-key {key}

In the game, copy {CERTIFICATE} into the project and set on the NetworkClient:
  url = \"wss://{host}:8081\"
  tls_certificate = preload(\"res://{CERTIFICATE}\")"
    );
}

/// The certificate and its key, in PEM.
fn make(names: &[String]) -> anyhow::Result<(String, String)> {
    for name in names {
        ServerName::try_from(name.as_str())
            .ok()
            .with_context(|| format!("{name:?} is neither the name of a host nor an address"))?;
    }
    let mut params = CertificateParams::new(names).context("these are no names of hosts")?;
    let now = SystemTime::now();
    // Also for a machine whose clock is a little behind.
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAYS * DAY).into();
    let name = "a Longhall server on trial";
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().context("cannot make a key")?;
    let certificate = params.self_signed(&key);
    let certificate = certificate.context("cannot make a certificate")?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// The address by which the local network reaches this machine.
fn own_address() -> Option<IpAddr> {
    // Nothing is sent: the system only chooses the way to an address that nobody has.
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    let address = socket
        .local_addr()
        .ok()
        .map(|address: SocketAddr| address.ip());
    address.filter(|address| !address.is_unspecified() && !address.is_loopback())
}

fn write(file: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(file).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", file.display()))
}
