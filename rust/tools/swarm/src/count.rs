//! Looks at what one connection is sent: counts lines, and checks that each
//! channel's numbers rise by one.
//!
//! A line takes one comparison with the channel's known beginning and a few digits;
//! everything else (a few packets a second) goes through the packet crate.

use longhall_packet::{DenyCode, Seq, ServerPacket, codec};

use crate::stamp::{Clock, Sent};

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
    /// The lobby first, if there is one.
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
    /// No line has come since it was entered.
    is_fresh: bool,
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

    /// The channel that everybody is in.
    pub(crate) fn lobby(&self) -> Option<&str> {
        Some(&self.logs.first()?.channel)
    }

    /// Takes note of one packet. Returns when it was sent, for a line that is one of
    /// the sample.
    pub(crate) fn see(
        &mut self,
        packet: &[u8],
        sampling: Sampling,
        batch: &mut Batch,
    ) -> Option<Sent> {
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
                    log.is_fresh = false;
                }
            }
            Ok(ServerPacket::Deny { code, .. }) => batch.denied = Some(code),
            _ => {}
        }
    }

    /// Counts a channel from behind `have` on. One that is heard already goes on as it
    /// was: joining it once more may tell of lines that are still on their way.
    fn begin(&mut self, channel: &str, have: Seq) {
        if self.log(channel).is_none() {
            self.logs.push(Log {
                channel: channel.to_owned(),
                beginning: beginning(channel),
                have,
                is_fresh: true,
            });
        }
    }

    fn log(&mut self, channel: &str) -> Option<&mut Log> {
        self.logs.iter_mut().find(|log| log.channel == channel)
    }
}

impl Log {
    fn take(&mut self, seq: Seq, batch: &mut Batch) {
        batch.delivered += 1;
        if std::mem::take(&mut self.is_fresh) && seq <= self.have {
            // It was on its way when the player came in, and counted among what there
            // is in the history already. From here on it is one after the other.
            self.have = seq;
        } else if seq <= self.have {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use longhall_packet::{
        Access, ChannelState, Denial, InboxState, Line, LineKind, ResumeToken, Role,
    };

    use super::*;

    fn state(channel: &str, last_seq: Seq) -> ChannelState {
        ChannelState {
            hall: None,
            temporary: None,
            channel: channel.to_owned(),
            topic: String::new(),
            access: Access::Open,
            speech: longhall_packet::Speech::default(),
            role: Role::Member,
            first_seq: 1,
            last_seq,
            read_seq: 0,
            unread: 0,
            members: 1,
            online: 1,
        }
    }

    fn logged_in(last_seq: Seq) -> ServerPacket {
        ServerPacket::LoggedIn {
            profile: longhall_packet::Profile::default(),
            profile_version: 0,
            id: 1,
            username: "ada".to_owned(),
            resume_token: ResumeToken::from_bytes(&[7; 32]),
            session: 1,
            epoch: String::new(),
            channels: vec![state("lobby", last_seq)],
            inbox: InboxState {
                first_seq: 1,
                last_seq: 0,
                conversations: Vec::new(),
            },
            invitations: Vec::new(),
            server_role: longhall_packet::ServerRole::Player,
            second_factor: false,
            recovery_codes_left: 0,
            last_login: None,
            deleted_at_ms: None,
            sanctions: Vec::new(),
            guest: false,
        }
    }

    fn line(channel: &str, seq: Seq, text: &str) -> ServerPacket {
        ServerPacket::Chat {
            channel: channel.to_owned(),
            line: Line {
                seq,
                sender: "ada".to_owned(),
                recipient: None,
                text: text.to_owned(),
                sent_at_ms: 1_735_689_600_000,
                kind: LineKind::Said,
                edited_at_ms: None,
                of: None,
            },
        }
    }

    /// What a counter that is in the lobby behind line 40 makes of these.
    fn count(packets: &[ServerPacket]) -> (Counter, Batch) {
        let sampling = Sampling {
            clock: Clock::start(),
            one_in: 1,
        };
        let (mut counter, mut batch) = (Counter::new(0), Batch::default());
        counter.see(
            codec::encode(&logged_in(40)).as_bytes(),
            sampling,
            &mut batch,
        );
        assert!(batch.entered);
        batch = Batch::default();
        for packet in packets {
            counter.see(codec::encode(packet).as_bytes(), sampling, &mut batch);
        }
        (counter, batch)
    }

    #[test]
    fn lines_in_order_are_counted_and_nothing_else_is_said_of_them() {
        let lines = [41, 42, 43].map(|seq| line("lobby", seq, "hi"));
        let (counter, batch) = count(&lines);
        let bytes = 3 * codec::encode(&lines[0]).len() as u64;
        let expected = Batch {
            delivered: 3,
            bytes,
            ..Batch::default()
        };
        assert_eq!(batch, expected);
        assert_eq!(counter.have("lobby"), Some(43));
    }

    #[test]
    fn a_line_that_is_lost_or_doubled_is_noticed() {
        let (_, batch) = count(&[41, 44, 45].map(|seq| line("lobby", seq, "hi")));
        assert_eq!((batch.delivered, batch.lost, batch.doubled), (3, 2, 0));
        let (_, batch) = count(&[41, 41, 40, 42].map(|seq| line("lobby", seq, "hi")));
        assert_eq!((batch.delivered, batch.lost, batch.doubled), (4, 0, 2));
        // The first one already.
        let (_, batch) = count(&[line("lobby", 42, "hi")]);
        assert_eq!(batch.lost, 1);
    }

    #[test]
    fn lines_that_a_gap_announces_are_left_out_and_not_lost() {
        let gap = ServerPacket::Gap {
            channel: "lobby".to_owned(),
            last_seq: 50,
        };
        let (counter, batch) = count(&[line("lobby", 41, "hi"), gap, line("lobby", 51, "hi")]);
        assert_eq!((batch.gaps, batch.left_out, batch.lost), (1, 9, 0));
        assert_eq!(counter.have("lobby"), Some(51));
    }

    #[test]
    fn channels_are_counted_apart_from_where_they_were_joined() {
        let joined = ServerPacket::Joined {
            id: Some(2),
            channel: state("trade", 7),
        };
        let (counter, batch) = count(&[
            joined,
            line("trade", 8, "hi"),
            line("lobby", 41, "hi"),
            line("trade", 9, "hi"),
        ]);
        assert_eq!((batch.delivered, batch.lost, batch.doubled), (3, 0, 0));
        assert_eq!(counter.lobby(), Some("lobby"));
        assert_eq!(counter.have("trade"), Some(9));
        assert_eq!(counter.have("lobby"), Some(41));
    }

    #[test]
    fn a_line_that_was_on_its_way_when_the_player_came_in_is_not_doubled() {
        let lines = [39, 40, 41].map(|seq| line("lobby", seq, "hi"));
        let (counter, batch) = count(&lines);
        assert_eq!((batch.delivered, batch.lost, batch.doubled), (3, 0, 0));
        assert_eq!(counter.have("lobby"), Some(41));
        let (_, batch) = count(&[40, 40, 42].map(|seq| line("lobby", seq, "hi")));
        assert_eq!((batch.delivered, batch.lost, batch.doubled), (3, 1, 1));
    }

    #[test]
    fn joining_once_more_changes_nothing() {
        let joined = ServerPacket::Joined {
            id: Some(2),
            channel: state("lobby", 42),
        };
        let lines = [41, 42].map(|seq| line("lobby", seq, "hi"));
        let (counter, batch) = count(&[&[joined], &lines[..]].concat());
        assert_eq!((batch.delivered, batch.lost, batch.doubled), (2, 0, 0));
        assert_eq!(counter.have("lobby"), Some(42));
    }

    #[test]
    fn answers_are_counted_and_refusals_kept() {
        let posted = ServerPacket::Posted {
            id: 9,
            channel: "lobby".to_owned(),
            seq: 41,
            sent_at_ms: 1,
        };
        let denied = ServerPacket::deny(Some(9), Denial::new(DenyCode::RateLimited));
        let (_, batch) = count(&[posted, denied]);
        assert_eq!(batch.posted, 1);
        assert_eq!(batch.denied, Some(DenyCode::RateLimited));
    }

    #[test]
    fn one_line_in_so_many_tells_when_it_was_sent() {
        let sampling = Sampling {
            clock: Clock::start(),
            one_in: 4,
        };
        let sent = Sent {
            at: Duration::from_millis(1234),
            home: 0,
        };
        let (mut counter, mut batch) = (Counter::new(0), Batch::default());
        counter.see(
            codec::encode(&logged_in(40)).as_bytes(),
            sampling,
            &mut batch,
        );
        let told: Vec<_> = (41..49)
            .filter_map(|seq| {
                let packet = codec::encode(&line("lobby", seq, &sampling.clock.stamp(sent, 64)));
                counter.see(packet.as_bytes(), sampling, &mut batch)
            })
            .collect();
        assert_eq!(told, [sent, sent]);
    }
}
