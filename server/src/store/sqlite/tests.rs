use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longhall_packet::Username;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::open::{MIGRATIONS, beside, connect};
use super::*;
use crate::store::*;

mod disk;
mod large;
mod lines;
mod migrations;
mod opening;

/// What the release with channels left: Ada, Bob and Жанна, with lines in the lobby,
/// whispers, a channel whose lines were forgotten, and one that is gone.
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v2.db");

fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        password_hash: "hash".to_owned(),
        recovery_codes: Vec::new(),
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("longhall.db");
    (folder, path)
}

fn say(sender: UserId, channel: ChannelId, line_id: u64, text: &str) -> LogEntry {
    LogEntry {
        sender,
        sender_name: "Ada".to_owned(),
        what: LogAction::Say {
            channel,
            line_id,
            text: text.to_owned(),
        },
        now_ms: 1000,
    }
}

/// A store with an account and a lobby.
async fn inhabited(path: &Path) -> (SqliteStore, UserId, ChannelId) {
    let store = SqliteStore::open(path).unwrap();
    let ada = store.insert_user(new_user("Ada")).await.unwrap().unwrap();
    let lobby = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&lobby, 0).await.unwrap();
    (store, ada, lobby.id)
}

async fn seqs(store: &SqliteStore, channel: ChannelId) -> Vec<u64> {
    let page = store.lines(
        Log::Channel(channel),
        Cursor::After(0),
        1_000_000,
        usize::MAX,
    );
    let page = page.await.unwrap();
    let seqs: Vec<_> = page.lines.iter().map(|(_, line)| line.seq).collect();
    assert_eq!(page.last_seq, seqs.last().copied().unwrap_or(0));
    seqs
}

#[tokio::test]
async fn the_audit_log_is_only_ever_added_to() {
    let (_folder, path) = folder();
    let (store, ..) = inhabited(&path).await;
    let row = NewAuditRow {
        at_ms: 1,
        actor: "root".to_owned(),
        via: "socket, uid 0".to_owned(),
        verb: "kick".to_owned(),
        subject: "ada".to_owned(),
        act: "{}".to_owned(),
        reason: String::new(),
        outcome: "done".to_owned(),
    };
    store.insert_audit(row).await.unwrap();
    store.close().await;
    let db = Connection::open(&path).unwrap();
    for sql in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"] {
        let refused = db.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("only ever added to"), "{refused}");
    }
}
