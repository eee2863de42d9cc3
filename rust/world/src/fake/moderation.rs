//! Order: sanctions, and the lines of others deleted.

use longhall_packet::limits::MAX_DELETED_LINES;
use longhall_packet::{
    ChannelName, ClientPacket, CloseReason, Denial, DenyCode, LineKind, Reason, RequestId,
    SanctionKind, ServerPacket, ServerRole, Username,
};

use super::{Answer, FakeServer, Me};
use crate::moderation::{BY_OPERATOR, Sanction, SanctionOn};
use crate::records::{
    Appended, Channel, ChannelId, Cursor, Log, LogAction, LogEntry, SessionId, User, UserId,
};
use crate::rules;

/// Seconds of the first mute, the second, and so on, when nobody says how long.
const MUTE_STEPS_S: [i64; 4] = [600, 3600, 86_400, 604_800];
/// As for mutes; 0 is for good.
const BAN_STEPS_S: [i64; 4] = [86_400, 604_800, 2_592_000, 0];
/// For so long a sanction makes the next one longer.
const MEMORY_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Most sanctions that a moderator is told of.
const MAX_TOLD: usize = 50;
/// Most mutes that an account is told of at a login.
const MAX_MUTES_TOLD: usize = 10;
/// Longest time that is one; longer is for good.
const LONGEST_S: u64 = 100 * 365 * 24 * 60 * 60;

/// Whom it is about, and where.
struct Subject {
    user: User,
    channel: Option<Channel>,
}

impl FakeServer {
    /// Why a player may not come in, if they are banned.
    pub(super) fn check_ban(&self, user: UserId) -> Answer {
        self.refuse(
            SanctionKind::Ban,
            DenyCode::Banned,
            &SanctionOn::Account(user),
        )
    }

    /// As [`check_ban`](Self::check_ban), of a channel.
    pub(super) fn check_ban_in(&self, user: UserId, channel: ChannelId) -> Answer {
        let on = SanctionOn::Member(user, channel);
        self.refuse(SanctionKind::Ban, DenyCode::Banned, &on)
    }

    /// Nobody reads what a muted account writes.
    pub(super) fn check_mute(&self, me: Me, packet: &ClientPacket) -> Answer {
        if packet.is_speech() {
            let on = SanctionOn::Account(me.user);
            self.refuse(SanctionKind::Mute, DenyCode::Muted, &on)?;
        }
        let channel = packet
            .spoken_in()
            .and_then(|name| self.world.channel_id(name));
        match channel.filter(|channel| self.world.is_member(*channel, me.user)) {
            Some(channel) => {
                let on = SanctionOn::Member(me.user, self.one_for_halls(channel));
                self.refuse(SanctionKind::Mute, DenyCode::Muted, &on)
            }
            None => Ok(()),
        }
    }

    fn refuse(&self, kind: SanctionKind, code: DenyCode, on: &SanctionOn) -> Answer {
        let held = self.world.sanctions(self.now());
        let found = held
            .into_iter()
            .find(|one| one.kind == kind && one.on == *on);
        match found {
            Some(sanction) => Err(Denial::of_sanction(code, sanction.told(), self.now_ms)),
            None => Ok(()),
        }
    }

    /// The mutes of an account that hold, the newest first.
    pub(super) fn mutes_of(&self, user: UserId) -> Vec<longhall_packet::Sanction> {
        let held = self.world.sanctions(self.now()).into_iter().rev();
        let theirs =
            held.filter(|one| one.kind == SanctionKind::Mute && one.on.user() == Some(user));
        theirs.take(MAX_MUTES_TOLD).map(|one| one.told()).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "they are the packet's fields")]
    pub(super) fn sanction(
        &mut self,
        me: Me,
        id: RequestId,
        username: &Username,
        kind: SanctionKind,
        channel: Option<&ChannelName>,
        for_s: Option<u64>,
        reason: &Reason,
    ) -> Answer {
        let Subject { user, channel } = self.subordinate(me, username, channel)?;
        // One for all halls of the lobby.
        let channel = channel.and_then(|channel| {
            let id = self.one_for_halls(channel.id);
            self.world.channel(id)
        });
        let may_leave = channel.as_ref().is_none_or(|channel| !channel.is_lobby());
        if kind != SanctionKind::Mute && !may_leave {
            return Err(DenyCode::NotAllowed.into());
        }
        let on = match &channel {
            Some(channel) => SanctionOn::Member(user.id, channel.id),
            None => SanctionOn::Account(user.id),
        };
        let until_ms = match kind {
            SanctionKind::Kick => None,
            SanctionKind::Mute | SanctionKind::Ban => self.end_of(kind, &on, for_s),
        };
        let sanction = Sanction {
            kind,
            on,
            username: Some(user.username.clone()),
            channel: channel.as_ref().map(|channel| channel.name.to_string()),
            until_ms,
            created_at_ms: self.now(),
            made_by: self.world.username(me.user),
            reason: reason.as_str().to_owned(),
        };
        self.world.set_sanction(sanction.clone(), None);
        let told = sanction.told();
        match (kind, &channel) {
            (SanctionKind::Mute, _) => {}
            (_, Some(channel)) => self.out_of(channel.id, user.id, me.user)?,
            (_, None) => self.end_all(user.id, &sanction),
        }
        if kind == SanctionKind::Mute || channel.is_some() {
            let packet = ServerPacket::Sanctioned {
                sanction: told.clone(),
            };
            self.tell(user.id, None, &packet);
        }
        self.reply(
            me.connection,
            ServerPacket::SanctionSet {
                id,
                username: user.username,
                sanction: told,
            },
        );
        Ok(())
    }

    /// When a sanction ends; `None` for good.
    fn end_of(&self, kind: SanctionKind, on: &SanctionOn, for_s: Option<u64>) -> Option<i64> {
        let seconds = match for_s {
            Some(1..=LONGEST_S) => i64::try_from(for_s?).ok()?,
            Some(_) => return None,
            None => {
                let since_ms = self.now().saturating_sub(MEMORY_MS);
                let before = self.world.count_sanctions(kind, on, since_ms);
                let steps = match kind {
                    SanctionKind::Ban => BAN_STEPS_S,
                    SanctionKind::Mute | SanctionKind::Kick => MUTE_STEPS_S,
                };
                let step = steps.get(before).or(steps.last());
                *step.filter(|seconds| **seconds > 0)?
            }
        };
        Some(self.now().saturating_add(seconds.saturating_mul(1000)))
    }

    /// Takes somebody out of a channel, if they are in it.
    fn out_of(&mut self, channel: ChannelId, user: UserId, by: UserId) -> Answer {
        let by = self.world.username(by);
        match self.world.membership(channel, user) {
            Some(theirs) => self.take_out(&theirs, user, Some(by)),
            None => Ok(()),
        }
    }

    /// Ends all connections of an account, after a kick its sessions as well.
    fn end_all(&mut self, user: UserId, sanction: &Sanction) {
        let reason = match sanction.kind {
            SanctionKind::Ban => CloseReason::Banned,
            SanctionKind::Kick | SanctionKind::Mute => {
                self.world.delete_sessions(user, None, SessionId(0));
                CloseReason::Kicked
            }
        };
        let text = reason.text_of(&sanction.told());
        let lost = self.online.iter().filter(|(_, seat)| seat.user == user);
        let lost: Vec<u64> = lost.map(|(connection, _)| *connection).collect();
        for connection in lost {
            self.unseat(connection, None);
            self.ended.push((connection, reason, text.clone()));
        }
    }

    pub(super) fn lift_sanction(
        &mut self,
        me: Me,
        id: RequestId,
        username: &Username,
        kind: SanctionKind,
        channel: Option<&ChannelName>,
    ) -> Answer {
        let Subject { user, channel } = self.subordinate(me, username, channel)?;
        // One for all halls of the lobby.
        let channel = channel.and_then(|channel| {
            let id = self.one_for_halls(channel.id);
            self.world.channel(id)
        });
        let on = match &channel {
            Some(channel) => SanctionOn::Member(user.id, channel.id),
            None => SanctionOn::Account(user.id),
        };
        let held = self.world.sanctions(self.now());
        let held = held.iter().any(|one| one.kind == kind && one.on == on);
        self.world.lift_sanction(kind, &on);
        // Who is banned from the server is not there to hear of it.
        if held && (kind == SanctionKind::Mute || channel.is_some()) {
            let channel = channel.map(|channel| channel.name.to_string());
            let packet = ServerPacket::SanctionLifted {
                sanction: kind,
                channel,
            };
            self.tell(user.id, None, &packet);
        }
        self.ok(me.connection, id)
    }

    pub(super) fn sanctions(&mut self, me: Me, id: RequestId, username: &Username) -> Answer {
        if self.world.server_role(me.user) < ServerRole::Moderator {
            return Err(DenyCode::NotAllowed.into());
        }
        let user = self.account(username.as_str()).cloned();
        let user = user.ok_or(DenyCode::UnknownUser)?;
        let past = self.world.past_sanctions(user.id, 0, MAX_TOLD);
        let packet = ServerPacket::Sanctions {
            id,
            username: user.username,
            sanctions: past.iter().map(|one| one.told(self.now())).collect(),
        };
        self.reply(me.connection, packet);
        Ok(())
    }

    pub(super) fn delete_lines(
        &mut self,
        me: Me,
        id: RequestId,
        channel: Option<&ChannelName>,
        username: &Username,
        since_s: Option<u64>,
    ) -> Answer {
        let Subject { user, channel } = self.subordinate(me, username, channel)?;
        // One for all halls of the lobby.
        let channel = channel.and_then(|channel| {
            let id = self.one_for_halls(channel.id);
            self.world.channel(id)
        });
        let since_ms = since_s.map_or(0, |seconds| {
            self.now_ms.saturating_sub(seconds.saturating_mul(1000))
        });
        let places: Vec<(ChannelId, ChannelName)> = match channel {
            Some(channel) => vec![(channel.id, channel.name)],
            None => self.world.all_channels(),
        };
        let (mut count, mut more) = (0, false);
        for (channel, name) in places {
            let page = self.world.lines(
                Log::Channel(channel),
                Cursor::Newest,
                usize::MAX,
                usize::MAX,
            );
            let theirs = page.lines.into_iter().filter(|(sender, line)| {
                *sender == user.id && line.kind == LineKind::Said && line.sent_at_ms >= since_ms
            });
            let mut theirs: Vec<_> = theirs.map(|(_, line)| line.seq).collect();
            let too_many = theirs.len().saturating_sub(MAX_DELETED_LINES - count);
            more |= too_many > 0;
            theirs.drain(..too_many);
            for of in theirs {
                let done = self.world.append(LogEntry {
                    sender: user.id,
                    sender_name: user.username.clone(),
                    what: LogAction::Delete {
                        channel: Some(channel),
                        of,
                        not_before_ms: BY_OPERATOR,
                    },
                    now_ms: self.now(),
                });
                if let Appended::Line { line } = done {
                    count += 1;
                    self.publish(channel, &name, user.id, &line);
                }
            }
        }
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.reply(
            me.connection,
            ServerPacket::LinesDeleted { id, count, more },
        );
        Ok(())
    }

    /// Another player, whom this one may sanction, there or everywhere.
    fn subordinate(
        &self,
        me: Me,
        username: &Username,
        channel: Option<&ChannelName>,
    ) -> Result<Subject, Denial> {
        let mine = self.world.server_role(me.user);
        let Some(name) = channel else {
            if mine < ServerRole::Moderator {
                return Err(DenyCode::NotAllowed.into());
            }
            let user = self.other(me, username)?;
            rules::check_sanction(mine, self.world.server_role(user.id))?;
            return Ok(Subject {
                user,
                channel: None,
            });
        };
        let membership = match self.membership(me, name) {
            Ok(membership) => membership,
            Err(denial) if mine < ServerRole::Moderator => return Err(denial),
            Err(_) => {
                let user = self.other(me, username)?;
                rules::check_sanction(mine, self.world.server_role(user.id))?;
                // A channel that is not there has no players.
                let channel = self.world.channel_by_name(name);
                let channel = channel.ok_or(DenyCode::UnknownUser)?;
                return Ok(Subject {
                    user,
                    channel: Some(channel),
                });
            }
        };
        let user = self.other(me, username)?;
        let member = self.world.membership(membership.channel.id, user.id);
        let theirs = self.world.server_role(user.id);
        rules::check_sanction_in(&membership, member.map(|one| one.role), mine, theirs)?;
        Ok(Subject {
            user,
            channel: Some(membership.channel),
        })
    }
}
