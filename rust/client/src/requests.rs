//! Ids, answers, time-outs.

use std::collections::VecDeque;
use std::time::Duration;

use longhall_packet::{RequestId, Username};

use crate::{Refusal, RefusalCode};

/// Chat lines that may wait for their answers at the same time; further ones
/// are refused with [`RefusalCode::TooManyPending`].
pub const MAX_CHATS_IN_FLIGHT: usize = 64;

/// Refused lines that wait for the outcome of earlier ones at most. Only a
/// script that says thousands of lines at once gets there.
const MAX_CHATS_HELD: usize = 4096;

/// Logins given up on whose success, arriving late, has to be undone. Each took
/// a time-out, so older ones are long forgotten by the server, too.
const MAX_ABANDONED_LOGINS: usize = 16;

/// Names one call of `connect`, `register`, `login`, `logout` or `send_chat`; see
/// [`Session::poll_outcome`](crate::Session::poll_outcome).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call(u64);

/// A request other than chat. At most one of each is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Hello,
    Register(Username, Call),
    Login(Call),
    Resume,
    Logout,
    /// The logout after a login that the player no longer knows of.
    Undo,
}

/// The requests that wait for an answer. Ids go on counting from connection to
/// connection, so that no answer ever finds a wrong request.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last_id: RequestId,
    last_call: u64,
    pending: Vec<Pending>,
    /// In the order the player said them. An outcome that overtakes an earlier
    /// one waits here.
    chats: VecDeque<PendingChat>,
    abandoned_logins: VecDeque<RequestId>,
}

#[derive(Debug)]
struct Pending {
    id: RequestId,
    request: Request,
    deadline: Duration,
}

#[derive(Debug)]
struct PendingChat {
    call: Call,
    /// `None` for a line that was refused without sending it.
    id: Option<RequestId>,
    deadline: Duration,
    outcome: Option<Result<(), Refusal>>,
}

impl Requests {
    /// A name for what the player has just asked for.
    pub(crate) fn next_call(&mut self) -> Call {
        self.last_call = self.last_call.wrapping_add(1);
        Call(self.last_call)
    }

    /// An id for a request whose answer does not matter.
    pub(crate) fn next_id(&mut self) -> RequestId {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    pub(crate) fn begin(&mut self, request: Request, deadline: Duration) -> RequestId {
        let id = self.next_id();
        self.pending.push(Pending {
            id,
            request,
            deadline,
        });
        id
    }

    /// `None` when too many wait already.
    pub(crate) fn begin_chat(&mut self, call: Call, deadline: Duration) -> Option<RequestId> {
        let in_flight = self.chats.iter().filter(|chat| chat.id.is_some());
        if in_flight.count() >= MAX_CHATS_IN_FLIGHT {
            return None;
        }
        let id = self.next_id();
        self.chats.push_back(PendingChat {
            call,
            id: Some(id),
            deadline,
            outcome: None,
        });
        Some(id)
    }

    /// Lines up the refusal of a line that was not sent behind the outcomes of
    /// earlier lines. Gives it back when too many wait.
    pub(crate) fn refuse_chat(&mut self, call: Call, refusal: Refusal) -> Option<Refusal> {
        if self.chats.len() >= MAX_CHATS_HELD {
            return Some(refusal);
        }
        self.chats.push_back(PendingChat {
            call,
            id: None,
            deadline: Duration::MAX,
            outcome: Some(Err(refusal)),
        });
        None
    }

    pub(crate) fn is_login_pending(&self) -> bool {
        self.pending
            .iter()
            .any(|pending| matches!(pending.request, Request::Login(_)))
    }

    pub(crate) fn is_register_pending(&self) -> bool {
        self.pending
            .iter()
            .any(|pending| matches!(pending.request, Request::Register(..)))
    }

    /// Ends the request with this id, if it waits and `fits` the answer.
    pub(crate) fn take(
        &mut self,
        id: RequestId,
        fits: impl Fn(&Request) -> bool,
    ) -> Option<Request> {
        self.take_where(|pending| pending.id == id && fits(&pending.request))
    }

    /// Ends one request whose deadline has passed.
    pub(crate) fn take_expired(&mut self, now: Duration) -> Option<Request> {
        let expired = self.pending.iter().find(|p| p.deadline <= now)?;
        let id = expired.id;
        if matches!(expired.request, Request::Login(_)) {
            self.abandon_login(id);
        }
        self.take(id, |_| true)
    }

    /// Ends one request, whatever it is.
    pub(crate) fn take_any(&mut self) -> Option<Request> {
        self.take_where(|_| true)
    }

    /// Forgets a request whose answer no longer matters.
    pub(crate) fn forget(&mut self, request: &Request) -> Option<RequestId> {
        let found = self.pending.iter().find(|p| p.request == *request)?.id;
        self.take(found, |_| true);
        Some(found)
    }

    /// The success of login `id`, should it arrive, will have to be undone.
    pub(crate) fn abandon_login(&mut self, id: RequestId) {
        if self.abandoned_logins.len() >= MAX_ABANDONED_LOGINS {
            self.abandoned_logins.pop_front();
        }
        self.abandoned_logins.push_back(id);
    }

    /// Whether login `id` was given up on; true once only.
    pub(crate) fn was_abandoned(&mut self, id: RequestId) -> bool {
        let position = self.abandoned_logins.iter().position(|&other| other == id);
        position.is_some_and(|position| self.abandoned_logins.remove(position).is_some())
    }

    /// Notes the answer to a chat line; false when none with this id waits.
    pub(crate) fn settle_chat(&mut self, id: RequestId, outcome: Result<(), Refusal>) -> bool {
        let waiting = |chat: &&mut PendingChat| chat.id == Some(id) && chat.outcome.is_none();
        match self.chats.iter_mut().find(waiting) {
            Some(chat) => {
                chat.outcome = Some(outcome);
                true
            }
            None => false,
        }
    }

    /// Gives every chat line that waited too long its outcome.
    pub(crate) fn expire_chats(&mut self, now: Duration) {
        self.settle_chats_where(RefusalCode::TimedOut, |chat| chat.deadline <= now);
    }

    /// Gives every chat line that still waits this outcome.
    pub(crate) fn fail_chats(&mut self, code: RefusalCode) {
        self.settle_chats_where(code, |_| true);
    }

    /// The outcome of the oldest chat line, once it has one.
    pub(crate) fn next_chat_outcome(&mut self) -> Option<(Call, Result<(), Refusal>)> {
        self.chats.front()?.outcome.as_ref()?;
        let chat = self.chats.pop_front()?;
        Some((chat.call, chat.outcome?))
    }

    /// Moves every deadline by `gap`, and to `earliest` at least.
    pub(crate) fn postpone(&mut self, gap: Duration, earliest: Duration) {
        let chats = self.chats.iter_mut().map(|chat| &mut chat.deadline);
        let others = self.pending.iter_mut().map(|pending| &mut pending.deadline);
        for deadline in chats.chain(others) {
            *deadline = deadline.saturating_add(gap).max(earliest);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        // A line that has its outcome waits for earlier lines, not for a time.
        let unanswered = self.chats.iter().filter(|chat| chat.outcome.is_none());
        let chats = unanswered.map(|chat| chat.deadline);
        let others = self.pending.iter().map(|pending| pending.deadline);
        chats.chain(others).min()
    }

    fn take_where(&mut self, matches: impl Fn(&Pending) -> bool) -> Option<Request> {
        let position = self.pending.iter().position(matches)?;
        Some(self.pending.remove(position).request)
    }

    fn settle_chats_where(&mut self, code: RefusalCode, matches: impl Fn(&PendingChat) -> bool) {
        for chat in &mut self.chats {
            if chat.outcome.is_none() && matches(chat) {
                chat.outcome = Some(Err(code.into()));
            }
        }
    }
}
