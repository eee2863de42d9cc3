use longhall_packet::{Access, ChannelState, Denial, InboxState, Role};

use super::*;
use crate::requests::Requests;

const NOW: Duration = Duration::from_secs(1000);
const CAP: Duration = Duration::from_secs(30);

struct Rig {
    pages: Pages,
    conversations: Conversations,
    config: Config,
    rng: Rng,
    requests: Requests,
}

impl Rig {
    /// In the lobby and the den, with logs that end at 100, and an inbox that ends at
    /// `inbox`; their newest pages are not here yet.
    fn new(inbox: Seq) -> Self {
        let channel = |name: &str| ChannelState {
            hall: None,
            temporary: None,
            channel: name.to_owned(),
            topic: String::new(),
            access: Access::Open,
            speech: longhall_packet::Speech::default(),
            role: Role::Member,
            first_seq: 1,
            last_seq: 100,
            read_seq: 0,
            unread: 0,
            members: 1,
            online: 1,
        };
        let mut conversations = Conversations::default();
        let inbox = InboxState {
            last_seq: inbox,
            ..InboxState::default()
        };
        let channels = vec![channel("lobby"), channel("den")];
        conversations.logged_in(channels, inbox, Vec::new(), true);
        Self {
            pages: Pages::default(),
            conversations,
            config: Config::default(),
            rng: Rng::with_seed(7),
            requests: Requests::default(),
        }
    }

    /// The newest line of each channel is on the screen, and nothing missing.
    fn complete() -> Self {
        let mut rig = Self::new(0);
        for _ in ["lobby", "den"] {
            rig.next();
            rig.receive(vec![line(100, "newest")], true);
        }
        rig
    }

    fn next(&mut self) -> Option<PageAction> {
        self.next_at(NOW)
    }

    fn next_at(&mut self, now: Duration) -> Option<PageAction> {
        self.pages.next(now, &self.conversations, &self.config)
    }

    fn receive(&mut self, lines: Vec<Line>, more: bool) -> Vec<PageAction> {
        let last_seq = lines.last().map_or(0, |line| line.seq);
        self.pages
            .received(&mut self.conversations, "ada", last_seq, lines, more)
    }

    fn deny(&mut self, error: impl Into<CallError>) -> Vec<PageAction> {
        self.pages
            .denied(NOW, error.into(), &self.conversations, &mut self.rng, CAP)
    }

    fn scroll(&mut self, conversation: &str) -> Result<Call, CallError> {
        let call = self.requests.next_call();
        self.pages.push(Older {
            call,
            target: Target::parse(conversation).unwrap(),
            conversation: conversation.to_owned(),
        })?;
        Ok(call)
    }
}

fn line(seq: Seq, text: &str) -> Line {
    Line {
        seq,
        sender: "bob".to_owned(),
        recipient: None,
        text: text.to_owned(),
        sent_at_ms: 1,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    }
}

fn whisper(seq: Seq, sender: &str) -> Line {
    Line {
        sender: sender.to_owned(),
        recipient: Some("ada".to_owned()),
        ..line(seq, "psst")
    }
}

fn edit(seq: Seq, of: Seq, text: &str) -> Line {
    Line {
        kind: LineKind::Edit,
        of: Some(of),
        ..line(seq, text)
    }
}

fn ask(channel: &str, before: Option<Seq>) -> PageAction {
    PageAction::Ask(Ask {
        channel: Target::parse(channel).unwrap(),
        after: None,
        before,
        limit: 50,
    })
}

fn load_for(call: Option<Call>, conversation: &str, lines: Vec<Line>, more: bool) -> PageAction {
    PageAction::Load {
        call,
        conversation: conversation.to_owned(),
        lines,
        more,
    }
}

#[test]
fn the_whispers_begin_before_the_channels_and_one_page_is_under_way() {
    let mut rig = Rig::new(2);
    assert!(matches!(rig.next(), Some(PageAction::Ask(ask)) if ask.channel == Target::Inbox));
    assert_eq!(rig.next(), None);
    let (bob, eve) = (whisper(1, "bob"), whisper(2, "eve"));
    let loaded = rig.receive(vec![bob.clone(), eve.clone()], false);
    let expected = [("@bob", bob), ("@eve", eve)];
    let expected = expected.map(|(with, line)| load_for(None, with, vec![line], false));
    assert_eq!(loaded, expected);
    assert_eq!(rig.next(), Some(ask("lobby", None)));
}

#[test]
fn scrolling_waits_for_the_first_page_and_then_goes_ahead_of_what_is_missing() {
    let mut rig = Rig::new(0);
    let call = rig.scroll("lobby").unwrap();
    assert_eq!(rig.next(), Some(ask("lobby", None)));
    rig.receive(vec![line(100, "newest")], true);
    assert_eq!(rig.next(), Some(ask("lobby", Some(100))));
    let older = vec![line(98, "older"), line(99, "old")];
    assert_eq!(
        rig.receive(older.clone(), true),
        [load_for(Some(call), "lobby", older, true)]
    );
    assert_eq!(rig.next(), Some(ask("den", None)));
}

#[test]
fn an_edit_that_came_meanwhile_changes_the_page() {
    let mut rig = Rig::complete();
    let call = rig.scroll("lobby").unwrap();
    rig.next();
    let log = Log::of("lobby");
    rig.pages.note_change(log, edit(101, 99, "mended"));
    rig.pages.note_change(log, edit(102, 99, "mended again"));
    let mended = Line {
        edited_at_ms: Some(1),
        ..line(99, "mended again")
    };
    assert_eq!(
        rig.receive(vec![line(99, "old")], false),
        [load_for(Some(call), "lobby", vec![mended], false)]
    );
}

#[test]
fn a_page_with_nothing_to_show_is_followed_by_the_next() {
    let mut rig = Rig::complete();
    rig.scroll("lobby").unwrap();
    rig.next();
    assert_eq!(rig.receive(vec![edit(90, 1, "x")], true), []);
    assert_eq!(rig.next(), Some(ask("lobby", Some(90))));
    // But not by the same page for ever.
    assert_eq!(rig.receive(Vec::new(), true).len(), 1);
    assert_eq!(rig.next(), None);
}

#[test]
fn a_busy_server_is_asked_again_and_a_silent_one_ends_every_call_of_the_log() {
    let mut rig = Rig::complete();
    let first = rig.scroll("lobby").unwrap();
    rig.scroll("den").unwrap();
    rig.next();
    let wait = Duration::from_secs(7);
    assert_eq!(rig.deny(Denial::for_now(DenyCode::Busy, wait)), []);
    assert_eq!(rig.next_at(NOW + wait), None);
    let later = NOW + wait + CAP;
    assert_eq!(rig.next_at(later), Some(ask("lobby", Some(100))));
    let denied = PageAction::Deny(first, CallErrorCode::TimedOut.into());
    assert_eq!(rig.deny(CallErrorCode::TimedOut), [denied]);
    assert_eq!(rig.next_at(later), Some(ask("den", Some(100))));
}

#[test]
fn silence_ends_the_calls_of_every_conversation_of_the_log() {
    let mut rig = Rig::new(9);
    rig.next();
    rig.receive(vec![whisper(9, "bob")], true);
    let calls = ["@bob", "@eve"].map(|with| rig.scroll(with).unwrap());
    assert_eq!(rig.next(), Some(ask("@bob", Some(9))));
    // Those that wait first, then the one that was asked for.
    let [bob, eve] = calls.map(|call| PageAction::Deny(call, CallErrorCode::TimedOut.into()));
    assert_eq!(rig.deny(CallErrorCode::TimedOut), [eve, bob]);
}

#[test]
fn a_page_of_a_channel_that_was_left_belongs_to_nobody() {
    let mut rig = Rig::complete();
    let call = rig.scroll("lobby").unwrap();
    rig.next();
    rig.conversations.leave("lobby");
    let code = CallErrorCode::Server(DenyCode::NotAMember);
    let denied = PageAction::Deny(call, code.into());
    assert_eq!(rig.receive(vec![line(99, "old")], true), [denied]);
}

#[test]
fn a_gap_that_the_server_refuses_to_fill_is_skipped() {
    let mut rig = Rig::new(0);
    rig.next();
    let skip = PageAction::Skip(LogName::Channel("lobby".to_owned()));
    let refused = CallErrorCode::Server(DenyCode::NotAllowed);
    assert_eq!(rig.deny(refused), [skip]);
}

#[test]
fn one_page_of_a_conversation_at_a_time_and_so_many_in_all() {
    let mut rig = Rig::complete();
    rig.scroll("lobby").unwrap();
    let again = rig.scroll("lobby").unwrap_err();
    assert_eq!(again.code, CallErrorCode::AlreadyPending);
    rig.next();
    let again = rig.scroll("lobby").unwrap_err();
    assert_eq!(again.code, CallErrorCode::AlreadyPending);
    for number in 0..MAX_WAITING {
        rig.scroll(&format!("@user{number}")).unwrap();
    }
    let full = rig.scroll("den").unwrap_err();
    assert_eq!(full.code, CallErrorCode::TooManyPending);
    assert_eq!(rig.pages.connection_lost().count(), MAX_WAITING + 1);
    rig.scroll("lobby").unwrap();
}
