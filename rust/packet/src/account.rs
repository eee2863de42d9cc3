//! What an account is told of itself.

use serde::{Deserialize, Serialize};

/// When and from where somebody logged in to the account with its password before. For the
/// player to see whether that was they.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastLogin {
    /// When, in milliseconds since 1970-01-01 00:00 UTC.
    pub at_ms: u64,
    /// What the player called the device. Absent when empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub device: String,
    /// The network it came from, `"203.0.113.0/24"`: enough to know one's own again, too
    /// little to find a house by. Absent when the server does not say.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub network: String,
}
