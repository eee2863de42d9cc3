//! Two servers on one PostgreSQL: an operator is the same on both.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;

use longhall_engines::Postgres;
use serde_json::{Value, json};

use crate::support::Program;
use crate::{Browser, CHOSEN};

/// The system does not hand out the same port again soon.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn start(url: &str) -> (Program, Browser) {
    let (players, admin) = (free(), free());
    let mut command = Program::command();
    command.env("LONGHALL_STORE", url).stderr(Stdio::null());
    command.args(["--listen", &players.to_string()]);
    command.args(["--admin-listen", &admin.to_string()]);
    let server = Program::wait_for(command.spawn().unwrap(), players);
    let browser = Browser {
        admin,
        cookie: String::new(),
        csrf: String::new(),
    };
    (server, browser)
}

#[tokio::test]
async fn whoever_is_reset_or_demoted_on_one_server_is_so_on_the_other_with_the_next_click() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let ((one, mut ann), (other, mut ben)) = (start(&url), start(&url));
    let mut add = Program::command();
    add.args(["operators", "add", "Ann", "--role", "admin", "--json"]);
    let added = Program::output(add.env("LONGHALL_STORE", &url));
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    let told = added["password"].as_str().unwrap();
    ann.sign_in("Ann", told).await.ok();
    ann.chooses(told).await;
    let add = json!({ "verb": "operators add", "name": "Ben", "role": "moderator" });
    let added = ann.does(add).await;
    let told = added["password"].as_str().unwrap();
    ben.sign_in("Ben", told).await.ok();
    ben.chooses(told).await;
    let list = json!({ "verb": "sanctions list" });
    ben.act(&list).await.ok();
    // The cookie is of the server that gave it.
    let elsewhere = Browser {
        admin: ann.admin,
        ..ben.clone()
    };
    assert_eq!(elsewhere.get("me").await.refusal(401), "signed_out");

    let demote = json!({ "verb": "operators set-role", "name": "Ben", "role": "viewer" });
    ann.does(demote).await;
    assert_eq!(ben.act(&list).await.refusal(403), "role");
    ann.does(json!({ "verb": "operators reset", "name": "Ben" }))
        .await;
    assert_eq!(ben.get("me").await.refusal(401), "signed_out");
    assert_eq!(ben.sign_in("Ben", CHOSEN).await.refusal(401), "wrong");
    for server in [one, other] {
        assert_eq!(server.terminate().code(), Some(0));
    }
}
