//! One server on a file of SQLite's.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::time::sleep;

use crate::check::{check, check_history};
use crate::player::Player;
use crate::proxy::{self, Weather};
use crate::server_process::ServerProcess;
use crate::setting;
use crate::talk::Conversation;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_cuts_and_kills_no_line_is_lost_doubled_or_out_of_order() {
    let cuts = setting("LONGHALL_PROOF_CUTS", 60);
    let kills = setting("LONGHALL_PROOF_KILLS", 6);
    let seed = setting("LONGHALL_PROOF_SEED", 1);
    println!("seed {seed}");
    let started = Instant::now();

    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("longhall.db").display().to_string();
    let mut server = ServerProcess::start(vec![("LONGHALL_DATABASE", database)]);
    let weather = Weather::new(seed);
    let address = proxy::start(Arc::clone(&weather), vec![server.address]).await;
    let players = Conversation::gather(address, seed).await;

    // From here on everything goes wrong.
    weather.set_calm(false);
    let conversation = Conversation::begin(players, seed);
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
        if conversation.has_failed() {
            break;
        }
    }

    // And now it clears up.
    weather.set_calm(true);
    let notes = conversation.end().await;
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
    assert!(notes.values().all(|notes| notes.doubtful.is_empty()));
    assert!(lines > 0 && resumes > 0);

    // A player who comes when all is over finds the same on the server's disk.
    let late = Player::enter("Eve", address, seed).await;
    check_history(late, &notes).await;
}
