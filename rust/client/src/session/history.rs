//! Lines coming in: as they are said, and in pages that fill what is missing.

use std::collections::VecDeque;
use std::time::Duration;

use longhall_packet::limits::MAX_PAGE_LINES;
use longhall_packet::{ClientPacket, DenyCode, INBOX, Line, LineKind, RequestId, Seq, Target};

use super::Session;
use crate::backoff::Backoff;
use crate::logs::{Log, LogName, Logs};
use crate::patience::Patience;
use crate::requests::Request;
use crate::timeline::Want;
use crate::{Answer, Call, Event, Refusal, RefusalCode};

/// Calls of `load_history` that may wait for their turn.
const MAX_PAGES_WAITING: usize = 64;

/// When a page that was refused for now is asked again, and a little later.
const PATIENCE: Patience = Patience {
    least: Duration::ZERO,
    most: Duration::from_secs(300),
};

/// The pages of history: one at a time is asked for.
#[derive(Debug, Default)]
pub(super) struct Pages {
    under_way: Option<UnderWay>,
    /// What `load_history` asked for.
    waiting: VecDeque<Older>,
    /// The server asked to wait until then.
    not_before: Duration,
    tries: Backoff,
}

#[derive(Debug)]
struct UnderWay {
    log: LogName,
    /// Of the timeline it was asked for.
    serial: u64,
    /// The newest number that was known then.
    known: Seq,
    page: Page,
}

#[derive(Debug)]
enum Page {
    Newest,
    After,
    Older {
        older: Older,
        /// Edits and deletions that came by meanwhile: the page may have been
        /// made before them.
        changes: Vec<Line>,
    },
}

#[derive(Debug)]
struct Older {
    call: Call,
    target: Target,
    conversation: String,
}

impl Older {
    fn log(&self) -> Log<'_> {
        Log::of(&self.conversation)
    }
}

/// What the player asks for.
impl Session {
    pub(super) fn try_load_history(
        &mut self,
        now: Duration,
        call: Call,
        channel: &str,
    ) -> Result<(), Refusal> {
        self.require_account()?;
        let (conversation, target) = self.conversation(channel)?;
        let same = |older: &Older| older.conversation == conversation;
        let is_under_way = matches!(&self.pages.under_way,
            Some(UnderWay { page: Page::Older { older, .. }, .. }) if same(older));
        if is_under_way || self.pages.waiting.iter().any(same) {
            return Err(RefusalCode::AlreadyPending.into());
        }
        if self.pages.waiting.len() >= MAX_PAGES_WAITING {
            return Err(RefusalCode::TooManyPending.into());
        }
        self.pages.waiting.push_back(Older {
            call,
            target,
            conversation,
        });
        self.pump_pages(now);
        Ok(())
    }

    /// The name of a conversation, and how to ask the server for it.
    pub(super) fn conversation(&self, channel: &str) -> Result<(String, Target), Refusal> {
        let target = self.target(channel)?;
        match &target {
            Target::Channel(name) if self.logs.channel(name.as_str()).is_some() => {
                Ok((name.to_string(), target))
            }
            Target::Channel(_) => Err(RefusalCode::Server(DenyCode::NotAMember).into()),
            Target::Whispers(username) => {
                let known = self.logs.whispers(username.as_str());
                Ok((
                    known.map_or_else(|| target.to_string(), |with| with.key()),
                    target,
                ))
            }
            Target::Inbox => Err(RefusalCode::Server(DenyCode::UnknownUser).into()),
        }
    }
}

/// Lines as they are said.
impl Session {
    /// The way of nearly every packet. A line whose turn it is, is told at once,
    /// and nothing else is looked at unless something is missing or waits; the
    /// count of unread lines is told by the next tick, for many lines together.
    pub(super) fn handle_chat(&mut self, now: Duration, channel: &str, line: Line) {
        let log = Log::of(channel);
        let has_room = self.queues.has_room();
        let Some(timeline) = self.logs.timeline_mut(log) else {
            return;
        };
        if !has_room {
            timeline.hold(line);
        } else if let Some(line) = timeline.pass(line) {
            let is_last = timeline.is_complete();
            self.show(log, line);
            self.logs.reach(log);
            if is_last {
                return;
            }
            self.show_ready(log);
        }
        self.pump_pages(now);
    }

    /// Lines of this log exist up to `seq`.
    pub(super) fn learn(&mut self, now: Duration, channel: &str, seq: Seq) {
        if let Some(timeline) = self.logs.timeline_mut(Log::of(channel)) {
            timeline.learn(seq);
            self.pump_pages(now);
        }
    }

    /// Shows the lines that wait for nothing, as long as there is room: a line
    /// is rather asked for again than lost.
    fn show_ready(&mut self, log: Log<'_>) {
        while self.queues.has_room()
            && let Some(line) = self
                .logs
                .timeline_mut(log)
                .and_then(|timeline| timeline.next_ready())
        {
            self.show(log, line);
        }
        self.announce_unread();
    }

    /// Shows one line, whose turn it is.
    fn show(&mut self, log: Log<'_>, line: Line) {
        match line.kind {
            LineKind::Said | LineKind::Deleted => {
                if let Some(channel) = self.note_line(log, &line) {
                    self.announce(Event::ChatReceived { channel, line });
                }
            }
            LineKind::Edit | LineKind::Deletion => {
                let me = self.username().unwrap_or_default();
                let channel = Logs::conversation_of(log, &line, me);
                if let (Some(channel), Some(of)) = (channel, line.of) {
                    self.change(log, channel, of, line);
                }
            }
            LineKind::Hidden | LineKind::Unknown => {}
        }
    }

    fn change(&mut self, log: Log<'_>, channel: String, of: Seq, line: Line) {
        if line.kind == LineKind::Deletion
            && let Some(unread) = self.logs.unread_mut(&channel)
        {
            unread.forget(of);
        }
        if of < self.oldest_shown(log, &channel) {
            // It may be on its way.
            if let Some(UnderWay {
                log: asked,
                page: Page::Older { changes, .. },
                ..
            }) = &mut self.pages.under_way
                && asked.log() == log
            {
                changes.retain(|other| other.of != line.of);
                if changes.len() < MAX_PAGE_LINES {
                    changes.push(line);
                }
            }
        } else if line.kind == LineKind::Edit {
            self.announce(Event::ChatEdited {
                channel,
                seq: of,
                text: line.text,
                edited_at_ms: line.edited_at_ms.unwrap_or(line.sent_at_ms),
            });
        } else {
            self.announce(Event::ChatDeleted { channel, seq: of });
        }
    }

    /// The oldest number of a conversation on the screen.
    pub(super) fn oldest_shown(&self, log: Log<'_>, conversation: &str) -> Seq {
        let oldest = self.logs.timeline(log).map_or(0, |one| one.oldest());
        let scrolled = conversation
            .strip_prefix(INBOX)
            .and_then(|username| self.logs.whispers(username)?.oldest);
        scrolled.unwrap_or(oldest)
    }

    /// Notes a line that came by; its conversation.
    fn note_line(&mut self, log: Log<'_>, line: &Line) -> Option<String> {
        let me = self.login.username()?;
        let conversation = Logs::conversation_of(log, line, me)?;
        if log == Log::Inbox {
            self.logs.note_whisper(line, me);
        }
        if line.sender != me && line.kind == LineKind::Said {
            self.note_unread(&conversation, line.seq, false);
        }
        Some(conversation)
    }

    fn note_unread(&mut self, conversation: &str, seq: Seq, is_above: bool) {
        if let Some(unread) = self.logs.unread_mut(conversation) {
            unread.note(seq, is_above);
        }
    }

    /// Tells of counts that changed.
    pub(super) fn announce_unread(&mut self) {
        self.logs.reach_all();
        for (channel, unread, read_seq) in self.logs.unread_news() {
            self.announce(Event::UnreadChanged {
                channel,
                unread,
                read_seq,
            });
        }
    }
}

/// Pages.
impl Session {
    /// Shows what waited for room, and asks for what is missing.
    pub(super) fn pump_timelines(&mut self, now: Duration) {
        if self.queues.has_room() {
            let ready: Vec<LogName> = self
                .logs
                .timelines()
                .filter(|(_, timeline)| timeline.has_ready())
                .map(|(log, _)| log.to_name())
                .collect();
            for name in ready {
                self.show_ready(name.log());
            }
        }
        self.pump_pages(now);
    }

    /// When [`pump_timelines`](Self::pump_timelines) has something to do.
    pub(super) fn next_page_at(&self) -> Option<Duration> {
        if !self.may_send() || !self.queues.has_room() {
            return None;
        }
        if self.logs.timelines().any(|(_, one)| one.has_ready()) {
            return Some(self.clock.last_call());
        }
        let wants = !self.pages.waiting.is_empty() || self.next_gap().is_some();
        (self.pages.under_way.is_none() && wants).then_some(self.pages.not_before)
    }

    fn next_gap(&self) -> Option<(Log<'_>, Want)> {
        let max_gap = self.config.max_gap;
        self.logs
            .timelines()
            .find_map(|(log, timeline)| Some((log, timeline.want(max_gap)?)))
    }

    pub(super) fn pump_pages(&mut self, now: Duration) {
        while self.pages.under_way.is_none()
            && now >= self.pages.not_before
            && self.may_send()
            && self.queues.has_room()
        {
            if !(self.ask_older(now) || self.fill_gap(now)) {
                break;
            }
        }
    }

    /// Asks for what the player waits for. False when that is nothing, or when
    /// the timeline has to begin first.
    fn ask_older(&mut self, now: Duration) -> bool {
        let Some(place) = self.pages.waiting.iter().position(|older| {
            let timeline = self.logs.timeline(older.log());
            timeline.is_none_or(|timeline| timeline.shown().is_some())
        }) else {
            return false;
        };
        let Some(older) = self.pages.waiting.remove(place) else {
            return false;
        };
        let log = older.log();
        if self.logs.timeline(log).is_none() {
            let refusal = RefusalCode::Server(DenyCode::NotAMember);
            self.settle(older.call, Err(refusal.into()));
            return true;
        }
        let before = self.oldest_shown(log, &older.conversation);
        if before <= 1 {
            self.end_older(older, Vec::new(), false);
            return true;
        }
        let (log, target) = (log.to_name(), older.target.clone());
        let limit = self.config.history_lines.max(50);
        let page = Page::Older {
            older,
            changes: Vec::new(),
        };
        self.ask_page(now, log, target, None, Some(before), limit, page);
        true
    }

    fn fill_gap(&mut self, now: Duration) -> bool {
        let Some((log, want)) = self.next_gap() else {
            return false;
        };
        let log = log.to_name();
        let target = match &log {
            LogName::Inbox => Ok(Target::Inbox),
            LogName::Channel(name) => Target::parse(name),
        };
        let newest = self.config.history_lines;
        match (target, want) {
            (Ok(target), Want::After(seq)) => {
                let limit = MAX_PAGE_LINES as u32;
                self.ask_page(now, log, target, Some(seq), None, limit, Page::After);
            }
            (Ok(target), Want::Newest) if newest > 0 => {
                self.ask_page(now, log, target, None, None, newest, Page::Newest);
            }
            // A name that this build does not take cannot be asked for.
            _ => self.skip(log.log()),
        }
        true
    }

    #[expect(clippy::too_many_arguments, reason = "they are the packet's fields")]
    fn ask_page(
        &mut self,
        now: Duration,
        log: LogName,
        channel: Target,
        after: Option<Seq>,
        before: Option<Seq>,
        limit: u32,
        page: Page,
    ) {
        let Some(timeline) = self.logs.timeline(log.log()) else {
            return;
        };
        let (serial, known) = (timeline.serial(), timeline.known());
        self.pages.under_way = Some(UnderWay {
            log,
            serial,
            known,
            page,
        });
        let id = self.begin(now, Request::Page);
        self.send(&ClientPacket::History {
            id,
            channel,
            after,
            before,
            limit: limit.min(MAX_PAGE_LINES as u32),
        });
    }

    /// A page has come.
    pub(super) fn handle_page(
        &mut self,
        now: Duration,
        id: RequestId,
        last_seq: Seq,
        mut lines: Vec<Line>,
        more: bool,
    ) {
        if self.requests.take(id, |r| *r == Request::Page).is_none() {
            return;
        }
        self.pages.tries.reset();
        let Some(asked) = self.pages.under_way.take() else {
            return;
        };
        // Whatever a server says, numbers count up.
        lines.sort_by_key(|line| line.seq);
        lines.dedup_by_key(|line| line.seq);
        let timeline = self.logs.timeline(asked.log.log());
        if timeline.is_some_and(|timeline| timeline.serial() == asked.serial) {
            self.take_page(asked, last_seq, lines, more);
        } else if let Page::Older { older, .. } = asked.page {
            // Left, and maybe joined again.
            let refusal = RefusalCode::Server(DenyCode::NotAMember);
            self.settle(older.call, Err(refusal.into()));
        }
        self.announce_unread();
        self.pump_timelines(now);
    }

    fn take_page(&mut self, asked: UnderWay, last_seq: Seq, lines: Vec<Line>, more: bool) {
        let UnderWay {
            log: name,
            known,
            page,
            ..
        } = asked;
        let log = name.log();
        let Some(timeline) = self.logs.timeline_mut(log) else {
            return;
        };
        match page {
            Page::After => {
                for line in timeline.catch_up(lines, known, last_seq) {
                    self.show(log, line);
                }
            }
            Page::Newest => {
                let is_first = timeline.shown().is_none();
                let caught = timeline.jump(lines, known, last_seq);
                if let Some((first_seq, last_seq)) = caught.skipped {
                    self.announce_skipped(log, first_seq, last_seq);
                }
                for line in caught.passed {
                    self.note_line(log, &line);
                }
                if is_first || caught.skipped.is_some() {
                    self.show_newest(log, caught.lines, more);
                } else {
                    for line in caught.lines {
                        self.show(log, line);
                    }
                }
            }
            Page::Older { older, changes } => {
                self.take_older(older, lines, &changes, more);
            }
        }
    }

    /// Shows the page that a channel, or the whispers, begin with.
    fn show_newest(&mut self, log: Log<'_>, lines: Vec<Line>, more: bool) {
        let mut pages: Vec<(String, Vec<Line>)> = Vec::new();
        if let Log::Channel(name) = log {
            pages.push((name.to_owned(), Vec::new()));
        }
        for line in lines.into_iter().filter(is_on_screen) {
            let Some(channel) = self.note_line(log, &line) else {
                continue;
            };
            match pages.iter_mut().find(|(other, _)| *other == channel) {
                Some((_, lines)) => lines.push(line),
                None => pages.push((channel, vec![line])),
            }
        }
        for (channel, lines) in pages {
            self.announce(Event::HistoryLoaded {
                channel,
                lines,
                more,
            });
        }
    }

    fn take_older(&mut self, older: Older, mut lines: Vec<Line>, changes: &[Line], more: bool) {
        let log = older.log();
        let before = self.oldest_shown(log, &older.conversation);
        lines.retain(|line| line.seq < before);
        let oldest = lines.first().map_or(before, |line| line.seq);
        // An empty page that says there are more would be asked for for ever.
        let more = more && oldest < before && oldest > 1;
        let username = older.conversation.strip_prefix(INBOX);
        if let Some(with) = username.and_then(|name| self.logs.whispers_mut(name)) {
            with.oldest = Some(oldest);
        } else if let Some(timeline) = self.logs.timeline_mut(log)
            && log != Log::Inbox
        {
            timeline.extend_down(oldest);
        }
        lines.retain(is_on_screen);
        for line in &mut lines {
            if let Some(change) = changes.iter().find(|change| change.of == Some(line.seq)) {
                apply(change, line);
            }
        }
        if lines.is_empty() && more {
            // Nothing but traces of edits: go on.
            return self.pages.waiting.push_front(older);
        }
        let me = self.username().unwrap_or_default().to_owned();
        for line in &lines {
            if line.sender != me && line.kind == LineKind::Said {
                self.note_unread(&older.conversation, line.seq, true);
            }
        }
        self.end_older(older, lines, more);
    }

    fn end_older(&mut self, older: Older, lines: Vec<Line>, more: bool) {
        let channel = older.conversation;
        self.announce(Event::HistoryLoaded {
            channel: channel.clone(),
            lines: lines.clone(),
            more,
        });
        let answer = Answer::History {
            channel,
            lines,
            more,
        };
        self.settle(older.call, Ok(answer));
    }

    /// No page came of a request.
    pub(super) fn page_denied(&mut self, now: Duration, refusal: Refusal) {
        let Some(asked) = self.pages.under_way.take() else {
            return;
        };
        if refusal.code == RefusalCode::TimedOut {
            // A server that is silent may be so for ever, and every call ends.
            self.end_waiting_pages(asked.log.log(), &refusal);
        }
        if refusal.is_for_now() {
            let cap = self.config.reconnect_max_delay;
            let spread = self
                .pages
                .tries
                .next_delay(&mut self.rng, Duration::ZERO, cap);
            let delay = PATIENCE.wait(&refusal).saturating_add(spread);
            self.pages.not_before = now.saturating_add(delay);
            if let Page::Older { older, .. } = asked.page {
                if refusal.code == RefusalCode::TimedOut {
                    self.settle(older.call, Err(refusal));
                } else {
                    self.pages.waiting.push_front(older);
                }
            }
        } else if let Page::Older { older, .. } = asked.page {
            self.settle(older.call, Err(refusal));
        } else {
            let timeline = self.logs.timeline(asked.log.log());
            if timeline.is_some_and(|timeline| timeline.serial() == asked.serial) {
                self.skip(asked.log.log());
            }
        }
        self.pump_timelines(now);
    }

    /// Ends the calls that wait for older lines of this log.
    fn end_waiting_pages(&mut self, log: Log<'_>, refusal: &Refusal) {
        let (over, waiting): (VecDeque<_>, _) = std::mem::take(&mut self.pages.waiting)
            .into_iter()
            .partition(|older: &Older| older.log() == log);
        self.pages.waiting = waiting;
        for older in over {
            self.settle(older.call, Err(refusal.clone()));
        }
    }

    /// Goes on behind what is missing.
    fn skip(&mut self, log: Log<'_>) {
        let Some(timeline) = self.logs.timeline_mut(log) else {
            return;
        };
        if let Some((first_seq, last_seq)) = timeline.give_up() {
            self.announce_skipped(log, first_seq, last_seq);
        }
        self.show_ready(log);
    }

    fn announce_skipped(&mut self, log: Log<'_>, first_seq: Seq, last_seq: Seq) {
        if log == Log::Inbox {
            self.logs.forget_scrolling();
        }
        self.announce(Event::HistorySkipped {
            channel: log.as_str().to_owned(),
            first_seq,
            last_seq,
        });
    }

    /// The connection is gone: what was asked for on it, and what the player
    /// waits for, ends. Gaps are looked for again after the next login.
    pub(super) fn end_pages(&mut self, code: RefusalCode) {
        self.pages.not_before = Duration::ZERO;
        self.pages.tries.reset();
        if let Some(UnderWay {
            page: Page::Older { older, .. },
            ..
        }) = self.pages.under_way.take()
        {
            self.settle(older.call, Err(code.into()));
        }
        for older in std::mem::take(&mut self.pages.waiting) {
            self.settle(older.call, Err(code.into()));
        }
    }
}

/// Whether an entry is a line of its own on the screen.
fn is_on_screen(line: &Line) -> bool {
    matches!(line.kind, LineKind::Said | LineKind::Deleted)
}

/// Changes a line as a later entry says.
fn apply(change: &Line, line: &mut Line) {
    if change.kind == LineKind::Deletion {
        line.kind = LineKind::Deleted;
        line.text.clear();
    } else if line.kind == LineKind::Said {
        line.text.clone_from(&change.text);
        line.edited_at_ms = change.edited_at_ms.or(Some(change.sent_at_ms));
    }
}
