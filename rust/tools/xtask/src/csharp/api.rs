//! What the engine says of a class, as `res://tests/api.gd` writes it.

use serde::Deserialize;
use serde_json::Value;

/// A class of the addon, with what is public of it, in the order of the engine or of its script.
#[derive(Deserialize)]
pub(crate) struct Class {
    pub(crate) name: String,
    /// Where it is in a project, if it is a script; else empty.
    pub(crate) script: String,
    /// Whether it is a node; else it is counted by reference.
    pub(crate) is_node: bool,
    /// Whether games may make one.
    pub(crate) can_be_made: bool,
    pub(crate) constants: Vec<Constant>,
    pub(crate) properties: Vec<Property>,
    pub(crate) methods: Vec<Method>,
    pub(crate) signals: Vec<Signal>,
}

#[derive(Deserialize)]
pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) value: i64,
}

#[derive(Deserialize)]
pub(crate) struct Property {
    pub(crate) value: Named,
    pub(crate) is_settable: bool,
}

#[derive(Deserialize)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) is_static: bool,
    pub(crate) arguments: Vec<Named>,
    /// Of the last ones of the arguments.
    pub(crate) defaults: Vec<Value>,
    pub(crate) result: Named,
}

#[derive(Deserialize)]
pub(crate) struct Signal {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Named>,
}

/// A value with a name and a type.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// As Godot writes it, such as `String` or `Array`; `Nil` if it has none.
    pub(crate) kind: String,
    /// Of an object; else empty.
    pub(crate) object_class: String,
    /// What a typed array holds; else empty.
    pub(crate) items: String,
    /// Whether it may be of any type.
    pub(crate) is_anything: bool,
}
