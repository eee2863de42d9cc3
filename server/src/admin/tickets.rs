//! The keys of tickets: shown, and replaced by others.

use longhall_ticket::jwks;

use super::ground::Ground;
use super::report::{ActError, Report};
use crate::tickets::keys;

pub(super) async fn show(ground: &Ground) -> Result<Report, ActError> {
    let lifetime = ground.settings().tickets.ticket_key_lifetime;
    let keys = keys::current(&*ground.store, lifetime, ground.now_ms()).await?;
    Ok(Report::TicketKeys {
        keys: jwks(keys.iter().map(|key| &key.key)),
    })
}

pub(super) async fn rotate(ground: &Ground, at_once: bool) -> Result<Report, ActError> {
    let now_ms = ground.now_ms();
    let signs_from_ms = match at_once {
        true => {
            keys::rotate_now(&*ground.store, now_ms).await?;
            now_ms
        }
        false => keys::rotate(&*ground.store, now_ms).await?,
    };
    if let Some(server) = &ground.server {
        server.tickets.forget().await;
    }
    Ok(Report::TicketKeysRotated {
        signs_from_ms,
        all_void: at_once,
    })
}
