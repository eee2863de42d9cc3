//! Slow mode: who said a line in a channel, and how long until their next one.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use longhall_packet::{ChannelName, LineId, LineKind, Role, Speech};
use tokio::time::Instant;

use super::Hub;
use super::delivery::PublishedLine;
use crate::store::{ChannelId, UserId};

/// Turns remembered of a channel. Where more accounts than that speak within one turn, those
/// who have left the channel are forgotten, and after them all: they may speak once more.
const MAX_TURNS: usize = 16_384;

/// A channel as one who wants to say something there needs it.
pub(crate) struct Place {
    pub(crate) channel: ChannelId,
    /// Its name, as packets have it.
    pub(crate) name: std::sync::Arc<str>,
    pub(crate) speech: Speech,
}

/// Who said a line lately. Empty where there is no slow mode.
#[derive(Default)]
pub(super) struct Turns {
    // Its hasher is one that nobody outside knows, for the texts as well.
    of: HashMap<UserId, Turn, RandomState>,
}

struct Turn {
    at: Instant,
    /// Of the text: said again after a cut, the line has had its turn.
    text: u64,
    /// `None` for a line that came from another server.
    line_id: Option<LineId>,
}

impl Hub {
    /// The channel of this name, if the player is in it. Does not ask the store.
    pub(crate) fn place_of(&self, user: UserId, name: &ChannelName) -> Option<Place> {
        let state = self.lock();
        let id = state.channel_ids.get(name)?;
        let live = state.channels.get(id)?;
        live.present.contains_key(&user).then(|| Place {
            channel: *id,
            name: std::sync::Arc::clone(&live.name),
            speech: live.speech,
        })
    }

    /// Takes somebody's turn in a channel in slow mode, on any of their devices; its operators
    /// and owner are free of it. A line that is said again, known by its id and text, has had
    /// its turn.
    ///
    /// Servers of one hall tell each other of turns by the lines themselves: on another
    /// server a line may be said at the same moment, not later. A server that starts knows of
    /// no turn.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn take_turn(
        &self,
        user: UserId,
        channel: ChannelId,
        line_id: LineId,
        text: &str,
    ) -> Result<(), Duration> {
        let state = &mut *self.lock();
        let Some(live) = state.channels.get_mut(&channel) else {
            return Ok(());
        };
        let slow = Duration::from_secs(live.speech.slow_mode_s.into());
        if slow.is_zero() || live.present.get(&user) != Some(&Role::Member) {
            return Ok(());
        }
        if live.turns.of.len() >= MAX_TURNS {
            let (present, now) = (&live.present, Instant::now());
            let turns = &mut live.turns.of;
            turns.retain(|user, turn| turn.at + slow > now && present.contains_key(user));
            if turns.len() >= MAX_TURNS {
                turns.clear();
            }
        }
        live.turns.take(user, line_id, text, slow, Instant::now())
    }
}

impl Turns {
    fn take(
        &mut self,
        user: UserId,
        line_id: LineId,
        text: &str,
        slow: Duration,
        now: Instant,
    ) -> Result<(), Duration> {
        let text = self.of.hasher().hash_one(text);
        if let Some(turn) = self.of.get_mut(&user) {
            let left = (turn.at + slow).saturating_duration_since(now);
            if !left.is_zero() {
                let is_again =
                    turn.text == text && turn.line_id.is_none_or(|before| before == line_id);
                turn.line_id = turn.line_id.or(is_again.then_some(line_id));
                return if is_again { Ok(()) } else { Err(left) };
            }
        }
        let turn = Turn {
            at: now,
            text,
            line_id: Some(line_id),
        };
        self.of.insert(user, turn);
        Ok(())
    }

    /// Notes lines that were said on another server. Those said here have had their turn.
    pub(super) fn note(&mut self, said: &[PublishedLine], speech: Speech) {
        let slow = Duration::from_secs(speech.slow_mode_s.into());
        let now = Instant::now();
        for said in said.iter().filter(|said| said.line.kind == LineKind::Said) {
            let is_known = (self.of.get(&said.sender)).is_some_and(|turn| turn.at + slow > now);
            if is_known || self.of.len() >= MAX_TURNS {
                continue;
            }
            let turn = Turn {
                at: now,
                text: self.of.hasher().hash_one(said.line.text.as_str()),
                line_id: None,
            };
            self.of.insert(said.sender, turn);
        }
    }

    /// Another pace holds at once, for those who wait as well; none forgets them.
    pub(super) fn set(&mut self, speech: Speech) {
        if speech.slow_mode_s == 0 {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use longhall_packet::Line;

    use super::*;

    const SLOW: Duration = Duration::from_secs(30);
    const ADA: UserId = UserId(1);

    fn from_elsewhere(text: &str) -> PublishedLine {
        let line = Line {
            seq: 1,
            sender: "ada".to_owned(),
            recipient: None,
            text: text.to_owned(),
            sent_at_ms: 1,
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        };
        PublishedLine { sender: ADA, line }
    }

    #[test]
    fn a_turn_is_over_after_its_time_and_no_sooner() {
        let (mut turns, now) = (Turns::default(), Instant::now());
        assert_eq!(turns.take(ADA, 1, "one", SLOW, now), Ok(()));
        let later = now + Duration::from_secs(10);
        let left = Err(Duration::from_secs(20));
        assert_eq!(turns.take(ADA, 2, "two", SLOW, later), left);
        assert_eq!(turns.take(UserId(2), 2, "two", SLOW, later), Ok(()));
        assert_eq!(turns.take(ADA, 2, "two", SLOW, now + SLOW), Ok(()));
    }

    #[test]
    fn a_turn_taken_on_another_server_holds_here() {
        let mut turns = Turns::default();
        let speech = Speech {
            slow_mode_s: 30,
            filter: None,
        };
        turns.note(&[from_elsewhere("one")], speech);
        let now = Instant::now();
        assert!(turns.take(ADA, 2, "two", SLOW, now).is_err());
        // The line itself, said again here after a cut there, and that one alone.
        assert_eq!(turns.take(ADA, 1, "one", SLOW, now), Ok(()));
        assert_eq!(turns.take(ADA, 1, "one", SLOW, now), Ok(()));
        assert!(turns.take(ADA, 3, "one", SLOW, now).is_err());
    }
}
