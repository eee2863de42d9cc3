//! Who comes in gets a place in a hall of the lobby.

use longhall_world::halls;

use super::outcome::HandlerError;
use crate::hub::{HallPlace, Seeker};
use crate::server::Server;
use crate::store::{ChannelId, FIRST_HALL, Membership, UserId};

/// The memberships of somebody who is about to enter, with the hall where they have a place,
/// and that place, which is kept until it is dropped. `memberships` are those of before.
///
/// # Errors
/// When the store fails.
pub(super) async fn take_place(
    server: &Server,
    user: UserId,
    resumed: bool,
    memberships: Vec<Membership>,
) -> Result<(Vec<Membership>, HallPlace), HandlerError> {
    let channels = memberships.iter().map(|mine| &mine.channel);
    let before = channels.clone().find(|channel| channel.is_lobby());
    let before = before.and_then(|channel| Some((channel.hall?, channel.id)));
    let seeker = Seeker {
        user,
        remembered: before
            .map(|(hall, _)| hall)
            .filter(|hall| *hall != FIRST_HALL),
        resumed,
        channels: channels
            .filter(|channel| !channel.is_lobby())
            .map(|channel| channel.id)
            .collect(),
    };
    let mut unusable = Vec::new();
    let (place, hall) = loop {
        let place = server.hub.find_place(&seeker, &unusable);
        let known = before.filter(|(hall, _)| *hall == place.hall);
        let known = known.map(|(_, channel)| channel).or(place.channel);
        match known {
            Some(channel) => break (place, channel),
            None => match open(server, place.hall).await? {
                Some(channel) => break (place, channel),
                None => unusable.push(place.hall),
            },
        }
    };
    if before.is_some_and(|(_, channel)| channel == hall) {
        return Ok((memberships, place));
    }
    let now_ms = server.clock.now_ms();
    server.store.set_hall(user, hall, now_ms).await?;
    Ok((server.store.memberships(user).await?, place))
}

/// Opens a hall. `None` when a channel of players has its name.
async fn open(server: &Server, hall: u32) -> Result<Option<ChannelId>, HandlerError> {
    let name = halls::name_of(&server.config.lobby.name, hall);
    let now_ms = server.clock.now_ms();
    let opened = server.store.open_hall(hall, &name, now_ms).await?;
    Ok(opened.map(|channel| channel.id))
}
