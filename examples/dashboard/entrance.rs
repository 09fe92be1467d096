//! Who may see the pages: whoever shows the token. A program shows it in a header; a browser is given a cookie for it.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

const COOKIE: &str = "cache_admin";

/// A secret that lives as long as the process.
#[derive(Clone)]
pub(crate) struct Token(Arc<str>);

impl Token {
    /// Draws one from the system's random numbers.
    pub(crate) fn draw() -> io::Result<Self> {
        let mut bytes = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Token(text.into()))
    }

    /// Whether a request has it with it.
    pub(crate) fn is_shown_by(&self, headers: &HeaderMap) -> bool {
        let text = |name| {
            headers
                .get_all(name)
                .into_iter()
                .filter_map(|value| value.to_str().ok())
        };
        let mut bearers =
            text(header::AUTHORIZATION).filter_map(|value| value.strip_prefix("Bearer "));
        let mut cookies = text(header::COOKIE).flat_map(|value| value.split("; "));
        bearers.any(|shown| self.is(shown))
            || cookies.any(|cookie| match cookie.split_once('=') {
                Some((COOKIE, shown)) => self.is(shown),
                _ => false,
            })
    }

    /// Takes as long for a good guess as for a bad one.
    fn is(&self, shown: &str) -> bool {
        let pairs = self.0.bytes().zip(shown.bytes());
        let differences = pairs.fold(0, |all, (one, other)| all | (one ^ other));
        shown.len() == self.0.len() && differences == 0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `/enter?token=…` leads to the pages, with a cookie that no other site can use and no script can read.
pub(crate) fn router(token: &Token) -> Router {
    Router::new()
        .route("/enter", get(enter))
        .with_state(token.clone())
}

async fn enter(
    State(token): State<Token>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if !query.get("token").is_some_and(|shown| token.is(shown)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let cookie = format!("{COOKIE}={token}; Path=/cache; HttpOnly; SameSite=Strict");
    let headers = AppendHeaders([(header::SET_COOKIE, cookie)]);
    (headers, Redirect::to("/cache/")).into_response()
}
