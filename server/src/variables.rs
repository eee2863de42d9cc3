//! Options by environment variables: an empty one counts as unset, and an error names
//! the variable that it comes from.

use std::env;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error, Parser};

/// The options that have their value from a variable.
pub(crate) struct Variables(Vec<Variable>);

struct Variable {
    name: String,
    /// As it is written, with its dashes.
    option: String,
}

/// Reads the options from the command line and the environment. Where they do not let
/// the program start, prints the help or the error, and ends it.
pub(crate) fn parse<T: Parser>() -> (T, Variables) {
    parse_from(&env::args_os().collect::<Vec<_>>()).unwrap_or_else(|error| error.exit())
}

fn parse_from<T: Parser>(arguments: &[OsString]) -> Result<(T, Variables), Error> {
    let mut command = command::<T>();
    let matches = command
        .try_get_matches_from_mut(arguments)
        .map_err(|error| name_variable(error, &self::command::<T>(), arguments))?;
    let options = T::from_arg_matches(&matches)?;
    Ok((options, Variables::used(&command, &matches)))
}

fn command<T: Parser>() -> Command {
    T::command().mut_args(|arg| {
        // Why one would change it is for the example of all options, not for the help.
        let arg = arg.long_help(Resettable::Reset);
        match is_empty(&arg) {
            true => without_variable(arg),
            false => arg,
        }
    })
}

fn is_empty(arg: &Arg) -> bool {
    arg.get_env()
        .and_then(env::var_os)
        .is_some_and(|value| value.is_empty())
}

fn without_variable(arg: Arg) -> Arg {
    arg.env(Resettable::Reset)
}

/// Names the variable in the error, if one is to blame: a variable without which there
/// would be another error, or none.
fn name_variable(mut error: Error, command: &Command, arguments: &[OsString]) -> Error {
    if !error.use_stderr() {
        // The help or the version, which somebody has asked for.
        return error;
    }
    let text = error.to_string();
    let guilty = command.get_arguments().find(|arg| {
        let others = command.clone().mut_arg(arg.get_id(), without_variable);
        arg.get_env().and_then(env::var_os).is_some()
            && match others.try_get_matches_from(arguments) {
                Ok(_) => true,
                Err(error) => error.to_string() != text,
            }
    });
    let Some(variable) = guilty.and_then(Arg::get_env) else {
        return error;
    };
    let variable = variable.to_string_lossy();
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => {
            let named = format!("{variable} ({option})");
            error.insert(ContextKind::InvalidArg, ContextValue::String(named));
            error
        }
        _ => command.clone().error(
            error.kind(),
            format!("the variable {variable} cannot be read as text"),
        ),
    }
}

impl Variables {
    fn used(command: &Command, matches: &ArgMatches) -> Self {
        let used = command.get_arguments().filter_map(|arg| {
            let id = arg.get_id().as_str();
            let is_used = matches.value_source(id) == Some(ValueSource::EnvVariable);
            Some(Variable {
                name: arg
                    .get_env()
                    .filter(|_| is_used)?
                    .to_string_lossy()
                    .into_owned(),
                option: format!("--{}", arg.get_long()?),
            })
        });
        Self(used.collect())
    }

    /// The text with the variable's name for each option that was set by one.
    pub(crate) fn name_in(&self, text: &str) -> String {
        let mut named = text.to_owned();
        for Variable { name, option } in &self.0 {
            named = replace_word(&named, option, name);
        }
        named
    }
}

/// `--log` is no part of `--logins-per-minute`.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(word) {
        let goes_on = behind.starts_with(|next: char| next == '-' || next.is_alphanumeric());
        replaced += before;
        replaced += if goes_on { word } else { by };
        rest = behind;
    }
    replaced + rest
}
