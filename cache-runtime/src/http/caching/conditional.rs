//! Conditional requests: whether the client has what is stored already (RFC 9110 §13, RFC 9111 §4.3.2).

use super::body::CacheBody;
use super::storing::read_time;
use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;

/// Whether `304 Not Modified` says it all. `If-None-Match` goes before the time.
pub(super) fn is_known(request: &HeaderMap, stored: &HeaderMap) -> bool {
    if request.contains_key(IF_NONE_MATCH) {
        let known = request.get_all(IF_NONE_MATCH).iter();
        let own = stored.get(ETAG).and_then(|tag| tag.to_str().ok());
        return known
            .filter_map(|line| line.to_str().ok())
            .any(|line| matches(line, own));
    }
    let time = |headers: &HeaderMap, name| {
        let value: &http::HeaderValue = headers.get(name)?;
        read_time(value.to_str().ok()?)
    };
    if request.get_all(IF_MODIFIED_SINCE).iter().count() > 1 {
        return false;
    }
    let Some(since) = time(request, IF_MODIFIED_SINCE) else {
        return false;
    };
    match time(stored, LAST_MODIFIED) {
        Some(modified) => modified <= since,
        // Within one second there may have been another one.
        None => time(stored, DATE).is_some_and(|made| made < since),
    }
}

/// Of what is not stored, what this client asked for: the service was not told that it has it already.
pub(super) fn unless_known<B>(
    request: &HeaderMap,
    mut response: Response<CacheBody<B>>,
) -> Response<CacheBody<B>>
where
    B: Body<Data = Bytes>,
{
    if response.status() != StatusCode::OK || !is_known(request, response.headers()) {
        return response;
    }
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    describe_no_body(response.headers_mut());
    response.map(|_| CacheBody::whole(Bytes::new()))
}

/// Takes away what describes the body that is not sent (RFC 9110 §15.4.5).
pub(super) fn describe_no_body(headers: &mut HeaderMap) {
    for name in [
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
    ] {
        headers.remove(name);
    }
}

/// By weak comparison (§8.8.3.2).
fn matches(line: &str, own: Option<&str>) -> bool {
    if line.trim() == "*" {
        return true;
    }
    own.map(opaque).is_some_and(|own| {
        let mut rest = line;
        while let Some((tag, after)) = next_tag(rest) {
            if tag == own {
                return true;
            }
            rest = after;
        }
        false
    })
}

fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The next entity tag of a list, with its quotation marks, and what follows. Commas may be part of it.
fn next_tag(list: &str) -> Option<(&str, &str)> {
    let start = list.find('"')?;
    let length = list[start + 1..].find('"')? + 2;
    Some((&list[start..start + length], &list[start + length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_are_compared_weakly_and_one_by_one() {
        for known in ["\"a\"", "W/\"a\"", "\"x\", W/\"a\"", "\"x,y\",\"a\"", " * "] {
            assert!(matches(known, Some("\"a\"")), "{known}");
            assert!(matches(known, Some("W/\"a\"")), "{known}");
        }
        for other in ["\"A\"", "a", "\"x, \\\"a", "\"b\"", "", "\"a"] {
            assert!(!matches(other, Some("\"a\"")), "{other}");
        }
        assert!(!matches("\"a\"", None));
    }
}
