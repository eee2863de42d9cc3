//! Opening a database: whether it is one that Longhall can work with, and its tables.

use std::fmt;
use std::sync::Arc;

use postgres::Client;
use postgres::error::SqlState;
use tracing::{info, warn};

use super::address::{Address, ConnectError};
use super::error::{Error, reason, text_of};
use super::layout::{self, Found, Step};
use super::reach::Reach;
use super::seat::Seat;
use super::transaction::{Purpose, Transaction};
use crate::store::sql::looks;
use crate::store::{Doubt, Seen, StoreError};

/// The oldest PostgreSQL that is known to do.
const OLDEST: i32 = 15;

/// Why a database cannot be used. The text is for the operator, says what to do, and
/// never contains the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The address is none.
    #[error("this is no address like postgres://user:password@host:5432/database: {0}")]
    BadAddress(&'static str),
    /// The name of its host leads nowhere.
    #[error("nobody knows the host {host:?} of the database; look at the name in the address")]
    UnknownHost {
        /// The name.
        host: String,
    },
    /// Nobody answers there.
    #[error(
        "cannot reach the database server of {address} ({cause}); see that it runs and can be reached from here"
    )]
    NotReachable {
        /// Where.
        address: String,
        /// What the system said.
        cause: String,
    },
    /// The password, the user or the right to connect is wrong.
    #[error(
        "the database server of {address} does not let {user:?} in ({cause}); look at the user and the password"
    )]
    NotLetIn {
        /// Where.
        address: String,
        /// Who.
        user: String,
        /// What the server said.
        cause: String,
    },
    /// The server's own list of who may come has us not.
    #[error(
        "the database server of {address} lets nobody in from here as {user:?} ({cause}); add a line for this machine to its pg_hba.conf, or give sslmode=require if it has one for TLS alone"
    )]
    NotListed {
        /// Where.
        address: String,
        /// Who.
        user: String,
        /// What the server said.
        cause: String,
    },
    /// TLS is asked for, and the server has none.
    #[error(
        "the database server of {address} has no TLS; turn it on there (ssl = on), or give sslmode=disable if nobody can listen on the way"
    )]
    NoTls {
        /// Where.
        address: String,
    },
    /// The certificate is not to be trusted, or TLS came to nothing otherwise.
    #[error(
        "no TLS with the database server of {address} ({cause}); give the certificate of who signed its own by sslrootcert=FILE, and its host by the name that it is for"
    )]
    NotTrusted {
        /// Where.
        address: String,
        /// What is wrong.
        cause: String,
    },
    /// It starts, stops or recovers.
    #[error(
        "the database server of {address} is not ready ({cause}); wait until it is, and start again"
    )]
    NotReady {
        /// Where.
        address: String,
        /// What the server said.
        cause: String,
    },
    /// All connections are taken.
    #[error(
        "the database server of {address} has no connection left ({cause}); raise its max_connections, or end what holds them"
    )]
    NoneLeft {
        /// Where.
        address: String,
        /// What the server said.
        cause: String,
    },
    /// There is no such database.
    #[error(
        "there is no database {database:?} at {address}; create it: createdb --encoding=UTF8 --template=template0 {database}"
    )]
    NoDatabase {
        /// Where.
        address: String,
        /// Its name.
        database: String,
    },
    /// The server is too old.
    #[error("{address} is PostgreSQL {found}; Longhall needs 15 or newer")]
    TooOld {
        /// Where.
        address: String,
        /// Its version.
        found: String,
    },
    /// The database cannot hold every text.
    #[error(
        "{address} has the encoding {found}; create it anew with --encoding=UTF8 --template=template0"
    )]
    NotUtf8 {
        /// Where.
        address: String,
        /// Its encoding.
        found: String,
    },
    /// It only follows another server.
    #[error(
        "{address} is a standby, which takes no changes; give the address of the server it follows"
    )]
    Standby {
        /// Where.
        address: String,
    },
    /// It is told not to take changes.
    #[error(
        "{address} takes no changes, as default_transaction_read_only is on there; turn it off, or give the address of a database that takes them"
    )]
    ReadOnly {
        /// Where.
        address: String,
    },
    /// There are tables of another program.
    #[error("{address} has tables of another program; give Longhall a database of its own")]
    Foreign {
        /// Where.
        address: String,
    },
    /// A newer server has changed the layout.
    #[error(
        "{address} was changed by a newer longhall-server (its layout is version {found}, this program knows up to {known}); it was left as it is: start that newer server"
    )]
    Newer {
        /// Where.
        address: String,
        /// The layout's version.
        found: i64,
        /// The newest version this program knows.
        known: usize,
    },
    /// A copy was begun and not finished.
    #[error(
        "{address} holds a copy that is not whole yet; start copy-store again, and it goes on where it was"
    )]
    HalfCopy {
        /// Where.
        address: String,
    },
    /// Something else.
    #[error("cannot open {address}: {detail}")]
    Other {
        /// Where.
        address: String,
        /// What went wrong.
        detail: String,
    },
}

/// What is known of a database that was opened.
pub(super) struct Opened {
    /// Whether other servers had it open.
    pub(super) has_company: bool,
    pub(super) epoch: String,
    pub(super) seen: Seen,
}

/// What is done where a copy was begun and not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HalfCopy {
    /// Nothing: no server starts on it.
    Refused,
    /// The copy goes on.
    GoesOn,
}

/// Looks a database over and brings its layout up to date. Blocks.
pub(super) fn open(
    reach: &Arc<Reach>,
    steps: &[Step],
    half_copy: HalfCopy,
) -> Result<Opened, PostgresError> {
    let address = reach.address();
    let mut client = address
        .connect()
        .map_err(|cause| explain(address, &cause))?;
    let has_company = look_over(&mut client, address, half_copy).map_err(|cause| match cause {
        Refused::Here(cause) => cause,
        Refused::Asking(cause) => other(address, text_of(&cause)),
    })?;
    drop(client);
    let mut seat = Seat::new(Arc::clone(reach));
    let mut change = |act: &mut Act<'_>| -> Result<(), PostgresError> {
        seat.transact(Purpose::Change, |db| act(db))
            .map_err(|cause| other(address, cause))
    };
    bring_up_to_date(&mut change, address, steps)?;
    let (mut alike, mut is_newer) = (Vec::new(), false);
    let mut opened = None;
    change(&mut |db| {
        layout::take_turn(db)?;
        // A newer neighbour goes on with its keys.
        is_newer = looks::is_newer(db)?;
        if !is_newer {
            alike = looks::renew(db)?;
        }
        opened = Some(Opened {
            has_company,
            ..state(db)?
        });
        Ok(())
    })?;
    if is_newer {
        warn!(
            database = %address,
            "a newer longhall-server has another rule for names that look alike: this one \
             registers nobody until it is of that version, too"
        );
    }
    for names in alike {
        warn!(
            names = names.join(", "),
            "accounts look alike by the rules of this version; each is still logged in \
             to by its own name, and no further one like them can be registered"
        );
    }
    opened.ok_or_else(|| other(address, "its state is missing"))
}

/// Something to do in a transaction, once or more often.
type Act<'a> = dyn FnMut(&mut Transaction<'_>) -> Result<(), Error> + 'a;

fn bring_up_to_date(
    change: &mut dyn FnMut(&mut Act<'_>) -> Result<(), PostgresError>,
    address: &Address,
    steps: &[Step],
) -> Result<(), PostgresError> {
    loop {
        let mut found = Found::Fits;
        change(&mut |db| {
            found = layout::step(db, steps)?;
            Ok(())
        })?;
        let shown = address.to_string();
        match found {
            Found::Fits => return Ok(()),
            Found::Stepped { to } => {
                info!(
                    database = shown,
                    to, "brought the database's layout up to date"
                );
            }
            Found::Foreign => return Err(PostgresError::Foreign { address: shown }),
            Found::Newer { found } => {
                return Err(PostgresError::Newer {
                    address: shown,
                    found,
                    known: steps.len(),
                });
            }
        }
    }
}

enum Refused {
    Here(PostgresError),
    Asking(postgres::Error),
}

impl From<postgres::Error> for Refused {
    fn from(cause: postgres::Error) -> Self {
        Self::Asking(cause)
    }
}

/// Whether the server and the database are such that Longhall can work with them. Returns
/// whether others have it open.
fn look_over(client: &mut Client, address: &Address, half_copy: HalfCopy) -> Result<bool, Refused> {
    let row = client.query_one(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int,
                current_setting('server_encoding'), pg_is_in_recovery(),
                current_setting('synchronous_commit'), current_setting('fsync'),
                to_regclass('copying') IS NOT NULL,
                EXISTS (SELECT 1 FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                            AND application_name = current_setting('application_name')),
                current_setting('transaction_read_only')",
        &[],
    )?;
    let address = address.to_string();
    if row.try_get::<_, i32>(1)? < OLDEST * 10_000 {
        let found = row.try_get(0)?;
        return Err(Refused::Here(PostgresError::TooOld { address, found }));
    }
    let found: String = row.try_get(2)?;
    if found != "UTF8" {
        return Err(Refused::Here(PostgresError::NotUtf8 { address, found }));
    }
    if row.try_get(3)? {
        return Err(Refused::Here(PostgresError::Standby { address }));
    }
    if row.try_get::<_, &str>(8)? == "on" {
        return Err(Refused::Here(PostgresError::ReadOnly { address }));
    }
    if row.try_get(6)? && half_copy == HalfCopy::Refused {
        return Err(Refused::Here(PostgresError::HalfCopy { address }));
    }
    for (column, setting) in [(4, "synchronous_commit"), (5, "fsync")] {
        if row.try_get::<_, &str>(column)? == "off" {
            warn!(
                database = address,
                setting,
                "the database has a setting off that keeps what it has acknowledged: lines \
                 that players were told are taken can be lost when it crashes"
            );
        }
    }
    Ok(row.try_get(7)?)
}

/// What the database says of itself. A new one gets its name here.
fn state(db: &mut Transaction<'_>) -> Result<Opened, Error> {
    let epoch = crate::store::sqlite::new_epoch();
    db.change("UPDATE state SET epoch = $1 WHERE epoch = ''", &[&epoch])?;
    let row = db.first(
        "SELECT epoch, seen_ms, doubt_from_ms, doubt_to_ms, doubt_said_ms FROM state",
        &[],
    )?;
    let row = row.ok_or(StoreError::Failed("its state is missing".to_owned()))?;
    let doubt: (Option<i64>, Option<i64>, Option<i64>) =
        (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    Ok(Opened {
        has_company: false,
        epoch: row.try_get(0)?,
        seen: Seen {
            believed_ms: row.try_get(1)?,
            doubt: match doubt {
                (Some(from_ms), Some(to_ms), Some(said_ms)) => Some(Doubt {
                    from_ms,
                    to_ms,
                    said_ms,
                }),
                _ => None,
            },
        },
    })
}

/// Why there is no connection, with what to do.
pub(super) fn explain(address: &Address, cause: &ConnectError) -> PostgresError {
    let (shown, text) = (address.to_string(), reason(cause));
    let said = match cause {
        ConnectError::Tls(detail) => return other(address, detail),
        ConnectError::Database(cause) => cause,
    };
    match said.code() {
        Some(code) => explain_answer(address, code, text),
        // The library tells these apart by their text alone.
        None => match (said.to_string().as_str(), text.as_str()) {
            ("error performing TLS handshake", "server does not support TLS") => {
                PostgresError::NoTls { address: shown }
            }
            ("error performing TLS handshake", _) => PostgresError::NotTrusted {
                address: shown,
                cause: text,
            },
            ("authentication error" | "invalid configuration", _) => PostgresError::NotLetIn {
                address: shown,
                user: address.user().to_owned(),
                cause: text,
            },
            _ => match address.unknown_host() {
                Some(host) => PostgresError::UnknownHost { host },
                None => PostgresError::NotReachable {
                    address: shown,
                    cause: text,
                },
            },
        },
    }
}

/// The same of a server that says why.
fn explain_answer(address: &Address, code: &SqlState, cause: String) -> PostgresError {
    let (shown, user) = (address.to_string(), address.user().to_owned());
    match *code {
        SqlState::INVALID_CATALOG_NAME => PostgresError::NoDatabase {
            address: shown,
            database: address.database().to_owned(),
        },
        SqlState::CANNOT_CONNECT_NOW => PostgresError::NotReady {
            address: shown,
            cause,
        },
        SqlState::TOO_MANY_CONNECTIONS => PostgresError::NoneLeft {
            address: shown,
            cause,
        },
        // The name of the file stands in every language.
        _ if cause.contains("pg_hba.conf") => PostgresError::NotListed {
            address: shown,
            user,
            cause,
        },
        _ if code.code().starts_with("28") || *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            PostgresError::NotLetIn {
                address: shown,
                user,
                cause,
            }
        }
        _ => other(address, cause),
    }
}

pub(super) fn other(address: &Address, detail: impl fmt::Display) -> PostgresError {
    PostgresError::Other {
        address: address.to_string(),
        detail: detail.to_string(),
    }
}
