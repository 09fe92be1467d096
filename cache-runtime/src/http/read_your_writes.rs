//! Reading one's own writes, on whichever node the next request comes to.

#[cfg(feature = "redis")]
mod token;

use crate::cache::Cache;
#[cfg(feature = "redis")]
use crate::changes::Changes;
#[cfg(feature = "redis")]
use crate::flight::{noting, passing, strictly};
use ::http::{HeaderName, Request, Response};
use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "redis")]
use std::sync::Arc;
use std::task::{Context, Poll};
#[cfg(feature = "redis")]
use token::{Demand, Token};
use tower_layer::Layer;
use tower_service::Service;

/// Lets a client that has changed something read it on another node at once, though nodes may serve what they keep for as long as
/// the bound ([`Consistency::Bounded`](crate::Consistency)).
///
/// A response to a request that has invalidated or stored something in the cache carries a header, `cache-token`. The client sends the
/// last one along with its next requests; a node that gets one younger than the bound asks the server before it answers with what it
/// keeps, for this request alone. Was the server not told yet (it could not be reached), calls of this request go past the cache.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::http::ReadYourWritesLayer;
///
/// // Of axum: `router.layer(read_your_writes(&cache))`, outside of a `CacheLayer`.
/// fn read_your_writes(cache: &Cache) -> ReadYourWritesLayer {
///     ReadYourWritesLayer::new(cache)
/// }
/// ```
///
/// It belongs outside of a [`CacheLayer`](super::CacheLayer), so that no token is stored. Tokens tell nothing but a time, by the
/// server's clock, so no two machines' clocks are compared. What a handler does in tasks of its own is not seen. Without a server, and
/// where every hit asks it ([`Consistency::Strict`](crate::Consistency)), nothing has to be done, and nothing is.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is added"]
pub struct ReadYourWritesLayer {
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "there is one node"))]
    cache: Cache,
    header: HeaderName,
}

impl ReadYourWritesLayer {
    /// With the header `cache-token`.
    pub fn new(cache: &Cache) -> Self {
        ReadYourWritesLayer {
            cache: cache.clone(),
            header: HeaderName::from_static("cache-token"),
        }
    }

    /// Another name for the header.
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = name;
        self
    }
}

impl<S> Layer<S> for ReadYourWritesLayer {
    type Service = ReadYourWrites<S>;

    fn layer(&self, inner: S) -> ReadYourWrites<S> {
        ReadYourWrites {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose clients read what they have written; made by [`ReadYourWritesLayer`].
#[derive(Clone, Debug)]
pub struct ReadYourWrites<S> {
    inner: S,
    layer: ReadYourWritesLayer,
}

impl<S, A, B> Service<Request<A>> for ReadYourWrites<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    A: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        // The one that is ready is used, and another one kept. It begins in the future: what it asks for is asked in its context.
        let other = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, other);
        let layer = self.layer.clone();
        Box::pin(async move {
            #[cfg(feature = "redis")]
            return layer.answered(&mut inner, request).await;
            #[cfg(not(feature = "redis"))]
            {
                let _ = layer.header;
                inner.call(request).await
            }
        })
    }
}

#[cfg(feature = "redis")]
impl ReadYourWritesLayer {
    async fn answered<S, A, B>(
        self,
        inner: &mut S,
        request: Request<A>,
    ) -> Result<Response<B>, S::Error>
    where
        S: Service<Request<A>, Response = Response<B>>,
    {
        let told = request.headers().get(&self.header);
        let told = told.and_then(|token| Token::read(token.to_str().ok()?));
        let changes = Arc::new(Changes::of(&self.cache));
        let demand = told.map_or(Demand::Nothing, |token| token.demands(&self.cache));
        let noted = Arc::clone(&changes);
        // What it runs in is taken over when it begins.
        let work = async { noting(noted, async { inner.call(request).await }).await };
        let mut answered = match demand {
            Demand::Nothing => work.await,
            Demand::Strictness => strictly(work).await,
            Demand::Bypass => passing(work).await,
        };
        if let (Some(delivery), Ok(response)) = (changes.happened(), &mut answered)
            && let Some(token) = Token::now(&self.cache, delivery, told)
        {
            response.headers_mut().insert(self.header, token.to_value());
        }
        answered
    }
}
