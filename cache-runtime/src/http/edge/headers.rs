//! What responses tell a CDN.

use crate::http::caching::fields::listed;
use crate::policy::Grace;
use http::header::{CACHE_CONTROL, EXPIRES, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");
const XKEY: HeaderName = HeaderName::from_static("xkey");

/// A CDN before the service, for [`CacheLayer::edge`](crate::http::CacheLayer::edge): how it is told for how long it may have a
/// response, and what to know it by.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::http::{CacheLayer, Edge};
/// use std::time::Duration;
///
/// # fn layer(cache: &Cache) -> CacheLayer {
/// CacheLayer::new(cache, "api").ttl(Duration::from_secs(60)).edge(Edge::fastly())
/// # }
/// ```
///
/// Only what the layer stores is for the CDN: everything else says `private`, but what says itself how the CDN is to treat it. So it
/// holds nothing that a [`Purger`](crate::http::Purger) cannot purge.
///
/// What differs by `Cookie` or `Authorization` says so (`Vary`), unless the CDN is known to keep these
/// [away](Edge::credentials_go_past).
#[derive(Clone, Debug)]
#[must_use = "it does nothing until a layer is given it"]
pub struct Edge {
    control: HeaderName,
    keys: HeaderName,
    separator: char,
    ttl: Option<Duration>,
    max_keys: usize,
    obeys_vary: bool,
    pub(in crate::http) credentials_go_past: bool,
}

impl Edge {
    /// By the standard: `CDN-Cache-Control` (RFC 9213), and keys in `Surrogate-Key`, with blanks between.
    pub fn new() -> Self {
        Edge {
            control: CDN_CACHE_CONTROL,
            keys: SURROGATE_KEY,
            separator: ' ',
            ttl: None,
            max_keys: 4_000,
            obeys_vary: true,
            credentials_go_past: false,
        }
    }

    /// Fastly: `Surrogate-Control` and `Surrogate-Key`, of which it takes 16 KiB.
    pub fn fastly() -> Self {
        Edge::new().control(SURROGATE_CONTROL).max_keys(16_384)
    }

    /// Cloudflare: `CDN-Cache-Control` and `Cache-Tag`, of which it takes 16 KB. It does not look at `Vary`: what varies on anything
    /// but `Accept-Encoding` is not for it.
    pub fn cloudflare() -> Self {
        Edge::new()
            .keys(CACHE_TAG, ',')
            .max_keys(16_000)
            .ignores_vary()
    }

    /// Varnish with its module `xkey`: `s-maxage` in `Cache-Control`, and `xkey`. Its default for headers (`http_resp_size`) leaves
    /// room for the 4,000 bytes that are ours.
    pub fn varnish() -> Self {
        Edge::new().control(CACHE_CONTROL).keys(XKEY, ' ')
    }

    /// The field that tells for how long. With `Cache-Control` itself, by `s-maxage`.
    pub fn control(mut self, name: HeaderName) -> Self {
        self.control = name;
        self
    }

    /// The field of the keys, and what stands between two of them.
    pub fn keys(mut self, name: HeaderName, separator: char) -> Self {
        self.keys = name;
        self.separator = separator;
        self
    }

    /// For how long the CDN may have a response. Default: for as long as it is fresh here. It may be much longer, since it is purged
    /// when what it is made of is invalidated; and no longer than one can bear a change that nobody has told of.
    pub fn ttl(mut self, time: Duration) -> Self {
        self.ttl = Some(time);
        self
    }

    /// How many bytes of keys there may be. Default: 4,000, which are 360 things that a response depends on. What depends on more is
    /// not for the CDN, which the log tells. Proxies on the way have limits of their own: nginx, 4 or 8 KiB for all headers.
    pub fn max_keys(mut self, bytes: usize) -> Self {
        self.max_keys = bytes;
        self
    }

    /// The CDN does not look at `Vary`.
    pub fn ignores_vary(mut self) -> Self {
        self.obeys_vary = false;
        self
    }

    /// The CDN is configured to pass requests on that have an `Authorization`, or a cookie that tells who sends it, whatever it has
    /// stored. Otherwise responses say that they vary on these, and to a CDN that ignores that, nothing is given.
    pub fn credentials_go_past(mut self) -> Self {
        self.credentials_go_past = true;
        self
    }

    /// Lets the CDN have a response, if it can be purged, and is told apart from what differs by these fields of the request. False:
    /// it cannot.
    pub(in crate::http) fn allow(
        &self,
        headers: &mut HeaderMap,
        fresh_for: Duration,
        grace: Grace,
        keys: &str,
        differs_by: &[HeaderName],
    ) -> bool {
        if keys.len() > self.max_keys || !self.vary(headers, differs_by) {
            return false;
        }
        let keys = keys.replace(' ', self.separator.encode_utf8(&mut [0; 4]));
        add(headers, &self.keys, self.separator, &keys);
        let ttl = self.ttl.unwrap_or(fresh_for).as_secs();
        if self.control == CACHE_CONTROL {
            let says = |name: &str| listed(headers, CACHE_CONTROL).any(|it| is(it, name));
            if !says("s-maxage") {
                // Browsers cannot be purged: what says nothing to them, they ask for.
                let is_silent = !says("max-age") && !headers.contains_key(EXPIRES);
                let told = if is_silent { "max-age=0, " } else { "" };
                add(
                    headers,
                    &CACHE_CONTROL,
                    ',',
                    &format!("{told}s-maxage={ttl}"),
                );
            }
        } else if !headers.contains_key(&self.control) {
            let mut told = format!("max-age={ttl}");
            for (name, time) in [
                ("stale-while-revalidate", grace.swr),
                ("stale-if-error", grace.stale_if_error),
            ] {
                if !time.is_zero() {
                    told.push_str(&format!(", {name}={}", time.as_secs()));
                }
            }
            put(headers, &self.control, &told);
        }
        true
    }

    /// How many bytes of keys it takes.
    pub(in crate::http) fn most_keys(&self) -> usize {
        self.max_keys
    }

    fn vary(&self, headers: &mut HeaderMap, differs_by: &[HeaderName]) -> bool {
        for name in differs_by {
            let is_told = listed(headers, VARY).any(|it| it.eq_ignore_ascii_case(name.as_str()));
            if !is_told {
                add(headers, &VARY, ',', name.as_str());
            }
        }
        let is_encoding = |name: &str| name.eq_ignore_ascii_case("accept-encoding");
        self.obeys_vary || listed(headers, VARY).all(|it| it.is_empty() || is_encoding(it))
    }

    /// What a handler says to the CDN itself.
    pub(in crate::http) fn is_told_by(&self, headers: &HeaderMap) -> bool {
        self.control != CACHE_CONTROL && headers.contains_key(&self.control)
    }

    /// Lets no cache that many share have a response.
    pub(in crate::http) fn refuse(&self, headers: &mut HeaderMap) {
        if self.control != CACHE_CONTROL {
            put(headers, &self.control, "private, no-store");
        }
        let is_shared = |it: &&str| {
            !["public", "s-maxage", "proxy-revalidate"]
                .iter()
                .any(|name| is(it, name))
        };
        let mut told: Vec<&str> = listed(headers, CACHE_CONTROL).filter(is_shared).collect();
        let is_private = |it: &&str| it.eq_ignore_ascii_case("private") || is(it, "no-store");
        if !told.iter().any(is_private) {
            told.push("private");
        }
        let told = told.join(", ");
        put(headers, &CACHE_CONTROL, &told);
    }
}

impl Default for Edge {
    fn default() -> Self {
        Edge::new()
    }
}

/// Whether a directive is this one, with a value or without.
fn is(directive: &str, name: &str) -> bool {
    let told = directive.split('=').next().unwrap_or_default();
    told.trim().eq_ignore_ascii_case(name)
}

fn put(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// In one line with what is there: some read no other.
fn add(headers: &mut HeaderMap, name: &HeaderName, separator: char, value: &str) {
    let lines = headers.get_all(name).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let told: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let separator = match separator {
        ',' => ", ",
        other => &other.to_string(),
    };
    let told = [told, vec![value]].concat().join(separator);
    put(headers, name, &told);
}
