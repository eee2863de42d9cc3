//! Players who come, go and change on three servers, with news under way all the time:
//! in the end all servers show the same.

use std::collections::{HashMap, HashSet};

use super::servers::{Servers, id, shown};
use super::*;

const SERVERS: usize = 3;
const DEN: ChannelId = ChannelId(2);

/// What the store would know, and who is connected where.
struct Hall {
    servers: Servers,
    random: fastrand::Rng,
    connections: i64,
    /// The sessions of the players, each used until it ends.
    sessions: HashMap<(i64, usize), i64>,
    next_session: i64,
    members: HashSet<i64>,
    places: Vec<(usize, i64, SessionId, Arc<Outbox>, HubEntry)>,
    /// They keep the channels open everywhere.
    _residents: Vec<HubEntry>,
}

impl Hall {
    fn start(seed: u64) -> Self {
        let mut servers = Servers::start(SERVERS);
        let residents = (0..SERVERS).map(|server| {
            let user = i64::try_from(server).unwrap() + 100;
            enter(&servers.hubs[server], &newcomer(user))
        });
        let residents = residents.collect();
        servers.settle();
        Self {
            servers,
            random: fastrand::Rng::with_seed(seed),
            connections: 1,
            sessions: HashMap::new(),
            next_session: 1000,
            members: (100..100 + 3).collect(),
            places: Vec::new(),
            _residents: residents,
        }
    }

    fn membership(&self) -> Membership {
        Membership {
            members: u32::try_from(self.members.len()).unwrap(),
            ..den()
        }
    }

    fn enter(&mut self) {
        let (user, device) = (self.random.i64(1..6), self.random.usize(..2));
        let new = self.sessions.entry((user, device)).or_insert_with(|| {
            self.next_session += 1;
            self.next_session
        });
        let session = SessionId(*new);
        self.connections += 1;
        let server = self.random.usize(..SERVERS);
        let mut memberships = vec![lobby()];
        if self.members.contains(&user) {
            memberships.push(self.membership());
        }
        let who = Newcomer {
            session,
            connection: self.connections,
            resumed: self.random.bool(),
            is_guest: false,
            memberships,
            ..newcomer(user)
        };
        let hub = &self.servers.hubs[server];
        let entry = hub.enter(&hub.arrive(), &who, welcome).unwrap();
        self.places.push((server, user, session, who.outbox, entry));
    }

    /// A connection that its server has not given up.
    fn any_place(&mut self) -> Option<usize> {
        let open = |at: &usize| !self.places[*at].3.is_closing();
        let open: Vec<usize> = (0..self.places.len()).filter(open).collect();
        (!open.is_empty()).then(|| open[self.random.usize(..open.len())])
    }

    fn end_session(&mut self, session: SessionId) {
        self.sessions.retain(|_, known| *known != session.0);
    }

    fn step(&mut self) {
        let what = self.random.u8(..12);
        if what < 3 {
            return self.enter();
        }
        if what < 7 {
            let (from, to) = (self.random.usize(..SERVERS), self.random.usize(..SERVERS));
            self.servers.arrive(from, to);
            return;
        }
        let Some(at) = self.any_place() else {
            return;
        };
        let (server, user, session, ..) = self.places[at];
        let hub = self.servers.hubs[server].clone();
        match what {
            7 => drop(self.places.swap_remove(at)),
            8 => {
                self.end_session(session);
                self.places.swap_remove(at).4.leave_at_once();
            }
            9 => {
                let text = ["", "tea", "lunch"][self.random.usize(..3)];
                let text = PresenceText::parse(text).unwrap();
                hub.set_presence(UserId(user), session, PresenceState::Away, &text);
            }
            10 => {
                // Of two changes of one membership, both would be under way.
                self.servers.settle();
                if self.places[at].3.is_closing() {
                    return;
                }
                if self.members.insert(user) {
                    let (membership, outbox) = (self.membership(), &self.places[at].3);
                    hub.join(&hub.arrive(), UserId(user), &membership, outbox, 1)
                        .unwrap();
                } else {
                    self.members.remove(&user);
                    let (name, left) = (format!("player-{user}"), ServerPacket::Ok { id: 0 });
                    hub.leave(UserId(user), &name, Role::Member, DEN, &left);
                }
            }
            _ => {
                self.end_session(session);
                hub.end_sessions(UserId(user), &[session], CloseReason::SessionEnded);
            }
        }
    }

    /// One server takes another for dead, maybe for longer than the grace.
    fn take_for_dead(&mut self) {
        let (one, other) = (self.random.usize(..SERVERS), self.random.usize(..SERVERS));
        if one != other {
            let hub = &self.servers.hubs[one];
            hub.lose_server(id(other));
            if self.random.bool() {
                hub.tell_news(Instant::now() + 2 * GRACE);
            }
        }
    }

    /// As servers do after a doubt: of those here the store is asked, and all tell
    /// again who is with them.
    fn set_right(&mut self) {
        for hub in &self.servers.hubs {
            for user in hub.players_here() {
                let mut memberships = vec![lobby()];
                if self.members.contains(&user.0) {
                    memberships.push(self.membership());
                }
                let residents = (100..).map(SessionId).take(SERVERS);
                let sessions = self.sessions.values().copied().map(SessionId);
                let known = Known {
                    memberships,
                    blocked: Vec::new(),
                    sessions: sessions.chain(residents).collect(),
                };
                hub.set_right(&hub.arrive(), user, known).unwrap();
            }
        }
        self.servers.ask();
    }

    /// All graces are over, nothing is on its way, and members were counted.
    fn come_to_rest(&mut self) {
        self.servers.settle();
        self.servers.tell_news(Instant::now() + 2 * GRACE);
        self.servers.settle();
        let members = self.membership().members;
        for hub in &self.servers.hubs {
            for (channel, _) in hub.uncounted() {
                hub.set_members(channel, members);
            }
        }
    }

    fn check(&self, seed: u64) {
        let [one, two, three] = &self.servers.hubs[..] else {
            panic!("three servers")
        };
        assert_eq!(shown(one), shown(two), "seed {seed}");
        assert_eq!(shown(one), shown(three), "seed {seed}");
        let counts = one.lock().channels[&DEN].counts();
        assert_eq!(counts.0, self.membership().members, "seed {seed}");
        // Each connection that was not told to close is there, and no other.
        let open = self.places.iter().filter(|place| !place.3.is_closing());
        let mut open: Vec<i64> = open.map(|place| place.2.0).collect();
        let users: HashSet<i64> = self.places.iter().map(|place| place.1).collect();
        let sessions = users.iter().flat_map(|user| two.sessions(UserId(*user)));
        let mut there: Vec<i64> = sessions.map(|session| session.0).collect();
        open.sort_unstable();
        there.sort_unstable();
        assert_eq!(open, there, "seed {seed}");
    }
}

#[test]
fn whatever_happens_all_servers_show_the_same_in_the_end() {
    for seed in 0..40 {
        let mut hall = Hall::start(seed);
        for _ in 0..200 {
            hall.step();
        }
        hall.come_to_rest();
        hall.check(seed);
    }
}

#[test]
fn whatever_gets_lost_all_servers_show_the_same_when_they_have_told_again() {
    for seed in 0..40 {
        let mut hall = Hall::start(seed);
        for step in 0..200 {
            hall.step();
            if step % 20 == 0 {
                hall.servers.lose();
            }
            if step % 50 == 0 {
                hall.take_for_dead();
            }
        }
        hall.servers.lose();
        hall.set_right();
        hall.come_to_rest();
        hall.check(seed);
    }
}
