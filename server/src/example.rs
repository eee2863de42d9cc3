//! `longhall.example.toml` and `longhall.example.env`: every option with its default, and
//! why one would change it.
//!
//! They are written from the options themselves. The test below fails when one is stale;
//! `UPDATE_EXAMPLE=1 cargo test -p longhall-server --bin longhall-server` writes them anew.

use std::fs;

use clap::CommandFactory;

use crate::Args;
use crate::settings_file::{Keys, default_file, explain};

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

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
        assert!(
            option.get_long_help().is_some(),
            "{option} does not say why one would change it"
        );
        let value: Vec<_> = option.get_default_values().iter().collect();
        let value = value.first().map_or("", |value| value.to_str().unwrap());
        let variable = variable.to_str().unwrap();
        text += &format!("\n# {option}\n{}#{variable}={value}\n", explain(option));
    }
    text
}

#[test]
fn the_examples_have_every_option_as_it_is() {
    let toml = default_file(&Keys::of(&Args::command()));
    for (name, example) in [
        ("longhall.example.toml", toml),
        ("longhall.example.env", example()),
    ] {
        let file = format!("{FOLDER}/{name}");
        if std::env::var_os("UPDATE_EXAMPLE").is_some() {
            fs::write(&file, &example).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == example,
            "{name} is stale; write it anew with \
             UPDATE_EXAMPLE=1 cargo test -p longhall-server --bin longhall-server"
        );
    }
}
