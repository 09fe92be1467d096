//! The layer that invalidates after requests that change something.

use super::ending::Ending;
use crate::cache::Cache;
use crate::invalidate::{By, Target};
use crate::pattern::Pattern;
use crate::site::Site;
use crate::tag::Tag;
use http::request::Parts;
use http::{Request, Response};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Tells what a request makes old.
type Targets = Arc<dyn Fn(&Parts) -> Vec<Target> + Send + Sync>;

/// Invalidates after a request that changes something (any but `GET`, `HEAD`, `OPTIONS` and `TRACE`) and has succeeded (2xx or 3xx):
/// what it has changed is told by the request.
///
/// ```
/// use cache_runtime::http::InvalidateLayer;
/// use cache_runtime::{Cache, key};
///
/// /// Put there by a layer further out, which has authenticated the request.
/// #[derive(Clone)]
/// struct CurrentUser(u64);
///
/// // Of axum: `.route("/conversations", post(create).layer(changes_conversations(&cache)))`.
/// fn changes_conversations(cache: &Cache) -> InvalidateLayer {
///     InvalidateLayer::new(cache).patterns(|request| {
///         let user = request.extensions.get::<CurrentUser>();
///         user.map(|CurrentUser(id)| format!("user-conversations:{id}:*"))
///     })
/// }
/// ```
///
/// It has taken effect when the client is answered. A handler that panics, one whose client goes away meanwhile, and one
/// that is given up (an error of the service, 408, 504) may have changed something: then it is invalidated as well. What handlers do by `#[cache_invalidate]` needs no layer.
#[derive(Clone)]
#[must_use = "a layer does nothing until it is added"]
pub struct InvalidateLayer {
    cache: Cache,
    targets: Vec<Targets>,
}

impl InvalidateLayer {
    /// With nothing to invalidate yet.
    pub fn new(cache: &Cache) -> Self {
        InvalidateLayer {
            cache: cache.clone(),
            targets: Vec::new(),
        }
    }

    /// Patterns of keys. Values from a request belong into [`key!`](crate::key!) or [`KeyBuilder`](crate::KeyBuilder), which escape
    /// them: as they are, `*` is a wildcard.
    pub fn patterns<P, I>(self, of: impl Fn(&Parts) -> I + Send + Sync + 'static) -> Self
    where
        P: Into<Pattern>,
        I: IntoIterator<Item = P>,
    {
        self.with(move |parts| of(parts).into_iter().map(Target::pattern).collect())
    }

    /// Tags.
    pub fn tags<T, I>(self, of: impl Fn(&Parts) -> I + Send + Sync + 'static) -> Self
    where
        T: Into<Tag>,
        I: IntoIterator<Item = T>,
    {
        self.with(move |parts| of(parts).into_iter().map(Target::tag).collect())
    }

    fn with(mut self, of: impl Fn(&Parts) -> Vec<Target> + Send + Sync + 'static) -> Self {
        self.targets.push(Arc::new(of));
        self
    }
}

impl<S> Layer<S> for InvalidateLayer {
    type Service = InvalidateService<S>;

    fn layer(&self, inner: S) -> InvalidateService<S> {
        InvalidateService {
            inner,
            layer: self.clone(),
        }
    }
}

impl fmt::Debug for InvalidateLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidateLayer")
            .field("cache", &self.cache)
            .field("targets", &self.targets.len())
            .finish()
    }
}

/// A service after whose requests something is invalidated; made by [`InvalidateLayer`].
#[derive(Clone, Debug)]
pub struct InvalidateService<S> {
    inner: S,
    layer: InvalidateLayer,
}

impl<S, A, B> Service<Request<A>> for InvalidateService<S>
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
        if request.method().is_safe() {
            // It was asked for, and nothing else.
            return Box::pin(self.inner.call(request));
        }
        let (parts, body) = request.into_parts();
        let by = By::site(Site::of_routes("invalidate", false));
        let targets = self.layer.targets.iter().flat_map(|of| of(&parts));
        let targets = targets.map(|target| (target, by)).collect();
        let ending = Ending::new(&self.layer.cache, targets);
        let answered = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async move {
            let answered = answered.await;
            let status = answered.as_ref().ok().map(Response::status);
            ending.after(status).await;
            answered
        })
    }
}
