//! Players who are in: they listen, and talk as the plan says.

use std::time::Duration;

use longhall_client::MAX_CHATS_IN_FLIGHT;
use longhall_packet::{ChannelName, ChatText, ClientPacket, Target, codec};

use crate::SwarmError;
use crate::context::{Context, Ended, Phase};
use crate::count::{Batch, Counter};
use crate::pacer::Lines;
use crate::plan::Load;
use crate::player::{Player, closed};
use crate::stamp::Sent;
use crate::tally::add;
use crate::wire::{Control, Wire};

/// Joins a reference, which knows no accounts.
///
/// # Errors
/// When it does not answer.
pub(crate) async fn enter_bare(
    context: &Context,
    index: usize,
) -> Result<(Wire, Counter), SwarmError> {
    let address = context.address(context.seats[index].home.get());
    let mut wire = Wire::dial(address).await?;
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
pub(crate) async fn listen(
    context: &Context,
    index: usize,
    mut wire: Wire,
    mut counter: Counter,
) -> Ended {
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
    let home = context.seats[index].home.get();
    let turn = wire.turn(&context.buffer, |packet| {
        let now = *now.get_or_insert_with(|| context.now());
        let sent = counter.see(packet, context.sampling, &mut batch);
        context.note_latency(sent, home, now);
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
pub(crate) async fn push(
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
    let home = context.seats[index].home.get();
    let mut line = Composer::new(context, home, name(channel)?);
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
    home: u8,
    channel: ChannelName,
    last_id: u32,
}

impl<'a> Composer<'a> {
    fn new(context: &'a Context, home: u8, channel: ChannelName) -> Self {
        Self {
            context,
            home,
            channel,
            last_id: 1000,
        }
    }

    /// A line that counts as sent at `at`.
    fn next(&mut self, at: Duration) -> Result<String, SwarmError> {
        self.last_id = self.last_id.wrapping_add(1);
        let home = self.home;
        let text = self
            .context
            .sampling
            .clock
            .stamp(Sent { at, home }, self.context.shared.plan.text_bytes);
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
pub(crate) async fn talk(
    context: &Context,
    index: usize,
    mut player: Player<'_>,
    lines: &mut Lines,
) -> Ended {
    let plan = &context.shared.plan;
    // Empty is the lobby.
    let channel = context.seats[index].channel.as_deref().unwrap_or("");
    let home = context.seats[index].home.get();
    let stamp = |at| {
        let clock = context.sampling.clock;
        clock.stamp(Sent { at, home }, plan.text_bytes)
    };
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
            let text = stamp(if held_up { at } else { now });
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
            player.session.send_chat(now, channel, &stamp(now.max(at)));
            add(&context.tally().said, 1);
            on_their_way += 1;
        }
        on_their_way -= player.lines_ended()?.min(on_their_way);
    }
}
