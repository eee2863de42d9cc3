//! The guide for operators, held against the program.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};

use support::{Pair, Program, TestPlayer, Validity, database};

/// The server's messages, as the guide's table of log lines quotes them.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

fn guide() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md");
    fs::read_to_string(path).unwrap()
}

/// The code between the fences of one language, block by block.
fn samples(language: &str) -> Vec<String> {
    let guide = guide();
    let fence = format!("```{language}\n");
    let blocks = guide.split(&fence).skip(1);
    let blocks: Vec<String> = blocks
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect();
    assert!(!blocks.is_empty(), "no sample in {language}");
    blocks
}

#[track_caller]
fn sample_with(language: &str, words: &str) -> String {
    let found = samples(language).into_iter().find(|s| s.contains(words));
    found.unwrap_or_else(|| panic!("no {language} sample has {words:?}"))
}

/// Each option with its variable and its default; an empty one has none.
fn options_of_the_guide() -> BTreeMap<String, (String, String)> {
    let guide = guide();
    let rows = guide.lines().filter(|line| line.starts_with("| `--"));
    rows.map(|row| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`'));
        let _ = cells.next();
        let option = cells.next().unwrap().to_owned();
        let variable = cells.next().unwrap().to_owned();
        let default = cells.next().unwrap().replace("none", "");
        (option, (variable, default))
    })
    .collect()
}

fn options_of_the_program() -> BTreeMap<String, (String, String)> {
    let Output { stdout, .. } = Program::command().arg("--help").output().unwrap();
    let help = String::from_utf8(stdout).unwrap();
    let (mut found, mut option) = (BTreeMap::new(), String::new());
    let in_brackets = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("[{name}: "))?;
        Some(rest.split([']', '=']).next().unwrap().to_owned())
    };
    for line in help.lines() {
        let word = line.split_whitespace().find(|word| word.starts_with("--"));
        if let Some(word) = word
            && line.trim_start().starts_with('-')
        {
            word.clone_into(&mut option);
        }
        let entry = || (String::new(), String::new());
        if let Some(variable) = in_brackets(line, "env") {
            found.entry(option.clone()).or_insert_with(entry).0 = variable;
        }
        if let Some(default) = in_brackets(line, "default") {
            found.entry(option.clone()).or_insert_with(entry).1 = default;
        }
    }
    found
}

#[test]
fn the_guide_names_each_option_with_its_variable_and_default() {
    assert_eq!(options_of_the_guide(), options_of_the_program());
}

fn all_of(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &all_of(&path);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
fn the_lines_of_the_log_that_the_guide_explains_are_there() {
    let guide = guide();
    let (_, section) = guide.split_once("## What the log says").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<&str> = section.lines().filter(|l| l.starts_with("| `")).collect();
    assert!(rows.len() > 10, "{} rows", rows.len());
    let sources = all_of(Path::new(SOURCES));
    for row in rows {
        let line = row.split('`').nth(1).unwrap();
        assert!(sources.contains(line), "no line of the log says {line:?}");
    }
}

#[test]
fn the_unit_for_systemd_starts_the_program_with_variables_that_it_knows() {
    let unit = include_str!("../packaging/longhall-server.service");
    let known = options_of_the_program();
    let settings = unit.lines().filter_map(|l| l.strip_prefix("Environment="));
    let settings: Vec<&str> = settings.collect();
    assert!(!settings.is_empty());
    for setting in settings {
        let (name, _) = setting.split_once('=').unwrap();
        let is_known = known.values().any(|(variable, _)| variable == name);
        assert!(is_known, "{name}");
    }
    assert!(unit.contains("ExecStart=longhall-server\n"), "{unit}");
    assert!(unit.contains("StateDirectory=longhall\n"), "{unit}");
    assert!(unit.contains("ExecReload=/bin/kill -HUP $MAINPID\n"));
    let (guide, example) = (guide(), include_str!("../longhall.example.env"));
    for (line, path) in [
        (
            "Environment=LONGHALL_CONFIG=",
            "/etc/longhall/longhall.toml",
        ),
        ("WorkingDirectory=", "/var/lib/longhall"),
        ("EnvironmentFile=-", "/etc/longhall/longhall.env"),
    ] {
        assert!(
            unit.contains(&format!("{line}{path}\n")),
            "{line} in {unit}"
        );
        assert!(guide.contains(path), "{path} in the guide");
    }
    assert!(example.contains("/etc/longhall/longhall.env"), "{example}");
}

#[test]
fn the_settings_file_in_the_guide_is_right() {
    let folder = tempfile::tempdir().unwrap();
    for sample in samples("toml") {
        let file = folder.path().join("longhall.toml");
        fs::write(&file, &sample).unwrap();
        let Output { status, stderr, .. } =
            Program::output(Program::command().arg("check-config").arg(&file));
        assert!(
            status.success(),
            "{sample}: {}",
            String::from_utf8_lossy(&stderr)
        );
    }
}

#[test]
fn the_guide_installs_the_service_as_the_page_in_the_archive_does() {
    let page = include_str!("../packaging/README-linux.txt");
    let commands = sample_with("sh", "longhall-server.service");
    for command in commands.lines() {
        assert!(page.contains(command), "{command:?} is not in {page}");
    }
}

#[test]
fn the_proxy_passes_websockets_on_to_where_the_server_listens() {
    let proxy = samples("nginx").remove(0);
    let (_, listen) = &options_of_the_program()["--listen"];
    for part in [
        &format!("proxy_pass http://{listen};"),
        "proxy_http_version 1.1;",
        "Upgrade $http_upgrade;",
    ] {
        assert!(proxy.contains(part), "{part:?} is not in {proxy}");
    }
}

#[test]
fn the_proxies_of_several_servers_pass_players_on_to_where_the_servers_listen() {
    let (_, listen) = &options_of_the_program()["--listen"];
    let (_, port) = listen.split_once(':').unwrap();
    for proxy in [
        sample_with("haproxy", "backend"),
        sample_with("nginx", "upstream"),
    ] {
        let servers = proxy
            .lines()
            .map(str::split_whitespace)
            .filter_map(|mut words| {
                (words.next() == Some("server"))
                    .then(|| words.find(|word| word.starts_with("10.")))
                    .flatten()
            });
        let servers: Vec<_> = servers.collect();
        assert_eq!(servers.len(), 3, "{proxy}");
        for server in servers {
            let server = server.trim_end_matches(';');
            assert_eq!(server.split_once(':').unwrap().1, port, "{server}");
        }
    }
}

#[test]
fn the_proxy_waits_longer_than_the_server_does() {
    let proxy = sample_with("haproxy", "backend");
    let idle = longhall_server::Config::default().timeouts.idle;
    for side in ["timeout client ", "timeout server "] {
        let (_, minutes) = proxy.split_once(side).unwrap();
        let (minutes, _) = minutes.split_once("m\n").unwrap();
        let minutes: u64 = minutes.parse().unwrap();
        assert!(minutes * 60 > idle.as_secs(), "{side}{minutes}m");
    }
}

#[test]
fn the_server_tells_the_proxy_that_it_is_ready() {
    let proxy = sample_with("haproxy", "backend");
    let (_, request) = proxy.split_once("option httpchk ").unwrap();
    let request = request.lines().next().unwrap();
    let (_folder, path) = database();
    let server = Program::start(&path);
    let mut stream = TcpStream::connect(server.address).unwrap();
    // As HAProxy asks, which sends no more than this.
    write!(stream, "{request} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    server.kill();
    let (_, wanted) = proxy.split_once("error-status L7OKC status ").unwrap();
    let wanted = wanted.lines().next().unwrap();
    assert_eq!(answer.split_whitespace().nth(1), Some(wanted), "{answer}");
}

/// Runs a sample in a folder, with the program where a shell finds it.
fn run_in(folder: &Path, script: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_longhall-server"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let shell = Command::new("sh")
        .args(["-euc", script])
        .env("PATH", path)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(shell.status.success(), "{script}: {shell:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_comes_back_as_the_guide_says() {
    let (folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.register("ada").await;
    let before = ada.log_in("ada", "").await;
    ada.say("before the backup").await;
    let folder = folder.path();
    run_in(
        folder,
        &sample_with("sh", "longhall-server backup backup.db"),
    );
    ada.say("after the backup").await;
    run_in(folder, &sample_with("sh", "verify backup.db"));
    // As somebody tries it, while the server goes on.
    fs::create_dir(folder.join("drill")).unwrap();
    run_in(folder, &sample_with("sh", "backup drill.db"));
    server.kill();
    run_in(
        folder,
        &sample_with("sh", "longhall-server restore backup.db"),
    );

    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    let after = ada.log_in("ada", "").await;
    assert_ne!(after.epoch, before.epoch, "games read the history anew");
    let (lines, _) = ada.history(r#""channel":"lobby","limit":9"#).await;
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["before the backup"]);
    server.kill();
}

#[cfg(unix)]
#[test]
fn the_line_for_cron_makes_a_backup() {
    let (folder, path) = database();
    assert!(Program::start(&path).terminate().success());
    let line = sample_with("cron", "longhall-server backup");
    let mut words = line.trim().splitn(7, ' ');
    assert_eq!(words.nth(5), Some("root"), "{line}");
    let here = format!("{}/", folder.path().display());
    // What cron makes of it, in a folder that anybody has.
    let command = words.next().unwrap().replace("\\%", "%");
    let command = command
        .replace("/var/lib/longhall/", &here)
        .replace("/var/backups/", &here);
    for _ in 0..2 {
        run_in(folder.path(), &command);
    }
    let names = fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let made: Vec<_> = names.filter(|name| name.starts_with("longhall-")).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0].len(), "longhall-Mon.db".len(), "{made:?}");
}

/// What the guide says of containers.
fn of_containers() -> String {
    let guide = guide();
    let (_, section) = guide.split_once("\n## As a container\n").unwrap();
    section.split_once("\n## ").unwrap().0.to_owned()
}

#[test]
fn the_container_in_the_guide_is_given_variables_that_the_program_knows() {
    let known = options_of_the_program();
    let section = of_containers();
    let words = section.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named: Vec<&str> = words.filter(|word| word.starts_with("LONGHALL_")).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(
            known.values().any(|(variable, _)| variable == name),
            "{name}"
        );
    }
}

#[cfg(unix)]
#[test]
fn the_container_in_the_guide_starts_is_asked_and_gets_a_backup_back() {
    let (folder, path) = database();
    let here = folder.path();
    fs::create_dir(here.join("backups")).unwrap();
    let pair = Pair::write(here, Validity::Year);
    let in_here = |text: &str| {
        text.replace("/etc/longhall/chat.pem", pair.certificate.to_str().unwrap())
            .replace("/etc/longhall", here.to_str().unwrap())
            .replace(
                "/var/backups/longhall",
                here.join("backups").to_str().unwrap(),
            )
    };
    let variables = in_here(&sample_with("env", "LONGHALL_BACKUP_FOLDER"));
    // The system does not hand out the same port again soon.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = free.local_addr().unwrap().to_string();
    drop(free);
    let start = || {
        let mut command = Program::command();
        command
            .current_dir(here)
            .env("LONGHALL_ADMIN_LISTEN", &admin);
        command.envs(variables.lines().filter_map(|line| line.split_once('=')));
        Program::start_unheard(&mut command, &path)
    };
    let health = || {
        let sample = sample_with("sh", "--health-cmd");
        let (_, words) = sample.split_once("--health-cmd '").unwrap();
        let (words, _) = words.split_once('\'').unwrap();
        let words: Vec<String> = serde_json::from_str(words).unwrap();
        assert_eq!(words[0], "/usr/bin/longhall-server");
        let mut command = Program::command();
        command
            .args(&words[1..])
            .env("LONGHALL_ADMIN_LISTEN", &admin);
        Program::output(&mut command).status.success()
    };
    let sample = in_here(&sample_with(
        "sh",
        "podman exec longhall longhall-server backup",
    ));
    let sample = sample.replace("\\\n", "");
    let [backup, stop, restore, again] = sample.lines().collect::<Vec<_>>()[..] else {
        panic!("{sample}");
    };
    let server = start();
    assert!(health());
    run_in(here, backup.strip_prefix("podman exec longhall ").unwrap());
    assert_eq!(stop, "podman stop longhall");
    assert!(server.terminate().success());
    assert!(!health());
    let (options, arguments) = restore.split_once(" localhost/longhall-server:").unwrap();
    assert!(options.starts_with("podman run --rm --volume longhall:/var/lib/longhall "));
    let (_, arguments) = arguments.split_once(' ').unwrap();
    run_in(here, &format!("longhall-server {arguments}"));
    assert_eq!(again, "podman start longhall");
    let server = start();
    assert!(health());
    assert!(server.terminate().success());
}
