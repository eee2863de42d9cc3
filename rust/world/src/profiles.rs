//! Profiles: what players show of themselves for a game's sake.

use std::collections::BTreeSet;

use longhall_packet::{Denial, DenyCode, Field, Profile, ProfileVersion};

use crate::World;
use crate::records::UserId;

/// A profile that is kept with an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptProfile {
    /// What others see.
    pub profile: Profile,
    /// Counts its changes; 0 for one that was never set.
    pub version: ProfileVersion,
}

/// A change of an account's profile.
#[derive(Clone, Debug)]
pub struct ProfileChange {
    /// Whose.
    pub user: UserId,
    /// What is changed, and by whom.
    pub by: ProfileAuthor,
    /// The keys that are the game's.
    pub game_keys: BTreeSet<String>,
}

/// Who changes a profile, and what.
#[derive(Clone, Debug)]
pub enum ProfileAuthor {
    /// Its player.
    Player {
        /// What takes its place but for the game's keys.
        profile: Profile,
        /// Only if this is its version still.
        if_version: Option<ProfileVersion>,
    },
    /// The game's server.
    Game {
        /// What the game's keys are from now on; those that are not named stay, `null` takes
        /// one out.
        values: Profile,
    },
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileChanged {
    /// It is so now; the version is the one before when nothing was different.
    Now {
        /// The profile as it is.
        kept: KeptProfile,
        /// Whether something is different.
        is_new: bool,
    },
    /// It breaks a rule, or another change came first.
    Refused(Denial),
    /// There is no such account any more.
    NoAccount,
}

impl ProfileChange {
    /// What becomes of the profile that an account has.
    pub fn apply(&self, before: &KeptProfile) -> ProfileChanged {
        let changed = match &self.by {
            ProfileAuthor::Player {
                profile,
                if_version,
            } => {
                if if_version.is_some_and(|version| version != before.version) {
                    let (code, version) = (DenyCode::VersionConflict, before.version);
                    let denial = Denial::of_field(code, Field::Profile, Some(version));
                    return ProfileChanged::Refused(denial);
                }
                let wanted = profile.clone();
                before.profile.changed_by_player(wanted, &self.game_keys)
            }
            ProfileAuthor::Game { values } => {
                let values = values.clone();
                before.profile.changed_by_game(values, &self.game_keys)
            }
        };
        match changed {
            Err(denial) => ProfileChanged::Refused(denial),
            Ok(profile) => {
                let is_new = profile != before.profile;
                let version = before.version.saturating_add(u32::from(is_new));
                let kept = KeptProfile { profile, version };
                ProfileChanged::Now { kept, is_new }
            }
        }
    }
}

impl World {
    /// The profile of an account; empty if it never had one.
    pub fn profile(&self, user: UserId) -> KeptProfile {
        self.profiles.get(&user).cloned().unwrap_or_default()
    }

    /// Changes a profile.
    pub fn change_profile(&mut self, change: &ProfileChange) -> ProfileChanged {
        let user = self.users.get(&change.user);
        // An erased account has a hash that no password fits.
        if user.is_none_or(|(user, _)| user.password_hash == "!") {
            return ProfileChanged::NoAccount;
        }
        let changed = change.apply(&self.profile(change.user));
        if let ProfileChanged::Now { kept, is_new: true } = &changed {
            self.profiles.insert(change.user, kept.clone());
        }
        changed
    }
}
