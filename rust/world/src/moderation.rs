//! Who keeps order, and who is kept from what.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use longhall_packet::{SanctionKind, ServerRole};

use crate::World;
use crate::records::{ChannelId, Place, UserId};

/// As `not_before_ms` of a [`LogAction::Delete`](crate::records::LogAction::Delete): somebody
/// who keeps order deletes the line of its author. However old it is, and though its author
/// has left the channel. No player reaches it, as an edit window is never so long.
pub const BY_OPERATOR: i64 = i64::MIN;

/// An account that may do more than a player, on the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The account.
    pub user: UserId,
    /// Its name, as it is shown.
    pub username: String,
    /// What it may do.
    pub role: ServerRole,
}

/// From whom something is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SanctionOn {
    /// An account, on the whole server.
    Account(UserId),
    /// An account, in a channel.
    Member(UserId, ChannelId),
    /// All who come from a network, as in `203.0.113.0/24`.
    Network(String),
}

impl SanctionOn {
    /// The account, if it is on one.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Account(user) | Self::Member(user, _) => Some(*user),
            Self::Network(_) => None,
        }
    }

    /// The channel, if it holds in one only.
    pub const fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::Member(_, channel) => Some(*channel),
            Self::Account(_) | Self::Network(_) => None,
        }
    }
}

/// A ban or a mute; or a kick, which only the history of an account knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sanction {
    /// What is kept from them.
    pub kind: SanctionKind,
    /// From whom.
    pub on: SanctionOn,
    /// The account's name, when it was read; not looked at when it is set.
    pub username: Option<String>,
    /// The channel's name, as [`username`](Self::username).
    pub channel: Option<String>,
    /// Until when it holds, in milliseconds since 1970; `None` for good.
    pub until_ms: Option<i64>,
    /// Since when.
    pub created_at_ms: i64,
    /// Who said so.
    pub made_by: String,
    /// Why; may be empty.
    pub reason: String,
}

impl Sanction {
    /// Whether it is over.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.until_ms.is_some_and(|until_ms| until_ms <= now_ms)
    }

    /// As whoever it is on is told.
    pub fn told(&self) -> longhall_packet::Sanction {
        longhall_packet::Sanction {
            sanction: self.kind,
            channel: self.channel.clone(),
            until_ms: self
                .until_ms
                .and_then(|until_ms| u64::try_from(until_ms).ok()),
            reason: self.reason.clone(),
        }
    }
}

/// A sanction that was once set on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSanction {
    /// What was set.
    pub sanction: Sanction,
    /// Whether it was lifted, or another one was set in its place.
    pub is_lifted: bool,
}

impl PastSanction {
    /// As moderators are told.
    pub fn told(&self, now_ms: i64) -> longhall_packet::PastSanction {
        let sanction = &self.sanction;
        let may_hold = !self.is_lifted && sanction.kind != SanctionKind::Kick;
        longhall_packet::PastSanction {
            sanction: sanction.told(),
            since_ms: sanction.created_at_ms.unsigned_abs(),
            by: sanction.made_by.clone(),
            holds: may_hold && !sanction.is_over(now_ms),
        }
    }
}

impl World {
    /// What an account may do on the whole server.
    pub fn server_role(&self, user: UserId) -> ServerRole {
        self.staff.get(&user).copied().unwrap_or_default()
    }

    /// Says what an account may do on the whole server.
    pub fn set_server_role(&mut self, user: UserId, role: ServerRole) {
        match role {
            ServerRole::Player => self.staff.remove(&user),
            role => self.staff.insert(user, role),
        };
    }

    /// Who may do more than a player, in the order of their names.
    pub fn staff(&self) -> Vec<Staff> {
        let staff = self.staff.iter();
        let mut staff: Vec<_> = staff
            .map(|(user, role)| Staff {
                user: *user,
                username: self.username(*user),
                role: *role,
            })
            .collect();
        staff.sort_by_key(|one| self.name_key(one.user).to_owned());
        staff
    }

    /// Sets a sanction in place of an earlier one of its kind on the same; a kick is noted
    /// alone. With `barred_until_ms` nobody registers until then from the places of the
    /// account.
    pub fn set_sanction(&mut self, sanction: Sanction, barred_until_ms: Option<i64>) {
        self.lift_sanction(sanction.kind, &sanction.on);
        if let (SanctionOn::Account(user), Some(until_ms)) = (&sanction.on, barred_until_ms) {
            let places = self.places.get(user).into_iter().flatten();
            let barred = places.map(|place| ((*place, *user), until_ms));
            self.barred.extend(barred);
        }
        self.sanctions.push(PastSanction {
            sanction,
            is_lifted: false,
        });
    }

    /// Lifts a sanction. Says whether there was one.
    pub fn lift_sanction(&mut self, kind: SanctionKind, on: &SanctionOn) -> bool {
        if let (SanctionOn::Account(user), SanctionKind::Ban) = (on, kind) {
            self.barred.retain(|(_, banned), _| banned != user);
        }
        let mut held = false;
        for past in &mut self.sanctions {
            if past.sanction.kind == kind && past.sanction.on == *on && !past.is_lifted {
                (past.is_lifted, held) = (true, true);
            }
        }
        held && kind != SanctionKind::Kick
    }

    /// The sanctions that hold, the oldest first.
    pub fn sanctions(&self, now_ms: i64) -> Vec<Sanction> {
        let all = self.sanctions.iter().filter(|past| {
            let sanction = &past.sanction;
            let is_kick = sanction.kind == SanctionKind::Kick;
            !past.is_lifted && !is_kick && !sanction.is_over(now_ms)
        });
        all.map(|past| self.with_names(&past.sanction)).collect()
    }

    /// What was set on an account since a time, the newest first. Where there is more than
    /// `limit`, what was set in channels is left out first: anybody may have one.
    pub fn past_sanctions(&self, user: UserId, since_ms: i64, limit: usize) -> Vec<PastSanction> {
        let of_them = |(_, past): &(usize, &PastSanction)| {
            past.sanction.on.user() == Some(user) && past.sanction.created_at_ms >= since_ms
        };
        let all = self.sanctions.iter().enumerate().rev();
        let mut found: Vec<_> = all.filter(of_them).collect();
        found.sort_by_key(|(_, past)| past.sanction.on.channel().is_some());
        found.truncate(limit);
        found.sort_by_key(|(number, _)| Reverse(*number));
        let named = found.into_iter().map(|(_, past)| PastSanction {
            sanction: self.with_names(&past.sanction),
            ..past.clone()
        });
        named.collect()
    }

    /// How often a sanction of a kind was set on the same since a time.
    pub fn count_sanctions(&self, kind: SanctionKind, on: &SanctionOn, since_ms: i64) -> usize {
        let is_same = |past: &&PastSanction| {
            let sanction = &past.sanction;
            sanction.kind == kind && sanction.on == *on && sanction.created_at_ms >= since_ms
        };
        self.sanctions.iter().filter(is_same).count()
    }

    /// From where nobody registers at `now_ms`, and until when.
    pub fn barred_places(&self, now_ms: i64) -> Vec<(Place, i64)> {
        let mut places = BTreeMap::new();
        for ((place, _), until_ms) in &self.barred {
            if *until_ms > now_ms {
                let known = places.entry(place.0).or_insert(*until_ms);
                *known = (*known).max(*until_ms);
            }
        }
        let places = places.into_iter();
        places
            .map(|(place, until_ms)| (Place(place), until_ms))
            .collect()
    }

    /// With the names of today.
    fn with_names(&self, sanction: &Sanction) -> Sanction {
        let channel = sanction.on.channel();
        let row = channel.and_then(|channel| self.channels.get(&channel));
        Sanction {
            username: sanction.on.user().map(|user| self.username(user)),
            channel: row.map(|row| row.name.to_string()),
            ..sanction.clone()
        }
    }
}
