//! Pages of others, which a browser lets send requests in its user's name.

use crate::world::{ask, open, request, used};
use http::HeaderValue;

/// The answer to an invalidation with these headers; an empty value takes a header away.
async fn with(headers: &[(&'static str, &'static str)]) -> u16 {
    let cache = used().await;
    let mut sent = request("POST", "/invalidate", r#"{"pattern": "*"}"#);
    for (name, value) in headers {
        sent.headers_mut().remove(*name);
        if !value.is_empty() {
            sent.headers_mut()
                .insert(*name, HeaderValue::from_static(value));
        }
    }
    let status = ask(&open(&cache), sent).await.status.as_u16();
    assert_eq!(
        cache.stats().invalidations,
        u64::from(status == 200),
        "{headers:?}"
    );
    status
}

#[tokio::test]
async fn the_page_itself_may_and_so_may_who_is_no_browser() {
    for headers in [
        &[][..],
        &[("host", "")],
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://shop.example"),
        ],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://shop.example:443")],
        &[
            ("origin", "http://SHOP.example:8080"),
            ("host", "shop.example:8080"),
        ],
        &[("content-type", "application/json; charset=utf-8")],
    ] {
        assert_eq!(with(headers).await, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn pages_of_others_may_not() {
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "something-new")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://shop.example.evil.example")],
        &[("origin", "https://shop.example:444")],
        &[("origin", "null")],
        &[("origin", "https://shop.example"), ("host", "")],
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "same-origin"),
        ],
    ] {
        assert_eq!(with(headers).await, 403, "{headers:?}");
    }
}

#[tokio::test]
async fn what_a_form_could_send_is_not_taken() {
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ] {
        assert_eq!(with(&[("content-type", kind)]).await, 415, "{kind}");
    }
}

#[tokio::test]
async fn of_two_origins_neither_counts() {
    let cache = used().await;
    let mut sent = request("POST", "/invalidate", r#"{"pattern": "*"}"#);
    for origin in ["https://shop.example", "https://evil.example"] {
        sent.headers_mut()
            .append("origin", HeaderValue::from_static(origin));
    }
    assert_eq!(ask(&open(&cache), sent).await.status, 403);
    assert_eq!(cache.stats().invalidations, 0);
}

/// There the host stands in the address of the request.
#[tokio::test]
async fn on_http_2_the_authority_counts_as_the_host() {
    let cache = used().await;
    for (origin, status) in [("https://shop.example", 200), ("https://evil.example", 403)] {
        let mut sent = request("POST", "https://shop.example/invalidate", r#"{"key": "a"}"#);
        sent.headers_mut().remove("host");
        sent.headers_mut()
            .insert("origin", HeaderValue::from_static(origin));
        assert_eq!(ask(&open(&cache), sent).await.status, status, "{origin}");
    }
}
