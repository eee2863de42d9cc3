//! `longhall.example.env`: every option with its default, and why one would change it.
//!
//! It is written from the options themselves. The test below fails when it is stale;
//! `UPDATE_EXAMPLE=1 cargo test -p longhall-server --bin longhall-server` writes it anew.

use std::fs;

use clap::{Arg, CommandFactory};

use crate::Args;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/longhall.example.env");
const COLUMNS: usize = 80;

const HEAD: &str = "\
# The Longhall server: every option as a variable, with its default.
#
# Copy this file, take the # away before what you change, and restart the server.
# With systemd, name the copy in the service:
#     EnvironmentFile=/etc/longhall/longhall.env
# In a shell:
#     set -a; . ./longhall.env; set +a; longhall-server
# A text with blanks or signs goes between 'single quotes', but not for Docker's
# --env-file, which takes them as they are. Nothing may stand behind a value.
# An empty variable is as good as none; an option on the command line counts more
# than its variable.
";

fn example() -> String {
    let mut command = Args::command();
    command.build();
    let mut text = HEAD.to_owned();
    let mut heading = None;
    for option in command.get_arguments() {
        // The help and the version have none.
        let Some(variable) = option.get_env() else {
            continue;
        };
        if option.get_help_heading() != heading {
            heading = option.get_help_heading();
            let title = heading.unwrap_or_default();
            text += &format!("\n\n# ---- {title} ----\n");
        }
        let value: Vec<_> = option.get_default_values().iter().collect();
        let value = value.first().map_or("", |value| value.to_str().unwrap());
        let variable = variable.to_str().unwrap();
        text += &format!("\n# {option}\n{}#{variable}={value}\n", explain(option));
    }
    text
}

/// What the option does, and why one would change it.
fn explain(option: &Arg) -> String {
    let told = option.get_long_help();
    let told = told.unwrap_or_else(|| panic!("{option} does not say why one would change it"));
    let told = told.to_string();
    let paragraphs: Vec<_> = told.split("\n\n").map(comment).collect();
    paragraphs.join("#\n")
}

fn comment(paragraph: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    // The help leaves out the full stop at the end.
    let stop = if paragraph.ends_with('.') { "" } else { "." };
    lines.join("\n") + stop + "\n"
}

#[test]
fn the_example_has_every_option_as_it_is() {
    let example = example();
    if std::env::var_os("UPDATE_EXAMPLE").is_some() {
        fs::write(FILE, &example).unwrap();
    }
    let written = fs::read_to_string(FILE).unwrap();
    assert!(
        written == example,
        "longhall.example.env is stale; write it anew with \
         UPDATE_EXAMPLE=1 cargo test -p longhall-server --bin longhall-server"
    );
}
