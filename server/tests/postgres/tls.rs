//! TLS to PostgreSQL and NATS with an authority of one's own, and what is said of the bus when
//! it cannot be reached.

use std::path::Path;
use std::process::Command;

use longhall_engines::{Nats, Postgres};

use crate::Server;
use crate::support::{Program, TestPlayer};

/// The server with a store, a bus, and a file of certificates in place of the system's.
fn program(store: &str, bus: Option<&str>, trusted: Option<&Path>) -> Command {
    let mut command = Program::command();
    command.env("LONGHALL_STORE", store);
    if let Some(bus) = bus {
        command.env("LONGHALL_BUS", bus);
    }
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    command
}

#[tokio::test]
async fn engines_with_a_certificate_of_ones_own_are_trusted_if_told_so_and_refused_otherwise() {
    let postgres = Postgres::with_tls().unwrap();
    postgres.create_database("hall").unwrap();
    let nats = Nats::with_tls().unwrap();
    let (own, foreign) = (postgres.authority().unwrap(), nats.authority().unwrap());
    let url = format!("{}?sslmode=verify-full", postgres.url("hall"));
    let with_root = |root: &Path| format!("{url}&sslrootcert={}", root.display());

    let bus = nats.url();
    for (name, mut command) in [
        ("Ada", program(&with_root(&own), None, None)),
        ("Bob", program(&url, None, Some(&own))),
        ("Cem", program(&with_root(&own), Some(&bus), Some(&foreign))),
    ] {
        let server = Server::run(&mut command);
        TestPlayer::connect(server.address).await.enter(name).await;
        let open = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE application_name = 'longhall-server'";
        assert_eq!(postgres.query("hall", open).unwrap(), "t");
        assert_eq!(server.readiness(), ("200".to_owned(), "ready".to_owned()));
    }

    let renamed = with_root(&own).replace("127.0.0.1", "localhost");
    for (mut command, words) in [
        (
            program(&with_root(&foreign), None, None),
            "sslrootcert=FILE",
        ),
        (program(&url, None, Some(&foreign)), "sslrootcert=FILE"),
        (
            program(&renamed, None, None),
            "its host by the name that it is for",
        ),
        (
            program(&with_root(Path::new("/nowhere")), None, None),
            "sslrootcert /nowhere cannot be read",
        ),
        (
            program(&with_root(&own), Some(&bus), Some(&own)),
            "no TLS with the bus at 127.0.0.1",
        ),
    ] {
        let said = refusal_of_last(&mut command);
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// The last line, as a start that comes as far as the bus has told of the database before.
#[track_caller]
fn refusal_of_last(command: &mut Command) -> String {
    let output = Program::output(command.args(["--listen", "127.0.0.1:0"]));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    said.lines().last().unwrap().to_owned()
}

#[test]
fn a_bus_that_cannot_be_reached_is_told_with_its_cause() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let store = postgres.url("hall");
    let mut nats = Nats::with_password("hall", "s3cret").unwrap();
    let wrong = nats.url().replace("s3cret", "wr0ng");

    let said = refusal_of_last(&mut program(&store, Some(&wrong), None));
    assert!(said.contains("refuses the name and password"), "{said}");
    assert!(!said.contains("wr0ng"), "{said}");

    let mut server = Server::run(&mut program(&store, Some("nats://nobody.invalid"), None));
    server.wait_until(|log| log.contains("cannot be reached yet") && log.contains("lookup"));

    nats.kill().unwrap();
    let mut server = Server::run(&mut program(&store, Some(&wrong), None));
    server.wait_until(|log| log.contains("cannot be reached yet") && log.contains("refused"));
    nats.start_again().unwrap();
    server.wait_until(|log| log.contains("the bus refuses this server; trying on"));
    assert!(!server.log().contains("wr0ng"), "{}", server.log());
}
