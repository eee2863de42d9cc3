//! Where the database is, and how to get to it: `postgres://…`, whose password nobody sees.

use std::fmt;
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};

use super::tls;

/// Longest to wait for one of the server's addresses to take a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest that what was sent stays unconfirmed, on the way to a machine that is gone.
const UNCONFIRMED: Duration = Duration::from_secs(4);

/// What is wrong with most addresses that cannot be read.
const ENCODED: &str =
    "signs such as @ : / ? # % in the password are written as %40 %3A %2F %3F %23 %25";

/// The same of one in quotes, of a line of settings, and of a file with more in it.
const SCHEME: &str = "it begins with postgres://, and neither quotes nor a name stand before it";
const BLANK: &str = "there is a blank or a second line in it; remarks do not belong there, and a \
                     blank in the password is written as %20";

/// What is wrong with an address whose part before the `?` can be read. The option is not
/// repeated, as the rest of the address is not.
const OPTION: &str = "an option after the ? is unknown or has a wrong value; known are sslmode, \
                      sslrootcert, connect_timeout, application_name, options and \
                      target_session_attrs";

/// The address of a database, parsed.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    tls: Tls,
}

/// What is asked of the connection: `sslmode` and `sslrootcert`.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Tls {
    /// `disable`.
    None,
    /// `prefer` and `require`: as for `psql`, they do not ask who the server is.
    Unverified,
    /// `verify-full`, or any mode with certificates to verify it by: the system's, or
    /// those of a file.
    Verified(Option<PathBuf>),
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`.
    ///
    /// # Errors
    /// What is wrong. Nothing of the address is repeated: any part of it may be meant as
    /// the password.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(SCHEME);
        }
        if url.contains(char::is_whitespace) {
            return Err(BLANK);
        }
        // A password may have any sign in it.
        let host = url.rfind('@').unwrap_or(0);
        let (base, options) = match url[host..].find('?') {
            Some(end) => (&url[..host + end], &url[host + end + 1..]),
            None => (url, ""),
        };
        // What follows would be taken for the host, shown, and looked for in DNS.
        if base.matches('@').count() > 1 || base.contains('#') {
            return Err(ENCODED);
        }
        let mut mode = "prefer";
        let mut roots = None;
        let mut others = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", path)) => roots = Some(PathBuf::from(path)),
                _ => others.push(option),
            }
        }
        let (ssl_mode, tls) = match (mode, roots) {
            ("disable", _) => (SslMode::Disable, Tls::None),
            ("prefer", None) => (SslMode::Prefer, Tls::Unverified),
            ("require", None) => (SslMode::Require, Tls::Unverified),
            ("require" | "verify-full", roots) => (SslMode::Require, Tls::Verified(roots)),
            ("prefer", Some(_)) => return Err("sslrootcert needs sslmode=verify-full"),
            _ => return Err("sslmode is one of disable, prefer, require, verify-full"),
        };
        base.parse::<Config>().map_err(|_| ENCODED)?;
        let mut config: Config = format!("{base}?{}", others.join("&"))
            .parse()
            .map_err(|_| OPTION)?;
        if config.get_hosts().is_empty() {
            return Err("it names no host");
        }
        if config.get_user().is_none() {
            return Err("it names no user");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("longhall-server");
        }
        config
            .ssl_mode(ssl_mode)
            .tcp_user_timeout(UNCONFIRMED)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(2)
            // What a script of ours does without is no news.
            .notice_callback(|_| {});
        Ok(Self { config, tls })
    }

    /// The same under another name, by which others see who is there.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.config.application_name(name);
        self
    }

    /// Connects. Blocks.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let us in.
    pub(super) fn connect(&self) -> Result<Client, ConnectError> {
        let client = match &self.tls {
            Tls::None => self.config.connect(NoTls)?,
            Tls::Unverified => self.config.connect(tls::unverified()?)?,
            Tls::Verified(roots) => self.config.connect(tls::verified(roots.as_deref())?)?,
        };
        Ok(client)
    }

    /// The first of its hosts that no address is known of. Blocks, and asks the network.
    pub(super) fn unknown_host(&self) -> Option<String> {
        let hosts = self.config.get_hosts().iter();
        let mut names = hosts.filter_map(|host| match host {
            Host::Tcp(name) => Some(name),
            #[cfg(unix)]
            Host::Unix(_) => None,
        });
        let unknown = names.find(|name| (name.as_str(), 0).to_socket_addrs().is_err());
        unknown.cloned()
    }

    pub(super) fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    pub(super) fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Database(#[from] postgres::Error),
    #[error("{0}")]
    Tls(String),
}

impl ConnectError {
    /// Whether the server is there, but takes no more connections.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Database(cause) => cause.code() == Some(&SqlState::TOO_MANY_CONNECTIONS),
            Self::Tls(_) => false,
        }
    }
}

/// As an operator knows it: `host:port/database`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{}", path.display())?,
            }
            // One port is for all hosts.
            let port = ports.get(index).or(ports.first()).unwrap_or(&5432);
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.database())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_all_but_its_user_and_password() {
        let url = "postgres://ada:?s3cr%40t=@db.example.net:5433/hall?sslmode=disable";
        let address = Address::parse(url).unwrap();
        for shown in [format!("{address}"), format!("{address:?}")] {
            assert!(shown.contains("db.example.net:5433/hall"), "{shown}");
            assert!(!shown.contains("s3cr"), "{shown}");
        }
        assert_eq!((address.user(), address.database()), ("ada", "hall"));
    }

    #[test]
    fn modes_of_tls_are_those_of_psql() {
        let tls = |options: &str| {
            let address = Address::parse(&format!("postgres://ada@db/hall{options}"))?;
            Ok((address.config.get_ssl_mode(), address.tls))
        };
        let verified = |path: Option<&str>| Tls::Verified(path.map(PathBuf::from));
        for (options, expected) in [
            ("", (SslMode::Prefer, Tls::Unverified)),
            ("?sslmode=disable", (SslMode::Disable, Tls::None)),
            ("?sslmode=require", (SslMode::Require, Tls::Unverified)),
            ("?sslmode=verify-full", (SslMode::Require, verified(None))),
            (
                "?connect_timeout=3&sslmode=verify-full&sslrootcert=/etc/root.pem",
                (SslMode::Require, verified(Some("/etc/root.pem"))),
            ),
        ] {
            assert_eq!(tls(options), Ok(expected), "{options}");
        }
        for wrong in ["?sslmode=sure", "?sslrootcert=/etc/root.pem"] {
            let refused: Result<_, &str> = tls(wrong);
            assert!(refused.is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        let refused = |url| Address::parse(url).unwrap_err();
        for (url, told) in [
            ("\"postgres://ada:s3cret@db/hall\"", SCHEME),
            ("LONGHALL_STORE=postgres://ada:s3cret@db/hall", SCHEME),
            ("postgres://ada:s3cret@db/hall # of us", BLANK),
            ("postgres://ada:s3cret@db/hall\npostgres://b", BLANK),
            ("postgres://ada:s3/cr@et@db/hall", ENCODED),
            ("postgres://ada:s3cret@db/hall?sslcert=a.pem", OPTION),
            ("postgres://ada:s3cret@db/hall?connect_timeout=long", OPTION),
        ] {
            assert_eq!(refused(url), told, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "mysql://ada:s3cret@db/hall",
            "postgres://ada:s3@cret@db/hall",
            "postgres://ada:s3@cr/et#1@db/hall",
            "postgres://",
            "postgres://ada:s3cret%@db/hall?wrong=1",
            "postgres:///hall",
            "host=db password=s3cret",
        ] {
            let refused = Address::parse(url).unwrap_err();
            assert!(!refused.contains("cret"), "{url}: {refused}");
        }
    }
}
