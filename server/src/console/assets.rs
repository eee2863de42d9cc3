//! The pages: files that are built into the program.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The page that loads all others.
const INDEX: &str = include_str!("assets/index.html");

macro_rules! files {
    ($($name:literal $kind:ident),* $(,)?) => {
        /// Each with its kind.
        const FILES: &[(&str, &str, &str)] =
            &[$(($name, $kind, include_str!(concat!("assets/", $name)))),*];
    };
}

files! {
    "api.js" SCRIPT,
    "charts.js" SCRIPT,
    "console.css" CSS,
    "console.js" SCRIPT,
    "dom.js" SCRIPT,
    "icon.svg" SVG,
    "page_accounts.js" SCRIPT,
    "page_audit.js" SCRIPT,
    "page_channels.js" SCRIPT,
    "page_game_keys.js" SCRIPT,
    "page_me.js" SCRIPT,
    "page_operators.js" SCRIPT,
    "page_overview.js" SCRIPT,
    "page_registration.js" SCRIPT,
    "page_reports.js" SCRIPT,
    "page_sanctions.js" SCRIPT,
    "sign_in.js" SCRIPT,
}

pub(super) async fn index() -> Response<Body> {
    ([(CONTENT_TYPE, HTML)], INDEX).into_response()
}

pub(super) async fn file(Path(name): Path<String>) -> Response<Body> {
    let found = FILES.iter().find(|(known, _, _)| *known == name);
    match found {
        Some((_, kind, text)) => ([(CONTENT_TYPE, *kind)], *text).into_response(),
        None => (StatusCode::NOT_FOUND, "there is no such page\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Scope;

    #[test]
    fn the_page_of_game_keys_offers_each_scope_and_no_other() {
        let page = FILES
            .iter()
            .find(|(name, _, _)| *name == "page_game_keys.js");
        let (_, _, text) = page.unwrap();
        let (_, rest) = text.split_once("const SCOPES = [").unwrap();
        let (offered, _) = rest.split_once("\n];").unwrap();
        for scope in Scope::ALL {
            let row = format!("[\"{}\", \"{}\"]", scope.name(), scope.meaning());
            assert!(offered.contains(&row), "{}", scope.name());
        }
        assert_eq!(offered.matches("[\"").count(), Scope::ALL.len());
    }
}
