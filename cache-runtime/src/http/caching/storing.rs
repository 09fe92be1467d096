//! Whether a response may be stored, and for how long it is fresh (RFC 9111 §3 and §4.2, RFC 5861).

use super::directives::{ResponseDirectives, seconds};
use super::options::LONGEST_GRACE;
use super::stored::{Lifetime, now};
use crate::policy::Grace;
use http::header::{AGE, CONTENT_RANGE, CONTENT_TYPE, DATE, EXPIRES, HeaderName, SET_COOKIE, VARY};
use http::{HeaderMap, StatusCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Who a response is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Everybody,
    /// As before, though the request had an `Authorization`: only what says that it is for everybody (§3.5).
    EverybodyWhoIsAllowed,
    /// One user.
    OneUser,
}

/// What a layer does where a response says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    /// How long one is fresh. `None`: not stored.
    pub(super) ttl: Option<Duration>,
    /// How long a `404` or `410` is.
    pub(super) negative: Option<Duration>,
    pub(super) grace: Grace,
}

/// For how long a response is fresh, if it may be stored; or why it may not.
pub(super) fn lifetime(
    audience: Audience,
    status: StatusCode,
    headers: &HeaderMap,
    defaults: &Defaults,
) -> Result<Lifetime, &'static str> {
    let said = ResponseDirectives::of(headers);
    forbidden(audience, status, headers, &said)?;
    let date = time(headers, DATE);
    let now = now();
    let explicit = explicit(&said, headers, date.unwrap_or(now));
    let fresh_for = match explicit {
        Some(time) => Some(time),
        None => default_time(status, defaults),
    };
    let fresh_for = fresh_for.ok_or("it says nothing of how long it is fresh")?;
    // The greater of what its age says and what its date does.
    let aged = age(headers).max(date.map_or(Duration::ZERO, |date| now.saturating_sub(date)));
    if aged >= fresh_for {
        return Err("it is stale already");
    }
    let grace = grace(&said, defaults.grace);
    Ok(Lifetime {
        received: now,
        made: now.saturating_sub(aged),
        fresh_for,
        swr: grace.swr,
        stale_if_error: grace.stale_if_error,
        by_default: explicit.is_none() && !status.is_client_error(),
    })
}

fn forbidden(
    audience: Audience,
    status: StatusCode,
    headers: &HeaderMap,
    said: &ResponseDirectives,
) -> Result<(), &'static str> {
    // Of what has to be understood to be stored, all that is understood here may be (§5.2.2.3).
    let no_store = said.no_store && !(said.must_understand && is_understood(status));
    let for_everybody = said.public || said.must_revalidate || said.s_maxage.is_some();
    for (is_forbidden, why) in [
        (no_store, "no-store"),
        (said.no_cache, "no-cache"),
        (
            said.private && audience != Audience::OneUser,
            "private, and of no known user",
        ),
        (
            audience == Audience::EverybodyWhoIsAllowed && !for_everybody,
            "the request has credentials, and it does not say that it is for everybody",
        ),
        (
            said.must_understand && !is_understood(status),
            "of a status that is not understood",
        ),
        (
            status.is_informational()
                || matches!(
                    status,
                    StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
                ),
            "of this status",
        ),
        (headers.contains_key(SET_COOKIE), "it sets a cookie"),
        (headers.contains_key(CONTENT_RANGE), "it is a part"),
        (varies_on_everything(headers), "it varies on everything"),
        (is_stream(headers), "it is a stream of events"),
    ] {
        if is_forbidden {
            return Err(why);
        }
    }
    Ok(())
}

/// What the response says itself (§4.2.1).
fn explicit(said: &ResponseDirectives, headers: &HeaderMap, date: Duration) -> Option<Duration> {
    let expires = || {
        let mut all = headers.get_all(EXPIRES).iter();
        let first = all.next()?;
        // One that is no date, and two of them, are in the past (§5.3).
        let at = if all.next().is_none() {
            first.to_str().ok().and_then(read_time)
        } else {
            None
        };
        Some(at.map_or(Duration::ZERO, |at| at.saturating_sub(date)))
    };
    said.s_maxage.or(said.max_age).or_else(expires)
}

fn default_time(status: StatusCode, defaults: &Defaults) -> Option<Duration> {
    match status.as_u16() {
        200 | 203 | 204 | 300 | 301 | 308 => defaults.ttl,
        404 | 410 => defaults.negative,
        _ => None,
    }
}

/// For how long past its time it is an answer, unless it must not be (RFC 9111 §4.2.4).
fn grace(said: &ResponseDirectives, declared: Grace) -> Grace {
    // The last one says the same for caches that many share (§5.2.2.10).
    if said.must_revalidate || said.s_maxage.is_some() {
        return Grace::default();
    }
    Grace {
        swr: said.swr.unwrap_or(declared.swr).min(LONGEST_GRACE),
        stale_if_error: (said.stale_if_error)
            .unwrap_or(declared.stale_if_error)
            .min(LONGEST_GRACE),
    }
}

/// What a cache can do with responses of these is known here.
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 302 | 303 | 307 | 308 | 404 | 405 | 410 | 414 | 451 | 501
    )
}

fn varies_on_everything(headers: &HeaderMap) -> bool {
    headers.get_all(VARY).iter().any(|value| {
        let names = value.to_str().map(|value| value.split(',').map(str::trim));
        // What cannot be read may be anything.
        let is_anything = |name: &str| !name.is_empty() && HeaderName::try_from(name).is_err();
        names.map_or(true, |mut names| {
            names.any(|name| name == "*" || is_anything(name))
        })
    })
}

/// One that does not come to its end soon.
fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    kind.is_some_and(|kind| {
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
        let kind = kind.trim_ascii();
        kind.eq_ignore_ascii_case(b"text/event-stream")
            || kind.eq_ignore_ascii_case(b"multipart/x-mixed-replace")
            || kind.to_ascii_lowercase().starts_with(b"application/grpc")
    })
}

/// How old it was when it came. One that is no number says nothing; of several the first counts (§5.1).
fn age(headers: &HeaderMap) -> Duration {
    let value = headers.get(AGE).and_then(|age| age.to_str().ok());
    let first = value.and_then(|value| value.split(',').next());
    first
        .and_then(|age| seconds(age.trim()))
        .unwrap_or_default()
}

fn time(headers: &HeaderMap, name: HeaderName) -> Option<Duration> {
    read_time(headers.get(name)?.to_str().ok()?)
}

/// A date of HTTP, since 1970.
pub(super) fn read_time(text: &str) -> Option<Duration> {
    let read = |text: &str| -> Option<SystemTime> { httpdate::parse_http_date(text).ok() };
    let time = read(text).or_else(|| read(&capitalized(text)))?;
    Some(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// With words as they are usually written, for what differs in that alone (RFC 9110 §5.6.7).
fn capitalized(text: &str) -> String {
    let mut is_first = true;
    let letter = |letter: char| {
        let cased = if is_first {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        };
        is_first = !letter.is_ascii_alphabetic();
        cased
    };
    let text: String = text.chars().map(letter).collect();
    text.replace("Gmt", "GMT")
}
