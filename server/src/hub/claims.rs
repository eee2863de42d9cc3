//! Which server has which device.
//!
//! A server tells of each device that came to it (`Here`), and of its end: the
//! connection was cut, the device is gone, or another server has it now. News of one
//! server keep their order, so whoever heard the first hears the last as well, however
//! those of two servers are mixed. Of two claims to one session the one with the greater
//! number of the store's wins, on every server alike.

use std::collections::HashSet;
use std::time::Duration;

use longhall_packet::CloseReason;
use tokio::time::{Instant, sleep};

use super::device::{Device, Grace, Place};
use super::{Hub, Player, State};
use crate::news::{Claim, HereDevice, MemberOf, News, ServerId, Shown};
use crate::store::{FIRST_HALL, SessionId, UserId};

/// Accounts that may be online, as far as peers say so. More are left out.
const MAX_PLAYERS: usize = 4_000_000;
/// Sessions of one account with peers. More are left out.
const MAX_DEVICES: usize = 256;
/// Snapshots under way at a time. Of more servers none is taken.
const MAX_SNAPSHOTS: usize = 256;
/// Players named in one go.
const PLAYERS_PER_NEWS: usize = 64;

impl Hub {
    /// Queues news of all devices that are with this server: the answer to
    /// [`News::Ask`]. Waits while the queue is full, so not for the task that empties
    /// it.
    ///
    /// It rests for `pause` after each piece: all servers may be asked at once, and each has
    /// to hear all others.
    pub(crate) async fn tell_devices(&self, pause: Duration) {
        let Some(news) = self.lock().news() else {
            return;
        };
        // Each wait ends when there is room, or the server does.
        let Ok(room) = news.reserve().await else {
            return;
        };
        let users: Vec<UserId> = {
            let state = self.lock();
            room.send(News::SnapshotBegin.into());
            let here = state.players.iter().filter(|(_, player)| player.is_here());
            here.map(|(user, _)| *user).collect()
        };
        for users in users.chunks(PLAYERS_PER_NEWS) {
            let Ok(room) = news.reserve().await else {
                return;
            };
            {
                let state = self.lock();
                let devices = users.iter().flat_map(|user| state.devices_here(*user));
                let here = News::Here {
                    devices: devices.collect(),
                    again: true,
                };
                room.send(here.into());
            }
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
        if let Ok(room) = news.reserve().await {
            let _in_order = self.lock();
            room.send(News::SnapshotEnd.into());
        }
    }

    /// Something is missing of what a peer told: of devices that it names just now, those
    /// not heard of need not be gone.
    pub(crate) fn drop_snapshot(&self, server: ServerId) {
        if let Some(peers) = &mut self.lock().peers {
            peers.named.remove(&server);
        }
    }

    /// A peer is silent: its devices count as cut from now on.
    pub(crate) fn lose_server(&self, server: ServerId) {
        let until = Instant::now() + self.grace();
        let state = &mut *self.lock();
        if let Some(peers) = &mut state.peers {
            peers.named.remove(&server);
        }
        for claim in state.devices_on(server) {
            state.doubt_device(server, claim, until);
        }
    }
}

impl State {
    /// Tells peers that a device came here.
    pub(super) fn tell_here(&mut self, user: UserId, session: SessionId, resumed: bool) {
        if self.peers.is_none() {
            return;
        }
        let devices = self.devices_here(user).into_iter();
        let mut devices = devices.filter(|device| device.claim.session == session);
        if let Some(device) = devices.next() {
            let devices = vec![HereDevice { resumed, ..device }];
            self.tell_peers(|| News::Here {
                devices,
                again: false,
            });
        }
    }

    /// The devices of an account that this server has.
    fn devices_here(&self, user: UserId) -> Vec<HereDevice> {
        let Some(player) = self.players.get(&user) else {
            return Vec::new();
        };
        let ours = player
            .devices
            .iter()
            .filter(|device| device.place.is_ours());
        let told = ours.map(|device| HereDevice {
            claim: device.claim(user),
            username: player.username.clone(),
            name_key: player.name_key.clone(),
            is_connected: device.place.is_connected(),
            resumed: false,
            shown: Shown {
                state: device.state,
                text: device.text.clone(),
                guest: player.is_guest,
            },
            channels: self.memberships_of(user, player),
        });
        told.collect()
    }

    fn memberships_of(&self, user: UserId, player: &Player) -> Vec<MemberOf> {
        let live = player.channels.iter();
        let live = live.filter_map(|id| Some((*id, self.channels.get(id)?)));
        let places = live.filter_map(|(id, live)| {
            Some(MemberOf {
                id,
                name: live.name.as_ref().to_owned(),
                is_lobby: live.is_lobby(),
                hall: live.hall.filter(|hall| *hall != FIRST_HALL),
                members: live.members,
                role: *live.present.get(&user)?,
            })
        });
        places.collect()
    }

    /// The devices that are on a peer.
    fn devices_on(&self, server: ServerId) -> Vec<Claim> {
        let is_there = |device: &&Device| device.place.is_on(server);
        let players = self.players.iter();
        let claims = players.flat_map(|(user, player)| {
            let devices = player.devices.iter().filter(is_there);
            devices.map(|device| device.claim(*user))
        });
        claims.collect()
    }

    /// A peer has a device.
    pub(super) fn hear_device(
        &mut self,
        from: ServerId,
        told: HereDevice,
        again: bool,
        restarted_until: Instant,
    ) {
        let claim = told.claim;
        let named = self.peers.as_mut();
        let named = named.and_then(|peers| peers.named.get_mut(&from));
        let in_snapshot = named.is_some();
        if let Some(named) = named
            && named.len() < MAX_PLAYERS
        {
            named.insert((claim.user, claim.session));
        }
        // News of another name may have been lost. Of players here the own server knows.
        let player = self.players.get(&claim.user);
        if player.is_some_and(|player| !player.is_here()) {
            self.note_name(claim.user, &told.username, &told.name_key);
        }
        let on = Place::On {
            server: from,
            is_connected: told.is_connected,
        };
        if let Some(device) = self.device_mut(claim) {
            let known = device.connection;
            let ours = device.place.is_ours().then(|| device.claim(claim.user));
            match ours {
                // It has not heard yet that this server is the one.
                Some(ours) if known > claim.connection => return self.tell_again(ours),
                Some(_) if known == claim.connection => return,
                None if known > claim.connection => return,
                Some(_) | None => {}
            }
            let is_known = known == claim.connection;
            device.connection = claim.connection;
            let before = std::mem::replace(&mut device.place, on);
            if let Some(ours) = ours {
                self.give_device(ours, before);
            }
            if let Some(player) = self.players.get_mut(&claim.user) {
                player.is_guest = told.shown.guest;
            }
            self.show(claim, told.shown);
            if !is_known || in_snapshot {
                self.hear_channels(claim.user, &told.channels, again);
            }
            return;
        }
        let is_new = !self.players.contains_key(&claim.user);
        if is_new && self.players.len() >= MAX_PLAYERS {
            return;
        }
        let player = self.add_player(claim.user, &told.username, &told.name_key);
        if player.devices.len() >= MAX_DEVICES {
            return;
        }
        player.is_guest = told.shown.guest;
        let device = Device {
            session: claim.session,
            place: on,
            state: told.shown.state,
            text: told.shown.text,
            connection: claim.connection,
        };
        self.push_device(claim.user, device);
        self.hear_channels(claim.user, &told.channels, again);
        if is_new {
            // After a restart here, those who are with others are no news.
            let is_back = told.resumed && Instant::now() < restarted_until;
            for channel in &told.channels {
                self.note_online(channel.id, claim.user, again || in_snapshot || is_back);
            }
        }
    }

    /// Another server has a device that was here.
    fn give_device(&mut self, ours: Claim, before: Place) {
        if let Place::Here(outbox) = before {
            outbox.close(CloseReason::LoggedInElsewhere);
            self.forget_outbox(ours.user, &outbox);
        }
        self.forget_blocks_of_absent(ours.user);
        self.tell_peers(|| News::Overtaken(ours));
    }

    fn tell_again(&mut self, ours: Claim) {
        let devices = self.devices_here(ours.user).into_iter();
        let devices = devices.filter(|device| device.claim == ours).collect();
        self.tell_peers(|| News::Here {
            devices,
            again: true,
        });
    }

    /// Where a peer says that a player is. Whoever is here as well is where this
    /// server knows.
    fn hear_channels(&mut self, user: UserId, channels: &[MemberOf], again: bool) {
        let Some(player) = self.players.get(&user) else {
            return;
        };
        if player.is_here() {
            return;
        }
        if again {
            let listed: HashSet<_> = channels.iter().map(|channel| channel.id).collect();
            let left = player.channels.iter().copied();
            let left: Vec<_> = left.filter(|channel| !listed.contains(channel)).collect();
            for channel in left {
                self.drop_from_channel(channel, user);
            }
        }
        for channel in channels {
            if !self.open_heard(channel) {
                continue;
            }
            if again && let Some(live) = self.channels.get_mut(&channel.id) {
                live.members = channel.members;
            }
            self.enter_channel(channel.id, user, channel.role);
            if channel.hall().is_some() {
                for other in self.other_halls(user, channel.id) {
                    self.drop_from_channel(other, user);
                }
            }
        }
    }

    pub(super) fn hear_cut(&mut self, from: ServerId, claim: Claim) {
        if let Some(device) = self.device_mut(claim)
            && device.connection == claim.connection
            && let Place::On {
                server,
                is_connected,
            } = &mut device.place
            && *server == from
        {
            *is_connected = false;
        }
    }

    pub(super) fn hear_gone(&mut self, claim: Claim) {
        if let Some(device) = self.device_mut(claim)
            && device.connection <= claim.connection
            && !device.place.is_ours()
        {
            self.remove_device(claim.user, claim.session, None);
        }
    }

    /// A peer has lost a device to another server, which will tell of it; it may have
    /// told already.
    pub(super) fn hear_overtaken(&mut self, from: ServerId, claim: Claim, grace: Duration) {
        self.doubt_device(from, claim, Instant::now() + grace);
    }

    fn doubt_device(&mut self, server: ServerId, claim: Claim, until: Instant) {
        if let Some(device) = self.device_mut(claim)
            && device.connection == claim.connection
            && device.place.is_on(server)
        {
            device.place = Place::Cut {
                until,
                is_ours: false,
            };
            self.graces.push_back(Grace {
                until,
                user: claim.user,
                session: claim.session,
            });
        }
    }

    pub(super) fn hear_state(&mut self, claim: Claim, shown: Shown) {
        if let Some(device) = self.device_mut(claim)
            && device.connection == claim.connection
            && !device.place.is_ours()
        {
            self.show(claim, shown);
        }
    }

    pub(super) fn begin_snapshot(&mut self, from: ServerId) {
        if let Some(peers) = &mut self.peers
            && peers.named.len() < MAX_SNAPSHOTS
        {
            peers.named.insert(from, HashSet::new());
        }
    }

    pub(super) fn end_snapshot(&mut self, from: ServerId) {
        let named = self.peers.as_mut();
        let Some(named) = named.and_then(|peers| peers.named.remove(&from)) else {
            return;
        };
        for claim in self.devices_on(from) {
            if !named.contains(&(claim.user, claim.session)) {
                self.remove_device(claim.user, claim.session, None);
            }
        }
    }
}
