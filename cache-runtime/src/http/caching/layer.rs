//! The layer that caches responses.

use super::options::{LONGEST_GRACE, Options, User};
use super::service::CacheService;
use crate::cache::Cache;
use crate::http::edge::{Edge, Told};
use crate::site::Site;
use crate::tag::Tag;
use crate::ttl::IntoTtl;
use http::HeaderName;
use http::request::Parts;
use std::sync::Arc;
use std::time::Duration;
use tower_layer::Layer;

/// Caches the responses of a service to `GET` (RFC 9111), in this process or on a server, as everything else here does: one of many
/// callers asks the service, and what has been invalidated is never sent.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::http::CacheLayer;
/// use std::time::Duration;
///
/// // Of axum: `Router::new().route("/articles", get(articles)).layer(layer(&cache))`.
/// fn layer(cache: &Cache) -> CacheLayer {
///     CacheLayer::new(cache, "api").ttl(Duration::from_secs(300))
/// }
/// ```
///
/// A response depends on what its handler has read by cached functions and domain caches: an invalidation of these is one of the
/// response. Besides there are [`tags`](CacheLayer::tags), [`CacheTags`](crate::http::CacheTags) of the response, and its path: a request
/// that changes something (`POST`, `PUT`, `PATCH`, `DELETE`) and succeeds ends what is stored of its path.
///
/// What is stored, and for how long, the response says (`Cache-Control`, `Expires`), or else [`ttl`](CacheLayer::ttl). Never stored
/// is what sets a cookie, what is private and of no known user, what is a part, a stream of events, or larger than
/// [`max_body`](CacheLayer::max_body). A request with credentials (`Authorization`, `Cookie`) goes past the cache until the layer
/// is told how to tell [`users`](CacheLayer::users) apart.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is added"]
pub struct CacheLayer {
    options: Options,
    is_sensitive: bool,
}

impl CacheLayer {
    /// With no time to live but what responses say themselves. `name` is what keys begin with, and what statistics and
    /// `Cache-Status` call it.
    ///
    /// Layers of one name share what they store: a path has to mean the same to all of them, in all processes. So add the layer to the
    /// outermost router, which sees whole paths; one that is nested sees them without the front. Where that cannot be, give each
    /// nested one a name of its own, or say what the [`path`](CacheLayer::path) is.
    pub fn new(cache: &Cache, name: &str) -> Self {
        CacheLayer {
            options: Options::new(cache, name),
            is_sensitive: false,
        }
    }

    /// The path of a request, where that of its address is not all of it. Default: that of its address.
    ///
    /// ```
    /// use cache_runtime::http::CacheLayer;
    ///
    /// /// As `axum::extract::OriginalUri`, which a router puts there.
    /// #[derive(Clone)]
    /// struct OriginalUri(http::Uri);
    ///
    /// # fn layer(cache: &cache_runtime::Cache) -> CacheLayer {
    /// CacheLayer::new(cache, "api").path(|request| match request.extensions.get::<OriginalUri>() {
    ///     Some(OriginalUri(uri)) => uri.path().to_owned(),
    ///     None => request.uri.path().to_owned(),
    /// })
    /// # }
    /// ```
    pub fn path(mut self, path: impl Fn(&Parts) -> String + Send + Sync + 'static) -> Self {
        self.options.path = Some(Arc::new(path));
        self
    }

    /// How long a response is fresh that does not say so itself, of a status that is no error: 200, 203, 204, 300, 301, 308.
    /// Default: such a response is not stored.
    pub fn ttl(mut self, ttl: impl IntoTtl) -> Self {
        self.options.defaults.ttl = Some(self.time(ttl));
        self
    }

    /// How long a `404` or `410` is that does not say so itself. Default: not stored.
    pub fn negative(mut self, ttl: impl IntoTtl) -> Self {
        self.options.defaults.negative = Some(self.time(ttl));
        self
    }

    /// For how long past its time a response is sent while it is made anew (`stale-while-revalidate`, RFC 5861), unless it says so
    /// itself, or says that it must not be (`must-revalidate`). A day at most. Default: not at all.
    pub fn swr(mut self, time: Duration) -> Self {
        self.options.defaults.grace.swr = time.min(LONGEST_GRACE);
        self
    }

    /// For how long past its time a response is sent in place of a `5xx` (`stale-if-error`, RFC 5861), on the same terms.
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.options.defaults.grace.stale_if_error = time.min(LONGEST_GRACE);
        self
    }

    /// For how long past its time a response is kept whose service can tell whether it has changed, by an `ETag` of its own or
    /// `Last-Modified`: that is asked then (`If-None-Match`, `If-Modified-Since`), and may say `304`. A day at most. Default: not at
    /// all.
    pub fn revalidate(mut self, time: Duration) -> Self {
        self.options.policy.revalidate = time.min(LONGEST_GRACE);
        self
    }

    /// How to tell users apart. What is made for one is sent to nobody else.
    ///
    /// ```
    /// use cache_runtime::http::{CacheLayer, User};
    ///
    /// /// Put there by a layer further out, which has authenticated the request.
    /// #[derive(Clone)]
    /// struct CurrentUser(u64);
    ///
    /// # fn layer(cache: &cache_runtime::Cache) -> CacheLayer {
    /// CacheLayer::new(cache, "api").users(|request| match request.extensions.get::<CurrentUser>() {
    ///     Some(user) => User::known(user.0),
    ///     None => User::Anonymous,
    /// })
    /// # }
    /// ```
    ///
    /// Who a request says it is from has to be verified before, by a layer further out: here it is believed.
    pub fn users(mut self, users: impl Fn(&Parts) -> User + Send + Sync + 'static) -> Self {
        self.options.users = Some(Arc::new(users));
        self
    }

    /// Cookies tell no users apart here, and change no response.
    pub fn ignore_cookies(mut self) -> Self {
        self.options.ignores_cookies = true;
        self
    }

    /// Tags of the response to a request, by which it is invalidated.
    ///
    /// ```
    /// use cache_runtime::Tag;
    /// use cache_runtime::http::CacheLayer;
    ///
    /// # fn layer(cache: &cache_runtime::Cache) -> CacheLayer {
    /// CacheLayer::new(cache, "api").tags(|request| vec![Tag::from(format!("path:{}", request.uri.path()))])
    /// # }
    /// ```
    pub fn tags(mut self, tags: impl Fn(&Parts) -> Vec<Tag> + Send + Sync + 'static) -> Self {
        self.options.tags = Some(Arc::new(tags));
        self
    }

    /// A field of requests on whose value every response depends, and does not say so (`Vary`).
    pub fn by_header(mut self, name: HeaderName) -> Self {
        self.options.by_headers.push(name);
        self
    }

    /// Parameters of the query that change no response: names, or with `*` at the end what names begin with (`utm_*`).
    pub fn ignore_parameters<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = names.into_iter().map(Into::into);
        self.options.query.ignored.extend(names);
        self
    }

    /// The order of parameters in a query matters. Default: only that of several with one name does.
    pub fn keep_parameter_order(mut self) -> Self {
        self.options.query.keeps_order = true;
        self
    }

    /// Responses are the same whatever host was asked for.
    pub fn ignore_host(mut self) -> Self {
        self.options.by_host = false;
        self
    }

    /// What requests say of caches (`Cache-Control`, `Pragma`) is not obeyed: so that no client can make the service work.
    pub fn ignore_request_directives(mut self) -> Self {
        self.options.obeys_requests = false;
        self
    }

    /// How many bytes of body are stored at most. Default: 1 MiB. What is longer is passed on as it comes.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.options.max_body = bytes;
        self
    }

    /// How long a body may take to come that is stored. Default: 250 ms. What takes longer is passed on as it comes.
    pub fn body_timeout(mut self, time: Duration) -> Self {
        self.options.patience = time;
        self
    }

    /// Makes no entity tags for responses that have none.
    pub fn without_etags(mut self) -> Self {
        self.options.makes_etags = false;
        self
    }

    /// Says nothing in `Cache-Status` (RFC 9211).
    pub fn without_cache_status(mut self) -> Self {
        self.options.tells_status = false;
        self
    }

    /// A CDN stands before the service: responses tell it for how long it may have them, and what to know them by. Only what is
    /// stored here, and is nobody's own, is for it. What requests say of caches is
    /// [not obeyed](Self::ignore_request_directives) then: any client would make the service work, past the CDN.
    ///
    /// ```
    /// use cache_runtime::http::{CacheLayer, Edge, Purge, Purger};
    /// use std::time::Duration;
    ///
    /// # fn layer(cache: &cache_runtime::Cache, cdn: impl Purge) -> CacheLayer {
    /// // What the CDN has is purged when what it is made of is invalidated, so it may have it for long.
    /// tokio::spawn(Purger::new(cache, cdn).run());
    /// CacheLayer::new(cache, "api")
    ///     .ttl(Duration::from_secs(60))
    ///     .edge(Edge::new().ttl(Duration::from_secs(24 * 60 * 60)))
    /// # }
    /// ```
    pub fn edge(mut self, edge: Edge) -> Self {
        self.options.edge = Some(Arc::new(edge));
        self.ignore_request_directives()
    }

    /// Keys are kept out of logs, and responses are encrypted on a server if there is a key for that.
    pub fn sensitive(mut self) -> Self {
        self.is_sensitive = true;
        self
    }

    fn time(&self, ttl: impl IntoTtl) -> Duration {
        /// As long as HTTP can say (RFC 9111 §1.2.2).
        const LONGEST: Duration = Duration::from_secs(1 << 31);
        let time = self.options.cache.resolve(ttl.into_ttl());
        time.map_or(LONGEST, |time| time.min(LONGEST))
    }
}

impl<S> Layer<S> for CacheLayer {
    type Service = CacheService<S>;

    fn layer(&self, inner: S) -> CacheService<S> {
        let mut options = self.options.clone();
        options.site = Site::of_routes(&options.name, self.is_sensitive);
        if let Some(edge) = &options.edge {
            options.differs_by = edge.differs_by(&Told {
                by_headers: options.by_headers.clone(),
                ignores_cookies: options.ignores_cookies,
            });
        }
        CacheService::new(inner, Arc::new(options))
    }
}
