//! The usual way with tokio: a task per connection, an outbox each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::packets::{Request, push_joined, push_line, push_posted, request, unmask};

#[derive(Default)]
struct Outbox {
    waiting: Mutex<Vec<Arc<[u8]>>>,
    changed: Notify,
}

#[derive(Default)]
struct Channel {
    name: String,
    state: Mutex<ChannelState>,
}

#[derive(Default)]
struct ChannelState {
    last_seq: u64,
    members: Vec<Arc<Outbox>>,
}

type Channels = Arc<Mutex<HashMap<String, Arc<Channel>>>>;

/// Serves until it is killed.
///
/// # Errors
/// When the system refuses a socket or a thread.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        super::announce(listener.local_addr()?)?;
        let channels = Channels::default();
        loop {
            let (stream, _) = listener.accept().await?;
            let channels = Arc::clone(&channels);
            tokio::spawn(async move {
                let outbox = Arc::new(Outbox::default());
                let mut channel = None;
                // A connection that ends is no trouble of the others.
                serve(stream, &channels, &outbox, &mut channel).await.ok();
                if let Some(channel) = channel {
                    let members = &mut lock(&channel.state).members;
                    members.retain(|member| !Arc::ptr_eq(member, &outbox));
                }
            });
        }
    })
}

async fn serve(
    mut stream: TcpStream,
    channels: &Channels,
    outbox: &Arc<Outbox>,
    channel: &mut Option<Arc<Channel>>,
) -> Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.split();
    let mut input = Vec::with_capacity(4 * 1024);
    let mut output = Vec::new();
    loop {
        tokio::select! {
            () = outbox.changed.notified() => {
                let waiting = std::mem::take(&mut *lock(&outbox.waiting));
                output.clear();
                for frame in waiting {
                    output.extend_from_slice(&frame);
                }
                writer.write_all(&output).await?;
            }
            count = reader.read_buf(&mut input) => {
                if count? == 0 {
                    return Ok(());
                }
                let mut at = 0;
                while let Some((packet, next)) = unmask(&mut input[at..])? {
                    let packet = &input[at + packet.start..at + packet.end];
                    answer(packet, channels, outbox, channel)?;
                    at += next;
                }
                input.drain(..at);
            }
        }
    }
}

fn answer(
    packet: &[u8],
    channels: &Channels,
    outbox: &Arc<Outbox>,
    channel: &mut Option<Arc<Channel>>,
) -> Result<()> {
    let mut frame = Vec::with_capacity(256);
    match request(packet)? {
        Request::Join { channel: name } => {
            let mut channels = lock(channels);
            let joined = channels.entry(name.to_owned()).or_insert_with(|| {
                let name = name.to_owned();
                Arc::new(Channel {
                    name,
                    ..Channel::default()
                })
            });
            let mut state = lock(&joined.state);
            state.members.push(Arc::clone(outbox));
            push_joined(&mut frame, name, state.last_seq);
            outbox.push(frame.into());
            *channel = Some(Arc::clone(joined));
        }
        Request::Chat { id, text } => {
            let channel = channel.as_ref().context("a line before joining")?;
            let mut state = lock(&channel.state);
            state.last_seq += 1;
            let seq = state.last_seq;
            push_line(&mut frame, &channel.name, seq, text);
            let frame: Arc<[u8]> = frame.into();
            for member in &state.members {
                member.push(Arc::clone(&frame));
            }
            let mut answer = Vec::with_capacity(128);
            push_posted(&mut answer, id, &channel.name, seq);
            outbox.push(answer.into());
        }
    }
    Ok(())
}

impl Outbox {
    fn push(&self, frame: Arc<[u8]>) {
        let mut waiting = lock(&self.waiting);
        let asleep = waiting.is_empty();
        waiting.push(frame);
        drop(waiting);
        if asleep {
            self.changed.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while holding it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
