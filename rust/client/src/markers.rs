//! Read markers on their way to the server: the latest of each conversation.

use std::time::Duration;

use longhall_packet::{Seq, Target};

use crate::patience::Patience;
use crate::{CallError, CallErrorCode};

/// Read markers that wait to be sent at most: one a conversation.
const MAX_MARKERS: usize = 256;

/// When a marker that was refused for now is sent again.
const PATIENCE: Patience = Patience {
    least: Duration::from_secs(2),
    most: Duration::MAX,
};

/// Read markers on their way to the server, one at a time.
#[derive(Debug, Default)]
pub(crate) struct Markers {
    waiting: Vec<Marker>,
    under_way: Option<Marker>,
    not_before: Duration,
}

/// Up to where a conversation is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) target: Target,
    pub(crate) seq: Seq,
}

impl Markers {
    /// # Errors
    /// [`CallErrorCode::TooManyPending`] when a marker of this conversation would be one
    /// too many.
    pub(crate) fn check_room(&self, target: &Target) -> Result<(), CallError> {
        if self.waiting.len() >= MAX_MARKERS && self.waiting_for(target).is_none() {
            return Err(CallErrorCode::TooManyPending.into());
        }
        Ok(())
    }

    /// Takes a marker on, in the place of an earlier one of its conversation.
    pub(crate) fn push(&mut self, marker: Marker) {
        match self.waiting_for(&marker.target) {
            Some(place) => self.waiting[place] = marker,
            None => self.waiting.push(marker),
        }
    }

    /// The marker to send now; it is under way from here on.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Marker> {
        if self.next_due()? > now {
            return None;
        }
        self.under_way = Some(self.waiting.remove(0));
        self.under_way.clone()
    }

    /// When [`next`](Self::next) has one.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let is_waiting = self.under_way.is_none() && !self.waiting.is_empty();
        is_waiting.then_some(self.not_before)
    }

    /// The server has noted the marker that was under way.
    pub(crate) fn noted(&mut self) {
        self.under_way = None;
    }

    /// The marker that was under way is refused. One that may be good later is kept.
    pub(crate) fn denied(&mut self, now: Duration, error: &CallError) {
        if error.is_for_now() {
            self.not_before = now.saturating_add(PATIENCE.wait(error));
            self.recall();
        } else {
            self.under_way = None;
        }
    }

    /// The connection is gone: what was under way is sent again on the next.
    pub(crate) fn connection_lost(&mut self) {
        self.recall();
        self.not_before = Duration::ZERO;
    }

    /// The marker that is under way waits again, unless a later one does.
    fn recall(&mut self) {
        if let Some(marker) = self.under_way.take()
            && self.waiting_for(&marker.target).is_none()
        {
            self.waiting.push(marker);
        }
    }

    fn waiting_for(&self, target: &Target) -> Option<usize> {
        self.waiting
            .iter()
            .position(|marker| marker.target == *target)
    }
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Denial, DenyCode};

    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn marker(channel: &str, seq: Seq) -> Marker {
        let target = Target::parse(channel).unwrap();
        Marker { target, seq }
    }

    fn markers(waiting: &[Marker]) -> Markers {
        let mut markers = Markers::default();
        waiting.iter().cloned().for_each(|one| markers.push(one));
        markers
    }

    #[test]
    fn the_latest_marker_of_a_conversation_stands_for_all() {
        let mut markers = markers(&[marker("den", 1), marker("lobby", 5), marker("den", 3)]);
        assert_eq!(markers.next(NOW), Some(marker("den", 3)));
        assert_eq!(markers.next(NOW), None, "one at a time");
        markers.noted();
        assert_eq!(markers.next(NOW), Some(marker("lobby", 5)));
        markers.noted();
        assert_eq!(markers.next_due(), None);
    }

    #[test]
    fn a_marker_refused_for_now_waits_and_one_refused_for_good_is_gone() {
        let mut markers = markers(&[marker("den", 1)]);
        markers.next(NOW);
        let wait = Duration::from_secs(7);
        markers.denied(NOW, &Denial::for_now(DenyCode::Busy, wait).into());
        assert_eq!(markers.next_due(), Some(NOW + wait));
        assert_eq!(markers.next(NOW), None);
        assert_eq!(markers.next(NOW + wait), Some(marker("den", 1)));
        markers.denied(NOW, &CallErrorCode::Server(DenyCode::NotAMember).into());
        assert_eq!(markers.next_due(), None);
    }

    #[test]
    fn a_cut_brings_a_marker_back_unless_a_later_one_waits() {
        for (later, expected) in [(None, marker("den", 1)), (Some(2), marker("den", 2))] {
            let mut markers = markers(&[marker("den", 1)]);
            markers.next(NOW);
            later
                .into_iter()
                .for_each(|seq| markers.push(marker("den", seq)));
            markers.connection_lost();
            assert_eq!(markers.next(NOW), Some(expected));
            markers.noted();
            assert_eq!(markers.next_due(), None);
        }
    }

    #[test]
    fn only_so_many_conversations_wait() {
        let mut markers = Markers::default();
        for number in 0..MAX_MARKERS {
            let marker = marker(&format!("den-{number}"), 1);
            assert_eq!(markers.check_room(&marker.target), Ok(()));
            markers.push(marker);
        }
        assert!(markers.check_room(&marker("den", 1).target).is_err());
        assert_eq!(markers.check_room(&marker("den-7", 2).target), Ok(()));
    }
}
