//! A certificate by ACME, from an authority of the test's own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use longhall_provision::pebble;
use support::{PATIENCE, Pair, Program, TestPlayer, Validity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const DOMAIN: &str = "localhost";

fn free_address() -> SocketAddr {
    // The system does not hand out the same port again soon.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

/// A program that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An authority that looks whose a domain is at one port.
struct Authority {
    _running: Running,
    directory: String,
    manager: SocketAddr,
    /// What it shows itself.
    own: Pair,
}

impl Authority {
    async fn start(folder: &Path, looks_at: SocketAddr) -> Self {
        let own = Pair::write(folder, Validity::Year);
        let (address, manager) = (free_address(), free_address());
        let settings = serde_json::json!({"pebble": {
            "listenAddress": address.to_string(),
            "managementListenAddress": manager.to_string(),
            "certificate": own.certificate,
            "privateKey": own.key,
            "httpPort": 1,
            "tlsPort": looks_at.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        let file = folder.join("pebble.json");
        std::fs::write(&file, settings.to_string()).unwrap();
        let mut command = pebble::command().unwrap();
        command.arg("-config").arg(&file);
        command.env("PEBBLE_VA_NOSLEEP", "1");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running(command.spawn().unwrap());
        for address in [address, manager] {
            let listening = async {
                while TcpStream::connect(address).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(PATIENCE, listening)
                .await
                .expect("Pebble does not listen");
        }
        Self {
            _running: running,
            directory: format!("https://localhost:{}/dir", address.port()),
            manager,
            own,
        }
    }

    /// Writes the certificate that signs those it gives.
    async fn write_root(&self, file: &Path) {
        let mut stream = self.own.connect(self.manager).await.unwrap();
        let request = b"GET /roots/0 HTTP/1.0\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let begin = answer.find("-----BEGIN").unwrap();
        std::fs::write(file, &answer[begin..]).unwrap();
    }
}

/// A server that asks there, and its log.
fn start(
    folder: &Path,
    address: SocketAddr,
    directory: &str,
    trusted: &Path,
) -> (Running, BufReader<ChildStderr>) {
    let mut command: Command = Program::command();
    command.args(["--listen", &address.to_string(), "--database"]);
    command.arg(folder.join("longhall.db"));
    command.args(["--acme-domain", DOMAIN, "--acme-directory", directory]);
    command.arg("--acme-state").arg(folder.join("acme"));
    command.env("SSL_CERT_FILE", trusted).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    (Running(child), log)
}

/// What the log says up to a line with the part.
fn read_until(log: &mut BufReader<ChildStderr>, part: &str) -> String {
    let mut seen = String::new();
    loop {
        let before = seen.len();
        assert!(
            log.read_line(&mut seen).unwrap() > 0,
            "the server ended: {seen}"
        );
        if seen[before..].contains(part) {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_got_used_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address = free_address();
    let authority = Authority::start(folder, address).await;
    let trusted = authority.own.certificate.clone();

    let (server, mut log) = start(folder, address, &authority.directory, &trusted);
    read_until(&mut log, "took the new TLS certificate");
    let root = folder.join("root.crt");
    authority.write_root(&root).await;
    let root = Pair::of(&root);
    let stream = root.connect(address).await.unwrap();
    TestPlayer::on(stream, &[])
        .await
        .unwrap()
        .enter("ada")
        .await;
    drop(server);

    // It is there at once the next time, without the authority.
    let directory = authority.directory.clone();
    drop(authority);
    let (_server, mut log) = start(folder, address, &directory, &trusted);
    let said = read_until(&mut log, "listening address=");
    assert!(!said.contains("asking for a TLS certificate"), "{said}");
    let stream = root.connect(address).await.unwrap();
    TestPlayer::on(stream, &[])
        .await
        .unwrap()
        .login("ada")
        .await;

    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let state = folder.join("acme");
    assert_eq!(mode(&state), 0o700);
    let files: Vec<_> = std::fs::read_dir(&state)
        .unwrap()
        .map(|file| file.unwrap())
        .collect();
    assert_eq!(files.len(), 2, "the account and the certificate: {files:?}");
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_does_not_believe_us_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // It looks where nobody is.
    let authority = Authority::start(folder, free_address()).await;
    let trusted = authority.own.certificate.clone();
    let (_server, mut log) = start(folder, free_address(), &authority.directory, &trusted);
    let said = read_until(&mut log, "no TLS certificate by ACME yet");
    let line = said.lines().last().unwrap();
    assert!(
        line.contains("WARN") && line.contains("urn:ietf:params:acme:error:"),
        "{line}"
    );
    assert!(line.contains("again_in_min=15"), "{line}");
}
