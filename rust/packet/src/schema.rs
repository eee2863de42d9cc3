//! JSON Schema of the text types: as long as their rules allow. The packets
//! derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::limits::{
    MAX_AUDIENCE_CHARS, MAX_CHANNEL_CHARS, MAX_CHANNEL_PASSWORD_CHARS, MAX_CHAT_CHARS,
    MAX_PASSWORD_CHARS, MAX_PRESENCE_CHARS, MAX_REASON_CHARS, MAX_REPORT_CHARS, MAX_TOPIC_CHARS,
    MAX_USERNAME_CHARS, MIN_PASSWORD_CHARS, MIN_USERNAME_CHARS,
};
use crate::{
    Audience, ChannelCode, ChannelName, ChannelPassword, ChatText, FactorCode, FactorKey,
    InviteCode, Password, PresenceText, Profile, Reason, RecoveryCode, ReportText, ResumeToken,
    Target, Ticket, Topic, Username,
};

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
    ChannelName { "type": "string", "minLength": 1, "maxLength": MAX_CHANNEL_CHARS }
    ChannelPassword { "type": "string", "minLength": 1, "maxLength": MAX_CHANNEL_PASSWORD_CHARS }
    Topic { "type": "string", "maxLength": MAX_TOPIC_CHARS }
    Reason { "type": "string", "maxLength": MAX_REASON_CHARS }
    PresenceText { "type": "string", "maxLength": MAX_PRESENCE_CHARS }
    ReportText { "type": "string", "maxLength": MAX_REPORT_CHARS }
    Profile { "type": "object" }
    Target { "type": "string", "minLength": 1, "maxLength": MAX_CHANNEL_CHARS }
    Audience { "type": "string", "pattern": format!("^[A-Za-z0-9._:-]{{1,{MAX_AUDIENCE_CHARS}}}$") }
    Ticket { "type": "string" }
    FactorCode { "type": "string" }
    FactorKey { "type": "string" }
    RecoveryCode { "type": "string", "pattern": "^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$" }
    ChannelCode { "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$" }
    InviteCode { "type": "string" }
    ResumeToken { "type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", ResumeToken::CHARS) }
}
