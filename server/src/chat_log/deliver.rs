//! Delivers a batch that the store has taken, and answers those who asked for it.

use std::collections::HashMap;
use std::sync::Arc;

use longhall_packet::{Denial, DenyCode, Line, LineKind, RequestId, Seq, ServerPacket};
use tokio::sync::oneshot;
use tracing::{debug, error, info};

use crate::frames::{encode, encode_all};
use crate::handlers::unavailable;
use crate::hub::{Answer, Hub, PublishedLine, pieces};
use crate::metrics::{Metrics, accepted};
use crate::outbox::{Outbox, Unflushed};
use crate::store::{Appended, ChannelId, StoreError, UserId};

/// What is needed of a request when its entry is with the store.
pub(super) struct Pending {
    pub(super) id: RequestId,
    pub(super) connection: u64,
    pub(super) outbox: Arc<Outbox>,
    pub(super) name: Arc<str>,
    pub(super) sender: UserId,
    /// The channel it is about. None for whispers.
    pub(super) channel: Option<ChannelId>,
    /// Whether it is a line, rather than a change of one.
    pub(super) is_line: bool,
    /// An operator, or whoever reports a flagged line, who waits for what came of it.
    pub(super) heard: Option<oneshot::Sender<Appended>>,
}

/// A batch that the store has taken or refused.
pub(super) struct Written {
    pub(super) batch: Vec<Pending>,
    pub(super) results: Result<Vec<Appended>, StoreError>,
}

/// Delivers a batch and answers: a line comes before the word that it is on disk,
/// and for its sender in the same write.
pub(super) async fn deliver(hub: &Hub, metrics: &Metrics, written: Written) {
    let Written { mut batch, results } = written;
    let mut unflushed = Unflushed::default();
    let results = match results {
        Ok(results) => results,
        Err(StoreError::Unavailable) => {
            // Said once for everybody, when it went away.
            debug!(lines = batch.len(), "the database is away");
            count_denials(metrics, DenyCode::Unavailable, batch.len());
            let packet = |pending: &Pending| ServerPacket::deny(Some(pending.id), unavailable());
            for pending in &batch {
                pending.send(&packet(pending), &mut unflushed);
            }
            unflushed.flush();
            return;
        }
        Err(cause) => {
            error!(%cause, lines = batch.len(), "the store takes no lines");
            count_denials(metrics, DenyCode::Unavailable, batch.len());
            for pending in &batch {
                pending.answer(Err(DenyCode::Unavailable), &mut unflushed);
            }
            unflushed.flush();
            return;
        }
    };
    for (pending, appended) in batch.iter_mut().zip(&results) {
        if let Some(heard) = pending.heard.take() {
            // Who asked may be gone.
            let _ = heard.send(appended.clone());
        }
    }
    let mut channels: HashMap<ChannelId, Vec<(&Pending, PublishedLine)>> = HashMap::new();
    let mut before = Vec::new();
    count_entries(metrics, &batch, &results);
    for (pending, appended) in batch.iter().zip(results) {
        let outcome = pending.outcome(&appended);
        if let Err(code) = outcome {
            count_denials(metrics, code, 1);
        }
        match (appended, pending.channel) {
            (Appended::Line { line }, Some(channel)) => {
                // Nobody has blocked the game.
                let sender = match line.kind {
                    LineKind::System => UserId(0),
                    _ => pending.sender,
                };
                let said = (pending, PublishedLine { sender, line });
                channels.entry(channel).or_default().push(said);
                continue;
            }
            // The line may be in this very batch.
            (Appended::Before { seq, .. }, channel) => {
                before.push((pending, channel, seq, outcome));
                continue;
            }
            (
                Appended::Whisper {
                    sent,
                    recipient,
                    received,
                },
                _,
            ) => hub.whisper(pending.sender, &sent, recipient, &received, &mut unflushed),
            _ => {}
        }
        pending.answer(outcome, &mut unflushed);
    }
    unflushed.flush();
    for (channel, said) in channels {
        publish(hub, channel, said, &mut unflushed).await;
    }
    for (pending, channel, seq, outcome) in before {
        match (channel, &outcome) {
            // It may wait for its turn yet.
            (Some(channel), Ok(packet)) if hub.is_in_cluster() => {
                let answer = Answer {
                    outbox: Arc::clone(&pending.outbox),
                    frames: encode(packet),
                    count: 1,
                };
                hub.answer_in_turn(channel, seq, answer, &mut unflushed);
            }
            _ => pending.answer(outcome, &mut unflushed),
        }
    }
    unflushed.flush();
}

/// Counts what the store has accepted. What it had already counts no more.
fn count_entries(metrics: &Metrics, batch: &[Pending], results: &[Appended]) {
    let (mut lines, mut whispers, mut changes) = (0, 0, 0);
    for (pending, appended) in batch.iter().zip(results) {
        match appended {
            Appended::Line { .. } if pending.is_line => lines += 1,
            Appended::Line { .. } => changes += 1,
            Appended::Whisper { .. } => whispers += 1,
            Appended::Before { .. }
            | Appended::UnknownLine
            | Appended::TooLate
            | Appended::Blocked
            | Appended::InboxFull
            | Appended::NotAMember => {}
        }
    }
    for (kind, count) in [
        (accepted::LINE, lines),
        (accepted::WHISPER, whispers),
        (accepted::CHANGE, changes),
    ] {
        metrics.entries.add(kind, count);
    }
}

fn count_denials(metrics: &Metrics, code: DenyCode, count: usize) {
    metrics.denials.add(code.name(), count as u64);
}

/// Delivers lines of one channel: a member's outbox is locked once for all of them
/// that go together.
async fn publish(
    hub: &Hub,
    channel: ChannelId,
    said: Vec<(&Pending, PublishedLine)>,
    unflushed: &mut Unflushed,
) {
    let (pending, said): (Vec<&Pending>, Vec<PublishedLine>) = said.into_iter().unzip();
    let mut pending = &pending[..];
    for said in pieces(&said) {
        let (asked, rest) = pending.split_at(said.len());
        pending = rest;
        let name = &asked[0].name;
        if hub.is_in_cluster() {
            let answers = answers(asked, said).map(|(last, answer)| (last.seq, answer));
            hub.publish_in_turn(channel, name, said, answers.collect(), unflushed);
        } else {
            hub.publish(channel, name, said, unflushed);
            for (_, answer) in answers(asked, said) {
                answer.give(unflushed);
            }
        }
        unflushed.flush();
        // This may be a lot of system calls; let others have a turn.
        tokio::task::yield_now().await;
    }
}

/// What came in one go from one player is answered in one: the answers, each with the
/// last line that it is about.
fn answers<'a>(
    pending: &'a [&'a Pending],
    said: &'a [PublishedLine],
) -> impl Iterator<Item = (&'a Line, Answer)> {
    let runs = pending.chunk_by(|one, next| Arc::ptr_eq(&one.outbox, &next.outbox));
    let mut rest = said;
    runs.filter_map(move |run| {
        let (lines, behind) = rest.split_at(run.len());
        rest = behind;
        let posted = run.iter().zip(lines);
        let posted = posted.map(|(pending, said)| pending.posted(&said.line));
        let answer = Answer {
            outbox: Arc::clone(&run[0].outbox),
            frames: encode_all(posted),
            count: run.len(),
        };
        Some((&lines.last()?.line, answer))
    })
}

impl Pending {
    fn outcome(&self, appended: &Appended) -> Result<ServerPacket, DenyCode> {
        match appended {
            Appended::Line { line } | Appended::Whisper { sent: line, .. } => Ok(self.posted(line)),
            Appended::Before { seq, sent_at_ms } => {
                Ok(self.posted_as(*seq, sent_at_ms.unsigned_abs()))
            }
            Appended::UnknownLine => Err(DenyCode::UnknownLine),
            Appended::TooLate => Err(DenyCode::TooLate),
            Appended::Blocked => Err(DenyCode::Blocked),
            Appended::InboxFull => Err(DenyCode::InboxFull),
            Appended::NotAMember => Err(DenyCode::NotAMember),
        }
    }

    fn posted(&self, line: &Line) -> ServerPacket {
        self.posted_as(line.seq, line.sent_at_ms)
    }

    fn posted_as(&self, seq: Seq, sent_at_ms: u64) -> ServerPacket {
        let id = self.id;
        if !self.is_line {
            return ServerPacket::Ok { id };
        }
        let channel = self.name.as_ref().to_owned();
        ServerPacket::Posted {
            id,
            channel,
            seq,
            sent_at_ms,
        }
    }

    fn answer(&self, outcome: Result<ServerPacket, DenyCode>, unflushed: &mut Unflushed) {
        let packet = outcome.unwrap_or_else(|code| {
            let (connection, UserId(user)) = (self.connection, self.sender);
            // What an operator has written is answered otherwise.
            if connection != 0 {
                info!(connection, user, %code, "denied");
            }
            ServerPacket::deny(Some(self.id), Denial::new(code))
        });
        self.send(&packet, unflushed);
    }

    fn send(&self, packet: &ServerPacket, unflushed: &mut Unflushed) {
        if self.outbox.deliver_answers(encode(packet), 1) {
            unflushed.add(&self.outbox);
        }
    }
}
