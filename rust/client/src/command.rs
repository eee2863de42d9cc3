//! What players type behind a slash: parsed, explained and completed in one
//! place for every game and terminal.
//!
//! `table` has every command once; `parse` reads what was typed by it, `complete` and
//! `help` explain it. This file says what a command is, and does it.
//!
//! ```
//! use longhall_client::Command;
//!
//! let command = Command::parse("/w bob psst", "lobby", None).unwrap();
//! assert!(matches!(command, Command::Say { channel, text } if channel == "@bob" && text == "psst"));
//! assert_eq!(
//!     Command::parse("/topic", "lobby", None).unwrap_err().to_string(),
//!     "/topic needs more: /topic TEXT"
//! );
//! ```

mod complete;
mod help;
mod parse;
mod table;

use std::fmt;
use std::time::Duration;

use longhall_packet::{
    Access, ChannelPassword, Denial, PresenceState, ReportCategory, Role, SanctionKind,
};

use crate::{Call, Session};

pub use complete::{Completion, complete};
pub use help::help;
pub use table::{COMMANDS, CommandInfo};

/// What a line that somebody typed asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say something: also what `/me`, `/w` and `/r` come to. What `/me` says is
    /// a line that starts with `/me `.
    Say {
        /// The conversation.
        channel: String,
        /// What to say.
        text: String,
    },
    /// Join a channel.
    Join {
        /// Its name.
        channel: String,
        /// Its password.
        password: Option<ChannelPassword>,
    },
    /// Create a channel for a party.
    Party,
    /// Join a channel for a match or a party.
    Code {
        /// What its members see of it.
        code: String,
    },
    /// Create a channel.
    Create {
        /// Its name.
        channel: String,
        /// Who may join.
        access: Access,
        /// Its password.
        password: Option<ChannelPassword>,
    },
    /// Leave a channel.
    Leave {
        /// Its name.
        channel: String,
    },
    /// Ask who is in a channel.
    Who {
        /// Its name.
        channel: String,
    },
    /// Ask which channels there are.
    Channels,
    /// Ask which halls the lobby has.
    Halls,
    /// Change to another hall of the lobby.
    ChangeHall {
        /// Its number, or its name.
        hall: String,
    },
    /// Set what a channel is about.
    Topic {
        /// Its name.
        channel: String,
        /// What it is about.
        topic: String,
    },
    /// Set how fast members may speak in a channel.
    Slow {
        /// Its name.
        channel: String,
        /// From a member's line to their next one; 0 ends slow mode.
        seconds: u32,
    },
    /// Invite a player into a channel.
    Invite {
        /// Its name.
        channel: String,
        /// The player.
        username: String,
    },
    /// Take a member out of a channel.
    Kick {
        /// Its name.
        channel: String,
        /// The member.
        username: String,
    },
    /// Set what a member may do in a channel.
    SetRole {
        /// Its name.
        channel: String,
        /// The member.
        username: String,
        /// What it may do.
        role: Role,
    },
    /// Say whether one is at the keyboard.
    Presence {
        /// Away, or back.
        state: PresenceState,
        /// Why.
        text: String,
    },
    /// Shut a player out.
    Block {
        /// The player.
        username: String,
    },
    /// End a block.
    Unblock {
        /// The player.
        username: String,
    },
    /// Ask who is blocked.
    Blocks,
    /// Report a player to the moderators.
    Report {
        /// The player.
        username: String,
        /// What they do.
        category: ReportCategory,
        /// What there is to say of it.
        text: String,
    },
    /// Mute or ban a player.
    Sanction {
        /// The player.
        username: String,
        /// Which.
        sanction: SanctionKind,
        /// In the lobby: on the whole server, otherwise in this channel.
        channel: String,
        /// For so many seconds, 0 for good; with `None` as long as the server thinks fit.
        for_s: Option<u64>,
        /// Why; the player reads it.
        reason: String,
    },
    /// End a mute or a ban.
    LiftSanction {
        /// The player.
        username: String,
        /// Which.
        sanction: SanctionKind,
        /// As for a [`Sanction`](Self::Sanction).
        channel: String,
    },
    /// Delete what a player has said.
    DeleteLines {
        /// The player.
        username: String,
        /// In the lobby: in all channels, otherwise in this one.
        channel: String,
        /// In the last so many seconds; `None` for all that is kept.
        since_s: Option<u64>,
    },
    /// Ask where the account is logged in.
    Sessions,
    /// Log out on another device, or with `None` on all others.
    CloseSession(Option<u64>),
    /// Explain the commands, or one of them: for the caller to show, by
    /// [`help()`].
    Help(Option<String>),
}

/// Why what somebody typed is no command. Its `Display` is a sentence for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// There was nothing but spaces.
    Empty,
    /// There is no such command.
    Unknown {
        /// What was typed.
        name: String,
    },
    /// The command needs more.
    MissingArgument {
        /// The command.
        command: &'static CommandInfo,
    },
    /// Something stands where the command takes something else.
    WrongArgument {
        /// The command.
        command: &'static CommandInfo,
        /// What was typed.
        argument: String,
    },
    /// The command is about a channel and was typed among whispers.
    NotInWhispers {
        /// The command.
        command: &'static CommandInfo,
    },
    /// `/r`, but nobody has whispered.
    NobodyToAnswer,
    /// A text breaks a rule.
    Refused(Denial),
}

impl CommandError {
    /// The stable name, for scripts: `"missing_argument"`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unknown { .. } => "unknown_command",
            Self::MissingArgument { .. } => "missing_argument",
            Self::WrongArgument { .. } => "wrong_argument",
            Self::NotInWhispers { .. } => "not_in_whispers",
            Self::NobodyToAnswer => "nobody_to_answer",
            Self::Refused(denial) => denial.code.name(),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("There is nothing to say"),
            Self::Unknown { name } => write!(f, "There is no /{name}; /help lists the commands"),
            Self::MissingArgument { command } => {
                write!(f, "/{} needs more: {}", command.name, command.usage)
            }
            Self::WrongArgument { command, argument } => {
                write!(
                    f,
                    "/{} does not take {argument}: {}",
                    command.name, command.usage
                )
            }
            Self::NotInWhispers { command } => {
                write!(f, "/{} is for channels: {}", command.name, command.usage)
            }
            Self::NobodyToAnswer => f.write_str("Nobody has whispered to you yet: /w NAME TEXT"),
            Self::Refused(denial) => f.write_str(&denial.reason()),
        }
    }
}

impl std::error::Error for CommandError {}

impl From<Denial> for CommandError {
    fn from(denial: Denial) -> Self {
        Self::Refused(denial)
    }
}

/// What completion offers at the place of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    Player,
    Channel,
    Command,
    /// One of these words.
    Word(&'static [&'static str]),
    Text,
}

impl Session {
    /// Does what a command says: the call is that of the method it stands for,
    /// see [`Command`]. [`Command::Help`] is the caller's to show; here it ends
    /// at once.
    pub fn execute(&mut self, now: Duration, command: &Command) -> Call {
        match command {
            Command::Say { channel, text } => self.send_chat(now, channel, text),
            Command::Join { channel, password } => {
                let password = password.as_ref().map(ChannelPassword::expose);
                self.join_channel(now, channel, password)
            }
            Command::Party => self.create_temporary(now, "", 0, 0),
            Command::Code { code } => self.join_by_code(now, code),
            Command::Create {
                channel,
                access,
                password,
            } => {
                let password = password.as_ref().map(ChannelPassword::expose);
                self.create_channel(now, channel, "", *access, password)
            }
            Command::Leave { channel } => self.leave_channel(now, channel),
            Command::Who { channel } => self.list_members(now, channel),
            Command::Channels => self.list_channels(now),
            Command::Halls => self.list_halls(now),
            Command::ChangeHall { hall } => self.change_hall(now, hall),
            Command::Topic { channel, topic } => self.set_topic(now, channel, topic),
            Command::Slow { channel, seconds } => self.set_slow_mode(now, channel, *seconds),
            Command::Invite { channel, username } => self.invite(now, channel, username),
            Command::Kick { channel, username } => match self.place_here(channel) {
                None => self.sanction(now, username, SanctionKind::Kick, None, None, ""),
                Some(channel) => self.remove_member(now, channel, username),
            },
            Command::SetRole {
                channel,
                username,
                role,
            } => self.set_role(now, channel, username, *role),
            Command::Presence { state, text } => self.set_presence(now, *state, text),
            Command::Block { username } => self.block(now, username),
            Command::Unblock { username } => self.unblock(now, username),
            Command::Blocks => self.list_blocks(now),
            Command::Report {
                username,
                category,
                text,
            } => self.report_player(now, username, *category, text),
            Command::Sanction {
                username,
                sanction,
                channel,
                for_s,
                reason,
            } => {
                let place = self.place_here(channel);
                self.sanction(now, username, *sanction, place, *for_s, reason)
            }
            Command::LiftSanction {
                username,
                sanction,
                channel,
            } => {
                let place = self.place_here(channel);
                self.lift_sanction(now, username, *sanction, place)
            }
            Command::DeleteLines {
                username,
                channel,
                since_s,
            } => {
                let place = self.place_here(channel);
                self.delete_lines(now, username, place, *since_s)
            }
            Command::Sessions => self.list_sessions(now),
            Command::CloseSession(session) => self.close_session(now, *session),
            Command::Help(_) => self.nothing_to_do(),
        }
    }
}

impl Command {
    /// The word for what it does, without a slash: `"join"`; `"say"` for a line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Say { .. } => "say",
            Self::Join { .. } => "join",
            Self::Party => "party",
            Self::Code { .. } => "code",
            Self::Create { .. } => "create",
            Self::Leave { .. } => "leave",
            Self::Who { .. } => "who",
            Self::Channels => "channels",
            Self::Halls => "halls",
            Self::ChangeHall { .. } => "hall",
            Self::Topic { .. } => "topic",
            Self::Slow { .. } => "slow",
            Self::Invite { .. } => "invite",
            Self::Kick { .. } => "kick",
            Self::Sanction {
                sanction: SanctionKind::Ban,
                ..
            } => "ban",
            Self::Sanction { .. } => "mute",
            Self::LiftSanction {
                sanction: SanctionKind::Ban,
                ..
            } => "unban",
            Self::LiftSanction { .. } => "unmute",
            Self::DeleteLines { .. } => "purge",
            Self::SetRole { .. } => "role",
            Self::Presence { .. } => "presence",
            Self::Block { .. } => "block",
            Self::Unblock { .. } => "unblock",
            Self::Blocks => "blocks",
            Self::Report { .. } => "report",
            Self::Sessions => "sessions",
            Self::CloseSession(_) => "close",
            Self::Help(_) => "help",
        }
    }
}
