//! `cargo bench -p longhall-server --bench store`: what durability costs.
//!
//! Lines go to disk through `Store::append` as a busy server sends them, several
//! batches under way at a time. Beside it, in the same run and on the same disk,
//! rusqlite alone inserts the same lines into one table: the ratio between them
//! means the same on every machine. Every figure is of the whole way to a
//! flushed disk (`synchronous = FULL`).

mod bare;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bare::text;
use longhall_packet::{ChannelName, Username};
use longhall_server::store::{
    Channel, Cursor, Entry, Log, NewUser, SqliteStore, Store, StoreError, UserId, What,
};

/// Lines in one call of `append` and in one transaction of the reference.
const BATCH: usize = 1000;
/// Calls under way at a time.
const CALLERS: usize = 8;
/// Lines of one round.
const LINES: usize = 200_000;
/// Rounds on the same file: how speed holds with what is kept.
const ROUNDS: usize = 5;
const SENDERS: usize = 300;
/// What is read back.
const PAGED_LINES: u64 = 10_000;
const PAGE: usize = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!(
        "{LINES} lines a round, in batches of {BATCH}, {CALLERS} at a time, \
         {SENDERS} senders, synchronous = FULL"
    );
    let texts: Vec<_> = (0..LINES).map(text).collect();
    let bare = bare::insert(&folder.path().join("bare.db"), &texts, BATCH)?;
    println!("one bare table      {:>9.0} lines/s", per_second(bare));

    let store = Arc::new(SqliteStore::open(&folder.path().join("longhall.db"))?);
    let (senders, channel) = runtime.block_on(people(&store))?;
    let mut next_id = 1;
    for round in 1..=ROUNDS {
        let took = runtime.block_on(append(&store, &senders, &channel, &mut next_id))?;
        println!(
            "append, round {round}     {:>9.0} lines/s   {:.2} of the bare table",
            per_second(took),
            bare.as_secs_f64() / took.as_secs_f64()
        );
    }
    let (took, pages) = runtime.block_on(page(&store, &channel))?;
    println!(
        "{PAGED_LINES} lines in {pages} pages of {PAGE} read in {:.1} ms",
        took.as_secs_f64() * 1000.0
    );
    runtime.block_on(store.close());
    Ok(())
}

fn per_second(took: Duration) -> f64 {
    LINES as f64 / took.as_secs_f64()
}

async fn people(
    store: &SqliteStore,
) -> Result<(Vec<(UserId, String)>, Channel), Box<dyn std::error::Error>> {
    let lobby = ChannelName::parse("lobby").map_err(|denial| denial.reason())?;
    let channel = store.open_lobby(&lobby, 0).await?;
    let mut senders = Vec::new();
    for number in 0..SENDERS {
        let name = format!("player-{number:04}");
        let username = Username::parse(&name).map_err(|denial| denial.reason())?;
        let user = NewUser {
            username: name.clone(),
            keys: username.keys(),
            password_hash: "no password".to_owned(),
        };
        let id = store.insert_user(user).await?.ok_or("a name was taken")?;
        senders.push((id, name));
    }
    Ok((senders, channel))
}

async fn append(
    store: &Arc<SqliteStore>,
    senders: &[(UserId, String)],
    channel: &Channel,
    next_id: &mut u64,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let mut batches: Vec<Vec<Entry>> = Vec::new();
    for number in 0..LINES {
        let (sender, sender_name) = &senders[number % SENDERS];
        if number % BATCH == 0 {
            batches.push(Vec::with_capacity(BATCH));
        }
        // Spread as widely as those of clients.
        let line_id = next_id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        *next_id += 1;
        let entry = Entry {
            sender: *sender,
            sender_name: sender_name.clone(),
            what: What::Say {
                channel: channel.id,
                line_id,
                text: text(number),
            },
            now_ms: 1_700_000_000_000,
        };
        batches.last_mut().ok_or("no batch")?.push(entry);
    }
    let queue = Arc::new(std::sync::Mutex::new(batches));
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (store, queue) = (Arc::clone(store), Arc::clone(&queue));
            tokio::spawn(async move {
                loop {
                    let batch = queue.lock().ok().and_then(|mut batches| batches.pop());
                    let Some(batch) = batch else {
                        return Ok::<(), StoreError>(());
                    };
                    store.append(batch).await?;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(began.elapsed())
}

async fn page(
    store: &SqliteStore,
    channel: &Channel,
) -> Result<(Duration, usize), Box<dyn std::error::Error>> {
    let log = Log::Channel(channel.id);
    let began = Instant::now();
    let last_seq = store.lines(log, Cursor::Newest, 1, 1).await?.last_seq;
    let (mut after, mut pages) = (last_seq - PAGED_LINES, 0);
    while after < last_seq {
        let page = store
            .lines(log, Cursor::After(after), PAGE, usize::MAX)
            .await?;
        pages += 1;
        after = page.lines.last().ok_or("a page is empty")?.1.seq;
    }
    Ok((began.elapsed(), pages))
}
