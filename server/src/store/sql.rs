//! The SQL that both engines understand, written once, and what it asks of an engine.
//!
//! Accounts, sessions, channels, members, invitations, blocks and read markers are the
//! same everywhere. What differs stays with the engine: the tables' layout, and lines.
//! Of channels with where their logs stand, each engine has a view, `channel_states`.

pub(super) mod channels;
pub(super) mod game_keys;
pub(super) mod gates;
pub(super) mod invitations;
pub(super) mod looks;
pub(super) mod members;
pub(super) mod operating;
pub(super) mod operators;
pub(super) mod own_data;
pub(super) mod profiles;
pub(super) mod temporary;
pub(super) mod halls;
pub(super) mod places;
pub(super) mod reads;
pub(super) mod recovery;
pub(super) mod reports;
pub(super) mod sanctions;
pub(super) mod sessions;
pub(super) mod tickets;
pub(super) mod users;

use std::ops::ControlFlow;

use super::{AccountKind, ChannelId, UserId};

/// A connection of either engine, inside a transaction.
///
/// Statements are kept prepared. Their parameters are written `?1`, `?2`, …
pub(super) trait Db {
    /// What goes wrong, in the engine's own words.
    type Error: From<NotUnderstood>;

    /// Runs a statement; returns how many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Self::Error>;

    /// Hands out the rows of a statement until there are no more, or `take` breaks off.
    fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: &mut TakeRow<'_, Self::Error>,
    ) -> Result<(), Self::Error>;

    /// The first row, if there is one.
    fn optional<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&dyn Row<Self::Error>) -> Result<T, Self::Error>,
    ) -> Result<Option<T>, Self::Error> {
        let mut found = None;
        self.query(sql, values, &mut |row| {
            found = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// The first row of a statement that always has one.
    fn one<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&dyn Row<Self::Error>) -> Result<T, Self::Error>,
    ) -> Result<T, Self::Error> {
        let found = self.optional(sql, values, read)?;
        found.ok_or_else(|| NotUnderstood::new("a row is missing").into())
    }

    /// All rows.
    fn all<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&dyn Row<Self::Error>) -> Result<T, Self::Error>,
    ) -> Result<Vec<T>, Self::Error> {
        let mut all = Vec::new();
        self.query(sql, values, &mut |row| {
            all.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Whether there is a row.
    fn exists(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, Self::Error> {
        let found = self.optional(sql, values, |_| Ok(()))?;
        Ok(found.is_some())
    }
}

/// What is done with a row, and whether the next is wanted.
pub(super) type TakeRow<'a, E> = dyn FnMut(&dyn Row<E>) -> Result<ControlFlow<()>, E> + 'a;

/// What each engine does in its own way.
pub(super) trait Engine: Db {
    /// Keeps others from changing something until the transaction ends.
    fn lock(&mut self, what: Lock) -> Result<(), Self::Error>;

    /// The newest number of a log.
    fn last_seq(&mut self, log: i64) -> Result<i64, Self::Error>;

    /// Lines of others behind a number of a channel's log, up to
    /// [`UNREAD_COUNTED`](super::UNREAD_COUNTED), among its newest entries. What the
    /// blocked say is not there to be read.
    fn unread(&mut self, log: i64, user: UserId, read_seq: i64) -> Result<u32, Self::Error>;

    /// The same of whispers of `peer` in the inbox of `user`.
    fn unread_whispers(
        &mut self,
        log: i64,
        peer: UserId,
        user: UserId,
        read_seq: i64,
    ) -> Result<u32, Self::Error>;

    /// With whom there are whispers in an inbox.
    fn peers(&mut self, log: i64) -> Result<Vec<UserId>, Self::Error>;

    /// Whether there are whispers with `peer` in an inbox.
    fn has_peer(&mut self, log: i64, peer: UserId) -> Result<bool, Self::Error>;

    /// Deletes all lines of a log, which counts on behind them.
    fn forget_lines(&mut self, log: i64) -> Result<(), Self::Error>;
}

/// What a change looks at before it changes something, so that nobody else may change it
/// in between. Of several the first here is taken first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lock {
    /// Which names of accounts are taken.
    UserNames,
    /// Who is an admin of the console.
    Operators,
    /// Which keys sign tickets.
    TicketKeys,
    /// Which names of channels are taken, and which channel is the lobby.
    ChannelNames,
    /// Who is in a channel, and whether it exists.
    Channel(ChannelId),
    /// What an account has: sessions, memberships, invitations, blocks.
    Account(UserId),
}

/// What a statement is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(&'a [u8]),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl<'a> From<&'a [u8; 32]> for Value<'a> {
    fn from(bytes: &'a [u8; 32]) -> Self {
        Self::Bytes(bytes)
    }
}

/// What a statement gives, by the number of the column. Truth is 1, and a lie 0.
pub(super) trait Row<E> {
    fn int(&self, column: usize) -> Result<i64, E>;
    fn text(&self, column: usize) -> Result<String, E>;
    fn maybe_text(&self, column: usize) -> Result<Option<String>, E>;
}

/// The database holds something that this program does not know.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotUnderstood(String);

impl NotUnderstood {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// A value of an enum that is stored by its stable name.
fn named<T, E: From<NotUnderstood>>(
    row: &dyn Row<E>,
    column: usize,
    from_name: impl Fn(&str) -> Option<T>,
) -> Result<T, E> {
    let name = row.text(column)?;
    from_name(&name).ok_or_else(|| NotUnderstood(format!("{name:?} is no value known here")).into())
}

/// What an account is.
fn account_kind<E: From<NotUnderstood>>(row: &dyn Row<E>, column: usize) -> Result<AccountKind, E> {
    let number = row.int(column)?;
    let kind = AccountKind::from_number(number);
    kind.ok_or_else(|| NotUnderstood(format!("{number} is no kind of account known here")).into())
}

/// A count of few.
fn small<E: From<NotUnderstood>>(number: i64) -> Result<u32, E> {
    u32::try_from(number).map_err(|_| NotUnderstood(format!("{number} is no count")).into())
}

/// A count or limit as databases hold it.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from the wire as databases hold it.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way round. Neither numbers nor times are negative here.
pub(super) fn seq(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A pattern of `LIKE … ESCAPE '!'` for what holds a text, whatever signs are in it.
fn holding(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}
