//! What stands in front of several servers: HAProxy, as docs/operating.md sets it up.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::{haproxy, interrupt, process::Process};

use crate::godot_test::log_to;
use crate::server_process::free_port;
use crate::workspace;

/// The page with the sample.
pub(crate) const PAGE: &str = "docs/operating.md";

const START_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// A running HAProxy. It stops when this value goes away.
pub(crate) struct Front {
    // Held for its `Drop`.
    _process: Process,
    address: SocketAddr,
}

impl Front {
    /// Has HAProxy pass connections on to `servers`. Its settings and its log go to `folder`.
    ///
    /// # Errors
    /// If it cannot be fetched, or does not take the page's settings.
    pub(crate) fn start(folder: &Path, servers: &[SocketAddr]) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let page = workspace::root().join(PAGE);
        let page =
            fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        let settings = folder.join("haproxy.cfg");
        workspace::write(&settings, &settings_for(&page, address, servers)?)?;

        let mut command = haproxy::command()?;
        command.arg("-db").arg("-f").arg(&settings);
        let (mut process, lines) = Process::spawn_captured("HAProxy", &mut command)?;
        let log_file = folder.join("haproxy.log");
        let log = log_to(&log_file)?;
        thread::spawn(move || lines.iter().for_each(|line| log(&line.text)));
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect_timeout(&address, POLL).is_err() {
            let ended = process.try_wait()?;
            if ended.is_some() || Instant::now() >= deadline {
                bail!("HAProxy does not listen: see {}", log_file.display());
            }
            interrupt::check()?;
            thread::sleep(POLL);
        }
        Ok(Self {
            _process: process,
            address,
        })
    }

    /// Where clients connect to.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }
}

/// The page's sample, with addresses of this machine and without TLS.
fn settings_for(page: &str, address: SocketAddr, servers: &[SocketAddr]) -> Result<String> {
    let (_, sample) = page
        .split_once("```haproxy\n")
        .with_context(|| format!("{PAGE} has no sample for HAProxy"))?;
    let sample = sample.split("```").next().unwrap_or_default();
    let (mut settings, mut servers) = (String::new(), servers.iter());
    let mut binds = 0;
    for line in sample.lines() {
        let mut words = line.split_whitespace();
        let line = match words.next() {
            Some("bind") => {
                binds += 1;
                format!("    bind {address}")
            }
            Some("server") => {
                let (name, server) = (words.next().unwrap_or_default(), servers.next());
                let server = server.with_context(|| format!("{PAGE} has more servers"))?;
                format!("    server {name} {server}")
            }
            _ => line.to_owned(),
        };
        settings.push_str(&line);
        settings.push('\n');
    }
    if binds != 1 || servers.next().is_some() {
        bail!("the sample for HAProxy in {PAGE} listens elsewhere, or has fewer servers");
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

    #[test]
    fn the_pages_sample_is_taken_with_other_addresses() {
        let page = fs::read_to_string(workspace::root().join(PAGE)).unwrap();
        let settings = settings_for(&page, PLACE, &[PLACE; 3]).unwrap();
        assert!(settings.contains("\n    bind 127.0.0.1:1\n"), "{settings}");
        for name in ["a", "b", "c"] {
            let server = format!("\n    server {name} 127.0.0.1:1\n");
            assert!(settings.contains(&server), "{settings}");
        }
        assert!(
            settings.contains("option httpchk GET /ready\n"),
            "{settings}"
        );
    }

    #[test]
    fn a_sample_with_other_servers_than_are_there_is_no_test_of_them() {
        let page = "```haproxy\n    bind :443\n    server a 10.0.0.11:8081\n```";
        assert!(settings_for(page, PLACE, &[PLACE]).is_ok());
        assert!(settings_for(page, PLACE, &[]).is_err());
        assert!(settings_for(page, PLACE, &[PLACE; 2]).is_err());
        assert!(settings_for("no sample", PLACE, &[PLACE]).is_err());
    }
}
