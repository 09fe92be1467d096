//! Plays a case: sends its requests through a layer, and looks whether all is as expected.

use super::case::{Case, Client, Step};
use super::checks;
use super::origin::{Origin, Said};
use super::values::{self, Clock, HOST, base};
use bytes::Bytes;
use cache_runtime::http::{CacheBody, CacheLayer, CacheService};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tower_layer::Layer;
use tower_service::Service;

/// What a client has got.
#[derive(Debug, Default)]
pub(super) struct Got {
    /// Nothing: the service has failed, or the client was gone.
    pub(super) status: Option<u16>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) body_failed: bool,
    pub(super) first_chunk: Duration,
    pub(super) complete: Duration,
}

/// Why a case is not as it should be.
#[derive(Debug)]
#[allow(dead_code, reason = "shown")]
pub(super) enum Amiss {
    /// It says nothing, since it did not even begin as it should.
    Setup(String),
    Failed(String),
}

/// Plays it.
pub(super) async fn play(case: &Arc<Case>, layer: &CacheLayer) -> Result<(), Amiss> {
    let clock = Arc::new(Clock::default());
    let origin = Origin::new(case, &clock);
    let service = layer.layer(origin.clone());
    let mut running: Vec<(usize, JoinHandle<Got>)> = Vec::new();
    let mut got: Vec<Option<Got>> = Vec::new();
    for (number, step) in case.steps.iter().enumerate() {
        got.push(None);
        if step.join {
            for (number, task) in running.drain(..) {
                got[number] = Some(task.await.unwrap_or_default());
            }
        }
        tokio::time::sleep(Duration::from_millis(step.pause_ms)).await;
        let request = request(case, number, step, &clock);
        let sent = {
            let (service, origin, step) = (service.clone(), origin.clone(), step.clone());
            tokio::spawn(async move {
                let got = send(service, request, &step, || origin.tell(number, "sent")).await;
                origin.tell(number, "done");
                got
            })
        };
        if step.background {
            running.push((number, sent));
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        // One that is never answered is not waited for for ever.
        let waited = tokio::time::timeout(Duration::from_secs(20), sent).await;
        let waited = waited.map_err(|_| Amiss::Failed(format!("step {number}: no answer")))?;
        got[number] = Some(waited.unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(step.settle_ms)).await;
        checks::check(case, number, got[number].as_ref(), &got, &origin)?;
    }
    for (number, task) in running {
        got[number] = Some(task.await.unwrap_or_default());
    }
    for (number, step) in case.steps.iter().enumerate() {
        if step.background {
            checks::check(case, number, got[number].as_ref(), &got, &origin)?;
        }
    }
    Ok(())
}

fn request(case: &Case, number: usize, step: &Step, clock: &Clock) -> Request<Full<Bytes>> {
    let path = step.path.as_deref().unwrap_or_default();
    let query = step.query.as_ref();
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    clock.made(number);
    let mut headers = values::headers(&step.headers, &case.id, clock, number);
    let host = step.host.as_deref().unwrap_or(HOST);
    for (name, value) in [("host", host), ("case-step", &number.to_string())] {
        headers.insert(
            http::HeaderName::try_from(name).expect("a name"),
            value.parse().expect("a value"),
        );
    }
    if let Some(user) = &step.user {
        headers.insert("case-user", user.parse().expect("a value"));
    }
    let body = step.body.clone().unwrap_or_default();
    let mut request = Request::new(Full::from(body));
    *request.method_mut() = step
        .method
        .as_deref()
        .unwrap_or("GET")
        .parse()
        .expect("a method");
    *request.uri_mut() = format!("{}{path}{query}", base(&case.id))
        .parse()
        .expect("a path");
    *request.headers_mut() = headers;
    request
}

async fn send(
    mut service: CacheService<Origin>,
    request: Request<Full<Bytes>>,
    step: &Step,
    sent: impl FnOnce(),
) -> Got {
    let began = Instant::now();
    let Client {
        drop_at_once,
        drop_after_ms,
        drop_after_chunks,
    } = step.client.clone().unwrap_or_default();
    let ready = poll_fn(|context| service.poll_ready(context)).await;
    ready.expect("it is");
    let answered = service.call(request);
    sent();
    let whole = async {
        match answered.await {
            Ok(response) => read(response, began, drop_after_chunks).await,
            Err(_) => Got::default(),
        }
    };
    let most = if drop_at_once {
        Duration::from_millis(1)
    } else {
        drop_after_ms.map_or(Duration::MAX, Duration::from_millis)
    };
    tokio::time::timeout(most, whole).await.unwrap_or_default()
}

async fn read(response: Response<CacheBody<Said>>, began: Instant, most: Option<usize>) -> Got {
    let (head, mut body) = response.into_parts();
    let mut got = Got {
        status: Some(head.status.as_u16()),
        headers: head.headers,
        ..Got::default()
    };
    let mut chunks = 0;
    while most.is_none_or(|most| chunks < most) {
        match body.frame().await {
            None => break,
            Some(Err(_)) => {
                got.body_failed = true;
                break;
            }
            Some(Ok(frame)) => {
                if chunks == 0 {
                    got.first_chunk = began.elapsed();
                }
                chunks += 1;
                if let Ok(data) = frame.into_data() {
                    got.body.extend_from_slice(&data);
                }
            }
        }
    }
    got.complete = began.elapsed();
    got
}
