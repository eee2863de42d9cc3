//! Everybody's lines: as they are said, and in pages that fill what is missing.

use std::time::Duration;

use longhall_packet::{DenyCode, Line, RequestId, Seq, Target};

use super::Session;
use crate::log::{Log, LogName};
use crate::pages::{Older, PageAction};
use crate::requests::Request;
use crate::showing::{self, Shown};
use crate::{Answer, Call, CallError, CallErrorCode, Event};

/// What the player asks for.
impl Session {
    pub(super) fn try_load_history(
        &mut self,
        now: Duration,
        call: Call,
        channel: &str,
    ) -> Result<(), CallError> {
        self.require_account()?;
        let (conversation, target) = self.conversation(channel)?;
        self.pages.push(Older {
            call,
            target,
            conversation,
        })?;
        self.pump_pages(now);
        Ok(())
    }

    /// The name of a conversation, and how to ask the server for it.
    pub(super) fn conversation(&self, channel: &str) -> Result<(String, Target), CallError> {
        let target = self.target(channel)?;
        match &target {
            Target::Channel(name) if self.conversations.channel(name.as_str()).is_some() => {
                Ok((name.to_string(), target))
            }
            Target::Channel(_) => Err(CallErrorCode::Server(DenyCode::NotAMember).into()),
            Target::Whispers(username) => {
                let known = self.conversations.whispers(username.as_str());
                Ok((
                    known.map_or_else(|| target.to_string(), |with| with.key()),
                    target,
                ))
            }
            Target::Inbox => Err(CallErrorCode::Server(DenyCode::UnknownUser).into()),
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
        let Some(timeline) = self.conversations.timeline_mut(log) else {
            return;
        };
        if !self.queues.has_room() {
            timeline.hold(line);
        } else if let Some(line) = timeline.pass(line) {
            let is_last = timeline.is_complete();
            self.show(log, line);
            self.conversations.reach(log);
            if is_last {
                return;
            }
            self.show_ready(log);
        }
        self.pump_pages(now);
    }

    /// Lines of this log exist up to `seq`.
    pub(super) fn learn(&mut self, now: Duration, channel: &str, seq: Seq) {
        if let Some(timeline) = self.conversations.timeline_mut(Log::of(channel)) {
            timeline.learn(seq);
            self.pump_pages(now);
        }
    }

    /// Shows one line, whose turn it is.
    fn show(&mut self, log: Log<'_>, line: Line) {
        let me = self.login.username().unwrap_or_default();
        if showing::is_on_screen(&line) {
            if let Some(channel) = showing::note(&mut self.conversations, log, &line, me) {
                self.announce(Event::ChatReceived { channel, line });
            }
            return;
        }
        match showing::change(&mut self.conversations, log, line, me) {
            Shown::Event(event) => self.announce(event),
            Shown::ChangeAbove(line) => self.pages.note_change(log, line),
            Shown::Nothing => {}
        }
    }

    /// Shows the lines that wait for nothing, as long as there is room: a line
    /// is rather asked for again than lost.
    fn show_ready(&mut self, log: Log<'_>) {
        while self.queues.has_room()
            && let Some(line) = self
                .conversations
                .timeline_mut(log)
                .and_then(|timeline| timeline.next_ready())
        {
            self.show(log, line);
        }
        self.announce_unread();
    }

    /// Tells of counts that changed.
    pub(super) fn announce_unread(&mut self) {
        self.conversations.reach_all();
        for (channel, unread, read_seq) in self.conversations.unread_news() {
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
                .conversations
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
        if self
            .conversations
            .timelines()
            .any(|(_, one)| one.has_ready())
        {
            return Some(self.clock.last_call());
        }
        self.pages.next_due(&self.conversations, &self.config)
    }

    pub(super) fn pump_pages(&mut self, now: Duration) {
        while self.may_send()
            && self.queues.has_room()
            && let Some(action) = self.pages.next(now, &self.conversations, &self.config)
        {
            self.act_on_page(now, action);
        }
    }

    /// A page has come.
    pub(super) fn handle_page(
        &mut self,
        now: Duration,
        id: RequestId,
        last_seq: Seq,
        lines: Vec<Line>,
        more: bool,
    ) {
        if self.requests.take(id, |r| *r == Request::Page).is_none() {
            return;
        }
        let me = self.login.username().unwrap_or_default();
        let actions = self
            .pages
            .received(&mut self.conversations, me, last_seq, lines, more);
        for action in actions {
            self.act_on_page(now, action);
        }
        self.announce_unread();
        self.pump_timelines(now);
    }

    /// No page came of a request.
    pub(super) fn page_denied(&mut self, now: Duration, error: CallError) {
        let cap = self.config.reconnect_max_delay;
        let actions = self
            .pages
            .denied(now, error, &self.conversations, &mut self.rng, cap);
        for action in actions {
            self.act_on_page(now, action);
        }
        self.pump_timelines(now);
    }

    /// The calls that wait for a page end without one.
    pub(super) fn end_pages(&mut self) {
        for (call, error) in self.pages.connection_lost() {
            self.settle(call, Err(error));
        }
    }

    fn act_on_page(&mut self, now: Duration, action: PageAction) {
        match action {
            PageAction::Ask(ask) => {
                let id = self.begin(now, Request::Page);
                self.send(&ask.packet(id));
            }
            PageAction::Show(log, lines) => {
                for line in lines {
                    self.show(log.log(), line);
                }
            }
            PageAction::Skipped(log, first_seq, last_seq) => {
                self.announce_skipped(log.log(), first_seq, last_seq);
            }
            PageAction::Skip(log) => self.skip(log.log()),
            PageAction::Load {
                call,
                conversation: channel,
                lines,
                more,
            } => {
                let answer = call.map(|call| {
                    let (channel, lines) = (channel.clone(), lines.clone());
                    let answer = Answer::History {
                        channel,
                        lines,
                        more,
                    };
                    (call, answer)
                });
                self.announce(Event::HistoryLoaded {
                    channel,
                    lines,
                    more,
                });
                if let Some((call, answer)) = answer {
                    self.settle(call, Ok(answer));
                }
            }
            PageAction::Deny(call, error) => self.settle(call, Err(error)),
        }
    }

    /// Goes on behind what is missing.
    fn skip(&mut self, log: Log<'_>) {
        let Some(timeline) = self.conversations.timeline_mut(log) else {
            return;
        };
        if let Some((first_seq, last_seq)) = timeline.give_up() {
            self.announce_skipped(log, first_seq, last_seq);
        }
        self.show_ready(log);
    }

    fn announce_skipped(&mut self, log: Log<'_>, first_seq: Seq, last_seq: Seq) {
        if log == Log::Inbox {
            self.conversations.forget_scrolling();
        }
        self.announce(Event::HistorySkipped {
            channel: log.as_str().to_owned(),
            first_seq,
            last_seq,
        });
    }
}
