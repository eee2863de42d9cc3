//! `longhall-server doctor`: looks over what the server needs.

use std::process::ExitCode;

use clap::Args;
use longhall_server::Config;
use longhall_server::config::{Basics, while_running};
use longhall_server::doctor::{self, Finding, Level};
use serde_json::json;

use crate::settings_file::{self, FileOption, unsound};
use crate::variables::Origins;

/// What the program ends with when all works, but something should be put right.
const WARNED: u8 = 3;

/// Looks over what the server needs, and says what to put right
///
/// With the same options, variables and settings file as the server. Nothing is changed, and a server may run
/// meanwhile. Ends with 0 when all is well, 3 with warnings only, and 1 when something does
/// not work.
#[derive(Args)]
#[command(after_help = EXAMPLES, group = while_running())]
pub(crate) struct Doctor {
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,

    /// Read all of the database and of the newest backup, which takes a while
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    file: FileOption,

    #[command(flatten)]
    basics: Basics,

    #[command(flatten)]
    config: Config,
}

const EXAMPLES: &str = "Examples:
  longhall-server doctor --database /var/lib/longhall/longhall.db
      before a start, or while the server runs
  cd /var/lib/longhall; longhall-server doctor --json --config /etc/longhall/longhall.toml
      with the settings of the service, as root, for a program to read";

/// Prints what was found. `advice` is about the settings file.
pub(crate) fn run(options: &Doctor, advice: Option<String>, origins: &Origins) -> ExitCode {
    let mut found = settings(options, advice);
    found.extend(doctor::examine(
        &options.basics,
        &options.config,
        options.deep,
    ));
    for finding in &mut found {
        finding.said = origins.name_in(&finding.said);
    }
    let worst = found.iter().map(|finding| finding.level).max();
    let worst = worst.unwrap_or(Level::Ok);
    if options.json {
        println!("{}", json!({ "level": worst, "findings": found }));
    } else {
        for finding in &found {
            println!("{finding}");
        }
    }
    match worst {
        Level::Ok => ExitCode::SUCCESS,
        Level::Warn => ExitCode::from(WARNED),
        Level::Fail => ExitCode::FAILURE,
    }
}

/// What a start would find wrong with the settings.
fn settings(options: &Doctor, advice: Option<String>) -> Vec<Finding> {
    let finding = |level| {
        move |said| Finding {
            check: "settings",
            level,
            said,
        }
    };
    // The lists of names are read into it.
    let mut config = options.config.clone();
    let wrong = unsound(&options.basics, &mut config).into_iter();
    let advice = advice.into_iter().chain(settings_file::advice(&config));
    let mut found: Vec<_> = wrong.map(finding(Level::Fail)).collect();
    found.extend(advice.map(finding(Level::Warn)));
    if found.is_empty() {
        found.push(finding(Level::Ok)("none wrong".to_owned()));
    }
    found
}
