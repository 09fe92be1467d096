//! Conditional requests: whether the client has what is stored already (RFC 9110 §13, RFC 9111 §4.3.2).

use super::storing::read_time;
use http::HeaderMap;
use http::header::{DATE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

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
