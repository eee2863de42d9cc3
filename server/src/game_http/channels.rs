//! Temporary channels: opened for a match or a party, and ended with it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use longhall_packet::limits::{
    DEFAULT_TEMPORARY_MEMBERS, DEFAULT_TEMPORARY_S, MAX_TEMPORARY_MEMBERS, MAX_TEMPORARY_S,
    MIN_TEMPORARY_MEMBERS, MIN_TEMPORARY_S,
};
use longhall_packet::{ChannelName, DenyCode, Topic, Username};
use serde::Deserialize;
use serde_json::json;

use super::refusal::Refusal;
use super::{GameHttp, json as answer, read};
use crate::http_server::Peer;
use crate::store::{ERASED_HASH, Scope};
use crate::temporary::{self, NewMatch};

/// A channel that is to be opened.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Open {
    /// Absent for one that the server makes up.
    channel: Option<String>,
    topic: String,
    /// Who is in it from the start.
    members: Vec<String>,
    max_members: Option<u32>,
    lasts_s: Option<u32>,
}

/// `POST /v1/channels`: opens a temporary channel, which no player owns.
pub(super) async fn open(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Channels).await?;
    let wanted: Open = match &body {
        Ok(body) if body.is_empty() => Open::default(),
        _ => read(body)?,
    };
    let name = wanted.channel.as_deref().map(ChannelName::parse);
    let max_members = wanted.max_members.unwrap_or(DEFAULT_TEMPORARY_MEMBERS);
    let lasts_s = wanted.lasts_s.unwrap_or(DEFAULT_TEMPORARY_S);
    within(
        "max_members",
        max_members,
        MIN_TEMPORARY_MEMBERS,
        MAX_TEMPORARY_MEMBERS,
    )?;
    within("lasts_s", lasts_s, MIN_TEMPORARY_S, MAX_TEMPORARY_S)?;
    if wanted.members.len() > max_members as usize {
        return Err(Refusal::malformed(
            "there are more members than max_members",
        ));
    }
    let server = &shared.server;
    let mut members = Vec::new();
    for member in &wanted.members {
        let member = Username::parse(member).map_err(|_| DenyCode::UnknownUser)?;
        let user = server.store.user_by_name(&member.name_key()).await?;
        let user = user.filter(|user| user.password_hash != ERASED_HASH);
        let user = user.ok_or(DenyCode::UnknownUser)?.id;
        if !members.contains(&user) {
            members.push(user);
        }
    }
    let new = NewMatch {
        name: name.transpose()?,
        topic: Topic::parse(&wanted.topic)?.as_str().to_owned(),
        max_members,
        lasts: Duration::from_secs(lasts_s.into()),
        owner: None,
        members,
    };
    let channel = temporary::create_temporary(server, new).await?;
    let Some(temporary) = &channel.temporary else {
        return Err(DenyCode::Unavailable.into());
    };
    let opened = json!({
        "channel": channel.name.as_str(),
        "code": temporary.code.expose(),
        "max_members": temporary.max_members,
        "ends_at_ms": temporary.ends_at_ms,
    });
    Ok(answer(StatusCode::CREATED, &opened))
}

/// `DELETE /v1/channels/{channel}`: ends a temporary channel, whoever has opened it.
pub(super) async fn end(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    Path(channel): Path<String>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Channels).await?;
    let name = ChannelName::parse(&channel).map_err(|_| DenyCode::UnknownChannel)?;
    if !temporary::end_channel(&shared.server, &name).await? {
        return Err(DenyCode::UnknownChannel.into());
    }
    Ok(answer(StatusCode::OK, &json!({"channel": name.as_str()})))
}

fn within(name: &str, number: u32, least: u32, most: u32) -> Result<(), Refusal> {
    match (least..=most).contains(&number) {
        true => Ok(()),
        false => Err(Refusal::malformed(&format!(
            "{name} is from {least} to {most}"
        ))),
    }
}
