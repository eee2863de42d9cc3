//! Names and types, as C# writes them.

use anyhow::{Result, bail};
use serde_json::Value;

use super::api::Named;

/// Words that are none to C#.
const KEYWORDS: &[&str] = &[
    "as", "base", "bool", "class", "default", "event", "in", "is", "lock", "object", "operator",
    "out", "params", "private", "public", "ref", "string", "this", "value",
];

/// `LoggedIn` of `logged_in` or `LOGGED_IN`.
pub(crate) fn pascal(name: &str) -> String {
    let mut made = String::new();
    for word in name.split('_') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            made.extend(first.to_uppercase());
            made.push_str(&letters.as_str().to_lowercase());
        }
    }
    made
}

/// `sentAtMs` of `sent_at_ms`, fit for an argument.
pub(crate) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut letters = pascal.chars();
    let Some(first) = letters.next() else {
        return pascal;
    };
    let made = first.to_lowercase().to_string() + letters.as_str();
    if KEYWORDS.contains(&made.as_str()) {
        format!("@{made}")
    } else {
        made
    }
}

/// How C# sees values of a type of Godot.
pub(crate) struct Type {
    /// What stands in front of the name.
    pub(crate) written: String,
    /// Reads it from the variant, or the object of a class of ours, that stands for `{}`.
    reading: String,
    /// Whether it is a class of ours, around an object of Godot's.
    pub(crate) is_wrapped: bool,
}

impl Type {
    /// The type of `value`; `known` are the classes that are written here.
    ///
    /// # Errors
    /// If nobody has said yet what it is in C#.
    pub(crate) fn of(value: &Named, known: &[&str]) -> Result<Self> {
        let plain = |written: &str, method: &str| Self {
            written: written.to_owned(),
            reading: format!("{{}}.{method}"),
            is_wrapped: false,
        };
        Ok(match value.kind.as_str() {
            "Nil" if value.is_anything => Self {
                written: "Variant".to_owned(),
                reading: "{}".to_owned(),
                is_wrapped: false,
            },
            "Nil" => plain("void", ""),
            "bool" => plain("bool", "AsBool()"),
            "int" => plain("long", "AsInt64()"),
            "float" => plain("double", "AsDouble()"),
            "String" => plain("string", "AsString()"),
            "Signal" => plain("Signal", "AsSignal()"),
            "Dictionary" => plain("Godot.Collections.Dictionary", "AsGodotDictionary()"),
            "PackedStringArray" => plain("string[]", "AsStringArray()"),
            "PackedByteArray" => plain("byte[]", "AsByteArray()"),
            "Array" if value.items == "Dictionary" => plain(
                "Godot.Collections.Array<Godot.Collections.Dictionary>",
                "AsGodotArray<Godot.Collections.Dictionary>()",
            ),
            "Object" if known.contains(&value.object_class.as_str()) => Self {
                written: value.object_class.clone(),
                reading: format!("{}.Around({{}}.AsGodotObject())", value.object_class),
                is_wrapped: true,
            },
            "Vector2" => plain("Vector2", "AsVector2()"),
            "Vector3" => plain("Vector3", "AsVector3()"),
            "Object" if value.object_class == "X509Certificate" => {
                plain("X509Certificate", "As<X509Certificate>()")
            }
            "Object" if value.object_class == "Theme" => plain("Theme", "As<Theme>()"),
            other => bail!(
                "{} is a {other} {}{}, which has no type here",
                value.name,
                value.object_class,
                value.items
            ),
        })
    }

    /// Reads it from `variant`.
    pub(crate) fn read(&self, variant: &str) -> String {
        self.reading.replace("{}", variant)
    }

    /// Hands `name` to Godot.
    pub(crate) fn given(&self, name: &str) -> String {
        if self.is_wrapped {
            format!("{name}?.Self")
        } else {
            name.to_owned()
        }
    }

    /// The type of an argument of a signal's handler on its way from Godot.
    pub(crate) fn in_signal(&self) -> &str {
        if self.is_wrapped {
            "GodotObject"
        } else {
            &self.written
        }
    }

    /// Makes of such an argument what the handler gets.
    pub(crate) fn for_handler(&self, name: &str) -> String {
        if self.is_wrapped {
            format!("{}.Around({name})", self.written)
        } else {
            name.to_owned()
        }
    }

    /// What an argument is that is left out, behind the equals sign, and what Godot gets for it
    /// where that cannot stand there.
    ///
    /// # Errors
    /// If nobody has said yet how it is written.
    pub(crate) fn default(&self, value: &Value) -> Result<Default> {
        let alone = |written: String| Default {
            written,
            instead: None,
        };
        Ok(match (self.written.as_str(), value) {
            ("string", Value::String(text)) => alone(Value::String(text.clone()).to_string()),
            ("bool", Value::Bool(is_true)) => alone(is_true.to_string()),
            ("long", Value::Number(number)) => alone(
                number
                    .as_f64()
                    .map_or_else(|| number.to_string(), |exact| format!("{exact:.0}")),
            ),
            ("double", Value::Number(number)) => alone(number.to_string()),
            ("string[]", Value::Array(items)) if items.is_empty() => no_strings(),
            // What a script writes as `[]` is told of as nothing.
            ("string[]", Value::Null) => no_strings(),
            (written, value) => bail!("{value} is no default of a {written} here"),
        })
    }
}

fn no_strings() -> Default {
    Default {
        written: "null".to_owned(),
        instead: Some("System.Array.Empty<string>()".to_owned()),
    }
}

/// See [`Type::default`].
pub(crate) struct Default {
    pub(crate) written: String,
    pub(crate) instead: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_csharp() {
        assert_eq!(pascal("logged_in"), "LoggedIn");
        assert_eq!(pascal("STATE_LOGGED_IN"), "StateLoggedIn");
        assert_eq!(camel("sent_at_ms"), "sentAtMs");
        assert_eq!(camel("in"), "@in");
    }

    #[test]
    fn a_type_without_a_word_for_it_is_an_error() {
        let named = |kind: &str| Named {
            name: "x".to_owned(),
            kind: kind.to_owned(),
            object_class: String::new(),
            items: String::new(),
            is_anything: false,
        };
        assert_eq!(
            Type::of(&named("int"), &[]).unwrap().read("x"),
            "x.AsInt64()"
        );
        assert!(Type::of(&named("Quaternion"), &[]).is_err());
    }
}
