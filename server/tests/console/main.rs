//! The console in the browser, as its pages ask it over a real socket: who gets in, what
//! each role may do, and what a page of somebody else gets.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod acts;
mod second_factor;
#[cfg(unix)]
mod several;
mod sign_in;
mod strangers;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use support::{PATIENCE, Program, TestServer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A password that operators choose in tests.
const CHOSEN: &str = "a long one of my own";

/// An answer: status, head in small letters, body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        assert!(
            self.head.contains("content-type: application/json"),
            "{} {}",
            self.head,
            self.body
        );
        serde_json::from_str(&self.body).unwrap()
    }

    /// The kind of a refusal of this status.
    #[track_caller]
    fn refusal(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        let error = &self.json()["error"];
        let text = error["text"].as_str().unwrap();
        assert!(text.ends_with('.') || error["kind"] == "not_found" || status == 422);
        error["kind"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// What the cookie is set to.
    fn cookie(&self) -> Option<String> {
        let line = self.head.lines();
        let mut found = line.filter_map(|line| line.strip_prefix("set-cookie: "));
        found
            .next()
            .map(|cookie| cookie.split(';').next().unwrap().to_owned())
    }
}

/// Asks as it is told to, whatever a browser would do.
async fn ask(admin: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(admin).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    timeout(PATIENCE, reading).await.unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    // Cookies keep their letters.
    let lower = head.lines().map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
        None => line.to_owned(),
    });
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: lower.collect::<Vec<_>>().join("\n"),
        body: body.to_owned(),
    }
}

/// A server whose store has operators.
struct Hall {
    server: TestServer,
}

impl Hall {
    async fn start() -> Self {
        Self {
            server: TestServer::start().await,
        }
    }

    /// Somebody's browser.
    fn browser(&self) -> Browser {
        Browser {
            admin: self.server.admin,
            cookie: String::new(),
            csrf: String::new(),
        }
    }

    /// Adds an operator as the command line does, with the server stopped for it; returns
    /// the password that is told.
    async fn add(self, name: &str, role: &str) -> (Self, String) {
        let folder = self.server.stop().await;
        let password = add(&folder.path().join("longhall.db"), name, role);
        let server = TestServer::in_folder(folder).await;
        (Self { server }, password)
    }

    /// A hall with an operator who is signed in with a password of their own.
    async fn with(name: &str, role: &str) -> (Self, Browser) {
        let (hall, told) = Self::start().await.add(name, role).await;
        let mut browser = hall.browser();
        browser.sign_in(name, &told).await.ok();
        browser.chooses(&told).await;
        (hall, browser)
    }

    async fn stop(self) -> Arc<TempDir> {
        self.server.stop().await
    }
}

fn add(database: &Path, name: &str, role: &str) -> String {
    let mut command: Command = Program::command();
    command.args(["operators", "add", name, "--role", role, "--json"]);
    let output = Program::output(command.arg("--database").arg(database));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["password"].as_str().unwrap().to_owned()
}

/// A browser on a page of the console, as far as it matters.
#[derive(Clone)]
struct Browser {
    admin: SocketAddr,
    cookie: String,
    csrf: String,
}

impl Browser {
    /// The head lines of a page's request.
    fn head(&self) -> String {
        let Self {
            admin,
            cookie,
            csrf,
        } = self;
        format!(
            "Host: {admin}\r\nOrigin: http://{admin}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nCookie: {cookie}\r\nX-Longhall-Csrf: {csrf}\r\n"
        )
    }

    async fn get(&self, path: &str) -> Answer {
        let head = self.head();
        let request =
            format!("GET /console/api/{path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n");
        ask(self.admin, &request).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(&self.head(), path, &body.to_string()).await
    }

    async fn post_with(&self, head: &str, path: &str, body: &str) -> Answer {
        let request = format!(
            "POST /console/api/{path} HTTP/1.1\r\n{head}Content-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        ask(self.admin, &request).await
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let typed = json!({ "name": name, "password": password });
        self.sign_in_with(&typed).await
    }

    /// Keeps what a browser keeps.
    async fn sign_in_with(&mut self, typed: &Value) -> Answer {
        let answer = self.post("sign-in", typed).await;
        if answer.status == 200 {
            self.cookie = answer.cookie().unwrap();
            self.csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
        }
        answer
    }

    /// Chooses a password in place of the one that was told.
    async fn chooses(&self, told: &str) {
        let typed = json!({ "old": told, "new": CHOSEN });
        self.post("password", &typed).await.ok();
    }

    async fn act(&self, act: &Value) -> Answer {
        self.post("act", &json!({ "act": act, "reason": "because" }))
            .await
    }

    /// Does something that is done.
    async fn does(&self, act: Value) -> Value {
        self.act(&act).await.ok()["report"].clone()
    }
}
