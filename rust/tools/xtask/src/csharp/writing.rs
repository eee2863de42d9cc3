//! A class of C#, written line by line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

use super::api::{Class, Method, Property, Signal};
use super::names::{Type, camel, pascal};
use super::sources::{Kind, Meanings};

const HEAD: &str = "\
// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
";

/// The class of what is waited for; only the node makes them.
const REQUEST: &str = "NetworkRequest";

/// What functions of a script bring that wait for it themselves; only those make it.
const ANSWER: &str = "LonghallGameAnswer";

/// How a request is waited for.
const WAITING: &str = "
        /// <summary>Waits until it has ended; goes on at once if it has.</summary>
        public async Task<NetworkRequest> Wait()
        {
            Signal completed = Self.Get(\"completed\").AsSignal();
            await Self.ToSignal(completed.Owner, completed.Name);
            return this;
        }

        /// <summary>So that <c>await client.Login(…)</c> waits for its end.</summary>
        public TaskAwaiter<NetworkRequest> GetAwaiter() => Wait().GetAwaiter();
";

/// The text of the file with `class`.
///
/// # Errors
/// If something of it has no type in C#, or two things have one name.
pub(crate) fn class(class: &Class, known: &[&str], meanings: &Meanings) -> Result<String> {
    let mut writer = Writer {
        class,
        known,
        meanings,
        text: HEAD.to_owned(),
        names: BTreeSet::new(),
    };
    writer.write()?;
    Ok(writer.text)
}

struct Writer<'a> {
    class: &'a Class,
    known: &'a [&'a str],
    meanings: &'a Meanings,
    text: String,
    /// The names that are taken.
    names: BTreeSet<String>,
}

impl Writer<'_> {
    fn write(&mut self) -> Result<()> {
        let name = &self.class.name;
        self.comment(1, Kind::Class, name);
        self.line(1, &format!("public sealed class {name} : LonghallObject"));
        self.line(1, "{");
        self.write_making();
        for constant in &self.class.constants {
            self.member(Kind::Constant, &constant.name)?;
            let name = pascal(&constant.name);
            self.line(
                2,
                &format!("public const long {name} = {};", constant.value),
            );
        }
        for property in &self.class.properties {
            self.write_property(property)
                .with_context(|| property.value.name.clone())?;
        }
        for method in &self.class.methods {
            self.write_method(method)
                .with_context(|| method.name.clone())?;
        }
        for signal in &self.class.signals {
            self.write_signal(signal)
                .with_context(|| signal.name.clone())?;
        }
        if name == REQUEST {
            self.text.push_str(WAITING);
        }
        self.line(1, "}");
        self.line(0, "}");
        Ok(())
    }

    /// How games come to an object of it.
    fn write_making(&mut self) {
        let name = &self.class.name;
        let kind = if self.class.is_node {
            "Node"
        } else {
            "GodotObject"
        };
        let mut lines = vec![
            "/// <summary>Around one that there is already.</summary>".to_owned(),
            format!("public {name}({kind} self) : base(self) {{ }}"),
            String::new(),
        ];
        if name != REQUEST && name != ANSWER && self.class.can_be_made {
            let make = match self.class.script.as_str() {
                "" => format!("Make(\"{name}\")"),
                script => format!("MakeOf(\"{script}\")"),
            };
            lines.push("/// <summary>A new one.</summary>".to_owned());
            lines.push(format!("public {name}() : base({make}) {{ }}"));
            lines.push(String::new());
        }
        lines.push(format!(
            "internal static {name} Around(GodotObject self) =>"
        ));
        lines.push(format!(
            "    self == null ? null : new {name}(({kind})self);"
        ));
        for line in lines {
            self.line(2, &line);
        }
        if self.class.is_node {
            self.line(0, "");
            self.line(
                2,
                "/// <summary>The node itself, to be added to a scene.</summary>",
            );
            self.line(2, "public Node Node => (Node)Self;");
            self.names.insert("Node".to_owned());
        }
    }

    fn write_property(&mut self, property: &Property) -> Result<()> {
        let name = &property.value.name;
        let kind = Type::of(&property.value, self.known)?;
        self.member(Kind::Property, name)?;
        let reading = kind.read(&format!("Self.Get(\"{name}\")"));
        let written = format!("public {} {}", kind.written, pascal(name));
        if !property.is_settable || self.class.name == ANSWER {
            self.line(2, &format!("{written} => {reading};"));
            return Ok(());
        }
        let setting = format!("set => Self.Set(\"{name}\", {});", kind.given("value"));
        for line in [written.as_str(), "{"] {
            self.line(2, line);
        }
        self.line(3, &format!("get => {reading};"));
        self.line(3, &setting);
        self.line(2, "}");
        Ok(())
    }

    fn write_method(&mut self, method: &Method) -> Result<()> {
        let mut taken = Vec::new();
        let mut given = vec![format!("\"{}\"", method.name)];
        let needed = method.arguments.len().saturating_sub(method.defaults.len());
        for (index, argument) in method.arguments.iter().enumerate() {
            let kind = Type::of(argument, self.known)?;
            let name = camel(&argument.name);
            let default = index
                .checked_sub(needed)
                .and_then(|at| method.defaults.get(at));
            let mut handed = kind.given(&name);
            let mut written = format!("{} {name}", kind.written);
            if let Some(value) = default {
                let default = kind.default(value)?;
                write!(written, " = {}", default.written)?;
                if let Some(instead) = default.instead {
                    handed = format!("{name} ?? {instead}");
                }
            }
            taken.push(written);
            given.push(handed);
        }
        let result = Type::of(&method.result, self.known)?;
        self.member(Kind::Method, &method.name)?;
        let (is_static, call) = if method.is_static {
            given.insert(0, format!("\"{}\"", self.class.name));
            ("static ", "ClassDB.ClassCallStatic")
        } else {
            ("", "Self.Call")
        };
        let call = format!("{call}({})", given.join(", "));
        let (written, call) = if result.written == "void" {
            (result.written, call)
        } else if result.written == ANSWER {
            let waiting = result.read(&format!("(await Done({call}))"));
            (format!("async Task<{ANSWER}>"), waiting)
        } else {
            let call = result.read(&call);
            (result.written, call)
        };
        let head = format!(
            "public {is_static}{written} {}({}) =>",
            pascal(&method.name),
            taken.join(", ")
        );
        self.line(2, &head);
        self.line(3, &format!("{call};"));
        Ok(())
    }

    fn write_signal(&mut self, signal: &Signal) -> Result<()> {
        let mut types = Vec::new();
        let mut taken = Vec::new();
        let mut given = Vec::new();
        for argument in &signal.arguments {
            let kind = Type::of(argument, self.known)?;
            let name = camel(&argument.name);
            taken.push(format!("{} {name}", kind.in_signal()));
            given.push(kind.for_handler(&name));
            types.push(kind.written);
        }
        let handler = if types.is_empty() {
            "Action".to_owned()
        } else {
            format!("Action<{}>", types.join(", "))
        };
        let name = &signal.name;
        self.member(Kind::Signal, name)?;
        self.line(2, &format!("public event {handler} {}", pascal(name)));
        self.line(2, "{");
        self.line(
            3,
            &format!("add => Listen(\"{name}\", value, Callable.From("),
        );
        self.line(
            4,
            &format!("({}) => value({})));", taken.join(", "), given.join(", ")),
        );
        self.line(3, &format!("remove => Unlisten(\"{name}\", value);"));
        self.line(2, "}");
        Ok(())
    }

    /// Begins a member, of which there is one with its name.
    fn member(&mut self, kind: Kind, name: &str) -> Result<()> {
        let taken = pascal(name);
        if taken == self.class.name || !self.names.insert(taken.clone()) {
            bail!("{taken} is the name of something else already");
        }
        self.line(0, "");
        self.comment(2, kind, name);
        Ok(())
    }

    fn comment(&mut self, depth: usize, kind: Kind, name: &str) {
        if let Some(meaning) = self.meanings.of(kind, name) {
            self.line(depth, &format!("/// <summary>{meaning}</summary>"));
        }
    }

    fn line(&mut self, depth: usize, line: &str) {
        if !line.is_empty() {
            self.text.push_str(&"    ".repeat(depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }
}
