//! Who asks, and whether it is a page of ours that does.
//!
//! The cookie alone is no proof of that: it is `SameSite=Strict`, and whatever changes
//! something also needs what only our pages can read or send (OWASP: Cross-Site Request
//! Forgery Prevention).

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use serde::de::DeserializeOwned;

use super::Console;
use super::refusal::Refusal;
use super::sessions::{self, Key, Session};
use crate::admin::{Actor, CONSOLE};
use crate::store::Operator;

/// The cookie with the token.
const NAME: &str = "longhall_console";
/// By which our pages show that they are ours.
const CSRF: &str = "x-longhall-csrf";

/// Somebody who is signed in, as the store has them now.
pub(super) struct SignedIn {
    pub(super) key: Key,
    pub(super) session: Session,
    pub(super) operator: Operator,
}

impl SignedIn {
    pub(super) fn actor(&self) -> Actor {
        actor(&self.operator)
    }
}

/// An operator, for the audit log.
pub(super) fn actor(operator: &Operator) -> Actor {
    Actor {
        name: operator.name.clone(),
        via: CONSOLE.to_owned(),
    }
}

impl Console {
    /// Who is signed in in this browser. Role and all are read anew each time.
    pub(super) async fn signed_in(&self, headers: &HeaderMap) -> Result<SignedIn, Refusal> {
        let key = token(headers).map(sessions::key);
        let key = key.ok_or_else(Refusal::signed_out)?;
        let session = self.sessions.find(&key);
        let session = session.ok_or_else(Refusal::signed_out)?;
        let operator = self.server.store.operator(&session.name_key).await?;
        let is_theirs = |operator: &Operator| {
            operator.id == session.operator && operator.version == session.version
        };
        let Some(operator) = operator.filter(is_theirs) else {
            self.sessions.end(&key);
            return Err(Refusal::signed_out());
        };
        Ok(SignedIn {
            key,
            session,
            operator,
        })
    }

    /// The same, when a page of ours wants something done.
    pub(super) async fn page(&self, headers: &HeaderMap) -> Result<SignedIn, Refusal> {
        check_page(headers)?;
        let signed_in = self.signed_in(headers).await?;
        let sent = headers.get(CSRF).map(|value| value.as_bytes());
        // As random as the token itself, and nobody else's page can even send it.
        if sent != Some(signed_in.session.csrf.as_bytes()) {
            return Err(Refusal::foreign());
        }
        Ok(signed_in)
    }
}

/// That it is a script of ours, as far as a browser tells.
pub(super) fn check_page(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    // A form cannot send it, and a script elsewhere would have to ask first.
    let kind = text(CONTENT_TYPE.as_str()).unwrap_or("");
    let is_json = kind.split(';').next().map(str::trim) == Some("application/json");
    let is_from_here = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let is_of_host = text(ORIGIN.as_str()).is_none_or(|origin| {
        let host = text(HOST.as_str()).unwrap_or("");
        !host.is_empty() && origin.split_once("://").is_some_and(|(_, at)| at == host)
    });
    match is_json && is_from_here && is_of_host {
        true => Ok(()),
        false => Err(Refusal::foreign()),
    }
}

/// What a page sends, as JSON.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|cause| Refusal::malformed(&cause))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let found = pairs.find(|(name, _)| *name == NAME);
    found.map(|(_, token)| token)
}

/// What sets the cookie; an empty token takes it away. Behind a proxy that speaks TLS it
/// goes over TLS only.
pub(super) fn cookie(token: &str, headers: &HeaderMap) -> String {
    let is_tls = headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
    let secure = if is_tls { "; Secure" } else { "" };
    let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
    format!("{NAME}={token}; Path=/console; HttpOnly; SameSite=Strict{secure}{ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_a_script_of_our_own_pages_is_heard() {
        const JSON: (&str, &str) = ("content-type", "application/json");
        let host = ("host", "localhost:9081");
        for (fields, is_ours) in [
            (vec![JSON], true),
            (
                vec![("content-type", "application/json; charset=utf-8")],
                true,
            ),
            (vec![], false),
            (vec![("content-type", "text/plain")], false),
            (
                vec![("content-type", "application/x-www-form-urlencoded")],
                false,
            ),
            (vec![JSON, host, ("origin", "http://localhost:9081")], true),
            (vec![JSON, host, ("origin", "https://localhost:9081")], true),
            (vec![JSON, host, ("origin", "http://localhost:8000")], false),
            (vec![JSON, host, ("origin", "http://evil.example")], false),
            (vec![JSON, host, ("origin", "null")], false),
            (vec![JSON, ("origin", "http://localhost:9081")], false),
            (vec![JSON, ("sec-fetch-site", "same-origin")], true),
            (vec![JSON, ("sec-fetch-site", "same-site")], false),
            (vec![JSON, ("sec-fetch-site", "cross-site")], false),
            (vec![JSON, ("sec-fetch-site", "none")], false),
        ] {
            assert_eq!(check_page(&headers(&fields)).is_ok(), is_ours, "{fields:?}");
        }
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        for (cookie, token_sent) in [
            ("longhall_console=abc", Some("abc")),
            ("a=b; longhall_console=abc; c=d", Some("abc")),
            ("xlonghall_console=abc", None),
            ("longhall_console", None),
            ("", None),
        ] {
            assert_eq!(
                token(&headers(&[("cookie", cookie)])),
                token_sent,
                "{cookie}"
            );
        }
    }

    #[test]
    fn the_cookie_is_for_our_pages_alone_and_goes_over_tls_where_there_is_any() {
        let plain = cookie("abc", &HeaderMap::new());
        assert_eq!(
            plain,
            "longhall_console=abc; Path=/console; HttpOnly; SameSite=Strict"
        );
        let proxied = headers(&[("x-forwarded-proto", "https")]);
        assert_eq!(cookie("abc", &proxied), plain + "; Secure");
        assert!(cookie("", &proxied).ends_with("; Max-Age=0"));
    }
}
