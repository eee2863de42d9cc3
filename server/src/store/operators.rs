//! Who signs in to the console in the browser.

use std::fmt;

use async_trait::async_trait;

use super::StoreError;

/// Who signs in to the console, and what of that is kept.
#[async_trait]
pub trait Operators: Send + Sync + 'static {
    /// Adds one. False when there is one of this name.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_operator(&self, new: NewOperator) -> Result<bool, StoreError>;

    /// One by the key of the name.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn operator(&self, name_key: &str) -> Result<Option<Operator>, StoreError>;

    /// All, in the order of names.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn operators(&self) -> Result<Vec<Operator>, StoreError>;

    /// Changes one. False when there is none, or a rule is against it.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn change_operator(
        &self,
        operator: OperatorId,
        change: OperatorChange,
    ) -> Result<bool, StoreError>;
}

/// The number of an operator. It is never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorId(pub i64);

/// What an operator may do in the console: each what those before it may, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperatorRole {
    /// Sees how the server is, which accounts and which channels there are.
    Viewer,
    /// Reads what was said, and keeps order.
    Moderator,
    /// Does everything.
    Admin,
}

impl OperatorRole {
    /// The name that is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// An operator, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its number.
    pub id: OperatorId,
    /// Its name, as it is shown.
    pub name: String,
    /// What it may do.
    pub role: OperatorRole,
    /// argon2id, as of players.
    pub password_hash: String,
    /// Somebody else knows the password.
    pub must_change: bool,
    /// The second factor's secret in base32, if there is one.
    pub totp_secret: Option<String>,
    /// Counts up when all its sign-ins end.
    pub version: i64,
    /// When it was added, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When it signed in last; 0 when it has not.
    pub last_seen_at_ms: i64,
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// An operator to be added. Its password is known to whoever adds it.
#[derive(Clone)]
pub struct NewOperator {
    /// As it is shown.
    pub name: String,
    /// By which it is found.
    pub name_key: String,
    /// What it may do.
    pub role: OperatorRole,
    /// argon2id.
    pub password_hash: String,
    /// Now, in milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A change of an operator.
#[derive(Clone)]
pub enum OperatorChange {
    /// It may do something else. Not done where `keeps_admin` and nobody else is an admin.
    Role {
        /// What.
        role: OperatorRole,
        /// Whether there must be an admin afterwards.
        keeps_admin: bool,
    },
    /// It is gone. Not done where `keeps_admin` and nobody else is an admin.
    Gone {
        /// Whether there must be an admin afterwards.
        keeps_admin: bool,
    },
    /// It has chosen a password. All its sign-ins end. Not done when the hash is not `was`
    /// any more.
    Password {
        /// The hash before.
        was: String,
        /// The hash from now on.
        hash: String,
    },
    /// Somebody gave it a password, without a second factor. All its sign-ins end.
    Reset {
        /// The hash from now on.
        hash: String,
    },
    /// Its second factor has this secret, or there is none. All its sign-ins end.
    Totp(Option<String>),
    /// All its sign-ins end.
    SignedOut,
    /// A code of this step of time is used. Not done when it, or a newer one, was before.
    UsedStep(i64),
    /// It signs in, at this time.
    SignsIn {
        /// In milliseconds since 1970.
        now_ms: i64,
        /// The hash that its password fits.
        was: String,
        /// The same password's with the parameters of today, in place of that.
        rehashed: Option<String>,
    },
}
