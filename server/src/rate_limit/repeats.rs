//! The same said again and again by one account.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::word_filter::Look;

/// Lines remembered of an account, each for the window.
const MAX_REMEMBERED: usize = 64;

/// How often the same may be said, within which time. 0 means as often as somebody likes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RepeatLimit {
    pub(crate) most: u32,
    pub(crate) window: Duration,
}

/// What an account said lately, on all its devices. Texts are not kept, but what their looks
/// hash to, by a key that nobody outside knows.
#[derive(Default)]
pub(super) struct Repeats {
    hasher: RandomState,
    said: VecDeque<Said>,
}

struct Said {
    look: u64,
    /// Of the line's id, its place and its text: a line that is said again after a cut.
    line: u64,
    at: Instant,
}

impl Repeats {
    /// Counts a line, unless it is one that was counted. Spelled otherwise in case, spaces,
    /// punctuation or look-alikes it is the same.
    ///
    /// # Errors
    /// How long to wait until the same may be said again.
    pub(super) fn check(
        &mut self,
        line: impl Hash,
        text: &str,
        limit: RepeatLimit,
        now: Instant,
    ) -> Result<(), Duration> {
        let is_over = |said: &Said| now.saturating_duration_since(said.at) >= limit.window;
        while self.said.front().is_some_and(is_over) {
            self.said.pop_front();
        }
        let look = self.hasher.hash_one(Look::of(text));
        let line = self.hasher.hash_one((line, text));
        let mut same = self.said.iter().filter(|said| said.look == look);
        if same.clone().any(|said| said.line == line) {
            return Ok(());
        }
        if same.clone().count() >= limit.most as usize
            && let Some(first) = same.next()
        {
            return Err((first.at + limit.window).saturating_duration_since(now));
        }
        if self.said.len() >= MAX_REMEMBERED {
            self.said.pop_front();
        }
        let at = now;
        self.said.push_back(Said { look, line, at });
        Ok(())
    }

    /// Forgets the line that was counted last: it was not said after all.
    pub(super) fn take_back(&mut self, line: impl Hash, text: &str) {
        let line = self.hasher.hash_one((line, text));
        self.said.retain(|said| said.line != line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RepeatLimit = RepeatLimit {
        most: 3,
        window: Duration::from_secs(30),
    };

    #[test]
    fn the_same_is_the_same_however_it_is_spelled() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for (line, text) in ["buy gold", "BUY  GOLD!!", "b u y  g0ld"]
            .iter()
            .enumerate()
        {
            assert_eq!(repeats.check(line, text, LIMIT, now), Ok(()), "{text}");
        }
        let later = now + Duration::from_secs(10);
        let wait = repeats.check(4, "Вuy gоld", LIMIT, later);
        assert_eq!(wait, Err(Duration::from_secs(20)));
        // Said again after a cut, it is the line of before.
        assert_eq!(repeats.check(1_usize, "BUY  GOLD!!", LIMIT, later), Ok(()));
        assert_eq!(repeats.check(5, "buy silver", LIMIT, later), Ok(()));
        let over = now + LIMIT.window;
        assert_eq!(repeats.check(6, "buy gold", LIMIT, over), Ok(()));
    }

    #[test]
    fn what_has_no_letters_is_compared_as_it_is() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for line in 0..3 {
            assert_eq!(repeats.check(line, "👍", LIMIT, now), Ok(()));
        }
        assert_eq!(repeats.check(3, "🎉", LIMIT, now), Ok(()));
        assert_eq!(repeats.check(4, "?", LIMIT, now), Ok(()));
        assert!(repeats.check(5, "👍 👍", LIMIT, now).is_ok());
        assert!(repeats.check(6, " 👍", LIMIT, now).is_err());
    }

    #[test]
    fn what_was_not_said_after_all_is_not_counted() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for line in 0..10 {
            assert_eq!(repeats.check(line, "hi", LIMIT, now), Ok(()));
            repeats.take_back(line, "hi");
        }
    }

    #[test]
    fn an_account_is_remembered_so_much_of_and_no_more() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for line in 0..1000 {
            assert_eq!(repeats.check(line, &format!("l{line}"), LIMIT, now), Ok(()));
        }
        assert_eq!(repeats.said.len(), MAX_REMEMBERED);
    }
}
