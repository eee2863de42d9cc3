//! The keys that a settings file may have, as the options themselves say.

use std::error::Error as _;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};
use longhall_server::config::WHILE_RUNNING;

/// How like a known name a slip of the pen has to be, of 1.
const LIKENESS: f64 = 0.7;
/// An option that takes this takes any text.
const ANY_WORD: &str = "word";
/// The option that names the file, and so is not in it.
const FILE: &str = "config";

/// All settings of the program.
pub(crate) struct Keys {
    /// For trying values: knows no variables.
    command: Command,
    all: Vec<Key>,
}

/// One setting.
pub(crate) struct Key {
    /// The option's name, without its dashes.
    pub(crate) name: String,
    /// Empty for what stands above all tables.
    pub(crate) table: String,
    pub(crate) option: Arg,
    /// Whether a server takes it over while it runs.
    pub(crate) is_live: bool,
}

/// What stands behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Switch,
    Number,
    Text,
}

impl Keys {
    /// Each option that has a variable, but for the one that names the file.
    pub(crate) fn of(command: &Command) -> Self {
        let mut command = command.clone();
        // Gathers the groups.
        command.build();
        let groups = command.get_groups();
        let live = groups.filter(|group| group.get_id() == WHILE_RUNNING);
        let live: Vec<_> = live.flat_map(|group| group.get_args().cloned()).collect();
        let options = command.get_arguments();
        let all = options.filter_map(|option| {
            option.get_env()?;
            let name = option.get_long().filter(|name| *name != FILE)?;
            let heading = option.get_help_heading().unwrap_or_default();
            Some(Key {
                name: name.to_owned(),
                table: heading.to_lowercase().replace(' ', "-"),
                option: option.clone(),
                is_live: live.contains(option.get_id()),
            })
        });
        let all = all.collect();
        let command = command
            .no_binary_name(true)
            .mut_args(|arg| arg.env(Resettable::Reset));
        Self { command, all }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.all.iter()
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Key> {
        self.all.iter().find(|key| key.name == name)
    }

    pub(crate) fn has_table(&self, name: &str) -> bool {
        !name.is_empty() && self.all.iter().any(|key| key.table == name)
    }

    /// Whether the option says that its value is not for everybody.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        self.named(name).is_some_and(Key::is_secret)
    }

    /// The table whose name is most like this one.
    pub(crate) fn table_like(&self, name: &str) -> Option<&str> {
        most_like(name, self.all.iter().map(|key| key.table.as_str()))
    }

    /// The key whose name is most like this one. A variable's name is like its key's, and
    /// the rest of a name like the name that begins as its table.
    pub(crate) fn like(&self, table: &str, name: &str) -> Option<&Key> {
        let plain = name.to_lowercase().replace('_', "-");
        let plain = plain.trim_start_matches('-');
        let plain = plain.strip_prefix("longhall-").unwrap_or(plain);
        let whole = format!("{table}-{plain}");
        let known = || self.all.iter().map(|key| key.name.as_str());
        let found = known()
            .find(|known| *known == whole)
            .or_else(|| most_like(plain, known()))?;
        self.named(found)
    }

    /// What kind of value the option takes, by what its parser does with some.
    pub(crate) fn kind(&self, key: &Key) -> Kind {
        if !key.option.get_action().takes_values() {
            return Kind::Switch;
        }
        let accepts = |text: &str| self.accepts(key, text).is_ok();
        if accepts(ANY_WORD) {
            return Kind::Text;
        }
        if accepts("true") && accepts("false") {
            return Kind::Switch;
        }
        let mut numbers = (0..10).map(|zeros| 10_u64.pow(zeros).to_string());
        match numbers.any(|number| accepts(&number)) {
            true => Kind::Number,
            false => Kind::Text,
        }
    }

    /// Whether the option may have this value.
    ///
    /// # Errors
    /// Why not, in words that show no secret.
    pub(crate) fn accepts(&self, key: &Key, text: &str) -> Result<(), String> {
        let argument = format!("--{}={text}", key.name);
        match self.command.clone().try_get_matches_from([argument]) {
            Ok(_) => Ok(()),
            Err(_) if key.is_secret() => Err("that is not what it may be".to_owned()),
            Err(error) => reason(&error).map_or(Ok(()), Err),
        }
    }

    /// Whether no two of these may be set together.
    pub(crate) fn exclude_each_other(&self, one: &Key, other: &Key) -> bool {
        let excludes = |one: &Key, other: &Key| {
            let others = self.command.get_arg_conflicts_with(&one.option);
            others.iter().any(|it| it.get_id() == other.option.get_id())
        };
        excludes(one, other) || excludes(other, one)
    }
}

impl Key {
    pub(crate) fn id(&self) -> &str {
        self.option.get_id().as_str()
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.option.is_hide_env_values_set()
    }

    /// Whether it may have several values.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.option.get_action(), ArgAction::Append)
    }

    /// What an operator looks for: the name, and the table around it.
    pub(crate) fn place(&self) -> String {
        match self.table.as_str() {
            "" => format!("{} above all tables", self.name),
            table => format!("{} under [{table}]", self.name),
        }
    }
}

/// Why a value was refused; `None` where it was not the value that was wrong, but what
/// else is missing.
fn reason(error: &Error) -> Option<String> {
    match error.kind() {
        ErrorKind::ValueValidation => Some(
            error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string),
        ),
        ErrorKind::InvalidValue => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) if !values.is_empty() => {
                Some(format!("it is none of {}", values.join(", ")))
            }
            _ => Some("that is not what it may be".to_owned()),
        },
        ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument => None,
        _ => Some(error.kind().to_string()),
    }
}

fn most_like<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > LIKENESS)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}
