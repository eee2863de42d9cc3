//! Why a page does not get what it asks for.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use longhall_packet::Denial;
use serde::Serialize;
use serde_json::json;

use crate::admin::ActError;
use crate::store::{OperatorRole, StoreError};

/// Why not: a kind for the page, a sentence for who looks at it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    text: String,
    /// When to try again.
    seconds: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, kind: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            text: text.into(),
            seconds: None,
        }
    }

    pub(super) fn wait(seconds: u64) -> Self {
        Self {
            seconds: Some(seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "wait",
                format!("Too many tries: wait {seconds} seconds."),
            )
        }
    }

    /// Nobody is signed in, or not any more.
    pub(super) fn signed_out() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "signed_out",
            "You are not signed in.",
        )
    }

    /// It is not our page that asks.
    pub(super) fn foreign() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign",
            "This did not come from a page of the console.",
        )
    }

    pub(super) fn malformed(cause: &serde_json::Error) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            format!("The request cannot be read: {cause}."),
        )
    }

    pub(super) fn role(least: OperatorRole) -> Self {
        let role = least.name();
        Self::new(
            StatusCode::FORBIDDEN,
            "role",
            format!("Only who is {role} may do that."),
        )
    }

    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", text)
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", text)
    }
}

impl From<ActError> for Refusal {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound(text) => Self::new(StatusCode::NOT_FOUND, "not_found", text),
            ActError::Refused(text) => Self::refused(text),
            ActError::Failed(text) => Self::failed(text),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(cause: StoreError) -> Self {
        Self::failed(format!("The database: {cause}."))
    }
}

/// Of the threads that hash passwords.
impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", denial.reason())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let mut error = json!({ "kind": self.kind, "text": self.text });
        if let Some(seconds) = self.seconds {
            error["seconds"] = seconds.into();
        }
        (self.status, json(&json!({ "error": error }))).into_response()
    }
}

/// An answer to a page.
pub(super) fn json(answer: &impl Serialize) -> Response<Body> {
    match serde_json::to_string(answer) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        // What is answered has only keys that are texts.
        Err(cause) => (StatusCode::INTERNAL_SERVER_ERROR, cause.to_string()).into_response(),
    }
}
