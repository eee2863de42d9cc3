//! Looks at what one connection is sent: counts lines, and checks that each
//! channel's numbers rise by one.
//!
//! A line takes one comparison with the channel's known beginning and a few digits;
//! everything else (a few packets a second) goes through the packet crate.

use std::time::Duration;

use longhall_packet::{DenyCode, Seq, ServerPacket, codec};

use crate::stamp::Clock;

/// What came, since it was looked at last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batch {
    /// Lines delivered.
    pub(crate) delivered: u64,
    /// Bytes of their packets.
    pub(crate) bytes: u64,
    /// Own lines acknowledged.
    pub(crate) posted: u64,
    /// `gap` packets.
    pub(crate) gaps: u64,
    /// Lines that those announced as left out.
    pub(crate) left_out: u64,
    /// Lines that should have been there and were not.
    pub(crate) lost: u64,
    /// Lines that came again.
    pub(crate) doubled: u64,
    /// Why a request was refused.
    pub(crate) denied: Option<DenyCode>,
    /// A `joined` or `logged_in` was among them.
    pub(crate) entered: bool,
}

/// Which lines are looked at for when they were sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling {
    pub(crate) clock: Clock,
    /// One line in so many.
    pub(crate) one_in: u64,
}

/// One connection's channels.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    logs: Vec<Log>,
    /// Makes connections look at different lines.
    offset: u64,
}

#[derive(Debug)]
struct Log {
    channel: String,
    /// What the channel's `chat` packets begin with, up to the number.
    beginning: Vec<u8>,
    /// Everything up to this number is here, or was left out.
    have: Seq,
}

/// As servers write it; anything else is decoded.
fn beginning(channel: &str) -> Vec<u8> {
    format!(r#"{{"type":"chat","channel":"{channel}","seq":"#).into_bytes()
}

impl Counter {
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            logs: Vec::new(),
            offset,
        }
    }

    /// Up to where a channel is here.
    pub(crate) fn have(&self, channel: &str) -> Option<Seq> {
        let log = self.logs.iter().find(|log| log.channel == channel)?;
        Some(log.have)
    }

    /// The channel that is spoken in, and up to where it is here.
    pub(crate) fn newest(&self) -> Option<Seq> {
        Some(self.logs.first()?.have)
    }

    /// The channel that is spoken in.
    pub(crate) fn first(&self) -> Option<&str> {
        Some(&self.logs.first()?.channel)
    }

    /// Takes note of one packet. Returns when it was sent, for a line that is one of
    /// the sample.
    pub(crate) fn see(
        &mut self,
        packet: &[u8],
        sampling: Sampling,
        batch: &mut Batch,
    ) -> Option<Duration> {
        let known = self
            .logs
            .iter_mut()
            .find_map(|log| Some((number(packet.strip_prefix(&log.beginning[..])?)?, log)));
        let Some(((seq, rest), log)) = known else {
            self.see_other(packet, batch);
            return None;
        };
        log.take(seq, batch);
        batch.bytes += packet.len() as u64;
        if !(seq + self.offset).is_multiple_of(sampling.one_in) {
            return None;
        }
        sampling.clock.read(text(rest)?)
    }

    fn see_other(&mut self, packet: &[u8], batch: &mut Batch) {
        // Its number is that of its own `chat` packet, which came before.
        if packet.starts_with(br#"{"type":"posted","#) {
            batch.posted += 1;
            return;
        }
        match codec::decode_server_packet(packet) {
            Ok(ServerPacket::LoggedIn { channels, .. }) => {
                self.logs.clear();
                for channel in channels {
                    self.begin(&channel.channel, channel.last_seq);
                }
                batch.entered = true;
            }
            Ok(ServerPacket::Joined { channel, .. }) => {
                self.begin(&channel.channel, channel.last_seq);
                batch.entered = true;
            }
            Ok(ServerPacket::Chat { channel, line }) => {
                if let Some(log) = self.log(&channel) {
                    log.take(line.seq, batch);
                }
            }
            Ok(ServerPacket::Gap { channel, last_seq }) => {
                if let Some(log) = self.log(&channel) {
                    batch.gaps += 1;
                    batch.left_out += last_seq.saturating_sub(log.have);
                    log.have = log.have.max(last_seq);
                }
            }
            Ok(ServerPacket::Deny { code, .. }) => batch.denied = Some(code),
            _ => {}
        }
    }

    fn begin(&mut self, channel: &str, have: Seq) {
        match self.log(channel) {
            Some(log) => log.have = log.have.max(have),
            None => self.logs.push(Log {
                channel: channel.to_owned(),
                beginning: beginning(channel),
                have,
            }),
        }
        // The channel of the run is joined last and spoken in most.
        if let Some(at) = self.logs.iter().position(|log| log.channel == channel) {
            self.logs.swap(0, at);
        }
    }

    fn log(&mut self, channel: &str) -> Option<&mut Log> {
        self.logs.iter_mut().find(|log| log.channel == channel)
    }
}

impl Log {
    fn take(&mut self, seq: Seq, batch: &mut Batch) {
        batch.delivered += 1;
        if seq <= self.have {
            batch.doubled += 1;
        } else {
            batch.lost += seq - self.have - 1;
            self.have = seq;
        }
    }
}

/// The number at the beginning, and what follows it.
fn number(bytes: &[u8]) -> Option<(Seq, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let mut count = 0;
    let number = digits.fold(0_u64, |number, digit| {
        count += 1;
        number.wrapping_mul(10) + u64::from(digit - b'0')
    });
    (1..=16).contains(&count).then(|| (number, &bytes[count..]))
}

/// The text of a line, behind its number. No quotes are in the lines of a run.
fn text(bytes: &[u8]) -> Option<&[u8]> {
    let sender = bytes.strip_prefix(br#","sender":""#)?;
    let end = sender.iter().position(|&byte| byte == b'"')?;
    sender[end..].strip_prefix(br#"","text":""#)
}
