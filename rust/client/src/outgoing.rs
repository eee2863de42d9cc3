//! Lines on their way to the server: kept until their fate is known.

use std::collections::VecDeque;
use std::time::Duration;

use longhall_packet::{ChatText, LineId, RequestId, Seq, Target};

use crate::clock::Stall;
use crate::{Call, CallError, CallErrorCode};

/// Chat lines that may wait for their answers at the same time; further ones
/// are refused with [`CallErrorCode::TooManyPending`].
pub const MAX_CHATS_IN_FLIGHT: usize = 64;

/// Refused lines that wait for the outcome of earlier ones at most. Only a
/// script that says thousands of lines at once gets there.
const MAX_CHATS_HELD: usize = 4096;

/// How a line ended.
pub(crate) type Outcome = Result<Seq, CallError>;

/// The lines of one player, in the order they were said.
///
/// The lines of a conversation keep this order on the server. New ones are sent
/// one behind the other without waiting for answers: should one of them be
/// refused, it is over, and those behind it have overtaken nothing. (After
/// `restarting` it is said again; but then the server refuses everything that
/// follows on this connection, too.) A line that is said again, because a
/// connection ended before its answer, is alone on its way: it may be put off, and
/// what is behind it waits until its fate is known.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    lines: VecDeque<Line>,
}

#[derive(Debug)]
struct Line {
    call: Call,
    /// As the player named it. Empty for a lobby whose name is not known yet.
    conversation: String,
    /// The same in lower case: lines that have the same keep their order.
    order: String,
    /// What to send; `None` for a line that was refused at once.
    content: Option<Content>,
    state: LineState,
}

/// What is said.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    /// `None` for the lobby, when its name is not known yet.
    pub(crate) target: Option<Target>,
    pub(crate) line_id: LineId,
    pub(crate) text: ChatText,
}

#[derive(Debug)]
enum LineState {
    /// Not sent, or not on this connection, until this time.
    Waiting {
        not_before: Duration,
        was_sent: bool,
    },
    Sent {
        id: RequestId,
        deadline: Duration,
        /// It was sent before, and may have been taken then. Nothing of its
        /// conversation is sent until it has its answer.
        again: bool,
    },
    /// Waits for the outcomes of earlier lines.
    Over(Outcome),
}

impl Outgoing {
    /// Takes a line on. False when too many wait already.
    pub(crate) fn push(&mut self, call: Call, conversation: String, content: Content) -> bool {
        let waiting = self.lines.iter().filter(|line| !line.is_over());
        if waiting.count() >= MAX_CHATS_IN_FLIGHT {
            return false;
        }
        self.lines.push_back(Line {
            call,
            order: conversation.to_lowercase(),
            conversation,
            content: Some(content),
            state: LineState::Waiting {
                not_before: Duration::ZERO,
                was_sent: false,
            },
        });
        true
    }

    /// Lines up the denial of a line that was not taken on behind the outcomes
    /// of earlier lines. Gives it back when too many wait.
    pub(crate) fn push_refused(
        &mut self,
        call: Call,
        conversation: String,
        error: CallError,
    ) -> Option<CallError> {
        if self.lines.len() >= MAX_CHATS_HELD {
            return Some(error);
        }
        self.lines.push_back(Line {
            call,
            order: conversation.to_lowercase(),
            conversation,
            content: None,
            state: LineState::Over(Err(error)),
        });
        None
    }

    /// The lobby's name is known now, and by which other names it `is_meant`.
    pub(crate) fn name_lobby(&mut self, name: &str, is_meant: impl Fn(&str) -> bool) {
        for line in &mut self.lines {
            if is_meant(&line.order) {
                name.clone_into(&mut line.conversation);
                name.clone_into(&mut line.order);
                if let Some(content) = &mut line.content {
                    content.target = Target::parse(name).ok();
                }
            }
        }
    }

    /// A line that may be sent now.
    pub(crate) fn next_to_send(&self, now: Duration) -> Option<(Call, Content)> {
        let (line, _) = self.sendable().find(|(_, not_before)| *not_before <= now)?;
        Some((line.call, line.content.clone()?))
    }

    pub(crate) fn sent(&mut self, call: Call, id: RequestId, deadline: Duration) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.call == call) {
            let again = matches!(line.state, LineState::Waiting { was_sent: true, .. });
            line.state = LineState::Sent {
                id,
                deadline,
                again,
            };
        }
    }

    /// Notes the answer to a line; false when none with this id waits.
    pub(crate) fn settle(&mut self, id: RequestId, outcome: Outcome) -> bool {
        self.change(id, LineState::Over(outcome))
    }

    /// Whether the line with this id was sent before.
    pub(crate) fn is_again(&self, id: RequestId) -> bool {
        let is_it = |line: &Line| matches!(line.state, LineState::Sent { id: sent, again, .. } if again && sent == id);
        self.lines.iter().any(is_it)
    }

    /// The line with this id is to be said again, at this time at the earliest.
    pub(crate) fn put_off(&mut self, id: RequestId, not_before: Duration) -> bool {
        let was_sent = true;
        self.change(
            id,
            LineState::Waiting {
                not_before,
                was_sent,
            },
        )
    }

    /// The connection is gone: what was on its way is said again on the next, one
    /// line of a conversation after the other, before anything new.
    pub(crate) fn recall(&mut self) {
        for line in &mut self.lines {
            let was_sent = match line.state {
                LineState::Waiting { was_sent, .. } => was_sent,
                LineState::Sent { .. } => true,
                LineState::Over(_) => continue,
            };
            line.state = LineState::Waiting {
                not_before: Duration::ZERO,
                was_sent,
            };
        }
    }

    /// Another store is behind the server. A line that the one before took, and that was
    /// not told of yet, has a number that means nothing now: it is said again.
    pub(crate) fn begin_anew(&mut self) {
        for line in &mut self.lines {
            if matches!(line.state, LineState::Over(Ok(_))) {
                line.state = LineState::Waiting {
                    not_before: Duration::ZERO,
                    was_sent: true,
                };
            }
        }
    }

    /// The account is gone, and with it everybody who could say these lines.
    pub(crate) fn fail(&mut self) {
        for line in &mut self.lines {
            let code = match line.state {
                LineState::Waiting {
                    was_sent: false, ..
                } => CallErrorCode::NotConnected,
                LineState::Waiting { .. } | LineState::Sent { .. } => CallErrorCode::ConnectionLost,
                LineState::Over(_) => continue,
            };
            line.state = LineState::Over(Err(code.into()));
        }
    }

    /// Ends every line that waited too long for its answer, and with it the rest
    /// of its conversation, sent or not: that was said in the belief that the line
    /// was heard.
    pub(crate) fn expire(&mut self, now: Duration) {
        let is_late = |line: &&Line| matches!(line.state, LineState::Sent { deadline, .. } if deadline <= now);
        let late: Vec<String> = self
            .lines
            .iter()
            .filter(is_late)
            .map(|l| l.order.clone())
            .collect();
        for line in &mut self.lines {
            if !line.is_over() && late.contains(&line.order) {
                line.state = LineState::Over(Err(CallErrorCode::TimedOut.into()));
            }
        }
    }

    /// A line whose fate is known, as are those of all earlier lines of its
    /// conversation.
    pub(crate) fn next_outcome(&mut self) -> Option<(Call, String, Outcome)> {
        let mut open: Vec<&str> = Vec::new();
        let place = self.lines.iter().position(|line| {
            let is_next = !open.contains(&line.order.as_str());
            if !line.is_over() && is_next {
                open.push(&line.order);
            }
            line.is_over() && is_next
        })?;
        let line = self.lines.remove(place)?;
        match line.state {
            LineState::Over(outcome) => Some((line.call, line.conversation, outcome)),
            LineState::Waiting { .. } | LineState::Sent { .. } => None,
        }
    }

    /// Moves every deadline by the time in which nobody listened.
    pub(crate) fn postpone(&mut self, stall: Stall) {
        for line in &mut self.lines {
            if let LineState::Sent { deadline, .. } = &mut line.state {
                stall.postpone(deadline);
            }
        }
    }

    /// When a line expires.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let sent = self.lines.iter().filter_map(|line| match line.state {
            LineState::Sent { deadline, .. } => Some(deadline),
            LineState::Waiting { .. } | LineState::Over(_) => None,
        });
        sent.min()
    }

    /// When a line may be sent.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.sendable().map(|(_, not_before)| not_before).min()
    }

    /// The lines that wait for nothing but their time, in order: new ones that
    /// have only new ones before them, and of each conversation the first whose
    /// fate is not known.
    fn sendable(&self) -> impl Iterator<Item = (&Line, Duration)> {
        let mut begun: Vec<&str> = Vec::new();
        let mut closed: Vec<&str> = Vec::new();
        self.lines.iter().filter_map(move |line| {
            let (not_before, again) = match line.state {
                LineState::Waiting {
                    not_before,
                    was_sent,
                } => (Some(not_before), was_sent),
                LineState::Sent { again, .. } => (None, again),
                LineState::Over(_) => return None,
            };
            let order = line.order.as_str();
            if closed.contains(&order) {
                return None;
            }
            let is_first = !begun.contains(&order);
            if is_first {
                begun.push(order);
            }
            if again {
                closed.push(order);
            }
            Some((line, not_before.filter(|_| is_first || !again)?))
        })
    }

    fn change(&mut self, id: RequestId, state: LineState) -> bool {
        let is_it =
            |line: &&mut Line| matches!(line.state, LineState::Sent { id: sent, .. } if sent == id);
        match self.lines.iter_mut().find(is_it) {
            Some(line) => {
                line.state = state;
                true
            }
            None => false,
        }
    }
}

impl Line {
    fn is_over(&self) -> bool {
        matches!(self.state, LineState::Over(_))
    }
}
