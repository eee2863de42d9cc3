//! Thousands of calls at random, answered as by the model.

use std::collections::BTreeSet;

use fastrand::Rng;

use super::*;

const USERS: i64 = 5;
const NAMES: [&str; 4] = ["lobby", "trade", "guild", "zoo"];

fn one_in(random: &mut Rng, many: u64) -> bool {
    random.u64(..many) == 0
}

fn pick<T: Clone>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())].clone()
}

struct Walk {
    random: Rng,
    now_ms: i64,
    newest_channel: i64,
    newest_line_id: u64,
    longest_log: u64,
    /// What was said last: by whom, where, under which number.
    recent: Vec<(UserId, Option<ChannelId>, u64)>,
    /// What came of all entries.
    seen: BTreeSet<String>,
}

impl Walk {
    fn user(&mut self) -> UserId {
        UserId(1 + i64::try_from(self.random.u64(..USERS as u64)).unwrap())
    }

    fn name(&mut self) -> ChannelName {
        ChannelName::parse(pick(&mut self.random, &NAMES)).unwrap()
    }

    /// Mostly one there is, sometimes one that is gone or never was.
    fn channel(&mut self) -> ChannelId {
        let back = self.random.u64(..5);
        ChannelId((self.newest_channel - i64::try_from(back).unwrap() + 1).max(1))
    }

    fn seq(&mut self) -> u64 {
        self.random.u64(..self.longest_log + 3)
    }

    fn line_id(&mut self) -> u64 {
        if one_in(&mut self.random, 5) {
            return self.random.u64(..self.newest_line_id + 1);
        }
        self.newest_line_id += 1;
        self.newest_line_id
    }

    fn text(&mut self) -> String {
        "Grüße! ".repeat(usize::try_from(self.random.u64(..6)).unwrap() + 1)
    }

    fn entry(&mut self) -> LogEntry {
        let sender = self.user();
        let recipient = self.user();
        let channel = self.channel();
        let not_before_ms = self.now_ms - 300;
        let place = (!one_in(&mut self.random, 3)).then_some(channel);
        // Mostly a line that may be changed.
        let (changer, place, of) = if self.recent.is_empty() || one_in(&mut self.random, 4) {
            (sender, place, self.seq())
        } else {
            pick(&mut self.random, &self.recent)
        };
        let what = match self.random.u64(..10) {
            0..4 => LogAction::Say {
                channel,
                line_id: self.line_id(),
                text: self.text(),
            },
            4 => LogAction::System {
                channel,
                text: self.text(),
            },
            5..7 => LogAction::Whisper {
                recipient,
                recipient_name: user_name(recipient).to_lowercase(),
                line_id: self.line_id(),
                text: self.text(),
                kept_at_most: one_in(&mut self.random, 2)
                    .then_some(pick(&mut self.random, &[4, 8])),
            },
            7 | 8 => LogAction::Edit {
                channel: place,
                of,
                text: self.text(),
                not_before_ms,
            },
            _ => LogAction::Delete {
                channel: place,
                of,
                not_before_ms,
            },
        };
        let sender = match what {
            LogAction::Edit { .. } | LogAction::Delete { .. } => changer,
            LogAction::Say { .. } | LogAction::System { .. } | LogAction::Whisper { .. } => sender,
        };
        LogEntry {
            sender,
            // Histories show names by the accounts, not as written here.
            sender_name: user_name(sender).to_lowercase(),
            what,
            now_ms: self.now_ms,
        }
    }

    fn note(&mut self, entry: &LogEntry, done: &Appended) {
        let (line, place) = match (done, &entry.what) {
            (
                Appended::Line { line },
                LogAction::Say { channel, .. } | LogAction::System { channel, .. },
            ) => (line, Some(*channel)),
            (Appended::Line { line } | Appended::Whisper { sent: line, .. }, _) => (line, None),
            (other, _) => {
                let name = format!("{other:?}");
                let end = name.find(' ').unwrap_or(name.len());
                self.seen.insert(name[..end].to_owned());
                return;
            }
        };
        self.longest_log = self.longest_log.max(line.seq);
        let of_whom = if line.recipient.is_some() {
            "whisper"
        } else {
            "line"
        };
        self.seen.insert(format!("{of_whom} {}", line.kind.name()));
        if line.of.is_none() {
            self.recent.push((entry.sender, place, line.seq));
            if self.recent.len() > 8 {
                self.recent.remove(0);
            }
        }
    }

    fn log(&mut self) -> Log {
        match self.random.u64(..4) {
            0 | 1 => Log::Channel(self.channel()),
            2 => Log::Inbox(self.user()),
            _ => Log::Whispers(self.user(), self.user()),
        }
    }

    fn cursor(&mut self) -> Cursor {
        match self.random.u64(..3) {
            0 => Cursor::Newest,
            1 => Cursor::After(self.seq()),
            _ => Cursor::Before(self.seq()),
        }
    }
}

fn user_name(user: UserId) -> String {
    format!("User{}", user.0)
}

/// Says the same to both and sees that they answer the same.
macro_rules! both {
    ($stores:expr, $method:ident($($argument:expr),*)) => {
        both!($stores, $method($($argument),*) => |answer| answer)
    };
    ($stores:expr, $method:ident($($argument:expr),*) => $shown:expr) => {{
        let [one, other] = $stores;
        // For the message: arguments may be moved.
        let said = format!(concat!(stringify!($method), "{:?}"), ($(&$argument,)*));
        let first = one.$method($(Clone::clone(&$argument)),*).await.map($shown).unwrap();
        let second = other.$method($(Clone::clone(&$argument)),*).await.map($shown).unwrap();
        assert_eq!(format!("{first:#?}"), format!("{second:#?}"), "{said}");
        first
    }};
}

async fn walk(other: &dyn Store, seed: u64, steps: usize) -> BTreeSet<String> {
    let memory = memory().store();
    let stores = [&*memory, other];
    for number in 1..=USERS {
        for store in stores {
            let id = store
                .insert_user(new_user(&user_name(UserId(number))))
                .await;
            assert_eq!(id.unwrap(), Some(UserId(number)));
        }
    }
    let mut walk = Walk {
        random: Rng::with_seed(seed),
        now_ms: 10_000,
        newest_channel: 0,
        newest_line_id: 0,
        longest_log: 0,
        recent: Vec::new(),
        seen: BTreeSet::new(),
    };
    let mut tokens = 0;
    let mut halls = Rng::with_seed(seed + 1000);
    for _ in 0..steps {
        walk.now_ms += i64::try_from(walk.random.u64(..20)).unwrap();
        let now_ms = walk.now_ms;
        let user = walk.user();
        let channel = walk.channel();
        let limits = MemberLimits {
            members_per_channel: 4,
            channels_per_account: 3,
        };
        // By other chances, so that the walk goes where it went before there were halls.
        match halls.u64(..24) {
            0 | 1 => {
                let channel = ChannelId(1 + halls.i64(..walk.newest_channel + 1));
                both!(stores, set_hall(user, channel, now_ms));
            }
            2 => {
                let hall = 1 + halls.u32(..4);
                let name = match hall {
                    // Now and then of players.
                    4 => channel_name(pick::<&str>(&mut halls, &NAMES)),
                    hall => channel_name(&format!("lobby-{hall}")),
                };
                let name = &name;
                let opened = both!(stores, open_hall(hall, name, now_ms));
                let opened = opened.map_or(0, |channel| channel.id.0);
                walk.newest_channel = walk.newest_channel.max(opened);
                both!(stores, halls());
                both!(stores, memberships(user));
            }
            _ => {}
        }
        match walk.random.u64(..60) {
            0..20 => {
                // Now and then as many as a store may have another way for.
                let many = match walk.random.u64(..40) {
                    0 => 64 + walk.random.u64(..64),
                    _ => 1 + walk.random.u64(..4),
                };
                let entries: Vec<_> = (0..many).map(|_| walk.entry()).collect();
                for (entry, done) in entries.clone().iter().zip(both!(stores, append(entries))) {
                    walk.note(entry, &done);
                }
            }
            20..28 => {
                let (log, cursor) = (walk.log(), walk.cursor());
                let limit = usize::try_from(walk.random.u64(..12)).unwrap();
                let max_bytes = usize::try_from(walk.random.u64(..400)).unwrap();
                both!(stores, lines(log, cursor, limit, max_bytes));
            }
            28 | 29 => {
                let (log, seq) = (walk.log(), walk.seq());
                let reader = match log {
                    Log::Inbox(user) | Log::Whispers(user, _) => user,
                    Log::Channel(_) => user,
                };
                both!(stores, set_read(reader, log, seq));
            }
            30 | 31 => drop(both!(stores, open_inbox(user))),
            32..34 => drop(both!(stores, memberships(user))),
            34 => drop(both!(stores, membership(channel, user))),
            35..37 => {
                let new = (walk.name(), pick(&mut walk.random, Access::ALL));
                for store in stores {
                    let created = store.insert_channel(NewChannel {
                        name: new.0.clone(),
                        topic: "a topic".to_owned(),
                        access: new.1,
                        password_hash: None,
                        owner: user,
                        channels_per_account: 3,
                        now_ms,
                    });
                    if let Created::Channel(channel) = created.await.unwrap() {
                        walk.newest_channel = walk.newest_channel.max(channel.id.0);
                    }
                }
            }
            37 => {
                if one_in(&mut walk.random, 3) {
                    let name = &walk.name();
                    let lobby = both!(stores, open_lobby(name, now_ms));
                    walk.newest_channel = walk.newest_channel.max(lobby.id.0);
                }
            }
            38..42 => drop(both!(stores, insert_member(channel, user, limits, now_ms))),
            42 | 43 => drop(both!(stores, delete_member(channel, user))),
            44 => drop(both!(stores, members(channel, Some("user2"), 2))),
            45 => {
                let role = pick(&mut walk.random, Role::ALL);
                both!(stores, set_role(channel, user, role));
            }
            46 => {
                let after = one_in(&mut walk.random, 2).then(|| walk.name());
                let after = after.as_ref();
                both!(stores, channels(user, after, 3));
            }
            47 => {
                let name = &walk.name();
                both!(stores, channel_by_name(name));
            }
            48 => {
                let topic = walk.text();
                both!(stores, set_topic(channel, topic));
            }
            49 => {
                let access = pick(&mut walk.random, Access::ALL);
                let hash = Some("hash".to_owned());
                both!(stores, set_access(channel, access, hash));
            }
            50 | 51 => {
                let by = walk.user();
                both!(stores, insert_invitation(channel, user, by, 2, now_ms));
                both!(stores, is_invited(channel, user));
                both!(stores, invitations(user));
            }
            52 => {
                let blocked = walk.user();
                both!(stores, insert_block(user, blocked, 2));
                both!(stores, blocks(user));
            }
            53 | 54 => {
                let blocked = walk.user();
                both!(stores, delete_block(user, blocked));
            }
            55 => {
                tokens += 1;
                for store in stores {
                    let made = store.insert_session(NewSession {
                        now_ms,
                        expires_at_ms: now_ms + 3000,
                        ended_by_ms: now_ms,
                        at_most: 3,
                        ..session(user, tokens)
                    });
                    made.await.unwrap();
                }
                both!(stores, sessions(user, now_ms));
            }
            56 => {
                let presented = u8::try_from(walk.random.u64(..u64::from(tokens) + 1)).unwrap();
                tokens += 1;
                let (next, shown) = (tokens, |resumed: Option<Resumed>| {
                    resumed.map(|resumed| (resumed.user.id, resumed.session))
                });
                let mut answers = Vec::new();
                for store in stores {
                    let rotated = store.rotate_session(rotation(presented, next, now_ms));
                    answers.push(rotated.await.map(shown).unwrap());
                }
                assert_eq!(answers[0], answers[1]);
            }
            57 => {
                let session = SessionId(i64::try_from(walk.random.u64(..9)).unwrap());
                both!(stores, touch_session(session, now_ms));
                both!(stores, delete_sessions(user, Some(session), SessionId(0)));
            }
            58 => {
                let hash = "another hash".to_owned();
                let known = format!("hash of {}", user_name(user));
                both!(stores, change_password(user, known, hash, SessionId(1)));
            }
            _ => {
                let retention = Retention {
                    not_before_ms: now_ms - 3000,
                    doubtful_ms: Some((now_ms - 3300, now_ms - 3200)),
                    lines_per_channel: 60,
                    whispers_per_inbox: 30,
                    now_ms,
                };
                for store in stores {
                    while store.prune(retention).await.unwrap().is_more {}
                }
            }
        }
        // Tokens are a byte in these tests.
        tokens = tokens.min(u8::MAX - 2);
    }
    walk.seen
}

#[tokio::test]
async fn sqlite_answers_a_walk_at_random_as_the_model_does() {
    let mut seen = BTreeSet::new();
    for seed in 1..=6 {
        seen.extend(walk(&*sqlite().store(), seed, 1500).await);
    }
    came_everywhere(&seen);
}

#[cfg(unix)]
#[tokio::test]
async fn postgres_answers_a_walk_at_random_as_the_model_does() {
    let mut seen = BTreeSet::new();
    for seed in 3..=4 {
        let store = postgres::tests::store();
        seen.extend(walk(&store, seed, 1500).await);
    }
    came_everywhere(&seen);
}

fn came_everywhere(seen: &BTreeSet<String>) {
    // A walk that comes nowhere would prove nothing.
    for outcome in [
        "Before",
        "Blocked",
        "InboxFull",
        "NotAMember",
        "TooLate",
        "UnknownLine",
        "line deletion",
        "line edit",
        "line said",
        "whisper deletion",
        "whisper edit",
        "whisper said",
    ] {
        assert!(seen.contains(outcome), "never {outcome}: {seen:?}");
    }
}
