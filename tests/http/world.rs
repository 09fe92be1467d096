//! A service that says what it is told to, behind a layer.

use bytes::Bytes;
use cache_runtime::http::{CacheBody, CacheLayer, CacheService};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

pub(crate) type Body = Full<Bytes>;
pub(crate) type Answer = Response<Body>;

/// What the service is asked, and says.
type Handler = dyn Fn(Request<Body>) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync;

#[derive(Clone)]
pub(crate) struct Origin {
    handler: Arc<Handler>,
    asked: Arc<Mutex<Vec<Request<()>>>>,
}

impl Origin {
    pub(crate) fn new<F>(handler: impl Fn(Request<Body>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Origin {
            handler: Arc::new(move |request| Box::pin(handler(request))),
            asked: Arc::default(),
        }
    }

    /// One that says these, one after the other, and then `500`.
    pub(crate) fn saying(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Origin::new(move |_| {
            let next = answers.lock().expect("no panic").pop_front();
            let next = next.unwrap_or_else(|| answer(500, &[], "nothing more is known"));
            std::future::ready(next)
        })
    }

    /// One that always says the same of its calls: which one it is.
    pub(crate) fn counting(headers: &'static [(&'static str, &'static str)]) -> Self {
        let calls = Mutex::new(0);
        Origin::new(move |_| {
            let mut calls = calls.lock().expect("no panic");
            *calls += 1;
            std::future::ready(answer(200, headers, &format!("call {calls}")))
        })
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }

    /// The header fields of the last request.
    pub(crate) fn last_headers(&self) -> HeaderMap {
        let asked = self.asked.lock().expect("no panic");
        asked.last().expect("it was asked").headers().clone()
    }
}

impl Service<Request<Body>> for Origin {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let seen = Request::from_parts(parts.clone(), ());
        self.asked.lock().expect("no panic").push(seen);
        let answered = (self.handler)(Request::from_parts(parts, body));
        Box::pin(async move { Ok(answered.await) })
    }
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
    answer.body(body).expect("a response")
}

/// An answer that was read.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.unwrap_or(Ok("")).expect("text")
    }
}

/// A layer around a service.
#[derive(Clone)]
pub(crate) struct Client<S>(CacheService<S>);

pub(crate) fn behind<S>(layer: &CacheLayer, service: S) -> Client<S> {
    Client(layer.layer(service))
}

impl<S, B> Client<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Debug + Send + 'static,
{
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<CacheBody<B>> {
        let mut service = self.0.clone();
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        ready.expect("infallible");
        service.call(request).await.expect("infallible")
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Told {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::default()).expect("a request");
        read(self.send(request).await).await
    }

    pub(crate) async fn get(&self, path: &str) -> Told {
        self.ask("GET", path, &[]).await
    }
}

pub(crate) async fn read<B>(response: Response<B>) -> Told
where
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Told {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).expect("text"),
    }
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
