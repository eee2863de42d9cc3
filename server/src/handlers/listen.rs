//! A player becomes a member of a channel: the second half of joining and creating one.

use longhall_packet::limits::MAX_CHANNELS_PER_ACCOUNT;
use longhall_packet::{Access, ChannelPassword, DenyCode, RequestId};

use super::arriving::Arriving;
use super::outcome::{HandlerError, Outcome};
use crate::Server;
use crate::hub::Stale;
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::store::ChannelId;

/// Has a new member listen to the channel, and answers with `joined`. To be
/// called while changes of the channel are held off.
///
/// # Errors
/// `unknown_channel` when the member is out of it again, or `busy`.
pub(super) async fn listen(session: &Session, id: RequestId, channel: ChannelId) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let mut arriving = Arriving::begin(&server.hub);
    loop {
        // Before the store is asked where the channel stands: what other servers have
        // written by then is in its answer, the rest is heard.
        server.hear(&[channel]).await;
        let membership = server.store.membership(channel, me).await?;
        let membership = membership.ok_or(DenyCode::UnknownChannel)?;
        let (hub, outbox) = (&server.hub, &session.outbox);
        match hub.join(arriving.arrival(), me, &membership, outbox, id) {
            Ok(()) => return Ok(()),
            Err(Stale) => arriving.try_again()?,
        }
    }
}

/// The hash of a channel's password, when its access is by password. Counts as
/// a try at one: it costs as much.
pub(super) async fn hash_for(
    session: &Session,
    access: Access,
    password: Option<ChannelPassword>,
) -> Result<Option<String>, HandlerError> {
    match access {
        Access::Open | Access::Invite => Ok(None),
        Access::Password => {
            // Without one: as if it were empty.
            let password = password.map_or_else(|| ChannelPassword::parse(""), Ok)?;
            let server = &session.server;
            let me = session.me()?.user.id;
            server.count_try(Tried::ChannelPassword(me)).await?;
            Ok(Some(server.passwords.hash(password).await?))
        }
    }
}

/// How many channels an account may be in.
pub(super) fn channels_per_account(server: &Server) -> usize {
    let configured = server.settings().capacity.channels_per_account;
    configured.min(MAX_CHANNELS_PER_ACCOUNT)
}
