//! What players type behind a slash: parsed, explained and completed in one
//! place for every game and terminal.
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

use std::fmt;
use std::time::Duration;

use longhall_packet::{Access, ChannelPassword, Denial, PresenceState, Role, Target};

use crate::{Call, Session};

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
    /// Set what a channel is about.
    Topic {
        /// Its name.
        channel: String,
        /// What it is about.
        topic: String,
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
    /// Ask where the account is logged in.
    Sessions,
    /// Log out on another device, or with `None` on all others.
    CloseSession(Option<u64>),
    /// Explain the commands, or one of them: for the caller to show, by
    /// [`help`].
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

/// One command, for parser, help and completion alike.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandInfo {
    /// Without the slash.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// How to write it.
    pub usage: &'static str,
    /// What it does, in a few words.
    pub description: &'static str,
    arguments: &'static [Argument],
    kind: Kind,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whisper,
    Reply,
    Me,
    Join,
    Create,
    Leave,
    Who,
    Channels,
    Topic,
    Invite,
    Kick,
    Op,
    Deop,
    Away,
    Back,
    Block,
    Unblock,
    Blocks,
    Sessions,
    Close,
    Help,
}

macro_rules! commands {
    ($($kind:ident $name:literal $aliases:tt [$($argument:expr),*] $usage:literal, $description:literal;)*) => {
        /// Every command, in the order of the help.
        pub static COMMANDS: &[CommandInfo] = &[$(CommandInfo {
            name: $name,
            aliases: &$aliases,
            usage: $usage,
            description: $description,
            arguments: &[$($argument),*],
            kind: Kind::$kind,
        }),*];
    };
}

commands! {
    Whisper "w" ["msg", "whisper"] [Argument::Player, Argument::Text] "/w NAME TEXT", "whisper to one player";
    Reply "r" ["reply"] [Argument::Text] "/r TEXT", "answer the last whisper";
    Me "me" [] [Argument::Text] "/me TEXT", "say what you do";
    Join "join" ["j"] [Argument::Channel, Argument::Text] "/join CHANNEL [PASSWORD]", "join a channel";
    Create "create" [] [Argument::Text, Argument::Word(&["open", "invite", "password"]), Argument::Text]
        "/create CHANNEL [open | invite | password PASSWORD]", "create a channel";
    Leave "leave" ["part"] [Argument::Channel] "/leave [CHANNEL]", "leave a channel";
    Who "who" ["members"] [Argument::Channel] "/who [CHANNEL]", "list who is in a channel";
    Channels "channels" ["list"] [] "/channels", "list the channels there are";
    Topic "topic" [] [Argument::Text] "/topic TEXT", "say what the channel is about";
    Invite "invite" [] [Argument::Player] "/invite NAME", "invite a player into the channel";
    Kick "kick" ["remove"] [Argument::Player] "/kick NAME", "take a player out of the channel";
    Op "op" [] [Argument::Player] "/op NAME", "make a member an operator";
    Deop "deop" [] [Argument::Player] "/deop NAME", "make an operator a member again";
    Away "away" ["afk"] [Argument::Text] "/away [TEXT]", "say that you are not at the keyboard";
    Back "back" [] [] "/back", "say that you are back";
    Block "block" ["ignore"] [Argument::Player] "/block NAME", "hear nothing more from a player";
    Unblock "unblock" ["unignore"] [Argument::Player] "/unblock NAME", "end a block";
    Blocks "blocks" [] [] "/blocks", "list whom you have blocked";
    Sessions "sessions" ["devices"] [] "/sessions", "list where you are logged in";
    Close "close" [] [Argument::Word(&["others"])] "/close NUMBER | others", "log out on another device";
    Help "help" ["?"] [Argument::Command] "/help [COMMAND]", "list the commands, or explain one";
}

impl Command {
    /// Reads what somebody typed. `channel` is the conversation in front of
    /// them, `answer_to` who whispered last, for `/r`
    /// ([`Session::last_whisper_from`]). What starts without a slash, or with
    /// two, is said.
    ///
    /// # Errors
    /// [`CommandError`], with a sentence that says how it is written.
    pub fn parse(
        input: &str,
        channel: &str,
        answer_to: Option<&str>,
    ) -> Result<Self, CommandError> {
        let input = input.trim();
        let say = |channel: &str, text: &str| Self::Say {
            channel: channel.to_owned(),
            text: text.to_owned(),
        };
        let Some(line) = input.strip_prefix('/') else {
            if input.is_empty() {
                return Err(CommandError::Empty);
            }
            return Ok(say(channel, input));
        };
        if line.starts_with('/') {
            return Ok(say(channel, line));
        }
        let (name, rest) = split_word(line);
        let info = find(name).ok_or_else(|| CommandError::Unknown {
            name: name.to_owned(),
        })?;
        let missing = || CommandError::MissingArgument { command: info };
        let wrong = |argument: &str| CommandError::WrongArgument {
            command: info,
            argument: argument.to_owned(),
        };
        let needed = |text: &str| {
            if text.is_empty() {
                Err(missing())
            } else {
                Ok(text.to_owned())
            }
        };
        let nothing = || {
            if rest.is_empty() {
                Ok(())
            } else {
                Err(wrong(rest))
            }
        };
        // One word, and nothing behind it.
        let word = || match split_word(rest) {
            ("", _) => Err(missing()),
            (word, "") => Ok(word.to_owned()),
            (_, more) => Err(wrong(more)),
        };
        let player = || word().map(|name| plain_name(&name));
        let here = || {
            if channel.starts_with('@') {
                Err(CommandError::NotInWhispers { command: info })
            } else {
                Ok(channel.to_owned())
            }
        };
        let named_or_here = || {
            if rest.is_empty() { here() } else { word() }
        };
        Ok(match info.kind {
            Kind::Whisper => {
                let (name, text) = split_word(rest);
                let name = plain_name(name);
                if name.is_empty() {
                    return Err(missing());
                }
                say(&format!("@{name}"), &needed(text)?)
            }
            Kind::Reply => {
                let text = needed(rest)?;
                let name = answer_to.ok_or(CommandError::NobodyToAnswer)?;
                say(&format!("@{}", plain_name(name)), &text)
            }
            Kind::Me => say(channel, &format!("/me {}", needed(rest)?)),
            Kind::Join => {
                let (name, password) = split_word(rest);
                let password = (!password.is_empty()).then_some(password);
                Self::Join {
                    channel: needed(name)?,
                    password: password.map(ChannelPassword::parse).transpose()?,
                }
            }
            Kind::Create => {
                let (name, rest) = split_word(rest);
                let channel = needed(name)?;
                let (access, password) = match split_word(rest) {
                    ("" | "open", "") => (Access::Open, None),
                    ("invite", "") => (Access::Invite, None),
                    ("password", "") => return Err(missing()),
                    ("password", password) => {
                        (Access::Password, Some(ChannelPassword::parse(password)?))
                    }
                    ("open" | "invite", more) => return Err(wrong(more)),
                    (access, _) => return Err(wrong(access)),
                };
                Self::Create {
                    channel,
                    access,
                    password,
                }
            }
            Kind::Leave => Self::Leave {
                channel: named_or_here()?,
            },
            Kind::Who => Self::Who {
                channel: named_or_here()?,
            },
            Kind::Topic => Self::Topic {
                channel: here()?,
                topic: needed(rest)?,
            },
            Kind::Invite => Self::Invite {
                channel: here()?,
                username: player()?,
            },
            Kind::Kick => Self::Kick {
                channel: here()?,
                username: player()?,
            },
            Kind::Op | Kind::Deop => Self::SetRole {
                channel: here()?,
                username: player()?,
                role: if info.kind == Kind::Op {
                    Role::Operator
                } else {
                    Role::Member
                },
            },
            Kind::Away => Self::Presence {
                state: PresenceState::Away,
                text: rest.to_owned(),
            },
            Kind::Back => {
                nothing()?;
                Self::Presence {
                    state: PresenceState::Online,
                    text: String::new(),
                }
            }
            Kind::Block => Self::Block {
                username: player()?,
            },
            Kind::Unblock => Self::Unblock {
                username: player()?,
            },
            Kind::Channels => nothing().map(|()| Self::Channels)?,
            Kind::Blocks => nothing().map(|()| Self::Blocks)?,
            Kind::Sessions => nothing().map(|()| Self::Sessions)?,
            Kind::Close => match word()?.as_str() {
                "others" => Self::CloseSession(None),
                number => {
                    let number = number.parse().map_err(|_| wrong(number))?;
                    Self::CloseSession(Some(number))
                }
            },
            Kind::Help => {
                let name = rest.trim_start_matches('/');
                Self::Help((!name.is_empty()).then(|| name.to_owned()))
            }
        })
    }
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
            Command::Topic { channel, topic } => self.set_topic(now, channel, topic),
            Command::Invite { channel, username } => self.invite(now, channel, username),
            Command::Kick { channel, username } => self.remove_member(now, channel, username),
            Command::SetRole {
                channel,
                username,
                role,
            } => self.set_role(now, channel, username, *role),
            Command::Presence { state, text } => self.set_presence(now, *state, text),
            Command::Block { username } => self.block(now, username),
            Command::Unblock { username } => self.unblock(now, username),
            Command::Blocks => self.list_blocks(now),
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
            Self::Create { .. } => "create",
            Self::Leave { .. } => "leave",
            Self::Who { .. } => "who",
            Self::Channels => "channels",
            Self::Topic { .. } => "topic",
            Self::Invite { .. } => "invite",
            Self::Kick { .. } => "kick",
            Self::SetRole { .. } => "role",
            Self::Presence { .. } => "presence",
            Self::Block { .. } => "block",
            Self::Unblock { .. } => "unblock",
            Self::Blocks => "blocks",
            Self::Sessions => "sessions",
            Self::CloseSession(_) => "close",
            Self::Help(_) => "help",
        }
    }
}

/// The help, a line per command, or that of one command. Columns line up in a
/// font of equal widths.
///
/// # Errors
/// [`CommandError::Unknown`] when there is no such command.
pub fn help(command: Option<&str>) -> Result<String, CommandError> {
    let Some(name) = command else {
        let width = COMMANDS.iter().map(|info| info.usage.len()).max();
        let width = width.unwrap_or(0);
        let lines = COMMANDS
            .iter()
            .map(|info| format!("{:width$}  {}\n", info.usage, info.description));
        return Ok(lines.collect::<String>() + "//TEXT says a line that starts with a slash");
    };
    let info = find(name.trim_start_matches('/')).ok_or_else(|| CommandError::Unknown {
        name: name.to_owned(),
    })?;
    let also: Vec<String> = info.aliases.iter().map(|name| format!("/{name}")).collect();
    let also = match also.as_slice() {
        [] => String::new(),
        names => format!(" (also {})", names.join(", ")),
    };
    Ok(format!("{}: {}{also}", info.usage, info.description))
}

/// Something to put in the place of the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The whole input with the word completed, and a space when more follows.
    pub input: String,
    /// The word alone, for a list to choose from.
    pub word: String,
    /// What it does, for a command; otherwise empty.
    pub description: &'static str,
}

/// What may stand in the place of the word that ends `input`: commands, or
/// names of `channels` or `members`, as the command asks. In a line that is no
/// command, an `@` in front of the word asks for a player. Empty when nothing is
/// known to fit.
pub fn complete(input: &str, channels: &[&str], members: &[&str]) -> Vec<Completion> {
    let start = input.rfind(char::is_whitespace).map_or(0, |space| {
        space + input[space..].chars().next().map_or(1, char::len_utf8)
    });
    let (before, word) = input.split_at(start);
    let offer = |prefix: &str, begun: &str, names: &mut dyn Iterator<Item = &str>, end: &str| {
        let begun = begun.to_lowercase();
        names
            .filter(|name| name.to_lowercase().starts_with(&begun))
            .map(|name| Completion {
                input: format!("{before}{prefix}{name}{end}"),
                word: format!("{prefix}{name}"),
                description: "",
            })
            .collect::<Vec<_>>()
    };
    let is_command = input.starts_with('/') && !input.starts_with("//");
    if !is_command {
        return match word.strip_prefix('@') {
            Some(begun) => offer("@", begun, &mut members.iter().copied(), " "),
            None => Vec::new(),
        };
    }
    if before.is_empty() {
        let begun = word[1..].to_lowercase();
        let fitting = COMMANDS.iter().filter_map(|info| {
            let names = std::iter::once(&info.name).chain(info.aliases);
            let name = names.copied().find(|name| name.starts_with(&begun))?;
            let end = if info.arguments.is_empty() { "" } else { " " };
            Some(Completion {
                input: format!("/{name}{end}"),
                word: format!("/{name}"),
                description: info.description,
            })
        });
        return fitting.collect();
    }
    let mut words = before[1..].split_whitespace();
    let Some(info) = words.next().and_then(find) else {
        return Vec::new();
    };
    let place = words.count();
    let end = if place + 1 < info.arguments.len() {
        " "
    } else {
        ""
    };
    match info.arguments.get(place) {
        Some(Argument::Player) => {
            let prefix = if word.starts_with('@') { "@" } else { "" };
            offer(prefix, &plain_name(word), &mut members.iter().copied(), end)
        }
        Some(Argument::Channel) => {
            let mut names = channels
                .iter()
                .copied()
                .filter(|name| !name.starts_with('@'));
            offer("", word, &mut names, end)
        }
        Some(Argument::Command) => {
            let mut names = COMMANDS.iter().map(|info| info.name);
            offer("", word.trim_start_matches('/'), &mut names, end)
        }
        Some(Argument::Word(all)) => offer("", word, &mut all.iter().copied(), end),
        Some(Argument::Text) | None => Vec::new(),
    }
}

fn find(name: &str) -> Option<&'static CommandInfo> {
    let name = name.to_lowercase();
    let is_called =
        |info: &&CommandInfo| info.name == name || info.aliases.contains(&name.as_str());
    COMMANDS.iter().find(is_called)
}

/// A word and what comes behind it.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// A player's name, which people also write with an `@`.
fn plain_name(name: &str) -> String {
    match Target::parse(name) {
        // Read by the rules that all names are read by.
        Ok(Target::Whispers(username)) => username.to_string(),
        _ => name.strip_prefix('@').unwrap_or(name).to_owned(),
    }
}
