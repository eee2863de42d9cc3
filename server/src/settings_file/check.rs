//! `longhall-server check-config`: what a start with a file would find wrong.

use std::io;
use std::path::PathBuf;

use clap::CommandFactory;
use longhall_server::config::Basics;
use longhall_server::{Config, log};

use super::{Broken, Keys, SettingsFile, Slip};
use crate::variables::{self, Given};

/// Says what is wrong in a settings file, all of it, and starts nothing
///
/// Variables do not count here. Ends with 0 if a server could start with the file, else
/// with 2.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct CheckConfig {
    /// The file, as print-default-config prints it
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

const EXAMPLE: &str = "Example:
  longhall-server check-config longhall.toml && systemctl reload longhall-server
      has a running server read the file again, if it is right";

/// Checks it. The answer has advice, if there is any.
///
/// # Errors
/// All that is wrong.
pub(crate) fn check(options: &CheckConfig) -> Result<String, Broken> {
    let keys = Keys::of(&crate::Args::command());
    let mut file = SettingsFile::look_at(&options.file, &keys)?;
    // Also where there are slips: what is right beside them may be wrong as a whole.
    let mut given: Given<crate::Args> = match variables::parse_alone(&file) {
        Ok(given) => given,
        Err(_) if !file.slips.is_empty() => return Err(file.broken()),
        Err(broken) => return Err(broken),
    };
    let crate::Args { basics, config, .. } = &mut given.options;
    let found = file.broken_by(&unsound(basics, config)).slips;
    file.slips.extend(found);
    if !file.slips.is_empty() {
        file.slips.sort_by_key(|slip| slip.line);
        return Err(file.broken());
    }
    let count = file.settings.len();
    let mut answer = format!("{}: {count} settings, none wrong\n", file.path.display());
    for advice in given
        .advice
        .into_iter()
        .chain(advice(&given.options.config))
    {
        answer += &format!("warning: {}\n", given.origins.name_in(&advice));
    }
    Ok(answer)
}

/// What no single option can see, in words that name the options. Reads the lists of
/// names.
pub(crate) fn unsound(basics: &Basics, config: &mut Config) -> Vec<String> {
    let mut found = Vec::new();
    if log::check_levels(&basics.log).is_err() {
        found.push(crate::not_a_level(&basics.log));
    }
    let checks = [
        config.hashing.cost.check(),
        config.names.read_reserved(),
        config.names.check_files(),
        config.backups.check(),
        config.webhooks.check(),
        basics.admin.address().map(drop).map_err(io::Error::other),
        basics.game.address().map(drop).map_err(io::Error::other),
    ];
    let errors = checks.into_iter().filter_map(Result::err);
    found.extend(errors.map(|error| error.to_string()));
    found
}

/// What is not wrong, and should not stay as it is.
pub(crate) fn advice(config: &Config) -> Option<String> {
    config.hashing.cost.is_weak().then(|| {
        "--hash-memory and --hash-passes are below what OWASP advises: stolen hashes of \
         passwords are soon guessed"
            .to_owned()
    })
}

impl SettingsFile {
    /// The file that turned out to be broken by what these texts tell, which name options.
    pub(crate) fn broken_by(&self, texts: &[String]) -> Broken {
        let slips = texts.iter().map(|text| {
            let named = self.settings.iter().find_map(|setting| {
                let option = format!("--{}", setting.name);
                let named = variables::replace_word(text, &option, &setting.name);
                (named != *text).then_some((setting.line, named))
            });
            match named {
                Some((line, text)) => Slip {
                    line: Some(line),
                    text,
                },
                None => Slip {
                    line: None,
                    text: text.clone(),
                },
            }
        });
        Broken {
            path: self.path.clone(),
            slips: slips.collect(),
        }
    }
}
