//! What the layer stores and sends.

use crate::backend::Backend;
use crate::world::*;
use cache_runtime::http::{CacheLayer, CacheTags, User};
use cache_runtime::{Cache, Tag, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[tokio::test]
async fn a_response_is_made_once_and_says_where_it_comes_from() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[("content-type", "text/plain")]);
    let layer = CacheLayer::new(&backend.cache(), "api").ttl(MINUTE);
    let client = behind(&layer, origin.clone());
    let first = client.get("/a").await;
    assert_eq!((first.status, &*first.body), (200, "call 1"));
    assert_eq!(
        first.header("cache-status"),
        "api; fwd=uri-miss; stored; ttl=60"
    );
    assert_eq!(first.header("age"), "");
    let second = client.get("/a").await;
    assert_eq!((second.status, &*second.body), (200, "call 1"));
    assert!(
        second.header("cache-status").starts_with("api; hit; ttl="),
        "{second:?}"
    );
    assert!(["0", "1"].contains(&second.header("age")), "{second:?}");
    for name in ["content-type", "etag", "date", "content-length"] {
        assert_eq!(first.header(name), second.header(name));
        assert_ne!(first.header(name), "", "{name}");
    }
    assert_eq!(client.get("/b").await.body, "call 2");
    assert_eq!(origin.calls(), 2);
}

#[tokio::test]
async fn without_a_time_to_live_only_what_says_how_long_it_is_fresh_is_stored() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http");
    let silent = Origin::counting(&[]);
    let client = behind(&layer, silent.clone());
    client.get("/silent").await;
    client.get("/silent").await;
    assert_eq!(silent.calls(), 2);
    let telling = Origin::counting(&[("cache-control", "max-age=60")]);
    let client = behind(&layer, telling.clone());
    client.get("/telling").await;
    client.get("/telling").await;
    assert_eq!(telling.calls(), 1);
}

#[cached(ttl = "1h", key = "greeting:{id}", tags = ["greetings"], cache = cache, skip(cache, runs))]
async fn greeting(cache: &Cache, runs: &AtomicU32, id: u32) -> String {
    format!("hello {id}, {}", runs.fetch_add(1, SeqCst))
}

/// Nobody has said so anywhere.
#[tokio::test]
async fn a_response_ends_with_what_its_handler_has_read() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let runs = Arc::new(AtomicU32::new(0));
    let origin = {
        let (cache, runs) = (cache.clone(), Arc::clone(&runs));
        Origin::new(move |_| {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            async move { answer(200, &[], &greeting(&cache, &runs, 7).await) }
        })
    };
    let client = behind(&CacheLayer::new(&cache, "http").ttl(MINUTE), origin.clone());
    let mut calls = 0;
    for end in ["nothing", "key", "tag", "scope"] {
        match end {
            "key" => drop(cache.delete("greeting:7").await),
            "tag" => drop(cache.invalidate_tag("greetings").await),
            "scope" => drop(cache.invalidate("greeting:*").await),
            _ => {}
        }
        let body = format!("hello 7, {calls}");
        assert_eq!(client.get("/greeting").await.body, body, "{end}");
        assert_eq!(client.get("/greeting").await.body, body, "{end}");
        calls += 1;
        assert_eq!(origin.calls(), calls, "{end}");
    }
}

#[tokio::test]
async fn tags_of_the_request_and_of_the_response_end_it() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let layer = CacheLayer::new(&cache, "http")
        .ttl(MINUTE)
        .tags(|request| vec![Tag::from(format!("path:{}", request.uri.path()))]);
    let calls = AtomicU32::new(0);
    let origin = Origin::new(move |_| {
        let mut answer = answer(200, &[], &calls.fetch_add(1, SeqCst).to_string());
        answer.extensions_mut().insert(CacheTags::new(["user:7"]));
        std::future::ready(answer)
    });
    let client = behind(&layer, origin);
    assert_eq!(client.get("/a").await.body, "0");
    cache.invalidate_tag("path:/a").await;
    assert_eq!(client.get("/a").await.body, "1");
    cache.invalidate_tag("user:7").await;
    assert_eq!(client.get("/a").await.body, "2");
    cache.invalidate_tag("path:/b").await;
    assert_eq!(client.get("/a").await.body, "2");
}

#[tokio::test]
async fn what_changes_a_path_ends_what_is_stored_of_it() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let calls = AtomicU32::new(0);
    let origin = Origin::new(move |request| {
        let call = calls.fetch_add(1, SeqCst).to_string();
        let failed = request.uri().query() == Some("fail");
        let made = request.method() == "POST";
        let status = if failed {
            409
        } else if made {
            201
        } else {
            200
        };
        let headers: &[_] = match request.method().as_str() {
            "POST" => &[
                ("location", "/created?x=1"),
                ("content-location", "https://other.example/b"),
            ],
            _ => &[],
        };
        std::future::ready(answer(status, headers, &call))
    });
    let client = behind(&layer, origin);
    for path in ["/a?page=1", "/a?page=2", "/b", "/created"] {
        client.get(path).await;
    }
    client.ask("PUT", "/a?fail", &[]).await;
    client.ask("OPTIONS", "/a", &[]).await;
    assert_eq!(
        client.get("/a?page=1").await.body,
        "0",
        "a failure changes nothing"
    );
    client.ask("POST", "/a", &[]).await;
    assert_eq!(client.get("/a?page=1").await.body, "7");
    assert_eq!(client.get("/a?page=2").await.body, "8");
    assert_eq!(client.get("/b").await.body, "2", "of another origin");
    assert_eq!(client.get("/created").await.body, "9");
}

#[tokio::test]
async fn queries_hosts_and_chosen_fields_make_keys() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http")
        .ttl(MINUTE)
        .ignore_parameters(["utm_*"])
        .by_header("accept-language".parse().expect("a name"));
    let origin = Origin::counting(&[]);
    let client = behind(&layer, origin.clone());
    let ask = |path, headers| client.ask("GET", path, headers);
    assert_eq!(ask("/?b=2&a=1", &[]).await.body, "call 1");
    assert_eq!(ask("/?a=1&utm_source=x&b=2", &[]).await.body, "call 1");
    assert_eq!(ask("/?a=2&b=2", &[]).await.body, "call 2");
    assert_eq!(
        ask("/?b=2&a=1", &[("accept-language", "de")]).await.body,
        "call 3"
    );
    assert_eq!(
        ask("/?b=2&a=1", &[("host", "a.example")]).await.body,
        "call 4"
    );
    assert_eq!(
        ask("/?b=2&a=1", &[("host", "A.EXAMPLE")]).await.body,
        "call 4"
    );
    // Neither runs into the other.
    let one = ask("/x:y", &[("host", "z")]).await.body;
    let other = ask("/x", &[("host", "y:z")]).await.body;
    assert_ne!(one, other);
}

#[tokio::test]
async fn what_varies_has_an_answer_for_each_value() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let calls = AtomicU32::new(0);
    let origin = Origin::new(move |request| {
        let call = calls.fetch_add(1, SeqCst);
        let language = request.headers().get("accept-language");
        let language = language.map_or("", |it| it.to_str().expect("text"));
        let body = format!("{language} {call}");
        std::future::ready(answer(200, &[("vary", "Accept-Language")], &body))
    });
    let client = behind(&layer, origin.clone());
    let ask = |language| {
        let client = client.clone();
        async move {
            let headers = [("accept-language", language)];
            client.ask("GET", "/", &headers).await
        }
    };
    for _ in 0..3 {
        assert_eq!(ask("de").await.body, "de 0");
        assert_eq!(ask("fr").await.body, "fr 1");
    }
    assert_eq!(ask(" de ").await.body, "de 0");
    // Another process does not know what it varies on, and finds out.
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let other = behind(&layer, origin.clone());
    for (language, body) in [("fr", "fr 1"), ("de", "de 0")] {
        let headers = [("accept-language", language)];
        assert_eq!(other.ask("GET", "/", &headers).await.body, body);
    }
    let hit = ask("fr").await;
    assert!(hit.header("cache-status").contains("; hit"), "{hit:?}");
    client.ask("DELETE", "/", &[]).await;
    assert_eq!(ask("de").await.body, "de 3");
    assert_eq!(ask("fr").await.body, "fr 4");
}

#[tokio::test]
async fn a_client_that_has_it_is_told_so() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[("content-type", "text/plain")]);
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http").ttl(MINUTE),
        origin.clone(),
    );
    let first = client.get("/").await;
    let tag = first.header("etag");
    assert!(tag.starts_with("W/\""), "{tag}");
    let known = client.ask("GET", "/", &[("if-none-match", tag)]).await;
    assert_eq!((known.status, &*known.body), (304, ""));
    assert_eq!(known.header("etag"), tag);
    assert_eq!(known.header("content-length"), "");
    let other = client.ask("GET", "/", &[("if-none-match", "\"x\"")]).await;
    assert_eq!((other.status, &*other.body), (200, "call 1"));
    // There may have been another one within that second.
    let since = [("if-modified-since", first.header("date"))];
    assert_eq!(client.ask("GET", "/", &since).await.status, 200);
    let since = [("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")];
    assert_eq!(client.ask("GET", "/", &since).await.status, 304);
    let since = [("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")];
    assert_eq!(client.ask("GET", "/", &since).await.status, 200);
    // The service is never asked whether something has changed: its whole answer is for others, too.
    let unknown = client.ask("GET", "/x", &[("if-none-match", "\"x\"")]).await;
    assert_eq!((unknown.status, &*unknown.body), (200, "call 2"));
    assert!(!origin.last_headers().contains_key("if-none-match"));
}

#[tokio::test]
async fn a_head_has_no_body() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[]);
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http").ttl(MINUTE),
        origin.clone(),
    );
    client.ask("HEAD", "/", &[]).await;
    assert_eq!(client.get("/").await.body, "call 2", "a head is not stored");
    let head = client.ask("HEAD", "/", &[]).await;
    assert_eq!(
        (head.status, &*head.body, head.header("content-length")),
        (200, "", "6")
    );
    assert_eq!(origin.calls(), 2);
}

#[tokio::test]
async fn what_is_past_its_time_answers_while_it_is_made_anew() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[("cache-control", "max-age=1, stale-while-revalidate=60")]);
    let client = behind(&CacheLayer::new(&backend.cache(), "http"), origin.clone());
    assert_eq!(client.get("/").await.body, "call 1");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let stale = client.get("/").await;
    assert_eq!(stale.body, "call 1");
    assert!(
        stale.header("cache-status").contains("hit; ttl=-"),
        "{stale:?}"
    );
    test_servers::wait_until("it was made anew", Duration::from_secs(10), || async {
        client.get("/").await.body != "call 1"
    })
    .await;
}

#[tokio::test]
async fn what_is_past_its_time_stands_in_for_a_failure_if_it_may() {
    let backend = Backend::new().await;
    for (said, stands_in) in [
        ("max-age=1, stale-if-error=60", true),
        ("max-age=1", false),
        ("max-age=1, stale-if-error=60, must-revalidate", false),
        ("max-age=1, must-revalidate", false),
    ] {
        let origin = Origin::saying([
            answer(200, &[("cache-control", said)], "fine"),
            answer(503, &[], "broken"),
        ]);
        let name = said.replace([',', '=', ' '], "-");
        let layer = CacheLayer::new(&backend.cache(), &name);
        let client = behind(&layer, origin.clone());
        assert_eq!(client.get("/").await.status, 200);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let then = client.get("/").await;
        assert_eq!(then.status, if stands_in { 200 } else { 503 }, "{said}");
        assert_eq!(then.body, if stands_in { "fine" } else { "broken" });
    }
}

/// So many callers of one address, each in a task of its own.
async fn asked_at_once(client: &Client<Origin>, callers: usize) -> Vec<Told> {
    let asking: Vec<_> = (0..callers)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get("/").await })
        })
        .collect();
    let mut told = Vec::new();
    for asked in asking {
        told.push(asked.await.expect("no panic"));
    }
    told
}

#[tokio::test]
async fn many_callers_are_one_for_the_service() {
    let backend = Backend::new().await;
    let calls = Arc::new(AtomicU32::new(0));
    let origin = {
        let calls = Arc::clone(&calls);
        Origin::new(move |_| {
            let call = calls.fetch_add(1, SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                answer(200, &[], &call.to_string())
            }
        })
    };
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http").ttl(MINUTE),
        origin,
    );
    let mut collapsed = 0;
    for told in asked_at_once(&client, 100).await {
        assert_eq!(told.body, "0");
        collapsed += u32::from(told.header("cache-status").contains("collapsed"));
    }
    assert_eq!(calls.load(SeqCst), 1);
    assert!(collapsed > 50, "{collapsed}");
}

/// Each has an answer of his own, and they do not wait in line for it.
#[tokio::test]
async fn what_cannot_be_shared_is_asked_for_side_by_side() {
    let backend = Backend::new().await;
    let calls = Arc::new(AtomicU32::new(0));
    let origin = {
        let calls = Arc::clone(&calls);
        Origin::new(move |_| {
            let call = calls.fetch_add(1, SeqCst).to_string();
            async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                answer(200, &[("set-cookie", &format!("id={call}"))], &call)
            }
        })
    };
    let client = behind(
        &CacheLayer::new(&backend.cache(), "http").ttl(MINUTE),
        origin,
    );
    let began = std::time::Instant::now();
    let mut cookies = std::collections::HashSet::new();
    for told in asked_at_once(&client, 50).await {
        assert_eq!(told.header("set-cookie"), format!("id={}", told.body));
        assert!(cookies.insert(told.body), "nobody has another's");
    }
    assert_eq!(calls.load(SeqCst), 50);
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let later = client.get("/").await;
    assert!(
        later.header("cache-status").contains("fwd=bypass"),
        "{later:?}"
    );
}

#[tokio::test]
async fn requests_decide_how_fresh_they_want_it() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[]);
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let client = behind(&layer, origin.clone());
    let ask = |said| {
        let client = client.clone();
        async move { client.ask("GET", "/", &[("cache-control", said)]).await }
    };
    assert_eq!(ask("only-if-cached").await.status, 504);
    assert_eq!(ask("no-store").await.body, "call 1");
    assert_eq!(client.get("/").await.body, "call 2");
    assert_eq!(ask("only-if-cached").await.body, "call 2");
    assert_eq!(ask("max-age=30").await.body, "call 2");
    assert_eq!(ask("no-cache").await.body, "call 3");
    assert_eq!(client.get("/").await.body, "call 3", "it was stored");
    assert_eq!(ask("min-fresh=90").await.body, "call 4");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(ask("max-age=5").await.body, "call 4");
    assert_eq!(ask("max-age=0").await.body, "call 5");
    let deaf = behind(&layer.clone().ignore_request_directives(), origin.clone());
    let told = deaf.ask("GET", "/", &[("cache-control", "no-cache")]).await;
    assert_eq!(told.body, "call 5");
}

#[tokio::test]
async fn credentials_go_past_the_cache_until_users_are_told_apart() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[]);
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let client = behind(&layer, origin.clone());
    for headers in [[("authorization", "Bearer x")], [("cookie", "id=1")]] {
        let first = client.ask("GET", "/", &headers).await;
        assert!(
            first.header("cache-status").contains("fwd=bypass"),
            "{first:?}"
        );
        assert_ne!(client.ask("GET", "/", &headers).await.body, first.body);
    }
    let calls = origin.calls();
    client.get("/").await;
    assert_eq!(origin.calls(), calls + 1, "nothing was stored");
    let cookies = behind(
        &CacheLayer::new(&backend.cache(), "cookies")
            .ttl(MINUTE)
            .ignore_cookies(),
        origin.clone(),
    );
    let headers = [("cookie", "id=1")];
    let first = cookies.ask("GET", "/", &headers).await;
    assert_eq!(cookies.get("/").await.body, first.body);
}

fn by_header(request: &http::request::Parts) -> User {
    match request.headers.get("x-user").map(|id| id.to_str()) {
        None => User::Anonymous,
        Some(Ok("?")) => User::Unknown,
        Some(id) => User::known(id.expect("text")),
    }
}

#[tokio::test]
async fn users_have_answers_of_their_own() {
    let backend = Backend::new().await;
    let origin = Origin::counting(&[("cache-control", "private, max-age=60")]);
    let layer = CacheLayer::new(&backend.cache(), "http").users(by_header);
    let client = behind(&layer, origin);
    let ask = |user| {
        let client = client.clone();
        async move { client.ask("GET", "/me", &[("x-user", user)]).await.body }
    };
    assert_eq!(ask("ada").await, "call 1");
    assert_eq!(ask("grace").await, "call 2");
    assert_eq!(
        (ask("ada").await, ask("grace").await),
        ("call 1".into(), "call 2".into())
    );
    assert_eq!(ask("?").await, "call 3");
    assert_eq!(ask("?").await, "call 4");
    assert_eq!(
        client.get("/me").await.body,
        "call 5",
        "private, and of nobody"
    );
    assert_eq!(client.get("/me").await.body, "call 6");
    client.ask("PATCH", "/me", &[("x-user", "ada")]).await;
    assert_eq!(ask("grace").await, "call 8", "the path has changed");
}

/// Layers further out may look for them. What is stored has none.
#[tokio::test]
async fn extensions_of_a_response_are_passed_on_with_it() {
    #[derive(Clone, PartialEq, Debug)]
    struct Beside(u32);
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let origin = Origin::new(|_| {
        let mut answer = answer(200, &[], "");
        answer.extensions_mut().insert(Beside(7));
        std::future::ready(answer)
    });
    let client = behind(&layer, origin);
    for expected in [Some(&Beside(7)), None] {
        let request = http::Request::get("/a").body(Body::default());
        let told = client.send(request.expect("a request")).await;
        assert_eq!(told.extensions().get::<Beside>(), expected);
    }
}

/// What cannot be stored is asked for as a whole, in case that it can.
#[tokio::test]
async fn who_has_what_is_not_stored_is_not_sent_it_again() {
    let backend = Backend::new().await;
    let layer = CacheLayer::new(&backend.cache(), "http").ttl(MINUTE);
    let headers = [
        ("etag", "\"7\""),
        ("cache-control", "no-store"),
        ("content-type", "a/b"),
    ];
    let origin = Origin::saying([answer(200, &headers, "body"), answer(200, &headers, "body")]);
    let client = behind(&layer, origin.clone());
    let has = |tag| [("if-none-match", tag)];
    let told = client.ask("GET", "/a", &has("\"6\", W/\"7\"")).await;
    assert_eq!(
        (told.status, &*told.body, told.header("content-type")),
        (304, "", "")
    );
    assert_eq!(
        (told.header("etag"), told.header("cache-control")),
        ("\"7\"", "no-store")
    );
    let told = client.ask("GET", "/b", &has("\"6\"")).await;
    assert_eq!((told.status, &*told.body), (200, "body"));
}
