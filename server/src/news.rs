//! What servers of one cluster tell each other.
//!
//! JSON, as everything else that travels. A server of a newer version may say what an
//! older one does not know: a field more is skipped, and news of an unknown kind are
//! left out.
//!
//! What a server tells all others it numbers, so that they see what they have missed:
//! see [`Received::number`].

use bytes::Bytes;
use longhall_packet::limits::{
    MAX_CHANNELS_PER_ACCOUNT, MAX_PROFILE_BYTES, MAX_SERVER_PACKET_BYTES,
};
use longhall_packet::{CloseReason, Line, PresenceState, Role, Seq};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::hub::PublishedLine;
use crate::store::{Channel, ChannelId, FIRST_HALL, SessionId, UserId};

/// News of this many bytes and more are not read: nobody of ours says as much.
const MAX_NEWS_BYTES: usize = 1024 * 1024;
/// Names and texts are shorter in any alphabet.
const MAX_TEXT_BYTES: usize = 1024;
/// The channels of an account, and the lobby.
const MAX_CHANNELS: usize = MAX_CHANNELS_PER_ACCOUNT + 1;

/// One run of a server: another one after each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ServerId(pub(crate) u64);

/// What a server tells the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// It is there.
    Alive,
    /// It wants to know of everybody's devices.
    Ask,
    /// It wants to know of the devices of these servers.
    AskThese { servers: Vec<ServerId> },
    /// From here on it names all its devices, and then says [`News::SnapshotEnd`].
    SnapshotBegin,
    /// A device that it has not named since [`News::SnapshotBegin`] is gone, if nothing was
    /// missed in between.
    SnapshotEnd,
    /// It may have told something that did not get through.
    Missed,
    /// Devices that are with it.
    Here {
        devices: Vec<HereDevice>,
        /// It told of them before; that is no news of theirs.
        again: bool,
    },
    /// A device's connection was cut; its grace has begun.
    Cut(Claim),
    /// A device is gone: logged out, ended, or its grace is over.
    Gone(Claim),
    /// A device that it had is with another server now, which tells of that itself.
    Overtaken(Claim),
    /// What a player says of themselves on a device.
    State { claim: Claim, shown: Shown },
    /// Sessions of an account ended, or all of them.
    Ended {
        #[serde(with = "number")]
        user: UserId,
        sessions: Option<Vec<i64>>,
        /// Why, by [`CloseReason::name`].
        reason: String,
        /// The text of the close frames, if it says more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A player has blocked another, or does so no longer.
    Blocked {
        #[serde(with = "number")]
        user: UserId,
        #[serde(with = "number")]
        other: UserId,
        is_blocked: bool,
    },
    /// A packet for all sessions of an account.
    Told {
        #[serde(with = "number")]
        user: UserId,
        packet: String,
    },
    /// An account is invited: as [`News::Told`], but whoever is just logging in need
    /// not ask the store again.
    Invited {
        #[serde(with = "number")]
        user: UserId,
        packet: String,
    },
    /// A whisper, as it is in the one inbox and in the other.
    Whispered(Box<Whisper>),
    /// A player became a member of a channel.
    Joined {
        #[serde(with = "number")]
        user: UserId,
        channel: MemberOf,
        /// The newest number that the store had given there.
        last_seq: Seq,
        /// For their other sessions.
        packet: String,
    },
    /// A player is out of a channel.
    Left {
        #[serde(with = "number")]
        user: UserId,
        username: String,
        role: Role,
        #[serde(with = "number")]
        channel: ChannelId,
        /// For their sessions.
        packet: String,
    },
    /// A member has another role.
    Role {
        #[serde(with = "number")]
        channel: ChannelId,
        #[serde(with = "number")]
        user: UserId,
        role: Role,
        /// For everybody in the channel.
        packet: String,
    },
    /// A player has another name.
    Renamed {
        #[serde(with = "number")]
        user: UserId,
        username: String,
        name_key: String,
        /// For everybody who is online.
        packet: String,
    },
    /// A player has another profile.
    Profile {
        #[serde(with = "number")]
        user: UserId,
        /// As JSON.
        profile: String,
        version: u32,
    },
    /// A packet for everybody in a channel.
    Announced {
        #[serde(with = "number")]
        channel: ChannelId,
        packet: String,
    },
    /// Lines of a channel, in the order of their numbers.
    Lines {
        #[serde(with = "number")]
        channel: ChannelId,
        name: String,
        lines: Vec<PublishedLine>,
    },
}

/// Which device, and by which of the connections that its session had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    #[serde(with = "number")]
    pub(crate) user: UserId,
    #[serde(with = "number")]
    pub(crate) session: SessionId,
    /// The store's number of the connection: of two, the greater wins.
    pub(crate) connection: i64,
}

/// A device, and all that others are shown of its player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HereDevice {
    pub(crate) claim: Claim,
    pub(crate) username: String,
    pub(crate) name_key: String,
    /// False while its grace lasts.
    pub(crate) is_connected: bool,
    /// Whether it came by a resume, not a login.
    pub(crate) resumed: bool,
    pub(crate) shown: Shown,
    /// The channels its player is in, the lobby among them.
    pub(crate) channels: Vec<MemberOf>,
}

/// What a player says of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) state: PresenceState,
    pub(crate) text: String,
    /// Whether it has the limits of a guest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) guest: bool,
}

/// A channel and somebody's place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberOf {
    #[serde(with = "number")]
    pub(crate) id: ChannelId,
    pub(crate) name: String,
    pub(crate) is_lobby: bool,
    /// Which hall of the lobby it is, but for the first one. A server that does not know of
    /// halls takes it for the lobby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hall: Option<u32>,
    pub(crate) members: u32,
    pub(crate) role: Role,
}

impl MemberOf {
    /// Somebody's place in a channel that has so many members.
    pub(crate) fn new(channel: &Channel, role: Role, members: u32) -> Self {
        Self {
            id: channel.id,
            name: channel.name.to_string(),
            is_lobby: channel.is_lobby(),
            hall: channel.hall.filter(|hall| *hall != FIRST_HALL),
            members,
            role,
        }
    }

    /// Which hall of the lobby it is.
    pub(crate) fn hall(&self) -> Option<u32> {
        self.hall.or(self.is_lobby.then_some(FIRST_HALL))
    }
}

/// See [`News::Whispered`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whisper {
    #[serde(with = "number")]
    pub(crate) sender: UserId,
    pub(crate) sent: Line,
    #[serde(with = "number")]
    pub(crate) recipient: UserId,
    pub(crate) received: Line,
}

/// News as they travel, with who tells them.
#[derive(Serialize, Deserialize)]
struct Message<N> {
    server: ServerId,
    /// See [`Received::number`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    news: N,
}

/// What the bus brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Who tells it.
    pub(crate) from: ServerId,
    /// The how-manieth it is of what that server has told all others, from 1. Whoever hears
    /// a number that is not the next one has missed something.
    ///
    /// Lines of channels have none: not everybody hears them, and they have their own.
    pub(crate) number: Option<u64>,
    /// `None` when it is not understood, or says more than a server of ours would.
    pub(crate) news: Option<News>,
}

impl News {
    /// The channel whose own subject it goes to; other news go to all servers.
    pub(crate) fn channel(&self) -> Option<ChannelId> {
        match self {
            News::Lines { channel, .. } => Some(*channel),
            News::Alive
            | News::Ask
            | News::AskThese { .. }
            | News::SnapshotBegin
            | News::SnapshotEnd
            | News::Missed
            | News::Here { .. }
            | News::Cut(_)
            | News::Gone(_)
            | News::Overtaken(_)
            | News::State { .. }
            | News::Ended { .. }
            | News::Blocked { .. }
            | News::Told { .. }
            | News::Invited { .. }
            | News::Whispered(_)
            | News::Joined { .. }
            | News::Left { .. }
            | News::Role { .. }
            | News::Renamed { .. }
            | News::Profile { .. }
            | News::Announced { .. } => None,
        }
    }

    /// As bytes for the bus, told by server `from`, with their number if they go to all.
    pub(crate) fn encode(&self, from: ServerId, number: Option<u64>) -> Bytes {
        let message = Message {
            server: from,
            number,
            news: self,
        };
        // Names and numbers alone: that cannot fail.
        serde_json::to_vec(&message).unwrap_or_default().into()
    }

    /// What the bus brought. `None` when not even who tells it is understood.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Received> {
        if bytes.len() >= MAX_NEWS_BYTES {
            return None;
        }
        let received = |server, number, news| Received {
            from: server,
            number,
            news,
        };
        match serde_json::from_slice::<Message<News>>(bytes) {
            Ok(Message {
                server,
                number,
                news,
            }) => Some(received(server, number, Some(news).filter(News::is_sound))),
            // A newer server may say what this one does not know: that is not missing.
            Err(_) => {
                let message: Message<IgnoredAny> = serde_json::from_slice(bytes).ok()?;
                Some(received(message.server, message.number, None))
            }
        }
    }

    fn is_sound(&self) -> bool {
        match self {
            News::Here { devices, .. } => devices.iter().all(HereDevice::is_sound),
            News::State { shown, .. } => is_short(&shown.text),
            News::Ended { reason, .. } => CloseReason::from_name(reason).is_some(),
            News::Joined {
                channel, packet, ..
            } => is_short(&channel.name) && is_packet(packet),
            News::Left {
                username, packet, ..
            } => is_short(username) && is_packet(packet),
            News::Renamed {
                username,
                name_key,
                packet,
                ..
            } => is_short(username) && is_short(name_key) && is_packet(packet),
            News::Profile { profile, .. } => profile.len() <= 2 * MAX_PROFILE_BYTES,
            News::Told { packet, .. }
            | News::Invited { packet, .. }
            | News::Role { packet, .. }
            | News::Announced { packet, .. } => is_packet(packet),
            News::Lines { name, lines, .. } => {
                let numbers = || lines.iter().map(|said| said.line.seq);
                is_short(name) && numbers().is_sorted_by(|one, next| one < next)
            }
            News::Alive
            | News::Ask
            | News::AskThese { .. }
            | News::SnapshotBegin
            | News::SnapshotEnd
            | News::Missed
            | News::Cut(_)
            | News::Gone(_)
            | News::Overtaken(_)
            | News::Blocked { .. }
            | News::Whispered(_) => true,
        }
    }
}

impl HereDevice {
    fn is_sound(&self) -> bool {
        let texts = [&self.username, &self.name_key, &self.shown.text];
        let names = self.channels.iter().map(|channel| &channel.name);
        self.channels.len() <= MAX_CHANNELS && texts.into_iter().chain(names).all(|t| is_short(t))
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES
}

fn is_packet(text: &str) -> bool {
    text.len() <= MAX_SERVER_PACKET_BYTES
}

/// The store's identities as plain numbers.
pub(crate) mod number {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::store::{ChannelId, SessionId, UserId};

    pub(crate) trait Number: Copy {
        fn number(self) -> i64;
        fn of(number: i64) -> Self;
    }

    macro_rules! numbers {
        ($($id:ident)*) => { $(impl Number for $id {
            fn number(self) -> i64 { self.0 }
            fn of(number: i64) -> Self { Self(number) }
        })* };
    }

    numbers!(UserId SessionId ChannelId);

    pub(crate) fn serialize<N: Number, S: Serializer>(id: &N, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(id.number())
    }

    pub(crate) fn deserialize<'de, N: Number, D: Deserializer<'de>>(
        from: D,
    ) -> Result<N, D::Error> {
        i64::deserialize(from).map(N::of)
    }
}
