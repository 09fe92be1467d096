//! A response as it is stored.

use super::variants::{Names, values};
use crate::policy::Grace;
use crate::read_through::{Fate, Outcome};
use bytes::Bytes;
use http::header::LAST_MODIFIED;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What stands under the key of a request.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Kept {
    /// The answer.
    Response(Stored),
    /// Nothing: a response that stands under another key. Never stored.
    Another,
    /// Nothing: a response that is its caller's alone. Never stored.
    Passed,
}

/// A response. Cloned, it is the same one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub(super) struct Stored {
    response: Arc<Response>,
    /// What has become of it, if it was made just now.
    fate: Arc<Fate>,
}

/// Of fields that are no longer changed.
pub(super) struct Response {
    pub(super) status: StatusCode,
    /// As they are sent, but for what is about its age.
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) lifetime: Lifetime,
    pub(super) varies: Varies,
    /// Whether its entity tag is the service's own.
    pub(super) is_tagged: bool,
    /// What a CDN knows it by, with a blank between; `None`: it is not for one.
    pub(super) surrogates: Option<Box<str>>,
}

/// What a response varies on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Varies {
    /// The fields of the request.
    pub(super) names: Names,
    /// A digest of their values in the request that it answers.
    pub(super) values: u128,
}

/// When it was made, and for how long it is fresh, and of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lifetime {
    /// Since 1970: when the service had answered.
    pub(super) received: Duration,
    /// When it was made: before that, if it had an age already.
    pub(super) made: Duration,
    pub(super) fresh_for: Duration,
    pub(super) swr: Duration,
    pub(super) stale_if_error: Duration,
    /// Whether the response says nothing of that itself, and is no error.
    pub(super) by_default: bool,
}

impl Stored {
    pub(super) fn new(response: Response) -> Self {
        Stored {
            response: Arc::new(response),
            fate: Arc::default(),
        }
    }

    /// Whether both are one.
    pub(super) fn is(&self, other: &Stored) -> bool {
        Arc::ptr_eq(&self.response, &other.response)
    }

    /// Whether others are sent it: it was stored, and nothing that it is made of has ended before.
    pub(super) fn is_stored(&self) -> bool {
        self.fate.outcome() == Some(Outcome::Stored)
    }

    pub(super) fn fate(&self) -> &Arc<Fate> {
        &self.fate
    }
}

impl Response {
    /// Whether it is an answer to a request with these fields.
    pub(super) fn answers(&self, request: &HeaderMap) -> bool {
        let Varies { names, values: own } = &self.varies;
        names.is_empty() || *own == values(names, request)
    }

    /// Whether the service has given means of telling if it has changed.
    pub(super) fn can_be_confirmed(&self) -> bool {
        self.is_tagged || self.headers.contains_key(LAST_MODIFIED)
    }
}

impl std::ops::Deref for Stored {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.response
    }
}

impl Lifetime {
    /// How old it is, by the clocks of the machines that have made it and that read it (RFC 9111 §4.2.3).
    pub(super) fn age(&self) -> Duration {
        now().saturating_sub(self.made)
    }

    /// For how long it is of use past its time.
    pub(super) fn grace(&self) -> Grace {
        Grace {
            swr: self.swr,
            stale_if_error: self.stale_if_error,
        }
    }

    /// How long it stays fresh, in seconds; below zero, how long ago that came to its end.
    pub(super) fn left(&self) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        seconds(self.fresh_for) - seconds(self.age())
    }
}

/// The time since 1970.
pub(super) fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// What is written on a server.
#[derive(Serialize, Deserialize)]
struct Wire {
    status: u16,
    headers: Vec<(String, Bytes)>,
    body: Bytes,
    lifetime: Lifetime,
    varies: Varies,
    is_tagged: bool,
    surrogates: Option<Box<str>>,
}

impl From<Stored> for Wire {
    fn from(stored: Stored) -> Self {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            (
                name.as_str().to_owned(),
                Bytes::copy_from_slice(value.as_bytes()),
            )
        };
        Wire {
            status: stored.status.as_u16(),
            headers: stored.headers.iter().map(header).collect(),
            body: stored.body.clone(),
            lifetime: stored.lifetime,
            varies: stored.varies.clone(),
            is_tagged: stored.is_tagged,
            surrogates: stored.surrogates.clone(),
        }
    }
}

impl TryFrom<Wire> for Stored {
    type Error = http::Error;

    fn try_from(wire: Wire) -> Result<Self, http::Error> {
        let mut headers = HeaderMap::with_capacity(wire.headers.len());
        for (name, value) in wire.headers {
            headers.append(
                HeaderName::try_from(name)?,
                HeaderValue::from_maybe_shared(value)?,
            );
        }
        let response = Response {
            status: StatusCode::from_u16(wire.status)?,
            headers,
            body: wire.body,
            lifetime: wire.lifetime,
            varies: wire.varies,
            is_tagged: wire.is_tagged,
            surrogates: wire.surrogates,
        };
        Ok(Stored {
            response: Arc::new(response),
            fate: Arc::new(Fate::stored()),
        })
    }
}
