//! Answers, and what all of them have in common.

use super::page;
use ::http::header::{self, HeaderName, HeaderValue};
use ::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use serde::Serialize;
use serde_json::{Value, json};

/// What is answered.
pub(super) struct Answer {
    status: StatusCode,
    kind: Kind,
    body: Bytes,
    allow: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Page,
    /// What Prometheus reads.
    #[cfg(feature = "metrics")]
    Metrics,
}

/// Why something is not answered.
#[derive(Debug)]
pub(super) enum Failure {
    Forbidden,
    NotFound,
    /// And which methods there are.
    Method(&'static str),
    TooLarge,
    /// It came from a page of somebody else, or may have.
    Foreign(&'static str),
    NotJson,
    /// What is wrong with the body, and what it should be.
    Unreadable(Value),
}

impl Answer {
    pub(super) fn json(value: &impl Serialize) -> Self {
        Answer::with(StatusCode::OK, value)
    }

    pub(super) fn page(text: &'static str) -> Self {
        Answer {
            status: StatusCode::OK,
            kind: Kind::Page,
            body: Bytes::from_static(text.as_bytes()),
            allow: None,
        }
    }

    #[cfg(feature = "metrics")]
    pub(super) fn metrics(text: String) -> Self {
        Answer {
            status: StatusCode::OK,
            kind: Kind::Metrics,
            body: text.into(),
            allow: None,
        }
    }

    fn with(status: StatusCode, value: &impl Serialize) -> Self {
        let (status, body) = match serde_json::to_vec(value) {
            Ok(body) => (status, body),
            Err(why) => {
                let body = json!({ "error": format!("the answer cannot be written: {why}") });
                (StatusCode::INTERNAL_SERVER_ERROR, body.to_string().into())
            }
        };
        Answer {
            status,
            kind: Kind::Json,
            body: body.into(),
            allow: None,
        }
    }

    /// To `HEAD` as to `GET`, without the body.
    pub(super) fn into_response(self, is_head: bool) -> Response<Full<Bytes>> {
        let length = HeaderValue::from(self.body.len());
        let body = if is_head { Bytes::new() } else { self.body };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, length);
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        self.kind.describe(headers);
        response
    }
}

impl Kind {
    fn describe(self, headers: &mut HeaderMap) {
        const FOR_ALL: [(HeaderName, &str); 5] = [
            // Counters of a moment ago are of no use to anybody, least of all to a shared cache.
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-origin",
            ),
        ];
        for (name, value) in FOR_ALL {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        let (kind, policy) = match self {
            Kind::Page => ("text/html; charset=utf-8", page::policy()),
            Kind::Json => ("application/json", nothing),
            #[cfg(feature = "metrics")]
            Kind::Metrics => (crate::metrics::CONTENT_TYPE, nothing),
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        let (status, error) = match failure {
            Failure::Forbidden => (
                StatusCode::FORBIDDEN,
                json!("not allowed; the service says who is, by `Admin::authorize`"),
            ),
            Failure::NotFound => (
                StatusCode::NOT_FOUND,
                json!(
                    "there is no such page; there are `/`, `/stats`, `/invalidate`, `/api/health/cache`, and with the feature `metrics` `/metrics`"
                ),
            ),
            Failure::Method(methods) => {
                let error = format!("another method is needed: {methods}");
                let answer =
                    Answer::with(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": error }));
                return Answer {
                    allow: Some(methods),
                    ..answer
                };
            }
            Failure::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                json!("the body is larger than 64 KiB"),
            ),
            Failure::Foreign(why) => (StatusCode::FORBIDDEN, json!(why)),
            Failure::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                json!("`Content-Type` has to be `application/json`"),
            ),
            Failure::Unreadable(body) => return Answer::with(StatusCode::BAD_REQUEST, &body),
        };
        Answer::with(status, &json!({ "error": error }))
    }
}
