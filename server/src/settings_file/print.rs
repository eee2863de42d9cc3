//! `longhall-server print-default-config`: the whole file, with every reason.

use std::io::Write;

use anyhow::Context;
use clap::builder::StyledStr;
use clap::{Arg, Args, Command};

use super::keys::{Key, Keys, Kind};

const COLUMNS: usize = 80;

const HEAD: &str = "\
# The Longhall server: every setting, with its default.
#
# Take the # away before what you change, and start the server with this file:
#     longhall-server --config longhall.toml
# A variable counts more than this file, and an option on the command line more than
# its variable. An empty text is as good as none. Files are looked for from the folder
# that the server is started in.
#
#     longhall-server check-config longhall.toml
# says what is wrong with it. On SIGHUP (systemctl reload) a running server reads it
# again; what says \"after a restart\" then waits for one.
";

/// Prints the settings file with every setting, its default and why one would change it
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct PrintDefaultConfig {}

const EXAMPLE: &str = "Example:
  longhall-server print-default-config > longhall.toml
      a file to start from; then longhall-server --config longhall.toml";

/// Prints it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print_default(command: &Command) -> anyhow::Result<()> {
    print(&default_file(&Keys::of(command)))
}

/// Writes an answer to standard output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.context("cannot write to standard output")
}

/// All of it: nothing is set in it.
pub(crate) fn default_file(keys: &Keys) -> String {
    let mut text = HEAD.to_owned();
    let mut table = "";
    for key in keys.iter() {
        if key.table != table {
            table = &key.table;
            text += &format!("\n\n[{table}]\n");
        }
        text += &format!("\n{}#{} = {}\n", comments(key), key.name, value(keys, key));
    }
    text
}

fn comments(key: &Key) -> String {
    // A switch has a name for its value as well, which nobody is to see.
    let takes_values = key.option.get_action().takes_values();
    let unit = key.option.get_value_names().filter(|_| takes_values);
    let unit = unit.unwrap_or_default().iter().map(ToString::to_string);
    let mut notes: Vec<_> = unit.collect();
    if !key.is_live {
        notes.push("after a restart".to_owned());
    }
    let note = match notes.is_empty() {
        true => String::new(),
        false => format!("#\n# ({})\n", notes.join(", ")),
    };
    explain(&key.option) + &note
}

/// What the option does, and why one would change it, as comments.
pub(crate) fn explain(option: &Arg) -> String {
    let told = option.get_long_help().or(option.get_help());
    let told = told.map(StyledStr::to_string).unwrap_or_default();
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

/// The default as TOML; what has none is an empty text, which sets nothing.
fn value(keys: &Keys, key: &Key) -> String {
    let defaults = key.option.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    match (keys.kind(key), defaults.first()) {
        (Kind::Switch, _) => "false".to_owned(),
        _ if key.is_list() => {
            let each: Vec<_> = defaults.iter().map(|value| quoted(value)).collect();
            format!("[{}]", each.join(", "))
        }
        (Kind::Number, Some(number)) => number.to_string(),
        (_, text) => quoted(text.map_or("", AsRef::as_ref)),
    }
}
