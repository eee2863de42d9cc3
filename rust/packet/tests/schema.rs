//! `docs/schema/` is what the packet types say, and what the samples obey.
//!
//! `UPDATE_SCHEMA=1 cargo test -p longhall-packet --test schema` writes the
//! files anew.

mod support;

use std::fs;
use std::path::Path;

use longhall_packet::codec::{decode_client_packet, decode_server_packet};
use longhall_packet::{Audience, ChannelCode, ClientPacket, RecoveryCode, ServerPacket};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Value, json};
use support::{MAX_NUMBER, client_samples, server_samples};

fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(for_readers_of_any_language).transform(&mut schema);
    schema.to_value()
}

fn for_readers_of_any_language(schema: &mut schemars::Schema) {
    if schema.get("format") == Some(&json!("uint32")) && schema.get("maximum").is_none() {
        schema.insert("maximum".to_owned(), json!(u32::MAX));
    }
    // What a number of JSON is in most languages.
    if schema.get("format") == Some(&json!("uint64")) {
        schema.insert("maximum".to_owned(), json!(MAX_NUMBER));
    }
    if let Some(Value::String(description)) = schema.get_mut("description") {
        // Line ends in a paragraph are those of the source.
        let plain = without_rust_links(description);
        let paragraphs = plain.split("\n\n").map(|text| text.replace('\n', " "));
        *description = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

/// Leaves only the words of ``[`words`](crate::path)`` and ``[`words`]``.
fn without_rust_links(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (words, rest) = part.split_once("`]").expect("a link ends");
        let rest = match rest.strip_prefix('(') {
            Some(target) => target.split_once(')').expect("a target ends").1,
            None => rest,
        };
        plain += &format!("`{words}`{rest}");
    }
    plain
}

#[track_caller]
fn check_file(name: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/schema")
        .join(name);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("can create");
        fs::write(&path, format!("{schema:#}\n")).expect("can write");
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{name}: {cause}"));
    let committed: Value = serde_json::from_str(&text).expect("the file is JSON");
    assert!(
        &committed == schema,
        "docs/schema/{name} is out of date; set UPDATE_SCHEMA=1 and test again"
    );
}

#[test]
fn the_files_are_what_the_types_say() {
    check_file("client_packet.schema.json", &schema_of::<ClientPacket>());
    check_file("server_packet.schema.json", &schema_of::<ServerPacket>());
}

/// As the server writes one; what people type is read as well.
const RECOVERY_CODE: &str = "^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$";
const CHANNEL_CODE: &str = "^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$";

/// Whether `value` obeys `schema`, a part of `root`. Knows the keywords our
/// schemas use and panics at others: a validator of the whole standard would
/// take longer to build than everything else here.
fn obeys(value: &Value, schema: &Value, root: &Value) -> bool {
    let part = |schema: &Value| obeys(value, schema, root);
    let array = |rule: &Value| rule.as_array().expect("an array").clone();
    let chars = value.as_str().map(|text| text.chars().count() as u64);
    let has_type = |name: &Value| match name.as_str().expect("a type name") {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other} is new here"),
    };
    schema
        .as_object()
        .expect("a schema is an object")
        .iter()
        .all(|(keyword, rule)| match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let pointer = rule.as_str().and_then(|path| path.strip_prefix('#'));
                part(
                    root.pointer(pointer.expect("a local reference"))
                        .expect("a definition"),
                )
            }
            "oneOf" => array(rule).iter().filter(|schema| part(schema)).count() == 1,
            "anyOf" => array(rule).iter().any(part),
            "allOf" => array(rule).iter().all(part),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| obeys(item, rule, root))),
            "const" => value == rule,
            "type" if rule.is_array() => array(rule).iter().any(has_type),
            "type" => has_type(rule),
            "required" => array(rule)
                .iter()
                .all(|key| value.get(key.as_str().expect("a key")).is_some()),
            "properties" => rule
                .as_object()
                .expect("an object")
                .iter()
                .all(|(key, schema)| {
                    value
                        .get(key)
                        .is_none_or(|value| obeys(value, schema, root))
                }),
            "minLength" => chars.is_none_or(|chars| Some(chars) >= rule.as_u64()),
            "maxLength" => chars.is_none_or(|chars| Some(chars) <= rule.as_u64()),
            "minimum" => value
                .as_i64()
                .is_none_or(|number| Some(number) >= rule.as_i64()),
            "maximum" => value
                .as_i64()
                .is_none_or(|number| Some(number) <= rule.as_i64()),
            "pattern" => {
                let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                let fits = |text: &str| match rule.as_str().expect("a text") {
                    "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(is_hex),
                    RECOVERY_CODE => {
                        RecoveryCode::parse(text).is_ok_and(|code| code.expose() == text)
                    }
                    CHANNEL_CODE => {
                        ChannelCode::parse(text).is_ok_and(|code| code.expose() == text)
                    }
                    "^[A-Za-z0-9._:-]{1,64}$" => Audience::parse(text).is_ok(),
                    other => panic!("pattern {other} is new here"),
                };
                value.as_str().is_none_or(fits)
            }
            other => panic!("keyword {other} is new here"),
        })
}

/// What to put in place of a field.
fn other_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(0.5),
        json!(u32::MAX),
        json!(u64::from(u32::MAX) + 1),
        json!(""),
        json!("chat"),
        json!("x".repeat(99)),
        json!("x".repeat(501)),
        json!("0".repeat(64)),
        json!([]),
        json!({}),
    ]
}

/// `whole` with each field of each object in it left out once and replaced by
/// each of `values` once, and the field's name.
fn damaged(whole: &Value, values: &[Value]) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    match whole {
        Value::Object(fields) => {
            for (key, value) in fields {
                let mut without = fields.clone();
                without.remove(key);
                all.push((key.clone(), Value::Object(without)));
                let inside = damaged(value, values);
                let replaced = values.iter().map(|value| (key.clone(), value.clone()));
                for (field, value) in replaced.chain(inside) {
                    let mut packet = fields.clone();
                    packet.insert(key.clone(), value);
                    all.push((field, Value::Object(packet)));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for (field, value) in damaged(item, values) {
                    let mut items = items.clone();
                    items[index] = value;
                    all.push((field, Value::Array(items)));
                }
            }
        }
        _ => {}
    }
    all
}

/// A server takes `null` for a field that is left out, so nothing is said of it.
fn without_nulls(packet: &Value) -> Value {
    let fields = packet.as_object().expect("a packet is an object").iter();
    let said = fields.filter(|(_, value)| !value.is_null());
    said.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[test]
fn the_client_schema_allows_what_a_server_understands() {
    let schema = schema_of::<ClientPacket>();
    let mut values = other_values();
    values.push(json!(MAX_NUMBER));
    values.push(json!(MAX_NUMBER + 1));
    values.push(json!("open"));
    values.push(json!("owner"));
    for sample in client_samples() {
        let whole: Value = serde_json::from_str(sample.text).unwrap();
        assert!(obeys(&whole, &schema, &schema), "{}", sample.file);
        for (_, packet) in damaged(&whole, &values) {
            // What may be in a profile the page says, not the schema.
            if packet["profile"].is_object() && packet["profile"] != whole["profile"] {
                continue;
            }
            let understood = decode_client_packet(packet.to_string().as_bytes()).is_ok();
            let packet = without_nulls(&packet);
            assert_eq!(obeys(&packet, &schema, &schema), understood, "{packet}");
        }
    }
}

/// The fields in which a client takes any word, for the sake of newer servers.
const LENIENT: [&str; 14] = [
    "code",
    "field",
    "kind",
    "mode",
    "access",
    "role",
    "server_role",
    "state",
    "change",
    "reason",
    "filter",
    "category",
    "outcome",
    "sanction",
];

#[test]
fn the_server_schema_allows_only_what_a_client_understands() {
    let schema = schema_of::<ServerPacket>();
    let values = other_values();
    for sample in server_samples() {
        let packet: Value = serde_json::from_str(sample.text).unwrap();
        assert!(obeys(&packet, &schema, &schema), "{}", sample.file);
        for (field, packet) in damaged(&packet, &values) {
            let understood = decode_server_packet(packet.to_string().as_bytes()).is_ok();
            if obeys(&packet, &schema, &schema) {
                assert!(understood, "{packet}");
            } else {
                assert!(!understood || LENIENT.contains(&&*field), "{packet}");
            }
        }
    }
}
