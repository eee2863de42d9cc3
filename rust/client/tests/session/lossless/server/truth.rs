//! What the server holds in the end, for comparing it with what players see.

use std::collections::{BTreeMap, HashSet};

use longhall_packet::{ChannelName, Line, LineKind, Seq, Target};
use longhall_world::records::{Cursor, Log, UserId};

use super::super::player::Player;
use super::{ACCOUNTS, CHANNELS, Server, is_hidden_from};

impl Server {
    fn user(&self, name: &str) -> UserId {
        let user = self.fake.world().user_by_name(name);
        user.expect("an account").id
    }

    /// What a target means to an account.
    pub(super) fn log_of(&self, account: &str, target: &str) -> Log {
        match Target::parse(target).expect("a target") {
            Target::Channel(name) => {
                let channel = self.fake.world().channel_by_name(&name);
                Log::Channel(channel.expect("a channel").id)
            }
            Target::Whispers(other) => Log::Whispers(self.user(account), self.user(other.as_str())),
            Target::Inbox => Log::Inbox(self.user(account)),
        }
    }

    /// Everything in a log.
    fn lines_in(&self, log: Log) -> Vec<Line> {
        let world = self.fake.world();
        let all = world.lines(log, Cursor::After(0), usize::MAX, usize::MAX);
        all.lines.into_iter().map(|(_, line)| line).collect()
    }

    /// All logs by their names: channels, and behind an `@` inboxes.
    fn logs(&self) -> impl Iterator<Item = (String, Vec<Line>)> {
        let inboxes = ACCOUNTS.map(|name| format!("@{name}"));
        let names = CHANNELS.map(str::to_owned).into_iter().chain(inboxes);
        names.map(|name| (name.clone(), self.log(&name)))
    }

    fn log(&self, name: &str) -> Vec<Line> {
        self.lines_in(match name.strip_prefix('@') {
            Some(owner) => self.log_of(owner, "@"),
            None => self.log_of("ada", name),
        })
    }

    /// Lines of others that the account has not read.
    pub(in super::super) fn unread(&self, account: &str, channel: &str) -> u32 {
        let name = ChannelName::parse(channel).expect("a channel");
        let world = self.fake.world();
        let channel = world.channel_by_name(&name).expect("a channel");
        let mine = world.membership(channel.id, self.user(account));
        mine.expect("everybody is a member").unread
    }

    /// All that an account may see of a conversation.
    pub(in super::super) fn screen(&self, account: &str, conversation: &str) -> Vec<Line> {
        let is_seen = |line: &Line| {
            matches!(line.kind, LineKind::Said | LineKind::Deleted)
                && !is_hidden_from(account, line)
        };
        let lines = self.lines_in(self.log_of(account, conversation));
        lines.into_iter().filter(is_seen).collect()
    }

    pub(in super::super) fn lines(&self) -> u64 {
        self.logs().map(|(_, log)| log.len() as u64).sum()
    }

    /// The line of this number, as it was taken.
    pub(in super::super) fn line(&self, log: &str, seq: Seq) -> Option<Line> {
        self.log(log).into_iter().find(|line| line.seq == seq)
    }

    pub(in super::super) fn was_taken(&self, said: &str) -> bool {
        let is_it = |line: &Line| line.text == said || line.text == format!("{said} (edited)");
        self.logs().any(|(_, log)| log.iter().any(is_it))
    }

    /// Each line is there once, and those of each player in the order said.
    ///
    /// Except lines that were refused for now where the refusal was lost: the
    /// client could not know, and says them again behind others that were taken.
    pub(in super::super) fn check_order(&self, players: &[Player]) {
        let refused: HashSet<&str> = self.refusals.values().map(String::as_str).collect();
        for (name, log) in self.logs() {
            for player in players {
                let mut numbers: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
                let mut seen = HashSet::new();
                for line in log.iter().filter(|line| line.kind == LineKind::Said) {
                    let Some(number) = player.number_of(&line.text) else {
                        continue;
                    };
                    assert!(seen.insert(number), "{name}: {number} twice");
                    if !refused.contains(line.text.trim_end_matches(" (edited)")) {
                        let to = line.recipient.as_deref();
                        numbers.entry(to).or_default().push(number);
                    }
                }
                for (to, numbers) in numbers {
                    let is_in_order = numbers.is_sorted_by(|one, next| one < next);
                    assert!(is_in_order, "{name} {to:?}: {numbers:?}");
                }
            }
        }
    }
}
