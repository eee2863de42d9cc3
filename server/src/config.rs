//! Everything an operator or a test may set.

use std::path::PathBuf;
use std::time::Duration;

use longhall_packet::limits::MAX_CHANNELS_PER_ACCOUNT;
use longhall_packet::{ChannelName, Limits, Topic};

/// Settings of one server. [`Config::default`] is what the program starts with.
#[derive(Clone, Debug)]
pub struct Config {
    /// What every player reads on connecting. Empty: nothing.
    pub message_of_the_day: String,
    /// The channel that everybody is in.
    pub lobby: ChannelName,
    /// What the lobby is about: its topic, which no player can change.
    pub welcome: Topic,
    /// Most connections at a time; more are refused with `too_many_connections`.
    pub max_connections: usize,
    /// Most connections at a time from one address (one /64 network for IPv6). Twice
    /// as many may be opened at once, and a quarter of it each second.
    pub max_connections_per_address: usize,
    /// Registrations allowed per address and hour, all at once if need be.
    pub registrations_per_hour: u32,
    /// Login tries allowed per address and minute, all at once if need be.
    pub logins_per_minute: u32,
    /// Login tries allowed per user name, address and minute; twice as many from all
    /// the addresses together that the account was never logged in to from. Also the
    /// tries per session and minute to change the password.
    pub logins_per_minute_per_name: u32,
    /// Resumes with tokens that are worth nothing allowed per address and minute.
    /// Others are not counted.
    pub failed_resumes_per_minute: u32,
    /// Packets allowed per connection and second, averaged over four seconds;
    /// `history` is counted apart.
    pub packets_per_second: u32,
    /// `history` packets allowed per connection and second, averaged over four
    /// seconds: who comes back after a while has many to send.
    pub history_per_second: u32,
    /// Lines, whispers, edits and deletions allowed per account and second, averaged
    /// over four seconds, from all its sessions together. `None`: as many as
    /// packets of one connection.
    pub lines_per_second: Option<u32>,
    /// Whispers allowed per account and minute, thirty of them at once, to players who
    /// never whispered back.
    pub unanswered_whispers_per_minute: u32,
    /// Tries at the passwords of channels allowed per account and minute.
    pub channel_passwords_per_minute: u32,
    /// Channels an account may create per hour, all at once if need be: the
    /// numbers of a channel are kept when it is gone.
    pub creations_per_hour: u32,
    /// Invitations per account and minute.
    pub invitations_per_minute: u32,
    /// Sessions (devices) an account may have; at a login beyond, the one that
    /// was seen least lately ends.
    pub sessions_per_account: usize,
    /// Channels an account may be in, the lobby not counted; at most 32.
    pub channels_per_account: usize,
    /// Members a channel may have. Not for the lobby.
    pub members_per_channel: usize,
    /// Accounts that one account may block; at most 500.
    pub blocks_per_account: usize,
    /// Invitations kept for one account; the oldest make room. At most 30.
    pub invitations_per_account: usize,
    /// Lines and whispers are forgotten after so many days.
    pub history_days: u32,
    /// Lines kept per channel; the oldest make room.
    pub history_lines: u64,
    /// Whispers kept per account, sent and received; beyond, the oldest of the
    /// conversations that hold the most make room.
    pub whispers_kept: u64,
    /// Whispers that may wait for an account that is not there; more are denied
    /// `inbox_full`. One sender may fill a quarter of that, and all those whom the
    /// account has not written to half of it.
    pub whispers_waiting: usize,
    /// Bytes of the database beyond which the oldest lines of all channels and inboxes
    /// are forgotten. 0: it may grow as it will.
    pub max_database_bytes: u64,
    /// How long after it was said a line may be edited or deleted.
    pub edit_window: Duration,
    /// How long a player whose connection was cut still counts as online.
    pub grace: Duration,
    /// How often the news of who came and went is told, at most.
    pub presence_interval: Duration,
    /// How often what is too old is looked for and forgotten.
    pub prune_interval: Duration,
    /// User names that nobody can register, nor what looks like them, beyond the
    /// lobby's and some built-in ones (`admin`, `server` and the like). With a `!`
    /// before it, a built-in one that may be registered; what follows a `#` is a
    /// remark.
    pub reserved_names: Vec<String>,
    /// How long after a start nothing is forgotten by its age: the clock may be wrong
    /// until the network has put it right.
    pub clock_wait: Duration,
    /// How often the size of the database is looked at.
    pub size_interval: Duration,
    /// A text file with the user names that may not come in, one a line. It may
    /// change while the server runs. `None`: nobody is banned.
    pub banned_names: Option<PathBuf>,
    /// How often that file is looked at.
    pub ban_interval: Duration,
    /// How long the WebSocket handshake may take.
    pub handshake_timeout: Duration,
    /// How long a connection may stay without logging in.
    pub login_timeout: Duration,
    /// How long a connection may say nothing at all. It is asked by a WebSocket
    /// ping after half of it.
    pub idle_timeout: Duration,
    /// How long a peer may take nothing at all of what is sent to it.
    pub write_timeout: Duration,
    /// How long connections get to take their last packets when the server stops.
    pub shutdown_timeout: Duration,
    /// How long a resume token is good for.
    pub resume_lifetime: Duration,
    /// Most bytes waiting for one connection. Beyond half of it chat lines are
    /// left out and announced as a `gap`; a peer that falls behind further still
    /// is closed with `too_slow`.
    pub outbox_max_bytes: usize,
    /// Threads that hash passwords. `None`: one less than the machine has
    /// cores, at least one.
    pub hash_threads: Option<usize>,
    /// Most logins and registrations waiting for a hash; more are answered `busy`.
    pub hash_queue: usize,
    /// Cost of a password hash.
    pub hash_cost: HashCost,
}

/// Parameters of argon2id. Raising them re-hashes each password at its next login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl HashCost {
    /// 19 MiB, 2 passes, 1 lane: the first choice of the OWASP Password Storage
    /// Cheat Sheet
    /// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id>).
    pub const OWASP: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
    /// The least argon2 allows. For tests of everything but hashing.
    pub const FOR_TESTS: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self {
            message_of_the_day: String::new(),
            lobby: ChannelName::parse("lobby").expect("a sound name"),
            welcome: Topic::default(),
            max_connections: 20_000,
            max_connections_per_address: 64,
            registrations_per_hour: 30,
            logins_per_minute: 30,
            logins_per_minute_per_name: 10,
            failed_resumes_per_minute: 300,
            packets_per_second: 10,
            history_per_second: 50,
            lines_per_second: None,
            unanswered_whispers_per_minute: 120,
            channel_passwords_per_minute: 10,
            creations_per_hour: 40,
            invitations_per_minute: 20,
            sessions_per_account: 8,
            channels_per_account: 20,
            members_per_channel: 5_000,
            blocks_per_account: 200,
            invitations_per_account: 30,
            history_days: 90,
            history_lines: 100_000,
            whispers_kept: 10_000,
            whispers_waiting: 200,
            max_database_bytes: 20 * 1024 * 1024 * 1024,
            edit_window: Duration::from_secs(15 * 60),
            grace: Duration::from_secs(30),
            presence_interval: Duration::from_secs(1),
            prune_interval: Duration::from_secs(10 * 60),
            reserved_names: Vec::new(),
            clock_wait: Duration::from_secs(15 * 60),
            size_interval: Duration::from_secs(1),
            banned_names: None,
            ban_interval: Duration::from_secs(2),
            handshake_timeout: Duration::from_secs(10),
            login_timeout: Duration::from_secs(600),
            idle_timeout: Duration::from_secs(90),
            write_timeout: Duration::from_secs(10),
            shutdown_timeout: Duration::from_secs(5),
            resume_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            outbox_max_bytes: 256 * 1024,
            hash_threads: None,
            hash_queue: 64,
            hash_cost: HashCost::OWASP,
        }
    }
}

impl Config {
    /// What a client is told to keep to.
    pub(crate) fn limits(&self) -> Limits {
        let channels = self.channels_per_account.min(MAX_CHANNELS_PER_ACCOUNT);
        Limits {
            channels_per_account: u32::try_from(channels).unwrap_or(u32::MAX),
            edit_window_s: u32::try_from(self.edit_window.as_secs()).unwrap_or(u32::MAX),
            ..Limits::default()
        }
    }
}
