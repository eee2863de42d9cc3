//! Finds out why a connection did not come about.
//!
//! The engine's `WebSocketPeer` only says that it failed. So the same address is asked
//! once more with the engine's plain sockets, a little each frame and for some seconds
//! at most. Nothing secret is sent: the question is what every WebSocket client begins
//! with.

use std::time::Duration;

use godot::classes::ip::ResolverStatus;
use godot::classes::stream_peer_socket::Status as TcpStatus;
use godot::classes::stream_peer_tls::Status as TlsStatus;
use godot::classes::{Ip, StreamPeer, StreamPeerTcp, StreamPeerTls, TlsOptions, X509Certificate};
use godot::global::Error;
use godot::prelude::*;
use longhall_client::ServerAddress;
use longhall_client::diagnosis::{self, Answerer, Failure, MAX_ANSWER_BYTES, TLS_QUESTION};

use crate::clock::now;

/// A name that takes longer to look up has no address.
const LOOK_UP_PATIENCE: Duration = Duration::from_secs(3);
/// Servers that speak first do so within this time.
const GREETING_PATIENCE: Duration = Duration::from_millis(150);
/// How long each connection of the probe may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// One look at an address.
pub(crate) struct Probe {
    address: ServerAddress,
    certificate: Option<Gd<X509Certificate>>,
    ip: GString,
    step: Step,
    ends_at: Duration,
}

enum Step {
    /// The number of the engine's query.
    LookUp(i32),
    /// In plain words, as for `ws://`.
    AskPlain(Conversation),
    /// Does it speak TLS?
    AskTls(Conversation),
    /// As for `wss://`.
    ShakeHands {
        tcp: Gd<StreamPeerTcp>,
        tls: Option<Gd<StreamPeerTls>>,
    },
    AskEncrypted(Conversation),
}

/// A question, and what is answered.
struct Conversation {
    tcp: Gd<StreamPeerTcp>,
    /// What to talk through; the same as `tcp` without TLS.
    stream: Gd<StreamPeer>,
    question: Option<Vec<u8>>,
    /// When to ask, unless the other side speaks first.
    ask_at: Option<Duration>,
    answer: Vec<u8>,
}

/// How a conversation ended.
enum End {
    Refused,
    /// Nobody took the connection.
    NotTaken,
    /// The connection came about; `true`: the other side ended it.
    Answered(Vec<u8>, bool),
}

impl Probe {
    /// Starts to look. The engine has just failed to connect there.
    pub(crate) fn start(address: &ServerAddress, certificate: Option<Gd<X509Certificate>>) -> Self {
        let mut probe = Self {
            address: address.clone(),
            certificate,
            ip: GString::from(address.host()),
            step: Step::LookUp(-1),
            ends_at: now().saturating_add(LOOK_UP_PATIENCE),
        };
        if address.host().parse::<std::net::IpAddr>().is_ok() {
            probe.ask_plain();
        } else {
            let query = Ip::singleton().resolve_hostname_queue_item(&probe.ip);
            probe.step = Step::LookUp(query);
        }
        probe
    }

    /// The failure it has found, once it has. Call it once a frame.
    pub(crate) fn poll(&mut self) -> Option<Failure> {
        let is_late = now() >= self.ends_at;
        match &mut self.step {
            Step::LookUp(query) => {
                let query = *query;
                let mut ip = Ip::singleton();
                let status = ip.get_resolve_item_status(query);
                if status == ResolverStatus::WAITING && !is_late {
                    return None;
                }
                if status == ResolverStatus::DONE {
                    self.ip = ip.get_resolve_item_address(query);
                }
                ip.erase_resolve_item(query);
                if status != ResolverStatus::DONE || self.ip.is_empty() {
                    return Some(Failure::UnknownHost);
                }
                self.ask_plain();
                None
            }
            Step::AskPlain(conversation) => {
                let end = conversation.poll(is_late)?;
                self.heard_plain(end)
            }
            Step::AskTls(conversation) => {
                let speaks_tls = match conversation.poll(is_late)? {
                    End::Answered(answer, _) => {
                        diagnosis::look(&answer, true) == Some(Answerer::Tls)
                    }
                    End::Refused | End::NotTaken => false,
                };
                Some(match (speaks_tls, self.address.is_secure()) {
                    (true, true) => {
                        self.shake_hands();
                        return None;
                    }
                    (true, false) => Failure::Plain(Answerer::Tls),
                    (false, _) => Failure::HungUp,
                })
            }
            Step::ShakeHands { .. } => self.poll_handshake(is_late),
            Step::AskEncrypted(conversation) => match conversation.poll(is_late)? {
                End::Answered(answer, _) => Some(match diagnosis::look(&answer, true) {
                    Some(answerer) => Failure::Encrypted(answerer),
                    None => Failure::HungUp,
                }),
                End::Refused | End::NotTaken => Some(Failure::Silent),
            },
        }
    }

    fn heard_plain(&mut self, end: End) -> Option<Failure> {
        let (answer, has_hung_up) = match end {
            End::Refused => return Some(Failure::Refused),
            End::NotTaken => return Some(Failure::Silent),
            End::Answered(answer, has_hung_up) => (answer, has_hung_up),
        };
        match (diagnosis::look(&answer, true), self.address.is_secure()) {
            (Some(Answerer::Tls), true) => self.shake_hands(),
            (Some(answerer), _) => return Some(Failure::Plain(answerer)),
            // A TLS server may wait for more, or take offence without a word.
            (None, _) if has_hung_up || self.address.is_secure() => {
                let question = TLS_QUESTION.to_vec();
                self.step = match self.connect() {
                    Some(tcp) => Step::AskTls(Conversation::begin(tcp, question)),
                    None => return Some(Failure::HungUp),
                };
            }
            (None, _) => return Some(Failure::Silent),
        }
        None
    }

    fn poll_handshake(&mut self, is_late: bool) -> Option<Failure> {
        let Step::ShakeHands { tcp, tls } = &mut self.step else {
            return None;
        };
        let Some(tls) = tls else {
            tcp.poll();
            match tcp.get_status() {
                TcpStatus::CONNECTED => {}
                TcpStatus::CONNECTING if !is_late => return None,
                _ => return Some(Failure::HungUp),
            }
            let options = match &self.certificate {
                Some(certificate) => TlsOptions::client_ex().trusted_chain(certificate).done(),
                None => TlsOptions::client(),
            };
            let mut fresh = StreamPeerTls::new_gd();
            let connect = fresh.connect_to_stream_ex(&*tcp, self.address.host());
            let error = match &options {
                Some(options) => connect.client_options(options).done(),
                None => connect.done(),
            };
            if error != Error::OK {
                return Some(Failure::Certificate);
            }
            *tls = Some(fresh);
            return None;
        };
        tls.poll();
        match tls.get_status() {
            TlsStatus::HANDSHAKING if !is_late => None,
            TlsStatus::CONNECTED => {
                let conversation = Conversation {
                    tcp: tcp.clone(),
                    stream: tls.clone().upcast(),
                    question: Some(diagnosis::question(&self.address)),
                    ask_at: Some(now()),
                    answer: Vec::new(),
                };
                self.step = Step::AskEncrypted(conversation);
                self.ends_at = now().saturating_add(PATIENCE);
                None
            }
            TlsStatus::HANDSHAKING => Some(Failure::Silent),
            _ => Some(Failure::Certificate),
        }
    }

    fn ask_plain(&mut self) {
        let question = diagnosis::question(&self.address);
        let tcp = self.connect().unwrap_or_else(StreamPeerTcp::new_gd);
        self.step = Step::AskPlain(Conversation::begin(tcp, question));
    }

    fn shake_hands(&mut self) {
        let tcp = self.connect().unwrap_or_else(StreamPeerTcp::new_gd);
        self.step = Step::ShakeHands { tcp, tls: None };
    }

    fn connect(&mut self) -> Option<Gd<StreamPeerTcp>> {
        self.ends_at = now().saturating_add(PATIENCE);
        let mut tcp = StreamPeerTcp::new_gd();
        let error = tcp.connect_to_host(&self.ip, i32::from(self.address.port()));
        (error == Error::OK).then_some(tcp)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Step::LookUp(query) = self.step {
            Ip::singleton().erase_resolve_item(query);
        }
    }
}

impl Conversation {
    fn begin(tcp: Gd<StreamPeerTcp>, question: Vec<u8>) -> Self {
        Self {
            stream: tcp.clone().upcast(),
            tcp,
            question: Some(question),
            ask_at: None,
            answer: Vec::new(),
        }
    }

    /// How it ended; `None` while it goes on.
    fn poll(&mut self, is_late: bool) -> Option<End> {
        self.tcp.poll();
        if let Ok(mut tls) = self.stream.clone().try_cast::<StreamPeerTls>() {
            tls.poll();
        }
        match self.tcp.get_status() {
            TcpStatus::CONNECTING if is_late => return Some(End::NotTaken),
            TcpStatus::CONNECTING => return None,
            TcpStatus::CONNECTED => {}
            _ if self.ask_at.is_none() => return Some(End::Refused),
            _ => return Some(self.end(true)),
        }
        let now = now();
        let ask_at = *self
            .ask_at
            .get_or_insert(now.saturating_add(GREETING_PATIENCE));
        self.read();
        if self.answer.is_empty()
            && now >= ask_at
            && let Some(question) = self.question.take()
        {
            let question = PackedByteArray::from(question.as_slice());
            self.stream.put_data(&question);
        }
        if is_late || diagnosis::look(&self.answer, false).is_some() {
            return Some(self.end(false));
        }
        None
    }

    fn read(&mut self) {
        let waiting = self.stream.get_available_bytes();
        let room = MAX_ANSWER_BYTES.saturating_sub(self.answer.len());
        let wanted = i32::try_from(room).unwrap_or(0).min(waiting);
        if wanted > 0 {
            // The error, and what came.
            let read = self.stream.get_data(wanted);
            let bytes = read
                .get(1)
                .and_then(|bytes| bytes.try_to::<PackedByteArray>().ok());
            if let Some(bytes) = bytes {
                self.answer.extend_from_slice(bytes.as_slice());
            }
        }
    }

    fn end(&mut self, has_hung_up: bool) -> End {
        self.tcp.disconnect_from_host();
        End::Answered(std::mem::take(&mut self.answer), has_hung_up)
    }
}
