//! `Cache-Control`, as requests and responses have it (RFC 9111 §5.2, RFC 5861).
//!
//! Read leniently where that cannot make anything staler: unknown directives are ignored, quoted numbers count. Where it could,
//! the strictest reading holds: of a directive that is given twice the shorter time, and of one that is no number none at all.

use super::fields::listed;
use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};
use std::time::Duration;

/// What a response says to caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ResponseDirectives {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) public: bool,
    pub(super) must_revalidate: bool,
    pub(super) must_understand: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) s_maxage: Option<Duration>,
    pub(super) swr: Option<Duration>,
    pub(super) stale_if_error: Option<Duration>,
}

/// What a request says to caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestDirectives {
    pub(super) no_store: bool,
    pub(super) no_cache: bool,
    pub(super) only_if_cached: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) min_fresh: Option<Duration>,
    /// Without a number, however old.
    pub(super) max_stale: Option<Duration>,
}

impl ResponseDirectives {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut said = ResponseDirectives::default();
        each(headers, |name, value| match name {
            "no-store" => said.no_store = true,
            // With the names of fields they are about these alone, or about everything: a cache may choose (§5.2.2.4, §5.2.2.7).
            "no-cache" => said.no_cache = true,
            "private" => said.private = true,
            "public" => said.public = true,
            "must-revalidate" | "proxy-revalidate" => said.must_revalidate = true,
            "must-understand" => said.must_understand = true,
            "max-age" => shorter(&mut said.max_age, value),
            "s-maxage" => shorter(&mut said.s_maxage, value),
            "stale-while-revalidate" => shorter(&mut said.swr, value),
            "stale-if-error" => shorter(&mut said.stale_if_error, value),
            _ => {}
        });
        said
    }
}

impl RequestDirectives {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut said = RequestDirectives::default();
        each(headers, |name, value| match name {
            "no-store" => said.no_store = true,
            "no-cache" => said.no_cache = true,
            "only-if-cached" => said.only_if_cached = true,
            "max-age" => shorter(&mut said.max_age, value),
            "min-fresh" => said.min_fresh = Some(seconds(value).unwrap_or(Duration::MAX)),
            "max-stale" if value.is_empty() => said.max_stale = Some(Duration::MAX),
            "max-stale" => said.max_stale = seconds(value),
            _ => {}
        });
        // For clients that know nothing else (§5.4).
        if !headers.contains_key(CACHE_CONTROL) {
            let is_no_cache = |it: &str| it.eq_ignore_ascii_case("no-cache");
            said.no_cache = listed(headers, PRAGMA).any(is_no_cache);
        }
        said
    }
}

/// Calls `tell` with every directive in lower case and its value, or nothing.
fn each(headers: &HeaderMap, mut tell: impl FnMut(&str, &str)) {
    for line in headers.get_all(CACHE_CONTROL) {
        // One that is no text is none that can be read: what it may have forbidden is forbidden.
        let Ok(line) = line.to_str() else {
            tell("no-store", "");
            continue;
        };
        // Of a quotation without an end nobody knows what is part of it.
        let is_quoting = line.matches('"').count() % 2 == 0;
        for directive in split(line, is_quoting) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            tell(
                &name.trim().to_ascii_lowercase(),
                value.trim().trim_matches('"'),
            );
        }
    }
}

/// At the commas that do not stand between quotation marks, where these mean something.
pub(in crate::http) fn split(line: &str, is_quoting: bool) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    line.split(move |letter| {
        let ends = letter == ',' && !is_quoted;
        if letter == '"' && !is_escaped && is_quoting {
            is_quoted = !is_quoted;
        }
        is_escaped = is_quoted && letter == '\\' && !is_escaped;
        ends
    })
}

/// Of two times the shorter; what is no time is none (§4.2.1).
fn shorter(known: &mut Option<Duration>, value: &str) {
    let time = seconds(value).unwrap_or_default();
    *known = Some(known.map_or(time, |known| known.min(time)));
}

/// A number of seconds without sign; beyond 2^31 it counts as that (§1.2.2).
pub(super) fn seconds(value: &str) -> Option<Duration> {
    const MOST: u64 = 1 << 31;
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(value.parse().unwrap_or(MOST).min(MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(lines: &[&str]) -> HeaderMap {
        let values = lines
            .iter()
            .map(|line| HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
        values.map(|value| (CACHE_CONTROL, value)).collect()
    }

    fn response(line: &str) -> ResponseDirectives {
        ResponseDirectives::of(&headers(&[line]))
    }

    const fn secs(secs: u64) -> Option<Duration> {
        Some(Duration::from_secs(secs))
    }

    #[test]
    fn times_are_read_strictly() {
        assert_eq!(response("max-age=60").max_age, secs(60));
        assert_eq!(response("Max-Age = 60").max_age, secs(60));
        assert_eq!(response("max-age=\"60\"").max_age, secs(60));
        assert_eq!(response("max-age=60, max-age=5").max_age, secs(5));
        assert_eq!(
            response("max-age=99999999999999999999").max_age,
            secs(1 << 31)
        );
        for none in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "max-age=soon",
        ] {
            assert_eq!(response(none).max_age, secs(0), "{none}");
        }
        assert_eq!(response("").max_age, None);
        assert_eq!(
            response("s-maxage=1, stale-while-revalidate=2, stale-if-error=3"),
            ResponseDirectives {
                s_maxage: secs(1),
                swr: secs(2),
                stale_if_error: secs(3),
                ..ResponseDirectives::default()
            }
        );
    }

    #[test]
    fn commas_in_quotes_separate_nothing() {
        let said = response("private=\"a, no-store, \\\"b\\\"\", ext=\"max-age=1, x\", max-age=7");
        assert!(said.private && !said.no_store);
        assert!(response("max-age=5, ext=\"a, no-store").no_store);
        assert_eq!(said.max_age, secs(7));
    }

    #[test]
    fn several_lines_are_one() {
        let said = ResponseDirectives::of(&headers(&["public", "NO-CACHE, must-revalidate"]));
        assert!(said.public && said.no_cache && said.must_revalidate);
        let unreadable = ResponseDirectives::of(&headers(&["max-age=60, \u{e4}"]));
        assert!(unreadable.no_store);
    }

    #[test]
    fn requests_ask_for_what_is_fresh_or_may_be_stale() {
        let of = |line: &str| RequestDirectives::of(&headers(&[line]));
        assert_eq!(of("max-stale").max_stale, Some(Duration::MAX));
        assert_eq!(of("max-stale=5").max_stale, secs(5));
        assert_eq!(of("max-stale=x").max_stale, None);
        assert_eq!(of("min-fresh=x").min_fresh, Some(Duration::MAX));
        assert!(of("only-if-cached").only_if_cached);
        let mut pragma = HeaderMap::new();
        pragma.insert(PRAGMA, HeaderValue::from_static("x, No-Cache"));
        assert!(RequestDirectives::of(&pragma).no_cache);
        pragma.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=1"));
        assert!(!RequestDirectives::of(&pragma).no_cache);
    }
}
