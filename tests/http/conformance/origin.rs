//! The handler of a case: it says what the steps say, and keeps what it was asked.

use super::case::{Case, Reply};
use super::values::{self, Clock};
use bytes::Bytes;
use http::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderMap, Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use serde_json::Value;
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tower_service::Service;

/// What the cache hands on, and what a body fails with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// A call of the handler.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) step: usize,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// What happens while a case is played.
#[derive(Default)]
pub(super) struct Events {
    calls: Vec<Call>,
    /// Calls that have come, answered or not.
    arrived: usize,
    happened: HashSet<(usize, &'static str)>,
    last_sent: usize,
}

#[derive(Clone)]
pub(super) struct Origin {
    pub(super) case: Arc<Case>,
    pub(super) clock: Arc<Clock>,
    events: Arc<Mutex<Events>>,
}

impl Origin {
    pub(super) fn new(case: &Arc<Case>, clock: &Arc<Clock>) -> Self {
        Origin {
            case: Arc::clone(case),
            clock: Arc::clone(clock),
            events: Arc::default(),
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.events.lock().expect("no panic").calls.clone()
    }

    /// How often it was asked.
    pub(super) fn arrived(&self) -> usize {
        self.events.lock().expect("no panic").arrived
    }

    /// Tells that it has happened to this step.
    pub(super) fn tell(&self, step: usize, event: &'static str) {
        let mut events = self.events.lock().expect("no panic");
        events.happened.insert((step, event));
        if event == "sent" {
            events.last_sent = step;
        }
    }

    async fn until(&self, step: usize, event: &str) {
        let has_happened = || {
            let events = self.events.lock().expect("no panic");
            events.happened.iter().any(|it| *it == (step, event))
        };
        while !has_happened() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if event == "sent" {
            // Until it has come to where it waits.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn answer(self, request: Request<Full<Bytes>>) -> Result<Response<Said>, Broken> {
        let marked = request.headers().get("case-step");
        let marked = marked.and_then(|step| step.to_str().ok()?.parse().ok());
        let step = marked.unwrap_or_else(|| self.events.lock().expect("no panic").last_sent);
        self.tell(step, "handler");
        self.events.lock().expect("no panic").arrived += 1;
        let reply = self.case.steps[step].response.clone().unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(reply.delay_ms)).await;
        if let Some(hold) = &reply.hold_until {
            self.until(hold.step, &hold.event).await;
        }
        self.clock.made(step);
        let (status, headers) = self.head(step, &reply, request.headers());
        let mut call = Call {
            step,
            method: request.method().clone(),
            headers: request.headers().clone(),
            status,
            body: Bytes::new(),
        };
        let mut events = self.events.lock().expect("no panic");
        let number = events.calls.len();
        let is_empty = matches!(status, 204 | 304);
        let body = match &reply.body {
            _ if is_empty => Said::whole(Bytes::new()),
            Some(Value::String(text)) => Said::whole(text.clone().into()),
            Some(body) => Said::scripted(body),
            None => Said::whole(format!("{}/{step}/{number}", self.case.id).into()),
        };
        if let Said::Whole(body) = &body {
            call.body = body.clone().into_inner();
        }
        events.calls.push(call);
        drop(events);
        match reply.error.as_deref() {
            Some("panic") => panic!("of case {}", self.case.id),
            Some(_) => return Err(Broken),
            None => {}
        }
        let mut response = Response::new(body);
        *response.status_mut() = status.try_into().expect("a status");
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// One that says `304` does so only if it is asked on that condition.
    fn head(&self, step: usize, reply: &Reply, asked: &HeaderMap) -> (u16, HeaderMap) {
        let headers = values::headers(&reply.headers, &self.case.id, &self.clock, step);
        let status = reply.status.unwrap_or(200);
        if status != 304 || reply.force {
            return (status, headers);
        }
        let known = match (headers.get(ETAG), asked.get(IF_NONE_MATCH)) {
            (Some(tag), Some(known)) => {
                let (tag, known) = (tag.as_bytes(), known.as_bytes());
                let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
                known.windows(tag.len()).any(|it| it == tag)
            }
            (_, Some(_)) => false,
            (_, None) => asked.contains_key(IF_MODIFIED_SINCE),
        };
        (if known { 304 } else { 200 }, headers)
    }
}

impl Service<Request<Full<Bytes>>> for Origin {
    type Response = Response<Said>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Said>, Broken>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

/// A body as it is said: at once, or bit by bit.
pub(super) enum Said {
    Whole(Whole),
    Scripted(mpsc::Receiver<Result<Frame<Bytes>, Broken>>, Option<u64>),
}

#[derive(Clone)]
pub(super) struct Whole(Option<Bytes>);

impl Whole {
    fn into_inner(self) -> Bytes {
        self.0.unwrap_or_default()
    }
}

impl Said {
    fn whole(body: Bytes) -> Self {
        Said::Whole(Whole(Some(body).filter(|body| !body.is_empty())))
    }

    fn scripted(script: &Value) -> Self {
        let number = |name: &str| script[name].as_u64();
        let length = number("len").map(|length| length as usize);
        let (pieces, exact): (Vec<Bytes>, _) = match (length, &script["chunks"]) {
            (Some(length), _) => {
                let chunk = number("chunk").map_or(length, |chunk| chunk as usize);
                let pieces = std::iter::repeat_n(vec![b'x'; chunk].into(), length / chunk);
                let is_told = script["no_length"] != true;
                (pieces.collect(), is_told.then_some(length as u64))
            }
            (None, Value::Array(chunks)) => {
                let chunks = chunks
                    .iter()
                    .map(|it| it.as_str().expect("text").to_owned());
                (chunks.map(Bytes::from).collect(), None)
            }
            _ => (vec!["data: x\n\n".into(); 1_000], None),
        };
        let gap = Duration::from_millis(number("gap_ms").unwrap_or_default());
        let fails = script["then"] == "error";
        let trailers = script["trailers"].as_array().map(|trailers| {
            let text = |it: &Value| it.as_str().expect("text").to_owned();
            let trailers = trailers.iter().map(|it| {
                let (name, value) = (text(&it[0]), text(&it[1]));
                (
                    name.parse().expect("a name"),
                    value.parse().expect("a value"),
                )
            });
            trailers.collect::<HeaderMap>()
        });
        let (said, heard) = mpsc::channel(1);
        tokio::spawn(async move {
            for piece in pieces {
                if said.send(Ok(Frame::data(piece))).await.is_err() {
                    return;
                }
                tokio::time::sleep(gap).await;
            }
            let last = match trailers {
                _ if fails => Err(Broken),
                Some(trailers) => Ok(Frame::trailers(trailers)),
                None => return,
            };
            let _gone = said.send(last).await;
        });
        Said::Scripted(heard, exact)
    }
}

impl Body for Said {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut *self {
            Said::Whole(body) => Poll::Ready(body.0.take().map(|body| Ok(Frame::data(body)))),
            Said::Scripted(heard, _) => heard.poll_recv(context),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Said::Whole(body) => SizeHint::with_exact(body.0.as_ref().map_or(0, Bytes::len) as u64),
            Said::Scripted(_, Some(exact)) => SizeHint::with_exact(*exact),
            Said::Scripted(_, None) => SizeHint::new(),
        }
    }
}
