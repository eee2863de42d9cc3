//! `cargo bench -p longhall-server --bench store`: what durability costs.
//!
//! Lines go to disk through `Store::append` in calls of different sizes, from the
//! single line of a quiet server to the thousand of a busy one, which sends several
//! such calls at a time. Beside each, in the same run and on the same disk, rusqlite
//! alone inserts the same lines into one table, in transactions of the same size:
//! the ratio between them means the same on every machine. Every figure is of the
//! whole way to a flushed disk (`synchronous = FULL`); processor time is that of all
//! threads of this process, in user space and in the system. Given numbers, only
//! calls of these sizes are made, for a profiler.

mod bare;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bare::{Bare, text};
use longhall_packet::{Access, ChannelName, Username};
use longhall_server::store::{
    ChannelId, Created, Cursor, Entry, Log, MemberLimits, NewChannel, NewUser, SqliteStore, Store,
    StoreError, UserId, What,
};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;

type AnyError = Box<dyn std::error::Error>;

/// Lines in one call of `append`, calls under way at a time, and lines in all.
const LOADS: [(usize, usize, usize); 6] = [
    (1, 1, 4_000),
    (2, 1, 8_000),
    (10, 1, 40_000),
    (100, 1, 100_000),
    (1000, 1, 200_000),
    (1000, 8, 200_000),
];
/// Members who speak in turn, in each of so many channels.
const CHANNELS: usize = 100;
const MEMBERS: usize = 10;
/// Lines of each of the last rounds, all in one channel: how speed holds with what
/// is kept.
const LINES: usize = 200_000;
const ROUNDS: usize = 3;
/// What is read back.
const PAGED_LINES: u64 = 10_000;
const PAGE: usize = 500;

fn main() -> Result<(), AnyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut bare = Bare::open(&folder.path().join("bare.db"))?;
    let path = folder.path().join("longhall.db");
    let began = Cost::start();
    let store = Arc::new(SqliteStore::open(&path)?);
    println!("new file opened      {:>8.1} ms", began.took().wall_ms());
    let mut crowd = runtime.block_on(Crowd::gather(&store))?;

    println!("lines  calls    us of processor time a line          us of time a call");
    println!("a call at once      bare   append  ratio            bare     append");
    let sizes: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    for (batch, callers, lines) in LOADS {
        if !sizes.is_empty() && !sizes.contains(&batch) {
            continue;
        }
        let texts: Vec<_> = (0..lines).map(text).collect();
        let cost = Cost::start();
        bare.insert(&texts, batch)?;
        let reference = cost.took();
        let calls = crowd.calls(lines, batch, CHANNELS);
        let ours = append(&runtime, &store, calls, callers)?;
        println!(
            "{batch:>6} {callers:>6}  {:>8.2} {:>8.2} {:>6.2}        {:>8.1}   {:>8.1}",
            reference.cpu_us(lines),
            ours.cpu_us(lines),
            ours.cpu_us(lines) / reference.cpu_us(lines),
            reference.wall_us(lines / batch),
            ours.wall_us(lines / batch),
        );
    }
    if !sizes.is_empty() {
        return Ok(());
    }

    let texts: Vec<_> = (0..LINES).map(text).collect();
    let cost = Cost::start();
    bare.insert(&texts, 1000)?;
    let reference = cost.took();
    println!(
        "one bare table      {:>9.0} lines/s",
        reference.per_second(LINES)
    );
    for round in 1..=ROUNDS {
        let calls = crowd.calls(LINES, 1000, 1);
        let ours = append(&runtime, &store, calls, 8)?;
        println!(
            "append, round {round}     {:>9.0} lines/s   {:.2} of the bare table   {:.2} us of processor time a line, {:.2} of the bare table",
            ours.per_second(LINES),
            reference.wall.as_secs_f64() / ours.wall.as_secs_f64(),
            ours.cpu_us(LINES),
            ours.cpu_us(LINES) / reference.cpu_us(LINES),
        );
    }

    let cost = Cost::start();
    let pages = runtime.block_on(page(&store, crowd.channels[0]))?;
    println!(
        "{PAGED_LINES} lines in {pages} pages of {PAGE} read in {:.1} ms",
        cost.took().wall_ms()
    );
    let cost = Cost::start();
    for (user, _) in &crowd.members {
        runtime.block_on(store.memberships(*user))?;
    }
    println!(
        "channels with unread of one account in {:.1} us, {:.1} us of processor time",
        cost.took().wall_us(crowd.members.len()),
        cost.took().cpu_us(crowd.members.len()),
    );
    let cost = Cost::start();
    runtime.block_on(store.close());
    println!("closed in {:.1} ms", cost.took().wall_ms());
    drop(store);
    let cost = Cost::start();
    let store = SqliteStore::open(&path)?;
    println!(
        "{} lines opened in {:.1} ms",
        crowd.said,
        cost.took().wall_ms()
    );
    runtime.block_on(store.close());
    Ok(())
}

/// What something took of the clock and of the processors.
struct Cost {
    wall: Duration,
    cpu: Duration,
}

struct Running {
    began: Instant,
    cpu: Duration,
}

impl Cost {
    fn start() -> Running {
        Running {
            began: Instant::now(),
            cpu: cpu(),
        }
    }

    fn cpu_us(&self, each: usize) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / each as f64
    }

    fn wall_us(&self, each: usize) -> f64 {
        self.wall.as_secs_f64() * 1e6 / each as f64
    }

    fn wall_ms(&self) -> f64 {
        self.wall.as_secs_f64() * 1e3
    }

    fn per_second(&self, each: usize) -> f64 {
        each as f64 / self.wall.as_secs_f64()
    }
}

impl Running {
    fn took(&self) -> Cost {
        Cost {
            wall: self.began.elapsed(),
            cpu: cpu() - self.cpu,
        }
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Who speaks, and where.
struct Crowd {
    /// Each is in one channel, in the order of these.
    members: Vec<(UserId, String)>,
    channels: Vec<ChannelId>,
    said: u64,
}

impl Crowd {
    async fn gather(store: &SqliteStore) -> Result<Self, AnyError> {
        let mut crowd = Self {
            members: Vec::new(),
            channels: Vec::new(),
            said: 0,
        };
        for number in 0..CHANNELS * MEMBERS {
            let name = format!("player-{number:04}");
            let username = Username::parse(&name).map_err(|denial| denial.reason())?;
            let user = NewUser {
                username: name.clone(),
                keys: username.keys(),
                password_hash: "no password".to_owned(),
            };
            let id = store.insert_user(user).await?.ok_or("a name was taken")?;
            let channel = ChannelName::parse(&format!("room-{:04}", number / MEMBERS))
                .map_err(|denial| denial.reason())?;
            if number % MEMBERS == 0 {
                let channel = NewChannel {
                    name: channel,
                    topic: String::new(),
                    access: Access::Open,
                    password_hash: None,
                    owner: id,
                    channels_per_account: 10,
                    now_ms: 0,
                };
                let Created::Channel(channel) = store.insert_channel(channel).await? else {
                    return Err("no channel".into());
                };
                crowd.channels.push(channel.id);
            } else {
                let limits = MemberLimits {
                    members_per_channel: 1000,
                    channels_per_account: 10,
                };
                let channel = *crowd.channels.last().ok_or("no channel")?;
                store.insert_member(channel, id, limits, 0).await?;
            }
            crowd.members.push((id, name));
        }
        Ok(crowd)
    }

    /// Lines of members of the first `channels` in turn, for calls of `append`.
    fn calls(&mut self, lines: usize, batch: usize, channels: usize) -> Vec<Vec<Entry>> {
        let mut calls: Vec<Vec<Entry>> = Vec::new();
        for number in 0..lines {
            if number % batch == 0 {
                calls.push(Vec::with_capacity(batch));
            }
            let channel = number % channels;
            let member = channel * MEMBERS + (number / channels) % MEMBERS;
            let (sender, sender_name) = &self.members[member];
            self.said += 1;
            let entry = Entry {
                sender: *sender,
                sender_name: sender_name.clone(),
                what: What::Say {
                    channel: self.channels[channel],
                    // Spread as widely as those of clients.
                    line_id: self.said.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11,
                    text: text(number),
                },
                now_ms: 1_700_000_000_000,
            };
            if let Some(call) = calls.last_mut() {
                call.push(entry);
            }
        }
        calls.reverse();
        calls
    }
}

/// Makes the calls, the last first, so many at a time.
fn append(
    runtime: &Runtime,
    store: &Arc<SqliteStore>,
    calls: Vec<Vec<Entry>>,
    callers: usize,
) -> Result<Cost, AnyError> {
    let calls = Arc::new(std::sync::Mutex::new(calls));
    let cost = Cost::start();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let (store, calls) = (Arc::clone(store), Arc::clone(&calls));
            runtime.spawn(async move {
                loop {
                    let call = calls.lock().ok().and_then(|mut calls| calls.pop());
                    let Some(call) = call else {
                        return Ok::<(), StoreError>(());
                    };
                    store.append(call).await?;
                }
            })
        })
        .collect();
    for caller in callers {
        runtime.block_on(caller)??;
    }
    Ok(cost.took())
}

/// Reads the newest lines of a channel, page by page.
async fn page(store: &SqliteStore, channel: ChannelId) -> Result<usize, AnyError> {
    let log = Log::Channel(channel);
    let last_seq = store.lines(log, Cursor::Newest, 1, 1).await?.last_seq;
    let (mut after, mut pages) = (last_seq - PAGED_LINES, 0);
    while after < last_seq {
        let page = store
            .lines(log, Cursor::After(after), PAGE, usize::MAX)
            .await?;
        pages += 1;
        after = page.lines.last().ok_or("a page is empty")?.1.seq;
    }
    Ok(pages)
}
