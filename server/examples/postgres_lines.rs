//! Measures durable lines through PostgreSQL beside bare inserts of the same run:
//! `cargo run --release -p longhall-server --example postgres_lines postgres://…`, with an
//! empty database.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_packet::{ChannelName, Username};
use longhall_server::store::{
    Appended, ChannelId, LogAction, LogEntry, NewUser, PostgresStore, Store, UserId,
};
use postgres::{Client, NoTls};

const TEXT: &str = "a line as it is said in a game, of some length";
const SENDERS: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
const BARE_BATCH: i64 = 200;

fn main() -> Result<()> {
    let url = std::env::args().nth(1).context("which database?")?;
    let runtime = tokio::runtime::Runtime::new()?;
    let store = PostgresStore::open(&url)?;
    let (users, lobby) = runtime.block_on(people(&store))?;
    for batch in [4000, 1000, 200, 20, 1] {
        // The two in turns, as a machine is not always equally busy.
        let (mut bare_rate, mut rate) = (0.0, 0.0);
        for _ in 0..3 {
            bare_rate += bare(&url)? / 3.0;
            rate += runtime.block_on(said(&store, &users, lobby, batch))? / 3.0;
        }
        let ratio = rate / bare_rate;
        println!("batches of {batch}: {rate:.0} lines/s, bare {bare_rate:.0}/s: {ratio:.2}");
    }
    Ok(())
}

async fn people(store: &PostgresStore) -> Result<(Vec<UserId>, ChannelId)> {
    let mut users = Vec::new();
    for number in 0..SENDERS {
        let username = Username::parse(&format!("player{number}"))?;
        let user = NewUser {
            username: username.as_str().to_owned(),
            keys: username.keys(),
            password_hash: String::new(),
        };
        users.push(store.insert_user(user).await?.context("not empty")?);
    }
    let lobby = store.open_lobby(&ChannelName::parse("lobby")?, 0).await?;
    Ok((users, lobby.id))
}

/// Lines a second in batches of this size.
async fn said(
    store: &PostgresStore,
    users: &[UserId],
    channel: ChannelId,
    batch: usize,
) -> Result<f64> {
    let begun = Instant::now();
    let mut lines = 0;
    while begun.elapsed() < ROUND {
        let senders = users.iter().cycle().take(batch);
        let line = |sender: &UserId| LogEntry {
            sender: *sender,
            sender_name: String::new(),
            what: LogAction::Say {
                channel,
                line_id: fastrand::u64(..1 << 53),
                text: TEXT.to_owned(),
            },
            now_ms: 1000,
        };
        for done in store.append(senders.map(line).collect()).await? {
            let Appended::Line { .. } = done else {
                bail!("not taken: {done:?}");
            };
            lines += 1;
        }
    }
    Ok(f64::from(lines) / begun.elapsed().as_secs_f64())
}

/// Rows a second into one table, in batches, with nothing else to it.
fn bare(url: &str) -> Result<f64> {
    let mut client = Client::connect(url, NoTls)?;
    client.batch_execute(
        "DROP TABLE IF EXISTS bare;
         CREATE TABLE bare (id bigint PRIMARY KEY, sender bigint, sent_at bigint, text text)",
    )?;
    let insert = client.prepare(
        "INSERT INTO bare SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])",
    )?;
    let begun = Instant::now();
    let mut rows = 0;
    while begun.elapsed() < ROUND {
        let ids: Vec<i64> = (rows..rows + BARE_BATCH).collect();
        let texts = vec![TEXT; ids.len()];
        client.execute(&insert, &[&ids, &ids, &ids, &texts])?;
        rows += BARE_BATCH;
    }
    Ok(rows as f64 / begun.elapsed().as_secs_f64())
}
