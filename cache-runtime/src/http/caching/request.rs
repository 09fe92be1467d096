//! What a request asks for, as far as it matters here: whether it is for the cache at all, and under which key its answer stands.

use super::directives::RequestDirectives;
use super::fields::text;
use super::options::{FORWARDED, Options, User};
use super::range;
use super::storing::Audience;
use super::variants::values;
use crate::key::{Key, KeyBuilder};
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, IF_MATCH, IF_UNMODIFIED_SINCE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method};
use std::borrow::Cow;

/// What some services take for the method.
const METHODS: [&str; 3] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// What some take for the path. What they would answer is no answer to others.
const OTHER_PATH: &str = "of another path";

/// A request that the cache may answer.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) key: Key,
    /// Whether only its head is wanted.
    pub(super) is_head: bool,
    /// Whether only a part is wanted.
    pub(super) is_part: bool,
    pub(super) audience: Audience,
    pub(super) directives: RequestDirectives,
}

impl Asked {
    /// Why it is not for the cache, if it is not.
    pub(super) fn read(options: &Options, parts: &Parts, has_body: bool) -> Result<Self, Past> {
        if is_in_disguise(parts) {
            return Err(Past::Method);
        }
        if says_two_hosts(parts) {
            return Err(Past::Because("of two hosts"));
        }
        let is_head = parts.method == Method::HEAD;
        if parts.method != Method::GET && !is_head {
            return Err(Past::Method);
        }
        let headers = &parts.headers;
        for (name, why) in [
            (UPGRADE, "an upgrade"),
            (HeaderName::from_static("x-original-url"), OTHER_PATH),
            (HeaderName::from_static("x-rewrite-url"), OTHER_PATH),
            (IF_MATCH, "a precondition"),
            (IF_UNMODIFIED_SINCE, "a precondition"),
            (TRANSFER_ENCODING, "a body"),
        ] {
            if headers.contains_key(name) {
                return Err(Past::Because(why));
            }
        }
        let length = headers.get(CONTENT_LENGTH);
        if has_body || length.is_some_and(|length| length != "0") {
            return Err(Past::Because("a body"));
        }
        let directives = if options.obeys_requests {
            RequestDirectives::of(headers)
        } else {
            RequestDirectives::default()
        };
        if directives.no_store {
            return Err(Past::Because("the request says no-store"));
        }
        let user = user(options, parts)?;
        let audience = match &user {
            User::Known(_) => Audience::OneUser,
            // Somebody anonymous may have a basket, and a form its token.
            _ if headers.contains_key(AUTHORIZATION) || has_cookies(options, headers) => {
                Audience::EverybodyWhoIsAllowed
            }
            _ => Audience::Everybody,
        };
        Ok(Asked {
            key: key(options, parts, &user),
            is_head,
            is_part: !is_head && range::is_asked_for(headers),
            audience,
            directives,
        })
    }

    /// The key of the answer to requests that have these values of what it varies on.
    pub(super) fn variant(&self, names: &[String], request: &HeaderMap) -> Key {
        Key::from(format!("{}:{:032x}", self.key, values(names, request)))
    }
}

/// Whether it may be of another method than it says.
pub(super) fn is_in_disguise(parts: &Parts) -> bool {
    METHODS.iter().any(|name| parts.headers.contains_key(*name))
}

/// Why a request goes past the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Past {
    Method,
    Because(&'static str),
}

fn user(options: &Options, parts: &Parts) -> Result<User, Past> {
    let headers = &parts.headers;
    match &options.users {
        Some(users) => match users(parts) {
            User::Unknown => Err(Past::Because("of an unknown user")),
            user => Ok(user),
        },
        None if headers.contains_key(AUTHORIZATION) => Err(Past::Because("credentials")),
        None if has_cookies(options, headers) => Err(Past::Because("a cookie")),
        None => Ok(User::Anonymous),
    }
}

/// Whether it has some that may tell who sends it.
pub(super) fn has_cookies(options: &Options, headers: &HeaderMap) -> bool {
    headers.contains_key(COOKIE) && !options.ignores_cookies
}

/// `api:GET:/users/7:anyone::example.org:page=2`; of a known user `…:user:{id}:…` in place of `anyone`. What invalidates a path is
/// a scope: `api:GET:/users/7:`.
fn key(options: &Options, parts: &Parts, user: &User) -> Key {
    let query = parts.uri.query().unwrap_or_default();
    let mut key = KeyBuilder::new(96);
    scope_of_path(&mut key, options, &options.path_of(parts));
    match user {
        User::Known(id) => key.text("user").segment(&**id),
        _ => key.text("anyone"),
    };
    key.segment(parts.uri.scheme_str().unwrap_or_default());
    key.segment(&*host(options, parts));
    if options.by_host {
        for name in FORWARDED {
            let value = exact(&parts.headers, name);
            if value.is_some() {
                key.segment(&(name, value));
            }
        }
    }
    key.segment(&*options.query.normalized(query));
    for name in &options.by_headers {
        let value = exact(&parts.headers, name.as_str());
        key.segment(&value.as_deref());
    }
    key.finish()
}

pub(super) fn scope_of_path(key: &mut KeyBuilder, options: &Options, path: &str) {
    key.part(&*options.name)
        .text(":GET")
        .segment(path)
        .text(":");
}

/// Whether the address names another host than `Host` does, or several are named: then the service may believe another one.
fn says_two_hosts(parts: &Parts) -> bool {
    let mut told = parts.headers.get_all(HOST).iter();
    let first = told.next().map(|host| host.as_bytes());
    let of_address = parts.uri.authority().map(|it| it.as_str().as_bytes());
    let differ = match (first, of_address) {
        (Some(told), Some(address)) => !told.eq_ignore_ascii_case(address),
        _ => false,
    };
    differ || told.next().is_some()
}

/// Whom it was sent to.
pub(super) fn host_of(parts: &Parts) -> Option<&str> {
    let told = || parts.headers.get(HOST)?.to_str().ok();
    let of_address = parts.uri.authority().map(|it| it.as_str());
    of_address.or_else(told)
}

/// Lower case: hosts are (RFC 3986 §3.2.2).
fn host<'p>(options: &Options, parts: &'p Parts) -> Cow<'p, str> {
    if !options.by_host {
        return Cow::Borrowed("");
    }
    let host = host_of(parts).unwrap_or_default();
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// The value of a field as it is, line by line: it need not be a list.
fn exact(headers: &HeaderMap, name: &str) -> Option<String> {
    let name = HeaderName::try_from(name).ok()?;
    let lines: Vec<Cow<'_, str>> = headers.get_all(name).iter().map(text).collect();
    // No value has a line break.
    (!lines.is_empty()).then(|| lines.join("\n"))
}
