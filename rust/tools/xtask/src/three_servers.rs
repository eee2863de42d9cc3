//! Three clients, each on a server of its own, of which one is killed.
//!
//! As an operator has it by docs/operating.md: three servers share a PostgreSQL and a NATS,
//! and HAProxy stands in front of them, set up as the page says. Each client of
//! `res://tests/three_servers.gd` comes to another server by it, and knows it by its message
//! of the day. Ben has Ada's server killed; what the three have seen in the end must be
//! the same.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use longhall_engines::{Nats, Postgres};
use longhall_provision::{Engine, Godot};

use crate::front::Front;
use crate::godot_test::{SERVER_ARGUMENTS, log_to, own_home};
use crate::server_process::{Database, Server};
use crate::unchanged::Stamp;
use crate::{addon, control, front, play, project, workspace};

const ROLES: [&str; 3] = ["Ada", "Ben", "Cleo"];
/// What the servers are called.
const GATES: [&str; 3] = ["north", "south", "west"];
const DATABASE: &str = "hall";
const SCRIPT: &str = "res://tests/three_servers.gd";

/// What decides how it goes.
const COVERED: &[&str] = &[
    "Cargo.lock",
    "server/src",
    "rust/packet/src",
    "rust/ticket/src",
    "rust/world/src",
    "rust/client/src",
    "rust/network_client/src",
    "godot_project/tests/conversation.gd",
    "godot_project/tests/three_servers.gd",
    "rust/tools/xtask/src/front.rs",
    "rust/tools/xtask/src/three_servers.rs",
    front::PAGE,
];

/// The step of `cargo xtask test`, unless nothing has changed since it went well.
///
/// # Errors
/// If something cannot be fetched or started, or the conversation does not go as it should.
pub(crate) fn test() -> Result<()> {
    let folder = workspace::scratch_dir("three-servers");
    let covered = COVERED.iter().map(|path| workspace::root().join(path));
    let stamp = Stamp::of(folder.join("tested"), covered)?;
    if stamp.is_kept() {
        println!("skipped: neither addon nor server has changed since the three understood");
        return Ok(());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for engine in Engine::ALL {
        engine.find_or_fetch()?;
    }
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    let seen = converse(&godot, &folder)?;
    expect_same(&seen)?;
    stamp.keep()
}

/// The result is what each saw being said.
fn converse(godot: &Godot, folder: &Path) -> Result<Vec<Vec<String>>> {
    let (postgres, nats) = (Postgres::quick()?, Nats::start()?);
    postgres.create_database(DATABASE)?;
    let mut servers = Vec::new();
    let mut arguments = Vec::new();
    for gate in GATES {
        let motd = format!("--motd={gate} gate");
        let server = Server::start_on(
            Database::Shared {
                store: postgres.url(DATABASE),
                bus: nats.url(),
            },
            &[SERVER_ARGUMENTS, &[&motd]].concat(),
            log_to(&folder.join(format!("{gate}.log")))?,
        )?;
        let control = control::listen(server.handle())?;
        arguments.push(format!("--control-{gate}=127.0.0.1:{control}"));
        servers.push(server);
    }
    let addresses: Vec<_> = servers.iter().map(Server::address).collect();
    let front = Front::start(folder, &addresses)?;
    println!("logs of the servers: {}", folder.display());
    println!("\nThree players, each on a server of its own:\n");
    let cast = ROLES.map(|role| {
        let mut command = godot.headless_command(&workspace::godot_project());
        own_home(&mut command, &folder.join(format!("home-{role}")));
        command.args(["--fixed-fps", "60", "--script", SCRIPT, "--"]);
        command.arg(format!("--server={}", front.url()));
        command.args(&arguments);
        (role, command)
    });
    play::perform(cast.into())
}

/// # Errors
/// If one of them saw other lines in the lobby than the first, or another order.
fn expect_same(seen: &[Vec<String>]) -> Result<()> {
    let lobby = |lines: &Vec<String>| -> Vec<String> {
        let mut lines = lines.clone();
        lines.retain(|line| line.contains(play::SAYS));
        lines
    };
    let seen: Vec<_> = seen.iter().map(lobby).collect();
    let first = seen.first().context("nobody was there")?;
    for (role, lines) in ROLES.iter().zip(&seen) {
        if lines != first {
            bail!("{role} saw {lines:#?}, and {} saw {first:#?}", ROLES[0]);
        }
    }
    println!(
        "\nall three saw the same {} lines in the same order",
        first.len()
    );
    Ok(())
}
