//! `docs/schema/` is what the packet types say, and what the samples obey.
//!
//! `UPDATE_SCHEMA=1 cargo test -p longhall-packet --test schema` writes the
//! files anew.

mod support;

use std::fs;
use std::path::Path;

use longhall_packet::codec::{decode_client_packet, decode_server_packet};
use longhall_packet::{ClientPacket, ServerPacket};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Value, json};
use support::{client_samples, server_samples};

fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(for_readers_of_any_language).transform(&mut schema);
    schema.to_value()
}

fn for_readers_of_any_language(schema: &mut schemars::Schema) {
    if schema.get("format") == Some(&json!("uint32")) {
        schema.insert("maximum".to_owned(), json!(u32::MAX));
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
                assert_eq!(rule, "^[0-9a-f]{64}$");
                let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                value
                    .as_str()
                    .is_none_or(|text| text.len() == 64 && text.bytes().all(is_hex))
            }
            other => panic!("keyword {other} is new here"),
        })
}

/// `text` with each of its fields left out once and replaced by each of a few
/// values once.
fn damaged(text: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(text).expect("a sample is JSON");
    let mut all = Vec::new();
    for key in whole.as_object().expect("a sample is an object").keys() {
        let mut without = whole.clone();
        without.as_object_mut().expect("an object").remove(key);
        all.push(without);
        for other in [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(0.5),
            json!(4_294_967_295_u64),
            json!(4_294_967_296_u64),
            json!(""),
            json!("chat"),
            json!("x".repeat(99)),
            json!("x".repeat(501)),
            json!("0".repeat(64)),
            json!([]),
            json!({}),
        ] {
            let mut replaced = whole.clone();
            replaced[key] = other;
            all.push(replaced);
        }
    }
    all
}

#[test]
fn the_client_schema_allows_what_a_server_understands() {
    let schema = schema_of::<ClientPacket>();
    for sample in client_samples() {
        let packet = serde_json::from_str(sample.text).unwrap();
        assert!(obeys(&packet, &schema, &schema), "{}", sample.file);
        for packet in damaged(sample.text) {
            let understood = decode_client_packet(packet.to_string().as_bytes()).is_ok();
            assert_eq!(obeys(&packet, &schema, &schema), understood, "{packet}");
        }
    }
}

#[test]
fn the_server_schema_allows_only_what_a_client_understands() {
    let schema = schema_of::<ServerPacket>();
    for sample in server_samples() {
        let packet = serde_json::from_str(sample.text).unwrap();
        assert!(obeys(&packet, &schema, &schema), "{}", sample.file);
        for packet in damaged(sample.text) {
            if obeys(&packet, &schema, &schema) {
                let understood = decode_server_packet(packet.to_string().as_bytes());
                assert!(understood.is_ok(), "{packet}");
            } else {
                // A client is more lenient: codes it does not know are no error.
                let understood = decode_server_packet(packet.to_string().as_bytes()).is_ok();
                assert!(!understood || packet["type"] == "deny", "{packet}");
            }
        }
    }
}
