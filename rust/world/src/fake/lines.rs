//! What is said: lines in channels, whispers, edits, pages and read markers.

use longhall_packet::{
    ChannelName, ChatText, Denial, DenyCode, INBOX, Limits, Line, LineId, LineKind, RequestId, Seq,
    ServerPacket, Target, limits::MAX_SLOW_MODE_S,
};

use super::{Answer, FakeServer, Me};
use crate::moderation::BY_OPERATOR;
use crate::records::{
    Appended, ChannelId, Cursor, Log, LogAction, LogEntry, Membership, UserId, hidden,
};
use crate::rules;

/// Lines in one page: few, so that a test with a hundred lines turns some over.
const PAGE_LINES: usize = 50;
/// Most bytes of the lines in one page.
const PAGE_BYTES: usize = 31 * 1024;
/// Whispers that may wait for who is away.
const WHISPERS_WAITING: usize = 200;
/// The longest slow mode.
const MAX_SLOW_MS: i64 = MAX_SLOW_MODE_S as i64 * 1000;

/// Where something is written.
type Place<'a> = Option<(ChannelId, &'a ChannelName)>;

impl FakeServer {
    pub(super) fn chat(
        &mut self,
        me: Me,
        id: RequestId,
        target: &Target,
        line_id: LineId,
        text: &ChatText,
    ) -> Answer {
        let text = text.as_str().to_owned();
        match target {
            Target::Channel(name) => {
                let mine = self.membership(me, name)?;
                let channel = mine.channel.id;
                self.check_turn(me, &mine, line_id)?;
                let what = LogAction::Say {
                    channel,
                    line_id,
                    text,
                };
                self.write(me, id, Some((channel, name)), what)
            }
            Target::Whispers(username) => {
                let other = self.other(me, username)?;
                let is_answer = self.world.has_whispered(other.id, me.user);
                if self.world.is_limited(me.user) && !is_answer {
                    return Err(DenyCode::AccountNeeded.into());
                }
                let what = LogAction::Whisper {
                    recipient: other.id,
                    recipient_name: other.username,
                    line_id,
                    text,
                    kept_at_most: (!self.is_online(other.id)).then_some(WHISPERS_WAITING),
                };
                self.write(me, id, None, what)
            }
            Target::Inbox => Err(DenyCode::UnknownUser.into()),
        }
    }

    /// Whether it is somebody's turn in a channel in slow mode. A line that is said again after
    /// a cut has had its turn.
    fn check_turn(&mut self, me: Me, mine: &Membership, line_id: LineId) -> Answer {
        let slow_ms = i64::from(mine.channel.speech.slow_mode_s) * 1000;
        let is_free = rules::is_free_of_slow_mode(mine.role, self.world.server_role(me.user));
        if slow_ms == 0 || is_free {
            return Ok(());
        }
        let now = self.now();
        let turns = &mut self.turns;
        turns.retain(|_, (said_ms, _)| now - *said_ms < MAX_SLOW_MS);
        match turns.get(&(mine.channel.id, me.user)) {
            Some((_, last)) if *last == line_id => return Ok(()),
            Some((said_ms, _)) if now - said_ms < slow_ms => {
                let left = u64::try_from(said_ms + slow_ms - now).unwrap_or(0);
                let left = std::time::Duration::from_millis(left);
                return Err(Denial::for_now(DenyCode::SlowMode, left));
            }
            _ => {}
        }
        turns.insert((mine.channel.id, me.user), (now, line_id));
        Ok(())
    }

    pub(super) fn edit(
        &mut self,
        me: Me,
        id: RequestId,
        target: &Target,
        of: Seq,
        text: &ChatText,
    ) -> Answer {
        let place = self.place_of(me, target)?;
        let what = LogAction::Edit {
            channel: place.map(|(channel, _)| channel),
            of,
            text: text.as_str().to_owned(),
            not_before_ms: self.not_before_ms(),
        };
        self.write(me, id, place, what)
    }

    pub(super) fn delete(&mut self, me: Me, id: RequestId, target: &Target, of: Seq) -> Answer {
        let place = self.place_of(me, target)?;
        let channel = place.map(|(channel, _)| channel);
        let author = self.author_of(me, target, channel, of);
        let what = LogAction::Delete {
            channel,
            of,
            not_before_ms: match author {
                Some(_) => BY_OPERATOR,
                None => self.not_before_ms(),
            },
        };
        self.write_for(author.unwrap_or(me.user), me, id, place, what)
    }

    /// Who said a line that somebody else may delete.
    fn author_of(
        &self,
        me: Me,
        target: &Target,
        channel: Option<ChannelId>,
        of: Seq,
    ) -> Option<UserId> {
        let Target::Channel(name) = target else {
            return None;
        };
        let mine = self.membership(me, name).ok()?;
        rules::check_delete_of_others(&mine, self.world.server_role(me.user)).ok()?;
        let cursor = Cursor::After(of.saturating_sub(1));
        let page = self
            .world
            .lines(Log::Channel(channel?), cursor, 1, usize::MAX);
        let found = page.lines.into_iter().find(|(_, line)| line.seq == of);
        found
            .map(|(author, _)| author)
            .filter(|author| *author != me.user)
    }

    /// Where a line is that is to be changed: whispers are found in the own inbox.
    fn place_of<'a>(&self, me: Me, target: &'a Target) -> Result<Place<'a>, Denial> {
        match target {
            Target::Channel(name) => Ok(Some((self.membership(me, name)?.channel.id, name))),
            Target::Whispers(_) | Target::Inbox => Ok(None),
        }
    }

    fn not_before_ms(&self) -> i64 {
        let window = i64::from(Limits::default().edit_window_s) * 1000;
        self.now().saturating_sub(window)
    }

    /// Has an entry written, delivers it, and answers.
    fn write(&mut self, me: Me, id: RequestId, place: Place<'_>, what: LogAction) -> Answer {
        self.write_for(me.user, me, id, place, what)
    }

    fn write_for(
        &mut self,
        sender: UserId,
        me: Me,
        id: RequestId,
        place: Place<'_>,
        what: LogAction,
    ) -> Answer {
        let is_line = matches!(what, LogAction::Say { .. } | LogAction::Whisper { .. });
        let entry = LogEntry {
            sender,
            sender_name: self.world.username(sender),
            what,
            now_ms: self.now(),
        };
        let done = self.world.append(entry);
        let (seq, sent_at_ms) = match &done {
            Appended::Line { line } | Appended::Whisper { sent: line, .. } => {
                (line.seq, line.sent_at_ms)
            }
            Appended::Before { seq, sent_at_ms } => (*seq, sent_at_ms.unsigned_abs()),
            Appended::UnknownLine => return Err(DenyCode::UnknownLine.into()),
            Appended::TooLate => return Err(DenyCode::TooLate.into()),
            Appended::Blocked => return Err(DenyCode::Blocked.into()),
            Appended::InboxFull => return Err(DenyCode::InboxFull.into()),
            Appended::NotAMember => return Err(DenyCode::NotAMember.into()),
        };
        if let (Appended::Line { line }, Some((channel, name))) = (&done, place) {
            self.publish(channel, name, sender, line);
        } else {
            self.deliver_whisper(me.user, done);
        }
        if !is_line {
            return self.ok(me.connection, id);
        }
        let posted = ServerPacket::Posted {
            id,
            channel: place.map_or_else(|| INBOX.to_owned(), |(_, name)| name.to_string()),
            seq,
            sent_at_ms,
        };
        self.reply(me.connection, posted);
        Ok(())
    }

    /// Delivers a line to everybody in a channel; hidden to those who have blocked its
    /// sender.
    pub(super) fn publish(
        &mut self,
        channel: ChannelId,
        name: &ChannelName,
        sender: UserId,
        line: &Line,
    ) {
        for (connection, seat) in &self.online {
            if !self.world.is_member(channel, seat.user) {
                continue;
            }
            let line = match self.world.has_blocked(seat.user, sender) {
                true => hidden(line),
                false => line.clone(),
            };
            let channel = name.to_string();
            self.out
                .push((*connection, ServerPacket::Chat { channel, line }));
        }
    }

    /// A line that has no number yet.
    pub(super) fn line(&self, sender: UserId, recipient: Option<UserId>, text: &str) -> Line {
        Line {
            seq: 0,
            sender: self.world.username(sender),
            recipient: recipient.map(|recipient| self.world.username(recipient)),
            text: text.to_owned(),
            sent_at_ms: self.now_ms,
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        }
    }

    pub(super) fn history(
        &mut self,
        me: Me,
        id: RequestId,
        target: &Target,
        (after, before): (Option<Seq>, Option<Seq>),
        limit: u32,
    ) -> Answer {
        let log = self.log_of(me, target)?;
        let cursor = match (after, before) {
            (Some(seq), _) => Cursor::After(seq),
            (None, Some(seq)) => Cursor::Before(seq),
            (None, None) => Cursor::Newest,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let page = self
            .world
            .lines(log, cursor, limit.clamp(1, PAGE_LINES), PAGE_BYTES);
        let lines = page.lines.into_iter();
        let lines = lines.map(
            |(sender, line)| match self.world.has_blocked(me.user, sender) {
                true => hidden(&line),
                false => line,
            },
        );
        let packet = ServerPacket::History {
            id,
            channel: target.to_string(),
            first_seq: page.first_seq,
            last_seq: page.last_seq,
            lines: lines.collect(),
            more: page.more,
        };
        self.reply(me.connection, packet);
        Ok(())
    }

    pub(super) fn read(&mut self, me: Me, id: RequestId, target: &Target, seq: Seq) -> Answer {
        if *target == Target::Inbox {
            return Err(DenyCode::UnknownUser.into());
        }
        let log = self.log_of(me, target)?;
        let (seq, unread) = self.world.set_read(me.user, log, seq);
        let packet = ServerPacket::Read {
            channel: target.to_string(),
            seq,
            unread,
        };
        self.tell(me.user, Some(me.connection), &packet);
        self.ok(me.connection, id)
    }
}
