//! Servers of several versions on one database.

use longhall_engines::Postgres;

use crate::support::{Program, TestPlayer};
use crate::{Server, refusal};

#[tokio::test]
async fn a_program_one_layout_behind_goes_on_and_one_that_is_too_old_is_refused() {
    // One that is quick is warned of, in a line of its own.
    let postgres = Postgres::start().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let server = Server::start(&url);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    ada.say("before the update").await;
    let known = postgres.query("hall", "SELECT max(version) FROM layouts");
    let known: u32 = known.unwrap().parse().unwrap();
    let migrate = |version: u32, works_from: u32| {
        let sql =
            format!("INSERT INTO layouts (version, works_from) VALUES ({version}, {works_from})");
        postgres.query("hall", &sql).unwrap();
    };

    // A newer neighbour has only added something.
    migrate(known + 1, known);
    ada.say("during the update").await;
    let again = Server::start(&url);
    let mut bob = TestPlayer::connect(again.address).await;
    bob.enter("Bob").await;
    assert_eq!(bob.lines_after("lobby", 0).await.len(), 2);
    // It would leave out what the newer one has added.
    let folder = tempfile::tempdir().unwrap();
    let copied = Program::output(
        Program::command()
            .args(["copy-store", "--from", &url, "--to"])
            .arg(folder.path().join("longhall.db")),
    );
    let said = String::from_utf8(copied.stderr).unwrap();
    assert!(said.contains("newer longhall-server"), "{said}");

    // The one after that has taken something away.
    migrate(known + 2, known + 1);
    let said = refusal(Program::command().env("LONGHALL_STORE", &url));
    let versions = format!("version {}, this program knows up to {known}", known + 2);
    for words in [&*versions, "newer longhall-server", "LONGHALL_STORE"] {
        assert!(said.contains(words), "{said}");
    }
}
