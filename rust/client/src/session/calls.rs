//! What a player may ask for once logged in.

use std::time::Duration;

use longhall_packet::limits::{MAX_PAGE_LINES, MAX_SLOW_MODE_S};
use longhall_packet::{
    Access, ChannelCode, ChannelName, ChannelPassword, ChannelState, ChatText, ClientPacket,
    Conversation, Denial, DenyCode, Field, Filter, Invitation, Password, PresenceState,
    PresenceText, Role, Seq, Target, Topic, Username,
};

use super::Session;
use crate::listing::Listing;
use crate::requests::Asked;
use crate::{Answer, Call};

/// Saying, changing and reading lines.
impl Session {
    /// Says a line; ends in [`Event::ChatAccepted`](crate::Event::ChatAccepted)
    /// or [`Event::ChatDenied`](crate::Event::ChatDenied). `channel` is a
    /// channel's name, empty for the lobby, or `"@bob"` to whisper.
    ///
    /// A line is kept until its fate is known, through cuts of the connection
    /// and restarts of the server, and never said twice. It may be given while
    /// the connection is away, too, as long as there is an account. Without an
    /// answer on a connection that is well, it ends with
    /// [`CallErrorCode::TimedOut`](crate::CallErrorCode::TimedOut), as do those
    /// behind it.
    ///
    /// The lines of a conversation are taken in the order of the calls, those of
    /// different conversations in any. Lines follow each other without waiting for
    /// answers; up to [`MAX_CHATS_IN_FLIGHT`](crate::MAX_CHATS_IN_FLIGHT) may be
    /// without one. What a cut left open is said again in its conversation one line
    /// after the other, before anything new.
    ///
    /// A line that the server refuses (also for now only, as with `rate_limited`)
    /// is given back; those said behind it may have been taken. There are two
    /// exceptions: `restarting`, and a denial for now of a line that was on its
    /// way when a connection was cut. The one will be taken soon, the other may
    /// have been taken already, so they are said again. Only a line that was
    /// refused for now, and whose denial was lost in a cut, may end up behind
    /// those that followed it before the cut.
    pub fn send_chat(&mut self, now: Duration, channel: &str, text: &str) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        self.say(now, call, channel, text);
        call
    }

    /// Changes the text of a line of the player's own, for a time after it was
    /// said; ends in [`Event::ChatEdited`](crate::Event::ChatEdited) as well.
    pub fn edit_line(&mut self, now: Duration, channel: &str, seq: Seq, text: &str) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::Edit {
                id,
                channel: session.target(channel)?,
                seq,
                text: ChatText::parse(text)?,
            })
        })
    }

    /// Deletes a line of the player's own, for a time after it was said; ends in
    /// [`Event::ChatDeleted`](crate::Event::ChatDeleted) as well.
    pub fn delete_line(&mut self, now: Duration, channel: &str, seq: Seq) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::Delete {
                id,
                channel: session.target(channel)?,
                seq,
            })
        })
    }

    /// Asks for the page of lines above those that were shown; ends with
    /// [`Answer::History`] and in
    /// [`Event::HistoryLoaded`](crate::Event::HistoryLoaded). One page of a
    /// conversation at a time.
    pub fn load_history(&mut self, now: Duration, channel: &str) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        if let Err(error) = self.try_load_history(now, call, channel) {
            self.settle(call, Err(error));
        }
        call
    }

    /// Asks for the lines ahead of number `before`, apart from what is shown: no
    /// event follows, and [`load_history`](Self::load_history) goes on where it
    /// was. For a second view of a conversation, such as the chat of the next
    /// scene. Ends with [`Answer::History`].
    pub fn read_history(&mut self, now: Duration, channel: &str, before: Seq) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        self.ask_history(now, call, channel, before);
        call
    }

    pub(super) fn ask_history(&mut self, now: Duration, call: Call, channel: &str, before: Seq) {
        let limit = self.config.history_lines.clamp(50, MAX_PAGE_LINES as u32);
        let asked = self.conversation(channel).and_then(|(key, target)| {
            let asked = Asked::Page(key);
            self.try_ask(now, call, asked, |_, id| {
                Ok(ClientPacket::History {
                    id,
                    channel: target,
                    after: None,
                    before: Some(before),
                    limit,
                })
            })
        });
        if let Err(error) = asked {
            self.settle(call, Err(error));
        }
    }

    /// Notes up to where the player has read, for all devices. Done at once,
    /// also during a cut: the server is told when it can be, the latest number
    /// of each conversation only.
    pub fn mark_read(&mut self, now: Duration, channel: &str, seq: Seq) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        let outcome = self.try_mark_read(now, channel, seq);
        self.settle(call, outcome.map(|()| Answer::Done));
        call
    }
}

/// Channels and their members. For an empty name, the lobby is meant; for the plain name of a
/// lobby with several halls, the one that the player is in.
impl Session {
    /// Creates a channel and joins it as its owner; ends with
    /// [`Answer::Joined`]. The password is for [`Access::Password`].
    pub fn create_channel(
        &mut self,
        now: Duration,
        channel: &str,
        topic: &str,
        access: Access,
        password: Option<&str>,
    ) -> Call {
        self.ask(now, Asked::Joined, |_, id| {
            Ok(ClientPacket::Create {
                id,
                channel: ChannelName::parse(channel)?,
                topic: Topic::parse(topic)?,
                access,
                channel_password: password.map(ChannelPassword::parse).transpose()?,
            })
        })
    }

    /// Creates a channel for a match or a party: one comes in by its code, see
    /// [`Session::join_by_code`], and it is gone when it is over. The server makes a name up
    /// without one, and takes its own numbers for 0. Ends with [`Answer::Joined`].
    pub fn create_temporary(
        &mut self,
        now: Duration,
        channel: &str,
        max_members: u32,
        lasts_s: u32,
    ) -> Call {
        self.ask(now, Asked::Joined, |_, id| {
            let named = Some(channel).filter(|channel| !channel.is_empty());
            Ok(ClientPacket::CreateTemporary {
                id,
                channel: named.map(ChannelName::parse).transpose()?,
                topic: Topic::default(),
                max_members: Some(max_members).filter(|most| *most > 0),
                lasts_s: Some(lasts_s).filter(|seconds| *seconds > 0),
            })
        })
    }

    /// Joins a channel for a match or a party by its code; ends with [`Answer::Joined`].
    pub fn join_by_code(&mut self, now: Duration, code: &str) -> Call {
        self.ask(now, Asked::Joined, |_, id| {
            let code = ChannelCode::parse(code)?;
            Ok(ClientPacket::JoinByCode { id, code })
        })
    }

    /// Ends a channel for a match or a party, which its owner may.
    pub fn end_channel(&mut self, now: Duration, channel: &str) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            let channel = session.channel_name(channel)?;
            Ok(ClientPacket::EndChannel { id, channel })
        })
    }

    /// Joins a channel, until it is left; ends with [`Answer::Joined`].
    pub fn join_channel(&mut self, now: Duration, channel: &str, password: Option<&str>) -> Call {
        self.ask(now, Asked::Joined, |session, id| {
            Ok(ClientPacket::Join {
                id,
                channel: session.or_own_hall(ChannelName::parse(channel)?),
                channel_password: password.map(ChannelPassword::parse).transpose()?,
            })
        })
    }

    /// Leaves a channel.
    pub fn leave_channel(&mut self, now: Duration, channel: &str) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            let channel = session.channel_name(channel)?;
            Ok(ClientPacket::Leave { id, channel })
        })
    }

    /// Asks for the channels that may be joined; ends with
    /// [`Answer::Channels`], of [`MAX_LISTED`](crate::MAX_LISTED) at most.
    pub fn list_channels(&mut self, now: Duration) -> Call {
        self.ask_list(now, Ok(Listing::Channels(Vec::new())))
    }

    /// Asks who is in a channel; ends with [`Answer::Members`], of
    /// [`MAX_LISTED`](crate::MAX_LISTED) at most.
    pub fn list_members(&mut self, now: Duration, channel: &str) -> Call {
        let channel = self.channel_name(channel);
        self.ask_list(now, channel.map(|name| Listing::Members(name, Vec::new())))
    }

    fn ask_list(&mut self, now: Duration, list: Result<Listing, Denial>) -> Call {
        let asked = list
            .as_ref()
            .map_or(Asked::Done, |list| Asked::List(list.clone()));
        self.ask(now, asked, |_, id| list?.packet(id))
    }

    /// Sets what a channel is about.
    pub fn set_topic(&mut self, now: Duration, channel: &str, topic: &str) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::SetTopic {
                id,
                channel: session.channel_name(channel)?,
                topic: Topic::parse(topic)?,
            })
        })
    }

    /// Sets slow mode in a channel: the seconds from a member's line to their next one, 0 to
    /// [`MAX_SLOW_MODE_S`]; 0 ends it.
    pub fn set_slow_mode(&mut self, now: Duration, channel: &str, seconds: u32) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            if seconds > MAX_SLOW_MODE_S {
                return Err(DenyCode::MalformedPacket.into());
            }
            Ok(ClientPacket::SetSlowMode {
                id,
                channel: session.channel_name(channel)?,
                seconds,
            })
        })
    }

    /// Sets what becomes of blocked words in a channel; `None` for what the server does
    /// everywhere.
    pub fn set_filter(&mut self, now: Duration, channel: &str, filter: Option<Filter>) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::SetFilter {
                id,
                channel: session.channel_name(channel)?,
                filter,
            })
        })
    }

    /// Sets who may join a channel. The password is for [`Access::Password`].
    pub fn set_access(
        &mut self,
        now: Duration,
        channel: &str,
        access: Access,
        password: Option<&str>,
    ) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::SetAccess {
                id,
                channel: session.channel_name(channel)?,
                access,
                channel_password: password.map(ChannelPassword::parse).transpose()?,
            })
        })
    }

    /// Sets what a member may do in a channel.
    pub fn set_role(&mut self, now: Duration, channel: &str, username: &str, role: Role) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::SetRole {
                id,
                channel: session.channel_name(channel)?,
                username: player(username)?,
                role,
            })
        })
    }

    /// Invites a player into a channel.
    pub fn invite(&mut self, now: Duration, channel: &str, username: &str) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::Invite {
                id,
                channel: session.channel_name(channel)?,
                username: player(username)?,
            })
        })
    }

    /// Takes a member out of a channel.
    pub fn remove_member(&mut self, now: Duration, channel: &str, username: &str) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::Remove {
                id,
                channel: session.channel_name(channel)?,
                username: player(username)?,
            })
        })
    }
}

/// The account, its devices, and other players.
impl Session {
    /// Says whether the player is at the keyboard, and why not. Said again by
    /// itself after a cut.
    pub fn set_presence(&mut self, now: Duration, state: PresenceState, text: &str) -> Call {
        let call = self.ask(now, Asked::Done, |_, id| {
            if state == PresenceState::Offline {
                return Err(DenyCode::NotAllowed.into());
            }
            let text = PresenceText::parse(text)?;
            Ok(ClientPacket::SetPresence { id, state, text })
        });
        if self.login.has_account()
            && let Ok(text) = PresenceText::parse(text)
        {
            self.presence.note(state, text);
        }
        call
    }

    /// Shuts a player out: nothing of theirs arrives any more.
    pub fn block(&mut self, now: Duration, username: &str) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            let username = player(username)?;
            Ok(ClientPacket::Block { id, username })
        })
    }

    /// Ends a block.
    pub fn unblock(&mut self, now: Duration, username: &str) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            let username = player(username)?;
            Ok(ClientPacket::Unblock { id, username })
        })
    }

    /// Asks who is blocked; ends with [`Answer::Blocks`].
    pub fn list_blocks(&mut self, now: Duration) -> Call {
        self.ask(now, Asked::Blocks, |_, id| Ok(ClientPacket::Blocks { id }))
    }

    /// Asks where the account is logged in; ends with [`Answer::Sessions`].
    pub fn list_sessions(&mut self, now: Duration) -> Call {
        self.ask(now, Asked::Sessions, |_, id| {
            Ok(ClientPacket::Sessions { id })
        })
    }

    /// Conversations the account out on another device, by the number in the list of
    /// sessions, or with `None` on all others.
    pub fn close_session(&mut self, now: Duration, session: Option<u64>) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            Ok(ClientPacket::CloseSession { id, session })
        })
    }

    /// Replaces the account's password and logs all other devices out. Neither
    /// password is kept.
    pub fn change_password(&mut self, now: Duration, old: &str, new: &str) -> Call {
        self.ask(now, Asked::Done, |_, id| {
            Ok(ClientPacket::ChangePassword {
                id,
                password: Password::parse(old)?,
                new_password: Password::parse(new).map_err(|denial| Denial {
                    field: Some(Field::NewPassword),
                    ..denial
                })?,
            })
        })
    }
}

/// Channels and whispers, as far as they are known. Empty without an account; stays
/// through cuts of the connection.
impl Session {
    /// The account's channels, the lobby first.
    pub fn channels(&self) -> Vec<ChannelState> {
        self.conversations
            .channels()
            .map(|one| one.state())
            .collect()
    }

    /// One of the account's channels; with an empty name the lobby.
    pub fn channel(&self, channel: &str) -> Option<ChannelState> {
        let name = self.channel_name(channel).ok()?;
        Some(self.conversations.channel(name.as_str())?.state())
    }

    /// The name of the channel that everybody is in; of a lobby with several halls, that of
    /// the one that the player is in. Unknown before the first login.
    pub fn lobby(&self) -> Option<&str> {
        self.conversations.lobby()
    }

    /// The players that whispers were exchanged with, the latest first. Behind
    /// an `"@"`, the name is that of the conversation.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.conversations.whispered_with()
    }

    /// The name of the last one to whisper to the player.
    pub fn last_whisper_from(&self) -> Option<&str> {
        self.conversations.last_whisper_from()
    }

    /// Channels that the player is invited into.
    pub fn invitations(&self) -> &[Invitation] {
        self.conversations.invitations()
    }

    /// A call that ends well at once.
    pub(crate) fn nothing_to_do(&mut self) -> Call {
        let call = self.requests.next_call();
        self.settle(call, Ok(Answer::Done));
        call
    }

    /// Reads a channel argument: a conversation, or nothing for the lobby.
    pub(super) fn target(&self, channel: &str) -> Result<Target, Denial> {
        if channel.is_empty() {
            return self.channel_name(channel).map(Target::Channel);
        }
        match Target::parse(channel)? {
            Target::Channel(name) => Ok(Target::Channel(self.or_own_hall(name))),
            other => Ok(other),
        }
    }

    pub(super) fn channel_name(&self, channel: &str) -> Result<ChannelName, Denial> {
        if channel.is_empty() {
            let lobby = self.conversations.lobby();
            return ChannelName::parse(lobby.ok_or(DenyCode::UnknownChannel)?);
        }
        Ok(self.or_own_hall(ChannelName::parse(channel)?))
    }

    /// The player's own hall for the lobby's plain name, so that a game that knows it by that
    /// one goes on as before when the lobby grows.
    fn or_own_hall(&self, name: ChannelName) -> ChannelName {
        match self.conversations.lobby() {
            Some(lobby) if self.conversations.is_lobby(name.as_str()) => {
                ChannelName::parse(lobby).unwrap_or(name)
            }
            _ => name,
        }
    }
}

/// Reads a player's name, which people also write with an `@`.
pub(super) fn player(name: &str) -> Result<Username, Denial> {
    match Target::parse(name) {
        Ok(Target::Whispers(username)) => Ok(username),
        _ => Username::parse(name.strip_prefix('@').unwrap_or(name)),
    }
}
