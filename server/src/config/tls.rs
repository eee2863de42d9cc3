//! Encryption between players and this server.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, builder::BoolishValueParser};

use super::Acme;

/// The certificate that the server shows, if it speaks TLS itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "TLS")]
pub struct Tls {
    /// The server's certificate in PEM, followed by those that signed it: players
    /// connect with wss://. Looked at every few seconds: a new one holds for the next
    /// connections, and nobody is disconnected.
    ///
    /// For the open internet without a proxy in front. For a try on the local network
    /// "longhall-server dev-certificate" makes one.
    #[arg(long = "tls-certificate", env = "LONGHALL_TLS_CERTIFICATE")]
    #[arg(id = "tls_certificate", value_name = "FILE")]
    pub certificate: Option<PathBuf>,

    /// The private key of the certificate in PEM, without a passphrase. Looked at
    /// together with it.
    ///
    /// It belongs to --tls-certificate; only the server's user should be able to read it.
    #[arg(long = "tls-key", env = "LONGHALL_TLS_KEY")]
    #[arg(id = "tls_key", value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// A certificate that the server gets by itself.
    #[command(flatten)]
    pub acme: Acme,

    /// Lets the server listen beyond this machine without TLS.
    ///
    /// true where a proxy in front speaks TLS and nobody else reaches the server, or on
    /// a network where nobody listens: passwords travel in the clear.
    #[arg(long, env = "LONGHALL_ALLOW_UNENCRYPTED")]
    #[arg(action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub allow_unencrypted: bool,

    /// How often the two files are looked at.
    #[arg(skip = Duration::from_secs(2))]
    pub interval: Duration,
}
