//! What the players do while things go wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::player::{Notes, PATIENCE, Player};

const NAMES: &[&str] = &["Ada", "Bob", "Cleo", "Dan"];
pub(crate) const CHANNELS: &[&str] = &["lobby", "den"];
/// Lines of one player on their way at a time.
const IN_FLIGHT: usize = 12;
const PAUSE_IF_REFUSED: Duration = Duration::from_millis(200);

/// Players who talk all the time.
pub(crate) struct Conversation {
    talking: Vec<JoinHandle<Player>>,
    end: Arc<End>,
}

/// How the talking ends: all at once, so that the last line reaches everybody.
#[derive(Default)]
struct End {
    is_near: AtomicBool,
    /// Players all of whose lines are answered.
    done: AtomicU64,
}

impl Conversation {
    /// Has all players enter, one after the other.
    pub(crate) async fn gather(address: SocketAddr, seed: u64) -> Vec<Player> {
        let mut players = Vec::new();
        for (number, name) in NAMES.iter().enumerate() {
            let mut player = Player::enter(name, address, seed ^ number as u64).await;
            player.join("den", number == 0).await;
            players.push(player);
        }
        players
    }

    /// From here on they talk.
    pub(crate) fn begin(players: Vec<Player>, seed: u64) -> Self {
        let end = Arc::new(End::default());
        let start = |(number, player)| {
            let rng = Rng::with_seed(seed.wrapping_mul(31).wrapping_add(number as u64));
            tokio::spawn(talk(player, rng, Arc::clone(&end)))
        };
        Self {
            talking: players.into_iter().enumerate().map(start).collect(),
            end,
        }
    }

    /// Whether one of them has given up, which fails the test.
    pub(crate) fn has_failed(&self) -> bool {
        self.talking.iter().any(JoinHandle::is_finished)
    }

    /// Has them fall silent, and waits until everybody has heard everything. What they
    /// wrote down, by name.
    pub(crate) async fn end(self) -> BTreeMap<String, Notes> {
        self.end.is_near.store(true, Ordering::Relaxed);
        let mut notes = BTreeMap::new();
        for task in self.talking {
            let player = task.await.expect("a player is content");
            notes.insert(player.name, player.notes);
        }
        notes
    }
}

/// Talks until it is over, then listens until everybody has heard everything.
async fn talk(mut player: Player, mut rng: Rng, end: Arc<End>) -> Player {
    let mut said = 0;
    let mut refused = 0;
    while !end.is_near.load(Ordering::Relaxed) {
        if player.notes.waiting_count() < IN_FLIGHT {
            said += 1;
            let text = format!("{} {said} {}", player.name, "x".repeat(rng.usize(1..200)));
            let place = match rng.u8(..10) {
                0 => {
                    let others = NAMES.iter().filter(|name| **name != player.name);
                    let others: Vec<_> = others.collect();
                    format!("@{}", others[rng.usize(..others.len())])
                }
                number => CHANNELS[usize::from(number) % CHANNELS.len()].to_owned(),
            };
            player.say(&place, text).await;
        }
        let pause = Duration::from_millis(rng.u64(1..20));
        while player.listen(pause).await && player.notes.waiting_count() >= IN_FLIGHT {}
        // Who is refused does not try again at once.
        if player.notes.doubtful.len() > refused {
            refused = player.notes.doubtful.len();
            sleep(PAUSE_IF_REFUSED).await;
        }
    }
    let deadline = Instant::now() + PATIENCE;
    let mut is_done = false;
    loop {
        let is_quiet = !player.listen(Duration::from_millis(1500)).await;
        if !is_done && player.notes.waiting_count() == 0 {
            is_done = true;
            end.done.fetch_add(1, Ordering::Relaxed);
        }
        // Nobody speaks any more, and for a while nothing more has come.
        if is_quiet && end.done.load(Ordering::Relaxed) == NAMES.len() as u64 {
            return player;
        }
        assert!(
            Instant::now() < deadline,
            "{}: {} lines were never answered",
            player.name,
            player.notes.waiting_count()
        );
    }
}
