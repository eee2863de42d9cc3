//! One frame of the node: it reads, lets the session work, and tells.

use std::rc::Rc;
use std::time::Duration;

use godot::prelude::*;
use longhall_client::{Action, Answer, CallError, Event, State};

use super::emit::emit;
use super::frequent_signals::FrequentSignals;
use super::remember::is_final;
use super::{NetworkClient, is_debug};
use crate::clock::now;
use crate::convert::seconds;
use crate::network_request::NetworkRequest;
use crate::transport::news::News;

/// Answers that were read too slowly for the budget do not keep the session from
/// noticing a dead connection for longer than this.
const LONGEST_WITHOUT_TICK: Duration = Duration::from_secs(5);

/// Packets that are read before what they bring is told. To borrow the node costs as much
/// as to read a line; too many would make a frame longer than its budget.
const PACKETS_AT_ONCE: usize = 4;

/// The work for an account may take so long of a frame: at 60 frames a second an eighth of
/// it, which no player sees.
const WORK_BUDGET: Duration = Duration::from_millis(2);

/// Hashes between two looks at the clock.
const HASHES_AT_ONCE: u32 = 100;

/// The method that the tree calls once a frame.
pub(super) const FRAME: &str = "_longhall_frame";

/// The method that the engine calls at the end of a frame, whatever thread asked for it.
pub(super) const TELL: &str = "_longhall_tell";

/// How a request ended.
type Outcome = (Gd<NetworkRequest>, Result<Answer, CallError>);

#[godot_api(secondary)]
impl NetworkClient {
    /// Called by the tree once a frame.
    //
    // With `Gd<Self>`, so that nothing of the node is borrowed while signals are
    // emitted: a handler may call back into it, move it, remove it.
    #[func(gd_self)]
    fn _longhall_frame(mut this: Gd<Self>) {
        process_frame(&mut this);
    }

    #[func(gd_self)]
    fn _longhall_tell(mut this: Gd<Self>) {
        let (happened, signals) = {
            let mut node = this.bind_mut();
            (node.happened(), node.signals.clone())
        };
        tell(&mut this, &signals, happened);
    }
}

impl NetworkClient {
    /// Lets the engine move data, and takes the first step of a frame. `None` for a node
    /// that is not processed.
    fn start_frame(&mut self, now: Duration) -> Option<(Duration, Rc<FrequentSignals>, Step)> {
        // The tree may still call a node that has left it in this very frame.
        if !self.is_in_tree || !self.may_process() {
            return None;
        }
        let starter = self.starter.as_mut();
        if starter.is_some_and(|starter| starter.has_ended(now)) {
            self.base().get_tree().quit();
        }
        self.transport.poll();
        let budget = seconds(self.frame_budget / 1000.0);
        Some((budget, self.signals.clone(), self.step(now)))
    }

    /// Whether the node is processed. The engine is asked again when it says that this has
    /// changed, since asking costs a tenth of an idle frame.
    fn may_process(&mut self) -> bool {
        match self.is_processed {
            Some(is_processed) => is_processed,
            None => *self.is_processed.insert(self.base().can_process()),
        }
    }

    /// Passes some packets, or one other piece of news, to the session; when there is no
    /// more, ends the frame.
    fn step(&mut self, now: Duration) -> Step {
        for _ in 0..PACKETS_AT_ONCE {
            match self.transport.next(now) {
                Some(News::Received(packet)) => {
                    self.session.received(now, packet.as_slice());
                    continue;
                }
                Some(News::Closed(code, reason)) => self.session.closed(now, code, &reason),
                Some(News::Failed(reason, cause)) => {
                    let cause = if is_debug() { cause.as_str() } else { "" };
                    self.session.failed(now, reason, cause);
                }
                None => return Step::Last(self.finish_frame(now, true)),
            }
            break;
        }
        Step::More(self.happened())
    }

    /// Lets the session notice what time it is. Not while answers lie unread,
    /// because then requests would time out that are answered; but in the end.
    fn finish_frame(&mut self, now: Duration, is_all_read: bool) -> Happened {
        self.work(now);
        if is_all_read || now.saturating_sub(self.ticked_at) > LONGEST_WITHOUT_TICK {
            self.ticked_at = now;
            self.session.tick(now);
        } else {
            self.session.tell_counts();
        }
        self.happened()
    }

    /// Does a little of the work that the server wants for an account, if it wants any.
    fn work(&mut self, now: Duration) {
        let Some(mut work) = self.session.take_work() else {
            return;
        };
        let started = crate::clock::now();
        while !work.run(HASHES_AT_ONCE) {
            if crate::clock::now().saturating_sub(started) >= WORK_BUDGET {
                break;
            }
        }
        self.session.give_back_work(now, work);
    }

    /// What handlers of these events cause waits for the next time: a handler
    /// that tries again at every denial must not keep the frame from ending.
    fn happened(&mut self) -> Happened {
        self.act();
        let events: Vec<_> = std::iter::from_fn(|| self.session.poll_event()).collect();
        let mut outcomes = Vec::new();
        while let Some((call, outcome)) = self.session.poll_outcome() {
            outcomes.extend(
                self.requests
                    .remove(&call)
                    .map(|request| (request, outcome)),
            );
        }
        for event in &events {
            match event {
                Event::LoggedIn { .. } => {
                    self.may_restore = true;
                    self.remember();
                }
                // Under its name of today.
                Event::AccountRenamed { .. } => self.remember(),
                Event::LoggedOut { reason } if is_final(*reason) => {
                    self.may_restore = false;
                    self.warn_of_twins(*reason);
                    self.forget_own();
                }
                _ => {}
            }
        }
        let warnings = std::mem::take(&mut self.warnings);
        Happened {
            events,
            outcomes,
            not_remembered: self.not_remembered.take(),
            warnings,
        }
    }

    /// Does what the session asks for.
    pub(super) fn act(&mut self) {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Open => {
                    // The first try, or one that the player asked for.
                    let explains = std::mem::take(&mut self.explains_next)
                        || self.session.state() == State::Connecting;
                    let opened = match &self.dialled {
                        Some(address) => {
                            let timeout = self.session.config().connect_timeout;
                            self.transport
                                .open(address, explains.then_some(timeout / 3))
                        }
                        None => Err("there is no address".to_owned()),
                    };
                    if let Err(reason) = opened {
                        self.warnings.push(reason);
                        self.session.unusable(now());
                    }
                }
                Action::Send(text) => {
                    if !self.transport.send(&text) {
                        // The link takes nothing any more.
                        self.transport.close(1000, "stalled");
                        self.session.closed(now(), None, "stalled");
                    }
                }
                Action::Close { code, reason } => {
                    self.warnings
                        .extend(self.transport.suspicion().filter(|_| is_debug()));
                    self.transport.close(code, reason);
                }
            }
        }
    }
}

/// What happened in the session since the last look.
struct Happened {
    events: Vec<Event>,
    outcomes: Vec<Outcome>,
    /// Why the login cannot be stored.
    not_remembered: Option<String>,
    warnings: Vec<String>,
}

/// One step of a frame.
enum Step {
    /// There may be more to read.
    More(Happened),
    Last(Happened),
}

/// What a node does in a frame. Borrows the node once for each step, and the clock
/// is read once: this is all that most frames of a game cost, and most lines.
fn process_frame(node: &mut Gd<NetworkClient>) {
    let started = now();
    let begun = node.bind_mut().start_frame(started);
    let Some((budget, signals, mut step)) = begun else {
        return;
    };
    loop {
        let happened = match step {
            Step::More(happened) => happened,
            Step::Last(happened) => {
                tell(node, &signals, happened);
                return;
            }
        };
        if !tell(node, &signals, happened) {
            return;
        }
        let now = now();
        step = if now.saturating_sub(started) < budget {
            node.bind_mut().step(now)
        } else {
            Step::Last(node.bind_mut().finish_frame(now, false))
        };
    }
}

/// Emits what happened, then ends the requests. `false`: a handler has freed
/// the node.
fn tell(node: &mut Gd<NetworkClient>, signals: &FrequentSignals, happened: Happened) -> bool {
    for warning in happened.warnings {
        godot_warn!("NetworkClient: {warning}");
    }
    let mut is_alive = true;
    for event in happened.events {
        emit(node, signals, event);
        is_alive = node.is_instance_valid();
        if !is_alive {
            break;
        }
    }
    if let Some(why) = happened.not_remembered.filter(|_| is_alive) {
        node.signals().remember_failed().emit(&why);
        is_alive = node.is_instance_valid();
    }
    // At the end of the frame, and not from here: a script that waits may free() the
    // node, and the engine does not survive that while it processes the node.
    for (request, outcome) in happened.outcomes {
        NetworkRequest::complete_later(request, outcome);
    }
    is_alive
}
