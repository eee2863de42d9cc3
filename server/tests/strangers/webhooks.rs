//! The page's receiver of events, in Python, told of them by a real server and by a liar.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::support::{PATIENCE, TestPlayer};
use crate::{Hall, PAGE, free_address, has_form_of, python, samples_of};

/// As the page says, of bytes that are not random.
const SECRET: [u8; 32] = [7; 32];

fn secret() -> String {
    format!("whsec_{}", STANDARD.encode(SECRET))
}

/// The receiver of the page, at an address of its own.
struct Receiver {
    child: Child,
    address: SocketAddr,
    told: BufReader<std::process::ChildStdout>,
}

impl Receiver {
    fn start() -> Self {
        let sample = samples_of(PAGE)
            .into_iter()
            .find(|one| one.language == "python");
        let address = free_address();
        let here = format!("\"127.0.0.1\", {}", address.port());
        let code = sample.unwrap().code.replace("\"127.0.0.1\", 8090", &here);
        assert!(code.contains(&here), "{code}");
        let mut child = python()
            .args(["-c", &code])
            .env("SECRET", secret())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert_eq!(child.try_wait().unwrap(), None, "the receiver ended");
            assert!(Instant::now() < until, "nobody receives");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self {
            child,
            address,
            told,
        }
    }

    /// The next event that it prints.
    fn event(&mut self) -> Value {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The status that it answers a request with.
    fn answers(&self, head: &str, body: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{head}Connection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It has ended in most failures.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head lines of an event that is signed so many seconds from now.
fn signed(secret: &[u8], id: &str, from_now_s: i64, body: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let at = i64::try_from(now.unwrap().as_secs()).unwrap() + from_now_s;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    format!("webhook-id: {id}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: v1,{signature}\r\n")
}

#[tokio::test]
async fn the_receiver_of_the_page_takes_what_the_server_tells_and_no_liar() {
    let mut receiver = Receiver::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.txt");
    std::fs::write(&file, secret()).unwrap();
    let url = format!("http://{}/", receiver.address);
    let hall = Hall::start(&[
        "--webhook-url",
        &url,
        "--webhook-allow-http",
        "--webhook-secret-file",
        file.to_str().unwrap(),
    ]);
    let mut ada = TestPlayer::connect(hall.server.address).await;
    ada.register("Ada").await;
    ada.login("Ada").await;
    let shown = samples_of(PAGE)
        .into_iter()
        .find(|one| one.code.starts_with(r#"{"id":"msg_"#));
    let shown: Value = serde_json::from_str(shown.unwrap().code).unwrap();
    for kind in ["registered", "logged_in"] {
        let event = receiver.event();
        assert_eq!(
            (&event["type"], &event["data"]["username"]),
            (&kind.into(), &"Ada".into())
        );
        assert!(
            kind == "registered" || has_form_of(&event, &shown),
            "{event}"
        );
    }

    let lie = r#"{"type":"lie"}"#;
    assert_eq!(receiver.answers("", lie), 401);
    assert_eq!(
        receiver.answers(&signed(b"another", "msg_1", 0, lie), lie),
        401
    );
    let other = signed(&SECRET, "msg_1", 0, "{}");
    assert_eq!(receiver.answers(&other, lie), 401);
    assert_eq!(
        receiver.answers(&signed(&SECRET, "msg_1", -301, lie), lie),
        401
    );
    let truth = r#"{"type":"truth"}"#;
    for _ in 0..2 {
        let head = signed(&SECRET, "msg_2", 0, truth);
        assert_eq!(receiver.answers(&head, truth), 204);
    }
    let last = r#"{"type":"last"}"#;
    assert_eq!(
        receiver.answers(&signed(&SECRET, "msg_3", 0, last), last),
        204
    );
    // Each once, and nothing of the liar.
    assert_eq!(receiver.event()["type"], "truth");
    assert_eq!(receiver.event()["type"], "last");
}
