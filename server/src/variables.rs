//! Options by environment variables: an empty one counts as unset, and an error names
//! the variable that it comes from.

use std::any::TypeId;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
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
            true => arg.env(Resettable::Reset),
            false => arg,
        }
    })
}

fn is_empty(arg: &Arg) -> bool {
    arg.get_env()
        .and_then(env::var_os)
        .is_some_and(|value| value.is_empty())
}

/// Names in the error what the operator wrote: the variable, if the option comes from one.
fn name_variable(mut error: Error, command: &Command, arguments: &[OsString]) -> Error {
    if !error.use_stderr() {
        // The help or the version, which somebody has asked for.
        return error;
    }
    if error.kind() == ErrorKind::InvalidUtf8 {
        let Some(variable) = variable_that_is_no_text(command, arguments) else {
            return error;
        };
        let told = format!("the variable {variable} cannot be read as text");
        return command.clone().error(error.kind(), told);
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let prior = match error.get(ContextKind::PriorArg) {
        Some(ContextValue::String(prior)) => std::slice::from_ref(prior),
        Some(ContextValue::Strings(prior)) => prior,
        _ => &[],
    };
    let name = |option: &String| name_of(option, command, arguments);
    if error.kind() == ErrorKind::ArgumentConflict && !prior.contains(option) {
        let (option, others) = (name(option), prior.iter().map(name).collect::<Vec<_>>());
        let is_variable = |name: &String| !name.starts_with("--");
        let has_variable = is_variable(&option) || others.iter().any(is_variable);
        let or_empty = if has_variable { ", or empty" } else { "" };
        let others = others.join(" or ");
        let told = format!(
            "{option} cannot be used together with {others}; leave all but one away{or_empty}\n"
        );
        return Error::raw(error.kind(), told);
    }
    let variable = name(option);
    if !variable.starts_with("--") {
        let named = format!("{variable} ({option})");
        error.insert(ContextKind::InvalidArg, ContextValue::String(named));
    }
    error
}

/// What an option was given by: its variable, or itself. `option` is as errors have it,
/// with what stands for its value.
fn name_of(option: &str, command: &Command, arguments: &[OsString]) -> String {
    let option = option.split(' ').next().unwrap_or(option);
    let variable = command
        .get_arguments()
        .filter(|arg| arg.get_long() == option.strip_prefix("--"))
        .find_map(|arg| variable_of(arg, arguments));
    variable.map_or_else(|| option.to_owned(), |(name, _)| name)
}

/// The variable that an option has its value from, and the value. The command line counts more.
fn variable_of(arg: &Arg, arguments: &[OsString]) -> Option<(String, OsString)> {
    let option = format!("--{}", arg.get_long()?);
    let is_given = arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        let behind = argument.strip_prefix(&option);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('='))
    });
    let name = arg.get_env().filter(|_| !is_given)?;
    Some((name.to_string_lossy().into_owned(), env::var_os(name)?))
}

fn variable_that_is_no_text(command: &Command, arguments: &[OsString]) -> Option<String> {
    let is_text = |arg: &&Arg| arg.get_value_parser().type_id() != TypeId::of::<PathBuf>();
    let mut variables = command
        .get_arguments()
        .filter(is_text)
        .filter_map(|arg| variable_of(arg, arguments));
    let no_text = variables.find(|(_, value)| value.to_str().is_none());
    no_text.map(|(name, _)| name)
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
