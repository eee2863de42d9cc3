//! JSON Schema of the text types: as long as their rules allow. The packets
//! derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::limits::{
    MAX_CHAT_CHARS, MAX_PASSWORD_CHARS, MAX_USERNAME_CHARS, MIN_PASSWORD_CHARS, MIN_USERNAME_CHARS,
};
use crate::{ChatText, Password, ResumeToken, Username};

macro_rules! text_schemas {
    ($($text:ident $schema:tt)*) => {$(
        impl JsonSchema for $text {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($text).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

text_schemas! {
    Username { "type": "string", "minLength": MIN_USERNAME_CHARS, "maxLength": MAX_USERNAME_CHARS }
    Password { "type": "string", "minLength": MIN_PASSWORD_CHARS, "maxLength": MAX_PASSWORD_CHARS }
    ChatText { "type": "string", "minLength": 1, "maxLength": MAX_CHAT_CHARS }
    ResumeToken { "type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", ResumeToken::CHARS) }
}
