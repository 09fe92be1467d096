//! `Cache-Status` (RFC 9211): what the cache has done with a request.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Where a response has come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// From the cache; fresh for so many seconds still, or below zero no more.
    Hit { ttl: i64 },
    /// From another caller's request, which was under way.
    Collapsed(Why),
    /// From the service.
    Forwarded {
        why: Why,
        /// Whether the service has said that what was stored has not changed.
        confirmed: bool,
        /// If it was handed to the cache, for how many seconds it is fresh.
        stored: Option<i64>,
        /// What there is to say beyond that.
        detail: Option<&'static str>,
    },
}

/// Why a request was forwarded (RFC 9211 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The cache was not asked.
    Bypass,
    /// Its method is not for caches.
    Method,
    /// There was nothing.
    UriMiss,
    /// There was something for other values of the fields it varies on.
    VaryMiss,
    /// The client wanted it fresh.
    Request,
    /// What there was is past its time.
    Stale,
}

impl Status {
    /// Adds it to those of other caches, which stand nearer to the origin.
    pub(super) fn tell(self, name: &str, headers: &mut HeaderMap) {
        let mut line = String::with_capacity(48);
        push_name(&mut line, name);
        let _ok = match self {
            Status::Hit { ttl } => write!(line, "; hit; ttl={ttl}"),
            Status::Collapsed(why) => write!(line, "; fwd={}; collapsed", why.token()),
            Status::Forwarded {
                why,
                confirmed,
                stored,
                detail,
            } => {
                let _ok = write!(line, "; fwd={}", why.token());
                if confirmed {
                    line.push_str("; fwd-status=304");
                }
                if let Some(ttl) = stored {
                    let _ok = write!(line, "; stored; ttl={ttl}");
                }
                match detail {
                    Some(detail) => write!(line, "; detail=\"{detail}\""),
                    None => Ok(()),
                }
            }
        };
        if let Ok(line) = HeaderValue::try_from(line) {
            headers.append(CACHE_STATUS, line);
        }
    }
}

impl Why {
    fn token(self) -> &'static str {
        match self {
            Why::Bypass => "bypass",
            Why::Method => "method",
            Why::UriMiss => "uri-miss",
            Why::VaryMiss => "vary-miss",
            Why::Request => "request",
            Why::Stale => "stale",
        }
    }
}

/// As a token where it is one, otherwise as a string (RFC 9651).
fn push_name(line: &mut String, name: &str) {
    let is_token = |(at, byte): (usize, u8)| {
        byte.is_ascii_alphabetic()
            || (at > 0 && (byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~:/".contains(&byte)))
    };
    if !name.is_empty() && name.bytes().enumerate().all(is_token) {
        line.push_str(name);
        return;
    }
    line.push('"');
    let is_plain = |letter: &char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    line.extend(name.chars().filter(is_plain));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, status: Status) -> String {
        let mut headers = HeaderMap::new();
        status.tell(name, &mut headers);
        headers[CACHE_STATUS].to_str().expect("text").to_owned()
    }

    #[test]
    fn it_is_told_as_structured_fields_are() {
        assert_eq!(told("api", Status::Hit { ttl: -3 }), "api; hit; ttl=-3");
        assert_eq!(
            told("a \"b\"", Status::Collapsed(Why::Stale)),
            "\"a b\"; fwd=stale; collapsed"
        );
        let status = |stored, detail| Status::Forwarded {
            why: Why::UriMiss,
            confirmed: false,
            stored,
            detail,
        };
        assert_eq!(
            told("api", status(Some(60), None)),
            "api; fwd=uri-miss; stored; ttl=60"
        );
        assert_eq!(
            told("api", status(None, Some("no-store"))),
            "api; fwd=uri-miss; detail=\"no-store\""
        );
    }
}
