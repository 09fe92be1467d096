//! What a hostile review has tried. Every one of these failed when it was written, but for those whose names begin with `held`, and for
//! `a_small_part_of_something_large_does_not_keep_all_of_it` on a server, where bytes are copied anyway.

use crate::backend::Backend;
use crate::world::*;
use axum::Router;
use axum::extract::{Path, Query};
use axum::routing::get;
use bytes::Bytes;
use cache_runtime::http::{CacheBody, CacheLayer, InvalidateLayer, User};
use cache_runtime::{Cache, cached, key};
use http::{HeaderValue, Request};
use http_body_util::Full;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_layer::Layer;
use tower_service::Service;

const MAX_AGE: (&str, &str) = ("cache-control", "max-age=60");

/// One that says what it was asked for by these fields.
fn echo(names: &'static [&'static str]) -> Origin {
    Origin::new(move |request| {
        let value = |name: &&str| match request.headers().get(*name) {
            Some(value) => value.as_bytes().escape_ascii().to_string(),
            None => "-".to_owned(),
        };
        let values: Vec<_> = names.iter().map(value).collect();
        ready(answer(200, &[MAX_AGE], &values.join(" ")))
    })
}

fn request<B: Default>(path: &str) -> Request<B> {
    Request::get(path).body(B::default()).expect("a request")
}

async fn of_router(router: &Router, path: &str) -> Told {
    let mut router = router.clone();
    let asked = request::<axum::body::Body>(path);
    let told = Service::call(&mut router, asked).await.expect("infallible");
    read(told).await
}

// One for another.

/// `GET http://victim/ HTTP/1.1` with `Host: evil`: the key says the one, the handler reads the other.
#[tokio::test]
async fn a_host_that_contradicts_the_address_answers_nobody_else() {
    let backend = Backend::new().await;
    let origin = echo(&["host"]);
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    let evil = [("host", "evil.example")];
    client.ask("GET", "http://victim.example/", &evil).await;
    let victim = [("host", "victim.example")];
    assert_eq!(client.ask("GET", "/", &victim).await.body, "victim.example");
}

/// The same by a socket, with axum and hyper as they are.
#[tokio::test]
async fn a_host_that_contradicts_the_address_answers_nobody_else_on_a_socket() {
    let backend = Backend::new().await;
    let told = |headers: http::HeaderMap| async move {
        let host = headers.get("host").map(|host| host.to_str().expect("text"));
        format!("<a href=\"//{}\">", host.unwrap_or("-"))
    };
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let router = Router::new().route("/", get(told)).layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let at = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let ask = |text: &'static str| async move {
        let mut socket = tokio::net::TcpStream::connect(at).await.expect("connected");
        socket.write_all(text.as_bytes()).await.expect("sent");
        let mut told = String::new();
        socket.read_to_string(&mut told).await.expect("text");
        told
    };
    ask("GET http://victim.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .await;
    let told = ask("GET / HTTP/1.1\r\nHost: victim.example\r\nConnection: close\r\n\r\n").await;
    assert!(told.contains("//victim.example"), "{told}");
    serving.abort();
}

/// RFC 7239 says it better than `X-Forwarded-Host`, and axum-extra believes it first.
#[tokio::test]
async fn a_host_that_is_forwarded_in_another_field_answers_nobody_else() {
    let backend = Backend::new().await;
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http"),
        echo(&["forwarded"]),
    );
    let evil = [("forwarded", "host=evil.example")];
    client.ask("GET", "/", &evil).await;
    assert_eq!(client.get("/").await.body, "-");
}

/// `~` and a digest: what stands for a long host, and for none with that digest as forwarded one.
#[tokio::test]
async fn a_forwarded_host_is_not_taken_for_the_digest_of_a_long_one() {
    let backend = Backend::new().await;
    let origin = echo(&["host", "x-forwarded-host"]);
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    let long = format!("{}.tenants.example.org", "a".repeat(60));
    let digest = key!("k:{long}");
    let digest = digest.as_str().strip_prefix("k:~").expect("a digest");
    client
        .ask("GET", "/", &[("x-forwarded-host", digest)])
        .await;
    let told = client.ask("GET", "/", &[("host", &long)]).await;
    assert_eq!(told.body, format!("{long} -"));
}

/// The address of a resource begins with its scheme. What sends one to the other sends everybody in a circle.
#[tokio::test]
async fn what_is_redirected_to_https_is_not_redirected_there() {
    let backend = Backend::new().await;
    let origin = Origin::new(|request| {
        let is_secure = request.uri().scheme_str() == Some("https");
        ready(match is_secure {
            true => answer(200, &[], "welcome"),
            false => answer(301, &[("location", "https://a.example/")], ""),
        })
    });
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let client = behind(&layer, origin);
    assert_eq!(client.get("http://a.example/").await.status, 301);
    assert_eq!(client.get("https://a.example/").await.status, 200);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_not_the_text_that_describes_them() {
    let backend = Backend::new().await;
    let layer =
        CacheLayer::new(&backend.cache(), "http").by_header("x-tenant".parse().expect("a name"));
    let origin = Origin::new(|request| {
        let length = request.headers()["x-tenant"].len();
        ready(answer(200, &[MAX_AGE], &length.to_string()))
    });
    let client = behind(&layer, origin);
    let mut asked = request::<Body>("/");
    let one = HeaderValue::from_bytes(b"\xe4").expect("a value");
    asked.headers_mut().insert("x-tenant", one);
    assert_eq!(read(client.send(asked).await).await.body, "1");
    let told = client.ask("GET", "/", &[("x-tenant", "\\xe4")]).await;
    assert_eq!(told.body, "4");
}

/// A list of tenants nobody has heard of; but a tenant is no list.
#[tokio::test]
async fn a_field_that_is_no_list_is_not_read_as_one() {
    let backend = Backend::new().await;
    let layer =
        CacheLayer::new(&backend.cache(), "http").by_header("x-tenant".parse().expect("a name"));
    let client = behind(&layer, echo(&["x-tenant"]));
    client.ask("GET", "/", &[("x-tenant", ",acme")]).await;
    let told = client.ask("GET", "/", &[("x-tenant", "acme")]).await;
    assert_eq!(told.body, "acme");
}

/// They are sorted by their names as they are written; the handler reads them decoded, in the order in which they came.
#[tokio::test]
async fn parameters_of_one_name_stay_in_their_order_however_they_are_written() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let told = |Query(all): Query<Vec<(String, String)>>| ready(format!("{all:?}"));
    let router = Router::new().route("/", get(told)).layer(layer);
    let one = of_router(&router, "/?a=2&%61=1").await.body;
    let other = of_router(&router, "/?%61=1&a=2").await.body;
    assert_ne!(one, other);
}

/// Behind a proxy that ends TLS this is how the scheme is told.
#[tokio::test]
async fn what_is_redirected_to_https_is_not_redirected_there_by_a_proxy() {
    let backend = Backend::new().await;
    let origin = Origin::new(|request| {
        let proto = request.headers().get("x-forwarded-proto");
        ready(match proto.is_some_and(|it| it == "https") {
            true => answer(200, &[], "welcome"),
            false => answer(301, &[("location", "https://a.example/")], ""),
        })
    });
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http").ttl(MINUTE),
        origin,
    );
    let by = |scheme: &'static str| [("host", "a.example"), ("x-forwarded-proto", scheme)];
    assert_eq!(client.ask("GET", "/", &by("http")).await.status, 301);
    assert_eq!(client.ask("GET", "/", &by("https")).await.status, 200);
}

/// As in the guide: who is not logged in is anonymous. But the page has the token of his cookie in it, or his cart, or his
/// language; and sets none, since he has it. Of an `Authorization` it would be noticed.
#[tokio::test]
async fn what_is_made_for_the_cookie_of_somebody_anonymous_is_not_for_everybody() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").users(|_| User::Anonymous);
    let client = behind(&layer.ttl(MINUTE), {
        Origin::new(|request| {
            let cookie = request.headers().get("cookie");
            let cookie = cookie.map_or("-", |it| it.to_str().expect("text"));
            ready(answer(200, &[], cookie))
        })
    });
    let own = [("cookie", "csrf=secret")];
    assert_eq!(client.ask("GET", "/form", &own).await.body, "csrf=secret");
    assert_eq!(client.get("/form").await.body, "-");
}

// Old for new.

/// Of a request whose service has given up (a timeout inside of the layer) nobody knows what it has committed, just as of one that
/// panics.
#[tokio::test]
async fn a_request_whose_service_gives_up_invalidates() {
    #[derive(Clone)]
    struct GivesUp;
    impl Service<Request<Body>> for GivesUp {
        type Response = Answer;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Answer, &'static str>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, request: Request<Body>) -> Self::Future {
            ready(match request.method().as_str() {
                "GET" => Ok(answer(200, &[MAX_AGE], "old")),
                _ => Err("committed, and then timed out"),
            })
        }
    }
    let backend = Backend::new().await;
    let cache = backend.cache();
    cache.set("list", 1).tag("list").await;
    let layer = CacheLayer::new(&cache, "http");
    let mut cached = layer.layer(GivesUp);
    let get = |cached: &mut cache_runtime::http::CacheService<GivesUp>| {
        let mut asked = request::<Body>("/");
        let only = HeaderValue::from_static("only-if-cached");
        asked.headers_mut().insert("cache-control", only);
        cached.call(asked)
    };
    cached.call(request("/")).await.expect("an answer");
    assert_eq!(get(&mut cached).await.expect("an answer").status(), 200);
    let post = || Request::post("/").body(Body::default()).expect("a request");
    assert!(cached.call(post()).await.is_err());
    let invalidates = InvalidateLayer::new(&cache).tags(|_| ["list"]);
    assert!(invalidates.layer(GivesUp).call(post()).await.is_err());
    let list = cache.contains("list").await;
    let status = get(&mut cached).await.expect("an answer").status();
    assert_eq!((status.as_u16(), list), (504, false));
}

/// Two versions within one second have one `Date`.
#[tokio::test]
async fn who_has_what_was_invalidated_is_not_told_that_it_is_the_same() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let client = behind(
        &CacheLayer::new(&cache, "http"),
        Origin::counting(&[MAX_AGE]),
    );
    for _ in 0..5 {
        let old = client.get("/").await;
        cache.invalidate("http:GET:/:*").await;
        let new = client.get("/").await;
        assert_ne!(old.body, new.body);
        if old.header("date") == new.header("date") {
            let since = [("if-modified-since", old.header("date"))];
            let told = client.ask("GET", "/", &since).await;
            assert_eq!((told.status, &told.body), (200, &new.body));
            return;
        }
        cache.invalidate("http:GET:/:*").await;
    }
    panic!("no two answers within one second");
}

#[tokio::test]
async fn a_head_or_a_part_that_is_wanted_fresh_is_not_what_is_stored() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[MAX_AGE]);
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin.clone());
    client.get("/").await;
    let fresh = ("cache-control", "no-cache");
    client.ask("HEAD", "/", &[fresh]).await;
    let head = origin.calls();
    client
        .ask("GET", "/", &[fresh, ("range", "bytes=0-1")])
        .await;
    assert_eq!((head, origin.calls()), (2, 3));
}

/// It is chained onto one route in axum: `get(list).post(create).layer(…)`.
#[tokio::test]
async fn who_only_asks_invalidates_nothing() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    cache.set("list", 1).tag("list").await;
    let layer = InvalidateLayer::new(&cache).tags(|_| ["list"]);
    let origin = Origin::counting(&[]);
    let told = layer.layer(origin).call(request::<Body>("/")).await;
    assert_eq!(told.expect("infallible").status(), 200);
    assert!(cache.contains("list").await);
}

/// The layer knows that it may be one (and goes past itself), and not that it may change something.
#[tokio::test]
async fn a_question_that_is_a_change_in_disguise_invalidates() {
    let backend = Backend::new().await;
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http"),
        Origin::counting(&[MAX_AGE]),
    );
    client.get("/").await;
    let disguised = [("x-http-method-override", "DELETE")];
    client.ask("GET", "/", &disguised).await;
    assert_eq!(client.get("/").await.body, "call 3");
}

/// axum hands both to one handler, with one parameter.
#[tokio::test]
async fn what_changes_a_path_ends_it_however_it_is_written() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let name = Arc::new(AtomicU32::new(0));
    let (read_from, write_to) = (Arc::clone(&name), name);
    let read = move |Path(_): Path<u32>| ready(read_from.load(SeqCst).to_string());
    let write = move |Path(_): Path<u32>| {
        write_to.store(1, SeqCst);
        ready("")
    };
    let router = Router::new()
        .route("/users/{id}", get(read).put(write))
        .layer(layer);
    assert_eq!(of_router(&router, "/users/7").await.body, "0");
    let put = Request::put("/users/%37").body(axum::body::Body::empty());
    let told = Service::call(&mut router.clone(), put.expect("a request")).await;
    assert_eq!(told.expect("infallible").status(), 200);
    assert_eq!(of_router(&router, "/users/7").await.body, "1");
}

// What one client does to others.

fn only_german(refusal: u16) -> Origin {
    Origin::new(move |request| {
        let headers = request.headers();
        let is_german = headers.get("accept-language").is_some_and(|it| it == "de");
        let vary = ("vary", "accept-language");
        ready(match is_german {
            true => answer(200, &[MAX_AGE, vary], "guten Tag"),
            false => answer(refusal, &[vary], "?"),
        })
    })
}

/// One request in ten seconds, of a language nobody speaks, and everybody goes to the handler.
#[tokio::test]
async fn a_variant_that_is_refused_switches_the_cache_off_for_no_other() {
    let backend = Backend::new().await;
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), only_german(406));
    let german = [("accept-language", "de")];
    client.ask("GET", "/", &german).await;
    assert_eq!(
        client
            .ask("GET", "/", &[("accept-language", "xx")])
            .await
            .status,
        406
    );
    let told = client.ask("GET", "/", &german).await;
    assert!(told.header("cache-status").contains("; hit"), "{told:?}");
}

/// And of a resource that varies on nothing.
#[tokio::test]
async fn a_client_that_is_refused_switches_the_cache_off_for_no_other() {
    let backend = Backend::new().await;
    let origin = Origin::new(|request| {
        let is_refused = request.headers().contains_key("x-nonsense");
        let status = if is_refused { 400 } else { 200 };
        let said: &[_] = if is_refused { &[] } else { &[MAX_AGE] };
        ready(answer(status, said, ""))
    });
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    client.get("/").await;
    let refused = [("cache-control", "no-cache"), ("x-nonsense", "1")];
    assert_eq!(client.ask("GET", "/", &refused).await.status, 400);
    let only = [("cache-control", "only-if-cached")];
    let is_there = client.ask("GET", "/", &only).await.status == 200;
    let told = client.get("/").await;
    let is_hit = told.header("cache-status").contains("; hit");
    assert_eq!((is_there, is_hit), (true, true), "{told:?}");
}

/// `303 See Other` after a form, to where the client came from: that a page is shown again does not say that it has changed. (What
/// `201 Created` tells the location of has.)
#[tokio::test]
async fn where_a_client_is_sent_after_a_change_is_not_what_has_changed() {
    let backend = Backend::new().await;
    let origin = Origin::new(|request| {
        ready(match request.method().as_str() {
            "GET" => answer(200, &[MAX_AGE], "home"),
            _ => answer(303, &[("location", "/")], ""),
        })
    });
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    client.get("/").await;
    client.ask("POST", "/language?back=/", &[]).await;
    let told = client.get("/").await;
    assert!(told.header("cache-status").contains("; hit"), "{told:?}");
}

/// As a refresh in the background does, if the service has enough of it for a moment.
#[tokio::test]
async fn what_answers_meanwhile_is_not_taken_away_by_a_refusal() {
    let backend = Backend::new().await;
    let said = ("cache-control", "max-age=1, stale-while-revalidate=60");
    let origin = Origin::new({
        let calls = AtomicU32::new(0);
        move |_| {
            ready(match calls.fetch_add(1, SeqCst) {
                0 => answer(200, &[said], "fine"),
                _ => answer(429, &[], "too many"),
            })
        }
    });
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    client.get("/").await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    for _ in 0..3 {
        assert_eq!(client.get("/").await.body, "fine");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

// Failures that there were none of.

#[tokio::test]
async fn a_body_may_be_given_all_the_time_there_is() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").body_timeout(Duration::MAX);
    let client = behind(&layer, Origin::counting(&[MAX_AGE]));
    assert_eq!(client.get("/").await.status, 200);
}

/// hyper breaks the connection off after a body that is shorter than it has said; here it becomes a whole one.
#[tokio::test]
async fn a_body_that_ends_too_early_is_not_stored() {
    struct Short(Option<Bytes>);
    impl http_body::Body for Short {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.take().map(|data| Ok(http_body::Frame::data(data))))
        }
        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(if self.0.is_some() { 100 } else { 90 })
        }
    }
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let told = || {
        ready(axum::body::Body::new(Short(Some(Bytes::from_static(
            b"0123456789",
        )))))
    };
    let router = Router::new().route("/", get(told)).layer(layer);
    let told = of_router(&router, "/").await;
    assert!(!told.header("cache-status").contains("stored"), "{told:?}");
}

/// Another process, or this one after 10,000 other addresses, does not know what the resource varies on, finds another variant past
/// its time, and asks the service whether that has changed.
#[tokio::test]
async fn a_variant_past_its_time_is_no_failure_of_another() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let origin = Origin::new(|request| {
        let headers = request.headers();
        let vary = ("vary", "accept-language");
        if headers.contains_key("if-modified-since") {
            return ready(answer(304, &[vary, MAX_AGE], ""));
        }
        let language = headers["accept-language"].to_str().expect("text");
        let modified = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        let said = [("cache-control", "max-age=1"), vary, modified];
        ready(answer(200, &said, language))
    });
    let one = behind(
        &CacheLayer::new(&cache, "http").revalidate(MINUTE),
        origin.clone(),
    );
    let other = behind(
        &CacheLayer::new(&cache, "http").revalidate(MINUTE),
        origin.clone(),
    );
    one.ask("GET", "/", &[("accept-language", "de")]).await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let told = other.ask("GET", "/", &[("accept-language", "fr")]).await;
    assert_eq!((told.status, &*told.body), (200, "fr"));
}

/// A limit of what runs at once is for what runs.
#[tokio::test]
async fn what_is_stored_is_answered_while_the_service_is_busy() {
    #[derive(Clone)]
    struct Busy(Origin, Arc<AtomicBool>);
    impl Service<Request<Body>> for Busy {
        type Response = Answer;
        type Error = Infallible;
        type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;
        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            match self.1.load(SeqCst) {
                true => Poll::Pending,
                false => self.0.poll_ready(context),
            }
        }
        fn call(&mut self, request: Request<Body>) -> Self::Future {
            self.0.call(request)
        }
    }
    let backend = Backend::new().await;
    let is_busy = Arc::new(AtomicBool::new(false));
    let service = Busy(Origin::counting(&[MAX_AGE]), Arc::clone(&is_busy));
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), service);
    client.get("/").await;
    is_busy.store(true, SeqCst);
    let told = tokio::time::timeout(Duration::from_secs(2), client.get("/")).await;
    assert_eq!(told.expect("answered").body, "call 1");
}

/// Bodies that were wrapped often cannot tell that they are empty; HTTP/1.1 can: there is no length and no encoding.
#[tokio::test]
async fn a_request_without_a_body_has_none_whoever_has_wrapped_it() {
    struct Wrapped;
    impl http_body::Body for Wrapped {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            Poll::Ready(None)
        }
    }
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let mut router = Router::new()
        .route("/", get(|| ready("hello")))
        .layer(layer);
    let asked = Request::get("/").body(Wrapped).expect("a request");
    let told = Service::call(&mut router, asked).await.expect("infallible");
    let told = read(told).await;
    assert!(told.header("cache-status").contains("stored"), "{told:?}");
}

/// It counts for ten bytes, and holds a megabyte: a slice of a file, or of what a client has read from its socket.
#[tokio::test]
async fn a_small_part_of_something_large_does_not_keep_all_of_it() {
    struct Large(Vec<u8>, Arc<AtomicBool>);
    impl AsRef<[u8]> for Large {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    impl Drop for Large {
        fn drop(&mut self) {
            self.1.store(true, SeqCst);
        }
    }
    let backend = Backend::new().await;
    let is_gone = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_gone);
    let origin = Origin::new(move |_| {
        let large = Bytes::from_owner(Large(vec![b'x'; 1 << 20], Arc::clone(&seen)));
        let mut told = answer(200, &[MAX_AGE], "");
        *told.body_mut() = Full::new(large.slice(..10));
        ready(told)
    });
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    assert_eq!(client.get("/").await.body, "xxxxxxxxxx");
    assert!(is_gone.load(SeqCst));
}

// What is told.

#[tokio::test]
async fn the_age_of_a_response_is_not_forgotten_on_its_way_in() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[("age", "100"), ("cache-control", "max-age=600")]);
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    let first = client.get("/").await;
    let second = client.get("/").await;
    let ages = [first, second].map(|told| told.header("age").parse::<u32>().unwrap_or(0));
    assert!(ages.iter().all(|age| *age >= 100), "{ages:?}");
}

/// `ServiceBuilder::new().layer(TimeoutLayer…).layer(CacheLayer…)`, and the same with CORS: they make an empty body.
#[test]
fn layers_that_make_empty_bodies_stand_around_this_one() {
    fn is_made_of_nothing<B: Default + http_body::Body>() -> bool {
        B::default().is_end_stream()
    }
    assert!(is_made_of_nothing::<CacheBody<Full<Bytes>>>());
}

// What held.

#[tokio::test]
async fn held_a_layer_inside_of_another_of_its_name_answers() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http");
    let vary = [MAX_AGE, ("vary", "accept-language")];
    let calls = Arc::new(AtomicU32::new(0));
    let origin = Origin::new(move |request| {
        calls.fetch_add(1, SeqCst);
        let language = request.headers().get("accept-language");
        let language = language.map_or("-", |it| it.to_str().expect("text"));
        ready(answer(
            200,
            &vary,
            &format!("{language} {}", calls.load(SeqCst)),
        ))
    });
    let client = behind(&layer, layer.layer(origin.clone()));
    for (language, expected) in [("de", "de 1"), ("fr", "fr 2"), ("de", "de 1")] {
        let headers = [("accept-language", language)];
        let asking = client.ask("GET", "/", &headers);
        let told = tokio::time::timeout(Duration::from_secs(5), asking).await;
        assert_eq!(told.expect("answered").body, expected);
    }
}

#[tokio::test]
async fn held_an_hour_of_min_fresh_and_more_is_no_panic() {
    let backend = Backend::new().await;
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http"),
        Origin::counting(&[MAX_AGE]),
    );
    for said in [
        "min-fresh=x",
        "min-fresh=99999999999999999999",
        "max-stale=1, max-age=x",
    ] {
        client.get("/").await;
        let told = client.ask("GET", "/", &[("cache-control", said)]).await;
        assert_eq!(told.status, 200);
    }
}

/// On a server a failure leaves a mark in place of the lease.
#[tokio::test]
async fn held_a_failure_keeps_nobody_from_storing() {
    let backend = Backend::new().await;
    let origin = Origin::saying([
        answer(500, &[], "?"),
        answer(200, &[MAX_AGE], "fine"),
        answer(200, &[MAX_AGE], "not asked"),
    ]);
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin);
    assert_eq!(client.get("/").await.status, 500);
    assert_eq!(client.get("/").await.body, "fine");
    assert_eq!(client.get("/").await.body, "fine");
}

/// An older answer that is made anew in the background does not outlive an invalidation that comes meanwhile.
#[tokio::test]
async fn held_a_refresh_that_is_overtaken_stores_nothing() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let (calls, value) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let origin = {
        let (calls, value) = (Arc::clone(&calls), Arc::clone(&value));
        Origin::new(move |_| {
            let call = calls.fetch_add(1, SeqCst);
            let read = value.load(SeqCst);
            async move {
                if call == 1 {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                let said = ("cache-control", "max-age=1, stale-while-revalidate=60");
                answer(200, &[said, ("vary", "accept")], &read.to_string())
            }
        })
    };
    let client = behind(&CacheLayer::new(&cache, "http"), origin);
    client.get("/").await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(client.get("/").await.body, "0", "and it is made anew");
    tokio::time::sleep(Duration::from_millis(100)).await;
    value.store(1, SeqCst);
    cache.invalidate("http:GET:/:*").await;
    for _ in 0..10 {
        assert_eq!(client.get("/").await.body, "1");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[cached(ttl = "1h", key = "truth", cache = cache, skip(cache, truth))]
async fn read_truth(cache: &Cache, truth: &AtomicU32) -> u32 {
    let read = truth.load(SeqCst);
    tokio::task::yield_now().await;
    read
}

/// Hits, refreshes in the background, confirmations, variants, failures, heads, parts and wishes of clients, while what is read
/// changes: nobody who asks afterwards is sent what was there before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn held_nothing_that_was_invalidated_is_sent() {
    const PATHS: [&str; 3] = ["/path", "/tagged", "/read"];
    type Counters = Arc<[AtomicU32; 3]>;
    let backend = Backend::new().await;
    let cache = backend.cache();
    let (truth, dice): (Counters, _) = (Arc::default(), Arc::new(AtomicU32::new(0)));
    let origin = {
        let (cache, truth, dice) = (cache.clone(), Arc::clone(&truth), Arc::clone(&dice));
        Origin::new(move |request| {
            let (cache, truth) = (cache.clone(), Arc::clone(&truth));
            let dice = dice.fetch_add(1, SeqCst);
            async move {
                if request.method() == "POST" {
                    return answer(200, &[], "");
                }
                let path = request.uri().path();
                let at = PATHS.iter().position(|it| *it == path).expect("known");
                let value = match at {
                    2 => read_truth(&cache, &truth[2]).await,
                    at => truth[at].load(SeqCst),
                };
                tokio::time::sleep(Duration::from_micros(u64::from(dice % 7) * 300)).await;
                if dice % 23 == 0 {
                    return answer(503, &[], "");
                }
                let tag = format!("\"{value:08}\"");
                let said = match dice % 3 {
                    0 => "max-age=1, stale-while-revalidate=60, stale-if-error=60",
                    1 => "max-age=1, stale-if-error=60",
                    _ => "max-age=1",
                };
                let said = [
                    ("cache-control", said),
                    ("etag", &*tag),
                    ("vary", "accept-language"),
                ];
                let known = request.headers().get("if-none-match");
                let mut told = match known.is_some_and(|it| *it == *tag) {
                    true => answer(304, &said, ""),
                    false => answer(200, &said, &format!("{value:08}")),
                };
                if at == 1 {
                    let tags = cache_runtime::http::CacheTags::new(["late"]);
                    told.extensions_mut().insert(tags);
                }
                told
            }
        })
    };
    let layer = CacheLayer::new(&cache, "http").revalidate(MINUTE);
    let other = CacheLayer::new(&cache, "http").revalidate(MINUTE);
    let clients = [behind(&layer, origin.clone()), behind(&other, origin)];
    let until = std::time::Instant::now() + Duration::from_secs(6);
    let committed: Counters = Arc::default();
    let mut tasks = Vec::new();
    for number in 0..12_usize {
        let client = clients[number % 2].clone();
        let committed = Arc::clone(&committed);
        tasks.push(tokio::spawn(async move {
            let (mut round, mut answered) = (number * 7, 0);
            while std::time::Instant::now() < until {
                round += 1;
                let at = round % 3;
                let floor = committed[at].load(SeqCst);
                let known = format!("\"{floor:08}\"");
                let language = ("accept-language", ["de", "fr", "it"][round / 3 % 3]);
                let (method, field) = match round % 11 {
                    0 => ("GET", ("cache-control", "no-cache")),
                    1 => ("GET", ("cache-control", "max-age=1")),
                    2 => ("GET", ("cache-control", "min-fresh=1")),
                    3 => ("HEAD", ("x-none", "1")),
                    4 => ("GET", ("range", "bytes=0-")),
                    5 => ("GET", ("if-none-match", &*known)),
                    _ => ("GET", ("x-none", "1")),
                };
                let told = client.ask(method, PATHS[at], &[language, field]).await;
                if told.status == 503 {
                    continue;
                }
                let tag = told.header("etag").trim_matches('"').to_owned();
                let value: u32 = tag.parse().expect("a number");
                assert!(
                    value >= floor,
                    "{floor} was there before {told:?} {method} {field:?}"
                );
                if told.status == 200 && method == "GET" {
                    assert_eq!(told.body, tag);
                }
                answered += 1;
                if round % 5 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            answered
        }));
    }
    let writer = clients[0].clone();
    let mut round = 0;
    while std::time::Instant::now() < until {
        round += 1;
        let at = round % 3;
        let now = truth[at].fetch_add(1, SeqCst) + 1;
        match at {
            0 => drop(writer.ask("POST", "/path", &[]).await),
            1 => drop(cache.invalidate_tag("late").await),
            _ => drop(cache.delete("truth").await),
        }
        committed[at].store(now, SeqCst);
        let pause = if round % 300 == 0 {
            1_300
        } else {
            round as u64 % 9
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    let mut answered = 0;
    for task in tasks {
        answered += task.await.expect("nobody was told what is old");
    }
    assert!(answered > 1_000, "{answered} answers, {round} changes");
    println!("{answered} answers, {round} changes");
}

#[allow(dead_code, reason = "a check of types alone")]
fn held_it_stands_around_whatever_axum_has(cache: &Cache) -> Router {
    let layer = CacheLayer::new(cache, "http");
    let method = get(|| ready("a")).layer(layer.clone());
    Router::new()
        .route("/method", method)
        .route_layer(layer.clone())
        .layer(InvalidateLayer::new(cache))
        .layer(layer)
}
