//! A loop over `epoll`: one thread, no runtime.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};

use anyhow::{Context, Result};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::packets::{Request, push_joined, push_line, push_posted, request, unmask};

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    channel: Option<usize>,
    /// The beginning of a frame whose rest has not arrived.
    rest: Vec<u8>,
    /// What the socket did not take.
    waiting: Vec<u8>,
    /// Answers of this round, when lines are coalesced.
    answers: Vec<u8>,
}

struct Channel {
    name: String,
    last_seq: u64,
    members: Vec<usize>,
    /// Lines of this round, when they are coalesced.
    round: Vec<u8>,
}

struct Loop {
    coalesce: bool,
    connections: Vec<Option<Connection>>,
    channels: Vec<Channel>,
    by_name: HashMap<String, usize>,
    /// Channels that were spoken in this round.
    spoken: Vec<usize>,
    frame: Vec<u8>,
    answer: Vec<u8>,
}

/// Serves until it is killed.
///
/// # Errors
/// When the system refuses a socket or a thread.
pub(crate) fn run(coalesce: bool) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    let registry = poll.registry().try_clone()?;
    registry.register(&mut listener, LISTENER, Interest::READABLE)?;
    super::announce(listener.local_addr()?)?;
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    let mut this = Loop {
        coalesce,
        connections: Vec::new(),
        channels: Vec::new(),
        by_name: HashMap::new(),
        spoken: Vec::new(),
        frame: Vec::new(),
        answer: Vec::new(),
    };
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let token = Token(this.connections.len());
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    registry.register(&mut stream, token, interest)?;
                    this.connections.push(Some(Connection::new(stream)));
                }
                continue;
            }
            let Token(number) = event.token();
            if event.is_writable()
                && let Some(Some(connection)) = this.connections.get_mut(number)
            {
                connection.send_waiting();
            }
            if event.is_readable() && !this.read(number, &mut buffer)? {
                this.forget(number);
            }
        }
        this.end_round();
    }
}

impl Loop {
    /// Reads all there is. False when the connection is over.
    fn read(&mut self, number: usize, buffer: &mut [u8]) -> Result<bool> {
        loop {
            let Some(Some(connection)) = self.connections.get_mut(number) else {
                return Ok(true);
            };
            let kept = connection.rest.len();
            buffer[..kept].copy_from_slice(&connection.rest);
            connection.rest.clear();
            let filled = match connection.stream.read(&mut buffer[kept..]) {
                Ok(0) => return Ok(false),
                Ok(count) => kept + count,
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    connection.rest.extend_from_slice(&buffer[..kept]);
                    return Ok(true);
                }
                Err(_) => return Ok(false),
            };
            let mut at = 0;
            while let Some((packet, next)) = unmask(&mut buffer[at..filled])? {
                let packet = &buffer[at + packet.start..at + packet.end];
                self.answer(number, packet)?;
                at += next;
            }
            if let Some(Some(connection)) = self.connections.get_mut(number) {
                connection.rest.extend_from_slice(&buffer[at..filled]);
            }
        }
    }

    fn answer(&mut self, number: usize, packet: &[u8]) -> Result<()> {
        let connection = self.connections[number]
            .as_mut()
            .context("a connection that is gone speaks")?;
        match request(packet)? {
            Request::Join { channel } => {
                let next = self.channels.len();
                let channel_number = *self.by_name.entry(channel.to_owned()).or_insert(next);
                if channel_number == next {
                    self.channels.push(Channel {
                        name: channel.to_owned(),
                        last_seq: 0,
                        members: Vec::new(),
                        round: Vec::new(),
                    });
                }
                let channel = &mut self.channels[channel_number];
                channel.members.push(number);
                connection.channel = Some(channel_number);
                self.answer.clear();
                push_joined(&mut self.answer, &channel.name, channel.last_seq);
                connection.send(&self.answer);
            }
            Request::Chat { id, text } => {
                let channel_number = connection.channel.context("a line before joining")?;
                let channel = &mut self.channels[channel_number];
                channel.last_seq += 1;
                let seq = channel.last_seq;
                if self.coalesce {
                    if channel.round.is_empty() {
                        self.spoken.push(channel_number);
                    }
                    push_line(&mut channel.round, &channel.name, seq, text);
                    push_posted(&mut connection.answers, id, &channel.name, seq);
                    return Ok(());
                }
                self.frame.clear();
                push_line(&mut self.frame, &channel.name, seq, text);
                self.answer.clear();
                push_posted(&mut self.answer, id, &channel.name, seq);
                for &member in &channel.members {
                    if let Some(member) = &mut self.connections[member] {
                        member.send(&self.frame);
                    }
                }
                if let Some(connection) = &mut self.connections[number] {
                    connection.send(&self.answer);
                }
            }
        }
        Ok(())
    }

    /// Hands out what came in this round.
    fn end_round(&mut self) {
        for channel in self.spoken.drain(..) {
            let channel = &mut self.channels[channel];
            for &member in &channel.members {
                if let Some(member) = &mut self.connections[member] {
                    if member.answers.is_empty() {
                        member.send(&channel.round);
                    } else {
                        // Behind the lines that they are about.
                        self.frame.clear();
                        self.frame.extend_from_slice(&channel.round);
                        self.frame.append(&mut member.answers);
                        member.send(&self.frame);
                    }
                }
            }
            channel.round.clear();
        }
    }

    fn forget(&mut self, number: usize) {
        let gone = self.connections[number].take();
        if let Some(channel) = gone.and_then(|gone| gone.channel) {
            self.channels[channel]
                .members
                .retain(|&member| member != number);
        }
    }
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            channel: None,
            rest: Vec::new(),
            waiting: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// One `write`, unless older bytes wait. That a connection is over shows when it
    /// is read.
    fn send(&mut self, bytes: &[u8]) {
        let sent = if self.waiting.is_empty() {
            self.stream.write(bytes).unwrap_or(0)
        } else {
            0
        };
        self.waiting.extend_from_slice(&bytes[sent..]);
    }

    fn send_waiting(&mut self) {
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(count) => {
                    self.waiting.drain(..count);
                }
                Err(_) => return,
            }
        }
    }
}
