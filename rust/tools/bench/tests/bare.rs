//! The references, as the program starts them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use longhall_swarm::{Account, Counts, Load, Plan, Speaks, Swarm};

struct Reference(Child);

impl Drop for Reference {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longhall-bench"));
    command.arg("bare").args(arguments);
    command
}

#[test]
fn references_deliver_every_line_to_every_member_once() {
    for which in ["each", "coalesced", "tasks"] {
        let mut child = bare(&[which]).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        let out = child.stdout.take().unwrap();
        let _reference = Reference(child);
        BufReader::new(out).read_line(&mut address).unwrap();
        for load in [Load::Push { window: 32 }, Load::Rate { lines_per_s: 500.0 }] {
            let plan = Plan {
                urls: vec![format!("ws://{}", address.trim())],
                speaks: Speaks::BareFrames,
                players: 12,
                channels: 3,
                senders: 6,
                load,
                ..Plan::default()
            };
            let swarm = Swarm::start(plan, Account::new_ones(12)).unwrap();
            swarm.wait_until_in(|_| {}).unwrap();
            swarm.talk(true);
            while swarm.counts().posted < 500 {
                swarm
                    .wait(std::time::Duration::from_millis(2), |_| {})
                    .unwrap();
            }
            let ending = swarm.finish().unwrap();
            let Counts {
                said,
                posted,
                delivered,
                lost,
                doubled,
                ..
            } = ending.counts;
            assert_eq!((said, delivered), (posted, 4 * posted), "{which}");
            assert_eq!((lost, doubled, ending.missing), (0, 0, 0), "{which}");
        }
    }
}

#[test]
fn references_without_players_print_a_figure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().display().to_string();
    for arguments in [
        vec!["hashes", "--seconds", "0.05"],
        vec![
            "inserts",
            "--folder",
            &folder,
            "--batch",
            "1",
            "--seconds",
            "0.05",
        ],
        vec![
            "inserts",
            "--folder",
            &folder,
            "--batch",
            "100",
            "--seconds",
            "0.05",
        ],
    ] {
        let output = bare(&arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let figure: f64 = text.trim().parse().unwrap();
        assert!(figure > 0.0, "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
#[cfg(unix)]
fn writers_into_postgresql_print_a_figure_and_leave_their_lines() {
    let postgres = longhall_engines::Postgres::quick().unwrap();
    for writers in ["1", "3"] {
        let database = format!("writers_{writers}");
        postgres.create_database(&database).unwrap();
        let arguments = ["postgres-inserts", "--writers", writers, "--batch", "20"];
        let mut command = bare(&arguments);
        command.args(["--seconds", "0.05"]);
        command.env("LONGHALL_STORE", postgres.url(&database));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let figure: f64 = text.trim().parse().unwrap();
        assert!(figure > 0.0);
        let lines = postgres.query(&database, "SELECT count(*) FROM lines");
        let lines: u32 = lines.unwrap().parse().unwrap();
        assert!(lines >= 20 && lines.is_multiple_of(20), "{lines}");
    }
}
