//! Where the bus is, and what opens it: read without ever being shown.

use std::fmt;

use async_nats::ServerAddr;

/// The addresses of NATS servers, with the name and password or the token for them.
#[derive(Clone)]
pub struct BusUrl {
    pub(super) servers: Vec<ServerAddr>,
    pub(super) login: Login,
}

/// What a NATS server asks for.
#[derive(Clone)]
pub(super) enum Login {
    None,
    Password { user: String, password: String },
    Token(String),
}

/// Why a text is no address of a bus. Never shows the text: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusUrlError {
    /// It does not begin as an address of a NATS server does.
    #[error(
        "the address of the bus begins with nats:// or tls://, and neither quotes nor a name \
         stand before it"
    )]
    Scheme,
    /// Something stands behind it.
    #[error(
        "there is a blank or a second line in the address of the bus; remarks do not belong there"
    )]
    Blank,
    /// It has no host, a port that is none, or signs that do not belong there.
    #[error(
        "the address of the bus is like nats://name:password@host:4222; signs such as \
         @ : / ? # % in a password are written as %40 %3A %2F %3F %23 %25"
    )]
    Malformed,
}

impl BusUrl {
    /// Reads one address, or several of one NATS cluster with commas between them.
    ///
    /// # Errors
    /// [`BusUrlError`].
    pub fn parse(text: &str) -> Result<Self, BusUrlError> {
        let mut parsed = Self {
            servers: Vec::new(),
            login: Login::None,
        };
        for one in text.trim().split(',') {
            let one = one.trim();
            if !one.starts_with("nats://") && !one.starts_with("tls://") {
                return Err(BusUrlError::Scheme);
            }
            if one.contains(char::is_whitespace) {
                return Err(BusUrlError::Blank);
            }
            let server: ServerAddr = one.parse().map_err(|_| BusUrlError::Malformed)?;
            parsed.take(server).ok_or(BusUrlError::Malformed)?;
        }
        Ok(parsed)
    }

    /// Adds an address without what opens it: the NATS crate logs addresses.
    fn take(&mut self, server: ServerAddr) -> Option<()> {
        let mut url = server.into_inner();
        url.host_str().filter(|host| !host.is_empty())?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let user = decode(url.username())?;
        let login = match (user, url.password()) {
            (user, None) if user.is_empty() => Login::None,
            (token, None) => Login::Token(token),
            (user, Some(password)) => Login::Password {
                user,
                password: decode(password)?,
            },
        };
        if matches!(self.login, Login::None) {
            self.login = login;
        }
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        self.servers.push(ServerAddr::from_url(url).ok()?);
        Some(())
    }
}

/// Where it is, without what opens it.
impl fmt::Display for BusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, server) in self.servers.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let (host, port) = (server.host(), server.port());
            match host.contains(':') {
                true => write!(f, "{comma}[{host}]:{port}")?,
                false => write!(f, "{comma}{host}:{port}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BusUrl({self})")
    }
}

/// Reads what is written as `%40` (RFC 3986, section 2.1).
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digits = rest.get(..2)?;
        rest = &rest[2..];
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str, expected: &Login) {
        let url = BusUrl::parse(text).unwrap();
        assert_eq!(url.to_string(), shown, "{text}");
        for text in [format!("{url:?}"), format!("{:?}", url.servers)] {
            assert!(!text.contains("secret"), "{text}");
        }
        let told = |login: &Login| match login {
            Login::None => vec![],
            Login::Password { user, password } => vec![user.clone(), password.clone()],
            Login::Token(token) => vec![token.clone()],
        };
        assert_eq!(told(&url.login), told(expected), "{text}");
    }

    #[test]
    fn an_address_is_read_and_shown_without_what_opens_it() {
        let password = |user: &str, password: &str| Login::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        check("nats://localhost", "localhost:4222", &Login::None);
        check("tls://bus.example:1/", "bus.example:1", &Login::None);
        check(
            "nats://hall:secret%40%2f@[::1]:9",
            "[::1]:9",
            &password("hall", "secret@/"),
        );
        check("nats://secret@a", "a:4222", &Login::Token("secret".into()));
        check(
            " nats://hall:secret@a:1, nats://b:2 ",
            "a:1,b:2",
            &password("hall", "secret"),
        );
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_shown() {
        use BusUrlError::{Blank, Malformed, Scheme};
        for (text, expected) in [
            ("'nats://hall:secret@a'", Scheme),
            ("LONGHALL_BUS=nats://hall:secret@a", Scheme),
            ("nats://hall:secret@a # secret", Blank),
            ("nats://hall:secret@a\nnats://secret@b", Blank),
            ("", Scheme),
            ("localhost:4222", Scheme),
            ("http://secret@a", Scheme),
            ("wss://a", Scheme),
            ("nats://", Malformed),
            ("nats://hall:secret@", Malformed),
            ("nats://hall:sec/ret@a", Malformed),
            ("nats://hall:secret@a:port", Malformed),
            ("nats://hall:secret%4@a", Malformed),
            ("nats://a/secret", Malformed),
            ("nats://a?secret", Malformed),
        ] {
            let refused = BusUrl::parse(text).unwrap_err();
            assert_eq!(refused, expected, "{text}");
            assert!(!refused.to_string().contains("secret"));
        }
    }
}
