//! The same said again and again by one account.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use longhall_packet::LineId;
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

/// A line's id and its place, which is a channel's number or a recipient's below 0: a line
/// that is said again after a cut has the same, and is taken once.
pub(crate) type SaidLine = (LineId, i64);

struct Said {
    look: u64,
    line: SaidLine,
    at: Instant,
}

impl Repeats {
    /// Counts a line, unless it is one that was counted; true if so. Spelled otherwise in case, spaces,
    /// punctuation or look-alikes it is the same.
    ///
    /// # Errors
    /// How long to wait until the same may be said again.
    pub(super) fn check(
        &mut self,
        line: SaidLine,
        text: &str,
        limit: RepeatLimit,
        now: Instant,
    ) -> Result<bool, Duration> {
        let is_over = |said: &Said| now.saturating_duration_since(said.at) >= limit.window;
        while self.said.front().is_some_and(is_over) {
            self.said.pop_front();
        }
        let look = self.hasher.hash_one(Look::of(text));
        let mut same = self.said.iter().filter(|said| said.look == look);
        if same.clone().any(|said| said.line == line) {
            return Ok(false);
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
        Ok(true)
    }

    /// Forgets the line that was counted last: it was not said after all.
    pub(super) fn take_back(&mut self, line: SaidLine) {
        if let Some(at) = self.said.iter().rposition(|said| said.line == line) {
            self.said.remove(at);
        }
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
        for (line, text) in (0..).zip(["buy gold", "BUY  GOLD!!", "b u y  g0ld"]) {
            assert_eq!(
                repeats.check((line, 1), text, LIMIT, now),
                Ok(true),
                "{text}"
            );
        }
        let later = now + Duration::from_secs(10);
        let wait = repeats.check((4, 1), "Вuy gоld", LIMIT, later);
        assert_eq!(wait, Err(Duration::from_secs(20)));
        // Said again after a cut, it is the line of before.
        assert_eq!(
            repeats.check((1, 1), "BUY  GOLD!!", LIMIT, later),
            Ok(false)
        );
        assert_eq!(repeats.check((5, 1), "buy silver", LIMIT, later), Ok(true));
        let over = now + LIMIT.window;
        assert_eq!(repeats.check((6, 1), "buy gold", LIMIT, over), Ok(true));
    }

    #[test]
    fn what_has_no_letters_is_compared_as_it_is() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for line in 0..3 {
            assert_eq!(repeats.check((line, 1), "👍", LIMIT, now), Ok(true));
        }
        assert_eq!(repeats.check((3, 1), "🎉", LIMIT, now), Ok(true));
        assert_eq!(repeats.check((4, 1), "?", LIMIT, now), Ok(true));
        assert!(repeats.check((5, 1), "👍 👍", LIMIT, now).is_ok());
        assert!(repeats.check((6, 1), " 👍", LIMIT, now).is_err());
    }

    #[test]
    fn a_long_text_is_the_same_with_look_alikes_anywhere_in_it() {
        let now = Instant::now();
        for before in 0..130 {
            let mut repeats = Repeats::default();
            let before = "a ".repeat(before);
            for (line, spelled) in (0..).zip(["mom語x", "rno m語 X", "M0 rn語X"]) {
                let text = format!("{before}{spelled}");
                assert_eq!(
                    repeats.check((line, 1), &text, LIMIT, now),
                    Ok(true),
                    "{text}"
                );
            }
            let other = format!("{before}mom語y");
            assert_eq!(repeats.check((4, 1), &other, LIMIT, now), Ok(true));
            let same = format!("{before}MOM語X");
            assert!(repeats.check((5, 1), &same, LIMIT, now).is_err(), "{same}");
        }
    }

    #[test]
    fn what_was_not_said_after_all_is_not_counted() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for line in 0..10 {
            assert_eq!(repeats.check((line, 1), "hi", LIMIT, now), Ok(true));
            repeats.take_back((line, 1));
        }
    }

    #[test]
    fn an_account_is_remembered_so_much_of_and_no_more() {
        let now = Instant::now();
        let mut repeats = Repeats::default();
        for line in 0..1000 {
            assert_eq!(
                repeats.check((line, 1), &format!("l{line}"), LIMIT, now),
                Ok(true)
            );
        }
        assert_eq!(repeats.said.len(), MAX_REMEMBERED);
    }
}
