//! Programs of others that use this server, as docs/game-servers.md tells them to: the page's
//! samples, and a back end in Python that knows openapi.json and nothing else.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod client;
mod samples;
#[path = "../support/mod.rs"]
mod support;
mod webhooks;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use longhall_packet::ServerPacket;
use longhall_provision::PythonTools;
use serde_json::Value;
use support::{Program, TestPlayer, database};
use tempfile::TempDir;

const PAGE: &str = include_str!("../../../docs/game-servers.md");

/// A block of code on a page.
struct Sample {
    language: &'static str,
    code: &'static str,
}

/// All code between fences, in the order of the page.
fn samples_of(page: &'static str) -> Vec<Sample> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    let blocks = blocks.map(|block| {
        let (language, code) = block.split_once('\n').unwrap();
        Sample { language, code }
    });
    blocks.collect()
}

/// The words, if there are such keys and kinds of values in both: names, numbers and times
/// differ.
fn has_form_of(told: &Value, sample: &Value) -> bool {
    match (told, sample) {
        (Value::Object(told), Value::Object(sample)) => {
            let same = |(key, value): (&String, &Value)| {
                told.get(key).is_some_and(|found| has_form_of(found, value))
            };
            told.len() == sample.len() && sample.iter().all(same)
        }
        (Value::Array(told), Value::Array(sample)) => {
            let first = sample.first();
            first.is_none_or(|sample| told.iter().all(|told| has_form_of(told, sample)))
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => true,
        _ => told == sample,
    }
}

fn free_address() -> SocketAddr {
    // The system does not hand out the same port again soon.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

/// A running server with an address for games' own servers, and the operator's commands.
struct Hall {
    server: Program,
    game: SocketAddr,
    database: PathBuf,
    folder: TempDir,
}

impl Hall {
    fn start(options: &[&str]) -> Self {
        let (folder, database) = database();
        let game = free_address();
        let listen = game.to_string();
        let options = [options, &["--game-listen", &listen]].concat();
        Self {
            server: Program::start_with(&database, &options),
            game,
            database,
            folder,
        }
    }

    async fn player(&self, name: &str) -> TestPlayer {
        let mut player = TestPlayer::connect(self.server.address).await;
        player.enter(name).await;
        player
    }

    /// What a command of the operator's prints.
    #[track_caller]
    fn operator(&self, words: &[&str]) -> String {
        let mut command: Command = Program::command();
        command.args(words).arg("--database").arg(&self.database);
        let output = Program::output(&mut command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A key by the operator's command, as it is printed.
    #[track_caller]
    fn key(&self, name: &str, scopes: &[&str]) -> String {
        let mut words = vec!["game-keys", "add", name];
        words.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
        key_in(&self.operator(&words))
    }
}

/// The key in what `game-keys add` prints.
#[track_caller]
fn key_in(told: &str) -> String {
    let key = told
        .split_whitespace()
        .find(|word| word.starts_with("lhk_"));
    key.unwrap_or_else(|| panic!("no key in {told:?}"))
        .to_owned()
}

/// A ticket of a player's for a game's server.
async fn ticket(player: &mut TestPlayer, audience: &str) -> String {
    let fields = format!(r#""audience":"{audience}""#);
    player.request("request_ticket", &fields).await;
    loop {
        if let ServerPacket::Ticket { ticket, .. } = player.next().await {
            return ticket.expose().to_owned();
        }
    }
}

/// Python with the library that knows JSON Schema.
fn python() -> Command {
    let tools = PythonTools::ensure("check-jsonschema", longhall_provision::CHECK_JSONSCHEMA);
    tools.unwrap().python()
}
