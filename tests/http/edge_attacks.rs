//! Attacks on the edge: each test states what is promised.

use crate::IS_ON_A_SERVER;
use crate::backend::Backend;
use crate::cdn::{Cdn, keys_of};
use crate::world::*;
use bytes::Bytes;
use cache_runtime::http::{CacheLayer, CacheTags, Edge, Purge, PurgeError, Purger, User};
use cache_runtime::{Cache, Delivery, cached};
use http::{Request, Response};
use http_body::Frame;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tower_service::Service;

const LIMIT: Duration = Duration::from_secs(20);

fn api(cache: &Cache) -> CacheLayer {
    CacheLayer::new(cache, "api").ttl(MINUTE).edge(Edge::new())
}

fn is_given(told: &Told) -> bool {
    told.header("cdn-cache-control").starts_with("max-age=")
}

fn varies_on(told: &Told, name: &str) -> bool {
    let lines = told.headers.get_all("vary").iter();
    let mut names = lines.flat_map(|line| line.to_str().expect("text").split(','));
    names.any(|it| it.trim().eq_ignore_ascii_case(name))
}

/// (2), (4): what the layer keeps apart, the CDN is to keep apart.
#[tokio::test]
async fn a_forwarded_host_does_not_reach_everybody_by_the_cdn() {
    let backend = Backend::new().await;
    for name in ["x-forwarded-host", "x-forwarded-proto", "forwarded"] {
        let origin = Origin::new(move |request: Request<Body>| {
            let host = request.headers().get(name);
            let host = host.and_then(|host| host.to_str().ok()).unwrap_or("us");
            std::future::ready(answer(200, &[], &format!("<script src=//{host}>")))
        });
        let client = behind(&api(&backend.cache()), origin);
        let path = format!("/{name}");
        let evil = client.ask("GET", &path, &[(name, "evil.example")]).await;
        assert!(evil.body.contains("evil"));
        // The layer knows that it is for nobody else.
        assert!(client.get(&path).await.body.contains("us"));
        assert!(
            !is_given(&evil) || varies_on(&evil, name),
            "{name}: the CDN may send this to everybody: {evil:?}"
        );
    }
}

/// (2): a `GET` is a `GET` to the CDN, whatever a field says.
#[tokio::test]
async fn a_method_in_disguise_is_not_for_the_cdn() {
    let backend = Backend::new().await;
    let origin = Origin::new(|request: Request<Body>| {
        let other = request.headers().contains_key("x-http-method-override");
        let body = if other { "deleted" } else { "page" };
        std::future::ready(answer(
            200,
            &[("cache-control", "public, max-age=60")],
            body,
        ))
    });
    let client = behind(&api(&backend.cache()), origin);
    let told = client
        .ask("GET", "/a", &[("x-http-method-override", "DELETE")])
        .await;
    assert_eq!(told.body, "deleted");
    assert_eq!(told.header("surrogate-key"), "");
    assert!(
        told.header("cache-control").contains("private")
            && told.header("cdn-cache-control").contains("no-store"),
        "the CDN may hold it for 60 s, and nobody can purge it: {told:?}"
    );
}

/// (4): what one client asked wrongly for is no answer to others.
#[tokio::test]
async fn an_impossible_range_is_not_for_the_cdn() {
    let backend = Backend::new().await;
    let client = behind(&api(&backend.cache()), Origin::counting(&[]));
    client.get("/a").await;
    let told = client.ask("GET", "/a", &[("range", "bytes=9999-")]).await;
    assert_eq!(told.status, 416);
    assert!(
        !is_given(&told),
        "an error with a freshness of its own: {told:?}"
    );
}

/// (1): functions may use another cache than the layer does.
#[tokio::test]
async fn what_ends_in_another_cache_purges() {
    let (functions, routes) = (Cache::in_memory(), Cache::in_memory());
    let origin = {
        let functions = functions.clone();
        Origin::new(move |_| {
            let functions = functions.clone();
            async move {
                let text = functions
                    .get_or_set("row", || async { "1".to_owned() })
                    .await;
                answer(200, &[], &text)
            }
        })
    };
    let client = behind(&api(&routes), origin.clone());
    let cdn = Cdn::default();
    let purging = tokio::spawn(
        Purger::new(&routes, cdn.clone())
            .again_after(Duration::ZERO)
            .run(),
    );
    let told = client.get("/a").await;
    // It cannot: so it is given nothing.
    assert!(!is_given(&told), "{told:?}");
    cdn.take("/a", &told, Duration::ZERO).await;
    client.get("/a").await;
    assert_eq!(origin.calls(), 1);
    functions.delete("row").await;
    client.get("/a").await;
    assert_eq!(origin.calls(), 2, "the response has ended");
    assert_eq!(routes.flush(LIMIT).await, Delivery::Delivered);
    assert!(cdn.held("/a").is_none(), "but the CDN has it");
    purging.abort();
}

/// A body that comes when it is let.
struct SlowBody {
    gate: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_done: bool,
}

impl http_body::Body for SlowBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        std::task::ready!(self.gate.as_mut().poll(context));
        self.is_done = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"old")))))
    }
}

#[derive(Clone)]
struct SlowOrigin {
    asked: Arc<Notify>,
    gate: Arc<Notify>,
}

impl Service<Request<Body>> for SlowOrigin {
    type Response = Response<SlowBody>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<SlowBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        self.asked.notify_one();
        let gate = Arc::clone(&self.gate);
        let gate = Box::pin(async move { gate.notified().await });
        std::future::ready(Ok(Response::new(SlowBody {
            gate,
            is_done: false,
        })))
    }
}

/// (2): one who has joined after the head had come, and before the body had, gets what was overtaken.
#[tokio::test]
async fn who_joins_late_is_not_given_what_was_overtaken() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let layer = api(&cache).body_timeout(LIMIT).tags(|_| vec!["t".into()]);
    let origin = SlowOrigin {
        asked: Arc::default(),
        gate: Arc::default(),
    };
    let client = behind(&layer, origin.clone());
    let ask = || {
        let client = client.clone();
        tokio::spawn(async move { client.get("/a").await })
    };
    let leader = ask();
    origin.asked.notified().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let follower = ask();
    tokio::time::sleep(Duration::from_millis(100)).await;
    cache.invalidate_tag("t").await;
    origin.gate.notify_one();
    tokio::time::sleep(Duration::from_millis(100)).await;
    origin.gate.notify_one();
    let leader = leader.await.expect("no panic");
    assert!(!is_given(&leader), "{leader:?}");
    let follower = follower.await.expect("no panic");
    assert!(!is_given(&follower), "overtaken: {follower:?}");
}

/// (2), (4): Fastly heeds of `Cache-Control` only `max-age`, `s-maxage` and `private`, and holds what says nothing of these.
#[tokio::test]
async fn what_is_refused_says_private_in_words_that_cdns_heed() {
    let backend = Backend::new().await;
    for (name, edge) in [
        ("fastly", Edge::fastly()),
        ("varnish", Edge::varnish()),
        ("rfc", Edge::new()),
    ] {
        for (at, control) in [
            "no-store",
            "public, max-age=60, ext=\"a, no-store, b\"",
            "max-age=60, ext=\"a, private, b\"",
        ]
        .into_iter()
        .enumerate()
        {
            let layer = CacheLayer::new(&backend.cache(), name)
                .ttl(MINUTE)
                .edge(edge.clone());
            let headers = [("cache-control", control), ("set-cookie", "a=b")];
            let client = behind(&layer, Origin::saying([answer(200, &headers, "")]));
            let told = client.get(&format!("/{at}")).await;
            let said = told.header("cache-control").to_owned();
            // What is left without quotations.
            let plain: String = said.split('"').step_by(2).collect();
            let mut plain = plain.split(',').map(str::trim);
            assert!(
                plain.any(|it| it == "private"),
                "{name} {control:?}: {said:?}"
            );
        }
    }
}

/// (2): one user's answer.
#[tokio::test]
async fn what_is_one_users_is_kept_from_whatever_a_cdn_reads() {
    let backend = Backend::new().await;
    for (name, edge, field) in [
        (
            "cloudflare",
            Edge::cloudflare(),
            "cloudflare-cdn-cache-control",
        ),
        ("varnish", Edge::varnish(), "surrogate-control"),
        ("varnish2", Edge::varnish(), "cdn-cache-control"),
        ("rfc", Edge::new(), "surrogate-control"),
        ("fastly", Edge::fastly(), "cdn-cache-control"),
    ] {
        let layer = CacheLayer::new(&backend.cache(), name)
            .ttl(MINUTE)
            .edge(edge)
            .users(|request| match request.headers.get("authorization") {
                Some(_) => User::known(7),
                None => User::Anonymous,
            });
        let origin = Origin::saying([answer(200, &[(field, "max-age=60")], "mine")]);
        let told = behind(&layer, origin)
            .ask("GET", "/me", &[("authorization", "me")])
            .await;
        assert_eq!(told.body, "mine");
        assert!(
            !told.header(field).contains("max-age"),
            "{name}: {field}: {}",
            told.header(field)
        );
    }
}

/// (2): a handler that says of its route for how long a CDN may have it does not know that this one is somebody's.
#[tokio::test]
async fn answers_to_credentials_are_not_everybodys() {
    let backend = Backend::new().await;
    let origin = || {
        Origin::new(|request: Request<Body>| {
            let who = request.headers().get("cookie");
            let who = who.map_or("nobody".to_owned(), |it| {
                it.to_str().expect("text").to_owned()
            });
            let headers = [("cdn-cache-control", "max-age=60")];
            std::future::ready(answer(200, &headers, &format!("basket of {who}")))
        })
    };
    let plain = behind(&api(&backend.cache()), origin());
    let anonymous = behind(
        &CacheLayer::new(&backend.cache(), "users")
            .ttl(MINUTE)
            .edge(Edge::new())
            .users(|_| User::Anonymous),
        origin(),
    );
    for (what, client) in [("without users", plain), ("anonymous", anonymous)] {
        let told = client.ask("GET", "/a", &[("cookie", "session=7")]).await;
        assert!(told.body.contains("session=7"), "{told:?}");
        assert!(
            !is_given(&told) || varies_on(&told, "cookie"),
            "{what}: the CDN may send this to everybody: {told:?}"
        );
    }
}

/// (2): RFC 9213 §2.2: an invalid or empty field is ignored, and `Cache-Control` holds.
#[tokio::test]
async fn a_field_that_says_nothing_is_not_believed() {
    let backend = Backend::new().await;
    let client = behind(
        &api(&backend.cache()).max_body(3),
        Origin::counting(&[
            ("cdn-cache-control", ""),
            ("cache-control", "public, s-maxage=60"),
            ("x", "y"),
        ]),
    );
    let told = client.get("/a").await;
    assert_eq!(told.header("surrogate-key"), "");
    assert!(
        !told.header("cache-control").contains("s-maxage"),
        "{told:?}"
    );
}

/// (4), (1): the keys of a handler count, too: a CDN cuts off what is too much, and that is ours.
#[tokio::test]
async fn the_handlers_keys_count() {
    let backend = Backend::new().await;
    let layer = api(&backend.cache()).edge(Edge::new().max_keys(1_000));
    let many: &'static str = Box::leak("mine ".repeat(400).into_boxed_str());
    let origin = Origin::new(move |_| {
        std::future::ready(answer(200, &[("surrogate-key", many.trim())], ""))
    });
    let told = behind(&layer, origin).get("/a").await;
    assert!(
        !is_given(&told) || told.header("surrogate-key").len() <= 1_000,
        "{} bytes of keys, ours at the end",
        told.header("surrogate-key").len()
    );
}

/// (4): RFC 9111 §1.2.2.
#[tokio::test]
async fn for_ever_is_said_in_a_number_that_can_be_read() {
    let backend = Backend::new().await;
    let layer = api(&backend.cache()).edge(Edge::new().ttl(Duration::MAX));
    let told = behind(&layer, Origin::counting(&[])).get("/a").await;
    let said = told.header("cdn-cache-control").to_owned();
    let number: u64 = said["max-age=".len()..].parse().expect("a number");
    assert!(number <= 1 << 31, "{said}");
}

struct Eager(Arc<AtomicU64>);

impl Purge for Eager {
    fn purge(&self, keys: &[String]) -> impl Future<Output = Result<(), PurgeError>> + Send {
        // A client that panics while it makes the request.
        let call = self.0.fetch_add(1, SeqCst);
        assert!(call > 0, "the first request cannot be made");
        let _keys = keys;
        std::future::ready(Ok(()))
    }
}

/// (3)
#[tokio::test]
async fn a_panic_before_the_future_is_a_failure_too() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let calls = Arc::new(AtomicU64::new(0));
    let purger = Purger::new(&cache, Eager(Arc::clone(&calls))).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    cache.delete("a").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!purging.is_finished(), "purging has ended for good");
    assert_eq!(calls.load(SeqCst), 2);
    purging.abort();
}

#[tokio::test]
async fn never_again_does_not_panic() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let purger = Purger::new(&cache, Cdn::default()).again_after(Duration::MAX);
    let purging = tokio::spawn(purger.run());
    cache.delete("a").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!purging.is_finished(), "it panicked");
    purging.abort();
}

/// Refuses one key for good, if it is to: the first that it is asked to purge.
#[derive(Clone, Default)]
struct Picky {
    purged: Arc<Mutex<Vec<String>>>,
    refused: Option<Arc<OnceLock<String>>>,
}

impl Purge for Picky {
    async fn purge(&self, keys: &[String]) -> Result<(), PurgeError> {
        if let Some(refused) = &self.refused
            && keys.contains(refused.get_or_init(|| keys[0].clone()))
        {
            return Err(PurgeError::new("400 Bad Request"));
        }
        self.purged
            .lock()
            .expect("no panic")
            .extend(keys.iter().cloned());
        Ok(())
    }
}

/// (3): what a CDN refuses for good stops nothing else.
#[tokio::test]
async fn one_key_that_is_refused_stops_no_others() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Picky {
        refused: Some(Arc::default()),
        ..Picky::default()
    };
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    cache.invalidate_tag("bad").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    for key in 0..20 {
        cache.delete(format!("key:{key}")).await;
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    let purged = cdn.purged.lock().expect("no panic").len();
    assert!(purged >= 20, "only {purged} of 20 were purged in 6 s");
    purging.abort();
}

/// (5): nobody from outside purges the CDN.
#[tokio::test]
async fn a_client_cannot_purge_the_cdn() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let client = behind(&api(&cache), Origin::counting(&[]));
    let told = client.get("/a").await;
    cache.flush(LIMIT).await;
    cdn.purged();
    client
        .ask("GET", "/a", &[("cache-control", "no-cache")])
        .await;
    cache.flush(LIMIT).await;
    let purged = cdn.purged();
    assert!(
        purged.is_disjoint(&keys_of(&told)),
        "a GET with no-cache has purged {purged:?}"
    );
    purging.abort();
}

/// (5)/(3): the same, so often that everything is purged.
#[tokio::test]
async fn a_client_cannot_purge_everything() {
    if IS_ON_A_SERVER {
        return;
    }
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone());
    let purging = tokio::spawn(purger.run());
    let client = behind(&api(&cache), Origin::counting(&[]));
    let other = client.get("/other").await;
    cdn.take("/other", &other, Duration::ZERO).await;
    for n in 0..10_300 {
        let path = format!("/a?{n}");
        client
            .ask("GET", &path, &[("cache-control", "no-cache")])
            .await;
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(cdn.held("/other").is_some(), "everything was purged");
    purging.abort();
}

/// (1), (4): tags that a handler declares are legible, also after a `304`, and those of the `304` count.
#[tokio::test]
async fn a_confirmation_keeps_tags() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let origin = Origin::new(|request: Request<Body>| {
        let known = request.headers().contains_key("if-none-match");
        let headers = [("etag", "\"1\""), ("cache-control", "max-age=1")];
        let mut answer = answer(if known { 304 } else { 200 }, &headers, "");
        answer.extensions_mut().insert(CacheTags::new(["page"]));
        std::future::ready(answer)
    });
    let client = behind(&api(&cache).revalidate(MINUTE), origin);
    let first = client.get("/a").await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let second = client.get("/a").await;
    assert!(second.header("cache-status").contains("304"), "{second:?}");
    assert!(keys_of(&first).contains("page"));
    assert!(is_given(&second), "{second:?}");
    let missing: Vec<_> = keys_of(&first)
        .difference(&keys_of(&second))
        .cloned()
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[cached(ttl = "1h", key = "many:{id}", cache = cache, skip(cache))]
async fn one_of_many(cache: &Cache, id: u32) -> u32 {
    id
}

/// (5): what is never sent is not kept.
#[tokio::test]
async fn keys_that_are_too_many_take_no_room() {
    if IS_ON_A_SERVER {
        return;
    }
    let mut bytes = Vec::new();
    for edge in [None, Some(Edge::new())] {
        let cache = Cache::in_memory();
        let origin = {
            let cache = cache.clone();
            Origin::new(move |_| {
                let cache = cache.clone();
                async move {
                    for id in 0..20_000 {
                        one_of_many(&cache, id).await;
                    }
                    answer(200, &[], "small")
                }
            })
        };
        let layer = CacheLayer::new(&cache, "api").ttl(MINUTE);
        let layer = match edge {
            Some(edge) => layer.edge(edge),
            None => layer,
        };
        let client = behind(&layer, origin);
        let begun = std::time::Instant::now();
        let told = client.get("/a").await;
        assert!(!is_given(&told));
        bytes.push(cache.stats().bytes);
        eprintln!("{} bytes, {:?}", cache.stats().bytes, begun.elapsed());
    }
    assert!(bytes[1] < bytes[0] + 10_000, "{bytes:?}");
}

// ---- (1), told apart by chance: whatever ends a response purges it.

use cache_runtime::{DomainCache, Invalidations, cache_invalidate, cache_put};
use serde::{Deserialize, Serialize};
use std::convert::Infallible as Never;

#[cached(ttl = "1h", key = "plain:{id}:x", tags = ["plain", "plain:{id}"], cache = cache, skip(cache), companion)]
async fn plain(cache: &Cache, id: u32) -> u32 {
    id
}

#[cache_put(ttl = "1h", key = "plain:{id}:x", tags = ["plain", "plain:{id}"], cache = cache)]
async fn put_plain(cache: &Cache, id: u32) -> u32 {
    id + 1
}

#[cache_invalidate("plain:{id}:x", cache = cache)]
async fn end_plain(cache: &Cache, id: u32) {}

#[cached(ttl = "1h", key = "late:{id}", tags_with = |value: &u32| vec![format!("late-tag:{value}")], cache = cache, skip(cache), companion)]
async fn late(cache: &Cache, id: u32) -> u32 {
    id
}

#[cached(ttl = "1h", key = "nested:{id}", cache = cache, skip(cache), companion)]
async fn nested(cache: &Cache, id: u32) -> u32 {
    plain(cache, id).await + late(cache, id).await
}

#[cached(ttl = "1h", key = "deep:{id}", cache = cache, skip(cache), companion)]
async fn deep(cache: &Cache, id: u32) -> u32 {
    let both = tokio::join!(nested(cache, id), nested(cache, id));
    both.0 + both.1
}

#[cached(ttl = "1h", negative = "1h", key = "maybe:{id}", cache = cache, skip(cache), companion)]
async fn maybe(cache: &Cache, id: u32) -> Option<u32> {
    plain(cache, id).await;
    None
}

#[cached(batch(id in ids), ttl = "1h", negative = "1h", key = "each:{id}", tags = ["each"], tags_with = |value: &u32| vec![format!("each-tag:{value}")], cache = cache, skip(cache))]
async fn each(cache: &Cache, ids: &[u32]) -> std::collections::HashMap<u32, u32> {
    plain(cache, 2).await;
    ids.iter()
        .filter(|id| **id != 1)
        .map(|id| (*id, *id))
        .collect()
}

#[cached(ttl = "1h", key = "fails:{id}", cache = cache, skip(cache), companion)]
async fn fails(cache: &Cache, id: u32) -> Result<u32, String> {
    plain(cache, id).await;
    Err("no".to_owned())
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "member", ttl = "1h", negative = "1h")]
struct Member {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    mail: String,
    #[cache(tag)]
    team: u32,
}

fn member(id: u32, mail: u32, team: u32) -> Member {
    Member {
        id,
        mail: format!("m{mail}"),
        team,
    }
}

const READS: u32 = 12;

async fn read_one(cache: &Cache, what: u32, id: u32) -> String {
    let members = MemberCache::new(cache);
    match what {
        0 => plain(cache, id).await.to_string(),
        1 => late(cache, id).await.to_string(),
        2 => nested(cache, id).await.to_string(),
        3 => deep(cache, id).await.to_string(),
        4 => format!("{:?}", maybe(cache, id).await),
        5 => format!("{:?}", each(cache, &[0, 1, id]).await.len()),
        6 => format!("{:?}", fails(cache, id).await),
        7 => {
            let load = || async { Ok::<_, Never>(Some(member(id, id, id))) };
            format!("{:?}", members.get_or_load(&id, load).await)
        }
        8 => {
            let load = || async { Ok::<_, Never>(Some(member(id, id, id))) };
            let mail = format!("m{id}");
            format!("{:?}", members.by_mail_or_load(&mail, load).await)
        }
        9 => {
            let load = || async { Ok::<Option<Member>, Never>(None) };
            let mail = format!("m{}", id + 3);
            format!("{:?}", members.by_mail_or_load(&mail, load).await)
        }
        10 => format!("{:?}", members.get(&id).await),
        _ => {
            let read = || async { 1_u32 };
            let key = format!("raw:{id}");
            cache
                .get_or_set(key, read)
                .tags([format!("raw tag {id}")])
                .await
                .to_string()
        }
    }
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % below
    }
}

const PATTERNS: [&str; 24] = [
    "plain:0:*",
    "plain:*",
    "p*",
    "*",
    "pl?in:1:x",
    "plain:[01]:*",
    "*:x",
    "late:*",
    "late:1",
    "l*:2",
    "nested:*",
    "deep:?",
    "member:*",
    "member:~mail:*",
    "m*",
    "raw:1",
    "raw:*",
    "r[a]w:*",
    "api:*",
    "api:GET:/1:*",
    "api:G?T:*",
    "each:*",
    "maybe:0",
    "\\plain:*",
];

const TAGS: [&str; 14] = [
    "plain",
    "plain:0",
    "plain:1",
    "late-tag:0",
    "late-tag:1",
    "each",
    "each-tag:0",
    "each-tag:2",
    "raw tag 1",
    "raw tag 0",
    "t",
    "r",
    "member:team:1",
    "odd tag",
];

async fn do_one(cache: &Cache, client: &Client<Origin>, dice: &mut Dice) -> String {
    let id = dice.roll(3);
    let members = MemberCache::new(cache);
    match dice.roll(26) {
        0 => {
            cache.delete(format!("plain:{id}:x")).await;
            format!("delete plain {id}")
        }
        1 => {
            let keys = [
                "late:", "nested:", "deep:", "maybe:", "each:", "raw:", "fails:",
            ];
            let key = format!("{}{id}", keys[dice.roll(7) as usize]);
            cache.delete(key.clone()).await;
            format!("delete {key}")
        }
        2 | 3 => {
            let pattern = PATTERNS[dice.roll(PATTERNS.len() as u32) as usize];
            cache.invalidate(pattern).await;
            format!("invalidate {pattern}")
        }
        4 | 5 => {
            let tag = TAGS[dice.roll(TAGS.len() as u32) as usize];
            cache.invalidate_tag(tag).await;
            format!("tag {tag}")
        }
        6 => {
            cache.set(format!("plain:{id}:x"), 5_u32).await;
            format!("set plain {id}")
        }
        7 => {
            let _ = cache.try_set(format!("raw:{id}"), 5_u32).await;
            format!("try_set raw {id}")
        }
        8 => {
            cache
                .set_with(format!("raw:{id}"), || async { 7_u32 })
                .await;
            format!("set_with raw {id}")
        }
        9 => {
            let _ = cache
                .write_through(format!("raw:{id}"), || async { Err::<u32, _>(()) })
                .await;
            format!("failed write through raw {id}")
        }
        10 => {
            plain::refresh(cache, id).await;
            format!("refresh plain {id}")
        }
        11 => {
            deep::refresh(cache, id).await;
            format!("refresh deep {id}")
        }
        12 => {
            maybe::refresh(cache, id).await;
            format!("refresh maybe {id}")
        }
        13 => {
            let _ = fails::refresh(cache, id).await;
            format!("refresh fails {id}")
        }
        14 => {
            put_plain(cache, id).await;
            format!("cache_put plain {id}")
        }
        15 => {
            end_plain(cache, id).await;
            format!("cache_invalidate plain {id}")
        }
        16 => {
            let record = member(id, dice.roll(6), dice.roll(3));
            members.put(&record).await;
            format!("put {record:?}")
        }
        17 => {
            let records = [
                member(id, dice.roll(6), dice.roll(3)),
                member(dice.roll(3), dice.roll(6), 1),
            ];
            members.put_many(&records).await;
            format!("put many {records:?}")
        }
        18 => {
            members.invalidate(&id).await;
            format!("members invalidate {id}")
        }
        19 => {
            members.invalidate_by_team(&id).await;
            format!("members by team {id}")
        }
        20 => {
            let record = (dice.roll(3) > 0).then(|| member(id, dice.roll(6), dice.roll(3)));
            let text = format!("members refresh {id} {record:?}");
            let load = || async move { Ok::<_, Never>(record) };
            let _ = members.refresh(&id, load).await;
            text
        }
        21 => {
            let mut invalidations = Invalidations::of(cache);
            invalidations
                .collect(async {
                    cache.set(format!("plain:{id}:x"), 9_u32).await;
                    members.put(&member(id, 4, 1)).await;
                    put_plain(cache, id).await;
                })
                .await;
            invalidations.deliver().await;
            format!("commit of sets {id}")
        }
        22 => {
            client.ask("POST", &format!("/{}", dice.roll(8)), &[]).await;
            "post".to_owned()
        }
        23 => {
            let path = format!("/{}", dice.roll(8));
            client
                .ask("GET", &path, &[("cache-control", "no-cache")])
                .await;
            format!("no-cache {path}")
        }
        24 => {
            members.invalidate_all().await;
            "members invalidate all".to_owned()
        }
        _ => {
            // Warm by hand: entries that were not made inside of a response.
            for what in 0..READS {
                read_one(cache, what, id).await;
            }
            format!("read {id}")
        }
    }
}

async fn fuzz(seed: u64, rounds: usize) -> Vec<String> {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let origin = {
        let cache = cache.clone();
        Origin::new(move |request: Request<Body>| {
            let cache = cache.clone();
            async move {
                if request.method() == "POST" {
                    return answer(204, &[], "");
                }
                let path: u64 = request.uri().path()[1..].parse().unwrap_or(0);
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ ((path + 1) * 0x1234_5671) ^ seed);
                for _ in 0..5 {
                    dice.roll(2);
                }
                let mut body = String::new();
                for _ in 0..1 + path % 3 {
                    let (what, id) = (dice.roll(READS), dice.roll(3));
                    body.push_str(&read_one(&cache, what, id).await);
                }
                let mut answer = answer(200, &[("vary", "accept-language")], &body);
                answer
                    .extensions_mut()
                    .insert(CacheTags::new(["r", "odd tag"]));
                answer
            }
        })
    };
    let layer = api(&cache).tags(|_| vec!["t".into()]);
    let client = behind(&layer, origin);
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let mut dice = Dice(seed * 7919 + 1);
    let mut lost = Vec::new();
    let mut ended = 0;
    for round in 0..rounds {
        let mut before = Vec::new();
        for path in 0..8 {
            let path = format!("/{path}");
            client.get(&path).await;
            let told = client.get(&path).await;
            if is_given(&told) {
                before.push((path, keys_of(&told)));
            }
        }
        assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered);
        cdn.purged();
        let done = do_one(&cache, &client, &mut dice).await;
        assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered);
        let purged = cdn.purged();
        for (path, keys) in before {
            let told = client
                .ask("GET", &path, &[("cache-control", "only-if-cached")])
                .await;
            // A new one under the old address is another one.
            let has_ended = told.status != 200 || told.header("cache-status").contains("fwd");
            ended += usize::from(has_ended);
            if has_ended && purged.is_disjoint(&keys) {
                lost.push(format!("seed {seed} round {round}: {done} ends {path}"));
            }
        }
    }
    eprintln!("seed {seed}: {ended} have ended");
    purging.abort();
    lost
}

/// (1)
#[tokio::test]
async fn whatever_ends_a_response_by_chance_purges_it() {
    let rounds = if IS_ON_A_SERVER { 60 } else { 120 };
    let mut lost = Vec::new();
    for seed in 1..4 {
        lost.extend(fuzz(seed, rounds).await);
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

// ---- Times.

/// (4): what a handler says to caches that many share holds for the CDN, too. (With `Edge::varnish` it does.)
#[tokio::test]
async fn s_maxage_of_a_handler_holds() {
    let backend = Backend::new().await;
    let layer = api(&backend.cache()).edge(Edge::new().ttl(Duration::from_secs(86_400)));
    let client = behind(
        &layer,
        Origin::counting(&[("cache-control", "max-age=0, s-maxage=5")]),
    );
    let told = client.get("/a").await;
    assert_eq!(told.header("cdn-cache-control"), "max-age=5", "{told:?}");
}

static FAILS: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

#[cached(ttl = "50ms", stale_if_error = "1h", key = "weather", cache = cache, skip(cache))]
async fn weather(cache: &Cache) -> Result<u32, String> {
    if FAILS.load(SeqCst) {
        Err("down".to_owned())
    } else {
        Ok(1)
    }
}

/// (4): made of what stands in for a source that has failed, it is fresh here for a moment only, and so there.
#[tokio::test]
async fn what_stands_in_is_not_for_a_day() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let origin = {
        let cache = cache.clone();
        Origin::new(move |_| {
            let cache = cache.clone();
            async move { answer(200, &[], &format!("{:?}", weather(&cache).await)) }
        })
    };
    let layer = api(&cache).edge(Edge::new().ttl(Duration::from_secs(86_400)));
    let client = behind(&layer, origin.clone());
    client.get("/first").await;
    FAILS.store(true, SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = client.get("/a").await;
    assert_eq!(told.body, "Ok(1)", "what stands in");
    FAILS.store(false, SeqCst);
    // Here it is made anew soon.
    let calls = origin.calls();
    let mut seconds = 0;
    while origin.calls() == calls && seconds < 10 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.get("/a").await;
        seconds += 1;
    }
    let control = told.header("cdn-cache-control");
    let there: u64 = control["max-age=".len()..].parse().expect("a number");
    assert!(
        there <= seconds,
        "fresh here for {seconds} s at most, and there for {there}"
    );
}

// ---- How it is purged.

/// (5): what no response is made of, and nobody was told of, purges nothing.
#[tokio::test]
async fn sessions_that_no_response_is_made_of_do_not_empty_the_cdn() {
    if IS_ON_A_SERVER {
        return;
    }
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).except("session:*");
    let purging = tokio::spawn(purger.run());
    let client = behind(&api(&cache), Origin::counting(&[]));
    let told = client.get("/a").await;
    cdn.take("/a", &told, Duration::ZERO).await;
    for n in 0..10_300 {
        cache.set(format!("session:{n}"), n).await;
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(cdn.held("/a").is_some(), "everything was purged");
    purging.abort();
}

/// (3): the second purge happens, however much is to be purged for the first time. A CDN that takes 30 keys at once.
#[tokio::test]
async fn the_second_purge_does_not_starve() {
    if IS_ON_A_SERVER {
        return;
    }
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Picky::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::from_millis(500));
    let purging = tokio::spawn(purger.run());
    cache.invalidate_tag("first").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Some 350 a second.
    for n in 0..2_800 {
        cache.delete(format!("key:{n}")).await;
        if n % 7 == 0 {
            tokio::time::sleep(Duration::from_millis(18)).await;
        }
    }
    let times = {
        let purged = cdn.purged.lock().expect("no panic");
        purged.iter().filter(|key| **key == purged[0]).count()
    };
    assert!(times >= 2, "purged {times} times in 8 s");
    purging.abort();
}

/// (3), (5): for how long the CDN may have had what has ended. A key that ends again and again is no younger for that.
#[tokio::test]
async fn health_tells_how_long_the_cdn_was_not_purged() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    cdn.refuses((0..100).map(|_| Some(PurgeError::new("down"))));
    let purging = tokio::spawn(Purger::new(&cache, cdn.clone()).run());
    for _ in 0..40 {
        cache.delete("hot").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let oldest = cache.health().await.edge.expect("a purger").oldest;
    let oldest = oldest.expect("it was never purged");
    assert!(
        oldest > Duration::from_millis(1_500),
        "{oldest:?} after two seconds"
    );
    purging.abort();
}

/// (4): what a handler forbids browsers to keep stays forbidden, also if it says more that cannot be read.
#[tokio::test]
async fn no_store_stays() {
    let backend = Backend::new().await;
    let mut said = answer(200, &[], "");
    let value = http::HeaderValue::from_bytes(b"no-store, x=\xe4").expect("a value");
    said.headers_mut().insert("cache-control", value);
    let told = behind(&api(&backend.cache()), Origin::saying([said]))
        .get("/a")
        .await;
    let kept = told.headers.get("cache-control").expect("one").as_bytes();
    let kept = String::from_utf8_lossy(kept);
    assert!(kept.contains("no-store"), "{kept}");
}

/// (1), (4): a CDN that confirms what it has by a `304` need not read its keys anew. So the tag is another one if they are.
#[tokio::test]
async fn what_is_made_of_something_else_has_another_tag() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let calls = AtomicU64::new(0);
    let origin = Origin::new(move |_| {
        let tag = format!("made-of:{}", calls.fetch_add(1, SeqCst));
        let mut answer = answer(200, &[], "the same");
        answer.extensions_mut().insert(CacheTags::new([tag]));
        std::future::ready(answer)
    });
    let client = behind(&api(&cache), origin);
    let first = client.get("/a").await;
    cache.invalidate_tag("made-of:0").await;
    let etag = first.header("etag").to_owned();
    let told = client.ask("GET", "/a", &[("if-none-match", &etag)]).await;
    assert!(
        told.status == 200 || keys_of(&told) == keys_of(&first),
        "304, and other keys: {:?}",
        keys_of(&told)
            .difference(&keys_of(&first))
            .collect::<Vec<_>>()
    );
}

/// (3): what has waited longest is purged first: the key of all responses stands for 10,000 others.
#[tokio::test]
async fn what_has_waited_longest_is_purged_first() {
    if IS_ON_A_SERVER {
        return;
    }
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    let purging = tokio::spawn(Purger::new(&cache, cdn.clone()).run());
    let client = behind(
        &api(&cache).tags(|_| vec!["t".into()]),
        Origin::counting(&[]),
    );
    let told = client.get("/a").await;
    cdn.take("/a", &told, Duration::ZERO).await;
    cache.invalidate_tag("t").await;
    for n in 0..19_500 {
        cache.delete(format!("session:{n}")).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(cdn.held("/a").is_none(), "it ended before all others");
    purging.abort();
}

/// (4): a CDN remembers of an address that it is not for it ("hit for pass"), for all requests that the response does not tell apart.
#[tokio::test]
async fn refusals_say_for_whom() {
    let backend = Backend::new().await;
    let client = behind(&api(&backend.cache()), Origin::counting(&[]));
    let given = client.get("/a").await;
    let refused = client.ask("GET", "/a", &[("cookie", "a=b")]).await;
    assert!(!is_given(&refused));
    assert_eq!(given.header("vary"), refused.header("vary"));
}

/// (4): what is past its time here, and sent since the service fails, is not fresh for a day there.
#[tokio::test]
async fn what_is_past_its_time_is_not_fresh_there() {
    let backend = Backend::new().await;
    let layer = api(&backend.cache())
        .ttl(Duration::from_secs(1))
        .stale_if_error(MINUTE)
        .edge(Edge::new().ttl(Duration::from_secs(86_400)));
    let origin = Origin::saying([answer(200, &[], "old")]);
    let client = behind(&layer, origin);
    client.get("/a").await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let told = client.get("/a").await;
    assert_eq!((told.status, &*told.body), (200, "old"));
    // It is older than that.
    assert!(told.header("age").parse::<u64>().expect("a number") >= 2);
    assert_eq!(
        told.header("cdn-cache-control"),
        "max-age=1, stale-if-error=60"
    );
}

/// (1), (3): as `in_the_end_the_cdn_has_nothing_old`, by all means.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_end_the_cdn_has_nothing_old_by_all_means() {
    const PATHS: usize = 4;
    const TRANSIT: Duration = Duration::from_millis(150);
    let backend = Backend::new().await;
    let (cache, cdn) = (backend.cache(), Cdn::default());
    let versions: Arc<[AtomicU64; PATHS]> = Arc::default();
    let origin = {
        let (cache, versions) = (cache.clone(), Arc::clone(&versions));
        Origin::new(move |request| {
            let (cache, versions) = (cache.clone(), Arc::clone(&versions));
            let path: usize = request.uri().path()[1..].parse().expect("a number");
            async move {
                let read = || async {
                    let version = versions[path].load(SeqCst);
                    tokio::time::sleep(Duration::from_millis(version % 7)).await;
                    version
                };
                let version = cache
                    .get_or_set(format!("version:{path}"), read)
                    .tag("versions")
                    .await;
                tokio::time::sleep(Duration::from_millis(version % 5)).await;
                answer(200, &[], &version.to_string())
            }
        })
    };
    let client = behind(&api(&cache), origin);
    let purger =
        Purger::new(&cache, cdn.clone()).again_after(TRANSIT * 2 + Duration::from_millis(400));
    let purging = tokio::spawn(purger.run());
    let is_over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut readers = Vec::new();
    for reader in 0..4 * PATHS {
        let (client, cdn, is_over) = (client.clone(), cdn.clone(), Arc::clone(&is_over));
        readers.push(tokio::spawn(async move {
            let path = format!("/{}", reader % PATHS);
            let transit = TRANSIT * (1 + reader as u32) / (4 * PATHS as u32);
            while !is_over.load(SeqCst) {
                if cdn.send(&path).is_none() {
                    let told = client.get(&path).await;
                    cdn.take(&path, &told, transit).await;
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }));
    }
    let mut dice = Dice(77);
    for _ in 0..150 {
        let path = dice.roll(PATHS as u32) as usize;
        let next = versions[path].fetch_add(1, SeqCst) + 1;
        let key = format!("version:{path}");
        match dice.roll(6) {
            0 => drop(cache.delete(key).await),
            1 => drop(cache.set(key, next).await),
            2 => drop(cache.set_with(key, || async { next }).await),
            3 => drop(
                cache
                    .write_through(key, || async { Ok::<_, ()>(next) })
                    .await,
            ),
            4 => drop(cache.invalidate_tag("versions").await),
            _ => drop(cache.invalidate("vers?on:*").await),
        }
        tokio::time::sleep(Duration::from_millis(u64::from(dice.roll(40)))).await;
    }
    tokio::time::sleep(TRANSIT * 2).await;
    is_over.store(true, SeqCst);
    for reader in readers {
        reader.await.expect("no panic");
    }
    assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered);
    for (path, version) in versions.iter().enumerate() {
        if let Some(told) = cdn.held(&format!("/{path}")) {
            assert_eq!(told.body, version.load(SeqCst).to_string(), "/{path}");
        }
    }
    purging.abort();
}

/// (1)
#[tokio::test]
async fn odd_paths_are_purged() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let client = behind(&api(&cache), Origin::counting(&[("vary", "accept")]));
    for path in [
        "/", "//", "/a*b", "/a:b", "/%C3%A4", "/a[b]", "/a%5Cb", "/%2A", "/a%3Ab", "/a/../b",
        "/a;b=c", "/~", "/a?x=*", "/:", "/a%20b", "/'", "/@:*",
    ] {
        client.get(path).await;
        let keys = keys_of(&client.get(path).await);
        assert!(!keys.is_empty(), "{path}");
        cache.flush(LIMIT).await;
        cdn.purged();
        client.ask("POST", path, &[]).await;
        cache.flush(LIMIT).await;
        let purged = cdn.purged();
        assert!(!purged.is_disjoint(&keys), "{path}");
        let root = "~s5zbrz2ceh".to_owned();
        assert!(!purged.contains(&root), "{path}: everything");
    }
    purging.abort();
}

/// (5): names of tags may be what somebody else says. They are no digests of something else.
#[tokio::test]
async fn a_tag_is_no_digest() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let client = behind(&api(&cache), Origin::counting(&[]));
    let told = client.get("/a").await;
    cdn.take("/a", &told, Duration::ZERO).await;
    // The root's, which every response has, in all programs.
    cache.invalidate_tag("s5zbrz2ceh").await;
    cache.flush(LIMIT).await;
    assert!(
        cdn.held("/a").is_some(),
        "a tag that nothing has purges everything"
    );
    purging.abort();
}

#[cached(ttl = "100ms", revalidate = "1h", key = "feed", cache = cache, skip(cache))]
async fn feed(cache: &Cache) -> u32 {
    if let Some(stored) = cache_runtime::stored::<u32>() {
        return stored.not_modified();
    }
    plain(cache, 2).await + late(cache, 2).await
}

/// (1): what was confirmed depends on what it was made of at first.
#[tokio::test]
async fn what_was_confirmed_is_purged_with_what_it_was_made_of() {
    for (way, key) in [
        ("response", "plain:1:x"),
        ("function", "plain:2:x"),
        ("late", "late:2"),
    ] {
        let backend = Backend::new().await;
        let cache = backend.cache();
        let origin = {
            let cache = cache.clone();
            Origin::new(move |request: Request<Body>| {
                let cache = cache.clone();
                async move {
                    let headers = [("etag", "\"1\""), ("cache-control", "max-age=1")];
                    if way != "response" {
                        let text = feed(&cache).await.to_string();
                        return answer(200, &[("cache-control", "max-age=1")], &text);
                    }
                    if request.headers().contains_key("if-none-match") {
                        return answer(304, &headers, "");
                    }
                    answer(200, &headers, &plain(&cache, 1).await.to_string())
                }
            })
        };
        let client = behind(&api(&cache).revalidate(MINUTE), origin.clone());
        let cdn = Cdn::default();
        let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
        let purging = tokio::spawn(purger.run());
        for round in 0..3 {
            client.get("/a").await;
            tokio::time::sleep(Duration::from_millis(2_050)).await;
            let told = client.get("/a").await;
            assert!(is_given(&told), "{way} {round}: {told:?}");
            let keys = keys_of(&told);
            cache.flush(LIMIT).await;
            cdn.purged();
            let calls = origin.calls();
            cache.delete(key).await;
            client.get("/a").await;
            assert!(origin.calls() > calls, "{way} {round}: it has ended");
            cache.flush(LIMIT).await;
            assert!(!cdn.purged().is_disjoint(&keys), "{way} {round}");
        }
        purging.abort();
    }
}

/// What is excepted and part of a response all the same.
#[tokio::test]
async fn what_nobody_purges_is_not_for_the_cdn() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let _purger = Purger::new(&cache, Cdn::default()).except("session:*");
    let origin = {
        let cache = cache.clone();
        Origin::new(move |request: Request<Body>| {
            let cache = cache.clone();
            async move {
                let key = format!("{}:7", &request.uri().path()[1..]);
                let text = cache.get_or_set(key, || async { "1".to_owned() }).await;
                answer(200, &[], &text)
            }
        })
    };
    let client = behind(&api(&cache), origin);
    assert!(!is_given(&client.get("/session").await));
    assert!(is_given(&client.get("/sessions").await));
}

/// `Edge::ttl` is for what says nothing itself: neither a `404` nor what says that it is short.
#[tokio::test]
async fn what_is_short_here_is_not_long_there() {
    let backend = Backend::new().await;
    let edge = Edge::new().ttl(Duration::from_secs(86_400));
    let layer = api(&backend.cache())
        .negative(Duration::from_secs(10))
        .edge(edge);
    for (path, status, control, told) in [
        ("/silent", 200, "", "max-age=86400"),
        ("/none", 404, "", "max-age=10"),
        ("/short", 200, "max-age=20", "max-age=20"),
        ("/shared", 200, "s-maxage=20", "max-age=20"),
    ] {
        let headers = [("cache-control", control)];
        let headers = if control.is_empty() {
            &[][..]
        } else {
            &headers
        };
        let client = behind(&layer, Origin::saying([answer(status, headers, "")]));
        assert_eq!(
            client.get(path).await.header("cdn-cache-control"),
            told,
            "{path}"
        );
    }
    // And one that is shorter there counts from when it is sent.
    let edge = Edge::new().ttl(Duration::from_secs(5));
    let client = behind(&api(&backend.cache()).edge(edge), Origin::counting(&[]));
    client.get("/shorter").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let told = client.get("/shorter").await;
    let age: u64 = told.header("age").parse().expect("a number");
    assert!(age >= 1);
    assert_eq!(
        told.header("cdn-cache-control"),
        format!("max-age={}", 5 + age)
    );
}
