//! The service behind a layer: what becomes of a request.

use super::answer::answer;
use super::body::CacheBody;
use super::conditional::unless_known;
use super::exchange::{Answered, Exchange, Failed, Sought};
use super::options::Options;
use super::paths::Changing;
use super::request::{Asked, Past, has_cookies, is_in_disguise};
use super::shape::Kind;
use super::status::{Status, Why};
use super::stored::{Kept, Stored};
use super::storing::Audience;
use super::surrogates::tell_of_passed;
use super::variants::Names;
use crate::flight::{refreshing, warming};
use crate::key::Key;
use crate::read_through::{Lookup, Plan};
use crate::stats::count;
use crate::ttl::Ttl;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// A service whose responses are cached; made by [`CacheLayer`](crate::http::CacheLayer).
#[derive(Clone)]
pub struct CacheService<S> {
    inner: S,
    options: Arc<Options>,
}

impl<S> CacheService<S> {
    pub(super) fn new(inner: S, options: Arc<Options>) -> Self {
        CacheService { inner, options }
    }
}

impl<S, A, B> Service<Request<A>> for CacheService<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    A: Body + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    type Response = Response<CacheBody<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    /// Always: what is stored is sent while the service is busy. Whoever needs that waits for it then.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let inner = self.inner.clone();
        let options = Arc::clone(&self.options);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let way = Way {
                is_ones_own: options.users.is_some(),
                options,
                service: inner,
                parts,
                body,
            };
            way.go().await
        })
    }
}

/// A request, and how it can be answered by the service.
struct Way<S, A> {
    options: Arc<Options>,
    service: S,
    parts: Parts,
    body: A,
    /// Whether the answer is for one user, or may be.
    is_ones_own: bool,
}

/// What came of looking for the answer under a key.
enum Found<S, A, B: Body, E> {
    Answer(Response<CacheBody<B>>),
    /// It is this caller's alone.
    Own(Answered<B, E>, Why, Option<&'static str>),
    /// It is for requests with other values of these fields.
    Varies(Names, Way<S, A>),
    /// It is another caller's alone.
    Others(Way<S, A>),
    /// It is not as fresh as this caller wants it.
    Unsuited(Way<S, A>),
    /// It was sent on behalf of somebody else.
    Nothing,
}

/// How the answer is looked for.
struct Wanted {
    key: Key,
    /// The fields that it varies on, if they are part of the key.
    names: Names,
    is_refreshed: bool,
}

impl Wanted {
    fn of(options: &Options, asked: &Asked, request: &HeaderMap) -> Self {
        let said = &asked.directives;
        let mut wanted = Wanted {
            key: asked.key.clone(),
            names: Names::default(),
            is_refreshed: said.no_cache || said.max_age == Some(Duration::ZERO),
        };
        if let Some(names) = options.variants.of(&asked.key) {
            wanted.varies(asked, request, names);
        }
        wanted
    }

    fn varies(&mut self, asked: &Asked, request: &HeaderMap, names: Names) {
        self.key = asked.variant(&names, request);
        self.names = names;
    }

    fn kind(&self) -> Kind {
        Kind {
            may_be_others: self.names.is_empty(),
        }
    }
}

impl<S, A, B> Way<S, A>
where
    S: Service<Request<A>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    A: Body + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Send + 'static,
{
    async fn go(mut self) -> Answered<B, S::Error> {
        if !self.options.cache.is_in_use() {
            return self.past(Why::Bypass, None).await;
        }
        let has_body = has_body(&self.parts, &self.body);
        let asked = match Asked::read(&self.options, &self.parts, has_body) {
            Ok(asked) => asked,
            Err(Past::Because(why)) => return self.past(Why::Bypass, Some(why)).await,
            Err(Past::Method) => return self.by_another_method().await,
        };
        self.is_ones_own = asked.audience == Audience::OneUser;
        if asked.is_head || asked.is_part || asked.directives.only_if_cached {
            return self.only_look(&asked).await;
        }
        self.through(&asked).await
    }

    /// By the cache: under the key of the request, or under that of what the answer varies on.
    async fn through(self, asked: &Asked) -> Answered<B, S::Error> {
        let options = Arc::clone(&self.options);
        let for_whom = ForWhom::of(&options, &self.parts, self.is_ones_own);
        let mut wanted = Wanted::of(&options, asked, &self.parts.headers);
        let mut way = self;
        // Once for what is there, once for its variant, and once more for what is not fresh enough.
        for _ in 0..3 {
            if options.goes_alone(&wanted.key) {
                let why = "the last response was not for others";
                return way.past(Why::Bypass, Some(why)).await;
            }
            way = match way.look(asked, &wanted).await {
                Found::Answer(response) => return Ok(response),
                Found::Own(answered, why, detail) => {
                    return told(&options, &for_whom, answered, why, detail);
                }
                Found::Varies(names, way) if wanted.names.is_empty() => {
                    options.variants.learn(&asked.key, Arc::clone(&names));
                    wanted.varies(asked, &way.parts.headers, names);
                    way
                }
                Found::Varies(_, way) => return way.past(Why::VaryMiss, None).await,
                Found::Others(way) => {
                    let why = "another's response was not for others";
                    return way.past(Why::UriMiss, Some(why)).await;
                }
                Found::Unsuited(way) => {
                    wanted.is_refreshed = true;
                    way
                }
                Found::Nothing => {
                    return Ok(unavailable(
                        StatusCode::SERVICE_UNAVAILABLE,
                        &options,
                        &for_whom,
                    ));
                }
            };
        }
        way.past(Why::UriMiss, None).await
    }

    async fn look(self, asked: &Asked, wanted: &Wanted) -> Found<S, A, B, S::Error> {
        let Way {
            options,
            service,
            parts,
            body,
            is_ones_own,
        } = self;
        let tags = OnceLock::new();
        let looked = async {
            let call = options.call(&wanted.key);
            call.look(wanted.kind(), || {
                let plan = plan(&options, &parts);
                let _are_the_same = tags.set(plan.tags.clone());
                plan
            })
        };
        let said = &asked.directives;
        let looked: Lookup<Result<Kept, Failed>, Kind> = if wanted.is_refreshed {
            refreshing(options.site, looked).await
        } else if said.max_age.is_some() || said.min_fresh.is_some() {
            // Whoever wants it fresh waits for that.
            let ahead = said.min_fresh.unwrap_or_default();
            warming(ahead, looked).await
        } else {
            looked.await
        };
        let way = |service, parts, body| Way {
            options: Arc::clone(&options),
            service,
            parts,
            body,
            is_ones_own,
        };
        let miss = match looked {
            Lookup::Hit(Ok(kept)) => {
                let way = way(service, parts, body);
                let request = &way.parts.headers;
                return match kept {
                    Kept::Response(stored) if !stored.answers(request) => {
                        Found::Varies(Arc::clone(&stored.varies.names), way)
                    }
                    Kept::Response(stored) if is_young_enough(asked, &stored) => {
                        let ttl = stored.lifetime.left();
                        let status = Status::Hit { ttl };
                        Found::Answer(answer(&options, asked, request, &stored, status))
                    }
                    Kept::Response(_) => Found::Unsuited(way),
                    Kept::Another | Kept::Passed => Found::Others(way),
                };
            }
            Lookup::Hit(Err(Failed)) => return Found::Others(way(service, parts, body)),
            Lookup::Miss(miss) => miss,
        };
        let began = super::stored::now();
        // What it was, after it has been sent.
        let request = Arc::new(parts.headers.clone());
        let exchange = Exchange::new(service, parts, body);
        let sought = Sought {
            asked: asked.clone(),
            headers: Arc::clone(&request),
            key: wanted.key.clone(),
            names: Arc::clone(&wanted.names),
            tags: tags.into_inner().unwrap_or_default(),
        };
        let sending = exchange.clone().send(Arc::clone(&options), sought);
        let decide = {
            let (exchange, options) = (exchange.clone(), Arc::clone(&options));
            move |kept: &Kept, decision: &mut _| exchange.decide(&options, kept, decision)
        };
        let found = miss.fill_apart(decide, sending, None).await;
        let why = match (wanted.is_refreshed, wanted.names.is_empty()) {
            _ if exchange.is_stale() => Why::Stale,
            (true, _) => Why::Request,
            (false, true) => Why::UriMiss,
            (false, false) => Why::VaryMiss,
        };
        // Not where an older answer is sent: then it is for the computation in the background.
        let take_back = || {
            let unsent = exchange.take_back();
            unsent.map(|(service, parts, body)| way(service, parts, body))
        };
        match found {
            Ok(Kept::Response(stored)) if !stored.answers(&request) => {
                let names = Arc::clone(&stored.varies.names);
                take_back().map_or(Found::Nothing, |way| Found::Varies(names, way))
            }
            Ok(Kept::Response(stored)) => {
                let ttl = stored.lifetime.left();
                let status = if exchange.has_made(&stored) {
                    let is_stored = stored.is_stored();
                    let why_not =
                        "it was not stored: what it is made of may have changed meanwhile";
                    Status::Forwarded {
                        why,
                        confirmed: exchange.is_confirmed(),
                        stored: is_stored.then_some(ttl),
                        detail: (!is_stored).then_some(why_not),
                    }
                } else if stored.lifetime.received >= began || !stored.is_stored() {
                    Status::Collapsed(why)
                } else {
                    Status::Hit { ttl }
                };
                let answered = || {
                    let mut response = answer(&options, asked, &request, &stored, status);
                    if exchange.has_made(&stored) {
                        *response.extensions_mut() = exchange.extensions();
                    }
                    response
                };
                if is_young_enough(asked, &stored) {
                    return Found::Answer(answered());
                }
                take_back().map_or_else(|| Found::Answer(answered()), Found::Unsuited)
            }
            _ => match exchange.answered() {
                Some((answered, detail)) => {
                    if exchange.is_for_nobody_else() {
                        options.is_answered_alone(&wanted.key);
                    }
                    let answered = answered.map(|response| unless_known(&request, response));
                    Found::Own(answered, why, detail)
                }
                None => take_back().map_or(Found::Nothing, Found::Others),
            },
        }
    }

    /// For whoever wants only what is stored, or no body.
    async fn only_look(self, asked: &Asked) -> Answered<B, S::Error> {
        let options = Arc::clone(&self.options);
        let request = &self.parts.headers;
        let mut wanted = Wanted::of(&options, asked, request);
        // What is wanted fresh is the service's to say.
        let looks = if wanted.is_refreshed { 0 } else { 2 };
        for _ in 0..looks {
            let call = options.call(&wanted.key);
            let plan = || plan(&options, &self.parts);
            match call.peek(wanted.kind(), plan).await {
                Some(Ok(Kept::Response(stored))) if !stored.answers(request) => {
                    wanted.varies(asked, request, Arc::clone(&stored.varies.names));
                }
                Some(Ok(Kept::Response(stored))) if is_young_enough(asked, &stored) => {
                    let ttl = stored.lifetime.left();
                    let status = Status::Hit { ttl };
                    return Ok(answer(&options, asked, request, &stored, status));
                }
                _ => break,
            }
        }
        if asked.directives.only_if_cached {
            let for_whom = ForWhom::of(&options, &self.parts, self.is_ones_own);
            return Ok(unavailable(
                StatusCode::GATEWAY_TIMEOUT,
                &options,
                &for_whom,
            ));
        }
        let why = if asked.is_head {
            "only the head is wanted"
        } else {
            "only a part is wanted"
        };
        self.past(Why::UriMiss, Some(why)).await
    }

    /// Straight to the service.
    async fn past(self, why: Why, detail: Option<&'static str>) -> Answered<B, S::Error> {
        let Way {
            options,
            mut service,
            parts,
            body,
            is_ones_own,
        } = self;
        let for_whom = ForWhom::of(&options, &parts, is_ones_own);
        if why == Why::Bypass {
            count(&options.site.counters(&options.cache).bypassed);
        }
        poll_fn(|context| service.poll_ready(context)).await?;
        let answered = service.call(Request::from_parts(parts, body)).await;
        told(
            &options,
            &for_whom,
            answered.map(|response| response.map(CacheBody::untouched)),
            why,
            detail,
        )
    }

    /// What may have changed something: then what is stored of its path is old (RFC 9111 §4.4).
    async fn by_another_method(self) -> Answered<B, S::Error> {
        if self.parts.method.is_safe() && !is_in_disguise(&self.parts) {
            return self.past(Why::Method, None).await;
        }
        let options = Arc::clone(&self.options);
        let mut changing = Changing::new(&options, &self.parts);
        let answered = self.past(Why::Method, None).await;
        if let Ok(response) = &answered {
            changing.names(&options, response.status(), response.headers());
        }
        let status = answered.as_ref().ok().map(Response::status);
        changing.after(status).await;
        answered
    }
}

/// In HTTP/1.1 one is announced, in HTTP/2 it need not be.
fn has_body(parts: &Parts, body: &impl Body) -> bool {
    let hint = body.size_hint();
    let may_come = parts.version > Version::HTTP_11 && !body.is_end_stream();
    hint.lower() > 0 || (may_come && hint.exact() != Some(0))
}

fn plan(options: &Options, parts: &Parts) -> Plan {
    let tags = options.tags.as_ref().map(|tags| tags(parts));
    Plan {
        tags: tags.unwrap_or_default(),
        ttl: Ttl::For(options.defaults.ttl.unwrap_or_default()),
        ..Plan::default()
    }
}

fn is_young_enough(asked: &Asked, stored: &Stored) -> bool {
    let most = asked.directives.max_age;
    most.is_none_or(|most| stored.lifetime.age() <= most)
}

/// What a CDN has to know of a request whose answer is not stored.
struct ForWhom {
    /// Whether the answer is for one user, or may be.
    is_ones_own: bool,
    /// By what fields it differs.
    differs_by: Vec<HeaderName>,
    /// Whether a CDN may hold what is answered to such a method at all.
    may_be_held: bool,
}

impl ForWhom {
    fn of(options: &Options, parts: &Parts, is_ones_own: bool) -> Self {
        if options.edge.is_none() {
            return ForWhom {
                is_ones_own,
                differs_by: Vec::new(),
                may_be_held: false,
            };
        }
        let headers = &parts.headers;
        let has_credentials = headers.contains_key(AUTHORIZATION) || has_cookies(options, headers);
        ForWhom {
            // A handler that says of its route what a CDN may do does not know that this one is somebody's.
            is_ones_own: is_ones_own || has_credentials || is_in_disguise(parts),
            differs_by: options.differs_by(headers).into_owned(),
            may_be_held: [Method::GET, Method::HEAD].contains(&parts.method),
        }
    }

    fn tell(&self, options: &Options, headers: &mut HeaderMap) {
        if self.may_be_held {
            tell_of_passed(options, self.is_ones_own, &self.differs_by, headers);
        }
    }
}

fn told<B: Body, E>(
    options: &Options,
    for_whom: &ForWhom,
    mut answered: Answered<B, E>,
    why: Why,
    detail: Option<&'static str>,
) -> Answered<B, E> {
    let Ok(response) = &mut answered else {
        return answered;
    };
    for_whom.tell(options, response.headers_mut());
    if options.tells_status {
        let status = Status::Forwarded {
            why,
            confirmed: false,
            stored: None,
            detail,
        };
        status.tell(&options.name, response.headers_mut());
    }
    answered
}

/// What the cache says itself, which is no member of a chain of caches then (RFC 9211 §2).
fn unavailable<B>(
    status: StatusCode,
    options: &Options,
    for_whom: &ForWhom,
) -> Response<CacheBody<B>>
where
    B: Body<Data = Bytes>,
{
    let mut response = Response::new(CacheBody::whole(Bytes::new()));
    *response.status_mut() = status;
    for_whom.tell(options, response.headers_mut());
    response
}

impl<S: fmt::Debug> fmt::Debug for CacheService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService")
            .field("inner", &self.inner)
            .field("options", &self.options)
            .finish()
    }
}
