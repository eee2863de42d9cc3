//! What an account is given of itself: all that the server knows of it.

use serde::{Deserialize, Serialize};

use crate::{
    Invitation, LastLogin, ListedReport, ListedSession, Profile, ProfileVersion, ReportCategory,
    ReportNumber, ReportOutcome, Role, Seq,
};

/// An account, as it is given to whom it belongs to. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedAccount {
    /// Its name.
    pub username: String,
    /// When it was registered, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// When it will be deleted, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deleted_at_ms: Option<u64>,
    /// The latest login by the account's password.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_login: Option<LastLogin>,
    /// Where it is logged in.
    pub sessions: Vec<ListedSession>,
    /// The channels it is in.
    pub channels: Vec<ExportedChannel>,
    /// The players it has blocked.
    pub blocked: Vec<String>,
    /// Channels that it may join and has not.
    pub invitations: Vec<Invitation>,
    /// What the operator keeps from it.
    pub sanctions: Vec<ExportedSanction>,
    /// What it shows of itself for the game's sake. Absent when empty.
    #[serde(skip_serializing_if = "Profile::is_empty", default)]
    pub profile: Profile,
    /// The version of the profile. Absent when it was never set.
    #[serde(skip_serializing_if = "crate::profile::is_zero", default)]
    pub profile_version: ProfileVersion,
}

/// A channel that the account is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedChannel {
    /// Its name.
    pub channel: String,
    /// What the account may do there.
    pub role: Role,
    /// Up to where it has read.
    pub read_seq: Seq,
}

/// A ban or a mute that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedSanction {
    /// `"ban"` or `"mute"`.
    pub kind: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
    /// Until when; absent for good.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until_ms: Option<u64>,
    /// Why. May be empty.
    pub reason: String,
}

/// A line that the account said, or a whisper to or from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedLine {
    /// The channel, or `"@"` for a whisper.
    pub channel: String,
    /// Its number there.
    pub seq: Seq,
    /// Who said it.
    pub sender: String,
    /// To whom, if it is a whisper.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipient: Option<String>,
    /// What. Empty once it is deleted.
    pub text: String,
    /// When, in milliseconds since 1970.
    pub sent_at_ms: u64,
    /// When it was edited last, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edited_at_ms: Option<u64>,
}

/// A report that the account made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedReport {
    /// Its number.
    pub report: ReportNumber,
    /// Who is reported.
    pub username: String,
    /// Where the line is, `"@"` for a whisper. Absent when the player is reported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub channel: Option<String>,
    /// The number of the line there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seq: Option<Seq>,
    /// What they are said to do.
    pub category: ReportCategory,
    /// What the account said of it. Absent when empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// When, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// What came of it. Absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed: Option<ExportedOutcome>,
}

/// What came of a report that the account made. Which moderator closed it is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportedOutcome {
    /// Whether something was done.
    pub outcome: ReportOutcome,
    /// What the account was told beside it. Absent when empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
}

impl From<ListedReport> for ExportedReport {
    /// As whoever made it may see it.
    fn from(listed: ListedReport) -> Self {
        Self {
            report: listed.report,
            username: listed.username,
            channel: listed.channel,
            seq: listed.seq,
            category: listed.category,
            text: listed.text,
            created_at_ms: listed.created_at_ms,
            closed: listed.closed.map(|closed| ExportedOutcome {
                outcome: closed.outcome,
                text: closed.text,
                at_ms: closed.at_ms,
            }),
        }
    }
}
