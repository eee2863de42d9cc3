//! What one server tells all others, followed by its numbers: whether something of it was
//! missed, and whether its devices are to be named again.

use std::time::Duration;

use tokio::time::Instant;

/// How long it may take until devices are named, before they are asked for again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two questions; each is twice as long as the one before. A bus
/// that loses something of each answer is not made worse by many.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How far a server was heard.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// The greatest number heard.
    last: Option<u64>,
    /// Something was missed since its devices were last named without a gap.
    wanted: Option<Wanted>,
    /// It is naming them, and nothing was missed since it began.
    is_being_told: bool,
}

#[derive(Debug)]
struct Wanted {
    due: Instant,
    pause: Duration,
}

/// How something that was heard stands to what was heard before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is the next, or has no number.
    Next,
    /// Something before it is missing.
    Early,
    /// It was heard before, or missed: then the doubt is under way already.
    Late,
}

impl Following {
    /// Notes the number of what was heard.
    pub(super) fn note(&mut self, number: Option<u64>, now: Instant) -> Turn {
        let Some(number) = number else {
            return Turn::Next;
        };
        let last = self.last.unwrap_or_default();
        if number <= last {
            return Turn::Late;
        }
        let is_first = self.last.is_none();
        self.last = Some(number);
        if number == last + 1 {
            return Turn::Next;
        }
        // Who has just come asks everybody. The answer may be on its way.
        self.want_snapshot(if is_first { now + FIRST_PAUSE } else { now });
        Turn::Early
    }

    /// Notes that its devices may be other ones than was heard.
    pub(super) fn want_snapshot(&mut self, due: Instant) {
        self.is_being_told = false;
        self.wanted.get_or_insert(Wanted {
            due,
            pause: FIRST_PAUSE,
        });
    }

    /// Notes that it begins to name its devices.
    pub(super) fn begin_snapshot(&mut self) {
        self.is_being_told = true;
    }

    /// Notes that something was heard and left out, which may have been one of them.
    pub(super) fn interrupt(&mut self, now: Instant) {
        if self.is_being_told {
            self.want_snapshot(now);
        }
    }

    /// Notes that it has named them all.
    pub(super) fn end_snapshot(&mut self) {
        if std::mem::take(&mut self.is_being_told) {
            self.wanted = None;
        }
    }

    /// Whether it is to be asked for its devices now.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        let is_being_told = self.is_being_told;
        let due = self.wanted.as_mut().filter(|wanted| wanted.due <= now);
        let Some(wanted) = due.filter(|_| !is_being_told) else {
            return false;
        };
        wanted.due = now + wanted.pause;
        wanted.pause = (2 * wanted.pause).min(LONGEST_PAUSE);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_or_in_another_order_is_doubted_once() {
        let (mut following, now) = (Following::default(), Instant::now());
        let mut turn = |number| following.note(Some(number), now);
        assert_eq!([1, 2, 2, 1].map(&mut turn), {
            use Turn::{Late, Next};
            [Next, Next, Late, Late]
        });
        assert_eq!([5, 3, 4, 5, 6].map(&mut turn), {
            use Turn::{Early, Late, Next};
            [Early, Late, Late, Late, Next]
        });
        assert_eq!(following.note(None, now), Turn::Next);
        assert!(following.take_due(now));
        assert!(!following.take_due(now));
    }

    #[test]
    fn who_is_followed_from_the_middle_has_missed_the_beginning() {
        let (mut following, now) = (Following::default(), Instant::now());
        assert_eq!(following.note(None, now), Turn::Next);
        assert_eq!(following.note(Some(7), now), Turn::Early);
        // Everybody was asked at the start.
        assert!(!following.take_due(now));
        assert!(following.take_due(now + FIRST_PAUSE));
    }

    #[test]
    fn devices_are_asked_for_until_they_were_named_without_a_gap_and_ever_more_seldom() {
        let (mut following, begin) = (Following::default(), Instant::now());
        let later = |seconds| begin + Duration::from_secs(seconds);
        following.note(Some(1), begin);
        following.note(Some(3), begin);
        let asked = |following: &mut Following, seconds: std::ops::Range<u64>| {
            let asked = seconds.filter(|&second| following.take_due(later(second)));
            asked.collect::<Vec<_>>()
        };
        assert_eq!(
            asked(&mut following, 0..200),
            [0, 1, 3, 7, 15, 31, 63, 123, 183]
        );
        // While they are named nobody asks; then something is missing.
        following.note(Some(4), later(300));
        following.begin_snapshot();
        assert!(asked(&mut following, 300..310).is_empty());
        following.note(Some(6), later(310));
        following.end_snapshot();
        assert_eq!(asked(&mut following, 310..312), [310]);
        following.note(Some(7), later(312));
        following.begin_snapshot();
        // What was left out may have been one of them.
        following.interrupt(later(312));
        following.end_snapshot();
        assert_eq!(asked(&mut following, 370..372), [370]);
        following.begin_snapshot();
        following.note(Some(8), later(372));
        following.end_snapshot();
        assert!(asked(&mut following, 372..600).is_empty());
        // The next time it begins with short pauses.
        following.note(Some(10), later(600));
        assert_eq!(asked(&mut following, 600..604), [600, 601, 603]);
    }
}
