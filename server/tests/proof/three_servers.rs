//! Three servers on one PostgreSQL and one NATS.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use longhall_engines::{Nats, Postgres};
use tokio::task::{JoinHandle, block_in_place, spawn_blocking};
use tokio::time::sleep;

use crate::bus_line::BusLine;
use crate::check::{check, check_history};
use crate::player::{Heard, Notes, Player};
use crate::proxy::{self, Weather};
use crate::server_process::ServerProcess;
use crate::setting;
use crate::talk::{CHANNELS, Conversation};
use crate::trouble::{Trouble, tend};

const DATABASE: &str = "hall";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_cuts_kills_crashes_and_partitions_no_line_is_lost_doubled_or_out_of_order() {
    let cuts = setting("LONGHALL_PROOF_CUTS", 40);
    let kills = setting("LONGHALL_PROOF_KILLS", 6);
    let crashes = setting("LONGHALL_PROOF_CRASHES", 2);
    let deaths = setting("LONGHALL_PROOF_DEATHS", 1);
    let partitions = setting("LONGHALL_PROOF_PARTITIONS", 2);
    let seed = setting("LONGHALL_PROOF_SEED", 1);
    println!("seed {seed}");
    let started = Instant::now();

    let postgres = spawn_blocking(|| Postgres::quick().unwrap());
    let postgres = postgres.await.unwrap();
    postgres.create_database(DATABASE).unwrap();
    let nats = spawn_blocking(|| Nats::start().unwrap()).await.unwrap();
    let mut lines = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..3 {
        let line = BusLine::start(nats.port()).await;
        let settings = vec![
            ("LONGHALL_STORE", postgres.url(DATABASE)),
            ("LONGHALL_BUS", line.url()),
        ];
        lines.push(line);
        servers.push(
            spawn_blocking(|| ServerProcess::start(settings))
                .await
                .unwrap(),
        );
    }
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let weather = Weather::new(seed);
    let address = proxy::start(Arc::clone(&weather), addresses.clone()).await;
    let players = Conversation::gather(address, seed).await;

    // From here on everything goes wrong.
    weather.set_calm(false);
    let conversation = Conversation::begin(players, seed);
    let is_hopeless = Arc::new(AtomicBool::new(false));
    let trouble = |kind: u64, times| Trouble {
        times,
        rng: Rng::with_seed(seed.wrapping_mul(97).wrapping_add(kind)),
        is_hopeless: Arc::clone(&is_hopeless),
    };
    let (killing, crashing) = (trouble(1, kills), trouble(2, crashes));
    let (silencing, parting) = (trouble(3, deaths), trouble(4, partitions));
    let killing = spawn_blocking(move || killing.kill(servers));
    let crashing = spawn_blocking(move || crashing.crash(postgres));
    let silencing = spawn_blocking(move || silencing.silence(nats));
    let parting = spawn_blocking(move || parting.part(lines));
    let limit = Duration::from_secs(60 + cuts + 4 * kills + 12 * (crashes + deaths + partitions));
    let is_over = || {
        killing.is_finished()
            && crashing.is_finished()
            && silencing.is_finished()
            && parting.is_finished()
            && weather.cuts.load(Ordering::Relaxed) >= cuts
    };
    while !is_over() && !conversation.has_failed() && started.elapsed() < limit {
        sleep(Duration::from_millis(50)).await;
    }

    // And now it clears up.
    let is_slow = !is_over() && !conversation.has_failed();
    is_hopeless.store(!is_over(), Ordering::Relaxed);
    weather.set_calm(true);
    let mut servers = done(killing).await;
    let postgres = done(crashing).await;
    let (_nats, _lines) = (done(silencing).await, done(parting).await);
    block_in_place(|| servers.iter_mut().for_each(tend));
    let notes = conversation.end().await;
    block_in_place(|| servers.iter_mut().for_each(tend));
    assert!(!is_slow, "things go wrong too slowly");
    let lines: usize = notes.values().map(|notes| notes.posted.len()).sum();
    let doubtful: usize = notes.values().map(|notes| notes.doubtful.len()).sum();
    let resumes: u64 = notes.values().map(|notes| notes.resumes).sum();
    println!(
        "{} cuts ({} of them half-closed first), {} stalls, {kills} kills, {crashes} crashes of \
         the database, {deaths} deaths and standstills of the bus, {partitions} partitions, \
         {resumes} resumes, {lines} lines acknowledged, {doubtful} refused, in {:.1} s",
        weather.cuts.load(Ordering::Relaxed),
        weather.half_closes.load(Ordering::Relaxed),
        weather.stalls.load(Ordering::Relaxed),
        started.elapsed().as_secs_f64()
    );
    check(&notes);
    assert!(lines > 0 && resumes > 0);

    // A player who comes to one of the servers when all is over finds the same, and so does
    // who looks into the database.
    for (number, address) in addresses.into_iter().enumerate() {
        let late = Player::enter(&format!("Eve{number}"), address, seed).await;
        check_history(late, &notes).await;
    }
    for channel in CHANNELS {
        check_database(&postgres, channel, &notes);
    }
}

async fn done<T>(trouble: JoinHandle<T>) -> T {
    trouble.await.expect("what is broken is mended")
}

/// The lines of a channel in the database are numbered without a hole, and are those that
/// players have heard.
fn check_database(postgres: &Postgres, channel: &str, all: &BTreeMap<String, Notes>) {
    let found = postgres.query(
        DATABASE,
        &format!(
            "SELECT lines.id & ((1::bigint << 36) - 1), users.username, lines.text FROM lines \
             JOIN logs ON logs.id = lines.id >> 36 JOIN users ON users.id = lines.sender_id \
             WHERE logs.channel_name = '{channel}' ORDER BY lines.id"
        ),
    );
    let found: Vec<_> = found
        .unwrap()
        .lines()
        .map(|row| {
            let mut columns = row.splitn(3, '|').map(str::to_owned);
            Heard {
                seq: columns.next().unwrap().parse().unwrap(),
                sender: columns.next().unwrap(),
                text: columns.next().unwrap(),
            }
        })
        .collect();
    let numbers: Vec<_> = found.iter().map(|line| line.seq).collect();
    assert!(
        numbers.iter().copied().eq(1..=found.len() as u64),
        "{channel}: {numbers:?}"
    );
    let heard = &all["Ada"].heard[channel];
    assert!(
        found.ends_with(heard),
        "{channel}: the database and the players differ"
    );
}
