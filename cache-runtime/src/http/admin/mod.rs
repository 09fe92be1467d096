//! Pages that tell how a cache is doing, and let people invalidate: [`Admin`].
//!
//! This file has the service and its routes. Who may ask is `authority`'s matter, whether a browser sends what its user wants
//! `origin`'s; `health`, `stats` and `invalidate` have the answers, `answer` the form of all of them, `page` the dashboard.
//! Values are told by none of them.

mod answer;
mod authority;
mod body;
mod health;
mod invalidate;
mod origin;
mod page;
#[cfg(feature = "redis")]
mod server_families;
mod stats;

pub use authority::Decision;

use crate::cache::Cache;
use ::http::request::Parts;
use ::http::{Method, Request, Response};
use answer::{Answer, Failure};
use authority::Authority;
use bytes::Bytes;
use http_body::Body;
use http_body_util::Full;
#[cfg(feature = "redis")]
use server_families::ServerFamilies;
use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// Pages that tell how a cache is doing: health, statistics, a dashboard for people, and a way to invalidate by hand.
///
/// A [`tower`](https://docs.rs/tower) service; with axum:
///
/// ```text
/// let admin = Admin::new(&cache).authorize(|request| is_operator(&request.headers));
/// let app = Router::new()
///     .nest_service("/cache", admin.clone())
///     .route_service("/api/health/cache", admin);
/// ```
///
/// | request | answer |
/// |---|---|
/// | `GET /` | the dashboard: one page that asks for nothing but `stats` beside it |
/// | `GET /stats` | all that is known, as JSON; see below |
/// | `GET /metrics` | the same in numbers for Prometheus (feature `metrics`, `metrics::prometheus`) |
/// | `POST /invalidate` | invalidates what `{"key": …}`, `{"pattern": …}`, `{"tag": …}` or `{"tags": […]}` says, and tells what was done |
/// | `GET /api/health/cache` | the health, statistics in short, every function, the configuration |
/// | `POST /api/health/cache` | `{"action": "get_stats"}` or `{"action": "health"}` |
///
/// Paths are those that the service sees: whoever mounts it elsewhere than at the root has to take the front of the path away,
/// as `nest_service` does. At `/api/health/cache` it may stand as it is.
///
/// # Who may ask
///
/// Nobody, unless [`authorize`](Admin::authorize) says so: names of functions and keys tell more than one thinks.
/// [`public_health`](Admin::public_health) lets a monitor ask whether the cache works, and nothing else. What may be a key or a
/// tag of a function that is `sensitive` is shown to nobody; a digest stands in its place.
///
/// `POST /invalidate` is refused if a page of another origin sends it: it has to be `application/json`, `Sec-Fetch-Site` has to
/// be `same-origin` or `none`, and `Origin` has to agree with `Host`, where a browser sends these. A proxy in front has to hand
/// on `Host`. Bodies end at 64 KiB.
///
/// # Status
///
/// `GET /api/health/cache` answers 200 also if the server is away: without it a service goes on, only slower, so an
/// orchestrator has no reason to restart it. `status` is `healthy`, `degraded` (there is a server, and it cannot be used) or
/// `disabled`.
///
/// # What `/stats` tells
///
/// | field | what |
/// |---|---|
/// | `shape` | 1; raised if a field changes its meaning |
/// | `status` | `healthy`, `degraded`, `disabled` |
/// | `uptime` | how long ago the cache was built |
/// | `health` | [`Health`](crate::Health); the server's families are up to 30 s old |
/// | `stats` | [`Stats`](crate::Stats) |
/// | `totals` | sums over all functions: `lookups`, `hits`, `misses`, `coalesced`, `stale`, `loads`, `errors`, `bypassed`, `unavailable`; `hit_rate`, `error_rate` from 0 to 1, `load_time` |
/// | `families` | [`KeyFamilies`](crate::KeyFamilies) |
/// | `invalidations` | the last 100, as [`Cache::recent_invalidations`](crate::Cache::recent_invalidations) has them |
/// | `configuration` | [`Configuration`](crate::Configuration) |
/// | `wiring` | [`Wiring`](crate::Wiring); each of `caches` has also `invalidated_by`, a list of texts |
///
/// Times are objects of `secs` and `nanos`; those of a [`Latency`](crate::Latency) are seconds.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{Cache, http::Admin};
/// use http_body_util::Empty;
/// use tower_service::Service;
///
/// let cache = Cache::in_memory();
/// let mut admin = Admin::new(&cache).authorize(|request| {
///     request.headers.get("authorization").is_some_and(|token| token == "Bearer of good news")
/// });
/// let ask = |token: &str| {
///     http::Request::get("/stats")
///         .header("authorization", token)
///         .body(Empty::<bytes::Bytes>::new())
///         .unwrap()
/// };
/// assert_eq!(admin.call(ask("Bearer of good news")).await.unwrap().status(), 200);
/// assert_eq!(admin.call(ask("Bearer of bad news")).await.unwrap().status(), 403);
/// # }
/// ```
#[derive(Clone)]
pub struct Admin {
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Shared {
    cache: Cache,
    authority: Authority,
    has_public_health: bool,
    #[cfg(feature = "redis")]
    server_families: ServerFamilies,
}

impl Admin {
    /// Pages about `cache`. Everybody is refused until [`authorize`](Admin::authorize) lets somebody in.
    pub fn new(cache: &Cache) -> Self {
        Admin {
            shared: Arc::new(Shared {
                cache: cache.clone(),
                authority: Authority::nobody(),
                has_public_health: false,
                #[cfg(feature = "redis")]
                server_families: ServerFamilies::default(),
            }),
        }
    }

    /// Answers those for whom `allows` returns `true`, or a future of it. It sees all of a request but its body: who may look
    /// and not invalidate is told by the method, which is `POST` for what has an effect.
    ///
    /// A future takes along what it needs of the request:
    ///
    /// ```
    /// # use cache_runtime::{Cache, http::Admin};
    /// # async fn is_operator(session: String) -> bool { !session.is_empty() }
    /// let admin = Admin::new(&Cache::in_memory()).authorize(|request| {
    ///     let session = request.headers.get("cookie").and_then(|cookie| cookie.to_str().ok());
    ///     let session = session.unwrap_or_default().to_owned();
    ///     async move { is_operator(session).await }
    /// });
    /// ```
    ///
    /// Where a layer in front has looked already, and refuses: `authorize(|_| true)`.
    pub fn authorize<F, D, Kind>(mut self, allows: F) -> Self
    where
        F: Fn(&Parts) -> D + Send + Sync + 'static,
        D: Decision<Kind>,
    {
        self.shared_mut().authority = Authority::of(allows);
        self
    }

    /// Lets everybody ask `GET /api/health/cache`. Who is not authorised is told `status` and `backend`, and nothing else.
    ///
    /// ```
    /// use cache_runtime::{Cache, http::Admin};
    ///
    /// let admin = Admin::new(&Cache::in_memory()).public_health();
    /// ```
    pub fn public_health(mut self) -> Self {
        self.shared_mut().has_public_health = true;
        self
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }
}

impl<B> Service<Request<B>> for Admin
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let answer = shared.answer(&parts, body).await;
            let answer = answer.unwrap_or_else(Answer::from);
            Ok(answer.into_response(parts.method == Method::HEAD))
        })
    }
}

/// What can be asked for. To add a page: a variant, its path, its methods, its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Page,
    Stats,
    #[cfg(feature = "metrics")]
    Metrics,
    Invalidate,
    Health,
}

impl Place {
    fn at(path: &str) -> Option<Self> {
        match path {
            "/" | "" => Some(Place::Page),
            "/stats" => Some(Place::Stats),
            #[cfg(feature = "metrics")]
            "/metrics" => Some(Place::Metrics),
            "/invalidate" => Some(Place::Invalidate),
            "/api/health/cache" => Some(Place::Health),
            _ => None,
        }
    }

    fn methods(self) -> &'static str {
        match self {
            Place::Page | Place::Stats => "GET, HEAD",
            #[cfg(feature = "metrics")]
            Place::Metrics => "GET, HEAD",
            Place::Invalidate => "POST",
            Place::Health => "GET, HEAD, POST",
        }
    }

    fn takes(self, method: &Method) -> bool {
        self.methods()
            .split(", ")
            .any(|known| known == method.as_str())
    }
}

impl Shared {
    async fn answer<B>(&self, parts: &Parts, body: B) -> Result<Answer, Failure>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let place = Place::at(parts.uri.path());
        if !self.authority.allows(parts).await {
            return match (place, &parts.method) {
                (Some(Place::Health), &Method::GET | &Method::HEAD) if self.has_public_health => {
                    Ok(self.health_in_public().await)
                }
                _ => Err(Failure::Forbidden),
            };
        }
        let place = place.ok_or(Failure::NotFound)?;
        if !place.takes(&parts.method) {
            return Err(Failure::Method(place.methods()));
        }
        match (place, &parts.method) {
            (Place::Page, _) => Ok(page::page()),
            (Place::Stats, _) => Ok(self.stats().await),
            #[cfg(feature = "metrics")]
            (Place::Metrics, _) => Ok(Answer::metrics(
                crate::metrics::prometheus(&self.cache).await,
            )),
            (Place::Health, &Method::POST) => self.act(&body::read(parts, body).await?).await,
            (Place::Health, _) => Ok(self.health().await),
            (Place::Invalidate, _) => {
                origin::check(parts)?;
                self.invalidate(&body::read(parts, body).await?).await
            }
        }
    }
}
