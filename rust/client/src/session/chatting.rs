//! Lines of the player's own, from the call to their end.

use std::time::Duration;

use longhall_packet::{ChannelName, ChatText, ClientPacket, DenyCode, RequestId, Seq, Target};

use super::Session;
use crate::outgoing::{Content, Outcome};
use crate::patience::Patience;
use crate::{Answer, Call, CallError, CallErrorCode, Event};

/// When a line that must not be given back is said again to a server that had no
/// time for it.
const PATIENCE: Patience = Patience {
    least: Duration::from_secs(5),
    most: Duration::from_secs(60),
};

/// Line ids have so many bits, which every language's numbers hold.
const LINE_ID_BITS: u32 = 53;

impl Session {
    pub(super) fn say(&mut self, now: Duration, call: Call, channel: &str, text: &str) {
        let (conversation, content) = self.compose(channel, text);
        let error = match content {
            Ok(content) => {
                if self.outgoing.push(call, conversation.clone(), content) {
                    return self.pump_lines(now);
                }
                CallErrorCode::TooManyPending.into()
            }
            Err(error) => error,
        };
        let refused = self
            .outgoing
            .push_refused(call, conversation.clone(), error);
        if let Some(error) = refused {
            self.end_line(call, &conversation, Err(error));
        }
        self.announce_chat_outcomes();
    }

    /// The conversation that an argument names, and the line to send, if it can
    /// be one.
    fn compose(&mut self, channel: &str, text: &str) -> (String, Result<Content, CallError>) {
        // The lobby's name may not be known before a session is taken up again.
        let target = if channel.is_empty() && self.conversations.lobby().is_none() {
            Ok(None)
        } else {
            self.target(channel).map(Some)
        };
        let conversation = match &target {
            Ok(Some(Target::Whispers(username))) => {
                match self.conversations.whispers(username.as_str()) {
                    Some(with) => with.key(),
                    None => format!("@{username}"),
                }
            }
            Ok(Some(target)) => target.to_string(),
            Ok(None) | Err(_) => channel.to_owned(),
        };
        let content = self.check_chat(target.map_err(CallError::from), text);
        (conversation, content)
    }

    fn check_chat(
        &mut self,
        target: Result<Option<Target>, CallError>,
        text: &str,
    ) -> Result<Content, CallError> {
        if !self.login.has_account() || self.link.is_leaving() {
            let code = if self.link.is_up() {
                CallErrorCode::Server(DenyCode::NotLoggedIn)
            } else {
                CallErrorCode::NotConnected
            };
            return Err(code.into());
        }
        let target = target?;
        if target == Some(Target::Inbox) {
            return Err(CallErrorCode::Server(DenyCode::UnknownUser).into());
        }
        Ok(Content {
            target,
            line_id: self.rng.u64(..1 << LINE_ID_BITS),
            text: ChatText::parse(text)?,
        })
    }

    /// Sends what may be sent.
    pub(super) fn pump_lines(&mut self, now: Duration) {
        while self.may_send()
            && let Some((call, content)) = self.outgoing.next_to_send(now)
        {
            let id = self.requests.next_id();
            let deadline = now.saturating_add(self.config.line_timeout());
            self.outgoing.sent(call, id, deadline);
            let lobby = || {
                let name = ChannelName::parse(self.conversations.lobby()?).ok()?;
                Some(Target::Channel(name))
            };
            match content.target.or_else(lobby) {
                Some(channel) => self.send(&ClientPacket::Chat {
                    id,
                    channel,
                    line_id: content.line_id,
                    text: content.text,
                }),
                None => {
                    let error = CallErrorCode::Server(DenyCode::UnknownChannel).into();
                    self.outgoing.settle(id, Err(error));
                    self.announce_chat_outcomes();
                }
            }
        }
    }

    /// When [`pump_lines`](Self::pump_lines) has something to do, or a line
    /// expires.
    pub(super) fn next_line_at(&self) -> Option<Duration> {
        let due = self.outgoing.next_due().filter(|_| self.may_send());
        [due, self.outgoing.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether packets of an account may go out now.
    pub(super) fn may_send(&self) -> bool {
        self.link.is_in() && self.login.has_account() && !self.queues.is_full()
    }

    pub(super) fn line_posted(&mut self, now: Duration, id: RequestId, channel: &str, seq: Seq) {
        if self.outgoing.settle(id, Ok(seq)) {
            // Should the line itself have been left out, it will be missed now.
            self.learn(now, channel, seq);
            self.announce_chat_outcomes();
            self.pump_lines(now);
        }
    }

    /// Whether the denial was that of a line.
    pub(super) fn line_denied(&mut self, now: Duration, id: RequestId, error: &CallError) -> bool {
        // A line that was sent before may have been taken then: only the server's
        // word on that line ends it, not that it has no time for any.
        let is_put_off = error.code == CallErrorCode::Server(DenyCode::Restarting)
            || (error.is_for_now() && self.outgoing.is_again(id));
        let is_over = if is_put_off {
            let not_before = now.saturating_add(PATIENCE.wait(error));
            self.outgoing.put_off(id, not_before)
        } else {
            self.outgoing.settle(id, Err(error.clone()))
        };
        if is_over {
            self.announce_chat_outcomes();
            self.pump_lines(now);
        }
        is_over
    }

    pub(super) fn announce_chat_outcomes(&mut self) {
        while let Some((call, conversation, outcome)) = self.outgoing.next_outcome() {
            self.end_line(call, &conversation, outcome);
        }
    }

    fn end_line(&mut self, call: Call, conversation: &str, outcome: Outcome) {
        let channel = if conversation.is_empty() {
            self.conversations.lobby().unwrap_or_default().to_owned()
        } else {
            // By now the player's name may be known as it was registered.
            let known = conversation
                .strip_prefix('@')
                .and_then(|n| self.conversations.whispers(n));
            known.map_or_else(|| conversation.to_owned(), |with| with.key())
        };
        match outcome {
            Ok(seq) => {
                self.announce(Event::ChatAccepted {
                    call,
                    channel: channel.clone(),
                    seq,
                });
                self.settle(call, Ok(Answer::Posted { channel, seq }));
            }
            Err(error) => {
                self.announce(Event::ChatDenied {
                    call,
                    channel,
                    error: error.clone(),
                });
                self.settle(call, Err(error));
            }
        }
    }
}
