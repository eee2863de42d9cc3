//! The name of a log of numbered lines: a channel's, or that of all whispers.

use longhall_packet::INBOX;

/// One log of numbered lines, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log<'a> {
    Channel(&'a str),
    Inbox,
}

impl<'a> Log<'a> {
    /// The log that a packet's `channel` names.
    pub(crate) fn of(channel: &'a str) -> Self {
        if channel.starts_with(INBOX) {
            Self::Inbox
        } else {
            Self::Channel(channel)
        }
    }

    pub(crate) fn as_str(self) -> &'a str {
        match self {
            Self::Channel(name) => name,
            Self::Inbox => INBOX,
        }
    }

    /// To keep.
    pub(crate) fn to_name(self) -> LogName {
        match self {
            Self::Channel(name) => LogName::Channel(name.to_owned()),
            Self::Inbox => LogName::Inbox,
        }
    }
}

/// The name of a log, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogName {
    Channel(String),
    Inbox,
}

impl LogName {
    pub(crate) fn log(&self) -> Log<'_> {
        match self {
            Self::Channel(name) => Log::Channel(name),
            Self::Inbox => Log::Inbox,
        }
    }
}
