//! Keys by which games' own servers ask for things.

use std::fmt;

use async_trait::async_trait;

use super::StoreError;

/// Keys by which games' own servers ask for things. Of each only a hash is kept.
#[async_trait]
pub trait GameKeys: Send + Sync + 'static {
    /// Adds one. False when there is one of this name.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_game_key(&self, new: NewGameKey) -> Result<bool, StoreError>;

    /// One by what is kept of its text.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn game_key(&self, hash: GameKeyHash) -> Result<Option<GameKey>, StoreError>;

    /// All, in the order of names.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn game_keys(&self) -> Result<Vec<GameKey>, StoreError>;

    /// Notes that one is used.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn set_game_key_used(&self, id: i64, now_ms: i64) -> Result<(), StoreError>;

    /// Takes one away. False when there is none of this name.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn delete_game_key(&self, name: &str) -> Result<bool, StoreError>;
}

/// SHA-256 of a key's text. It has more random bits than anybody could try.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GameKeyHash(pub [u8; 32]);

impl fmt::Debug for GameKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GameKeyHash")
    }
}

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Saying lines of the system's in channels.
    Say,
    /// Making and ending temporary channels.
    Channels,
    /// Looking up who is online, and accounts.
    Players,
    /// Logging players out.
    Kick,
    /// Redeeming players' tickets.
    Tickets,
    /// Setting the game's part of players' profiles.
    Profiles,
}

impl Scope {
    /// All there are.
    pub const ALL: &[Self] = &[
        Self::Say,
        Self::Channels,
        Self::Players,
        Self::Kick,
        Self::Tickets,
        Self::Profiles,
    ];

    /// The name that is stored, typed and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Say => "say",
            Self::Channels => "channels",
            Self::Players => "players",
            Self::Kick => "kick",
            Self::Tickets => "tickets",
            Self::Profiles => "profiles",
        }
    }

    /// What a key with it may do.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Say => "say lines of the game's in channels",
            Self::Channels => "make and end temporary channels",
            Self::Players => "look up who is online, and accounts",
            Self::Kick => "log players out",
            Self::Tickets => "redeem players' tickets",
            Self::Profiles => "set the game's part of players' profiles",
        }
    }

    /// The scope of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name)
    }
}

/// A key, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GameKey {
    /// Its number, which is never given again.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it was used last, to the hour; 0 when it was not.
    pub last_used_at_ms: i64,
    /// Until when it is good; `None` for good.
    pub until_ms: Option<i64>,
}

impl GameKey {
    /// Whether it is good at this time.
    pub fn is_good(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }
}

/// A key to be added.
#[derive(Clone, Debug)]
pub struct NewGameKey {
    /// Its name.
    pub name: String,
    /// What is kept of its text.
    pub hash: GameKeyHash,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// Now, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// Until when it is good; `None` for good.
    pub until_ms: Option<i64>,
}

/// Scopes as they are stored.
pub(super) fn scopes_text(scopes: &[Scope]) -> String {
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    names.join(" ")
}

/// Scopes as they were stored; those that only a newer server knows allow nothing here.
pub(super) fn scopes_of(text: &str) -> Vec<Scope> {
    text.split(' ').filter_map(Scope::from_name).collect()
}
