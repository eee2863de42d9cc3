//! What the rules speak of: accounts, sessions, channels, members, lines, and how many
//! of them there may be. The model and every store take and give these.

mod recovery;

use longhall_packet::{
    Access, ChannelName, Line, LineId, LineKind, NameKeys, Role, Seq, Speech, Temporary,
};

pub use recovery::{CodeHash, LoginRow, RECOVERY_CODES, Recovered, Recovery, Safety};

/// Unread lines are counted up to here.
pub const UNREAD_COUNTED: u32 = 1000;
/// They are counted among so many of the newest entries: a marker that stands
/// still must not cost ever more to count from.
pub const UNREAD_SEEN: u64 = 5000;
/// Entries that may wait in the inbox of an account that is away before edits of
/// whispers are taken no more.
pub const CHANGES_WAITING: u64 = 1000;
/// Whispers between two that are looked at for one that answers.
pub const ANSWERS_SEEN: u16 = 1000;
/// Places kept of an account from where it was logged in to.
pub const PLACES_KEPT: u8 = 16;
/// A part of that, as of the whispers that wait, is all one sender may fill.
pub const SHARES: usize = 4;
/// Among so many of the newest entries of a conversation it is looked whether the
/// recipient has ever answered.
pub const WRITTEN_LATELY: u64 = 200;
/// Conversations listed of an inbox.
pub const CONVERSATIONS_LISTED: u32 = 50;

/// Whispers of one sender that may wait where `at_most` may in all.
///
/// And all those whom the recipient has never written to may fill one half only, so
/// that strangers, however many, leave room for friends.
pub fn share_of_waiting(at_most: usize) -> usize {
    at_most.div_ceil(SHARES)
}

/// How many entries each conversation may hold so that all of them hold at most `kept`;
/// at least 1.
pub fn share(conversations: impl Iterator<Item = i64>, kept: i64) -> i64 {
    let mut entries: Vec<i64> = conversations.collect();
    entries.sort_unstable();
    let mut left = kept;
    let mut others = entries.len() as i64;
    for held in entries {
        // A conversation below an equal share leaves the rest of it to the others.
        let equal = left / others;
        if held > equal {
            return equal.max(1);
        }
        left -= held;
        others -= 1;
    }
    i64::MAX
}

/// Identifies an account for good; names may change one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 of a resume token. The token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A part of the hash of an address (one /64 network for IPv6): enough to know it
/// again, too little to tell it from some hundred others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place(pub u32);

/// An account to create.
pub struct NewUser {
    /// The name as typed.
    pub username: String,
    /// The keys no other account may have.
    pub keys: NameKeys,
    /// The password's hash as a PHC string.
    pub password_hash: String,
    /// The recovery codes it begins with. May be none.
    pub recovery_codes: Vec<CodeHash>,
}

/// What an account is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountKind {
    /// An account like any other.
    #[default]
    Full,
    /// It has a password, and waits for a moderator to let it in.
    Waiting,
    /// It has no password, and is forgotten in a while.
    Guest,
}

impl AccountKind {
    /// Every one there is.
    pub const ALL: &[Self] = &[Self::Full, Self::Waiting, Self::Guest];

    /// The number that is stored.
    pub const fn number(self) -> i64 {
        match self {
            Self::Full => 0,
            Self::Waiting => 1,
            Self::Guest => 2,
        }
    }

    /// The one of this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.number() == number)
    }

    /// The name that operators read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "account",
            Self::Waiting => "waiting",
            Self::Guest => "guest",
        }
    }

    /// Whether it has a guest's limits: also while it waits.
    pub const fn is_limited(self) -> bool {
        !matches!(self, Self::Full)
    }
}

/// SHA-256 of an invite code. The code itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InviteHash(pub [u8; 32]);

/// On which terms an account is made.
#[derive(Clone, Default)]
pub struct Terms {
    /// What it becomes.
    pub kind: AccountKind,
    /// The invite that it uses up, where it takes one.
    pub invite: Option<InviteHash>,
    /// How many of its kind there may be, this one counted.
    pub at_most: Option<usize>,
    /// When, in milliseconds since 1970; invites expire.
    pub now_ms: i64,
}

/// What came of making an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is there.
    Done(UserId),
    /// Another account has the name, or one that looks the same.
    NameTaken,
    /// The invite is unknown, used up or expired.
    InviteNeeded,
    /// There are as many of its kind as may be.
    Full,
    /// Of an upgrade: the account is no guest.
    NotAGuest,
}

/// An invite to add.
#[derive(Clone)]
pub struct NewInvite {
    /// The hash of its code.
    pub code: InviteHash,
    /// How many accounts it is good for.
    pub uses: u32,
    /// Until when, in milliseconds since 1970; `None` for good.
    pub until_ms: Option<i64>,
    /// Since when.
    pub created_at_ms: i64,
    /// Who made it.
    pub made_by: String,
    /// For whom, or what; may be empty.
    pub note: String,
}

/// An invite, as operators see it: without its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Its number.
    pub id: i64,
    /// How many accounts it is still good for.
    pub uses_left: u32,
    /// How many it was good for.
    pub uses: u32,
    /// Until when, in milliseconds since 1970; `None` for good.
    pub until_ms: Option<i64>,
    /// Since when.
    pub created_at_ms: i64,
    /// Who made it.
    pub made_by: String,
    /// For whom, or what; may be empty.
    pub note: String,
}

impl Invite {
    /// Whether it lets somebody in.
    pub fn is_good(&self, now_ms: i64) -> bool {
        self.uses_left > 0 && self.until_ms.is_none_or(|until_ms| until_ms > now_ms)
    }
}

/// An account.
#[derive(Clone)]
pub struct User {
    /// Its identity.
    pub id: UserId,
    /// The name as registered.
    pub username: String,
    /// The password's hash as a PHC string; a guest has none that a password fits.
    pub password_hash: String,
    /// When it registered, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it will be deleted, in milliseconds since 1970, if its player has asked for it.
    pub deleted_at_ms: Option<i64>,
    /// What it is.
    pub kind: AccountKind,
}

/// What came of keeping an account that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It stays.
    Kept,
    /// It was not to be deleted.
    NotMarked,
    /// Its time is over.
    TooLate,
}

/// Another name for an account, as its player wants it.
#[derive(Clone)]
pub struct NewName {
    /// Whose.
    pub user: UserId,
    /// The hash of the password that was right: nothing is changed when it is another by
    /// now.
    pub known: String,
    /// The name from now on.
    pub username: String,
    /// Its keys.
    pub keys: NameKeys,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
    /// The last new name must be older than this, in milliseconds since 1970.
    pub not_since_ms: i64,
    /// Until when the old name is kept for the account, in milliseconds since 1970.
    pub kept_until_ms: i64,
}

/// What came of giving an account another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameChanged {
    /// It has it, and had this one before.
    From(String),
    /// It, or what looks like it, is another's, or kept for another.
    Taken,
    /// The last new name is from this time, in milliseconds since 1970.
    TooSoon(i64),
    /// Another password was set meanwhile.
    OtherPassword,
}

/// A request for the next account whose time has come.
#[derive(Clone, Copy, Debug)]
pub struct DeletionClaim {
    /// Its time must be over by then, in milliseconds since 1970.
    pub due_by_ms: i64,
    /// An earlier claim that holds until then is over: whoever had it has not come to an
    /// end.
    pub over_by_ms: i64,
    /// Until when this claim holds.
    pub until_ms: i64,
}

/// An account that is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Which.
    pub user: UserId,
    /// Its name.
    pub username: String,
    /// The key by which it is found.
    pub name_key: String,
    /// When its player asked for it, in milliseconds since 1970.
    pub asked_at_ms: i64,
    /// When it will be deleted.
    pub due_at_ms: i64,
}

/// A line in a channel, as its author gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Behind which one to go on.
    pub place: i64,
    /// Where.
    pub channel: String,
    /// Its number there.
    pub seq: Seq,
    /// When, in milliseconds since 1970.
    pub sent_at_ms: i64,
    /// When it was edited; 0 if it was not.
    pub edited_at_ms: i64,
    /// What; empty once it is deleted.
    pub text: String,
}

/// A part of what an account has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidPage {
    /// The lines, by channel.
    pub lines: Vec<Said>,
    /// Behind which line to go on; `None` when all were looked at.
    pub next: Option<i64>,
}

/// Identifies a session of an account, in the list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub i64);

/// Identifies a channel for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub i64);

/// A login that may be resumed.
pub struct NewSession {
    /// The account it belongs to.
    pub user: UserId,
    /// The token that resumes it.
    pub token: TokenHash,
    /// What the player calls the device. May be empty.
    pub device: String,
    /// When it was made, in milliseconds since 1970.
    pub now_ms: i64,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// Those of the account that expired by then end, in milliseconds since 1970.
    pub ended_by_ms: i64,
    /// Sessions the account may have, this one counted; at least 1. Those that
    /// were seen least lately end.
    pub at_most: usize,
    /// Its sessions that are connected: they are seen now.
    pub connected: Vec<SessionId>,
    /// From where, if that is to be known again.
    pub place: Option<Place>,
    /// From which network, if this is to be the account's last login from now on.
    pub network: Option<String>,
}

/// An exchange of a resume token for the next one.
pub struct Rotation {
    /// The token the client showed.
    pub presented: TokenHash,
    /// The token it gets.
    pub next: TokenHash,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
    /// When the session ends from now on, in milliseconds since 1970.
    pub expires_at_ms: i64,
    /// From where, if that is to be known again.
    pub place: Option<Place>,
    /// A session that expired by then has ended, in milliseconds since 1970.
    pub ended_by_ms: i64,
}

/// A session of an account, for its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its identity.
    pub id: SessionId,
    /// What the player calls the device.
    pub device: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it was there last, in milliseconds since 1970.
    pub last_seen_at_ms: i64,
}

/// A channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its identity.
    pub id: ChannelId,
    /// Its name.
    pub name: ChannelName,
    /// What it is about.
    pub topic: String,
    /// Who may join.
    pub access: Access,
    /// How lines are held in check there.
    pub speech: Speech,
    /// The password's hash as a PHC string, when the access is by password.
    pub password_hash: Option<String>,
    /// How one comes in, and when it ends, if it is for a match or a party.
    pub temporary: Option<Temporary>,
    /// Of the lobby, which of its halls it is: 1 for the first one. Everybody who has no row
    /// for another hall is a member of the first one, without a row for it.
    pub hall: Option<u32>,
    /// The oldest number kept; `last_seq + 1` when none is.
    pub first_seq: Seq,
    /// The newest number; 0 before the first line.
    pub last_seq: Seq,
}

impl Channel {
    /// Whether it is the lobby: one of its halls. Nobody owns it, and nobody leaves it.
    pub fn is_lobby(&self) -> bool {
        self.hall.is_some()
    }
}

impl std::fmt::Debug for Channel {
    /// Without the hash of the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("topic", &self.topic)
            .field("access", &self.access)
            .field("speech", &self.speech)
            .field("first_seq", &self.first_seq)
            .field("last_seq", &self.last_seq)
            .finish_non_exhaustive()
    }
}

/// A channel to create.
pub struct NewChannel {
    /// Its name.
    pub name: ChannelName,
    /// What it is about.
    pub topic: String,
    /// Who may join.
    pub access: Access,
    /// The password's hash as a PHC string, when the access is by password.
    pub password_hash: Option<String>,
    /// Its first member.
    pub owner: UserId,
    /// Channels the owner may be in, this one counted.
    pub channels_per_account: usize,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
}

/// A channel for a match or a party to create. One comes in by its code or an invitation.
#[derive(Clone)]
pub struct NewTemporary {
    /// Its name.
    pub name: ChannelName,
    /// What it is about.
    pub topic: String,
    /// How one comes in, and when it ends.
    pub temporary: Temporary,
    /// Its owner, who is its first member; `None` where the game's server makes it.
    pub owner: Option<UserId>,
    /// Who else is a member from the start. Whoever is in too many channels is left out.
    pub members: Vec<UserId>,
    /// Channels an account may be in, this one counted.
    pub channels_per_account: usize,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
}

/// Somebody in a channel for a match or a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryMember {
    /// The channel.
    pub channel: ChannelId,
    /// Its name.
    pub name: ChannelName,
    /// The account.
    pub user: UserId,
    /// Its name.
    pub username: String,
    /// What it may do there.
    pub role: Role,
}

/// What came of creating a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It exists.
    Channel(Channel),
    /// Another channel has the name.
    Taken,
    /// The owner is in too many channels.
    TooManyChannels,
}

/// What came of joining a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The account is a member now.
    Member,
    /// It had been one.
    Already,
    /// The channel has as many members as it may have.
    ChannelFull,
    /// The account is in too many channels.
    TooManyChannels,
    /// The channel is gone.
    NoChannel,
}

/// What came of leaving a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// The account was no member.
    NotAMember,
    /// It is out. The new owner, when the channel lost its own.
    Out {
        /// The channel's owner from now on, when that changed.
        heir: Option<(UserId, String)>,
    },
    /// It is out, and was the last: the channel is gone with its lines. Should
    /// the name be used again, the numbers go on from where they were.
    ChannelGone,
}

/// A channel as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The channel.
    pub channel: Channel,
    /// What the member may do.
    pub role: Role,
    /// Up to where it has read.
    pub read_seq: Seq,
    /// Lines said by others behind `read_seq`, up to 1000.
    pub unread: u32,
    /// Members there are; 0 for the lobby, whose members are those online.
    pub members: u32,
}

/// What joining must not exceed.
#[derive(Clone, Copy, Debug)]
pub struct MemberLimits {
    /// Members a channel may have.
    pub members_per_channel: usize,
    /// Channels an account may be in, the lobby not counted.
    pub channels_per_account: usize,
}

/// A member of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The account.
    pub user: UserId,
    /// Its name.
    pub username: String,
    /// What it may do.
    pub role: Role,
    /// Whether it is a guest, or as good as one.
    pub guest: bool,
}

/// Something to write into a channel's history or into two inboxes. The caller has
/// checked that the sender may do so, except where [`Appended`] says otherwise.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// The account that writes.
    pub sender: UserId,
    /// Its name, as it is shown.
    pub sender_name: String,
    /// What.
    pub what: LogAction,
    /// The present, in milliseconds since 1970.
    pub now_ms: i64,
}

/// What an [`LogEntry`] is.
#[derive(Clone, Debug)]
pub enum LogAction {
    /// A line in a channel.
    Say {
        /// Where.
        channel: ChannelId,
        /// Taken once an account.
        line_id: LineId,
        /// What.
        text: String,
    },
    /// A line of the game's in a channel, whoever is in it. It is no player's: nobody edits it.
    System {
        /// Where.
        channel: ChannelId,
        /// What.
        text: String,
    },
    /// A line from player to player.
    Whisper {
        /// To whom.
        recipient: UserId,
        /// The name of the recipient, as it is shown.
        recipient_name: String,
        /// Taken once an account.
        line_id: LineId,
        /// What.
        text: String,
        /// Whispers that may wait for a recipient that has not been there since;
        /// `None` for one that is online. One sender may fill a quarter of that, and
        /// all those whom the recipient has not written to, half of it.
        kept_at_most: Option<usize>,
    },
    /// Another text for a line of the sender's.
    Edit {
        /// Where the line is; `None` for a whisper, by its number in the
        /// sender's inbox.
        channel: Option<ChannelId>,
        /// Its number.
        of: Seq,
        /// How it reads from now on.
        text: String,
        /// Lines said before this may not be changed, in milliseconds since 1970.
        not_before_ms: i64,
    },
    /// No text any more for a line of the sender's.
    Delete {
        /// As for an edit.
        channel: Option<ChannelId>,
        /// Its number.
        of: Seq,
        /// As for an edit.
        not_before_ms: i64,
    },
}

/// What came of an [`LogEntry`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the channel's history.
    Line {
        /// As every member gets it.
        line: Line,
    },
    /// It is in both inboxes, under a number in each.
    Whisper {
        /// As the sender's other devices get it.
        sent: Line,
        /// The account of the other inbox.
        recipient: UserId,
        /// As the recipient gets it.
        received: Line,
    },
    /// A line with this id had been taken, under this number (of the sender's
    /// inbox for a whisper). Nothing was written.
    Before {
        /// Its number.
        seq: Seq,
        /// When it was said, in milliseconds since 1970.
        sent_at_ms: i64,
    },
    /// The line to change does not exist, is not the sender's, or is deleted.
    UnknownLine,
    /// The line to change was said too long ago; or, by a clock that was ahead, it is
    /// still to be said.
    TooLate,
    /// The recipient has blocked the sender.
    Blocked,
    /// Too many whispers, or edits of whispers, wait for the recipient.
    InboxFull,
    /// The channel is gone, or the sender no member of it any more.
    NotAMember,
}

/// Which lines to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The newest.
    Newest,
    /// The oldest with greater numbers.
    After(Seq),
    /// The newest with smaller numbers.
    Before(Seq),
}

/// The log to read lines from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// A channel's.
    Channel(ChannelId),
    /// All whispers of an account.
    Inbox(UserId),
    /// The whispers of the first account with the second, by their numbers in
    /// the inbox of the first.
    Whispers(UserId, UserId),
}

/// A page of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The oldest number kept; `last_seq + 1` when none is.
    pub first_seq: Seq,
    /// The newest number there is.
    pub last_seq: Seq,
    /// In the order of their numbers, each with the account that said it.
    pub lines: Vec<(UserId, Line)>,
    /// Whether there are more in the direction of the cursor.
    pub more: bool,
}

/// What to forget.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Lines and whispers said before are forgotten, in milliseconds since 1970.
    pub not_before_ms: i64,
    /// Lines stamped from and to these times are of no known time: they go with those
    /// behind them.
    pub doubtful_ms: Option<(i64, i64)>,
    /// Lines kept per channel.
    pub lines_per_channel: u64,
    /// Whispers kept per inbox: beyond, the conversations that hold the most give
    /// their oldest.
    pub whispers_per_inbox: u64,
    /// Sessions that expired by then end, in milliseconds since 1970.
    pub now_ms: i64,
}

/// What a step of forgetting did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// More is left to do.
    pub is_more: bool,
    /// Lines that were too old.
    pub old: u64,
    /// Lines that were too many.
    pub beyond: u64,
    /// Sessions that ended.
    pub sessions: u64,
}

/// What a step of making room did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shrunk {
    /// More is left to do.
    pub is_more: bool,
    /// Lines forgotten.
    pub lines: u64,
    /// When the newest of them was said, in milliseconds since 1970.
    pub up_to_ms: i64,
    /// Bytes that are in use.
    pub bytes: u64,
}

/// What the clock has shown so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Up to where it was believed, in milliseconds since 1970.
    pub believed_ms: Option<i64>,
    /// Lines that were said while it was behind.
    pub doubt: Option<Doubt>,
}

/// Lines stamped by a clock that was behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The earliest stamp, in milliseconds since 1970.
    pub from_ms: i64,
    /// The latest.
    pub to_ms: i64,
    /// When the last of them was said, by what had been believed of the clock.
    pub said_ms: i64,
}

/// What stands in an inbox for an entry that was forgotten from between others.
pub fn forgotten(seq: Seq) -> (UserId, Line) {
    let line = Line {
        seq,
        sender: String::new(),
        recipient: None,
        text: String::new(),
        sent_at_ms: 0,
        kind: LineKind::Hidden,
        edited_at_ms: None,
        of: None,
    };
    (UserId(0), line)
}

/// What is left of a line for a reader who has blocked its sender: the number without
/// the words.
pub fn hidden(line: &Line) -> Line {
    Line {
        seq: line.seq,
        sender: String::new(),
        recipient: None,
        text: String::new(),
        sent_at_ms: line.sent_at_ms,
        kind: LineKind::Hidden,
        edited_at_ms: None,
        of: None,
    }
}
