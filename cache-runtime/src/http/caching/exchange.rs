//! One request on its way to the service, and what came back that is its caller's alone.

use super::body::{CacheBody, Read, TOO_SLOW, read};
use super::fields::listed;
use super::options::Options;
use super::request::Asked;
use super::stored::{Kept, Lifetime, Response as Whole, Stored, Varies, now};
use super::storing::{Audience, lifetime};
use super::surrogates::surrogates;
use super::validation::Old;
use super::variants::{Names, names, together, values};
use crate::flight::current_computation;
use crate::key::Key;
use crate::key::encode::digest_of_bytes;
use crate::read_through::Decision;
use crate::sync::lock;
use crate::tag::Tag;
use bytes::Bytes;
use http::header::{
    AGE, CONNECTION, CONTENT_LENGTH, DATE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};
use tower_service::Service;

/// What a handler says of the tags of its response: put into the extensions of it.
///
/// ```
/// use cache_runtime::http::CacheTags;
///
/// let mut response = http::Response::new("Ada");
/// response.extensions_mut().insert(CacheTags::new(["user:7", "profiles"]));
/// ```
///
/// Tags of what the handler has read by cached functions need not be said: the response depends on these anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheTags(Vec<Tag>);

impl CacheTags {
    /// These.
    pub fn new<T: Into<Tag>>(tags: impl IntoIterator<Item = T>) -> Self {
        CacheTags(tags.into_iter().map(Into::into).collect())
    }
}

/// The service could not be asked, or its answer was an error.
#[derive(Debug)]
pub(super) struct Failed;

/// What a service has answered.
pub(super) type Answered<B, E> = Result<Response<CacheBody<B>>, E>;

/// What is looked for by sending a request.
pub(super) struct Sought {
    pub(super) asked: Asked,
    /// Of the request, as it came.
    pub(super) headers: Arc<HeaderMap>,
    /// Where the answer is to stand.
    pub(super) key: Key,
    /// The fields that it varies on, if they are part of the key.
    pub(super) names: Names,
    /// The tags that the layer has for it.
    pub(super) tags: Vec<Tag>,
}

impl Sought {
    fn surrogates(
        &self,
        options: &Options,
        tags: &[Tag],
        variant: Option<&Key>,
    ) -> Option<Box<str>> {
        let keys = std::iter::once(&self.key).chain(variant);
        surrogates(options, &self.asked, keys, self.tags.iter().chain(tags))
    }
}

/// Shared by whoever has asked and the computation that may go on without him.
pub(super) struct Exchange<S, A, B: Body, E>(Arc<Mutex<Slot<S, A, B, E>>>);

struct Slot<S, A, B: Body, E> {
    /// What is to be sent, until it is.
    request: Option<(S, Parts, A)>,
    /// What came back, if it is not stored.
    answered: Option<Answered<B, E>>,
    /// Why it is not.
    why: Option<&'static str>,
    /// What was made of the response to be stored.
    made: Option<Stored>,
    /// Whether there was something that it replaces.
    is_stale: bool,
    /// What the service said of that.
    confirmed: bool,
    others: Others,
    tags: Vec<Tag>,
    /// Those of the response: for layers further out, and this caller's response alone.
    extensions: Extensions,
    /// Under which key it stands besides.
    variant: Option<Key>,
}

/// What follows for others from an answer that is its caller's alone.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Others {
    /// What is there is older.
    #[default]
    Replaced,
    /// The same, and they need not wait for one another.
    Alone,
    /// Nothing: what is there is as good as before.
    Unconcerned,
}

impl<S, A, B: Body, E> Clone for Exchange<S, A, B, E> {
    fn clone(&self) -> Self {
        Exchange(Arc::clone(&self.0))
    }
}

impl<S, A, B, E> Exchange<S, A, B, E>
where
    S: Service<Request<A>, Response = Response<B>, Error = E>,
    B: Body<Data = Bytes>,
{
    pub(super) fn new(service: S, parts: Parts, body: A) -> Self {
        Exchange(Arc::new(Mutex::new(Slot {
            request: Some((service, parts, body)),
            answered: None,
            why: None,
            made: None,
            is_stale: false,
            confirmed: false,
            others: Others::default(),
            tags: Vec::new(),
            extensions: Extensions::new(),
            variant: None,
        })))
    }

    /// Takes back what was not sent.
    pub(super) fn take_back(&self) -> Option<(S, Parts, A)> {
        lock(&self.0).request.take()
    }

    /// What came back for its caller alone, and why.
    pub(super) fn answered(&self) -> Option<(Answered<B, E>, Option<&'static str>)> {
        let mut slot = lock(&self.0);
        let answered = slot.answered.take()?;
        Some((answered, slot.why))
    }

    /// Whether it is what was made of the response to this caller's request.
    pub(super) fn has_made(&self, stored: &Stored) -> bool {
        let slot = lock(&self.0);
        slot.made.as_ref().is_some_and(|made| made.is(stored))
    }

    /// Whether what came back is for nobody else, and will be so the next time.
    pub(super) fn is_for_nobody_else(&self) -> bool {
        lock(&self.0).others == Others::Alone
    }

    /// What the service has put beside its response.
    pub(super) fn extensions(&self) -> Extensions {
        std::mem::take(&mut lock(&self.0).extensions)
    }

    /// Whether there was something past its time that it replaces.
    pub(super) fn is_stale(&self) -> bool {
        lock(&self.0).is_stale
    }

    /// Whether that was confirmed.
    pub(super) fn is_confirmed(&self) -> bool {
        lock(&self.0).confirmed
    }

    /// Sends the request, and makes what is stored of the response.
    pub(super) async fn send(self, options: Arc<Options>, sought: Sought) -> Result<Kept, Failed> {
        let Sought {
            asked,
            headers: seen,
            names: known,
            ..
        } = &sought;
        let (mut service, mut parts, body) = self.take_back().ok_or(Failed)?;
        // The whole response is wanted, whatever this client has.
        for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE, RANGE, IF_RANGE] {
            parts.headers.remove(name);
        }
        let confirms = !options.policy.revalidate.is_zero();
        let old = confirms.then(|| Old::of_this(seen)).flatten();
        if let Some(old) = &old {
            old.ask(&mut parts.headers);
        }
        let replaced = replaced();
        lock(&self.0).is_stale = replaced.is_some();
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        let answered = match ready {
            Ok(()) => service.call(Request::from_parts(parts, body)).await,
            Err(error) => Err(error),
        };
        let response = match answered {
            Ok(response) => response,
            Err(error) => return self.keeps(Err(error), None, Err(Failed)),
        };
        let (mut head, body) = response.into_parts();
        let status = head.status;
        if let (StatusCode::NOT_MODIFIED, Some(old)) = (status, old) {
            let tags = head.extensions.remove::<CacheTags>().unwrap_or_default();
            return self.confirmed(old, &head.headers, tags, &options, &sought);
        }
        let has_failed = is_failure(status);
        if has_failed && replaced == Some(StandsIn(true)) {
            let response = Response::from_parts(head, CacheBody::untouched(body));
            return self.keeps(Ok(response), Some("it has failed"), Err(Failed));
        }
        let kept = if has_failed {
            Err(Failed)
        } else {
            Ok(Kept::Passed)
        };
        let found = lifetime(asked.audience, status, &head.headers, &options.defaults);
        let lifetime = match found {
            Ok(lifetime) => lifetime,
            Err(why) => {
                // Of one who is refused, or has a cookie, nothing follows for others.
                let is_refusal = status.is_client_error() && !is_gone(status);
                let is_about_him = asked.audience == Audience::EverybodyWhoIsAllowed;
                lock(&self.0).others = if is_refusal || is_about_him {
                    Others::Unconcerned
                } else if has_failed {
                    Others::Replaced
                } else {
                    Others::Alone
                };
                let response = Response::from_parts(head, CacheBody::untouched(body));
                return self.keeps(Ok(response), Some(why), kept);
            }
        };
        let names = together(known, &names(&head.headers));
        if names != *known {
            options.variants.learn(&asked.key, Arc::clone(&names));
            if !known.is_empty() {
                // What stands under this key would be found by requests that it is not for.
                let why = "it varies on more than was known";
                let response = Response::from_parts(head, CacheBody::untouched(body));
                return self.keeps(Ok(response), Some(why), Ok(Kept::Another));
            }
        }
        let told: Option<usize> = head.headers.get(CONTENT_LENGTH).and_then(|length| {
            let length = length.to_str().ok()?;
            length.parse().ok()
        });
        let told = told.or_else(|| body.size_hint().exact().map(|exact| exact as usize));
        match read(body, options.max_body, options.patience).await {
            Read::Whole(body) if told.is_some_and(|told| told != body.len()) => {
                let response = Response::from_parts(head, CacheBody::whole(body));
                let why = "its body is of another length than it says";
                self.keeps(Ok(response), Some(why), Ok(Kept::Passed))
            }
            Read::Whole(body) => {
                let mut slot = lock(&self.0);
                let tags = head.extensions.remove::<CacheTags>();
                slot.tags = tags.unwrap_or_default().0;
                slot.extensions = head.extensions;
                slot.variant = (names != *known).then(|| asked.variant(&names, seen));
                let varies = Varies {
                    values: values(&names, seen),
                    names,
                };
                let surrogates = sought.surrogates(&options, &slot.tags, slot.variant.as_ref());
                let lifetime = limited(lifetime);
                // It may be a part of something larger, which would be kept with it.
                let body = Bytes::copy_from_slice(&body);
                let made = Made {
                    status,
                    body,
                    lifetime,
                    varies,
                    surrogates,
                };
                let stored = Stored::new(whole(made, head.headers, &options));
                slot.made = Some(stored.clone());
                Ok(Kept::Response(stored))
            }
            Read::Passed(body, why) => {
                // A body that is slow may be faster the next time.
                lock(&self.0).others = if why == TOO_SLOW {
                    Others::Unconcerned
                } else {
                    Others::Alone
                };
                self.keeps(Ok(Response::from_parts(head, body)), Some(why), kept)
            }
        }
    }

    /// What is stored is what the service would say again.
    fn confirmed(
        &self,
        old: Old,
        said: &HeaderMap,
        tags: CacheTags,
        options: &Options,
        sought: &Sought,
    ) -> Result<Kept, Failed> {
        let (stored, headers) = old.confirmed(said);
        // Its age begins anew, unless this one has one.
        let audience = sought.asked.audience;
        let told = lifetime(audience, stored.status, &headers, &options.defaults);
        let mut slot = lock(&self.0);
        slot.confirmed = true;
        slot.tags = tags.0;
        let fresh = |lifetime| {
            let mut surrogates = sought.surrogates(options, &slot.tags, None);
            if let (Some(all), Some(old)) = (&mut surrogates, &stored.surrogates)
                && !all.is_empty()
            {
                // Tags that its handler declared with the body.
                let legible = old.split(' ').filter(|key| !key.starts_with('~'));
                let new = legible.filter(|key| !all.split(' ').any(|it| it == *key));
                let all_of_them: Vec<&str> = all.split(' ').chain(new).collect();
                *all = all_of_them.join(" ").into();
            }
            let made = Made {
                status: stored.status,
                body: stored.body.clone(),
                lifetime: limited(lifetime),
                varies: stored.varies.clone(),
                surrogates,
            };
            whole(made, headers.clone(), options)
        };
        match told {
            Ok(lifetime) => {
                let stored = Stored::new(fresh(lifetime));
                slot.made = Some(stored.clone());
                Ok(Kept::Response(stored))
            }
            Err(why) => {
                let whole = fresh(stored.lifetime);
                let mut response = Response::new(CacheBody::whole(whole.body));
                *response.status_mut() = whole.status;
                *response.headers_mut() = whole.headers;
                slot.answered = Some(Ok(response));
                slot.why = Some(why);
                Ok(Kept::Passed)
            }
        }
    }

    fn keeps(
        &self,
        answered: Answered<B, E>,
        why: Option<&'static str>,
        kept: Result<Kept, Failed>,
    ) -> Result<Kept, Failed> {
        let mut slot = lock(&self.0);
        slot.answered = Some(answered);
        slot.why = why;
        kept
    }

    /// How what was found is stored.
    pub(super) fn decide(&self, options: &Options, kept: &Kept, decision: &mut Decision) {
        decision.of_response();
        match kept {
            Kept::Response(stored) => {
                let Lifetime {
                    fresh_for,
                    swr,
                    stale_if_error,
                    ..
                } = stored.lifetime;
                decision.ttl(fresh_for.saturating_sub(stored.lifetime.age()));
                let confirmed_for = match stored.can_be_confirmed() {
                    true => options.policy.revalidate,
                    false => Duration::ZERO,
                };
                decision.grace(swr.max(stale_if_error).max(confirmed_for));
                decision.tells(stored.fate());
                let mut slot = lock(&self.0);
                decision.tags(std::mem::take(&mut slot.tags));
                if let Some(variant) = slot.variant.take() {
                    decision.also_under(variant);
                }
            }
            Kept::Another | Kept::Passed => {
                decision.unless(true);
                if lock(&self.0).others == Others::Unconcerned {
                    decision.leave_what_is_there();
                }
            }
        }
    }
}

/// What is made of something past its time is fresh for no longer than that says.
fn limited(mut lifetime: Lifetime) -> Lifetime {
    let flight = current_computation().map(|(flight, _)| flight);
    if let Some(limit) = flight.and_then(|flight| flight.longest_freshness()) {
        let most = lifetime.age().saturating_add(limit);
        lifetime.by_default &= most >= lifetime.fresh_for;
        lifetime.fresh_for = lifetime.fresh_for.min(most);
    }
    lifetime
}

/// Whether it is an answer, though there is nothing.
fn is_gone(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE)
}

/// What tells that something has gone wrong for a while (RFC 5861 §4).
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// Whether something stands in for the computation that this is part of, if that fails.
#[derive(Clone, Copy, PartialEq, Eq)]
struct StandsIn(bool);

/// Of what this computation replaces, if it replaces something.
fn replaced() -> Option<StandsIn> {
    let (_, last) = current_computation()?;
    last.map(|last| StandsIn(last.stands_in))
}

/// What is stored of a response, but its headers.
struct Made {
    status: StatusCode,
    body: Bytes,
    lifetime: Lifetime,
    varies: Varies,
    surrogates: Option<Box<str>>,
}

/// As it is sent from now on: without what was about one connection (RFC 9111 §3.1), with a date and an entity tag.
fn whole(made: Made, mut headers: HeaderMap, options: &Options) -> Whole {
    let named: Vec<HeaderName> = listed(&headers, CONNECTION)
        .filter_map(|name| HeaderName::try_from(name).ok())
        .collect();
    let of_connection = [
        CONNECTION,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        HeaderName::from_static("proxy-authentication-info"),
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        AGE,
    ];
    for name in named.into_iter().chain(of_connection) {
        headers.remove(name);
    }
    if !headers.contains_key(DATE) {
        let date = httpdate::fmt_http_date(UNIX_EPOCH + now());
        if let Ok(date) = HeaderValue::try_from(date) {
            headers.insert(DATE, date);
        }
    }
    let is_tagged = headers.get(ETAG).is_some_and(|tag| !is_made_here(tag));
    if options.makes_etags && made.status == StatusCode::OK && !headers.contains_key(ETAG) {
        // A weak one: another layer may compress what this one has stored.
        if let Ok(tag) = HeaderValue::try_from(tag_of(&made.body, made.surrogates.as_deref())) {
            headers.insert(ETAG, tag);
        }
    }
    if made.status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(made.body.len()));
    }
    Whole {
        status: made.status,
        headers,
        body: made.body,
        lifetime: made.lifetime,
        varies: made.varies,
        is_tagged,
        surrogates: made.surrogates,
    }
}

/// What entity tags that are made here begin with.
const MADE_HERE: &str = "W/\"c-";

/// The same body made of something else has another one: who has it knows it by other keys.
fn tag_of(body: &Bytes, surrogates: Option<&str>) -> String {
    let number = |bytes: &[u8]| u128::from_be_bytes(digest_of_bytes(bytes));
    let digest = number(body) ^ surrogates.map_or(0, |keys| number(keys.as_bytes()));
    format!("{MADE_HERE}{digest:032x}\"")
}

/// The service knows nothing of such a one.
fn is_made_here(tag: &HeaderValue) -> bool {
    tag.as_bytes().starts_with(MADE_HERE.as_bytes())
}
