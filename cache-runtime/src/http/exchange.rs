//! One request on its way to the service, and what came back that is its caller's alone.

use super::body::{CacheBody, Read, read};
use super::options::Options;
use super::request::Asked;
use super::stored::{Kept, Lifetime, Response as Whole, Stored, Varies, now};
use super::storing::lifetime;
use super::variants::{Names, names, together};
use crate::key::Key;
use crate::key::encode::digest_of_bytes;
use crate::read_through::Decision;
use crate::sync::lock;
use crate::tag::Tag;
use bytes::Bytes;
use http::header::{
    AGE, CONNECTION, CONTENT_LENGTH, DATE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    PROXY_AUTHENTICATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;
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

/// Shared by whoever has asked and the computation that may go on without him.
pub(super) struct Exchange<S, A, B: Body, E>(Arc<Mutex<Slot<S, A, B, E>>>);

struct Slot<S, A, B: Body, E> {
    /// What is to be sent, until it is.
    request: Option<(S, Parts, A)>,
    /// What came back, if it is not stored.
    answered: Option<Answered<B, E>>,
    /// Why it is not.
    why: Option<&'static str>,
    /// Whether it was sent.
    was_sent: bool,
    tags: Vec<Tag>,
    /// Under which key it stands besides.
    variant: Option<Key>,
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
            was_sent: false,
            tags: Vec::new(),
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

    /// Whether this caller's request was sent.
    pub(super) fn was_sent(&self) -> bool {
        lock(&self.0).was_sent
    }

    /// Sends the request, and makes what is stored of the response, under a key with the values of `names`.
    pub(super) async fn send(
        self,
        options: Arc<Options>,
        asked: Arc<Asked>,
        known: Names,
    ) -> Result<Kept, Failed> {
        let request = self.take_back();
        lock(&self.0).was_sent = true;
        let (mut service, mut parts, body) = request.ok_or(Failed)?;
        // The whole response is wanted, whatever this client has.
        parts.headers.remove(IF_NONE_MATCH);
        parts.headers.remove(IF_MODIFIED_SINCE);
        let response = match service.call(Request::from_parts(parts, body)).await {
            Ok(response) => response,
            Err(error) => return self.keeps(Err(error), None, Err(Failed)),
        };
        let (mut head, body) = response.into_parts();
        let status = head.status;
        let kept = if status.is_server_error() {
            Err(Failed)
        } else {
            Ok(Kept::Passed)
        };
        let found = lifetime(asked.audience, status, &head.headers, &options.defaults);
        let lifetime = match found {
            Ok(lifetime) => lifetime,
            Err(why) => {
                let response = Response::from_parts(head, CacheBody::untouched(body));
                return self.keeps(Ok(response), Some(why), kept);
            }
        };
        let names = together(&known, &names(&head.headers));
        if names != known {
            options.variants.learn(&asked.key, Arc::clone(&names));
            if !known.is_empty() {
                // What stands under this key would be found by requests that it is not for.
                let why = "it varies on more than was known";
                let response = Response::from_parts(head, CacheBody::untouched(body));
                return self.keeps(Ok(response), Some(why), Ok(Kept::Another));
            }
        }
        match read(body, options.max_body, options.patience).await {
            Read::Whole(body) => {
                let mut slot = lock(&self.0);
                let tags = head.extensions.remove::<CacheTags>();
                slot.tags = tags.unwrap_or_default().0;
                slot.variant = (names != known).then(|| asked.variant(&names));
                let varies = Varies {
                    values: asked.values(&names),
                    names,
                };
                let whole = whole(status, head.headers, body, lifetime, varies, &options);
                Ok(Kept::Response(Stored::new(whole)))
            }
            Read::Passed(body, why) => {
                self.keeps(Ok(Response::from_parts(head, body)), Some(why), kept)
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
    pub(super) fn decide(&self, kept: &Kept, decision: &mut Decision) {
        match kept {
            Kept::Response(stored) => {
                let Lifetime {
                    fresh_for,
                    swr,
                    stale_if_error,
                    ..
                } = stored.lifetime;
                decision.ttl(fresh_for.saturating_sub(stored.lifetime.age()));
                decision.grace(swr.max(stale_if_error));
                let mut slot = lock(&self.0);
                decision.tags(std::mem::take(&mut slot.tags));
                if let Some(variant) = slot.variant.take() {
                    decision.also_under(variant);
                }
            }
            Kept::Another | Kept::Passed => decision.unless(true),
        }
    }
}

/// As it is sent from now on: without what was about one connection (RFC 9111 §3.1), with a date and an entity tag.
fn whole(
    status: StatusCode,
    mut headers: HeaderMap,
    body: Bytes,
    lifetime: Lifetime,
    varies: Varies,
    options: &Options,
) -> Whole {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    let of_connection = [
        CONNECTION,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        PROXY_AUTHENTICATE,
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
    if options.makes_etags && status == StatusCode::OK && !headers.contains_key(ETAG) {
        // A weak one: another layer may compress what this one has stored.
        let digest = u128::from_be_bytes(digest_of_bytes(&body));
        if let Ok(tag) = HeaderValue::try_from(format!("W/\"{digest:032x}\"")) {
            headers.insert(ETAG, tag);
        }
    }
    if status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Whole {
        status,
        headers,
        body,
        lifetime,
        varies,
    }
}
