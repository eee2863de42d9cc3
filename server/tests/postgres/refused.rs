//! What keeps the server from starting on PostgreSQL, and what its operator reads.

use longhall_engines::Postgres;

use crate::support::Program;
use crate::{password_of, refusal};

#[test]
fn what_keeps_it_from_starting_is_one_line_without_the_password() {
    let mut postgres = Postgres::quick().unwrap();
    for name in ["hall", "closed", "frozen", "old"] {
        postgres.create_database(name).unwrap();
    }
    postgres.close_database("closed").unwrap();
    postgres.stop_immediately().unwrap();
    postgres.start_again().unwrap();
    // PostgreSQL 14, as far as it can be asked.
    let old = "CREATE SCHEMA old;
        CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql AS $$
            SELECT CASE name WHEN 'server_version' THEN '14.9' WHEN 'server_version_num'
                THEN '140009' ELSE pg_catalog.current_setting(name) END $$;
        ALTER DATABASE old SET search_path = old, pg_catalog";
    postgres.query("old", old).unwrap();
    let frozen = "ALTER DATABASE frozen SET default_transaction_read_only = on";
    postgres.query("postgres", frozen).unwrap();

    let hall = postgres.url("hall");
    let port = postgres.port().to_string();
    let password = password_of(&hall);
    let by = |part: &str, other: &str| hall.replace(part, other);
    let cases = [
        (by(password, "s3cret"), "look at the user and the password"),
        (by(&format!(":{password}@"), "@"), "password missing"),
        (by("/hall", "/nowhere"), "createdb"),
        (
            by("/hall", "/closed"),
            "add a line for this machine to its pg_hba.conf",
        ),
        (
            by("/hall", "/frozen"),
            "default_transaction_read_only is on",
        ),
        (
            by("/hall", "/old"),
            "is PostgreSQL 14.9; Longhall needs 15 or newer",
        ),
        (
            by("127.0.0.1", "nobody.invalid"),
            "nobody knows the host \"nobody.invalid\"",
        ),
        (by(&port, "1"), "see that it runs and can be reached"),
        (by("/hall", "/hall?sslmode=require"), "give sslmode=disable"),
        (by("/hall", "/hall?sslmode=verify-ca"), "sslmode is one of"),
        (
            by("/hall", "/hall?sslcert=a.pem"),
            "an option after the ? is unknown",
        ),
        (format!("'{hall}'"), "neither quotes nor a name"),
        (
            format!("LONGHALL_STORE={hall}"),
            "neither quotes nor a name",
        ),
        (format!("{hall} # ours"), "remarks do not belong there"),
        (by("postgres://", "mysql://"), "it begins with postgres://"),
    ];
    for (url, words) in &cases {
        let said = refusal(Program::command().env("LONGHALL_STORE", url));
        assert!(
            said.starts_with("longhall-server: LONGHALL_STORE: "),
            "{said}"
        );
        assert!(said.contains(words), "{words}: {said}");
        for secret in [password, "s3cret"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    // Nor does the help tell.
    let help = Program::output(
        Program::command()
            .arg("--help")
            .env("LONGHALL_STORE", &hall),
    );
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("LONGHALL_STORE"), "{help}");
    assert!(!help.contains(password), "{help}");
}
