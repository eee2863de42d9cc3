//! Reports of lines and players to moderators, as they travel.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::channel::named;
use crate::{Seq, Target, Username};

/// The number of a report. Never given again.
pub type ReportNumber = u64;

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Reported {
    /// A line that the reporter can read.
    Line {
        /// Where the line is: a channel, or `"@"` for a whisper.
        channel: Target,
        /// Its number.
        seq: Seq,
    },
    /// A player as such, for a name, a status, or what they do in the game.
    Player {
        /// The player.
        username: Username,
    },
}

named! {
    /// What a report says that somebody does. One that only a newer peer knows reads
    /// as `"other"`.
    ReportCategory or Other {
        /// Pesters, insults, threatens somebody.
        Harassment = "harassment",
        /// Degrades people for what they are.
        Hate = "hate",
        /// Says something sexual.
        Sexual = "sexual",
        /// Calls for violence, or glorifies it.
        Violence = "violence",
        /// Advertises, or floods the chat.
        Spam = "spam",
        /// Cheats in the game.
        Cheating = "cheating",
        /// Has a name that nobody should have to read.
        Name = "name",
        /// Something else: the text says what.
        Other = "other",
    }
}

named! {
    /// What came of a report. One that only a newer server knows reads as
    /// `"dismissed"`.
    ReportOutcome or Dismissed {
        /// A moderator did something about it.
        Acted = "acted",
        /// A moderator saw nothing to do.
        Dismissed = "dismissed",
    }
}

/// A report in the queue of the moderators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedReport {
    /// Its number.
    pub report: ReportNumber,
    /// Who reports; `"server"` for a line that the server itself flags.
    pub by: String,
    /// Who is reported: whoever said the line, or the player.
    pub username: String,
    /// Where the line is; `"@"` for a whisper to the reporter. Absent when the player
    /// is reported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub channel: Option<String>,
    /// The number of the line there; of a whisper, in the inbox of the reporter.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seq: Option<Seq>,
    /// What they are said to do.
    pub category: ReportCategory,
    /// What the reporter says of it. Absent when empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// When, in milliseconds since 1970-01-01 00:00 UTC.
    pub created_at_ms: u64,
    /// What came of it. Absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub closed: Option<ClosedReport>,
}

/// What came of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClosedReport {
    /// Whether something was done.
    pub outcome: ReportOutcome,
    /// Who closed it.
    pub by: String,
    /// What the reporter was told beside it. Absent when empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub text: String,
    /// When, in milliseconds since 1970-01-01 00:00 UTC.
    pub at_ms: u64,
}
