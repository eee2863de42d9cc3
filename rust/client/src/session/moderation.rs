//! What those may ask for who keep order.

use std::time::Duration;

use longhall_packet::{ClientPacket, Denial, Reason, Sanction, SanctionKind};

use super::Session;
use super::calls::player;
use crate::requests::Asked;
use crate::{Call, Event};

impl Session {
    /// Mutes, kicks or bans a player, on the whole server or with a `channel` in that; ends with
    /// [`Answer::Sanctioned`](crate::Answer::Sanctioned). `for_s` seconds long, with 0 for good;
    /// with `None` for as long as the server thinks fit.
    pub fn sanction(
        &mut self,
        now: Duration,
        username: &str,
        sanction: SanctionKind,
        channel: Option<&str>,
        for_s: Option<u64>,
        reason: &str,
    ) -> Call {
        self.ask(now, Asked::Sanction, |session, id| {
            Ok(ClientPacket::Sanction {
                id,
                username: player(username)?,
                sanction,
                channel: session.place_of_order(channel)?,
                for_s,
                reason: Reason::parse(reason)?,
            })
        })
    }

    /// Ends a mute or a ban.
    pub fn lift_sanction(
        &mut self,
        now: Duration,
        username: &str,
        sanction: SanctionKind,
        channel: Option<&str>,
    ) -> Call {
        self.ask(now, Asked::Done, |session, id| {
            Ok(ClientPacket::LiftSanction {
                id,
                username: player(username)?,
                sanction,
                channel: session.place_of_order(channel)?,
            })
        })
    }

    /// Asks what was ever set on a player; ends with
    /// [`Answer::Sanctions`](crate::Answer::Sanctions).
    pub fn list_sanctions(&mut self, now: Duration, username: &str) -> Call {
        self.ask(now, Asked::Sanctions, |_, id| {
            let username = player(username)?;
            Ok(ClientPacket::Sanctions { id, username })
        })
    }

    /// Deletes what a player has said in the last `since_s` seconds, or all that is kept, in a
    /// channel or with `None` in all; ends with
    /// [`Answer::LinesDeleted`](crate::Answer::LinesDeleted).
    pub fn delete_lines(
        &mut self,
        now: Duration,
        username: &str,
        channel: Option<&str>,
        since_s: Option<u64>,
    ) -> Call {
        self.ask(now, Asked::LinesDeleted, |session, id| {
            Ok(ClientPacket::DeleteLines {
                id,
                channel: session.place_of_order(channel)?,
                username: player(username)?,
                since_s,
            })
        })
    }

    fn place_of_order(
        &self,
        channel: Option<&str>,
    ) -> Result<Option<longhall_packet::ChannelName>, Denial> {
        channel
            .map(|channel| self.channel_name(channel))
            .transpose()
    }
}

impl Session {
    /// Tells the player of a sanction, unless they know of it as it is.
    pub(super) fn announce_sanction(&mut self, sanction: Sanction) {
        if self.sanctions.is_news(&sanction) {
            self.announce(Event::Sanctioned { sanction });
        }
    }

    /// Where order is kept by a command that is typed in a channel: in the lobby `None`, the
    /// whole server.
    pub(crate) fn place_here<'a>(&self, channel: &'a str) -> Option<&'a str> {
        (!self.conversations.is_lobby(channel)).then_some(channel)
    }
}
