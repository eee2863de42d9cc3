//! What goes on a page of lines: as many as fit, and what stands for forgotten ones.

use std::ops::ControlFlow;

use longhall_packet::{Line, Seq};

use super::{Cursor, Log, Page, UserId, forgotten};

/// A page that is being filled, from the cursor on.
pub(super) struct PageInProgress {
    page: Page,
    limit: usize,
    bytes_left: usize,
    cursor: Cursor,
    /// The number that is to come. An inbox may lack some from between others; a reader
    /// counts on each.
    next: Option<Seq>,
}

impl PageInProgress {
    /// An empty page of a log whose numbers are kept from and to these.
    pub(super) fn new(
        log: Log,
        (first_seq, last_seq): (Seq, Seq),
        cursor: Cursor,
        limit: usize,
        max_bytes: usize,
    ) -> Self {
        let next = match (log, cursor) {
            (Log::Channel(_) | Log::Whispers(..), _) => None,
            (Log::Inbox(_), Cursor::After(after)) => {
                Some(after.max(first_seq.saturating_sub(1)).saturating_add(1))
            }
            (Log::Inbox(_), Cursor::Newest) => Some(last_seq),
            (Log::Inbox(_), Cursor::Before(before)) => Some(before.saturating_sub(1).min(last_seq)),
        };
        Self {
            page: Page {
                first_seq,
                last_seq,
                lines: Vec::new(),
                more: false,
            },
            limit: limit.max(1),
            bytes_left: max_bytes,
            cursor,
            next,
        }
    }

    /// Lines to read: one more than fit, to know whether there are more.
    pub(super) fn wanted(&self) -> usize {
        self.limit.saturating_add(1)
    }

    /// Puts on the next line that there is, and before it what stands for those that are
    /// missing, until the page is full.
    pub(super) fn add(&mut self, user: UserId, line: Line) -> ControlFlow<()> {
        while let Some(missing) = self.next.filter(|next| *next != line.seq) {
            self.take(forgotten(missing))?;
            self.next = Some(self.step(missing));
        }
        self.take((user, line))?;
        self.next = self.next.map(|next| self.step(next));
        ControlFlow::Continue(())
    }

    /// The page, in the order of numbers.
    pub(super) fn finish(mut self) -> Page {
        if !matches!(self.cursor, Cursor::After(_)) {
            self.page.lines.reverse();
        }
        self.page
    }

    /// The number that follows.
    fn step(&self, number: Seq) -> Seq {
        match self.cursor {
            Cursor::After(_) => number + 1,
            Cursor::Before(_) | Cursor::Newest => number - 1,
        }
    }

    fn take(&mut self, (user, line): (UserId, Line)) -> ControlFlow<()> {
        let names = line.sender.len() + line.recipient.as_ref().map_or(0, String::len);
        let bytes = line.text.len() + names;
        let is_first = self.page.lines.is_empty();
        if self.page.lines.len() >= self.limit || (bytes > self.bytes_left && !is_first) {
            self.page.more = true;
            return ControlFlow::Break(());
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.page.lines.push((user, line));
        ControlFlow::Continue(())
    }
}
