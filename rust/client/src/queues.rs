//! What waits for the driver: things to do, to tell, and how calls ended.

use std::collections::VecDeque;

use longhall_packet::{ClientPacket, codec};

use crate::{Action, Answer, Call, CallError, Event, State};

/// Actions that wait for [`Session::poll_action`](crate::Session::poll_action) at most;
/// then requests are refused with
/// [`CallErrorCode::TooManyPending`](crate::CallErrorCode::TooManyPending).
const MAX_ACTIONS: usize = 256;

/// Events that wait for [`Session::poll_event`](crate::Session::poll_event) at most.
/// Further ones push out the oldest, and a [`Event::Warning`] says how many were lost.
pub const MAX_EVENTS: usize = 4096;

/// How a call ended.
pub(crate) type Outcome = Result<Answer, CallError>;

#[derive(Debug)]
pub(crate) struct Queues {
    actions: VecDeque<Action>,
    /// Whether the driver holds a transport that it may report about.
    has_transport: bool,
    events: VecDeque<Event>,
    lost_events: u64,
    /// The state that was told last.
    told: State,
    outcomes: VecDeque<(Call, Outcome)>,
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            actions: VecDeque::new(),
            has_transport: false,
            events: VecDeque::new(),
            lost_events: 0,
            told: State::Offline,
            outcomes: VecDeque::new(),
        }
    }
}

/// Actions, and the transport that they are for.
impl Queues {
    /// The driver is to open a transport.
    pub(crate) fn open_transport(&mut self) {
        self.actions.push_back(Action::Open);
    }

    pub(crate) fn has_transport(&self) -> bool {
        self.has_transport
    }

    /// The transport is gone by itself. False when there was none.
    pub(crate) fn transport_gone(&mut self) -> bool {
        if self.has_transport {
            self.actions.clear();
        }
        std::mem::take(&mut self.has_transport)
    }

    /// The driver is to close its transport, or not to open one at all.
    pub(crate) fn close_transport(&mut self, code: u16, reason: &'static str) {
        if std::mem::take(&mut self.has_transport) {
            self.actions.push_back(Action::Close { code, reason });
        } else if self.actions.back() == Some(&Action::Open) {
            self.actions.pop_back();
        }
    }

    /// The driver is to close a transport that is dead: what waits to be sent would only
    /// linger on it.
    pub(crate) fn abandon_transport(&mut self, code: u16, reason: &'static str) {
        if self.has_transport {
            self.actions.clear();
        }
        self.close_transport(code, reason);
    }

    pub(crate) fn send(&mut self, packet: &ClientPacket) {
        self.actions.push_back(Action::Send(codec::encode(packet)));
    }

    /// Whether a driver that sends nothing has enough to do.
    pub(crate) fn is_full(&self) -> bool {
        self.actions.len() >= MAX_ACTIONS
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front()?;
        if action == Action::Open {
            self.has_transport = true;
        }
        Some(action)
    }
}

/// Events and outcomes.
impl Queues {
    pub(crate) fn announce(&mut self, event: Event) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
            self.lost_events += 1;
        }
        self.events.push_back(event);
    }

    /// Tells the state, if it is not the one that was told last.
    pub(crate) fn announce_state(&mut self, state: State) {
        if state != self.told {
            self.told = state;
            self.announce(Event::StateChanged(state));
        }
    }

    /// Whether a page of lines can be announced without pushing other events out.
    pub(crate) fn has_room(&self) -> bool {
        self.events.len() < MAX_EVENTS / 2
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        if self.lost_events > 0 {
            let lost = std::mem::take(&mut self.lost_events);
            return Some(Event::Warning(format!(
                "{lost} events were lost because more than {MAX_EVENTS} waited"
            )));
        }
        self.events.pop_front()
    }

    pub(crate) fn settle(&mut self, call: Call, outcome: Outcome) {
        self.outcomes.push_back((call, outcome));
    }

    pub(crate) fn poll_outcome(&mut self) -> Option<(Call, Outcome)> {
        self.outcomes.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_that_was_not_opened_yet_is_not_closed() {
        let mut queues = Queues::default();
        queues.open_transport();
        queues.close_transport(1000, "bye");
        assert_eq!(queues.poll_action(), None);
        queues.open_transport();
        queues.poll_action();
        queues.close_transport(1000, "bye");
        let (code, reason) = (1000, "bye");
        assert_eq!(queues.poll_action(), Some(Action::Close { code, reason }));
        assert!(!queues.has_transport());
    }

    #[test]
    fn what_waits_for_a_dead_transport_is_dropped_and_the_rest_is_sent() {
        for (is_dead, actions) in [(true, 1), (false, 2)] {
            let mut queues = Queues::default();
            queues.open_transport();
            queues.poll_action();
            queues.send(&ClientPacket::Ping { id: 1 });
            if is_dead {
                queues.abandon_transport(3008, "silent");
            } else {
                queues.close_transport(1000, "bye");
            }
            let polled = std::iter::from_fn(|| queues.poll_action());
            assert_eq!(polled.count(), actions);
        }
    }

    #[test]
    fn the_newest_events_are_kept_and_the_others_counted() {
        let mut queues = Queues::default();
        for number in 0..MAX_EVENTS + 3 {
            queues.announce(Event::Warning(number.to_string()));
        }
        let lost = "3 events were lost because more than 4096 waited".to_owned();
        assert_eq!(queues.poll_event(), Some(Event::Warning(lost)));
        assert_eq!(queues.poll_event(), Some(Event::Warning("3".to_owned())));
    }

    #[test]
    fn a_state_is_told_once() {
        let mut queues = Queues::default();
        for state in [State::Offline, State::Connecting, State::Connecting] {
            queues.announce_state(state);
        }
        let told = Event::StateChanged(State::Connecting);
        assert_eq!(queues.poll_event(), Some(told));
        assert_eq!(queues.poll_event(), None);
    }
}
