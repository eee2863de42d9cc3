//! `longhall-server health`: asks a running server whether it serves players.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use axum::http::Uri;
use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::settings_file::FileOption;

/// Bytes of an answer; the server's own has some two hundred.
const MAX_ANSWER_BYTES: u64 = 16 * 1024;
/// Characters that are printed of it.
const MAX_LINE_CHARS: usize = 200;
/// Where HTTP is when nobody says.
const HTTP_PORT: u16 = 80;

/// Asks the running server whether it serves players
///
/// For a container, or whatever else looks after the server. Prints one line: ready,
/// degraded or not ready, and why. Ends with 0 when the server serves players, degraded as well, else with 1.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Health {
    /// The server's --admin-listen, which is asked
    #[arg(long, env = "LONGHALL_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    admin_listen: Option<SocketAddr>,

    /// What to ask in its place, over plain HTTP
    #[arg(long, value_name = "URL", value_parser = Asked::parse)]
    url: Option<Asked>,

    /// How long the answer may take, in seconds. At most 300
    #[arg(long, value_name = "SECONDS", default_value = "5")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,

    #[command(flatten)]
    file: FileOption,
}

const EXAMPLES: &str = "Examples:
  longhall-server health
      with the variables of the server, as in its container
  longhall-server health --config /etc/longhall/longhall.toml
      with the settings of the service
  longhall-server health --url http://127.0.0.1:8081/ready
      of a server without an address for the operator, on the players' port";

/// Asks, prints the answer, and says what the program ends with.
///
/// # Errors
/// When nobody is there to be asked or no answer comes, in one line.
pub(crate) fn run(options: &Health) -> anyhow::Result<ExitCode> {
    let asked = options.asked()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let patience = Duration::from_secs(options.timeout);
    let answer = runtime.block_on(async { tokio::time::timeout(patience, asked.answer()).await });
    // Looking up a name may take longer than anybody has patience.
    runtime.shutdown_background();
    let answer = match answer {
        Ok(answer) => answer?,
        Err(_) => bail!("not ready: no answer from {asked} in {} s", options.timeout),
    };
    println!("{}", answer.line());
    Ok(match answer.status {
        200 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

impl Health {
    fn asked(&self) -> anyhow::Result<Asked> {
        if let Some(asked) = &self.url {
            return Ok(asked.clone());
        }
        let address = self.admin_listen.context(
            "nobody to ask: give --admin-listen 127.0.0.1:9081 to the server and to this command \
             (LONGHALL_ADMIN_LISTEN), or say --url http://127.0.0.1:8081/ready",
        )?;
        ensure!(
            address.port() != 0,
            "--admin-listen {address} lets the system pick the port: name it by --url \
             http://127.0.0.1:PORT/ready"
        );
        Ok(Asked::admin(address))
    }
}

/// What is asked.
#[derive(Clone)]
struct Asked {
    /// A name or an address; one of IPv6 in brackets.
    host: String,
    port: u16,
    path: String,
}

impl Asked {
    /// Of the server that listens there: on all addresses is on this machine's own as well.
    fn admin(address: SocketAddr) -> Self {
        let ip = match address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        Self {
            host: match ip {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            },
            port: address.port(),
            path: "/ready".to_owned(),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = "it must be like http://127.0.0.1:9081/ready";
        let uri: Uri = text.parse().map_err(|_| wrong.to_owned())?;
        let authority = uri.authority().ok_or(wrong)?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
            return Err(wrong.to_owned());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            host: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(HTTP_PORT),
            path: path.to_owned(),
        })
    }

    async fn answer(&self) -> anyhow::Result<Answer> {
        let place = format!("{}:{}", self.host, self.port);
        let failed = || {
            format!(
                "not ready: no answer from {self}; look whether the server runs, and listens there"
            )
        };
        let mut stream = TcpStream::connect(&place).await.with_context(failed)?;
        // An answer to HTTP/1.0 comes in one piece, and its end is that of the connection.
        let request = format!("GET {} HTTP/1.0\r\nHost: {place}\r\n\r\n", self.path);
        let written = stream.write_all(request.as_bytes()).await;
        written.with_context(failed)?;
        let mut bytes = Vec::new();
        let mut stream = stream.take(MAX_ANSWER_BYTES);
        stream.read_to_end(&mut bytes).await.with_context(failed)?;
        let answer = Answer::read(&String::from_utf8_lossy(&bytes));
        answer.with_context(|| {
            format!("not ready: what {self} answers is not HTTP; a port with TLS cannot be asked")
        })
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}:{}{}", self.host, self.port, self.path)
    }
}

/// What was answered.
struct Answer {
    status: u16,
    /// The first line of the text.
    said: String,
}

impl Answer {
    /// `None` where that is no answer of HTTP.
    fn read(text: &str) -> Option<Self> {
        let status = text.strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
        let status = status.get(..3)?.parse().ok()?;
        let (_, body) = text.split_once("\r\n\r\n")?;
        let line = body.lines().next().unwrap_or_default().trim();
        let shown = line.chars().filter(|c| !c.is_control());
        Some(Self {
            status,
            said: shown.take(MAX_LINE_CHARS).collect(),
        })
    }

    fn line(&self) -> String {
        match self.status {
            200 if self.said.is_empty() => "ready".to_owned(),
            200 => self.said.clone(),
            _ if self.said.starts_with("not ready") => self.said.clone(),
            status => format!("not ready: {status} {}", self.said)
                .trim_end()
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_asked_on_this_machine() {
        for (listen, url) in [
            ("127.0.0.1:9081", "http://127.0.0.1:9081/ready"),
            ("0.0.0.0:9081", "http://127.0.0.1:9081/ready"),
            ("[::]:9081", "http://[::1]:9081/ready"),
            ("192.0.2.1:1", "http://192.0.2.1:1/ready"),
        ] {
            let asked = Asked::admin(listen.parse().unwrap());
            assert_eq!(asked.to_string(), url);
        }
    }

    #[test]
    fn what_is_asked_is_http_with_a_host() {
        for (given, url) in [
            ("http://[::1]:9081/ready", "http://[::1]:9081/ready"),
            ("http://localhost", "http://localhost:80/"),
            ("http://a:1/b?c=d", "http://a:1/b?c=d"),
        ] {
            assert_eq!(Asked::parse(given).ok().unwrap().to_string(), url);
        }
        for wrong in [
            "",
            "ready",
            "/ready",
            "https://a/ready",
            "http://u:p@a/",
            "a:1",
        ] {
            assert!(Asked::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_one_short_line_whatever_comes() {
        for (text, line) in [
            ("HTTP/1.0 200 OK\r\n\r\nready\n", "ready"),
            ("HTTP/1.1 200 OK\r\n\r\n", "ready"),
            (
                "HTTP/1.0 503 Service Unavailable\r\na: b\r\n\r\nnot ready: the server stops\n",
                "not ready: the server stops",
            ),
            (
                "HTTP/1.0 404 Not Found\r\n\r\nno\x1b[2J\nsecond",
                "not ready: 404 no[2J",
            ),
            ("HTTP/1.0 502\r\n\r\n", "not ready: 502"),
        ] {
            assert_eq!(Answer::read(text).unwrap().line(), line, "{text:?}");
        }
        let long = format!("HTTP/1.0 200 OK\r\n\r\n{}", "a".repeat(5000));
        assert_eq!(Answer::read(&long).unwrap().line().len(), MAX_LINE_CHARS);
        for none in [
            "",
            "\x15\x03\x03\x00\x02\x02\x32",
            "HTTP/1.1 twohundred",
            "HTTP/1.0 200 OK\r\n",
        ] {
            assert!(Answer::read(none).is_none(), "{none:?}");
        }
    }
}
