//! One player, or visitor, from the first connection to the end.

use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::sleep;

use crate::SwarmError;
use crate::accounts::Account;
use crate::context::{Context, Ended, Phase};
use crate::pacer::Lines;
use crate::plan::{Load, Speaks, Visit, Visitors};
use crate::player::Player;
use crate::send::{enter_bare, listen, push, talk};
use crate::tally::add;

/// Senders at a rate that are sessions of the client core. With more of them one thread
/// would measure itself: the rest writes the same packets without it.
const MOST_SESSIONS: usize = 64;
/// What such a sender says at most, for the same reason. No player says as much.
const MOST_LINES_PER_S: f64 = 100.0;
/// Between tries to come back to a server that does not answer.
const RETRY: Duration = Duration::from_millis(20);

/// One player from coming in to the end, which is an error if it comes by itself.
pub(crate) async fn run_player(context: &Context, index: usize, mut lines: Option<Lines>) -> Ended {
    let mut gate = EntryGate {
        place: context.entering.acquire().await.ok(),
        is_in: false,
    };
    let mut left = None;
    loop {
        let Err(error) = stay(context, index, lines.as_mut(), &mut gate, left).await;
        let was_in = gate.is_in || left.is_some();
        let comeback = context.shared.plan.comeback;
        let Some(within) = comeback.filter(|_| was_in && error.is_cut()) else {
            return Err(error);
        };
        context.seats[index].move_on(context.shared.addresses.len());
        if std::mem::take(&mut gate.is_in) {
            add(&context.tally().left, 1);
            left = Some(context.now());
            sleep(within.mul_f64(fastrand::f64())).await;
        } else {
            // The server is not back yet.
            sleep(RETRY).await;
        }
        // An absent player says nothing: lines that fell due meanwhile are dropped.
        while lines.as_mut().is_some_and(|lines| lines.try_recv().is_ok()) {}
    }
}

/// Lets in some at a time, when all come for the first time.
struct EntryGate<'a> {
    place: Option<SemaphorePermit<'a>>,
    is_in: bool,
}

/// Comes in, again if it `left` once, and stays until the connection ends.
async fn stay(
    context: &Context,
    index: usize,
    lines: Option<&mut Lines>,
    gate: &mut EntryGate<'_>,
    left: Option<Duration>,
) -> Ended {
    let seat = &context.seats[index];
    let mut is_in = || {
        gate.place.take();
        gate.is_in = true;
        if let Some(left) = left {
            context.note_return(left);
        }
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
    let mut player = Player::new(context, Some(index), seat.home.get());
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

/// Somebody who logs in, or registers, over and over on one of the servers.
pub(crate) async fn visit(context: &Context, visitors: &Visitors, home: u8) -> Ended {
    let place = context.entering.acquire().await;
    let mut player = Player::new(context, None, home);
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
