//! The operator's commands: on a running server, as players meet them, and on a database
//! whose server is stopped.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod channels;
mod game_keys;
mod gates;
mod hall;
mod moderation;
mod operators;
mod own_data;
mod reports;
mod several;
mod socket;
mod stopped;
#[path = "../support/mod.rs"]
mod support;
mod tickets;
mod users;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;
use support::{Program, TestPlayer, database};
use tempfile::TempDir;

/// What commands end with.
const NOT_FOUND: i32 = 3;
const REFUSED: i32 = 4;

/// A running server and its operator.
struct Hall {
    server: Option<Program>,
    address: SocketAddr,
    database: PathBuf,
    folder: Arc<TempDir>,
}

impl Hall {
    fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more options.
    fn start_with(options: &[&str]) -> Self {
        let (folder, database) = database();
        let server = Program::start_with(&database, options);
        Self {
            address: server.address,
            server: Some(server),
            database,
            folder: Arc::new(folder),
        }
    }

    /// Somebody who is logged in.
    async fn player(&self, name: &str) -> TestPlayer {
        let mut player = self.visitor().await;
        player.enter(name).await;
        player
    }

    /// Somebody with an account, on another device.
    async fn device(&self, name: &str) -> TestPlayer {
        let mut player = self.visitor().await;
        player.login(name).await;
        player
    }

    async fn visitor(&self) -> TestPlayer {
        TestPlayer::connect(self.address).await
    }

    fn operator(&self) -> Operator {
        Operator::on(&["--database", self.database.to_str().unwrap()])
    }

    /// Kills the server and starts it again.
    fn kill_and_start(&mut self, options: &[&str]) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
        let server = Program::start_with(&self.database, options);
        self.address = server.address;
        self.server = Some(server);
    }

    /// The operator of the database alone.
    fn stop(mut self) -> (Operator, Arc<TempDir>) {
        let server = self.server.take().unwrap();
        assert_eq!(server.terminate().code(), Some(0));
        (self.operator(), Arc::clone(&self.folder))
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }
}

/// Who types commands.
struct Operator {
    place: Vec<String>,
}

impl Operator {
    fn on(place: &[&str]) -> Self {
        Self {
            place: place.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Program::command();
        command.args(words).args(&self.place);
        command
    }

    fn output(&self, words: &[&str]) -> Output {
        Program::output(&mut self.command(words))
    }

    /// Does something; returns what came of it.
    #[track_caller]
    fn does(&self, words: &[&str]) -> Value {
        let output = self.output(&[words, &["--json"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The same, as a person reads it.
    #[track_caller]
    fn reads(&self, words: &[&str]) -> String {
        let output = self.output(words);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Is told why not, in one line.
    #[track_caller]
    fn is_told(&self, code: i32, words: &[&str]) -> String {
        let output = self.output(words);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{words:?}: {stderr}");
        assert!(output.stdout.is_empty());
        stderr
    }

    /// What is in the audit log: verbs with subjects and outcomes.
    #[track_caller]
    fn audit(&self) -> Vec<(String, String, String)> {
        let report = self.does(&["audit"]);
        let entries = report["entries"].as_array().unwrap().iter();
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        let entries = entries.map(|entry| {
            assert!(text(entry, "via").contains("uid "), "{entry}");
            assert!(!text(entry, "actor").is_empty());
            (
                text(entry, "verb"),
                text(entry, "subject"),
                text(entry, "outcome"),
            )
        });
        entries.collect()
    }
}

impl Operator {
    /// The verbs in the audit log, whoever acted.
    fn audit_verbs(&self) -> Vec<String> {
        texts(&self.does(&["audit"])["entries"], "verb")
    }
}

/// The texts of a field of each entry of a list.
fn texts(list: &Value, field: &str) -> Vec<String> {
    let entries = list.as_array().unwrap().iter();
    let texts = entries.map(|entry| entry[field].as_str().unwrap().to_owned());
    texts.collect()
}
