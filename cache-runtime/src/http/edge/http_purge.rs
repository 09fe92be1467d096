//! CDNs that are purged by HTTP.

use super::purge::{Purge, PurgeError};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tower_service::Service;

type Requests = Arc<dyn Fn(&[String]) -> Result<Request<Bytes>, http::Error> + Send + Sync>;

/// Purges by requests of a client: any tower service from `Request<B>` to `Response<_>`, as that of `hyper-util` is.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::http::{HttpPurge, Purger};
/// use http::{Request, Response};
/// use http_body_util::Full;
///
/// # fn purges<C>(cache: &Cache, client: C) -> Result<(), http::Error>
/// # where
/// #     C: tower_service::Service<Request<Full<bytes::Bytes>>, Response = Response<()>> + Clone + Send + Sync + 'static,
/// #     C::Future: Send,
/// #     C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
/// # {
/// // let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(HttpsConnector::new());
/// let token = std::env::var("FASTLY_API_TOKEN").unwrap_or_default();
/// let cdn = HttpPurge::fastly(client, "SU1Z0isxPaozGVKXdv0eY", &token)?;
/// tokio::spawn(Purger::new(cache, cdn).run());
/// # Ok(())
/// # }
/// ```
///
/// A CDN has purged if it answers with a status of success (2xx). `Retry-After` in seconds is obeyed.
pub struct HttpPurge<C, B> {
    client: C,
    requests: Requests,
    at_once: usize,
    body: PhantomData<fn() -> B>,
}

impl<C, B> HttpPurge<C, B>
where
    C: Service<Request<B>>,
{
    /// By the requests that `request` makes of some keys: ASCII letters, digits, and `-_.:`. 30 at once.
    ///
    /// ```
    /// # use bytes::Bytes;
    /// # use cache_runtime::http::HttpPurge;
    /// # fn purge<C: tower_service::Service<http::Request<http_body_util::Full<Bytes>>>>(client: C) {
    /// let cdn = HttpPurge::new(client, |keys| {
    ///     http::Request::delete("https://cdn.example.org/cache")
    ///         .header("cache-tags", keys.join(","))
    ///         .body(Bytes::new())
    /// });
    /// # }
    /// ```
    pub fn new(
        client: C,
        request: impl Fn(&[String]) -> Result<Request<Bytes>, http::Error> + Send + Sync + 'static,
    ) -> Self {
        HttpPurge {
            client,
            requests: Arc::new(request),
            at_once: 30,
            body: PhantomData,
        }
    }

    /// Fastly's API: surrogate keys of a service, 256 at once. The token needs the scope `purge_select`.
    ///
    /// # Errors
    ///
    /// If the service or the token is empty, or has characters that it cannot have.
    pub fn fastly(client: C, service: &str, token: &str) -> Result<Self, http::Error> {
        HttpPurge::fastly_at(client, "https://api.fastly.com", service, token)
    }

    /// The same at another address: `http://localhost:8080`.
    ///
    /// # Errors
    ///
    /// As [`fastly`](Self::fastly).
    pub fn fastly_at(
        client: C,
        address: &str,
        service: &str,
        token: &str,
    ) -> Result<Self, http::Error> {
        let (address, service) = (without_slash(address), given(service)?);
        let address = format!("{address}/service/{service}/purge");
        let token = secret(given(token)?)?;
        let request = move |keys: &[String]| {
            Request::post(&address)
                .header("fastly-key", token.clone())
                .header("surrogate-key", keys.join(" "))
                .body(Bytes::new())
        };
        HttpPurge::tried(client, request).map(|purge| purge.at_once(256))
    }

    /// Cloudflare's API: tags of a zone, 30 at once. The token needs the permission `Cache Purge`.
    ///
    /// # Errors
    ///
    /// If the zone or the token is empty, or has characters that it cannot have.
    pub fn cloudflare(client: C, zone: &str, token: &str) -> Result<Self, http::Error> {
        HttpPurge::cloudflare_at(client, "https://api.cloudflare.com", zone, token)
    }

    /// The same at another address.
    ///
    /// # Errors
    ///
    /// As [`cloudflare`](Self::cloudflare).
    pub fn cloudflare_at(
        client: C,
        address: &str,
        zone: &str,
        token: &str,
    ) -> Result<Self, http::Error> {
        let (address, zone) = (without_slash(address), given(zone)?);
        let address = format!("{address}/client/v4/zones/{zone}/purge_cache");
        let token = secret(&format!("Bearer {}", given(token)?))?;
        let request = move |keys: &[String]| {
            let tags = serde_json::json!({ "tags": keys });
            Request::post(&address)
                .header(AUTHORIZATION, token.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(Bytes::from(tags.to_string()))
        };
        HttpPurge::tried(client, request)
    }

    /// Varnish whose VCL calls `xkey.purge(req.http.xkey-purge)` for the method `PURGE`, 100 at once. Of several Varnishes, each has
    /// a [`Purger`](super::Purger).
    ///
    /// # Errors
    ///
    /// If the address is none: `http://…`.
    pub fn varnish(client: C, address: &str) -> Result<Self, http::Error> {
        let address: Uri = address.parse()?;
        given(address.scheme_str().unwrap_or_default())?;
        let request = move |keys: &[String]| {
            Request::builder()
                .method(Method::from_bytes(b"PURGE")?)
                .uri(address.clone())
                .header(HeaderName::from_static("xkey-purge"), keys.join(" "))
                .body(Bytes::new())
        };
        HttpPurge::tried(client, request).map(|purge| purge.at_once(100))
    }

    /// How many keys at once, at most.
    #[must_use]
    pub fn at_once(mut self, keys: usize) -> Self {
        self.at_once = keys;
        self
    }

    /// What cannot be a request is an error now, and not in the background.
    fn tried(
        client: C,
        request: impl Fn(&[String]) -> Result<Request<Bytes>, http::Error> + Send + Sync + 'static,
    ) -> Result<Self, http::Error> {
        request(&["a-key".to_owned()])?;
        Ok(HttpPurge::new(client, request))
    }
}

fn without_slash(address: &str) -> &str {
    address.trim_end_matches('/')
}

/// A variable of the environment that was not set is mostly an empty text.
fn given(text: &str) -> Result<&str, http::Error> {
    if text.is_empty() {
        // The error of that.
        let _nothing: Uri = text.parse()?;
    }
    Ok(text)
}

/// Kept out of logs that show requests.
fn secret(token: &str) -> Result<HeaderValue, http::Error> {
    let mut token = HeaderValue::try_from(token)?;
    token.set_sensitive(true);
    Ok(token)
}

impl<C, B, R> Purge for HttpPurge<C, B>
where
    C: Service<Request<B>, Response = Response<R>> + Clone + Send + Sync + 'static,
    C::Future: Send,
    C::Error: Into<Box<dyn Error + Send + Sync>>,
    B: From<Bytes> + Send + 'static,
    R: Send,
{
    async fn purge(&self, keys: &[String]) -> Result<(), PurgeError> {
        let request = (self.requests)(keys).map_err(PurgeError::new)?;
        let mut client = self.client.clone();
        let ready = poll_fn(|context| client.poll_ready(context)).await;
        ready.map_err(PurgeError::new)?;
        let answered = client.call(request.map(B::from)).await;
        let answered = answered.map_err(PurgeError::new)?;
        let status = answered.status();
        if status.is_success() {
            return Ok(());
        }
        let error = PurgeError::new(status.to_string());
        Err(match pause(answered.headers()) {
            Some(pause) => error.retry_after(pause),
            None => error,
        })
    }

    fn at_once(&self) -> usize {
        self.at_once
    }
}

fn pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

impl<C, B> fmt::Debug for HttpPurge<C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPurge")
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}
