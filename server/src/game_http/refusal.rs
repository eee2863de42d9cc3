//! Why a game's server does not get what it asks for.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use longhall_packet::{Denial, DenyCode};
use longhall_ticket::Fault;
use serde_json::json;

use crate::admin::ActError;
use crate::handlers::HandlerError;
use crate::store::{Scope, StoreError};

/// Why not: a code for programs, as players are denied by where there is one, and an English
/// sentence.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    reason: String,
    /// When to try again.
    wait: Option<Duration>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            status,
            code,
            reason: reason.into(),
            wait: None,
        }
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// No key, or none that is good. Which of them it is nobody is told.
    pub(super) fn bad_key() -> Self {
        let reason = "A key is needed: Authorization: Bearer lhk_…, made by game-keys add";
        Self::new(StatusCode::UNAUTHORIZED, "bad_key", reason)
    }

    pub(super) fn missing_scope(scope: Scope) -> Self {
        let reason = format!("This key has no scope {:?}", scope.name());
        Self::new(StatusCode::FORBIDDEN, "missing_scope", reason)
    }

    pub(super) fn rate_limited(wait: Duration) -> Self {
        Denial::for_now(DenyCode::RateLimited, wait).into()
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            DenyCode::PacketTooLarge.name(),
            DenyCode::PacketTooLarge.reason(),
        )
    }

    /// `why` in words for who writes the program that asks.
    pub(super) fn malformed(why: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            format!("The server did not understand the request: {why}"),
        )
    }

    pub(super) fn no_such_route() -> Self {
        let reason = "There is nothing here; see /openapi.json";
        Self::new(StatusCode::NOT_FOUND, "not_found", reason)
    }

    pub(super) fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This is asked for in another way; see /openapi.json",
        )
    }

    pub(super) fn too_late() -> Self {
        let reason = "The server took too long";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "too_late", reason)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let status = match denial.code {
            DenyCode::UnknownChannel | DenyCode::UnknownUser | DenyCode::UnknownLine => {
                StatusCode::NOT_FOUND
            }
            DenyCode::RateLimited | DenyCode::SlowMode | DenyCode::Repeated => {
                StatusCode::TOO_MANY_REQUESTS
            }
            DenyCode::Busy | DenyCode::Restarting | DenyCode::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            DenyCode::ChannelTaken | DenyCode::ChannelFull | DenyCode::TooManyChannels => {
                StatusCode::CONFLICT
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let wait = denial.retry_after_ms;
        Self {
            wait: wait.map(|ms| Duration::from_millis(ms.into())),
            ..Self::new(status, denial.code.name(), denial.reason())
        }
    }
}

impl From<DenyCode> for Refusal {
    fn from(code: DenyCode) -> Self {
        Denial::new(code).into()
    }
}

/// Of a ticket: by the codes that whoever checks one offline has.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, fault.name(), fault.reason())
    }
}

impl From<StoreError> for Refusal {
    fn from(cause: StoreError) -> Self {
        tracing::warn!(%cause, "a game's server is not answered");
        DenyCode::Unavailable.into()
    }
}

impl From<HandlerError> for Refusal {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Deny(denial) => denial.into(),
            HandlerError::Store(cause) => cause.into(),
        }
    }
}

/// Of what was wanted with a player.
impl From<ActError> for Refusal {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound(_) => DenyCode::UnknownUser.into(),
            ActError::Refused(why) => {
                Self::new(StatusCode::CONFLICT, DenyCode::NotAllowed.name(), why)
            }
            ActError::Failed(cause) => {
                tracing::warn!(%cause, "a game's server is not answered");
                DenyCode::Unavailable.into()
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let body = json!({"code": self.code, "reason": self.reason});
        let mut answer = super::json(self.status, &body);
        let headers = answer.headers_mut();
        if let Some(wait) = self.wait {
            // Rounded up: who waits so long is not refused again.
            let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1);
            if let Ok(seconds) = HeaderValue::from_str(&seconds.to_string()) {
                headers.insert(RETRY_AFTER, seconds);
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_as_long_as_it_is_told_has_waited_long_enough() {
        for (wait_ms, told) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (59_500, "60")] {
            let refusal = Refusal::rate_limited(Duration::from_millis(wait_ms));
            let answer = refusal.into_response();
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(answer.headers()[RETRY_AFTER], told, "{wait_ms}");
        }
    }
}
