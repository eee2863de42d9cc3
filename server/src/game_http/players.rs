//! Players: who is online, one of them, and out.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, Response, StatusCode};
use longhall_packet::{DenyCode, NameKeys, PresenceState, Profile, Reason, Username};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::refusal::Refusal;
use super::{GameHttp, json as answer, read};
use crate::admin::{self, Act, Actor, Order, Report};
use crate::http_server::Peer;
use crate::hub::OnlinePlayer;
use crate::profiles;
use crate::store::{AccountKind, ERASED_HASH, Scope};

/// By which way a game's server acts, for the audit log.
const VIA: &str = "game key";
/// Players on a page, unless fewer are wanted.
const PAGE: usize = 100;
/// Most players on a page.
const MOST: usize = 500;

/// `GET /v1/players?online`: who is online, page by page.
pub(super) async fn online(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Players).await?;
    let (mut after, mut limit) = (None, PAGE);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            // There is no other list.
            "online" if matches!(&*value, "" | "true" | "1") => {}
            "after" => after = Some(NameKeys::name_of(&value)),
            "limit" => limit = value.parse().map_err(|_| wrong(&name))?,
            _ => return Err(wrong(&name)),
        }
    }
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::malformed(&format!("limit is from 1 to {MOST}")));
    }
    let mut found = shared
        .server
        .hub
        .online_players(after.as_deref(), limit + 1);
    let is_more = found.len() > limit;
    found.truncate(limit);
    let after = found.last().filter(|_| is_more);
    let body = json!({
        "after": after.map(|last| &last.username),
        "players": found.iter().map(told).collect::<Vec<_>>(),
    });
    Ok(answer(StatusCode::OK, &body))
}

fn wrong(name: &str) -> Refusal {
    Refusal::malformed(&format!("the query has {name:?}, or a wrong value for it"))
}

fn told(player: &OnlinePlayer) -> Value {
    json!({
        "account_id": player.user.0,
        "username": player.username,
        "online": true,
        "state": player.state,
        "role": player.server_role,
        "guest": player.guest,
    })
}

/// `GET /v1/players/{name}`: an account, online or not.
pub(super) async fn one(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Players).await?;
    let name = Username::parse(&name).map_err(|_| DenyCode::UnknownUser)?;
    let server = &shared.server;
    let found = server.store.user_by_name(&name.name_key()).await?;
    let user = found
        // Nobody's: by which the operator speaks.
        .filter(|user| user.password_hash != ERASED_HASH)
        .ok_or(DenyCode::UnknownUser)?;
    let channels = server.store.memberships(user.id).await?;
    let channels = channels.iter().map(|found| found.channel.name.as_str());
    let (state, _) = server.hub.shown_to(user.id, user.id);
    let body = json!({
        "account_id": user.id.0,
        "username": user.username,
        "online": state != PresenceState::Offline,
        "state": state,
        "role": server.hub.server_role(user.id),
        "guest": user.kind == AccountKind::Guest,
        "channels": channels.collect::<Vec<_>>(),
    });
    Ok(answer(StatusCode::OK, &body))
}

/// Why somebody has to go.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Kick {
    reason: String,
}

/// `POST /v1/players/{name}/kick`: logs an account out everywhere; it may come again.
pub(super) async fn kick(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response<Body>, Refusal> {
    let key = shared.allowed(peer, &headers, Scope::Kick).await?;
    let Kick { reason } = match &body {
        Ok(body) if body.is_empty() => Kick::default(),
        _ => read(body)?,
    };
    if !reason.is_empty() {
        Reason::parse(&reason)?;
    }
    let name = Username::parse(&name).map_err(|_| DenyCode::UnknownUser)?;
    let user = shared.server.store.user_by_name(&name.name_key()).await?;
    // By whom the operator and the game speak is nobody.
    user.filter(|user| user.password_hash != ERASED_HASH)
        .ok_or(DenyCode::UnknownUser)?;
    let actor = Actor {
        name: key.name,
        via: VIA.to_owned(),
    };
    let act = Act::Kick {
        name: name.to_string(),
        channel: None,
    };
    let order = Order {
        act,
        reason: Some(reason),
    };
    let done = admin::run(&shared.ground, &actor, order).await?;
    // As the player writes it, whichever way it was asked for.
    let username = match done.report {
        Report::Kicked { username, .. } => username,
        _ => name.to_string(),
    };
    Ok(answer(StatusCode::OK, &json!({"username": username})))
}

/// `PATCH /v1/players/{name}/profile`: sets keys of a profile that are the game's; `null` takes
/// one out, and those that are not named stay.
pub(super) async fn set_profile(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Profiles).await?;
    let values: Map<String, Value> = read(body)?;
    let values = Profile::parse(values)?;
    let name = Username::parse(&name).map_err(|_| DenyCode::UnknownUser)?;
    let server = &shared.server;
    let user = server.store.user_by_name(&name.name_key()).await?;
    let user = user.filter(|user| user.password_hash != ERASED_HASH);
    let user = user.ok_or(DenyCode::UnknownUser)?;
    let kept = profiles::set_game_keys(server, user.id, values).await?;
    let body = json!({
        "username": user.username,
        "profile": kept.profile,
        "version": kept.version,
    });
    Ok(answer(StatusCode::OK, &body))
}
