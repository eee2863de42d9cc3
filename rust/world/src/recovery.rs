//! Coming back: recovery codes, the second factor, and when somebody logged in last.

use std::collections::BTreeMap;

use crate::World;
use crate::records::{CodeHash, LoginRow, Recovered, Recovery, Safety, SessionId, UserId};

/// The number of the code that an operator gave out; the account's own count from 1.
const OPERATORS: u32 = 0;

/// What is kept of an account beside its row.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// By their numbers, with when they end.
    codes: BTreeMap<u32, (CodeHash, Option<i64>)>,
    factor: Option<Factor>,
    pub(crate) last_login: Option<LoginRow>,
}

#[derive(Clone)]
struct Factor {
    secret: String,
    is_confirmed: bool,
    used_step: i64,
}

impl World {
    /// Gives an account these codes, in place of all it had.
    pub(crate) fn set_codes(&mut self, user: UserId, codes: &[CodeHash]) {
        let numbered = (1..).zip(codes.iter().map(|code| (*code, None)));
        self.recovery.entry(user).or_default().codes = numbered.collect();
    }

    /// Gives an account these codes, in place of all it had, if its password's hash still is
    /// `known`. Says whether it was.
    pub fn renew_codes(&mut self, user: UserId, known: &str, codes: &[CodeHash]) -> bool {
        let is_known = self
            .users
            .get(&user)
            .is_some_and(|(user, _)| user.password_hash == known);
        if is_known {
            self.set_codes(user, codes);
        }
        is_known
    }

    /// Gives an account the operator's code, in place of an earlier one.
    pub fn give_code(&mut self, user: UserId, code: CodeHash, until_ms: i64) {
        let kept = self.recovery.entry(user).or_default();
        kept.codes.insert(OPERATORS, (code, Some(until_ms)));
    }

    /// What keeps an account safe.
    pub fn safety(&self, user: UserId) -> Safety {
        let Some(kept) = self.recovery.get(&user) else {
            return Safety::default();
        };
        let own = kept.codes.range(OPERATORS + 1..).count();
        let factor = kept.factor.as_ref().filter(|factor| factor.is_confirmed);
        Safety {
            second_factor: factor.map(|factor| factor.secret.clone()),
            recovery_codes_left: u32::try_from(own).unwrap_or(u32::MAX),
            last_login: kept.last_login.clone(),
        }
    }

    /// Replaces a password by a code, which is used up, and ends all sessions. By the
    /// operator's code the second factor ends as well. `None` when there is no such account,
    /// or it has no such code.
    pub fn recover(&mut self, recovery: Recovery) -> Option<Recovered> {
        let user = self.user_by_name(&recovery.name_key)?.id;
        let kept = self.recovery.get_mut(&user)?;
        let found = kept.codes.iter().find(|(_, (code, until_ms))| {
            *code == recovery.code && until_ms.is_none_or(|until| until > recovery.now_ms)
        });
        let number = *found?.0;
        kept.codes.remove(&number);
        if number == OPERATORS {
            kept.factor = None;
        }
        let (row, _) = self.users.get_mut(&user)?;
        row.password_hash = recovery.password_hash;
        if let Some(place) = recovery.place {
            self.note_place(user, place);
        }
        // No session has the number 0.
        let ended = self.delete_sessions(user, None, SessionId(0));
        Some(Recovered { user, ended })
    }

    /// Uses up one of the account's own codes. Says whether it is one.
    pub fn use_code(&mut self, user: UserId, code: CodeHash) -> bool {
        let Some(kept) = self.recovery.get_mut(&user) else {
            return false;
        };
        let mut own = kept.codes.range(OPERATORS + 1..);
        let found = own.find(|(_, (known, _))| *known == code);
        match found.map(|(number, _)| *number) {
            Some(number) => kept.codes.remove(&number).is_some(),
            None => false,
        }
    }

    /// Begins a second factor, in place of one that was not confirmed. False when there is
    /// one that was.
    pub fn begin_factor(&mut self, user: UserId, secret: String) -> bool {
        let kept = self.recovery.entry(user).or_default();
        if kept.factor.as_ref().is_some_and(|one| one.is_confirmed) {
            return false;
        }
        kept.factor = Some(Factor {
            secret,
            is_confirmed: false,
            used_step: 0,
        });
        true
    }

    /// The key of a second factor that was begun and is not confirmed.
    pub fn begun_factor(&self, user: UserId) -> Option<String> {
        let factor = self.recovery.get(&user)?.factor.as_ref()?;
        (!factor.is_confirmed).then(|| factor.secret.clone())
    }

    /// Confirms a second factor by a code of this step of time, and ends the account's
    /// sessions but `keep`. `None` when another was begun meanwhile.
    pub fn confirm_factor(
        &mut self,
        user: UserId,
        secret: &str,
        step: i64,
        keep: SessionId,
    ) -> Option<Vec<SessionId>> {
        let factor = self.recovery.get_mut(&user)?.factor.as_mut()?;
        if factor.is_confirmed || factor.secret != secret {
            return None;
        }
        (factor.is_confirmed, factor.used_step) = (true, step);
        Some(self.delete_sessions(user, None, keep))
    }

    /// Notes that a code of this step of time is used. False when it, or a newer one, was
    /// before, or the factor is another.
    pub fn use_step(&mut self, user: UserId, secret: &str, step: i64) -> bool {
        let kept = self.recovery.get_mut(&user);
        match kept.and_then(|kept| kept.factor.as_mut()) {
            Some(factor)
                if factor.is_confirmed && factor.secret == secret && factor.used_step < step =>
            {
                factor.used_step = step;
                true
            }
            _ => false,
        }
    }

    /// Ends the second factor with this key. Says whether there was one.
    pub fn end_factor(&mut self, user: UserId, secret: &str) -> bool {
        let Some(kept) = self.recovery.get_mut(&user) else {
            return false;
        };
        let factor = kept.factor.as_ref();
        let is_it = factor.is_some_and(|one| one.is_confirmed && one.secret == secret);
        if is_it {
            kept.factor = None;
        }
        is_it
    }
}
