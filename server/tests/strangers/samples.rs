//! The samples of docs/game-servers.md, one after the other as a reader tries them.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::Program;
use crate::{Hall, PAGE, has_form_of, key_in, samples_of, ticket};

/// What a shell prints that has the program where it finds it.
#[track_caller]
fn shell(hall: &Hall, key: &str, script: &str) -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_longhall-server"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let shell: Output = Command::new("sh")
        .args(["-euc", script])
        .env("PATH", path)
        .env("KEY", key)
        .env("URL", format!("http://{}", hall.game))
        .current_dir(hall.folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&shell.stderr);
    // Of a tool that is not there, its name.
    assert!(shell.status.success(), "{script}: {errors}");
    String::from_utf8(shell.stdout).unwrap()
}

#[tokio::test]
async fn each_sample_for_a_shell_is_answered_as_the_page_shows() {
    let hall = Hall::start(&["--profile-game-keys", "level"]);
    let mut ada = hall.player("Ada").await;
    ada.request("set_profile", r#""profile":{"colour":"teal"}"#)
        .await;
    let (mut key, mut answer) = (String::new(), Value::Null);
    let mut channel = String::new();
    let mut answers = 0;
    for sample in samples_of(PAGE) {
        let code = sample.code.trim();
        match sample.language {
            "sh" if code.starts_with("longhall-server --") => {
                // Another one beside it, as the page begins with one and ends with another.
                starts(&hall, code);
            }
            "sh" if code.starts_with("longhall-server game-keys add") => {
                key = key_in(&shell(&hall, "", code));
            }
            "sh" => {
                let mut code = code.replace("match-7f3k", &channel);
                if code.contains("eyJ…") {
                    code = code.replace("eyJ…", &ticket(&mut ada, "arena:eu-1").await);
                }
                let told = shell(&hall, &key, &code);
                if code.starts_with("curl") {
                    answer = serde_json::from_str(&told).unwrap();
                    assert!(answer["reason"].is_null(), "{code}: {told}");
                    if let (Some(opened), Some(_)) =
                        (answer["channel"].as_str(), answer["code"].as_str())
                    {
                        channel = opened.to_owned();
                    }
                }
            }
            // Events are of another test.
            "json" if code.starts_with(r#"{"id":"msg_"#) => {}
            "json" => {
                let shown: Value = serde_json::from_str(code).unwrap();
                assert!(has_form_of(&answer, &shown), "{answer} is not like {shown}");
                answers += 1;
            }
            "python" => {}
            other => panic!("nothing tries a sample in {other:?}: {code}"),
        }
    }
    assert!(answers > 4, "{answers} answers");
}

/// Runs a start of the server until it listens, in the folder of the samples.
fn starts(hall: &Hall, code: &str) {
    let mut words = code.split_whitespace();
    assert_eq!(words.next(), Some("longhall-server"));
    // Somebody may have the port of the page.
    let words = words.map(|word| word.replace(":9082", ":0"));
    let mut command = Program::command();
    command.args(words).current_dir(hall.folder.path());
    let database = hall.folder.path().join("another.db");
    Program::start_unheard(&mut command, &database).kill();
}

#[test]
fn the_tickets_page_gets_its_keys_by_the_command_that_it_shows() {
    let page = include_str!("../../../godot_project/examples/tickets/README.md");
    let hall = Hall::start(&[]);
    let sample = samples_of(page)
        .into_iter()
        .find(|one| one.language == "sh");
    let sample = sample.unwrap().code;
    let command = sample.lines().find(|line| line.contains("keys.json"));
    shell(&hall, "", command.unwrap());
    let keys = std::fs::read_to_string(hall.folder.path().join("keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
}
