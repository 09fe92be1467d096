//! What responses tell a CDN.

use crate::http::caching::directives::split;
use crate::http::caching::fields::listed;
use crate::policy::Grace;
use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, EXPIRES, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
const CLOUDFLARE_CONTROL: HeaderName = HeaderName::from_static("cloudflare-cdn-cache-control");
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
/// Only what the layer stores is for the CDN, which a [`Purger`](crate::http::Purger) can purge. Everything else says `private`, but what
/// says itself how the CDN is to treat it: that is purged with everything alone.
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
    credentials_go_past: bool,
    overwritten: Vec<HeaderName>,
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
            overwritten: Vec::new(),
        }
    }

    /// Fastly: `Surrogate-Control` and `Surrogate-Key`, of which it takes 16 KiB.
    pub fn fastly() -> Self {
        Edge::new().control(SURROGATE_CONTROL).max_keys(16_384)
    }

    /// Cloudflare: `Cloudflare-CDN-Cache-Control`, which goes no further than to it, and `Cache-Tag`, of which it takes 16 KB. It does not look at `Vary`: what varies on anything
    /// but `Accept-Encoding` is not for it. So it has nothing at all before it is told by
    /// [`credentials_go_past`](Self::credentials_go_past) that cookies and `Authorization` change nothing.
    pub fn cloudflare() -> Self {
        Edge::new()
            .control(CLOUDFLARE_CONTROL)
            .keys(CACHE_TAG, ',')
            .max_keys(16_000)
            .ignores_vary()
            .overwrites(HeaderName::from_static("x-forwarded-proto"))
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

    /// For how long the CDN may have a response that does not say itself how long it is fresh, and is no error. Default: for as long as it is
    /// fresh here. It may be much longer, since it is purged when what it is made of is invalidated; and no longer than one can bear a
    /// change that nobody has told of. Who wants it longer for a response that says so, says that, too: in the CDN's field.
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

    /// The CDN sets this field of requests itself, whatever a client sends: `X-Forwarded-Host`, `X-Forwarded-Proto`, `Forwarded`. Otherwise
    /// responses to requests that have one say that they vary on it, unless the layer is told by
    /// [`ignore_host`](crate::http::CacheLayer::ignore_host) that they do not.
    pub fn overwrites(mut self, name: HeaderName) -> Self {
        self.overwritten.push(name);
        self
    }

    /// The CDN is configured to pass requests on that have an `Authorization`, or a cookie that tells who sends it, whatever it has
    /// stored. Otherwise responses say that they vary on these, and to a CDN that ignores that, nothing is given.
    pub fn credentials_go_past(mut self) -> Self {
        self.credentials_go_past = true;
        self
    }

    /// The fields of requests by which responses differ for a cache before this one, whatever they say themselves.
    pub(in crate::http) fn differs_by(&self, told: &Told) -> Vec<HeaderName> {
        let mut names = told.by_headers.clone();
        if !self.credentials_go_past {
            names.push(AUTHORIZATION);
            if !told.ignores_cookies {
                names.push(COOKIE);
            }
        }
        names
    }

    /// Those that only some requests have, and are to be told of when one has: caches between add them.
    pub(in crate::http) fn differs_if_there(&self, name: &HeaderName) -> bool {
        !self.overwritten.contains(name)
    }

    /// Lets the CDN have a response, if it can be purged, and is told apart from what differs by these fields of the request; or tells why
    /// not.
    pub(in crate::http) fn allow(
        &self,
        headers: &mut HeaderMap,
        times: Times,
        keys: &str,
        differs_by: &[HeaderName],
    ) -> Result<(), &'static str> {
        if keys.is_empty() {
            return Err(
                "it depends on more than `Edge::max_keys` bytes can say; raise that, if the CDN and what stands between allow it",
            );
        }
        let others = headers
            .get_all(&self.keys)
            .iter()
            .map(|line| line.len() + 1);
        if keys.len() + others.sum::<usize>() > self.max_keys {
            return Err("its handler has given it more keys than there is room for");
        }
        vary(headers, differs_by);
        if !self.obeys_vary && !is_same_for_all(headers) {
            return Err(
                "it varies, which this CDN ignores; on `Authorization` and `Cookie` it does not, if `Edge::credentials_go_past`",
            );
        }
        self.add_keys(headers, keys);
        let ttl = self.time(times);
        if self.control == CACHE_CONTROL {
            let says = |name: &str| directives(headers).any(|it| is(it, name));
            if !says("s-maxage") {
                // Browsers cannot be purged: what says nothing to them, they ask for.
                let is_silent = !says("max-age") && !headers.contains_key(EXPIRES);
                let told = if is_silent { "max-age=0, " } else { "" };
                let told = format!("{told}s-maxage={}", seconds(ttl));
                add(headers, &CACHE_CONTROL, ',', &told);
            }
        } else if !self.is_told_by(headers) {
            let mut told = format!("max-age={}", seconds(ttl));
            for (name, time) in [
                ("stale-while-revalidate", times.grace.swr),
                ("stale-if-error", times.grace.stale_if_error),
            ] {
                if !time.is_zero() {
                    told.push_str(&format!(", {name}={}", seconds(time)));
                }
            }
            put(headers, &self.control, &told);
        }
        Ok(())
    }

    /// Adds to what it is known by. Ours come first: what is too much for a CDN, it cuts off.
    pub(in crate::http) fn add_keys(&self, headers: &mut HeaderMap, keys: &str) {
        let keys = keys.replace(' ', self.separator.encode_utf8(&mut [0; 4]));
        let lines = headers.get_all(&self.keys).iter();
        let others = lines.filter_map(|line| line.to_str().ok());
        let all: Vec<&str> = std::iter::once(&*keys)
            .chain(others.filter(|line| !line.is_empty()))
            .collect();
        let all = all.join(&self.separator.to_string());
        put(headers, &self.keys, &all);
    }

    /// For how long the CDN may have it since it was made, as `Age` counts.
    fn time(&self, times: Times) -> Duration {
        let Times { age, fresh_for, .. } = times;
        // What is past its time is so there as well.
        match self.ttl.filter(|_| times.says_nothing && age < fresh_for) {
            Some(longer) if longer >= fresh_for => longer,
            Some(shorter) => fresh_for.min(age + shorter),
            None => fresh_for,
        }
    }

    /// How many bytes of keys it takes.
    pub(in crate::http) fn most_keys(&self) -> usize {
        self.max_keys
    }

    /// Whether a handler says to the CDN itself what it may do. A field that cannot be read says nothing (RFC 9213 §2.2).
    pub(in crate::http) fn is_told_by(&self, headers: &HeaderMap) -> bool {
        let known = [
            "max-age",
            "s-maxage",
            "no-store",
            "no-cache",
            "private",
            "must-revalidate",
        ];
        let is_known = |it: &str| known.iter().any(|name| is(it, name));
        self.control != CACHE_CONTROL && listed(headers, self.control.clone()).any(is_known)
    }

    /// Lets no cache that many share have a response.
    pub(in crate::http) fn refuse(&self, headers: &mut HeaderMap, differs_by: &[HeaderName]) {
        // Some caches remember for all what they may not have.
        vary(headers, differs_by);
        for name in TARGETED {
            headers.remove(name);
        }
        if self.control != CACHE_CONTROL {
            put(headers, &self.control, "private, no-store");
        }
        let lines: Vec<HeaderValue> = headers.get_all(CACHE_CONTROL).iter().cloned().collect();
        headers.remove(CACHE_CONTROL);
        for line in lines {
            let Ok(text) = line.to_str() else {
                headers.append(CACHE_CONTROL, line);
                continue;
            };
            let shared = ["public", "s-maxage", "proxy-revalidate", "private"];
            let is_shared = |it: &&str| shared.iter().any(|name| is(it, name));
            let told = split(text, true).map(str::trim);
            let told: Vec<&str> = told.filter(|it| !it.is_empty() && !is_shared(it)).collect();
            if let Ok(told) = HeaderValue::try_from(told.join(", "))
                && !told.is_empty()
            {
                headers.append(CACHE_CONTROL, told);
            }
        }
        // Of `Cache-Control` some CDNs read nothing else.
        let is_plain = |line: &HeaderValue| line.to_str().is_ok();
        if headers.get_all(CACHE_CONTROL).iter().all(is_plain) {
            add(headers, &CACHE_CONTROL, ',', "private");
        } else {
            headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
        }
    }
}

/// What a layer knows of what responses differ by.
pub(in crate::http) struct Told {
    pub(in crate::http) by_headers: Vec<HeaderName>,
    pub(in crate::http) ignores_cookies: bool,
}

/// What caches obey before `Cache-Control`.
const TARGETED: [&str; 9] = [
    "cdn-cache-control",
    "surrogate-control",
    "cloudflare-cdn-cache-control",
    "fastly-cache-control",
    "akamai-cache-control",
    "edge-control",
    "netlify-cdn-cache-control",
    "vercel-cdn-cache-control",
    "x-accel-expires",
];

fn vary(headers: &mut HeaderMap, differs_by: &[HeaderName]) {
    for name in differs_by {
        let is_told = listed(headers, VARY).any(|it| it.eq_ignore_ascii_case(name.as_str()));
        if !is_told {
            add(headers, &VARY, ',', name.as_str());
        }
    }
}

/// Whether it is what everybody is sent, but for how it is compressed.
fn is_same_for_all(headers: &HeaderMap) -> bool {
    let is_encoding = |name: &str| name.eq_ignore_ascii_case("accept-encoding");
    listed(headers, VARY).all(|it| it.is_empty() || is_encoding(it))
}

/// Of all lines of `Cache-Control` that are text.
fn directives(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(CACHE_CONTROL).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| split(line, true))
        .map(str::trim)
}

/// As long as can be said (RFC 9111 §1.2.2).
fn seconds(time: Duration) -> u64 {
    time.as_secs().min(1 << 31)
}

/// How old a response is, and for how long it is of use.
#[derive(Clone, Copy)]
pub(in crate::http) struct Times {
    pub(in crate::http) age: Duration,
    pub(in crate::http) fresh_for: Duration,
    pub(in crate::http) grace: Grace,
    /// Whether it does not say so itself, and is no error.
    pub(in crate::http) says_nothing: bool,
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
