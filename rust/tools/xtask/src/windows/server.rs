//! The server's program for Windows, under Wine: played with, stopped, killed, started again.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use longhall_provision::{Prefix, windows_path};

use super::talk::Talk;
use crate::server_process;

/// As people have them: with a space, and with letters beyond ASCII.
const FOLDER: &str = "Spiele & Grüße";
const DATABASE: &str = "chat.db";

/// Lines that are said at once, of which a kill cuts off the last.
const LINES_BEFORE_KILL: usize = 60;

const PASSWORD: &str = "correct horse battery";

/// Programs to test, and to test with.
pub(super) struct Programs<'a> {
    /// The server, for Windows.
    pub(super) server: &'a Path,
    /// The terminal client for Windows, and that of this machine.
    pub(super) windows_client: &'a Path,
    pub(super) native_client: &'a Path,
    /// Runs a Windows program and presses keys on its console.
    pub(super) console: &'a Path,
}

/// What the tests are done with.
pub(super) struct Bench<'a> {
    prefix: &'a Prefix,
    programs: Programs<'a>,
    address: SocketAddr,
}

impl<'a> Bench<'a> {
    /// # Errors
    /// If this machine has no free port, or the database no folder.
    pub(super) fn new(prefix: &'a Prefix, programs: Programs<'a>) -> Result<Self> {
        let folder = prefix.drive().join(FOLDER);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self {
            prefix,
            programs,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, server_process::free_port()?)),
        })
    }

    /// A conversation, an end in good order, a kill, and nothing is lost.
    ///
    /// # Errors
    /// At the first thing that is not as it should be.
    pub(super) fn live(&self) -> Result<()> {
        let server = self.start()?;
        self.native(&["/register ada", "/login ada", "Good morning from Linux"])?;
        let heard = self.windows(
            &self.url(),
            &[
                "/register bob",
                "/login bob",
                "/older",
                "Grüß Gott from Windows",
            ],
        )?;
        expect_line(&heard, "ada: Good morning from Linux")?;
        self.expect_in_use()?;
        println!("the server for Windows: a native client and one for Windows talked");

        self.stop(server)?;
        let server = self.start()?;
        let heard = self.native(&["/login bob", "/older", "Back again"])?;
        expect_line(&heard, "ada: Good morning from Linux")?;
        expect_line(&heard, "bob: Grüß Gott from Windows")?;
        println!(
            "Ctrl-C: the client was told, the server ended with 0, and had it all when it was back"
        );

        let said = self.kill_amid_lines(server)?;
        let server = self.start()?;
        let heard = self.native(&["/login ada", "/older", "/older"])?;
        for line in &said {
            expect_line(&heard, line)?;
        }
        expect_line(&heard, "bob: Back again")?;
        println!(
            "killed while {} lines were acknowledged: all were there again",
            said.len()
        );

        self.stop(server)
    }

    /// The Windows client with a server of this machine.
    ///
    /// # Errors
    /// If they do not understand each other.
    pub(super) fn visit(&self, database: &Path) -> Result<()> {
        let server = server_process::Server::start(database, &[], Arc::new(|_| {}))?;
        self.windows(
            &server.url(),
            &["/register cid", "/login cid", "Hello from Windows"],
        )?;
        let heard = client(
            "the client",
            &mut Command::new(self.programs.native_client),
            &server.url(),
            &["/register dan", "/login dan", "/older"],
        )?;
        expect_line(&heard, "cid: Hello from Windows")?;
        println!("the client for Windows talked on a server of this machine");
        Ok(())
    }

    fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Starts the server and waits until it listens.
    fn start(&self) -> Result<Talk> {
        let mut command = self.server(self.address);
        let mut server = Talk::start("longhall-server.exe", &mut command)?;
        server.wait_for(" listening ")?;
        Ok(server)
    }

    /// The server, run on a console.
    fn server(&self, address: SocketAddr) -> Command {
        let mut command = self.prefix.command(self.programs.console);
        command
            .arg(windows_path(self.programs.server))
            .args(["--listen", &address.to_string(), "--database"])
            .arg(format!("C:\\{FOLDER}\\{DATABASE}"))
            // The guests are quicker than any player.
            .args(["--packets-per-second", "1000", "--lines-per-second", "1000"])
            .args(["--max-repeats", "0", "--new-account-time", "0"]);
        command
    }

    fn native(&self, script: &[&str]) -> Result<Vec<String>> {
        let mut command = Command::new(self.programs.native_client);
        client("the native client", &mut command, &self.url(), script)
    }

    fn windows(&self, url: &str, script: &[&str]) -> Result<Vec<String>> {
        let mut command = self.prefix.command(self.programs.windows_client);
        client("terminal_chat.exe", &mut command, url, script)
    }

    /// A second server on the same database says so, and leaves the first alone.
    fn expect_in_use(&self) -> Result<()> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut command = self.server(anywhere);
        let mut second = Talk::start("a second longhall-server.exe", &mut command)?;
        second.wait_for("is in use by another longhall-server")?;
        second.wait_for("ended: 1")?;
        second.finish().map(drop)
    }

    /// Presses Ctrl-C on the server's console while somebody is there, who has to be told.
    fn stop(&self, mut server: Talk) -> Result<()> {
        let mut guest = self.guest()?;
        server.tell("ctrl-c")?;
        guest.wait_for("restarting")?;
        guest.end()?;
        for words in [" stopping ", " stopped", "ended: 0"] {
            server.wait_for(words)?;
        }
        server.finish().map(drop)
    }

    /// A client that is logged in, and leaves when the server does.
    fn guest(&self) -> Result<Talk> {
        let mut command = Command::new(self.programs.native_client);
        command.args(["--no-reconnect", "--url", &self.url()]);
        let mut guest = Talk::start("the guest", &mut command)?;
        guest.tell(&format!("/login ada {PASSWORD}"))?;
        guest.wait_for("you are in")?;
        Ok(guest)
    }

    /// Ends the server as the task manager does while a guest says lines. Those that the
    /// guest has seen come back are in the result.
    fn kill_amid_lines(&self, mut server: Talk) -> Result<Vec<String>> {
        let mut guest = self.guest()?;
        let line = |number: usize| format!("line {number} of many");
        for number in 1..=LINES_BEFORE_KILL {
            guest.tell(&line(number))?;
        }
        guest.wait_for(&line(LINES_BEFORE_KILL / 2))?;
        server.tell("kill")?;
        server.wait_for("ended: 137")?;
        server.finish()?;
        guest.end()?;
        let seen = (1..=LINES_BEFORE_KILL)
            .map(line)
            .filter(|line| guest.has_said(&format!("ada: {line}")))
            .collect::<Vec<_>>();
        if seen.len() < LINES_BEFORE_KILL / 2 {
            bail!("the guest saw only {} lines come back", seen.len());
        }
        Ok(seen)
    }
}

/// Runs a terminal client over a script, and hands out all that it printed. What was said
/// before it came is there for sure only after `/older`, whose answer it waits for.
fn client(name: &str, command: &mut Command, url: &str, script: &[&str]) -> Result<Vec<String>> {
    let mut client = Talk::start(name, command.args(["--url", url]))?;
    for line in script {
        let is_login = line.starts_with("/login ") || line.starts_with("/register ");
        let password = if is_login {
            format!(" {PASSWORD}")
        } else {
            String::new()
        };
        client.tell(&format!("{line}{password}"))?;
    }
    client.finish()
}

fn expect_line(heard: &[String], line: &str) -> Result<()> {
    if heard.iter().any(|one| one.ends_with(line)) {
        return Ok(());
    }
    bail!(
        "`{line}` is not among what was heard:\n    {}",
        heard.join("\n    ")
    )
}
