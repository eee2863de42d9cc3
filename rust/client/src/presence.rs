//! What the player says of themselves, to say it again after a cut.

use longhall_packet::{PresenceState, PresenceText};

/// What was said last, unless that is nothing: a server takes a player who comes in for
/// one at the keyboard.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    said: Option<(PresenceState, PresenceText)>,
}

impl Presence {
    /// The player has said this.
    pub(crate) fn note(&mut self, state: PresenceState, text: PresenceText) {
        match state {
            PresenceState::Online if text.as_str().is_empty() => self.said = None,
            PresenceState::Online | PresenceState::Away => self.said = Some((state, text)),
            // Nobody can say so.
            PresenceState::Offline => {}
        }
    }

    /// What a server that did not hear it has to be told.
    pub(crate) fn to_repeat(&self) -> Option<(PresenceState, PresenceText)> {
        self.said.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_server_would_not_assume_is_said_again() {
        use PresenceState::{Away, Offline, Online};
        let mut presence = Presence::default();
        for (state, text, repeated) in [
            (Away, "", Some((Away, ""))),
            (Online, "", None),
            (Online, "cooking", Some((Online, "cooking"))),
            (Offline, "", Some((Online, "cooking"))),
            (Away, "tea", Some((Away, "tea"))),
        ] {
            presence.note(state, PresenceText::parse(text).unwrap());
            let repeat = presence.to_repeat();
            let repeat = repeat.as_ref().map(|(state, text)| (*state, text.as_str()));
            assert_eq!(repeat, repeated);
        }
    }
}
