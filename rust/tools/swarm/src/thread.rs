//! One thread of a swarm: its players, each a task.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use longhall_client::MAX_CHATS_IN_FLIGHT;
use longhall_packet::{ChannelName, ChatText, ClientPacket, CloseReason, Seq, Target, codec};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use crate::SwarmError;
use crate::accounts::Account;
use crate::count::{Batch, Counter, Sampling};
use crate::pacer::Pacer;
use crate::plan::{Load, Plan, Speaks, Visit, Visitors};
use crate::player::{Player, closed};
use crate::tally::{Tally, add};
use crate::wire::{Address, Buffer, Control, Wire, new_buffer};

/// The longest latency that is told apart from longer ones.
const MAX_LATENCY: Duration = Duration::from_secs(60);
/// Senders at a rate that are sessions of the client core. With more of them one thread
/// would measure itself: the rest writes the same packets without it.
const MOST_SESSIONS: usize = 64;
/// What such a sender says at most, for the same reason. No player says as much.
const MOST_LINES_PER_S: f64 = 100.0;
/// Between tries to come back to a server that does not answer.
const RETRY: Duration = Duration::from_millis(20);

pub(crate) fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_LATENCY.as_nanos() as u64, 3)
        .expect("the bounds are in order")
}

/// What the swarm does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody talks: not yet, or not any more.
    Silent,
    /// The senders talk.
    Talking,
    /// Everybody leaves.
    Over,
}

/// What all threads share.
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) address: Address,
    pub(crate) phase: watch::Receiver<Phase>,
    pub(crate) tallies: Vec<Tally>,
    /// Lines sent from then on, in nanoseconds of the clock, count for the latency.
    pub(crate) from: AtomicU64,
    /// Lines sent until then do.
    pub(crate) until: AtomicU64,
    /// What went wrong first.
    pub(crate) failure: Mutex<Option<SwarmError>>,
}

impl Shared {
    pub(crate) fn fail(&self, error: SwarmError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }

    pub(crate) fn take_failure(&self) -> Option<SwarmError> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }
}

/// What all players of a thread share.
pub(crate) struct Context {
    shared: Arc<Shared>,
    /// Which of the threads it is.
    thread: usize,
    pub(crate) address: Address,
    pub(crate) buffer: Buffer,
    pub(crate) sampling: Sampling,
    start: Instant,
    latency: RefCell<Histogram<u64>>,
    visits: RefCell<Histogram<u64>>,
    seats: Vec<Seat>,
    entering: Semaphore,
}

/// A player's place in the swarm.
struct Seat {
    /// Among all players.
    number: usize,
    account: RefCell<Account>,
    channel: Option<String>,
    /// Up to where its channel was when it came in, and is here now.
    first: Cell<Option<Seq>>,
    have: Cell<Seq>,
}

/// What a thread brings back.
pub(crate) struct ThreadReport {
    pub(crate) latency: Histogram<u64>,
    pub(crate) visits: Histogram<u64>,
    pub(crate) players: Vec<Heard>,
}

/// What became of one player.
pub(crate) struct Heard {
    /// Among all players.
    pub(crate) number: usize,
    pub(crate) account: Account,
    pub(crate) channel: Option<String>,
    /// Up to where its channel was when it came in.
    pub(crate) first: Seq,
    /// Up to where it is here.
    pub(crate) have: Seq,
}

impl Context {
    pub(crate) fn now(&self) -> Duration {
        self.sampling.clock.now()
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    fn tally(&self) -> &Tally {
        &self.shared.tallies[self.thread]
    }

    /// Takes note of what one read brought.
    pub(crate) fn note(&self, index: Option<usize>, counter: &Counter, batch: &Batch) {
        self.tally().add(batch);
        let Some(seat) = index.map(|index| &self.seats[index]) else {
            return;
        };
        if batch.delivered + batch.gaps > 0 || batch.entered {
            let channel = seat.channel.as_deref().or(counter.lobby());
            if let Some(have) = channel.and_then(|channel| counter.have(channel)) {
                seat.have.set(have);
                if seat.first.get().is_none() {
                    seat.first.set(Some(have));
                }
            }
        }
    }

    /// Takes note of how long a line was on its way.
    pub(crate) fn note_latency(&self, sent: Option<Duration>, now: Duration) {
        if let Some(sent) = sent {
            self.record(&self.latency, sent, now);
        }
    }

    /// Takes note of how long a visit took.
    fn note_visit(&self, began: Duration) {
        self.record(&self.visits, began, self.now());
    }

    fn record(&self, histogram: &RefCell<Histogram<u64>>, from: Duration, to: Duration) {
        let nanos = from.as_nanos() as u64;
        let first = self.shared.from.load(Ordering::Relaxed);
        if nanos >= first && nanos < self.shared.until.load(Ordering::Relaxed) {
            let took = to.saturating_sub(from).as_nanos() as u64;
            histogram.borrow_mut().saturating_record(took);
        }
    }
}

/// Plays until the phase is [`Phase::Over`].
///
/// # Errors
/// When the system refuses what a thread needs.
pub(crate) fn run(
    shared: Arc<Shared>,
    thread: usize,
    sampling: Sampling,
    accounts: Vec<(usize, Account)>,
) -> Result<ThreadReport, SwarmError> {
    let system = |cause| SwarmError::System {
        doing: "cannot start a thread",
        cause,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(system)?;
    let seats = accounts.into_iter().map(|(number, account)| Seat {
        number,
        account: RefCell::new(account),
        channel: shared.plan.channel_of(number),
        first: Cell::new(None),
        have: Cell::new(0),
    });
    let context = Rc::new(Context {
        thread,
        address: shared.address.clone(),
        buffer: new_buffer(),
        sampling,
        start: sampling.clock.beginning(),
        visits: RefCell::new(new_histogram()),
        latency: RefCell::new(new_histogram()),
        seats: seats.collect(),
        entering: Semaphore::new(shared.plan.at_once.div_ceil(shared.plan.threads)),
        shared,
    });
    LocalSet::new().block_on(&runtime, play(&context));
    drop(runtime);
    let players = context.seats.iter().map(|seat| Heard {
        number: seat.number,
        account: seat.account.borrow().clone(),
        channel: seat.channel.clone(),
        first: seat.first.get().unwrap_or_default(),
        have: seat.have.get(),
    });
    Ok(ThreadReport {
        players: players.collect(),
        latency: context.latency.borrow().clone(),
        visits: context.visits.borrow().clone(),
    })
}

/// Has everybody play until it is over.
async fn play(context: &Rc<Context>) {
    let mut players = JoinSet::new();
    let mut due = Vec::new();
    for index in 0..context.seats.len() {
        let talks = context.seats[index].number < context.shared.plan.senders;
        let lines = talks.then(|| {
            let (due_tx, lines) = mpsc::unbounded_channel();
            due.push(due_tx);
            lines
        });
        let context = Rc::clone(context);
        players.spawn_local(async move {
            let Err(error) = run_player(&context, index, lines).await;
            context.shared.fail(error);
        });
    }
    let visitors = context.shared.plan.visitors;
    let threads = context.shared.plan.threads;
    for _ in (context.thread..visitors.count).step_by(threads) {
        let context = Rc::clone(context);
        players.spawn_local(async move {
            loop {
                let Err(error) = visit(&context, &visitors).await;
                // Who is logged out most of the time is sent away now and then.
                let reason = CloseReason::LoginTimeout;
                if !matches!(error, SwarmError::Closed { reason: why } if why == reason) {
                    return context.shared.fail(error);
                }
            }
        });
    }
    if let Load::Rate { lines_per_s } = context.shared.plan.load
        && !due.is_empty()
    {
        let step = Duration::from_secs_f64(1.0 / (lines_per_s * due.len() as f64));
        let pacer = Pacer {
            clock: context.sampling.clock,
            phase: context.shared.phase.clone(),
            shift: step.mul_f64(context.thread as f64 / context.shared.plan.threads as f64),
            step,
            senders: due,
        };
        // It ends by itself.
        std::thread::spawn(|| pacer.run());
    }
    let mut phase = context.shared.phase.clone();
    // Gone is over, too.
    phase.wait_for(|phase| *phase == Phase::Over).await.ok();
    players.shutdown().await;
}

/// What a player does has no end of its own.
type Ended = Result<Infallible, SwarmError>;

/// The lines of a sender that are due, by the time they are.
type Lines = mpsc::UnboundedReceiver<Duration>;

/// One player from coming in to the end, which is an error if it comes by itself.
async fn run_player(context: &Context, index: usize, mut lines: Option<Lines>) -> Ended {
    let mut gate = EntryGate {
        place: context.entering.acquire().await.ok(),
        is_in: false,
    };
    let mut was_in = false;
    loop {
        let Err(error) = stay(context, index, lines.as_mut(), &mut gate).await;
        was_in |= gate.is_in;
        let comeback = context.shared.plan.comeback;
        let Some(within) = comeback.filter(|_| was_in && error.is_cut()) else {
            return Err(error);
        };
        if std::mem::take(&mut gate.is_in) {
            add(&context.tally().left, 1);
            sleep(within.mul_f64(fastrand::f64())).await;
        } else {
            // The server is what is not back yet.
            sleep(RETRY).await;
        }
        // Nothing is said by who is not there.
        while lines.as_mut().is_some_and(|lines| lines.try_recv().is_ok()) {}
    }
}

/// Lets in some at a time, when all come for the first time.
struct EntryGate<'a> {
    place: Option<SemaphorePermit<'a>>,
    is_in: bool,
}

/// Comes in and stays until the connection ends.
async fn stay(
    context: &Context,
    index: usize,
    lines: Option<&mut Lines>,
    gate: &mut EntryGate<'_>,
) -> Ended {
    let seat = &context.seats[index];
    let mut is_in = || {
        gate.place.take();
        gate.is_in = true;
        add(&context.tally().entered, 1);
    };
    let (rate, like_a_player) = match context.shared.plan.load {
        Load::Push { .. } => (false, false),
        Load::Rate { lines_per_s } => {
            let few = seat.number < MOST_SESSIONS;
            (true, few && lines_per_s <= MOST_LINES_PER_S)
        }
    };
    if context.shared.plan.speaks == Speaks::BareFrames {
        let (wire, counter) = enter_bare(context, index).await?;
        is_in();
        return match lines {
            Some(lines) => push(context, index, wire, counter, rate.then_some(lines)).await,
            None => listen(context, index, wire, counter).await,
        };
    }
    let mut player = Player::new(context, Some(index));
    let mut account = seat.account.borrow().clone();
    let entered = player.enter(&mut account, seat.channel.as_deref()).await;
    // Also when it did not get in: the token may have changed.
    seat.account.replace(account);
    entered?;
    is_in();
    match lines {
        Some(lines) if like_a_player => talk(context, index, player, lines).await,
        lines => {
            let lost = SwarmError::Lost { doing: "entering" };
            let (wire, counter) = player.into_wire().ok_or(lost)?;
            match lines {
                Some(lines) => push(context, index, wire, counter, rate.then_some(lines)).await,
                None => listen(context, index, wire, counter).await,
            }
        }
    }
}

/// Somebody who logs in, or registers, over and over.
async fn visit(context: &Context, visitors: &Visitors) -> Ended {
    let place = context.entering.acquire().await;
    let mut player = Player::new(context, None);
    let mut account = Account::new_ones(1).remove(0);
    let password = player.first_visit(&account.username).await?;
    drop(place);
    add(&context.tally().visitors, 1);
    let mut phase = context.shared.phase.clone();
    loop {
        let talking = phase.wait_for(|phase| *phase == Phase::Talking);
        tokio::select! {
            talking = talking => {
                if talking.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            batch = player.turn("waiting") => {
                batch?;
                continue;
            }
        }
        let began = context.now();
        match visitors.doing {
            Visit::Login => player.log_in(&account.username, &password).await?,
            Visit::Register => {
                account = Account::new_ones(1).remove(0);
                player.register(&account.username, &password).await?;
            }
        }
        add(&context.tally().visits, 1);
        context.note_visit(began);
        if visitors.doing == Visit::Login {
            player.log_out().await?;
        }
    }
}

async fn enter_bare(context: &Context, index: usize) -> Result<(Wire, Counter), SwarmError> {
    let mut wire = Wire::dial(&context.address).await?;
    let mut counter = Counter::new(index as u64);
    let channel = context.seats[index].channel.as_deref().unwrap_or("lobby");
    wire.queue(&codec::encode(&ClientPacket::Join {
        id: 1,
        channel: name(channel)?,
        channel_password: None,
    }));
    loop {
        let batch = hear(context, index, &mut wire, &mut counter, "joining").await?;
        if batch.entered {
            return Ok((wire, counter));
        }
    }
}

fn name(channel: &str) -> Result<ChannelName, SwarmError> {
    ChannelName::parse(channel).map_err(|denial| SwarmError::Plan(denial.reason()))
}

/// Only counts.
async fn listen(context: &Context, index: usize, mut wire: Wire, mut counter: Counter) -> Ended {
    loop {
        hear(context, index, &mut wire, &mut counter, "listening").await?;
    }
}

/// Sends what is queued, waits until something can be read, and counts it.
/// May be dropped while it waits.
async fn hear(
    context: &Context,
    index: usize,
    wire: &mut Wire,
    counter: &mut Counter,
    doing: &'static str,
) -> Result<Batch, SwarmError> {
    let mut now = None;
    let mut batch = Batch::default();
    let turn = wire.turn(&context.buffer, |packet| {
        let now = *now.get_or_insert_with(|| context.now());
        let sent = counter.see(packet, context.sampling, &mut batch);
        context.note_latency(sent, now);
    });
    let read = turn.await?;
    context.note(Some(index), counter, &batch);
    match read.control {
        Some(Control::Ping) => wire.pong(),
        Some(Control::Close(reason)) => return Err(closed(reason, doing)),
        None if read.is_over => return Err(SwarmError::Lost { doing }),
        None => {}
    }
    Ok(batch)
}

/// Sends as much as may be on its way, or with `lines` what is due, without the
/// client core: that lets 64 lines be on their way and no more.
async fn push(
    context: &Context,
    index: usize,
    mut wire: Wire,
    mut counter: Counter,
    mut lines: Option<&mut Lines>,
) -> Ended {
    let window = match context.shared.plan.load {
        Load::Push { window } => window,
        Load::Rate { .. } => usize::MAX,
    };
    let lobby = counter.lobby().unwrap_or("lobby").to_owned();
    let channel = context.seats[index].channel.as_deref().unwrap_or(&lobby);
    let mut line = Composer::new(context, name(channel)?);
    let mut phase = context.shared.phase.clone();
    let mut on_their_way = 0;
    loop {
        if lines.is_none() && *phase.borrow_and_update() == Phase::Talking {
            while on_their_way < window {
                wire.queue(&line.next(context.now())?);
                on_their_way += 1;
            }
        }
        let due = async {
            match &mut lines {
                Some(lines) => lines.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            batch = hear(context, index, &mut wire, &mut counter, "talking") => {
                let batch = batch?;
                if let Some(code) = batch.denied {
                    return Err(SwarmError::Denied { doing: "take a line", code });
                }
                on_their_way -= (batch.posted as usize).min(on_their_way);
            }
            Some(at) = due => {
                let at = if wire.is_behind() { at } else { context.now() };
                wire.queue(&line.next(at)?);
                on_their_way += 1;
            }
            // Gone is over, too, and then this task is ended.
            _ = phase.changed() => {}
        }
    }
}

/// Writes the packets of one sender.
struct Composer<'a> {
    context: &'a Context,
    channel: ChannelName,
    last_id: u32,
}

impl<'a> Composer<'a> {
    fn new(context: &'a Context, channel: ChannelName) -> Self {
        Self {
            context,
            channel,
            last_id: 1000,
        }
    }

    /// A line that counts as sent at `at`.
    fn next(&mut self, at: Duration) -> Result<String, SwarmError> {
        self.last_id = self.last_id.wrapping_add(1);
        let text = self
            .context
            .sampling
            .clock
            .stamp(at, self.context.shared.plan.text_bytes);
        add(&self.context.tally().said, 1);
        Ok(codec::encode(&ClientPacket::Chat {
            id: self.last_id,
            channel: Target::Channel(self.channel.clone()),
            line_id: fastrand::u64(..1 << 53),
            text: ChatText::parse(&text).map_err(|denial| SwarmError::Plan(denial.reason()))?,
        }))
    }
}

/// A sender of the client core, which says what is due.
async fn talk(context: &Context, index: usize, mut player: Player<'_>, lines: &mut Lines) -> Ended {
    let plan = &context.shared.plan;
    // Empty is the lobby.
    let channel = context.seats[index].channel.as_deref().unwrap_or("");
    let mut on_their_way = 0;
    // A line that has to wait for the server counts from when it was due: a server
    // that is slow must not look fast because less was asked of it.
    let mut held_up = false;
    loop {
        while on_their_way < MAX_CHATS_IN_FLIGHT {
            let Ok(at) = lines.try_recv() else {
                held_up = false;
                break;
            };
            let now = context.now();
            let sent = if held_up { at } else { now };
            let text = context.sampling.clock.stamp(sent, plan.text_bytes);
            player.session.send_chat(now, channel, &text);
            add(&context.tally().said, 1);
            on_their_way += 1;
        }
        held_up |= on_their_way >= MAX_CHATS_IN_FLIGHT;
        let mut next = None;
        tokio::select! {
            batch = player.turn("talking") => {
                batch?;
            }
            at = lines.recv(), if !held_up => next = at,
        }
        if let Some(at) = next {
            let now = context.now();
            let text = context.sampling.clock.stamp(now.max(at), plan.text_bytes);
            player.session.send_chat(now, channel, &text);
            add(&context.tally().said, 1);
            on_their_way += 1;
        }
        on_their_way -= player.lines_ended()?.min(on_their_way);
    }
}
