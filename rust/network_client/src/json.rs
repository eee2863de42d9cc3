//! JSON to Godot values and back, for profiles: numbers stay what they are.

use godot::prelude::*;
use serde_json::{Map, Number, Value};

/// Deeper values are refused by the session anyway.
const MAX_DEPTH: usize = 16;

/// A JSON object, as scripts get it.
pub(crate) fn dictionary(object: &Map<String, Value>) -> VarDictionary {
    let mut made = VarDictionary::new();
    for (key, value) in object {
        made.set(key.as_str(), &variant(value));
    }
    made
}

fn variant(value: &Value) -> Variant {
    match value {
        Value::Null => Variant::nil(),
        Value::Bool(is_so) => is_so.to_variant(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.to_variant(),
            None => number.as_f64().unwrap_or_default().to_variant(),
        },
        Value::String(text) => GString::from(text).to_variant(),
        Value::Array(values) => {
            let values: VarArray = values.iter().map(variant).collect();
            values.to_variant()
        }
        Value::Object(object) => dictionary(object).to_variant(),
    }
}

/// A dictionary as JSON text.
///
/// # Errors
/// A sentence for the designer, when there is something in it that JSON has not.
pub(crate) fn text(dictionary: &VarDictionary) -> Result<String, String> {
    object(dictionary, 0).map(|object| Value::Object(object).to_string())
}

fn object(dictionary: &VarDictionary, depth: usize) -> Result<Map<String, Value>, String> {
    let pairs = dictionary.iter_shared();
    pairs
        .map(|(key, value)| {
            let is_text = matches!(
                key.get_type(),
                VariantType::STRING | VariantType::STRING_NAME
            );
            match is_text {
                true => Ok((key.to_string(), of(&value, depth + 1)?)),
                false => Err(format!("the key {key} is no String")),
            }
        })
        .collect()
}

fn of(value: &Variant, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err("it is nested too deeply".to_owned());
    }
    Ok(match value.get_type() {
        VariantType::NIL => Value::Null,
        VariantType::BOOL => Value::Bool(value.to::<bool>()),
        VariantType::INT => Value::Number(value.to::<i64>().into()),
        VariantType::FLOAT => {
            let number = Number::from_f64(value.to::<f64>());
            Value::Number(number.ok_or("a number is infinite, or none")?)
        }
        VariantType::STRING | VariantType::STRING_NAME => Value::String(value.to_string()),
        VariantType::DICTIONARY => Value::Object(object(&value.to::<VarDictionary>(), depth)?),
        VariantType::ARRAY => {
            let values = value.to::<VarArray>();
            let values = values.iter_shared().map(|value| of(&value, depth + 1));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        _ => return Err(format!("JSON has no place for {value}")),
    })
}
