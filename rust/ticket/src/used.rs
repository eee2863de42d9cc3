//! Which tickets were used before.

use std::collections::HashMap;

use crate::{Claims, Fault, LEEWAY_S};

/// Ends are looked for once there are so many more.
const LOOK_EVERY: usize = 1024;

/// Remembers tickets that were used until they end, and no more of them than it may: when it
/// is full, it refuses the next rather than forget one that is good still.
///
/// It knows those that were shown to it, and nothing of other processes, or of before a
/// restart.
#[derive(Debug)]
pub struct Used {
    /// From when on each is good no more, in seconds since 1970.
    ends: HashMap<String, u64>,
    most: usize,
    look_at: usize,
}

impl Used {
    /// Remembers at most so many.
    pub fn at_most(most: usize) -> Self {
        Self {
            ends: HashMap::new(),
            most,
            look_at: LOOK_EVERY.min(most),
        }
    }

    /// Uses up the ticket that says this, at a time in seconds since 1970.
    ///
    /// # Errors
    /// [`Fault::Used`], and [`Fault::TooMany`] when no more can be remembered.
    pub fn take(&mut self, claims: &Claims, now_s: u64) -> Result<(), Fault> {
        if self.ends.contains_key(&claims.jti) {
            return Err(Fault::Used);
        }
        if self.ends.len() >= self.look_at {
            self.ends.retain(|_, end| *end > now_s);
            self.look_at = (self.ends.len() + LOOK_EVERY).min(self.most);
        }
        if self.ends.len() >= self.most {
            return Err(Fault::TooMany);
        }
        let end = claims.exp.saturating_add(LEEWAY_S);
        self.ends.insert(claims.jti.clone(), end);
        Ok(())
    }
}
