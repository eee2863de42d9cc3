//! `longhall-server doctor`: looks over what the server needs.

use std::process::ExitCode;

use clap::Args;
use longhall_server::Config;
use longhall_server::config::Basics;
use longhall_server::doctor::{self, Level};
use serde_json::json;

/// What the program ends with when all works, but something should be put right.
const WARNED: u8 = 3;

/// Looks over what the server needs, and says what to put right
///
/// With the same options and variables as the server. Nothing is changed, and a server may run
/// meanwhile. Ends with 0 when all is well, 3 with warnings only, and 1 when something does
/// not work.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,

    /// Read all of the database and of the newest backup, which takes a while
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    basics: Basics,

    #[command(flatten)]
    config: Config,
}

const EXAMPLES: &str = "Examples:
  longhall-server doctor --database /var/lib/longhall/longhall.db
      before a start, or while the server runs
  set -a; . /etc/longhall/longhall.env; longhall-server doctor --json
      with the settings of the service, for a program to read";

/// Prints what was found.
pub(crate) fn run(options: &Doctor) -> ExitCode {
    let found = doctor::examine(&options.basics, &options.config, options.deep);
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
