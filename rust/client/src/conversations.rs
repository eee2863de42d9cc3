//! What is known of the account's channels and whispers.

use longhall_packet::limits::MAX_CHANNEL_CHARS;
use longhall_packet::{ChannelState, Conversation, Hall, INBOX, InboxState, Invitation, Line, Seq};

use crate::log::{Log, LogName};
use crate::timeline::Timeline;
use crate::unread::Unread;

/// More channels than a server lets anybody be in.
const MAX_CHANNELS: usize = 64;
/// Conversations remembered; of more, those that were silent longest are
/// forgotten.
const MAX_CONVERSATIONS: usize = 200;
/// Invitations remembered; of more, the oldest are forgotten.
const MAX_INVITATIONS: usize = 100;

/// One of the account's channels.
#[derive(Debug)]
pub(crate) struct Channel {
    state: ChannelState,
    timeline: Timeline,
    unread: Unread,
}

impl Channel {
    pub(crate) fn name(&self) -> &str {
        &self.state.channel
    }

    /// As a member sees it now.
    pub(crate) fn state(&self) -> ChannelState {
        ChannelState {
            last_seq: self.timeline.known(),
            read_seq: self.unread.read_seq(),
            unread: self.unread.count(),
            ..self.state.clone()
        }
    }

    pub(crate) fn state_mut(&mut self) -> &mut ChannelState {
        &mut self.state
    }

    fn reach(&mut self) {
        if let Some(shown) = self.timeline.shown() {
            self.unread.reach(shown);
        }
    }
}

/// The whispers with one player.
#[derive(Debug)]
pub(crate) struct Whispers {
    username: String,
    last_seq: Seq,
    unread: Unread,
    /// Older lines of this conversation were asked for, down to this number.
    /// Otherwise as far as the inbox.
    oldest: Option<Seq>,
}

impl Whispers {
    pub(crate) fn key(&self) -> String {
        format!("{INBOX}{}", self.username)
    }
}

/// All that the session knows of channels and whispers. Dropped with the
/// account.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    channels: Vec<Channel>,
    inbox: Option<Timeline>,
    whispers: Vec<Whispers>,
    invitations: Vec<Invitation>,
    /// Those of the lobby that were listed last.
    halls: Vec<Hall>,
    last_whisper_from: Option<String>,
    last_serial: u64,
    /// Lines were shown since the counts of unread ones were told.
    has_untold_counts: bool,
}

/// What a login found changed.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    pub(crate) joined: Vec<String>,
    pub(crate) left: Vec<String>,
    pub(crate) changed: Vec<String>,
}

/// Where the logs of an account ended when it was in last.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    username: String,
    ends: Vec<(LogName, Seq)>,
}

impl Ends {
    /// Whether a login says that a log ends before lines that are known: the server
    /// has lost them.
    pub(crate) fn are_cut(
        &self,
        username: &str,
        channels: &[ChannelState],
        inbox: &InboxState,
    ) -> bool {
        self.username == username
            && self.ends.iter().any(|(log, known)| match log {
                LogName::Inbox => inbox.last_seq < *known,
                LogName::Channel(name) => channels
                    .iter()
                    .any(|state| state.channel == *name && state.last_seq < *known),
            })
    }
}

impl Conversations {
    pub(crate) fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter()
    }

    pub(crate) fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name() == name)
    }

    pub(crate) fn channel_mut(&mut self, name: &str) -> Option<&mut Channel> {
        self.channels
            .iter_mut()
            .find(|channel| channel.name() == name)
    }

    pub(crate) fn lobby(&self) -> Option<&str> {
        self.channels.first().map(Channel::name)
    }

    /// Which hall of the lobby the account is in.
    pub(crate) fn hall(&self) -> Option<u32> {
        self.channels.first()?.state.hall
    }

    /// Whether the lobby is meant. A game that says `lobby` means the hall that the player is
    /// in, also when that is another than the first.
    pub(crate) fn is_lobby(&self, channel: &str) -> bool {
        let is_own = |lobby| match self.hall() {
            Some(hall) if hall > 1 => lobby == hall_name(channel, hall),
            Some(_) | None => false,
        };
        channel.is_empty()
            || self
                .lobby()
                .is_some_and(|lobby| lobby == channel || is_own(lobby))
    }

    /// The name of a hall of the lobby, as far as it is known: as the server listed it, or as
    /// it follows from the player's own.
    pub(crate) fn name_of_hall(&self, number: u32) -> Option<String> {
        let lobby = self.lobby()?;
        if self.halls.iter().any(|hall| hall.channel == lobby)
            && let Some(hall) = self.halls.iter().find(|hall| hall.hall == number)
        {
            return Some(hall.channel.clone());
        }
        let own = self.hall().filter(|&own| own > 1);
        let plain = own.and_then(|own| lobby.strip_suffix(&format!("-{own}")));
        Some(hall_name(plain.unwrap_or(lobby), number))
    }

    /// The server has listed these halls.
    pub(crate) fn note_halls(&mut self, halls: &[Hall]) {
        self.halls = halls.to_vec();
    }

    pub(crate) fn invitations(&self) -> &[Invitation] {
        &self.invitations
    }

    pub(crate) fn last_whisper_from(&self) -> Option<&str> {
        self.last_whisper_from.as_deref()
    }

    pub(crate) fn whispered_with(&self) -> Vec<Conversation> {
        let mut all: Vec<Conversation> = self
            .whispers
            .iter()
            .map(|with| Conversation {
                username: with.username.clone(),
                last_seq: with.last_seq,
                read_seq: with.unread.read_seq(),
                unread: with.unread.count(),
            })
            .collect();
        all.sort_by_key(|with| std::cmp::Reverse(with.last_seq));
        all
    }

    pub(crate) fn timeline(&self, log: Log<'_>) -> Option<&Timeline> {
        match log {
            Log::Channel(name) => self.channel(name).map(|channel| &channel.timeline),
            Log::Inbox => self.inbox.as_ref(),
        }
    }

    pub(crate) fn timeline_mut(&mut self, log: Log<'_>) -> Option<&mut Timeline> {
        match log {
            Log::Channel(name) => self.channel_mut(name).map(|one| &mut one.timeline),
            Log::Inbox => self.inbox.as_mut(),
        }
    }

    /// All timelines, the whispers first: they are for this player alone.
    pub(crate) fn timelines(&self) -> impl Iterator<Item = (Log<'_>, &Timeline)> {
        let inbox = self.inbox.iter().map(|inbox| (Log::Inbox, inbox));
        let channels = self.channels.iter();
        let channels = channels.map(|channel| (Log::Channel(channel.name()), &channel.timeline));
        inbox.chain(channels)
    }

    /// The whispers with a player, whose name people may write in another case.
    pub(crate) fn whispers(&self, username: &str) -> Option<&Whispers> {
        let exact = self.whispers.iter().find(|with| with.username == username);
        exact.or_else(|| {
            let username = username.to_lowercase();
            let fits = |with: &&Whispers| with.username.to_lowercase() == username;
            self.whispers.iter().find(fits)
        })
    }

    fn whispers_mut(&mut self, username: &str) -> Option<&mut Whispers> {
        let username = self.whispers(username)?.username.clone();
        self.whispers
            .iter_mut()
            .find(|with| with.username == username)
    }

    /// The counters of a conversation.
    pub(crate) fn unread_mut(&mut self, conversation: &str) -> Option<&mut Unread> {
        match conversation.strip_prefix(INBOX) {
            Some(username) => self.whispers_mut(username).map(|with| &mut with.unread),
            None => self.channel_mut(conversation).map(|one| &mut one.unread),
        }
    }

    /// A line of this log was shown: its counters know how far its timeline is, and
    /// have something to tell.
    pub(crate) fn reach(&mut self, log: Log<'_>) {
        self.has_untold_counts = true;
        match log {
            Log::Channel(name) => {
                if let Some(channel) = self.channel_mut(name) {
                    channel.reach();
                }
            }
            Log::Inbox => self.reach_inbox(),
        }
    }

    /// Lets all counters know how far the timelines are.
    pub(crate) fn reach_all(&mut self) {
        self.channels.iter_mut().for_each(Channel::reach);
        self.reach_inbox();
    }

    fn reach_inbox(&mut self) {
        if let Some(shown) = self.inbox.as_ref().and_then(Timeline::shown) {
            for with in &mut self.whispers {
                with.unread.reach(shown);
            }
        }
    }

    /// Whether a line was shown since [`unread_news`](Self::unread_news).
    pub(crate) fn has_untold_counts(&self) -> bool {
        self.has_untold_counts
    }

    /// Counts and markers that are not what was told last, with the names of their
    /// conversations.
    pub(crate) fn unread_news(&mut self) -> Vec<(String, u32, Seq)> {
        self.has_untold_counts = false;
        let channels = self.channels.iter_mut().filter_map(|one| {
            let (unread, read_seq) = one.unread.news()?;
            Some((one.state.channel.clone(), unread, read_seq))
        });
        let whispers = self.whispers.iter_mut().filter_map(|with| {
            let (unread, read_seq) = with.unread.news()?;
            Some((with.key(), unread, read_seq))
        });
        channels.chain(whispers).collect()
    }

    /// Where the logs of the account `username` end, as far as is known; `None` before
    /// its first login.
    pub(crate) fn ends(&self, username: &str) -> Option<Ends> {
        self.inbox.as_ref()?;
        let ends = self.timelines();
        let ends = ends.map(|(log, timeline)| (log.to_name(), timeline.known()));
        Some(Ends {
            username: username.to_owned(),
            ends: ends.collect(),
        })
    }

    /// Forgets everything, for the numbers of all logs begin anew. The names of the
    /// channels that the account was in.
    pub(crate) fn reset(&mut self) -> Vec<String> {
        let channels = std::mem::take(&mut self.channels);
        *self = Self {
            // No page that was asked for before may find one of the new timelines.
            last_serial: self.last_serial,
            ..Self::default()
        };
        let names = channels.into_iter().map(|one| one.state.channel);
        names.collect()
    }

    /// A login says where the account is.
    pub(crate) fn logged_in(
        &mut self,
        channels: Vec<ChannelState>,
        inbox: InboxState,
        invitations: Vec<Invitation>,
        wants_pages: bool,
    ) -> Difference {
        let mut difference = Difference::default();
        let mut before = std::mem::take(&mut self.channels);
        for state in channels {
            let name = state.channel.clone();
            match before.iter().position(|channel| channel.name() == name) {
                Some(place) => {
                    let mut channel = before.swap_remove(place);
                    let (old, new) = (&channel.state, &state);
                    if (&old.topic, old.access, old.role, old.speech)
                        != (&new.topic, new.access, new.role, new.speech)
                    {
                        difference.changed.push(name.clone());
                    }
                    channel.timeline.agree(state.last_seq);
                    let (read, unread, last) = (state.read_seq, state.unread, state.last_seq);
                    channel.unread.recount(read, unread, last);
                    channel.state = state;
                    self.channels.push(channel);
                }
                None => {
                    if self.join(state, wants_pages) {
                        difference.joined.push(name);
                    }
                }
            }
        }
        difference.left = before.into_iter().map(|one| one.state.channel).collect();
        self.open_inbox(inbox, wants_pages);
        self.invitations = invitations;
        self.invitations.truncate(MAX_INVITATIONS);
        difference
    }

    fn open_inbox(&mut self, inbox: InboxState, wants_page: bool) {
        match &mut self.inbox {
            Some(timeline) => timeline.agree(inbox.last_seq),
            None => {
                self.last_serial += 1;
                let timeline = Timeline::new(self.last_serial, inbox.last_seq, wants_page);
                self.inbox = Some(timeline);
            }
        }
        // The latest last, so that they are not the first to be forgotten.
        for with in inbox.conversations.into_iter().rev() {
            let last_seq = inbox.last_seq;
            let whispers = self.open_whispers(&with.username, with.last_seq);
            whispers
                .unread
                .recount(with.read_seq, with.unread, last_seq);
        }
    }

    /// The whispers with a player, which reach up to `seq` at least.
    fn open_whispers(&mut self, username: &str, seq: Seq) -> &mut Whispers {
        let place = match self.whispers.iter().position(|w| w.username == username) {
            Some(place) => place,
            None => {
                if self.whispers.len() >= MAX_CONVERSATIONS {
                    let oldest = self.whispers.iter().enumerate();
                    if let Some((place, _)) = oldest.min_by_key(|(_, with)| with.last_seq) {
                        self.whispers.swap_remove(place);
                    }
                }
                self.whispers.push(Whispers {
                    username: username.to_owned(),
                    last_seq: 0,
                    unread: Unread::new(0, 0, 0),
                    oldest: None,
                });
                self.whispers.len() - 1
            }
        };
        let whispers = &mut self.whispers[place];
        whispers.last_seq = whispers.last_seq.max(seq);
        whispers
    }

    /// The account is in this channel now. Whether that is news.
    pub(crate) fn join(&mut self, state: ChannelState, wants_page: bool) -> bool {
        self.invitations
            .retain(|invitation| invitation.channel != state.channel);
        let is_lobby = state.hall.is_some();
        let known = self.channels.iter();
        let place = known.clone().position(|one| one.name() == state.channel);
        let (mut channel, is_new) = match place {
            Some(place) => (self.channels.remove(place), false),
            // The hall before goes by the next packet.
            None if known.len() < MAX_CHANNELS + usize::from(is_lobby) => {
                self.last_serial += 1;
                let channel = Channel {
                    timeline: Timeline::new(self.last_serial, state.last_seq, wants_page),
                    unread: Unread::new(state.read_seq, state.unread, state.last_seq),
                    state: state.clone(),
                };
                (channel, true)
            }
            None => return false,
        };
        if !is_new {
            channel.timeline.learn(state.last_seq);
            let (read, unread, last) = (state.read_seq, state.unread, state.last_seq);
            channel.unread.recount(read, unread, last);
            channel.state = state;
        }
        let place = place.unwrap_or(self.channels.len());
        let place = if is_lobby { 0 } else { place };
        self.channels.insert(place, channel);
        is_new
    }

    /// The account is no longer in this channel. Whether it was.
    pub(crate) fn leave(&mut self, name: &str) -> bool {
        let before = self.channels.len();
        self.channels.retain(|channel| channel.name() != name);
        self.channels.len() < before
    }

    /// Somebody invites.
    pub(crate) fn invite(&mut self, invitation: Invitation) {
        self.invitations
            .retain(|other| other.channel != invitation.channel);
        self.invitations.insert(0, invitation);
        self.invitations.truncate(MAX_INVITATIONS);
    }

    /// Another player has another name: the whispers with them are the same.
    pub(crate) fn renamed(&mut self, username: &str, new_username: &str) {
        if self
            .whispers
            .iter()
            .all(|with| with.username != new_username)
        {
            let with = self.whispers.iter_mut();
            let mut with = with.filter(|with| with.username == username);
            if let Some(with) = with.next() {
                new_username.clone_into(&mut with.username);
            }
        }
        let invited = self.invitations.iter_mut();
        for invitation in invited.filter(|invitation| invitation.by == username) {
            new_username.clone_into(&mut invitation.by);
        }
        if self.last_whisper_from.as_deref() == Some(username) {
            self.last_whisper_from = Some(new_username.to_owned());
        }
    }

    /// The conversation that a line belongs to, if it is one to show.
    pub(crate) fn conversation_of(log: Log<'_>, line: &Line, me: &str) -> Option<String> {
        match log {
            Log::Channel(name) => Some(name.to_owned()),
            Log::Inbox => {
                let other = other_side(line, me)?;
                Some(format!("{INBOX}{other}"))
            }
        }
    }

    /// The oldest number of a conversation on the screen.
    pub(crate) fn oldest_shown(&self, log: Log<'_>, conversation: &str) -> Seq {
        let oldest = self.timeline(log).map_or(0, Timeline::oldest);
        let scrolled = conversation
            .strip_prefix(INBOX)
            .and_then(|username| self.whispers(username)?.oldest);
        scrolled.unwrap_or(oldest)
    }

    /// The lines of a conversation are on the screen down to `oldest`.
    pub(crate) fn scroll_up(&mut self, conversation: &str, oldest: Seq) {
        match conversation.strip_prefix(INBOX) {
            Some(username) => {
                if let Some(with) = self.whispers_mut(username) {
                    with.oldest = Some(oldest);
                }
            }
            None => {
                if let Some(channel) = self.channel_mut(conversation) {
                    channel.timeline.extend_down(oldest);
                }
            }
        }
    }

    /// Notes a whisper.
    pub(crate) fn note_whisper(&mut self, line: &Line, me: &str) {
        if let Some(other) = other_side(line, me).map(str::to_owned) {
            if line.sender != me {
                self.last_whisper_from = Some(other.clone());
            }
            self.open_whispers(&other, line.seq);
        }
    }

    /// The inbox starts over: what was asked for of single conversations no
    /// longer joins on to it.
    pub(crate) fn forget_scrolling(&mut self) {
        for with in &mut self.whispers {
            with.oldest = None;
        }
    }
}

/// The name of a hall of the lobby that is called `plain`: its first hall's, and that of the
/// others with the number behind it, shortened where it would be too long.
fn hall_name(plain: &str, number: u32) -> String {
    if number <= 1 {
        return plain.to_owned();
    }
    let number = format!("-{number}");
    let room = MAX_CHANNEL_CHARS.saturating_sub(number.len());
    let stem: String = plain.chars().take(room).collect();
    format!("{}{number}", stem.trim_end_matches(['-', '_']))
}

fn other_side<'a>(line: &'a Line, me: &str) -> Option<&'a str> {
    let other = if line.sender == me {
        line.recipient.as_deref()?
    } else {
        &line.sender
    };
    (!other.is_empty()).then_some(other)
}
