//! A player does not want to hear from another.

use longhall_packet::{DenyCode, RequestId, ServerPacket, Username};

use crate::session::{Outcome, Session};

/// Answers `block` with `ok`: from now on nothing of the other arrives. They are
/// not told.
pub(crate) async fn block(session: &Session, id: RequestId, username: &Username) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let (other, _) = session.other(username).await?;
    let at_most = server.config.blocks_per_account;
    let blocked = server.store.insert_block(me, other, at_most).await;
    if !blocked.map_err(|cause| session.unavailable(&cause))? {
        return Err(DenyCode::TooManyBlocks.into());
    }
    server.hub.block(me, other);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `unblock` with `ok`, also when there was no block.
pub(crate) async fn unblock(session: &Session, id: RequestId, username: &Username) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let (other, _) = session.other(username).await?;
    let ended = server.store.delete_block(me, other).await;
    ended.map_err(|cause| session.unavailable(&cause))?;
    server.hub.unblock(me, other);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `blocks` with the names.
pub(crate) async fn blocks(session: &Session, id: RequestId) -> Outcome {
    let me = session.me()?.user.id;
    let blocked = session.server.store.blocks(me).await;
    let blocked = blocked.map_err(|cause| session.unavailable(&cause))?;
    session.reply(&ServerPacket::Blocks {
        id,
        usernames: blocked.into_iter().map(|(_, name)| name).collect(),
    });
    Ok(())
}
