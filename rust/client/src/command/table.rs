//! Every command once: its names, how it is written, what it does, and how the rest of
//! the line is read.

use longhall_packet::{PresenceState, ReportCategory, Role, SanctionKind};

use super::Argument::{self, Channel, Player, Text, Word};
use super::parse::{self, Typed};
use super::{Command, CommandError};

/// One command, for parser, help and completion alike.
#[derive(Debug)]
pub struct CommandInfo {
    /// Without the slash.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// How to write it.
    pub usage: &'static str,
    /// What it does, in a few words.
    pub description: &'static str,
    pub(super) arguments: &'static [Argument],
    pub(super) read: fn(&Typed<'_>) -> Result<Command, CommandError>,
}

impl PartialEq for CommandInfo {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for CommandInfo {}

/// The command of this name, in any case.
pub(super) fn find(name: &str) -> Option<&'static CommandInfo> {
    let name = name.to_lowercase();
    let is_called =
        |info: &&CommandInfo| info.name == name || info.aliases.contains(&name.as_str());
    COMMANDS.iter().find(is_called)
}

/// What a player may be reported for.
const CATEGORIES: &[&str] = &[
    ReportCategory::Harassment.name(),
    ReportCategory::Hate.name(),
    ReportCategory::Sexual.name(),
    ReportCategory::Violence.name(),
    ReportCategory::Spam.name(),
    ReportCategory::Cheating.name(),
    ReportCategory::Name.name(),
    ReportCategory::Other.name(),
];

macro_rules! commands {
    ($($name:literal $aliases:tt $arguments:tt $usage:literal, $description:literal => $read:expr;)*) => {
        /// Every command, in the order of the help.
        pub static COMMANDS: &[CommandInfo] = &[$(CommandInfo {
            name: $name,
            aliases: &$aliases,
            usage: $usage,
            description: $description,
            arguments: &$arguments,
            read: $read,
        }),*];
    };
}

commands! {
    "w" ["msg", "whisper"] [Player, Text] "/w NAME TEXT", "whisper to one player"
        => parse::whisper;
    "r" ["reply"] [Text] "/r TEXT", "answer the last whisper"
        => parse::reply;
    "me" [] [Text] "/me TEXT", "say what you do"
        => |typed| Ok(Command::say(typed.channel, format!("/me {}", typed.text()?)));
    "join" ["j"] [Channel, Text] "/join CHANNEL [PASSWORD]", "join a channel"
        => parse::join;
    "create" [] [Text, Word(&["open", "invite", "password"]), Text]
        "/create CHANNEL [open | invite | password PASSWORD]", "create a channel"
        => parse::create;
    "party" [] [] "/party", "open a channel for a party, which others join by its code"
        => |typed| typed.alone(Command::Party);
    "code" [] [Text] "/code CODE", "join a party by its code"
        => |typed| Ok(Command::Code { code: typed.text()? });
    "leave" ["part"] [Channel] "/leave [CHANNEL]", "leave a channel"
        => |typed| Ok(Command::Leave { channel: typed.named_or_here()? });
    "who" ["members"] [Channel] "/who [CHANNEL]", "list who is in a channel"
        => |typed| Ok(Command::Who { channel: typed.named_or_here()? });
    "channels" ["list"] [] "/channels", "list the channels there are"
        => |typed| typed.alone(Command::Channels);
    "halls" ["hall"] [Text] "/halls [NUMBER]", "list the halls of the lobby, or change to another"
        => parse::halls;
    "topic" [] [Text] "/topic TEXT", "say what the channel is about"
        => |typed| Ok(Command::Topic { channel: typed.here()?, topic: typed.text()? });
    "slow" ["slowmode"] [Text] "/slow SECONDS", "have members say one line in so many seconds, 0 ends it"
        => parse::slow;
    "invite" [] [Player] "/invite NAME", "invite a player into the channel"
        => |typed| Ok(Command::Invite { channel: typed.here()?, username: typed.player()? });
    "kick" ["remove"] [Player] "/kick NAME", "take a player out of the channel; in the lobby, out of the game"
        => |typed| Ok(Command::Kick { channel: typed.here()?, username: typed.player()? });
    "mute" [] [Player, Text] "/mute NAME [TIME] [WHY]", "keep a player from speaking here; in the lobby, anywhere"
        => |typed| parse::sanction(typed, SanctionKind::Mute);
    "unmute" [] [Player] "/unmute NAME", "let a player speak again"
        => |typed| parse::lift(typed, SanctionKind::Mute);
    "ban" [] [Player, Text] "/ban NAME [TIME] [WHY]", "keep a player out of here; in the lobby, of the game"
        => |typed| parse::sanction(typed, SanctionKind::Ban);
    "unban" [] [Player] "/unban NAME", "let a player in again"
        => |typed| parse::lift(typed, SanctionKind::Ban);
    "purge" [] [Player, Text] "/purge NAME [TIME]", "delete what a player said here; in the lobby, anywhere"
        => parse::purge;
    "op" [] [Player] "/op NAME", "make a member an operator"
        => |typed| parse::set_role(typed, Role::Operator);
    "deop" [] [Player] "/deop NAME", "make an operator a member again"
        => |typed| parse::set_role(typed, Role::Member);
    "away" ["afk"] [Text] "/away [TEXT]", "say that you are not at the keyboard"
        => |typed| Ok(Command::Presence { state: PresenceState::Away, text: typed.rest.to_owned() });
    "back" [] [] "/back", "say that you are back"
        => |typed| typed.alone(Command::Presence { state: PresenceState::Online, text: String::new() });
    "block" ["ignore"] [Player] "/block NAME", "hear nothing more from a player"
        => |typed| Ok(Command::Block { username: typed.player()? });
    "unblock" ["unignore"] [Player] "/unblock NAME", "end a block"
        => |typed| Ok(Command::Unblock { username: typed.player()? });
    "blocks" [] [] "/blocks", "list whom you have blocked"
        => |typed| typed.alone(Command::Blocks);
    "report" [] [Player, Word(CATEGORIES), Text]
        "/report NAME [WHY]", "report a player to the moderators"
        => parse::report;
    "sessions" ["devices"] [] "/sessions", "list where you are logged in"
        => |typed| typed.alone(Command::Sessions);
    "close" [] [Word(&["others"])] "/close NUMBER | others", "log out on another device"
        => parse::close;
    "help" ["?"] [Argument::Command] "/help [COMMAND]", "list the commands, or explain one"
        => parse::help;
}
