//! From the text of a file to what it sets, or to all that is wrong in it.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::keys::{Key, Keys, Kind};
use super::{Setting, Slip};

/// Reads the text. What it sets counts for nothing where there is a slip.
pub(super) fn parse(text: &[u8], keys: &Keys) -> (Vec<Setting>, Vec<Slip>) {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let before = &text[..error.valid_up_to()];
            let slip = Slip {
                line: Some(lines_in(before)),
                text: "this is no text in UTF-8".to_owned(),
            };
            return (Vec::new(), vec![slip]);
        }
    };
    let mut reading = Reading {
        text,
        keys,
        settings: Vec::new(),
        slips: Vec::new(),
    };
    let (file, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map(|span| reading.line(span.start));
        // Its message shows nothing of the file.
        let text = format!("this is no TOML: {}", error.message());
        reading.slips.push(Slip { line, text });
    }
    reading.file(file.get_ref());
    let Reading {
        settings,
        mut slips,
        ..
    } = reading;
    // The first on a line is the cause of others there.
    slips.sort_by_key(|slip| slip.line);
    slips.dedup_by_key(|slip| slip.line);
    (settings, slips)
}

struct Reading<'a> {
    text: &'a str,
    keys: &'a Keys,
    settings: Vec<Setting>,
    slips: Vec<Slip>,
}

type Name<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

impl Reading<'_> {
    fn line(&self, offset: usize) -> usize {
        lines_in(&self.text.as_bytes()[..offset.min(self.text.len())])
    }

    fn slip(&mut self, at: &Name<'_>, text: String) {
        let line = Some(self.line(at.span().start));
        self.slips.push(Slip { line, text });
    }

    fn file(&mut self, file: &DeTable<'_>) {
        for (name, value) in file {
            match value.get_ref() {
                DeValue::Table(table) if self.keys.has_table(name.get_ref()) => {
                    for (key, value) in table {
                        self.key(name.get_ref(), key, value);
                    }
                }
                DeValue::Table(_) => self.unknown_table(name),
                _ => self.key("", name, value),
            }
        }
        self.exclusions();
    }

    fn unknown_table(&mut self, name: &Name<'_>) {
        let keys = self.keys;
        let name_is = name.get_ref();
        let text = match (keys.named(name_is), keys.table_like(name_is)) {
            (Some(key), _) => format!("{name_is} is no table, but a key: {}", key.place()),
            (None, Some(table)) => {
                format!("there is no table [{name_is}]; did you mean [{table}]?")
            }
            (None, None) => format!("there is no table [{name_is}]"),
        };
        self.slip(name, text);
    }

    fn key(&mut self, table: &str, name: &Name<'_>, value: &Value<'_>) {
        let keys = self.keys;
        let Some(key) = keys.named(name.get_ref()) else {
            let text = self.unknown_key(table, name.get_ref());
            return self.slip(name, text);
        };
        if key.table != table {
            return self.slip(
                name,
                format!("{} belongs elsewhere: {}", key.name, key.place()),
            );
        }
        match arguments(keys, key, value.get_ref()) {
            Ok(arguments) if arguments.is_empty() => {}
            Ok(arguments) => self.settings.push(Setting {
                id: key.id().to_owned(),
                name: key.name.clone(),
                line: self.line(name.span().start),
                arguments,
            }),
            Err(text) => self.slip(name, format!("{}: {text}", key.name)),
        }
    }

    fn unknown_key(&self, table: &str, name: &str) -> String {
        if self.keys.has_table(name) {
            return format!("{name} is a table: write [{name}], and its keys below");
        }
        match self.keys.like(table, name) {
            Some(key) if key.table == table => {
                format!("there is no key {name}; did you mean {}?", key.name)
            }
            Some(key) => format!("there is no key {name}; did you mean {}?", key.place()),
            None => format!("there is no key {name}; print-default-config lists all there are"),
        }
    }

    /// Two keys of which only one may be set, said of the latter.
    fn exclusions(&mut self) {
        self.settings.sort_by_key(|setting| setting.line);
        for (count, later) in self.settings.iter().enumerate() {
            for earlier in &self.settings[..count] {
                let both = self
                    .keys
                    .named(&later.name)
                    .zip(self.keys.named(&earlier.name));
                if both.is_some_and(|(one, other)| self.keys.exclude_each_other(one, other)) {
                    let (name, other, line) = (&later.name, &earlier.name, earlier.line);
                    self.slips.push(Slip {
                        line: Some(later.line),
                        text: format!("{name} cannot be set beside {other} in line {line}"),
                    });
                }
            }
        }
    }
}

/// The value as on the command line; nothing where it counts as unset.
fn arguments(keys: &Keys, key: &Key, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    match value {
        DeValue::Array(values) if key.is_list() => {
            let each = values
                .iter()
                .map(|value| argument(keys, key, value.get_ref()));
            Ok(each
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect())
        }
        _ => Ok(argument(keys, key, value)?.into_iter().collect()),
    }
}

fn argument(keys: &Keys, key: &Key, value: &DeValue<'_>) -> Result<Option<String>, String> {
    let name = &key.name;
    let text = match (keys.kind(key), value) {
        // As an empty variable.
        (_, DeValue::String(text)) if text.is_empty() => return Ok(None),
        (Kind::Switch, DeValue::Boolean(is_on)) if !key.option.get_action().takes_values() => {
            return Ok(is_on.then(|| format!("--{name}")));
        }
        (Kind::Switch, DeValue::Boolean(is_on)) => is_on.to_string(),
        (Kind::Text, DeValue::String(text)) => text.to_string(),
        (Kind::Number, DeValue::Float(number)) => number.as_str().to_owned(),
        (Kind::Number, DeValue::Integer(number)) => {
            let read = i128::from_str_radix(number.as_str(), number.radix());
            read.map_or_else(|_| number.to_string(), |number| number.to_string())
        }
        (kind, _) => return Err(wanted(key, kind)),
    };
    keys.accepts(key, &text)?;
    Ok(Some(format!("--{name}={text}")))
}

/// What may stand there, with an example.
fn wanted(key: &Key, kind: Kind) -> String {
    let name = &key.name;
    let default = key.option.get_default_values().first();
    let default = default.and_then(|value| value.to_str()).unwrap_or_default();
    match kind {
        Kind::Switch => format!("it is true or false, as in {name} = true"),
        Kind::Number if default.is_empty() => "it is a number, without quotes".to_owned(),
        Kind::Number => format!("it is a number, without quotes, as in {name} = {default}"),
        Kind::Text if key.is_list() => format!("it is a list, as in {name} = [\"…\", \"…\"]"),
        Kind::Text if default.is_empty() => format!("it is a text, as in {name} = \"…\""),
        Kind::Text => format!("it is a text, as in {name} = \"{default}\""),
    }
}

fn lines_in(text: &[u8]) -> usize {
    1 + text.iter().filter(|byte| **byte == b'\n').count()
}
