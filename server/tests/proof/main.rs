//! The proof: no line is lost, none comes twice, and all hear the same order,
//! whatever happens to the connections and to the server.
//!
//! Players talk in two channels and whisper, through a line that cuts, stalls
//! and half-closes their connections in the middle of packets, while the server
//! is killed with SIGKILL over and over. `cargo xtask soak` runs it at length.
//!
//! Settings: `LONGHALL_PROOF_CUTS`, `LONGHALL_PROOF_KILLS`, `LONGHALL_PROOF_SEED`.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod player;
mod proxy;
mod server_process;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use player::{Notes, PATIENCE, Player};
use proxy::Weather;
use server_process::ServerProcess;
use tokio::time::sleep;

const NAMES: &[&str] = &["Ada", "Bob", "Cleo", "Dan"];
const CHANNELS: &[&str] = &["lobby", "den"];
/// Lines of one player on their way at a time.
const IN_FLIGHT: usize = 12;

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap(),
        Err(_) => default,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_cuts_and_kills_no_line_is_lost_doubled_or_out_of_order() {
    let cuts = setting("LONGHALL_PROOF_CUTS", 60);
    let kills = setting("LONGHALL_PROOF_KILLS", 6);
    let seed = setting("LONGHALL_PROOF_SEED", 1);
    println!("seed {seed}");
    let started = Instant::now();

    let folder = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::start(&folder.path().join("longhall.db"));
    let weather = Weather::new(seed);
    let address = proxy::start(Arc::clone(&weather), server.address).await;
    let mut players = Vec::new();
    for (number, name) in NAMES.iter().enumerate() {
        let mut player = Player::enter(name, address, seed ^ number as u64).await;
        player.join("den", number == 0).await;
        players.push(player);
    }

    // From here on everything goes wrong.
    weather.set_calm(false);
    let is_over = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let mut talking = Vec::new();
    for (number, player) in players.into_iter().enumerate() {
        let rng = Rng::with_seed(seed.wrapping_mul(31).wrapping_add(number as u64));
        talking.push(tokio::spawn(talk(
            player,
            rng,
            Arc::clone(&is_over),
            Arc::clone(&done),
        )));
    }
    let mut rng = Rng::with_seed(seed ^ 0x5eed);
    let mut killed = 0;
    while killed < kills || weather.cuts.load(Ordering::Relaxed) < cuts {
        let limit = Duration::from_secs(60 + cuts + 3 * kills);
        assert!(started.elapsed() < limit, "things go wrong too slowly");
        sleep(Duration::from_millis(rng.u64(100..900))).await;
        if killed < kills {
            killed += 1;
            tokio::task::block_in_place(|| server.kill());
            // Sometimes long enough for players to find the door closed.
            sleep(Duration::from_millis(rng.u64(0..200))).await;
            tokio::task::block_in_place(|| server.restart());
        }
        if talking.iter().any(tokio::task::JoinHandle::is_finished) {
            break;
        }
    }

    // And now it clears up.
    weather.set_calm(true);
    is_over.store(true, Ordering::Relaxed);
    let mut notes = BTreeMap::new();
    for task in talking {
        let player = task.await.expect("a player is content");
        notes.insert(player.name, player.notes);
    }
    let lines: usize = notes.values().map(|notes| notes.posted.len()).sum();
    let resumes: u64 = notes.values().map(|notes| notes.resumes).sum();
    println!(
        "{} cuts ({} of them half-closed first), {} stalls, {killed} kills, {resumes} resumes, \
         {lines} lines acknowledged, in {:.1} s",
        weather.cuts.load(Ordering::Relaxed),
        weather.half_closes.load(Ordering::Relaxed),
        weather.stalls.load(Ordering::Relaxed),
        started.elapsed().as_secs_f64()
    );
    check(&notes);
    assert!(lines > 0 && resumes > 0);

    // A player who comes when all is over finds the same on the server's disk.
    let mut late = Player::enter("Eve", address, seed).await;
    for channel in CHANNELS {
        if *channel != "lobby" {
            late.join(channel, false).await;
        }
        late.scroll_up(channel).await;
        let found = &late.notes.older[*channel];
        assert_eq!(found[0].seq, 1, "{channel} from its first line");
        let heard = &notes["Ada"].heard[*channel];
        assert!(
            found.ends_with(heard),
            "{channel}: the disk and the players differ"
        );
    }
}

/// Talks until it is over, then listens until everybody has heard everything.
async fn talk(
    mut player: Player,
    mut rng: Rng,
    is_over: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
) -> Player {
    let mut said = 0;
    while !is_over.load(Ordering::Relaxed) {
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
    }
    let deadline = Instant::now() + PATIENCE;
    let mut is_done = false;
    loop {
        let is_quiet = !player.listen(Duration::from_millis(1500)).await;
        if !is_done && player.notes.waiting_count() == 0 {
            is_done = true;
            done.fetch_add(1, Ordering::Relaxed);
        }
        // Nobody speaks any more, and for a while nothing more has come.
        if is_quiet && done.load(Ordering::Relaxed) == NAMES.len() as u64 {
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

/// What must be true of what all players wrote down.
fn check(all: &BTreeMap<String, Notes>) {
    for channel in CHANNELS {
        let reference = &all["Ada"].heard[*channel];
        for (number, heard) in reference.iter().enumerate() {
            let expected = reference[0].seq + number as u64;
            assert_eq!(heard.seq, expected, "Ada in {channel}: a hole or a double");
        }
        for (name, notes) in all {
            let heard = &notes.heard[*channel];
            let from = reference.iter().position(|line| line.seq == heard[0].seq);
            let from = from.unwrap_or_else(|| panic!("{name} heard what Ada did not"));
            // A player who came later has not heard the first lines.
            assert_eq!(heard[..], reference[from..], "{name} in {channel}");
        }
    }
    for (name, notes) in all {
        let before = notes.older.values().flatten().count();
        assert_eq!(before, 0, "{name} was there from the first line");
        let mut texts: Vec<_> = notes.posted.iter().map(|(_, _, text)| text).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(
            texts.len(),
            notes.posted.len(),
            "{name}: one text, two numbers"
        );
        for (place, seq, text) in &notes.posted {
            let mine = |heard: &&player::Heard| heard.sender == *name && heard.text == *text;
            let found: Vec<_> = notes.heard[place].iter().filter(mine).collect();
            assert_eq!(found.len(), 1, "{name} in {place}: {text}");
            assert_eq!(found[0].seq, *seq, "{name} in {place}: {text}");
            // Everybody in a channel has heard the same as the sender. The
            // recipient of a whisper has heard it once too.
            if let Some(other) = place.strip_prefix('@') {
                let heard = &all[other].heard[&format!("@{name}")];
                assert_eq!(heard.iter().filter(mine).count(), 1, "{other}: {text}");
            }
        }
        // The two sides of a conversation agree on its order.
        for (place, heard) in &notes.heard {
            let Some(other) = place.strip_prefix('@') else {
                continue;
            };
            let texts = |heard: &[player::Heard]| -> Vec<String> {
                heard.iter().map(|line| line.text.clone()).collect()
            };
            let theirs = &all[other].heard[&format!("@{name}")];
            assert_eq!(texts(heard), texts(theirs), "{name} and {other}");
            assert!(
                heard.is_sorted_by(|a, b| a.seq < b.seq),
                "{name} and {other}"
            );
        }
    }
}
