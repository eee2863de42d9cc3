//! A certificate that the server gets by itself.

use std::path::PathBuf;

use clap::Args;

/// Which certificate the server asks for, and where.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "TLS")]
pub struct Acme {
    /// Domains for which the server gets a certificate by itself and renews it, by ACME,
    /// with commas between them. Their port 443 has to lead here. By that you agree to the
    /// authority's terms.
    ///
    /// In place of --tls-certificate, where nothing else gets certificates on this machine.
    #[arg(long = "acme-domain", env = "LONGHALL_ACME_DOMAIN", id = "acme_domain")]
    #[arg(value_name = "NAME", value_delimiter = ',', value_parser = domain)]
    #[arg(conflicts_with_all = ["tls_certificate", "tls_key"])]
    pub domains: Vec<String>,

    /// An address of mail for the authority, which may warn you of trouble.
    ///
    /// None is needed.
    #[arg(
        long = "acme-contact",
        env = "LONGHALL_ACME_CONTACT",
        id = "acme_contact"
    )]
    #[arg(value_name = "EMAIL", value_parser = contact)]
    pub contact: Option<String>,

    /// The authority's directory. Let's Encrypt unless set.
    ///
    /// For another authority, or for a try with
    /// https://acme-staging-v02.api.letsencrypt.org/directory, whose certificates nobody
    /// trusts.
    #[allow(rustdoc::bare_urls, reason = "it is the text of the help")]
    #[arg(
        long = "acme-directory",
        env = "LONGHALL_ACME_DIRECTORY",
        id = "acme_directory"
    )]
    #[arg(value_name = "URL", value_parser = directory)]
    #[arg(default_value = "https://acme-v02.api.letsencrypt.org/directory")]
    pub directory: String,

    /// The folder for the account at the authority, the certificate and its key. Created if
    /// it does not exist, for the server's user alone.
    ///
    /// Change it to a folder that stays: authorities give so many certificates a week.
    #[arg(long = "acme-state", env = "LONGHALL_ACME_STATE", id = "acme_state")]
    #[arg(value_name = "DIR", default_value = "longhall-acme")]
    pub state: PathBuf,
}

fn domain(text: &str) -> Result<String, String> {
    let text = text.trim().to_ascii_lowercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let has_letters = text.contains(|c: char| c.is_ascii_alphabetic());
    match !text.is_empty() && has_letters && text.chars().all(is_plain) {
        true => Ok(text),
        false => Err("it is no name of a domain, as chat.example.org".to_owned()),
    }
}

fn contact(text: &str) -> Result<String, String> {
    match text.contains('@') && !text.contains(char::is_whitespace) {
        true => Ok(text.to_owned()),
        false => Err("it is no address of mail".to_owned()),
    }
}

fn directory(text: &str) -> Result<String, String> {
    match text.starts_with("https://") {
        true => Ok(text.to_owned()),
        false => Err("it does not begin with https://".to_owned()),
    }
}

impl Acme {
    /// Where the certificate and its key are kept, in one file: both change at once.
    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.state.join("certificate.pem")
    }
}
