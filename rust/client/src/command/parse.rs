//! From what somebody typed to a command.

use longhall_packet::limits::MAX_SLOW_MODE_S;
use longhall_packet::{Access, ChannelPassword, ReportCategory, Role, SanctionKind, Target};

use super::table::{CommandInfo, find};
use super::{Command, CommandError};

type Parsed = Result<Command, CommandError>;

/// What was typed behind a command's name, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'a> {
    info: &'static CommandInfo,
    pub(super) rest: &'a str,
    /// The conversation in front of the player.
    pub(super) channel: &'a str,
    /// The name of the last one to whisper.
    answer_to: Option<&'a str>,
}

impl Command {
    /// Reads what somebody typed. `channel` is the conversation in front of
    /// them, `answer_to` who whispered last, for `/r`
    /// ([`Session::last_whisper_from`](crate::Session::last_whisper_from)). What starts
    /// without a slash, or with two, is said.
    ///
    /// # Errors
    /// [`CommandError`], with a sentence that says how it is written.
    pub fn parse(
        input: &str,
        channel: &str,
        answer_to: Option<&str>,
    ) -> Result<Self, CommandError> {
        let input = input.trim();
        let Some(line) = input.strip_prefix('/') else {
            if input.is_empty() {
                return Err(CommandError::Empty);
            }
            return Ok(Self::say(channel, input));
        };
        if line.starts_with('/') {
            return Ok(Self::say(channel, line));
        }
        let (name, rest) = split_word(line);
        let info = find(name).ok_or_else(|| CommandError::Unknown {
            name: name.to_owned(),
        })?;
        (info.read)(&Typed {
            info,
            rest,
            channel,
            answer_to,
        })
    }

    pub(super) fn say(channel: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Say {
            channel: channel.into(),
            text: text.into(),
        }
    }
}

/// The ways to read an argument.
impl Typed<'_> {
    /// All that was typed.
    pub(super) fn text(&self) -> Result<String, CommandError> {
        self.needed(self.rest)
    }

    /// One word, and nothing behind it.
    fn word(&self) -> Result<String, CommandError> {
        match split_word(self.rest) {
            ("", _) => Err(self.missing()),
            (word, "") => Ok(word.to_owned()),
            (_, more) => Err(self.wrong(more)),
        }
    }

    pub(super) fn player(&self) -> Result<String, CommandError> {
        self.word().map(|name| plain_name(&name))
    }

    /// The channel in front of the player.
    pub(super) fn here(&self) -> Result<String, CommandError> {
        if self.channel.starts_with('@') {
            return Err(CommandError::NotInWhispers { command: self.info });
        }
        Ok(self.channel.to_owned())
    }

    pub(super) fn named_or_here(&self) -> Result<String, CommandError> {
        if self.rest.is_empty() {
            self.here()
        } else {
            self.word()
        }
    }

    /// A command that takes nothing.
    pub(super) fn alone(&self, command: Command) -> Parsed {
        if self.rest.is_empty() {
            Ok(command)
        } else {
            Err(self.wrong(self.rest))
        }
    }

    fn needed(&self, text: &str) -> Result<String, CommandError> {
        if text.is_empty() {
            return Err(self.missing());
        }
        Ok(text.to_owned())
    }

    fn missing(&self) -> CommandError {
        CommandError::MissingArgument { command: self.info }
    }

    fn wrong(&self, argument: &str) -> CommandError {
        CommandError::WrongArgument {
            command: self.info,
            argument: argument.to_owned(),
        }
    }
}

pub(super) fn whisper(typed: &Typed<'_>) -> Parsed {
    let (name, text) = split_word(typed.rest);
    let name = typed.needed(&plain_name(name))?;
    Ok(Command::say(format!("@{name}"), typed.needed(text)?))
}

pub(super) fn reply(typed: &Typed<'_>) -> Parsed {
    let text = typed.text()?;
    let name = typed.answer_to.ok_or(CommandError::NobodyToAnswer)?;
    Ok(Command::say(format!("@{}", plain_name(name)), text))
}

pub(super) fn join(typed: &Typed<'_>) -> Parsed {
    let (name, password) = split_word(typed.rest);
    let password = (!password.is_empty()).then_some(password);
    Ok(Command::Join {
        channel: typed.needed(name)?,
        password: password.map(ChannelPassword::parse).transpose()?,
    })
}

pub(super) fn create(typed: &Typed<'_>) -> Parsed {
    let (name, rest) = split_word(typed.rest);
    let channel = typed.needed(name)?;
    let (access, password) = match split_word(rest) {
        ("" | "open", "") => (Access::Open, None),
        ("invite", "") => (Access::Invite, None),
        ("password", "") => return Err(typed.missing()),
        ("password", password) => (Access::Password, Some(ChannelPassword::parse(password)?)),
        ("open" | "invite", more) => return Err(typed.wrong(more)),
        (access, _) => return Err(typed.wrong(access)),
    };
    Ok(Command::Create {
        channel,
        access,
        password,
    })
}

pub(super) fn halls(typed: &Typed<'_>) -> Parsed {
    if typed.rest.is_empty() {
        return Ok(Command::Halls);
    }
    let hall = typed.word()?;
    Ok(Command::ChangeHall { hall })
}

pub(super) fn set_role(typed: &Typed<'_>, role: Role) -> Parsed {
    Ok(Command::SetRole {
        channel: typed.here()?,
        username: typed.player()?,
        role,
    })
}

pub(super) fn slow(typed: &Typed<'_>) -> Parsed {
    let number = typed.word()?;
    let seconds = number.parse().ok();
    let seconds = seconds.filter(|&seconds| seconds <= MAX_SLOW_MODE_S);
    Ok(Command::Slow {
        channel: typed.here()?,
        seconds: seconds.ok_or_else(|| typed.wrong(&number))?,
    })
}

/// The first word behind the name may be a time.
pub(super) fn sanction(typed: &Typed<'_>, sanction: SanctionKind) -> Parsed {
    let (name, more) = split_word(typed.rest);
    let username = typed.needed(&plain_name(name))?;
    let (word, rest) = split_word(more);
    let (for_s, reason) = match seconds(word) {
        Some(seconds) => (Some(seconds), rest),
        None => (None, more),
    };
    Ok(Command::Sanction {
        username,
        sanction,
        channel: typed.here()?,
        for_s,
        reason: reason.to_owned(),
    })
}

pub(super) fn lift(typed: &Typed<'_>, sanction: SanctionKind) -> Parsed {
    Ok(Command::LiftSanction {
        username: typed.player()?,
        sanction,
        channel: typed.here()?,
    })
}

pub(super) fn purge(typed: &Typed<'_>) -> Parsed {
    let (name, time) = split_word(typed.rest);
    let username = typed.needed(&plain_name(name))?;
    let since_s = match time {
        "" => None,
        time => Some(seconds(time).ok_or_else(|| typed.wrong(time))?),
    };
    Ok(Command::DeleteLines {
        username,
        channel: typed.here()?,
        since_s: since_s.filter(|&seconds| seconds > 0),
    })
}

/// A time such as `90s`, `10m`, `2h`, `3d`; `forever` is 0.
fn seconds(word: &str) -> Option<u64> {
    if word.eq_ignore_ascii_case("forever") {
        return Some(0);
    }
    let (number, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let number: u32 = number.parse().ok()?;
    Some(u64::from(number) * seconds)
}

/// The first word of why may be a category.
pub(super) fn report(typed: &Typed<'_>) -> Parsed {
    let (name, why) = split_word(typed.rest);
    let username = typed.needed(&plain_name(name))?;
    let (word, rest) = split_word(why);
    let (category, text) = match ReportCategory::from_name(&word.to_lowercase()) {
        Some(category) => (category, rest),
        None => (ReportCategory::Other, why),
    };
    Ok(Command::Report {
        username,
        category,
        text: text.to_owned(),
    })
}

pub(super) fn close(typed: &Typed<'_>) -> Parsed {
    let session = match typed.word()?.as_str() {
        "others" => None,
        number => Some(number.parse().map_err(|_| typed.wrong(number))?),
    };
    Ok(Command::CloseSession(session))
}

pub(super) fn help(typed: &Typed<'_>) -> Parsed {
    let name = typed.rest.trim_start_matches('/');
    Ok(Command::Help((!name.is_empty()).then(|| name.to_owned())))
}

/// A word and what comes behind it.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// A player's name, which people also write with an `@`.
pub(super) fn plain_name(name: &str) -> String {
    match Target::parse(name) {
        // Read by the rules that all names are read by.
        Ok(Target::Whispers(username)) => username.to_string(),
        _ => name.strip_prefix('@').unwrap_or(name).to_owned(),
    }
}
