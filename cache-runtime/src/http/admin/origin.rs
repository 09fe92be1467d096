//! Whether a browser sends what its user wants, and not what a page of somebody else wants (CSRF).
//!
//! By what browsers say themselves: `Sec-Fetch-Site` (Fetch Metadata), `Origin`, and a `Content-Type` that a page of another
//! origin cannot send without being asked first. See the OWASP cheat sheet on cross-site request forgery.

use super::answer::Failure;
use ::http::HeaderValue;
use ::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use ::http::request::Parts;

/// Refuses what a page of another origin may have sent.
pub(super) fn check(parts: &Parts) -> Result<(), Failure> {
    let site = all(parts, "sec-fetch-site");
    if !site
        .iter()
        .all(|site| *site == "same-origin" || *site == "none")
    {
        return Err(Failure::Foreign(
            "sent by a page of another origin (`Sec-Fetch-Site`)",
        ));
    }
    if let Some(origin) = the_only(parts, ORIGIN.as_str())? {
        let host = match the_only(parts, HOST.as_str())? {
            Some(host) => host.to_owned(),
            // HTTP/2 says it there.
            None => parts
                .uri
                .authority()
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        if !agree(origin, &host) {
            return Err(Failure::Foreign(
                "sent by a page of another origin (`Origin` is not `Host`; a proxy has to hand on `Host`)",
            ));
        }
    }
    match the_only(parts, CONTENT_TYPE.as_str())? {
        Some(kind) if is_json(kind) => Ok(()),
        _ => Err(Failure::NotJson),
    }
}

fn all<'p>(parts: &'p Parts, name: &str) -> Vec<&'p str> {
    let values = parts.headers.get_all(name).iter();
    values.map(text).collect()
}

/// What cannot be read agrees with nothing.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("?")
}

/// Of two, nobody knows which one others have looked at.
fn the_only<'p>(parts: &'p Parts, name: &str) -> Result<Option<&'p str>, Failure> {
    match all(parts, name)[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Failure::Foreign("a header stands there twice")),
    }
}

/// Whether a page of this origin was loaded from this host. Which scheme it was, the host does not tell.
fn agree(origin: &str, host: &str) -> bool {
    let (scheme, of_origin) = match origin.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        _ => return false,
    };
    let port = if scheme == "https" { ":443" } else { ":80" };
    let plain = |host: &str| {
        let host = host.strip_suffix(port).unwrap_or(host);
        host.to_ascii_lowercase()
    };
    !of_origin.is_empty() && plain(of_origin) == plain(host)
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_agrees_with_the_host_that_it_names() {
        for (origin, host) in [
            ("http://localhost:3000", "localhost:3000"),
            ("https://Shop.example", "shop.example"),
            ("https://shop.example", "shop.example:443"),
            ("http://[::1]:80", "[::1]"),
        ] {
            assert!(agree(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "null"),
            ("http://localhost:3000", "localhost:3001"),
            ("https://evil.example", "shop.example"),
            ("https://shop.example.evil", "shop.example"),
            ("file://", ""),
            ("http://", ""),
            ("http://shop.example", ""),
        ] {
            assert!(!agree(origin, host), "{origin} {host}");
        }
    }

    #[test]
    fn only_json_is_json() {
        assert!(is_json("application/json") && is_json("Application/JSON; charset=utf-8"));
        for other in [
            "text/plain",
            "",
            "application/jsonp",
            "text/plain; application/json",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }
}
