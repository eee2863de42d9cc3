//! A player looks at the halls of the lobby, and changes to another one.

use longhall_packet::{ChannelName, DenyCode, RequestId, ServerPacket};

use super::arriving::Arriving;
use super::outcome::Outcome;
use crate::hub::Stale;
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::store::{Channel, FIRST_HALL, UserId};

/// Answers `halls`.
pub(crate) fn halls(session: &Session, id: RequestId) -> Outcome {
    let (halls, hall_size) = session.server.hub.halls();
    session.reply(&ServerPacket::Halls {
        id,
        halls,
        hall_size,
    });
    Ok(())
}

/// Answers `change_hall` with `joined`. Who is in that hall is told how it stands.
pub(crate) async fn change_hall(session: &Session, id: RequestId, name: &ChannelName) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let target = server.store.channel_by_name(name).await?;
    let target = target.filter(Channel::is_lobby);
    let target = target.ok_or(DenyCode::UnknownChannel)?;
    if let Some(membership) = server.store.membership(target.id, me).await? {
        let channel = server.hub.see(&membership);
        session.reply(&ServerPacket::Joined {
            id: Some(id),
            channel,
        });
        return Ok(());
    }
    let hall = target.hall.unwrap_or(FIRST_HALL);
    // Before it is counted: who hears that it is full may look for another one.
    let _place = server.hub.claim_place(me, hall)?;
    server.count_try(Tried::HallChange(me)).await?;
    let _change = server.change_channel(&turn_of(me)?).await?;
    let mut arriving = Arriving::begin(&server.hub);
    loop {
        server.hear(&[target.id]).await;
        let now_ms = server.clock.now_ms();
        server.store.set_hall(me, target.id, now_ms).await?;
        let membership = server.store.membership(target.id, me).await?;
        let membership = membership.ok_or(DenyCode::UnknownChannel)?;
        let (hub, outbox) = (&server.hub, &session.outbox);
        match hub.change_hall(arriving.arrival(), me, &membership, outbox, id) {
            Ok(()) => return Ok(()),
            Err(Stale) => arriving.try_again()?,
        }
    }
}

/// What keeps two devices of an account, on whatever servers, from changing at once.
fn turn_of(user: UserId) -> Result<ChannelName, longhall_packet::Denial> {
    ChannelName::parse(&format!("h-{}", user.0))
}

#[cfg(test)]
#[path = "halls_tests.rs"]
mod tests;
