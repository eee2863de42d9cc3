//! What the other servers of a cluster tell, and what they are told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use longhall_packet::{CloseReason, Profile, Seq, codec};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::ahead::Ahead;
use super::{Hub, State};
use crate::frames::frame;
use crate::news::{News, ServerId, Whisper};
use crate::outbox::Unflushed;
use crate::store::{Channel, ChannelGuard, ChannelId, KeptProfile, SessionId, UserId};

/// What a hub gives to who tells the other servers, in this order.
pub(crate) enum Telling {
    /// What happened here.
    News(News),
    /// A channel that the others may change once the bus has the news before this.
    LetGo(ChannelGuard),
}

impl From<News> for Telling {
    fn from(news: News) -> Self {
        Self::News(news)
    }
}

/// What a hub keeps of the other servers.
pub(super) struct Peers {
    /// To all of them. Bounded by who made it.
    news: Sender<Telling>,
    /// News were lost, since the queue was full.
    missed: bool,
    /// Devices named in a snapshot that is under way.
    pub(super) named: HashMap<ServerId, HashSet<(UserId, SessionId)>>,
    /// Channels in which a line has come before its turn.
    pub(super) ahead: HashMap<ChannelId, Ahead>,
    /// Channels whose number of members is to be asked for.
    pub(super) uncounted: HashSet<ChannelId>,
}

impl Hub {
    /// As [`Hub::new`], for one of several servers: what happens here is given to
    /// `news`, in this order. What does not fit into it is lost; see
    /// [`Hub::take_missed`].
    pub(crate) fn in_cluster(lobby: &Channel, grace: Duration, news: Sender<Telling>) -> Self {
        let peers = Peers {
            news,
            missed: false,
            named: HashMap::new(),
            ahead: HashMap::new(),
            uncounted: HashSet::new(),
        };
        Self::with(lobby, grace, Some(peers))
    }

    /// Lets other servers change a channel as soon as they can hear of what changed here so
    /// far. At once if there are none.
    pub(crate) fn let_go(&self, channel: ChannelGuard) {
        if !self.is_in_cluster() {
            return;
        }
        let news = self.lock().news();
        if let Some(news) = news {
            // Where there is no room, news are lost as well, and looked for.
            let _ = news.try_send(Telling::LetGo(channel));
        }
    }

    /// Whether news were lost since it was asked last: the others are to be told
    /// [`News::Missed`].
    pub(crate) fn take_missed(&self) -> bool {
        let peers = &mut self.lock().peers;
        let missed = peers.as_mut().map(|peers| &mut peers.missed);
        missed.is_some_and(std::mem::take)
    }

    /// Applies what a peer tells: it has the same effects on players here as it had
    /// there. [`News::Alive`], [`News::Missed`] and questions are not for the hub.
    pub(crate) fn hear(&self, from: ServerId, news: News) {
        let shared = &self.shared;
        match news {
            News::Alive | News::Ask | News::AskThese { .. } | News::Missed => {}
            News::SnapshotBegin => self.lock().begin_snapshot(from),
            News::SnapshotEnd => self.lock().end_snapshot(from),
            News::Here { devices, again } => {
                let state = &mut *self.lock();
                for device in devices {
                    state.hear_device(from, device, again, shared.restarted_until);
                }
            }
            News::Cut(claim) => self.lock().hear_cut(from, claim),
            News::Gone(claim) => self.lock().hear_gone(claim),
            News::Overtaken(claim) => {
                let grace = self.grace();
                self.lock().hear_overtaken(from, claim, grace);
            }
            News::State { claim, shown } => self.lock().hear_state(claim, shown),
            News::Ended {
                user,
                sessions,
                reason,
                text,
            } => {
                let sessions = sessions.map(|all| all.into_iter().map(SessionId).collect());
                let text = text.map(Arc::from);
                if let Some(reason) = CloseReason::from_name(&reason) {
                    let state = &mut *self.lock();
                    state.end_sessions(user, sessions, reason, text.as_ref());
                }
            }
            News::Blocked {
                user,
                other,
                is_blocked,
            } => self.lock().change_block(user, other, is_blocked),
            News::Told { user, packet } => self.lock().tell_all(user, None, &frame(&packet)),
            News::Invited { user, packet } => self.lock().invite(user, &frame(&packet)),
            News::Joined {
                user,
                channel,
                last_seq,
                packet,
            } => {
                let packet = frame(&packet);
                self.lock().hear_joined(user, &channel, last_seq, &packet);
            }
            News::Left {
                user,
                username,
                role,
                channel,
                packet,
            } => {
                let packet = frame(&packet);
                self.lock().leave(user, &username, role, channel, &packet);
            }
            News::Role {
                channel,
                user,
                role,
                packet,
            } => self.lock().set_role(channel, user, role, &frame(&packet)),
            News::Renamed {
                user,
                username,
                name_key,
                packet,
            } => {
                let packet = frame(&packet);
                self.lock().rename(user, &username, &name_key, &packet);
            }
            News::Profile {
                user,
                profile,
                version,
            } => {
                if let Ok(profile) = Profile::from_kept(&profile) {
                    let kept = KeptProfile { profile, version };
                    self.lock().note_profile(user, kept);
                }
            }
            News::Announced { channel, packet } => {
                let state = &mut *self.lock();
                if let Ok(packet) = codec::decode_server_packet(packet.as_bytes()) {
                    state.note_about(channel, &packet);
                }
                state.announce(channel, &frame(&packet));
            }
            News::Whispered(whisper) => {
                let mut unflushed = Unflushed::default();
                let Whisper {
                    sender,
                    sent,
                    recipient,
                    received,
                } = &*whisper;
                self.lock()
                    .whisper(*sender, sent, *recipient, received, &mut unflushed);
                unflushed.flush();
            }
            News::Lines {
                channel,
                name,
                lines,
            } => self.hear_lines(channel, &name.into(), &lines),
        }
    }

    /// Channels that somebody listens to here and whose members may have been counted
    /// wrongly, each with a member by whom to ask the store for
    /// [`Membership::members`](crate::store::Membership::members). The number is to be
    /// given to [`Hub::set_members`]. Each is named once.
    pub(crate) fn uncounted(&self) -> Vec<(ChannelId, UserId)> {
        let state = &mut *self.lock();
        let Some(peers) = &mut state.peers else {
            return Vec::new();
        };
        let channels = std::mem::take(&mut peers.uncounted).into_iter();
        let with_member = channels.filter_map(|channel| {
            let live = state.channels.get(&channel)?;
            Some((channel, live.listeners.first()?.user))
        });
        with_member.collect()
    }

    /// The accounts that are connected here, and the newest number of their inboxes
    /// that they know of.
    pub(crate) fn inboxes(&self) -> Vec<(UserId, Seq)> {
        let state = self.lock();
        let players = state.players.iter();
        let here = players.filter(|(_, player)| player.outboxes().next().is_some());
        here.map(|(user, player)| (*user, player.last_whisper))
            .collect()
    }
}

impl State {
    /// Queues news for the other servers, if there may be any.
    pub(super) fn tell_peers(&mut self, news: impl FnOnce() -> News) {
        let Some(peers) = &mut self.peers else {
            return;
        };
        // Nobody hears it: the server is alone, or about to end.
        if peers.news.is_closed() {
            return;
        }
        match peers.news.try_send(news().into()) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => peers.missed = true,
            Err(TrySendError::Closed(_)) => {}
        }
    }

    /// The way to the other servers, to wait for room on it.
    pub(super) fn news(&self) -> Option<Sender<Telling>> {
        self.peers.as_ref().map(|peers| peers.news.clone())
    }
}
