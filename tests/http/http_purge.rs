//! What CDNs are asked, by a client over sockets, at a server that understands what theirs do.

use axum::Router;
use axum::body::Bytes as AxumBytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use cache_runtime::http::{HttpPurge, Purge, Purger};
use cache_runtime::{Cache, Delivery};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// What was asked: the method, the path, the fields that tell, the body.
type Asked = (String, String, Vec<(String, String)>, String);

#[derive(Clone, Default)]
struct Api {
    asked: Arc<Mutex<Vec<Asked>>>,
    says: Arc<Mutex<VecDeque<(StatusCode, &'static str)>>>,
}

async fn answer(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: AxumBytes = body.collect().await.expect("a body").to_bytes();
    let telling = [
        "fastly-key",
        "surrogate-key",
        "authorization",
        "content-type",
        "xkey-purge",
    ];
    let fields = telling.into_iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_owned(), value.to_owned()))
    });
    let asked = (
        parts.method.to_string(),
        parts.uri.path().to_owned(),
        fields.collect(),
        String::from_utf8(body.to_vec()).expect("text"),
    );
    api.asked.lock().expect("no panic").push(asked);
    match api.says.lock().expect("no panic").pop_front() {
        Some((status, after)) => (status, [("retry-after", after)], "no").into_response(),
        None => "{\"success\":true}".into_response(),
    }
}

/// A server, and its address.
async fn serving() -> (Api, String) {
    let api = Api::default();
    let routes = Router::new().fallback(any(answer)).with_state(api.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (api, address)
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn keys() -> Vec<String> {
    ["6eselto5hl", "user:7"].map(str::to_owned).to_vec()
}

fn fields(told: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    told.iter().map(owned).collect()
}

#[tokio::test]
async fn each_is_asked_in_its_own_way() {
    let (api, address) = serving().await;
    let fastly =
        HttpPurge::fastly_at(client(), &format!("{address}/"), "SU1Z0", "secret").expect("valid");
    let cloudflare = HttpPurge::cloudflare_at(client(), &address, "023e1", "secret");
    let cloudflare = cloudflare.expect("valid");
    let varnish = HttpPurge::varnish(client(), &address).expect("valid");
    let own = {
        let address = format!("{address}/cache");
        HttpPurge::new(client(), move |keys| {
            let request = http::Request::delete(&address);
            request.body(Bytes::from(keys.join("|")))
        })
    };
    assert_eq!(
        [
            fastly.at_once(1),
            cloudflare.at_once(2),
            varnish.at_once(3),
            own.at_once(4)
        ]
        .each_ref()
        .map(Purge::at_once),
        [1, 2, 3, 4]
    );
    let fastly =
        HttpPurge::fastly_at(client(), &format!("{address}/"), "SU1Z0", "secret").expect("valid");
    let cloudflare = HttpPurge::cloudflare_at(client(), &address, "023e1", "secret");
    let varnish = HttpPurge::varnish(client(), &address).expect("valid");
    fastly.purge(&keys()).await.expect("purged");
    cloudflare
        .expect("valid")
        .purge(&keys())
        .await
        .expect("purged");
    varnish.purge(&keys()).await.expect("purged");
    let asked = api.asked.lock().expect("no panic").clone();
    let post = || "POST".to_owned();
    let expected = [
        (
            post(),
            "/service/SU1Z0/purge".to_owned(),
            fields(&[
                ("fastly-key", "secret"),
                ("surrogate-key", "6eselto5hl user:7"),
            ]),
            String::new(),
        ),
        (
            post(),
            "/client/v4/zones/023e1/purge_cache".to_owned(),
            fields(&[
                ("authorization", "Bearer secret"),
                ("content-type", "application/json"),
            ]),
            "{\"tags\":[\"6eselto5hl\",\"user:7\"]}".to_owned(),
        ),
        (
            "PURGE".to_owned(),
            "/".to_owned(),
            fields(&[("xkey-purge", "6eselto5hl user:7")]),
            String::new(),
        ),
    ];
    assert_eq!(asked, expected);
    for shown in [format!("{fastly:?}"), format!("{varnish:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_an_error_at_once() {
    assert!(HttpPurge::fastly(client(), "a service", "secret").is_err());
    assert!(HttpPurge::fastly(client(), "SU1Z0", "line\nbreak").is_err());
    assert!(HttpPurge::cloudflare(client(), "a zone", "secret").is_err());
    assert!(HttpPurge::fastly(client(), "", "secret").is_err());
    assert!(HttpPurge::fastly(client(), "SU1Z0", "").is_err());
    assert!(HttpPurge::cloudflare(client(), "023e1", "").is_err());
    for nowhere in ["not an address", "localhost", ""] {
        assert!(HttpPurge::varnish(client(), nowhere).is_err(), "{nowhere}");
    }
}

#[tokio::test]
async fn a_cdn_that_refuses_is_asked_when_it_says() {
    let (api, address) = serving().await;
    let says = [
        (StatusCode::TOO_MANY_REQUESTS, "2"),
        (StatusCode::SERVICE_UNAVAILABLE, "soon"),
    ];
    api.says.lock().expect("no panic").extend(says);
    let cache = Cache::in_memory();
    let cdn = HttpPurge::fastly_at(client(), &address, "SU1Z0", "secret").expect("valid");
    let purger = Purger::new(&cache, cdn).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let begun = Instant::now();
    cache.invalidate_tag("users").await;
    let limit = Duration::from_secs(20);
    assert_eq!(cache.flush(limit).await, Delivery::Delivered);
    assert!(
        begun.elapsed() >= Duration::from_secs(3),
        "two as it says, and one of ours"
    );
    let edge = cache.health().await.edge.expect("a purger");
    assert_eq!((edge.failures, edge.waiting), (2, 0));
    purging.abort();
}

/// Nobody listens there.
#[tokio::test]
async fn a_cdn_that_is_away_is_an_error_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let cdn = HttpPurge::varnish(client(), &address).expect("valid");
    let error = cdn.purge(&keys()).await.expect_err("nobody listens");
    assert!(error.to_string().contains("refused"), "{error}");
}
