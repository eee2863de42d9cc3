//! Ids, answers, time-outs.

use std::collections::VecDeque;
use std::time::Duration;

use longhall_packet::{RequestId, Username};

use crate::clock::Stall;
use crate::export::Export;
use crate::listing::Listing;

/// Calls other than chat that may wait for their answers at the same time;
/// further ones are refused with
/// [`CallErrorCode::TooManyPending`](crate::CallErrorCode::TooManyPending).
pub const MAX_CALLS_IN_FLIGHT: usize = 64;

/// Logins given up on whose success, arriving late, has to be undone. Each took
/// a time-out, so older ones are long forgotten by the server, too.
const MAX_ABANDONED_LOGINS: usize = 16;

/// Names one call of `connect`, `login`, `send_chat` and so on; see
/// [`Session::poll_outcome`](crate::Session::poll_outcome).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call(u64);

/// A request other than a line of chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Hello,
    /// What work an account costs.
    Challenge,
    Register(Username, Call),
    Login(Call),
    Recover(Call),
    Resume,
    Logout,
    /// The logout after a login that the player no longer knows of.
    Undo,
    /// Something that a call waits for.
    Asked(Call, Asked),
    /// A page of history; what for is with the timelines. One at a time.
    Page,
    /// A read marker. One at a time.
    Read,
    /// The presence of before a cut, said again.
    Presence,
}

/// What a call waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `ok`.
    Done,
    Joined,
    Halls,
    Sessions,
    ProfileSet,
    PlayerInfo,
    Blocks,
    RecoveryCodes,
    SecondFactor,
    /// `ok`, by which the account has a second factor, or none any more.
    Factor(bool),
    Reported,
    Reports,
    ReportLines,
    Sanction,
    Sanctions,
    LinesDeleted,
    /// A page of this conversation, apart from what is shown.
    Page(String),
    /// The next page of a list.
    List(Listing),
    Ticket,
    /// `ok`, and the account stays.
    Kept,
    /// The next page of an export.
    Export(Box<Export>),
}

/// The requests that wait for an answer. Ids go on counting from connection to
/// connection, so that no answer ever finds a wrong request.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    last_id: RequestId,
    last_call: u64,
    pending: Vec<Pending>,
    abandoned_logins: VecDeque<RequestId>,
}

#[derive(Debug)]
struct Pending {
    id: RequestId,
    request: Request,
    deadline: Duration,
}

impl Requests {
    /// A name for what the player has just asked for.
    pub(crate) fn next_call(&mut self) -> Call {
        self.last_call = self.last_call.wrapping_add(1);
        Call(self.last_call)
    }

    /// An id for a request that waits elsewhere, or whose answer does not matter.
    pub(crate) fn next_id(&mut self) -> RequestId {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// The id that the next request will have.
    pub(crate) fn peek_id(&self) -> RequestId {
        self.last_id.wrapping_add(1)
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

    pub(crate) fn is_login_pending(&self) -> bool {
        self.is_pending(|request| matches!(request, Request::Login(_)))
    }

    pub(crate) fn is_pending(&self, fits: impl Fn(&Request) -> bool) -> bool {
        self.pending.iter().any(|pending| fits(&pending.request))
    }

    /// Whether as many calls wait as may.
    pub(crate) fn is_full(&self) -> bool {
        let is_asked = |pending: &&Pending| matches!(pending.request, Request::Asked(..));
        self.pending.iter().filter(is_asked).count() >= MAX_CALLS_IN_FLIGHT
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

    /// Ends one request of an account that is no longer there.
    pub(crate) fn take_of_account(&mut self) -> Option<Request> {
        self.take_where(|pending| {
            matches!(
                pending.request,
                Request::Asked(..) | Request::Page | Request::Read | Request::Presence
            )
        })
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

    /// Moves every deadline by the time in which nobody listened.
    pub(crate) fn postpone(&mut self, stall: Stall) {
        for Pending { deadline, .. } in &mut self.pending {
            stall.postpone(deadline);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.pending.iter().map(|pending| pending.deadline).min()
    }

    fn take_where(&mut self, matches: impl Fn(&Pending) -> bool) -> Option<Request> {
        let position = self.pending.iter().position(matches)?;
        Some(self.pending.remove(position).request)
    }
}
