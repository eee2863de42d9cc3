//! Several players chat over the worst of networks with a server that crashes,
//! each life from a seed. In the end no line that was acknowledged is missing
//! on any screen, none is there twice, and all have them in the same order. Now and
//! then somebody puts a fresh or an older database behind the server: then the same
//! holds for that one.
//!
//! `LONGHALL_SEEDS=100000` runs more lives than usual, `LONGHALL_SEED=7` that
//! one alone.

mod player;
mod server;
mod wire;

use std::time::Duration;

use fastrand::Rng;
use longhall_client::Action;

use player::Player;
use server::Server;

const LIVES: u64 = 200;
const STEPS: usize = 120;

#[test]
fn no_line_is_lost_or_doubled_whatever_the_network_and_the_server_do() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seeds = match number("LONGHALL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LONGHALL_SEEDS").unwrap_or(LIVES),
    };
    let is_whole = seeds.end - seeds.start >= LIVES;
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let tally = std::thread::scope(|scope| {
        let lives = |share: u64| {
            let mine = seeds.clone().filter(move |seed| seed % threads == share);
            move || {
                mine.map(|seed| World::new(seed).live())
                    .fold(Tally::default(), Tally::plus)
            }
        };
        let shares: Vec<_> = (0..threads)
            .map(|share| scope.spawn(lives(share)))
            .collect();
        let join =
            |share: std::thread::ScopedJoinHandle<'_, Tally>| share.join().expect("all well");
        shares
            .into_iter()
            .map(join)
            .fold(Tally::default(), Tally::plus)
    });
    // Nothing is proved by lives in which nothing happens.
    if is_whole {
        assert!(tally.is_eventful(), "{tally:?}");
    }
}

/// What happened in some lives.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    lines: u64,
    cuts: u64,
    crashes: u64,
    /// Lines that came again and had been taken already.
    doubles: u64,
    /// Connections for which lines were left out.
    gaps: u64,
    pages: u64,
    skips: u64,
    /// Players who found another store.
    resets: u64,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            lines: self.lines + other.lines,
            cuts: self.cuts + other.cuts,
            crashes: self.crashes + other.crashes,
            doubles: self.doubles + other.doubles,
            gaps: self.gaps + other.gaps,
            pages: self.pages + other.pages,
            skips: self.skips + other.skips,
            resets: self.resets + other.resets,
        }
    }

    fn is_eventful(&self) -> bool {
        let all = [self.doubles, self.gaps, self.skips];
        self.lines > 10 * LIVES
            && self.cuts > LIVES
            && self.crashes > LIVES / 2
            && self.pages > LIVES
            && self.resets > LIVES / 2
            && all.iter().all(|n| *n > LIVES / 20)
    }
}

struct World {
    rng: Rng,
    now: Duration,
    server: Server,
    players: Vec<Player>,
    cuts: u64,
    is_calm: bool,
    _seed: TellSeed,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        // Ada is there twice, on two devices.
        let names = &["ada", "bob", "eve", "ada"][..rng.usize(2..=4)];
        let players = names.iter().map(|name| Player::new(name, &mut rng));
        Self {
            now: Duration::from_secs(1),
            players: players.collect(),
            server: Server::new(rng.fork()),
            cuts: 0,
            is_calm: false,
            rng,
            _seed: TellSeed(seed),
        }
    }

    fn live(mut self) -> Tally {
        for _ in 0..STEPS {
            let millis = match self.rng.u8(..30) {
                0 => self.rng.u64(2_000..30_000),
                1..=9 => self.rng.u64(100..1_000),
                _ => self.rng.u64(..100),
            };
            self.now += Duration::from_millis(millis);
            self.meddle();
            self.step();
        }
        self.calm_down();
        Tally {
            lines: self.server.lines(),
            cuts: self.cuts,
            crashes: self.server.crashes,
            doubles: self.server.doubles,
            gaps: self.server.gaps,
            pages: self.server.pages,
            skips: self.players.iter().map(|player| player.skips).sum(),
            resets: self.players.iter().map(|player| player.resets).sum(),
        }
    }

    /// The network and the operator do something.
    fn meddle(&mut self) {
        let now = self.now;
        let wires = self.server.wires.len();
        let wire = (wires > 0).then(|| self.rng.usize(..wires));
        match (self.rng.u8(..60), wire) {
            (0, _) => self.server.crash(now),
            (1, _) => self.server.restart(now),
            (2, _) => self.server.stall_disk(now),
            (13, _) if self.rng.bool() => {
                self.server.swap_store(now);
                for player in &mut self.players {
                    player.may_expire = true;
                }
            }
            (3..=7, Some(wire)) => {
                self.cuts += 1;
                self.server.wires[wire].cut(now, &mut self.rng);
            }
            (8, Some(wire)) => {
                self.cuts += 1;
                self.server.wires[wire].fall_silent();
            }
            (9..=12, Some(wire)) => {
                let slow = Duration::from_millis(self.rng.u64(..20_000));
                self.server.wires[wire].slow_until = now + slow;
            }
            _ => {}
        }
    }

    fn step(&mut self) {
        let now = self.now;
        if !self.is_calm {
            for player in &mut self.players {
                player.play(now, &mut self.rng);
            }
        }
        self.server.step(now, !self.is_calm);
        for player in &mut self.players {
            // A program may be busy with other things.
            if self.is_calm || self.rng.u8(..8) > 0 {
                player.drive(now, &mut self.server, &mut self.rng);
            }
            while let Some(action) = player.session.poll_action() {
                match action {
                    Action::Open => player.wire = Some(self.server.open(now, self.is_calm)),
                    Action::Send(text) => {
                        if let Some(wire) = player.wire.and_then(|id| self.server.wire(id)) {
                            wire.send_up(now, text, &mut self.rng);
                        }
                    }
                    Action::Close { .. } => {
                        if let Some(wire) = player.wire.take().and_then(|id| self.server.wire(id)) {
                            wire.client_is_gone = true;
                        }
                    }
                }
            }
            player.show();
        }
    }

    /// The network heals and nobody says anything any more: everybody must come
    /// to see the same.
    fn calm_down(&mut self) {
        self.is_calm = true;
        let mut quiet_since = self.now;
        let mut pages = 0;
        let end = self.now + Duration::from_secs(300);
        while self.now - quiet_since < Duration::from_secs(10) {
            self.now += Duration::from_millis(250);
            self.step();
            let waits = self.players.iter().position(|player| !player.is_content());
            // A gap may be full of lines that are hidden: no news, but work.
            let asked = std::mem::replace(&mut pages, self.server.pages) != self.server.pages;
            let has_news = self.players.iter_mut().any(Player::take_news) || asked;
            if waits.is_some() || has_news || !self.server.is_quiet(self.now) {
                quiet_since = self.now;
            }
            assert!(self.now < end, "player {waits:?} waits for ever");
        }
        self.server.check_order(&self.players);
        for player in &self.players {
            player.check_screens(&self.server);
            player.check_answers(&self.server);
        }
        // Lines skipped, left out, or deleted where nobody looks, cannot be
        // counted here; the next login tells.
        let uncounted = |player: &Player| player.deletions + player.skips;
        let uncounted: u64 = self.players.iter().map(uncounted).sum();
        if uncounted + self.server.left_out == 0 {
            // Ada's devices may disagree by a line until the next login.
            for player in self.players.iter().filter(|player| player.name != "ada") {
                player.check_unread(&self.server);
            }
        }
        // Scrolling up brings the rest.
        for _ in 0..100_000 {
            let now = self.now;
            let scroll = |player: &mut Player| player.scroll_up(now);
            if self
                .players
                .iter_mut()
                .map(scroll)
                .filter(|goes_on| *goes_on)
                .count()
                == 0
            {
                break;
            }
            self.now += Duration::from_millis(250);
            self.step();
        }
        for player in &self.players {
            player.check_whole(&self.server);
        }
    }
}

/// Names the seed of a life that failed.
struct TellSeed(u64);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("LONGHALL_SEED={} shows it again", self.0);
        }
    }
}
