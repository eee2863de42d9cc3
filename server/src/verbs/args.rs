//! The commands as they are typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;
use longhall_server::admin::{Act, Actor};
use longhall_server::config::Secret;
use longhall_server::store::{OperatorRole, Scope};

use super::reports::Reports;

/// On which server or database, and how it is told. The names are not those of the
/// server's own options, whose defaults clap would hand on to these otherwise.
#[derive(Args, Clone)]
pub(crate) struct How {
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Why; for the audit log
    #[arg(long, global = true, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The database of the server, as it is started with
    #[arg(long = "database", global = true, value_name = "FILE")]
    pub(super) on_database: Option<PathBuf>,
    /// The PostgreSQL of the servers
    #[arg(long = "store", global = true, value_name = "URL")]
    #[arg(conflicts_with = "on_database")]
    pub(super) on_store: Option<Secret>,
    /// A file with the address of the PostgreSQL
    #[arg(long = "store-file", global = true, value_name = "FILE")]
    #[arg(conflicts_with_all = ["on_database", "on_store"])]
    pub(super) on_store_file: Option<PathBuf>,
    /// The socket of a running server
    #[arg(long = "admin-socket", global = true, value_name = "PATH")]
    pub(super) on_socket: Option<PathBuf>,
}

/// What operators do. Each goes to the running server, or to the database of one that is
/// stopped.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Lists, shows, renames, keeps and erases accounts
    Users(Family<Users>),
    /// Makes, lists and takes back codes that let somebody register
    Invites(Family<Invites>),
    /// Shows and replaces the keys that tickets for games' servers are signed with
    Tickets(Family<Tickets>),
    /// Lists and ends logins
    Sessions(Family<Sessions>),
    /// Lists, shows, deletes and gives away channels
    Channels(Family<Channels>),
    /// Lists, shows and closes what players reported
    Reports(Family<Reports>),
    /// Lists and deletes lines
    Lines(Family<Lines>),
    /// Keeps an account, an address or a range out
    Ban(Alone<Ban>),
    /// Lets them in again
    Unban(Alone<Unban>),
    /// Keeps an account from saying anything
    Mute(Alone<Mute>),
    /// Lets an account speak again
    Unmute(Alone<Unmute>),
    /// Logs an account out everywhere
    Kick(Alone<Kick>),
    /// Says something to everybody, in the lobby
    Announce(Alone<Announce>),
    /// Takes no new connections, then stops the server
    Drain(Alone<Drain>),
    /// Shows how the server is
    Status(Alone<Status>),
    /// Closes registration and slows everybody down, against a raid
    Lockdown(Alone<Lockdown>),
    /// Lists bans and mutes
    Sanctions(Family<Sanctions>),
    /// Shows what operators did
    Audit(Alone<Audit>),
    /// Lists, adds and removes who may sign in to the console in the browser
    Operators(Family<Operators>),
    /// Lists, makes and takes back keys for games' own servers
    GameKeys(Family<GameKeys>),
    /// Prints what makes a shell complete commands
    #[command(after_help = "Examples:
  longhall-server completions bash > /etc/bash_completion.d/longhall-server")]
    Completions {
        /// For which shell
        shell: Shell,
    },
}

/// Several verbs on one thing.
#[derive(Args)]
pub(crate) struct Family<V: Subcommand> {
    #[command(subcommand)]
    verb: V,
    #[command(flatten)]
    how: How,
}

/// A verb by itself.
#[derive(Args)]
pub(crate) struct Alone<V: Args> {
    #[command(flatten)]
    verb: V,
    #[command(flatten)]
    how: How,
}

#[derive(Subcommand)]
pub(crate) enum Users {
    /// Lists accounts in the order of their names
    #[command(after_help = "Examples:
  longhall-server users list --search mall
  longhall-server users list --waiting
  longhall-server users list --limit 1000 --after Ada --json")]
    List {
        /// Only those whose names hold this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those that wait to be let in
        #[arg(long)]
        waiting: bool,
        /// How many
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Behind this name
        #[arg(long, value_name = "NAME")]
        after: Option<String>,
        /// Only those whose players have deleted them, while they can be kept
        #[arg(long)]
        deleting: bool,
    },
    /// Keeps an account that its player has deleted
    #[command(after_help = "Examples:
  longhall-server users keep Ada --reason 'it was her brother, she says'")]
    Keep { name: String },
    /// Lets an account in that waits for it
    #[command(after_help = "Examples:
  longhall-server users approve Ada")]
    Approve { name: String },
    /// Takes an account away that waits to be let in; its name is free then
    #[command(after_help = "Examples:
  longhall-server users decline Mallory")]
    Decline { name: String },
    /// Shows an account: logins, channels, bans
    #[command(after_help = "Examples:
  longhall-server users show Ada")]
    Show { name: String },
    /// Gives an account another name; the old one is free then
    ///
    /// Its games are disconnected for a moment, and come back with the new name.
    #[command(after_help = "Examples:
  longhall-server users rename Mallory Mal --reason 'asked for it'")]
    Rename { name: String, new_name: String },
    /// Gives an account a random password, printed once, and ends its logins
    #[command(after_help = "Examples:
  longhall-server users reset-password Ada --reason 'lost it, called from a known number'")]
    ResetPassword { name: String },
    /// Makes an account a moderator or an admin in the game, or a player again
    ///
    /// Moderators mute, kick and ban players from the chatbox and delete what they said;
    /// admins do so to moderators as well. Who may sign in to the console is another thing:
    /// see `operators`.
    #[command(after_help = "Examples:
  longhall-server users set-role Ada moderator")]
    SetRole {
        name: String,
        /// player, moderator or admin
        role: String,
    },
    /// Lists who is moderator or admin in the game
    #[command(after_help = "Examples:
  longhall-server users staff")]
    Staff,
    /// Prints a code that works for a day, once, by which a player sets a new password
    #[command(
        after_help = "In the game: Forgot password?, with the name and the code. It takes
a second factor away, too. The password stays until then.

Examples:
  longhall-server users reset-code Ada --reason 'lost phone and password, called'"
    )]
    ResetCode { name: String },
    /// Deletes an account, all it has and the text of all it said; for good
    #[command(after_help = "Examples:
  longhall-server users erase Mallory --yes --reason 'request of 2026-11-02'")]
    Erase {
        name: String,
        /// It is meant
        #[arg(long)]
        yes: bool,
    },
    /// Prints all that is kept of an account, as JSON
    #[command(after_help = "Examples:
  longhall-server users export Ada > ada.json")]
    Export { name: String },
}

/// Where the server is started with --registration invite, nobody registers without a code.
#[derive(Subcommand)]
pub(crate) enum Invites {
    /// Makes a code, printed once
    #[command(after_help = "Examples:
  longhall-server invites add --note 'for Ada'
  longhall-server invites add --uses 20 --for 7d --note 'the tournament'")]
    Add {
        /// How many accounts it is good for
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// For so long: 30m, 2h, 3d; for good without
        #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
        for_s: Option<u64>,
        /// For whom, or what
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Lists them, without their codes
    #[command(after_help = "Examples:
  longhall-server invites list")]
    List,
    /// Takes one back, by its number
    #[command(after_help = "Examples:
  longhall-server invites remove 3")]
    Remove {
        /// The number that invites list shows
        #[arg(value_name = "ID")]
        invite: i64,
    },
}

/// A game's own server knows by a ticket who a player is. It needs the public keys, or asks this
/// server.
#[derive(Subcommand)]
pub(crate) enum Tickets {
    /// Prints the public keys as a JWK Set (RFC 7517)
    #[command(after_help = "Examples:
  longhall-server tickets keys > keys.json")]
    Keys,
    /// Has another key sign tickets, an hour from now, as games' servers have read it by then
    #[command(after_help = "Examples:
  longhall-server tickets rotate
  longhall-server tickets rotate --now --reason 'a backup was lost'")]
    Rotate {
        /// At once, as somebody may have the old key: tickets of before are void
        #[arg(long)]
        now: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Sessions {
    /// Lists where an account is logged in
    #[command(after_help = "Examples:
  longhall-server sessions list Ada")]
    List { name: String },
    /// Ends a login by its number, or all of an account
    #[command(after_help = "Examples:
  longhall-server sessions close 117
  longhall-server sessions close --all Ada")]
    Close {
        /// The number that sessions list shows
        #[arg(value_name = "ID", required_unless_present = "all")]
        session: Option<i64>,
        /// All of this account
        #[arg(long, value_name = "NAME", conflicts_with = "session")]
        all: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Channels {
    /// Lists channels in the order of their names, also those by invitation
    #[command(after_help = "Examples:
  longhall-server channels list --search guild
  longhall-server channels list --limit 20")]
    List {
        /// Only those whose names hold this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// How many
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Behind this name
        #[arg(long, value_name = "CHANNEL")]
        after: Option<String>,
    },
    /// Shows a channel: owner, operators, lines
    #[command(after_help = "Examples:
  longhall-server channels show den")]
    Show { channel: String },
    /// Deletes a channel with all that was said in it
    #[command(after_help = "Examples:
  longhall-server channels delete den --reason 'spam'")]
    Delete { channel: String },
    /// Makes a member the owner; the owner before becomes operator
    #[command(after_help = "Examples:
  longhall-server channels give den Ada")]
    Give { channel: String, to: String },
    /// Sets slow mode: the seconds from a member's line to their next one
    #[command(after_help = "Examples:
  longhall-server channels slow lobby 10
  longhall-server channels slow lobby 0")]
    Slow {
        channel: String,
        /// At most 21600; 0 ends slow mode
        #[arg(value_parser = value_parser!(u32).range(..=21_600))]
        seconds: u32,
    },
    /// Sets what becomes of lines with blocked words
    #[command(after_help = "Examples:
  longhall-server channels filter lobby refuse
  longhall-server channels filter lobby default")]
    Filter {
        channel: String,
        /// What becomes of them; `default` is what --blocked-words-default says
        #[arg(value_parser = ["mask", "refuse", "flag", "off", "default"])]
        mode: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Lines {
    /// Lists what was said in a channel, the newest lines last
    #[command(after_help = "Examples:
  longhall-server lines list lobby
  longhall-server lines list lobby --before 4711 --limit 20")]
    List {
        channel: String,
        /// Only lines before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
        /// How many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Deletes a line by its number, or what an account said
    #[command(after_help = "Examples:
  longhall-server lines delete lobby 4711
  longhall-server lines delete lobby --by Mallory --since 2h")]
    Delete {
        channel: String,
        /// The line's number
        #[arg(required_unless_present = "by")]
        seq: Option<u64>,
        /// All that this account said
        #[arg(long, value_name = "NAME", conflicts_with = "seq")]
        by: Option<String>,
        /// Only of so long: 30m, 2h, 3d
        #[arg(long, value_name = "TIME", requires = "by", value_parser = seconds)]
        since: Option<u64>,
    },
    /// Deletes all that an account said, in all channels
    #[command(after_help = "Examples:
  longhall-server lines purge Mallory --since 2h")]
    Purge {
        name: String,
        /// Only of so long: 30m, 2h, 3d
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        since: Option<u64>,
    },
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server ban Mallory --for 2d --reason 'spam'
  longhall-server ban 203.0.113.0/24 --for 1h")]
pub(crate) struct Ban {
    /// A name, an address or a range
    #[arg(value_name = "NAME|ADDRESS|RANGE")]
    whom: String,
    /// For so long: 30m, 2h, 3d; for good without
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    for_s: Option<u64>,
    /// For the next step of --ban-steps and --mute-steps, which is longer each time
    #[arg(long, conflicts_with = "for_s")]
    next_step: bool,
    /// In this channel only
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server unban Mallory")]
pub(crate) struct Unban {
    /// A name, an address or a range
    #[arg(value_name = "NAME|ADDRESS|RANGE")]
    whom: String,
    /// In this channel only
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server mute Mallory --for 30m")]
pub(crate) struct Mute {
    name: String,
    /// For so long: 30m, 2h, 3d; for good without
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    for_s: Option<u64>,
    /// For the next step of --ban-steps and --mute-steps, which is longer each time
    #[arg(long, conflicts_with = "for_s")]
    next_step: bool,
    /// In this channel only
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server unmute Mallory")]
pub(crate) struct Unmute {
    name: String,
    /// In this channel only
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server kick Mallory")]
pub(crate) struct Kick {
    name: String,
    /// In this channel only
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
}

/// For a while nobody registers, and each account says one line in three seconds; bans, kicks
/// and all else work as always. It ends by itself.
#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server lockdown --for 30m --reason 'raid'
  longhall-server lockdown --end")]
pub(crate) struct Lockdown {
    /// For so long: 10m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    #[arg(required_unless_present = "end")]
    for_s: Option<u64>,
    /// Go on as before
    #[arg(long, conflicts_with = "for_s")]
    end: bool,
}

#[derive(Subcommand)]
pub(crate) enum Sanctions {
    /// Lists the bans and mutes that hold
    #[command(after_help = "Examples:
  longhall-server sanctions list")]
    List,
    /// Lists what was ever set on an account, also what is over
    #[command(after_help = "Examples:
  longhall-server sanctions history Mallory")]
    History { name: String },
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server announce 'The tournament begins in ten minutes.'")]
pub(crate) struct Announce {
    text: String,
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server drain --in 5m
  longhall-server drain --cancel")]
pub(crate) struct Drain {
    /// After so long: 30s, 5m
    #[arg(long = "in", value_name = "TIME", value_parser = seconds)]
    #[arg(required_unless_present = "cancel")]
    in_s: Option<u64>,
    /// Go on as if nothing had been
    #[arg(long, conflicts_with = "in_s")]
    cancel: bool,
}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server status --json")]
pub(crate) struct Status {}

#[derive(Args)]
#[command(after_help = "Examples:
  longhall-server audit --since 2d")]
pub(crate) struct Audit {
    /// Only of so long: 30m, 2h, 3d
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    since: Option<u64>,
    /// The newest so many
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Only before this entry, by its number in --json
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
}

/// They are no players: names and passwords are their own.
#[derive(Subcommand)]
pub(crate) enum Operators {
    /// Lists who may sign in to the console, and as what
    #[command(after_help = "Examples:
  longhall-server operators list")]
    List,
    /// Lets somebody sign in, with a random password that is printed once
    ///
    /// A viewer sees how the server is, which accounts and channels there are. A moderator
    /// reads what was said and keeps order. An admin may do everything.
    #[command(after_help = "Examples:
  longhall-server operators add Ann --role admin")]
    Add {
        name: String,
        /// What they may do
        #[arg(long)]
        role: RoleName,
    },
    /// Lets an operator do more or less
    #[command(after_help = "Examples:
  longhall-server operators set-role Ben moderator")]
    SetRole { name: String, role: RoleName },
    /// Gives a random password, printed once, takes the second factor away and signs out
    #[command(after_help = "Examples:
  longhall-server operators reset Ben --reason 'lost the phone'")]
    Reset { name: String },
    /// Lets an operator sign in no more
    #[command(after_help = "Examples:
  longhall-server operators remove Ben")]
    Remove { name: String },
}

/// By such a key, a game's own server asks for things at --game-listen.
#[derive(Subcommand)]
pub(crate) enum GameKeys {
    /// Makes a key, printed once
    #[command(after_help = "Examples:
  longhall-server game-keys add arena --scope say --scope players
  longhall-server game-keys add test --scope kick --expires 90d")]
    Add {
        /// Its name in the list and the audit log: a-z, 0-9 and -
        name: String,
        /// What it is good for; give several by several --scope
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scopes())]
        scopes: Vec<String>,
        /// For how long it is good, as in 12h or 90d; for good without
        #[arg(long = "expires", value_name = "TIME", value_parser = seconds)]
        for_s: Option<u64>,
    },
    /// Lists keys, without their texts, and when each was used
    #[command(after_help = "Examples:
  longhall-server game-keys list")]
    List,
    /// Takes a key back, at once
    #[command(after_help = "Examples:
  longhall-server game-keys remove arena --reason 'was in a screenshot'")]
    Remove {
        /// Its name
        name: String,
    },
}

fn scopes() -> PossibleValuesParser {
    let values = Scope::ALL.iter();
    let values = values.map(|scope| PossibleValue::new(scope.name()).help(scope.meaning()));
    values.collect::<Vec<_>>().into()
}

/// What operators of the console may do.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    Viewer,
    Moderator,
    Admin,
}

impl From<RoleName> for String {
    fn from(role: RoleName) -> Self {
        let role = match role {
            RoleName::Viewer => OperatorRole::Viewer,
            RoleName::Moderator => OperatorRole::Moderator,
            RoleName::Admin => OperatorRole::Admin,
        };
        role.name().to_owned()
    }
}

/// A time such as `90s`, `5m` or `2d`, in seconds.
fn seconds(text: &str) -> Result<u64, humantime::DurationError> {
    humantime::parse_duration(text).map(|time: Duration| time.as_secs())
}

impl Verb {
    /// The act, and how it is done; or the shell whose completion is wanted.
    pub(super) fn parts(self) -> Result<(How, Act), Shell> {
        Ok(match self {
            Verb::Users(family) => (family.how, family.verb.act()),
            Verb::Invites(family) => (family.how, family.verb.act()),
            Verb::Tickets(family) => (family.how, family.verb.act()),
            Verb::Sessions(family) => (family.how, family.verb.act()),
            Verb::Channels(family) => (family.how, family.verb.act()),
            Verb::Reports(family) => (family.how, family.verb.act()),
            Verb::Lines(family) => (family.how, family.verb.act()),
            Verb::Ban(Alone { verb, how }) => {
                let Ban {
                    whom,
                    for_s,
                    next_step,
                    channel,
                } = verb;
                let act = Act::Ban {
                    whom,
                    for_s,
                    next_step,
                    channel,
                };
                (how, act)
            }
            Verb::Unban(Alone { verb, how }) => {
                let Unban { whom, channel } = verb;
                (how, Act::Unban { whom, channel })
            }
            Verb::Mute(Alone { verb, how }) => {
                let Mute {
                    name,
                    for_s,
                    next_step,
                    channel,
                } = verb;
                let act = Act::Mute {
                    name,
                    for_s,
                    next_step,
                    channel,
                };
                (how, act)
            }
            Verb::Unmute(Alone { verb, how }) => {
                let Unmute { name, channel } = verb;
                (how, Act::Unmute { name, channel })
            }
            Verb::Kick(Alone { verb, how }) => {
                let Kick { name, channel } = verb;
                (how, Act::Kick { name, channel })
            }
            Verb::Announce(Alone { verb, how }) => (how, Act::Announce { text: verb.text }),
            Verb::Drain(Alone { verb, how }) => match verb.in_s {
                Some(in_s) => (how, Act::Drain { in_s }),
                None => (how, Act::DrainCancel),
            },
            Verb::Status(Alone { how, .. }) => (how, Act::Status),
            Verb::Lockdown(Alone { verb, how }) => match verb.for_s {
                Some(for_s) => (how, Act::Lockdown { for_s }),
                None => (how, Act::LockdownEnd),
            },
            Verb::Sanctions(Family { verb, how }) => match verb {
                Sanctions::List => (how, Act::SanctionsList),
                Sanctions::History { name } => (how, Act::SanctionsHistory { name }),
            },
            Verb::Audit(Alone { verb, how }) => {
                let Audit {
                    since: since_s,
                    limit,
                    before,
                } = verb;
                let act = Act::Audit {
                    since_s,
                    before,
                    limit,
                };
                (how, act)
            }
            Verb::Operators(family) => (family.how, family.verb.act()),
            Verb::GameKeys(family) => (family.how, family.verb.act()),
            Verb::Completions { shell } => return Err(shell),
        })
    }
}

impl Users {
    fn act(self) -> Act {
        match self {
            Users::List {
                search,
                waiting,
                limit,
                after,
                deleting,
            } => Act::UsersList {
                search,
                waiting,
                after,
                limit,
                deleting,
            },
            Users::Keep { name } => Act::UsersKeep { name },
            Users::Approve { name } => Act::UsersApprove { name },
            Users::Decline { name } => Act::UsersDecline { name },
            Users::Show { name } => Act::UsersShow { name },
            Users::Rename { name, new_name } => Act::UsersRename { name, new_name },
            Users::ResetPassword { name } => Act::UsersResetPassword { name },
            Users::SetRole { name, role } => Act::UsersSetRole { name, role },
            Users::Staff => Act::UsersStaff,
            Users::ResetCode { name } => Act::UsersResetCode { name },
            Users::Erase { name, yes } => Act::UsersErase { name, yes },
            Users::Export { name } => Act::UsersExport { name, after: None },
        }
    }
}

impl Invites {
    fn act(self) -> Act {
        match self {
            Invites::Add { uses, for_s, note } => Act::InvitesAdd { uses, for_s, note },
            Invites::List => Act::InvitesList,
            Invites::Remove { invite } => Act::InvitesRemove { invite },
        }
    }
}

impl Tickets {
    fn act(self) -> Act {
        match self {
            Tickets::Keys => Act::TicketsKeys,
            Tickets::Rotate { now } => Act::TicketsRotate { now },
        }
    }
}

impl Sessions {
    fn act(self) -> Act {
        match self {
            Sessions::List { name } => Act::SessionsList { name },
            Sessions::Close {
                all: Some(name), ..
            } => Act::SessionsCloseAll { name },
            // Without the one there is the other.
            Sessions::Close { session, all: None } => Act::SessionsClose {
                session: session.unwrap_or_default(),
            },
        }
    }
}

impl Channels {
    fn act(self) -> Act {
        match self {
            Channels::List {
                search,
                limit,
                after,
            } => Act::ChannelsList {
                search,
                after,
                limit,
            },
            Channels::Show { channel } => Act::ChannelsShow { channel },
            Channels::Delete { channel } => Act::ChannelsDelete { channel },
            Channels::Give { channel, to } => Act::ChannelsGive { channel, to },
            Channels::Slow { channel, seconds } => Act::ChannelsSlow { channel, seconds },
            Channels::Filter { channel, mode } => Act::ChannelsFilter { channel, mode },
        }
    }
}

impl Lines {
    fn act(self) -> Act {
        match self {
            Lines::List {
                channel,
                before,
                limit,
            } => Act::LinesList {
                channel,
                before,
                limit,
            },
            Lines::Delete {
                channel,
                by: Some(name),
                since: since_s,
                ..
            } => Act::LinesDeleteBy {
                channel: Some(channel),
                name,
                since_s,
                at_most: None,
            },
            Lines::Purge { name, since } => Act::LinesDeleteBy {
                channel: None,
                name,
                since_s: since,
                at_most: None,
            },
            // Without the one there is the other.
            Lines::Delete { channel, seq, .. } => Act::LinesDelete {
                channel,
                seq: seq.unwrap_or_default(),
            },
        }
    }
}

impl Operators {
    fn act(self) -> Act {
        match self {
            Operators::List => Act::OperatorsList,
            Operators::Add { name, role } => Act::OperatorsAdd {
                name,
                role: role.into(),
            },
            Operators::SetRole { name, role } => Act::OperatorsSetRole {
                name,
                role: role.into(),
            },
            Operators::Reset { name } => Act::OperatorsReset { name },
            Operators::Remove { name } => Act::OperatorsRemove { name },
        }
    }
}

impl GameKeys {
    fn act(self) -> Act {
        match self {
            GameKeys::Add {
                name,
                scopes,
                for_s,
            } => Act::GameKeysAdd {
                name,
                scopes,
                for_s,
            },
            GameKeys::List => Act::GameKeysList,
            GameKeys::Remove { name } => Act::GameKeysRemove { name },
        }
    }
}

/// Who runs this program.
#[cfg(unix)]
pub(super) fn actor() -> Actor {
    longhall_server::admin::me()
}

/// Who runs this program, as Windows tells.
#[cfg(not(unix))]
pub(super) fn actor() -> Actor {
    let name = std::env::var("USERNAME").unwrap_or_else(|_| "unknown".to_owned());
    Actor {
        name,
        via: "store".to_owned(),
    }
}
