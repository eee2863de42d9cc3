//! The halls of the lobby, of which the player is in one.

use std::time::Duration;

use longhall_packet::{ChannelName, ClientPacket, Denial, DenyCode, Hall, RequestId};

use super::Session;
use crate::requests::{Asked, Request};
use crate::{Answer, Call, Event};

impl Session {
    /// Which hall of the lobby the player is in, from 1. `None` where the lobby has one hall
    /// for all, and before the first login.
    pub fn hall(&self) -> Option<u32> {
        self.conversations.hall()
    }

    /// Asks for the halls that the lobby has; ends with [`Answer::Halls`].
    pub fn list_halls(&mut self, now: Duration) -> Call {
        self.ask(now, Asked::Halls, |_, id| Ok(ClientPacket::Halls { id }))
    }

    /// Changes to another hall of the lobby, by its number or its name, on all devices of the
    /// account; ends with [`Answer::Joined`] and in
    /// [`Event::HallChanged`](crate::Event::HallChanged).
    pub fn change_hall(&mut self, now: Duration, hall: &str) -> Call {
        self.ask(now, Asked::Joined, |session, id| {
            let channel = session.hall_name(hall.trim())?;
            Ok(ClientPacket::ChangeHall { id, channel })
        })
    }

    fn hall_name(&self, hall: &str) -> Result<ChannelName, Denial> {
        let Ok(number) = hall.parse::<u32>() else {
            return ChannelName::parse(hall);
        };
        let name = self.conversations.name_of_hall(number);
        let name = name.filter(|_| number > 0);
        ChannelName::parse(&name.ok_or(DenyCode::UnknownChannel)?)
    }

    pub(super) fn halls_received(&mut self, id: RequestId, halls: Vec<Hall>, hall_size: u32) {
        let fits = |request: &Request| matches!(request, Request::Asked(_, Asked::Halls));
        if let Some(Request::Asked(call, _)) = self.requests.take(id, fits) {
            self.conversations.note_halls(&halls);
            let here = self.conversations.lobby().unwrap_or_default().to_owned();
            let answer = Answer::Halls {
                halls,
                hall_size,
                here,
            };
            self.settle(call, Ok(answer));
        }
    }

    /// Tells the game, if the lobby is another channel than `before`.
    pub(super) fn announce_hall(&mut self, before: Option<String>) {
        if let (Some(from), Some(to)) = (before, self.conversations.lobby())
            && from != to
        {
            let to = to.to_owned();
            self.announce(Event::HallChanged { from, to });
        }
    }
}
