//! Lines that the game's server says.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use longhall_packet::{ChannelName, ChatText, DenyCode};
use serde::Deserialize;
use serde_json::json;

use super::refusal::Refusal;
use super::{GameHttp, json as answer, read};
use crate::admin::ActError;
use crate::http_server::Peer;
use crate::store::Scope;

/// What is to be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    text: String,
}

/// `POST /v1/channels/{channel}/lines`: says a line of the system's, whoever is there.
pub(super) async fn say(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Say).await?;
    let Say { text } = read(body)?;
    let text = ChatText::parse(&text)?;
    let name = ChannelName::parse(&channel).map_err(|_| DenyCode::UnknownChannel)?;
    let found = shared.server.store.channel_by_name(&name).await?;
    let channel = found.ok_or(DenyCode::UnknownChannel)?;
    let said = shared.ground.say_as_system(&channel, &text).await;
    let line = said.map_err(|error| match error {
        // It was deleted since it was looked up.
        ActError::NotFound(_) => DenyCode::UnknownChannel.into(),
        error => Refusal::from(error),
    })?;
    let said = json!({
        "channel": channel.name.as_str(),
        "seq": line.seq,
        "sent_at_ms": line.sent_at_ms,
    });
    Ok(answer(StatusCode::CREATED, &said))
}
