//! What the program was given: options on the command line, variables, the settings
//! file. The former counts more. An empty variable is as good as none, and an error names
//! the variable or the line that it comes from.

use std::any::TypeId;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error, Parser};

use crate::settings_file::{Broken, Key, Keys, Setting, SettingsFile};

/// What the program was given, and from where.
pub(crate) struct Given<T> {
    pub(crate) options: T,
    pub(crate) origins: Origins,
    pub(crate) matches: ArgMatches,
    /// What should not stay as it is in the file.
    pub(crate) advice: Option<String>,
}

/// Why that does not let the program start.
pub(crate) enum Refused {
    /// Also the help and the version, which somebody has asked for.
    Options(Error),
    File(Broken),
}

/// Where the options have their values from that are not on the command line.
#[derive(Clone)]
pub(crate) struct Origins(Vec<Origin>);

#[derive(Clone)]
struct Origin {
    /// Of a variable, or of a key with the place of its line.
    name: String,
    /// As it is written, with its dashes.
    option: String,
}

/// Reads what this program was given.
///
/// # Errors
/// See [`Refused`].
pub(crate) fn parse<T: Parser>() -> Result<Given<T>, Refused> {
    parse_from(&env::args_os().collect::<Vec<_>>())
}

/// As [`parse`], for this command line.
pub(crate) fn parse_from<T: Parser>(arguments: &[OsString]) -> Result<Given<T>, Refused> {
    // What is wrong is told below, where it is known what the file says.
    let lenient = command::<T>().ignore_errors(true);
    let early = lenient.try_get_matches_from(arguments);
    let early = early.map_err(Refused::Options)?;
    let keys = Keys::of(&T::command());
    let asking = Asking::of::<T>(&early);
    let file = asking.config_file().map(|path| {
        let source = asking.matches.value_source("config_file");
        let is_variable = source == Some(ValueSource::EnvVariable);
        let read = SettingsFile::read(&path, &keys);
        read.map_err(|broken| match is_variable {
            true => broken.named_by("LONGHALL_CONFIG"),
            false => broken,
        })
    });
    let file = file.transpose().map_err(Refused::File)?;
    let settings = file.as_ref().map_or(&[][..], |file| &file.settings);
    let counting: Vec<_> = settings.iter().filter(|it| asking.heeds(it)).collect();
    let all = with_settings(arguments, asking.names, &counting);

    let mut command = command::<T>();
    let matches = command.try_get_matches_from_mut(&all).map_err(|error| {
        let is_of_file = file.as_ref().filter(|_| {
            let without = self::command::<T>().try_get_matches_from(arguments);
            without.is_ok_and(|_| error.use_stderr())
        });
        match is_of_file {
            Some(file) => Refused::File(file.broken_by(&[in_one_line(&error)])),
            None => Refused::Options(name_variable(error, &self::command::<T>(), &all)),
        }
    })?;
    let options = T::from_arg_matches(&matches).map_err(Refused::Options)?;
    let origins = Origins::of(&command, &matches, file.as_ref(), &counting);
    Ok(Given {
        options,
        origins,
        matches,
        advice: file.and_then(|file| file.advice),
    })
}

/// As [`parse`], by what a file says alone.
///
/// # Errors
/// When that makes no sense together.
pub(crate) fn parse_alone<T: Parser>(file: &SettingsFile) -> Result<Given<T>, Broken> {
    let settings: Vec<_> = file.settings.iter().collect();
    let mut command = command::<T>().mut_args(without_variable);
    let matches = command.try_get_matches_from_mut(with_settings(&["".into()], 1, &settings));
    let read = matches.and_then(|matches| Ok((T::from_arg_matches(&matches)?, matches)));
    let (options, matches) = read.map_err(|error| file.broken_by(&[in_one_line(&error)]))?;
    let origins = Origins::of(&command, &matches, Some(file), &settings);
    Ok(Given {
        options,
        origins,
        matches,
        advice: file.advice.clone(),
    })
}

/// The options as they are when what waits for a restart has the values it had in
/// `before`, and all else those it has in `now`.
///
/// # Errors
/// When they make no sense together.
pub(crate) fn mix<T: Parser>(
    keys: &Keys,
    before: &ArgMatches,
    now: &ArgMatches,
) -> Result<(T, ArgMatches), Error> {
    let each = keys.iter().flat_map(|key| match key.is_live {
        true => as_arguments(now, key),
        false => as_arguments(before, key),
    });
    let command = command::<T>().no_binary_name(true);
    let matches = command
        .mut_args(without_variable)
        .try_get_matches_from(each)?;
    Ok((T::from_arg_matches(&matches)?, matches))
}

fn as_arguments(matches: &ArgMatches, key: &Key) -> Vec<OsString> {
    let name = format!("--{}", key.name);
    let source = matches.value_source(key.id());
    if source.is_none_or(|source| source == ValueSource::DefaultValue) {
        return Vec::new();
    }
    if !key.option.get_action().takes_values() {
        let is_on = matches.try_get_one::<bool>(key.id()).ok().flatten();
        return is_on
            .filter(|is_on| **is_on)
            .map(|_| name.into())
            .into_iter()
            .collect();
    }
    let values = matches.get_raw(key.id()).into_iter().flatten();
    values
        .map(|value| {
            let mut argument = OsString::from(format!("{name}="));
            argument.push(value);
            argument
        })
        .collect()
}

/// Who wants to know what the file says: the server, or one of the program's commands, which
/// need not have all the options that the file may set.
struct Asking<'a> {
    matches: &'a ArgMatches,
    keys: Keys,
    /// How many names stand before its options on the command line.
    names: usize,
}

impl<'a> Asking<'a> {
    fn of<T: Parser>(matches: &'a ArgMatches) -> Self {
        let command = T::command();
        let asking = matches.subcommand().and_then(|(name, matches)| {
            let keys = Keys::of(command.find_subcommand(name)?);
            Some(Self {
                matches,
                keys,
                names: 2,
            })
        });
        asking.unwrap_or_else(|| Self {
            matches,
            keys: Keys::of(&command),
            names: 1,
        })
    }

    /// The file that is to be read, by those who have the option.
    fn config_file(&self) -> Option<PathBuf> {
        let file = self.matches.try_get_one::<PathBuf>("config_file");
        file.ok().flatten().cloned()
    }

    /// Whether it has that option, and nothing that counts more speaks against it: the same
    /// setting, or one that it cannot be set beside.
    fn heeds(&self, setting: &Setting) -> bool {
        let keys = &self.keys;
        let is_given = |key: &Key| {
            let source = self.matches.value_source(key.id());
            source.is_some_and(|source| source != ValueSource::DefaultValue)
        };
        let Some(own) = keys.named(&setting.name) else {
            return false;
        };
        !is_given(own)
            && !keys
                .iter()
                .any(|other| is_given(other) && keys.exclude_each_other(own, other))
    }
}

/// The command line with these settings in it, behind as many names.
fn with_settings(arguments: &[OsString], names: usize, settings: &[&Setting]) -> Vec<OsString> {
    let (names, rest) = arguments.split_at(arguments.len().min(names));
    let settings = settings.iter().flat_map(|setting| &setting.arguments);
    let mut all = names.to_vec();
    all.extend(settings.map(OsString::from));
    all.extend_from_slice(rest);
    all
}

/// What clap says, without its advice on how to use the program.
pub(crate) fn in_one_line(error: &Error) -> String {
    let text = error.to_string();
    let text = text.split("\n\n").next().unwrap_or_default();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn command<T: Parser>() -> Command {
    let heed = |arg: Arg| match is_empty(&arg) {
        true => without_variable(arg),
        false => arg,
    };
    // Why one would change it is for the settings file, not for the help.
    T::command()
        .mut_args(|arg| heed(arg.long_help(Resettable::Reset)))
        .mut_subcommands(|command| command.mut_args(heed))
}

fn without_variable(arg: Arg) -> Arg {
    arg.env(Resettable::Reset)
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

impl Origins {
    fn of(
        command: &Command,
        matches: &ArgMatches,
        file: Option<&SettingsFile>,
        settings: &[&Setting],
    ) -> Self {
        let variables = command.get_arguments().filter_map(|arg| {
            let id = arg.get_id().as_str();
            let is_used = matches.value_source(id) == Some(ValueSource::EnvVariable);
            Some(Origin {
                name: arg
                    .get_env()
                    .filter(|_| is_used)?
                    .to_string_lossy()
                    .into_owned(),
                option: format!("--{}", arg.get_long()?),
            })
        });
        let keys = settings.iter().filter_map(|Setting { name, line, .. }| {
            Some(Origin {
                name: format!("{name} ({}:{line})", file?.path.display()),
                option: format!("--{name}"),
            })
        });
        Self(variables.chain(keys).collect())
    }

    /// The text with the variable's or the key's name for each option that was set by one.
    pub(crate) fn name_in(&self, text: &str) -> String {
        let mut named = text.to_owned();
        for Origin { name, option } in &self.0 {
            named = replace_word(&named, option, name);
        }
        named
    }
}

/// `--log` is no part of `--logins-per-minute`.
pub(crate) fn replace_word(text: &str, word: &str, by: &str) -> String {
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
