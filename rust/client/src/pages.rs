//! Pages of history: what to ask for next, and what becomes of what comes.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::limits::MAX_PAGE_LINES;
use longhall_packet::{ClientPacket, DenyCode, Line, LineKind, RequestId, Seq, Target};

use crate::backoff::Backoff;
use crate::conversations::Conversations;
use crate::log::{Log, LogName};
use crate::patience::Patience;
use crate::showing;
use crate::timeline::Want;
use crate::{Call, CallError, CallErrorCode, Config};

/// Calls of `load_history` that may wait for their turn.
const MAX_WAITING: usize = 64;

/// The shortest page of older lines: scrolling takes a screenful at least.
const LEAST_OLDER_LINES: u32 = 50;

/// When a page that was refused for now is asked again, and a little later.
const PATIENCE: Patience = Patience {
    least: Duration::ZERO,
    most: Duration::from_secs(300),
};

/// The pages of history: one at a time is asked for.
#[derive(Debug, Default)]
pub(crate) struct Pages {
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

impl UnderWay {
    /// Whether the timeline that it was asked for is still there. The log may have been
    /// left since, and maybe joined again.
    fn has_timeline(&self, conversations: &Conversations) -> bool {
        let timeline = conversations.timeline(self.log.log());
        timeline.is_some_and(|timeline| timeline.serial() == self.serial)
    }
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

/// The page above a conversation's lines on the screen, for a call.
#[derive(Debug)]
pub(crate) struct Older {
    pub(crate) call: Call,
    /// How to ask the server for it.
    pub(crate) target: Target,
    pub(crate) conversation: String,
}

impl Older {
    fn log(&self) -> Log<'_> {
        Log::of(&self.conversation)
    }
}

/// What the session does for the pages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PageAction {
    /// Ask the server.
    Ask(Ask),
    /// Show these lines, whose turn it is, as if they were just said.
    Show(LogName, Vec<Line>),
    /// Tell that these numbers of a log are left out.
    Skipped(LogName, Seq, Seq),
    /// Nobody can say what comes next in this log: go on behind it.
    Skip(LogName),
    /// Tell of lines that go above those on the screen; the call that asked for them
    /// ends.
    Load {
        call: Option<Call>,
        conversation: String,
        lines: Vec<Line>,
        more: bool,
    },
    /// End a call.
    Deny(Call, CallError),
}

/// A page to ask for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    channel: Target,
    after: Option<Seq>,
    before: Option<Seq>,
    limit: u32,
}

impl Ask {
    pub(crate) fn packet(self, id: RequestId) -> ClientPacket {
        ClientPacket::History {
            id,
            channel: self.channel,
            after: self.after,
            before: self.before,
            limit: self.limit.min(MAX_PAGE_LINES as u32),
        }
    }
}

/// What to ask for.
impl Pages {
    /// The player scrolls up.
    ///
    /// # Errors
    /// When the conversation's page is under way already, or too many wait.
    pub(crate) fn push(&mut self, older: Older) -> Result<(), CallError> {
        let same = |other: &Older| other.conversation == older.conversation;
        let is_under_way = matches!(&self.under_way,
            Some(UnderWay { page: Page::Older { older, .. }, .. }) if same(older));
        if is_under_way || self.waiting.iter().any(same) {
            return Err(CallErrorCode::AlreadyPending.into());
        }
        if self.waiting.len() >= MAX_WAITING {
            return Err(CallErrorCode::TooManyPending.into());
        }
        self.waiting.push_back(older);
        Ok(())
    }

    /// What to do next: what the player waits for first, then what is missing. A page
    /// that is asked for is under way from here on.
    pub(crate) fn next(
        &mut self,
        now: Duration,
        conversations: &Conversations,
        config: &Config,
    ) -> Option<PageAction> {
        if self.next_due(conversations, config)? > now {
            return None;
        }
        self.next_older(conversations, config)
            .or_else(|| self.next_missing(conversations, config))
    }

    /// When [`next`](Self::next) may have something.
    pub(crate) fn next_due(
        &self,
        conversations: &Conversations,
        config: &Config,
    ) -> Option<Duration> {
        let is_free = self.under_way.is_none();
        let wants =
            is_free && (!self.waiting.is_empty() || missing(conversations, config).is_some());
        wants.then_some(self.not_before)
    }

    /// What the player waits for. `None` also when the timeline has to begin first.
    fn next_older(&mut self, conversations: &Conversations, config: &Config) -> Option<PageAction> {
        let place = self.waiting.iter().position(|older| {
            let timeline = conversations.timeline(older.log());
            timeline.is_none_or(|timeline| timeline.shown().is_some())
        })?;
        let older = self.waiting.remove(place)?;
        let log = older.log();
        if conversations.timeline(log).is_none() {
            return Some(not_a_member(&older));
        }
        let before = conversations.oldest_shown(log, &older.conversation);
        if before <= 1 {
            return Some(load(older, Vec::new(), false));
        }
        let ask = Ask {
            channel: older.target.clone(),
            after: None,
            before: Some(before),
            limit: config.history_lines.max(LEAST_OLDER_LINES),
        };
        let log = log.to_name();
        let changes = Vec::new();
        self.ask(conversations, log, Page::Older { older, changes }, ask)
    }

    /// What is missing between the lines on the screen and those that are known to be.
    fn next_missing(
        &mut self,
        conversations: &Conversations,
        config: &Config,
    ) -> Option<PageAction> {
        let (log, want) = missing(conversations, config)?;
        let log = log.to_name();
        let channel = match &log {
            LogName::Inbox => Ok(Target::Inbox),
            LogName::Channel(name) => Target::parse(name),
        };
        let newest = config.history_lines;
        let (page, channel, after, limit) = match (channel, want) {
            (Ok(channel), Want::After(seq)) => {
                (Page::After, channel, Some(seq), MAX_PAGE_LINES as u32)
            }
            (Ok(channel), Want::Newest) if newest > 0 => (Page::Newest, channel, None, newest),
            // A name that this build does not take cannot be asked for.
            _ => return Some(PageAction::Skip(log)),
        };
        let ask = Ask {
            channel,
            after,
            before: None,
            limit,
        };
        self.ask(conversations, log, page, ask)
    }

    fn ask(
        &mut self,
        conversations: &Conversations,
        log: LogName,
        page: Page,
        ask: Ask,
    ) -> Option<PageAction> {
        let timeline = conversations.timeline(log.log())?;
        self.under_way = Some(UnderWay {
            serial: timeline.serial(),
            known: timeline.known(),
            log,
            page,
        });
        Some(PageAction::Ask(ask))
    }
}

/// What comes.
impl Pages {
    /// The page that was under way is here.
    pub(crate) fn received(
        &mut self,
        conversations: &mut Conversations,
        me: &str,
        last_seq: Seq,
        mut lines: Vec<Line>,
        more: bool,
    ) -> Vec<PageAction> {
        self.tries.reset();
        let Some(asked) = self.under_way.take() else {
            return Vec::new();
        };
        // Whatever a server says, numbers count up.
        lines.sort_by_key(|line| line.seq);
        lines.dedup_by_key(|line| line.seq);
        let has_timeline = asked.has_timeline(conversations);
        let UnderWay {
            log, known, page, ..
        } = asked;
        match (page, conversations.timeline_mut(log.log())) {
            (Page::After, Some(timeline)) if has_timeline => {
                let lines = timeline.catch_up(lines, known, last_seq);
                vec![PageAction::Show(log, lines)]
            }
            (Page::Newest, Some(timeline)) if has_timeline => {
                let is_first = timeline.shown().is_none();
                let caught = timeline.jump(lines, known, last_seq);
                for line in &caught.passed {
                    showing::note(conversations, log.log(), line, me);
                }
                let skipped = caught
                    .skipped
                    .map(|(first, last)| PageAction::Skipped(log.clone(), first, last));
                let mut actions = Vec::from_iter(skipped);
                if is_first || !actions.is_empty() {
                    actions.extend(load_newest(conversations, &log, me, caught.lines, more));
                } else {
                    actions.push(PageAction::Show(log, caught.lines));
                }
                actions
            }
            (Page::Older { older, changes }, _) if has_timeline => {
                let action = self.received_older(conversations, me, older, lines, &changes, more);
                Vec::from_iter(action)
            }
            (Page::Older { older, .. }, _) => vec![not_a_member(&older)],
            (Page::After | Page::Newest, _) => Vec::new(),
        }
    }

    fn received_older(
        &mut self,
        conversations: &mut Conversations,
        me: &str,
        older: Older,
        mut lines: Vec<Line>,
        changes: &[Line],
        more: bool,
    ) -> Option<PageAction> {
        let before = conversations.oldest_shown(older.log(), &older.conversation);
        lines.retain(|line| line.seq < before);
        let oldest = lines.first().map_or(before, |line| line.seq);
        // An empty page that says there are more would be asked for for ever.
        let more = more && oldest < before && oldest > 1;
        conversations.scroll_up(&older.conversation, oldest);
        lines.retain(showing::is_on_screen);
        for line in &mut lines {
            if let Some(change) = changes.iter().find(|change| change.of == Some(line.seq)) {
                apply(change, line);
            }
        }
        if lines.is_empty() && more {
            // Nothing but traces of edits: go on.
            self.waiting.push_front(older);
            return None;
        }
        for line in &lines {
            showing::note_unread(conversations, &older.conversation, line, me, true);
        }
        Some(load(older, lines, more))
    }

    /// No page came of the request.
    pub(crate) fn denied(
        &mut self,
        now: Duration,
        error: CallError,
        conversations: &Conversations,
        rng: &mut Rng,
        cap: Duration,
    ) -> Vec<PageAction> {
        let Some(asked) = self.under_way.take() else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        let is_silent = error.code == CallErrorCode::TimedOut;
        if is_silent {
            // A server that is silent may be so for ever, and every call ends.
            let (over, waiting): (VecDeque<_>, _) = std::mem::take(&mut self.waiting)
                .into_iter()
                .partition(|older: &Older| older.log() == asked.log.log());
            self.waiting = waiting;
            let deny = |older: Older| PageAction::Deny(older.call, error.clone());
            actions.extend(over.into_iter().map(deny));
        }
        if error.is_for_now() {
            let spread = self.tries.next_delay(rng, Duration::ZERO, cap);
            let delay = PATIENCE.wait(&error).saturating_add(spread);
            self.not_before = now.saturating_add(delay);
        }
        let has_timeline = asked.has_timeline(conversations);
        match asked.page {
            Page::Older { older, .. } if error.is_for_now() && !is_silent => {
                self.waiting.push_front(older);
            }
            Page::Older { older, .. } => actions.push(PageAction::Deny(older.call, error)),
            Page::Newest | Page::After if !error.is_for_now() && has_timeline => {
                actions.push(PageAction::Skip(asked.log));
            }
            Page::Newest | Page::After => {}
        }
        actions
    }

    /// A line above those on the screen is edited or deleted: the page that is under way
    /// may have it.
    pub(crate) fn note_change(&mut self, log: Log<'_>, change: Line) {
        if let Some(UnderWay {
            log: asked,
            page: Page::Older { changes, .. },
            ..
        }) = &mut self.under_way
            && asked.log() == log
        {
            changes.retain(|other| other.of != change.of);
            if changes.len() < MAX_PAGE_LINES {
                changes.push(change);
            }
        }
    }

    /// The connection is gone: what was asked for on it, and what the player
    /// waits for, ends. Gaps are looked for again after the next login.
    pub(crate) fn connection_lost(&mut self) -> impl Iterator<Item = (Call, CallError)> + use<> {
        let pages = std::mem::take(self);
        let under_way = pages.under_way.and_then(|asked| match asked.page {
            Page::Older { older, .. } => Some(older),
            Page::Newest | Page::After => None,
        });
        let over = under_way.into_iter().chain(pages.waiting);
        over.map(|older| (older.call, CallErrorCode::ConnectionLost.into()))
    }
}

fn missing<'a>(conversations: &'a Conversations, config: &Config) -> Option<(Log<'a>, Want)> {
    conversations
        .timelines()
        .find_map(|(log, timeline)| Some((log, timeline.want(config.max_gap)?)))
}

/// The page that a channel, or the whispers, begin with: one of each conversation.
fn load_newest(
    conversations: &mut Conversations,
    log: &LogName,
    me: &str,
    lines: Vec<Line>,
    more: bool,
) -> impl Iterator<Item = PageAction> + use<> {
    let mut pages: Vec<(String, Vec<Line>)> = Vec::new();
    if let LogName::Channel(name) = log {
        pages.push((name.clone(), Vec::new()));
    }
    for line in lines.into_iter().filter(showing::is_on_screen) {
        let Some(conversation) = showing::note(conversations, log.log(), &line, me) else {
            continue;
        };
        match pages.iter_mut().find(|(other, _)| *other == conversation) {
            Some((_, lines)) => lines.push(line),
            None => pages.push((conversation, vec![line])),
        }
    }
    pages
        .into_iter()
        .map(move |(conversation, lines)| PageAction::Load {
            call: None,
            conversation,
            lines,
            more,
        })
}

fn load(older: Older, lines: Vec<Line>, more: bool) -> PageAction {
    PageAction::Load {
        call: Some(older.call),
        conversation: older.conversation,
        lines,
        more,
    }
}

fn not_a_member(older: &Older) -> PageAction {
    let code = CallErrorCode::Server(DenyCode::NotAMember);
    PageAction::Deny(older.call, code.into())
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

#[cfg(test)]
mod tests;
