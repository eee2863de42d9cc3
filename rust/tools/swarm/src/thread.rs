//! One thread of a swarm: its players, each a task.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use longhall_packet::CloseReason;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use crate::SwarmError;
use crate::accounts::Account;
use crate::context::{Context, Phase, Shared, ThreadReport};
use crate::count::Sampling;
use crate::pacer::Pacer;
use crate::plan::Load;
use crate::task::{run_player, visit};

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
    let context = Rc::new(Context::new(shared, thread, sampling, accounts));
    LocalSet::new().block_on(&runtime, play(&context));
    drop(runtime);
    Ok(context.report())
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
    for number in (context.thread..visitors.count).step_by(threads) {
        let home = (number % context.shared.addresses.len()) as u8;
        let context = Rc::clone(context);
        players.spawn_local(async move {
            loop {
                let Err(error) = visit(&context, &visitors, home).await;
                // The server sends a visitor away who stays logged out for long.
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
