//! What is said: lines in channels, whispers, edits, pages and unread counts.

use longhall_packet::limits::MAX_PAGE_LINES;
use longhall_packet::{
    Conversation, Denial, DenyCode, INBOX, InboxState, Line, LineId, LineKind, RequestId, Seq,
    ServerPacket, Target,
};

use super::{Key, LOBBY, PAGE_LINES, World, count};

impl World {
    pub(super) fn chat(
        &mut self,
        from: u64,
        key: &Key,
        id: RequestId,
        target: &Target,
        line_id: LineId,
        text: &str,
    ) -> Result<(), Denial> {
        let before = self.taken.get(&(key.clone(), line_id)).cloned();
        let (channel, seq, sent_at_ms) = match before {
            Some(before) => before,
            None => {
                let sender = self.account(key).username.clone();
                let (place, seq) = match target {
                    Target::Channel(channel) => {
                        self.need_member(key, channel.as_str())?;
                        let name = channel.as_str().to_owned();
                        let seq = self.append(&name, &sender, text, LineKind::Said, None);
                        (name, seq)
                    }
                    Target::Whispers(username) => {
                        let other = self.known(username.as_str(), key)?;
                        if self.account(&other).blocked.contains(key) {
                            return Err(DenyCode::Blocked.into());
                        }
                        (INBOX.to_owned(), self.whisper(&sender, &other, text))
                    }
                    Target::Inbox => return Err(DenyCode::UnknownUser.into()),
                };
                let taken = (place, seq, self.now_ms);
                self.taken.insert((key.clone(), line_id), taken.clone());
                taken
            }
        };
        let posted = ServerPacket::Posted {
            id,
            channel,
            seq,
            sent_at_ms,
        };
        self.out.push((from, posted));
        Ok(())
    }

    /// Writes a line into a channel and tells its members. Returns its number.
    pub(super) fn append(
        &mut self,
        channel: &str,
        sender: &str,
        text: &str,
        kind: LineKind,
        of: Option<Seq>,
    ) -> Seq {
        let now_ms = self.now_ms;
        let lines = &mut self.rooms.entry(channel.to_owned()).or_default().lines;
        let line = line(lines, sender, None, text, now_ms, kind, of);
        lines.push(line.clone());
        let seq = line.seq;
        let sender = sender.to_lowercase();
        for (connection, visitor) in &self.online {
            if channel != LOBBY && !self.is_member(&visitor.key, channel) {
                continue;
            }
            let account = self.accounts.get(&visitor.key);
            let line = match account {
                Some(account) if account.blocked.contains(&sender) => hidden(&line),
                _ => line.clone(),
            };
            let packet = ServerPacket::Chat {
                channel: channel.to_owned(),
                line,
            };
            self.out.push((*connection, packet));
        }
        seq
    }

    /// Writes a whisper into both inboxes. Returns its number in the sender's.
    pub(super) fn whisper(&mut self, sender: &str, recipient: &Key, text: &str) -> Seq {
        let sender_key = sender.to_lowercase();
        let Some(name) = self.accounts.get(recipient).map(|a| a.username.clone()) else {
            return 0;
        };
        let mut seq = 0;
        for key in [sender_key.clone(), recipient.clone()] {
            let now_ms = self.now_ms;
            let Some(account) = self.accounts.get_mut(&key) else {
                continue;
            };
            let recipient = Some(name.clone());
            let line = line(
                &account.inbox,
                sender,
                recipient,
                text,
                now_ms,
                LineKind::Said,
                None,
            );
            account.inbox.push(line.clone());
            if key == sender_key {
                seq = line.seq;
            }
            let packet = ServerPacket::Chat {
                channel: INBOX.to_owned(),
                line,
            };
            self.tell(&[key], &packet);
        }
        seq
    }

    /// Edits a line, or with `None` deletes it.
    pub(super) fn change(
        &mut self,
        key: &Key,
        target: &Target,
        of: Seq,
        text: Option<&str>,
    ) -> Result<(), Denial> {
        let username = self.account(key).username.clone();
        let kind = match text {
            Some(_) => LineKind::Edit,
            None => LineKind::Deletion,
        };
        let now_ms = self.now_ms;
        if let Target::Channel(channel) = target {
            self.need_member(key, channel.as_str())?;
            let room = self.rooms.entry(channel.as_str().to_owned()).or_default();
            change_in(&mut room.lines, &username, of, text, now_ms)?;
            let text = text.unwrap_or_default();
            self.append(channel.as_str(), &username, text, kind, Some(of));
            return Ok(());
        }
        let changed = change_in(&mut self.account(key).inbox, &username, of, text, now_ms)?;
        let other = changed.recipient.clone().unwrap_or_default().to_lowercase();
        for reader in [key.clone(), other] {
            let Some(account) = self.accounts.get_mut(&reader) else {
                continue;
            };
            // The same whisper has another number in the other inbox.
            let same = |line: &&Line| {
                line.kind == LineKind::Said
                    && line.sent_at_ms == changed.sent_at_ms
                    && line.sender == username
                    && line.text == changed.text
            };
            let of = match reader == *key {
                true => Some(of),
                false => account.inbox.iter().find(same).map(|line| line.seq),
            };
            let Some(of) = of else { continue };
            if reader != *key {
                change_in(&mut account.inbox, &username, of, text, now_ms)?;
            }
            let entry = line(
                &account.inbox,
                &username,
                changed.recipient.clone(),
                text.unwrap_or_default(),
                now_ms,
                kind,
                Some(of),
            );
            account.inbox.push(entry.clone());
            let packet = ServerPacket::Chat {
                channel: INBOX.to_owned(),
                line: entry,
            };
            self.tell(&[reader], &packet);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one packet")]
    pub(super) fn history(
        &mut self,
        from: u64,
        key: &Key,
        id: RequestId,
        target: &Target,
        after: Option<Seq>,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<(), Denial> {
        let lines = match target {
            Target::Channel(channel) => {
                self.need_member(key, channel.as_str())?;
                let room = self.rooms.get(channel.as_str());
                room.map(|room| room.lines.clone()).unwrap_or_default()
            }
            Target::Whispers(_) | Target::Inbox => self.account(key).inbox.clone(),
        };
        let last_seq = lines.last().map_or(0, |line| line.seq);
        let blocked = &self.account(key).blocked;
        let limit = (limit as usize).clamp(1, PAGE_LINES.min(MAX_PAGE_LINES));
        let asked = lines.iter().filter(|line| match target {
            Target::Whispers(username) => is_between(line, username.as_str()),
            Target::Channel(_) | Target::Inbox => true,
        });
        let fits = |line: &&Line| {
            after.is_none_or(|after| line.seq > after)
                && before.is_none_or(|before| line.seq < before)
        };
        let found: Vec<Line> = asked
            .filter(fits)
            .map(|line| match blocked.contains(&line.sender.to_lowercase()) {
                true => hidden(line),
                false => line.clone(),
            })
            .collect();
        let more = found.len() > limit;
        let page = match after {
            Some(_) => &found[..found.len().min(limit)],
            None => &found[found.len().saturating_sub(limit)..],
        };
        let packet = ServerPacket::History {
            id,
            channel: target.to_string(),
            first_seq: 1,
            last_seq,
            lines: page.to_vec(),
            more,
        };
        self.out.push((from, packet));
        Ok(())
    }

    pub(super) fn read_seq(&self, key: &Key, place: &str) -> Seq {
        let marker = self.read.get(&(key.clone(), place.to_owned()));
        marker.copied().unwrap_or_default()
    }

    pub(super) fn unread(&self, key: &Key, place: &str) -> u32 {
        let Some(account) = self.accounts.get(key) else {
            return 0;
        };
        let read = self.read_seq(key, place);
        let (other, lines) = match place.strip_prefix(INBOX) {
            Some(other) => (Some(other), &account.inbox),
            None => match self.rooms.get(place) {
                Some(room) => (None, &room.lines),
                None => return 0,
            },
        };
        let is_counted = |line: &&Line| {
            let is_here = other.is_none_or(|other| is_between(line, other));
            is_here && line.kind == LineKind::Said && line.sender != account.username
        };
        // From the end: what is read may be very much.
        let new = lines.iter().rev().take_while(|line| line.seq > read);
        count(new.filter(is_counted).count())
    }

    pub(super) fn inbox_state(&self, key: &Key) -> InboxState {
        let Some(account) = self.accounts.get(key) else {
            return InboxState::default();
        };
        let mut conversations: Vec<Conversation> = Vec::new();
        for line in account.inbox.iter().rev() {
            let recipient = line.recipient.clone().unwrap_or_default();
            let other = match line.sender == account.username {
                true => recipient,
                false => line.sender.clone(),
            };
            if conversations.iter().all(|found| found.username != other) {
                let place = format!("{INBOX}{}", other.to_lowercase());
                conversations.push(Conversation {
                    last_seq: line.seq,
                    read_seq: self.read_seq(key, &place),
                    unread: self.unread(key, &place),
                    username: other,
                });
            }
        }
        InboxState {
            first_seq: 1,
            last_seq: count(account.inbox.len()).into(),
            conversations,
        }
    }
}

/// Whether a whisper was exchanged with this player.
fn is_between(line: &Line, username: &str) -> bool {
    let is = |name: &str| name.to_lowercase() == username.to_lowercase();
    is(&line.sender) || line.recipient.as_deref().is_some_and(is)
}

fn line(
    lines: &[Line],
    sender: &str,
    recipient: Option<String>,
    text: &str,
    sent_at_ms: u64,
    kind: LineKind,
    of: Option<Seq>,
) -> Line {
    Line {
        seq: lines.last().map_or(0, |line| line.seq) + 1,
        sender: sender.to_owned(),
        recipient,
        text: text.to_owned(),
        sent_at_ms,
        kind,
        edited_at_ms: None,
        of,
    }
}

fn hidden(line: &Line) -> Line {
    Line {
        sender: String::new(),
        recipient: None,
        text: String::new(),
        kind: LineKind::Hidden,
        edited_at_ms: None,
        of: None,
        ..line.clone()
    }
}

/// Changes a line in place, and returns it as it was.
fn change_in(
    lines: &mut [Line],
    sender: &str,
    of: Seq,
    text: Option<&str>,
    now_ms: u64,
) -> Result<Line, Denial> {
    let own =
        |line: &&mut Line| line.seq == of && line.kind == LineKind::Said && line.sender == sender;
    let line = lines.iter_mut().find(own);
    let line = line.ok_or(Denial::new(DenyCode::UnknownLine))?;
    let before = line.clone();
    match text {
        Some(text) => {
            text.clone_into(&mut line.text);
            line.edited_at_ms = Some(now_ms);
        }
        None => {
            line.text.clear();
            line.kind = LineKind::Deleted;
        }
    }
    Ok(before)
}
